"""The life of an applied `resilience-platform`: drift, changes, a bad deployment.

Its end is in test_demo.py and test_cdktf_cli.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.ecs.models import EC2ContainerServiceBackend
from rich.console import Console

from ops.delivery import drift
from ops.errors import OpsError
from ops.sandbox.deployed import Deployed
from tests.e2e.deployment import NO_REFRESH, settings, synthesized
from tests.spacelift import plans
from tests.synth.synthesized import synthesize

IN_PLACE: dict[str, tuple[object, str]] = {
    "task_cpu": (1024, "aws_ecs_task_definition.wordpress"),
    "task_memory": (2048, "aws_ecs_task_definition.wordpress"),
    "container_image": ("wordpress:6.5-apache", "aws_ecs_task_definition.wordpress"),
    "alarm_email": ("ops@example.com", "aws_sns_topic_subscription.email[0]"),
    "monthly_budget_usd": (150, "aws_budgets_budget.monthly"),
}
"""Variable to a new value and what it changes; those of the database are in test_upgrade.py."""

NOT_IN_PLACE: list[tuple[dict[str, object], set[str]]] = [
    (
        {"project_name": "blog"},
        {"aws_lb.main", "aws_ecs_cluster.main", "aws_db_subnet_group.main"},
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
"""New values and some of what they replace, so it is only planned."""


@pytest.fixture(scope="module")
def _begun(deployment: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Applied and planned in the course of making the policies' plan documents, unless another
    process makes them. In the end it has the contract's configuration."""
    plans.made(tmp_path_factory, deployment)
    yield deployment
    deployment.replace(synthesized("resilience-platform"))


@pytest.fixture
def applied(_begun: Deployed) -> Iterator[Deployed]:
    """The deployment, its configuration the contract's and applied."""
    _begun.replace(synthesized("resilience-platform"))
    if not _begun.plan.exists():
        _begun.terraform().apply()
    yield _begun
    certificate = _begun.variables.get("certificate_arn")
    if certificate:
        _begun.sandbox.client("acm").delete_certificate(CertificateArn=certificate)


@pytest.fixture
def changed(applied: Deployed) -> Iterator[Deployed]:
    """For a test that applies something else: whichever comes next has to apply again."""
    yield applied
    applied.plan.unlink(missing_ok=True)


@pytest.mark.slow(150)
def test_the_plan_right_after_the_apply_is_empty(applied: Deployed) -> None:
    terraform = applied.terraform()
    assert applied.changes(terraform) == {}
    assert not applied.sandbox.refused
    assert applied.sandbox.client("sns").list_subscriptions()["Subscriptions"] == []

    outputs = terraform.output()
    assert outputs["application_url"] == f"http://{outputs['alb_dns_name']}"
    assert ":" not in outputs["rds_endpoint"], "the endpoint is the address, without the port"
    assert len(outputs["public_subnet_ids"]) == len(outputs["private_subnet_ids"]) == 2


