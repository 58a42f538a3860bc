"""What is planned over an applied `resilience-platform`: other values, other settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment, settings, synthesized
from tests.synth.synthesized import synthesize

IN_PLACE: dict[str, tuple[object, str]] = {
    "task_cpu": (1024, "aws_ecs_task_definition.wordpress"),
    "task_memory": (2048, "aws_ecs_task_definition.wordpress"),
    "container_image": ("wordpress:6.5-apache", "aws_ecs_task_definition.wordpress"),
    "db_password": ("Another-horse-8-battery", "aws_db_instance.wordpress"),
    "db_instance_class": ("db.t3.small", "aws_db_instance.wordpress"),
    "db_allocated_storage": (30, "aws_db_instance.wordpress"),
    "alarm_email": ("ops@example.com", "aws_sns_topic_subscription.email[0]"),
    "monthly_budget_usd": (150, "aws_budgets_budget.monthly"),
}
"""Variable to a new value and what it changes."""

NOT_IN_PLACE: list[tuple[dict[str, object], set[str]]] = [
    (
        {"project_name": "blog"},
        {"aws_lb.main", "aws_db_instance.wordpress", "aws_ecs_cluster.main"},
    ),
    ({"vpc_cidr": "10.0.0.0/17"}, {"aws_vpc.main"}),
    (
        {
            "public_subnet_cidrs": ["10.0.5.0/24", "10.0.2.0/24"],
            "private_subnet_cidrs": ["10.0.6.0/24", "10.0.4.0/24"],
            "availability_zones": ["eu-central-1a", "eu-central-1c"],
            "db_username": "operator",
            "db_name": "blog",
        },
        {f"aws_subnet.{kind}_{n}" for kind in ("public", "private") for n in (1, 2)}
        | {"aws_db_instance.wordpress"},
    ),
]
"""New values and some of what they change; most of it is replaced, so it is only planned."""


@pytest.fixture(scope="module")
def _applied(deployment: Deployment) -> Deployment:
    deployment.terraform().apply()
    return deployment


@pytest.fixture
def applied(_applied: Deployment) -> Iterator[Deployment]:
    """The deployment, its configuration the contract's again after each test."""
    yield _applied
    certificate = _applied.variables.get("certificate_arn")
    if certificate:
        _applied.client("acm").delete_certificate(CertificateArn=certificate)
        _applied.replace(synthesized("resilience-platform"))


@pytest.mark.slow(45)
@pytest.mark.parametrize(("values", "addresses"), NOT_IN_PLACE)
def test_good_values_show_in_the_plan(
    applied: Deployment, values: dict[str, object], addresses: set[str]
) -> None:
    changes = applied.changes(applied.terraform(values))
    assert addresses <= changes.keys(), f"{values} changes {changes}"


@pytest.mark.slow(20)
def test_the_contracts_stack_is_planned_to_be_hardened_in_place(
    applied: Deployment, tmp_path: Path
) -> None:
    """Neither the database nor the load balancer is replaced, but for one case AWS does not allow:
    another key for the database's storage."""
    stack_id, before = "resilience-platform-hardened", "resilience-platform"
    hardened = {**settings(stack_id), "project_name": before}
    keys = ["logs", "alerts", "secrets", "uploads"]
    outdir = tmp_path / "synth"
    same_key = {**hardened, "customer_managed_keys": keys}
    applied.replace(synthesize(same_key, stack_id=before, outdir=outdir).text)
    changes = applied.changes(applied.terraform())
    assert changes["aws_db_instance.wordpress"] == ["update"]
    replaced = {address for address, actions in changes.items() if "delete" in actions}
    assert replaced == {"aws_ecs_task_definition.wordpress"}, "a new revision"

    new_key = {**hardened, "customer_managed_keys": [*keys, "database"]}
    applied.replace(synthesize(new_key, stack_id=before, outdir=outdir).text)
    changes = applied.changes(applied.terraform())
    assert changes["aws_db_instance.wordpress"] == ["delete", "create"]


@pytest.mark.slow(150)
def test_good_values_change_the_applied_stack_in_place(applied: Deployment) -> None:
    """What updates in place is applied, and then there is nothing left to do."""
    assert applied.changes(applied.terraform({"desired_count": 3})) == {}, "autoscaling's"
    updated = applied.terraform({name: value for name, (value, _) in IN_PLACE.items()})
    changes = applied.changes(updated)
    assert {address for _, address in IN_PLACE.values()} <= changes.keys()
    assert [a for a, actions in changes.items() if "delete" in actions] == [
        "aws_ecs_task_definition.wordpress"
    ], "a new revision replaces the old; nothing else may be replaced"
    updated.apply()
    assert applied.changes(updated) == {}