@pytest.mark.slow(40)
def test_drift_is_found_and_reconciled(applied: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand-made changes in three services show in the plan and are gone after apply."""
    terraform = applied.terraform()
    ec2, rds, logs = (applied.sandbox.client(name) for name in ("ec2", "rds", "logs"))
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["resilience-platform-rds-sg"]}]
    )["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=groups[0]["GroupId"],
        IpProtocol="tcp",
        FromPort=3306,
        ToPort=3306,
        CidrIp="0.0.0.0/0",
    )
    tables = ec2.describe_route_tables(
        Filters=[{"Name": "tag:Name", "Values": ["resilience-platform-private-rt"]}]
    )["RouteTables"]
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    ec2.create_route(
        RouteTableId=tables[0]["RouteTableId"],
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateways[0]["InternetGatewayId"],
    )
    database = {"DBInstanceIdentifier": "resilience-platform-db", "ApplyImmediately": True}
    rds.modify_db_instance(**database, BackupRetentionPeriod=1)
    logs.put_retention_policy(logGroupName="/ecs/resilience-platform", retentionInDays=1)

    assert applied.changes(terraform) == {
        "aws_security_group.rds_sg": ["update"],
        "aws_route_table.private": ["update"],
        "aws_db_instance.wordpress": ["update"],
        "aws_cloudwatch_log_group.ecs": ["update"],
    }
    # and so does the command, which has the account and the state, but not the password
    with monkeypatch.context() as account:
        for name, value in applied.sandbox.environment.items():
            account.setenv(name, value)
        state = applied.folder.parents[2] / "terraform.resilience-platform.tfstate"
        assert drift.run("resilience-platform", Console(quiet=True), state=state) == {
            "aws_security_group.rds_sg": ["ingress"],
            "aws_route_table.private": ["route"],
            "aws_db_instance.wordpress": ["backup_retention_period"],
            "aws_cloudwatch_log_group.ecs": ["retention_in_days"],
        }
    # put back by hand: Terraform takes a minute for a database, and does below
    rds.modify_db_instance(**database, BackupRetentionPeriod=7)
    terraform.apply()
    ecs = applied.sandbox.client("ecs")
    ecs.update_service(
        cluster="resilience-platform-cluster", service="resilience-platform-service", desiredCount=3
    )
    other_count = applied.terraform({"desired_count": 4})
    assert applied.changes(other_count) == {}, "reconciled; and the count is autoscaling's"


@pytest.mark.slow(15)
@pytest.mark.parametrize(("values", "addresses"), NOT_IN_PLACE)
def test_good_values_show_in_the_plan(
    applied: Deployed, values: dict[str, object], addresses: set[str]
) -> None:
    changes = applied.changes(applied.terraform(values), NO_REFRESH)
    replaced = {address for address, actions in changes.items() if "delete" in actions}
    assert addresses <= replaced, f"{values} changes {changes}"
    if "project_name" in values:
        assert changes["aws_db_instance.wordpress"] == ["update"], "it is renamed"


@pytest.mark.slow(30)
def test_the_contracts_stack_is_planned_to_be_hardened_in_place(
    applied: Deployed, tmp_path: Path
) -> None:
    """Neither the database nor the load balancer is replaced, but for one case AWS does not allow:
    another key for the database's storage."""
    stack_id, before = "resilience-platform-hardened", "resilience-platform"
    # the running provider has one region
    hardened = {**settings(stack_id, backup={"copy_region": None}), "project_name": before}
    keys = ["logs", "alerts", "secrets", "uploads"]
    outdir = tmp_path / "synth"
    same_key = {**hardened, "customer_managed_keys": keys}
    applied.replace(synthesize(same_key, stack_id=before, outdir=outdir).text)
    changes = applied.changes(applied.terraform(), NO_REFRESH)
    assert changes["aws_db_instance.wordpress"] == ["update"]
    replaced = {address for address, actions in changes.items() if "delete" in actions}
    assert replaced == {"aws_ecs_task_definition.wordpress"}, "a new revision"

    new_key: dict[str, object] = {"project_name": before, "customer_managed_keys": ["database"]}
    applied.replace(synthesize(new_key, stack_id=before, outdir=outdir).text)
    changes = applied.changes(applied.terraform(), NO_REFRESH)
    assert changes["aws_db_instance.wordpress"] == ["delete", "create"]


@pytest.mark.slow(10)
def test_the_cookie_can_be_switched_off(applied: Deployed, tmp_path: Path) -> None:
    without: dict[str, object] = {"load_balancer": {"stickiness_seconds": None}}
    applied.replace(synthesize(without, stack_id="resilience-platform", outdir=tmp_path).text)
    changes = applied.changes(applied.terraform(), NO_REFRESH)
    assert changes == {"aws_lb_target_group.main": ["update"]}


@pytest.mark.slow(30)
def test_a_deployment_that_was_rolled_back_fails_the_apply(
    changed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the circuit breaker puts the old task definition back, apply says so and fails."""
    real = EC2ContainerServiceBackend.update_service

    def roll_back(self: EC2ContainerServiceBackend, properties: dict[str, object]) -> object:
        result: object = real(self, {**properties, "task_definition": None})
        return result

    with monkeypatch.context() as patch:
        patch.setattr(EC2ContainerServiceBackend, "update_service", roll_back)
        with pytest.raises(OpsError, match="The circuit breaker rolled the deployment back"):
            changed.terraform({"container_image": "wordpress:broken"}).apply()


@pytest.mark.slow(20)
def test_good_values_change_the_applied_stack_in_place(changed: Deployed) -> None:
    """What updates in place is applied, and then there is nothing left to do."""
    updated = changed.terraform({name: value for name, (value, _) in IN_PLACE.items()})
    changes = changed.changes(updated, NO_REFRESH)
    assert {address for _, address in IN_PLACE.values()} <= changes.keys()
    assert [a for a, actions in changes.items() if "delete" in actions] == [
        "aws_ecs_task_definition.wordpress"
    ], "a new revision replaces the old; nothing else may be replaced"
    updated.apply()
    assert changed.changes(updated) == {}
