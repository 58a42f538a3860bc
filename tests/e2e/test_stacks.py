"""Each stack of cdktf.json beside the contract's: apply, an empty second plan, destroy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox import Sandbox
from tests.e2e.deployment import Deployment, assert_granted, synthesized
from tests.synth.synthesized import synthesize

ORIGINAL = Path(__file__).with_name("fixtures") / "wp-ecs.tf"
DIGEST = "wordpress@sha256:" + "0" * 64


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An emulated AWS for one test, so that what one stack calls is not taken for another's."""
    with Sandbox() as running:
        yield running
        assert_granted(running)


def deploy(sandbox: Sandbox, tmp_path: Path, document: str) -> Deployment:
    """A stack's Terraform JSON in a folder as deep as cdktf's own, initialized."""
    folder = tmp_path / "cdktf.out" / "stacks" / "stack"
    folder.mkdir(parents=True)
    deployment = Deployment(sandbox, folder, tmp_path)
    replace(deployment, document)
    deployment.terraform().init()
    return deployment


def replace(deployment: Deployment, document: str) -> None:
    """The same deployment with other Terraform JSON, and a value for what has no default."""
    (deployment.folder / "cdk.tf.json").write_text(document)
    values = {"db_password": "Correct-horse-7-battery", "container_image": DIGEST}
    open_ones = [
        name
        for name, variable in json.loads(document)["variable"].items()
        if "default" not in variable
    ]
    if "certificate_arn" in open_ones:
        # asked for twice with the same token, it is the same certificate
        certificate = deployment.client("acm").request_certificate(
            DomainName="example.com", IdempotencyToken="once"
        )
        values["certificate_arn"] = certificate["CertificateArn"]
    deployment.variables = {name: values[name] for name in open_ones}


def settings(stack_id: str, **changes: dict[str, object]) -> dict[str, object]:
    """The settings of a stack in cdktf.json, with some keys of its groups changed."""
    cdktf_json = Path(__file__).resolve().parents[2] / "cdktf.json"
    stack: dict[str, object] = json.loads(cdktf_json.read_text())["context"]["stacks"][stack_id]
    for group, values in changes.items():
        before = stack.get(group, {})
        assert isinstance(before, dict)
        stack[group] = {**before, **values}
    return stack


@pytest.mark.slow(190)
def test_staging_applies_plans_empty_and_destroys(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing to do after an apply, and nothing left after a destroy."""
    deployment = deploy(sandbox, tmp_path, synthesized("resilience-platform-staging"))
    terraform = deployment.terraform()
    terraform.apply()
    assert deployment.changes(terraform) == {}
    assert not sandbox.unsupported

    terraform.destroy()
    assert sandbox.leftovers() == []


@pytest.mark.slow(210)
def test_a_deployment_of_the_original_is_taken_over_unchanged(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """`wp-ecs` plans nothing over a state that the original's code made, and can destroy it."""
    deployment = deploy(sandbox, tmp_path, synthesized("wp-ecs"))
    ours, aside = deployment.folder / "cdk.tf.json", tmp_path / "cdk.tf.json"
    path = json.loads(ours.read_text())["terraform"]["backend"]["local"]["path"]
    backend = f'terraform {{\n  backend "local" {{\n    path = "{path}"\n  }}\n}}\n'
    theirs = deployment.folder / "main.tf"

    ours.rename(aside)
    theirs.write_text(f"{ORIGINAL.read_text()}\n{backend}")
    deployment.terraform().apply()
    before = deployment.terraform().show()["values"]
    assert len(before["root_module"]["resources"]) == 31

    theirs.unlink()
    aside.rename(ours)
    terraform = deployment.terraform()
    assert deployment.changes(terraform) == {}
    outputs = terraform.show(deployment.folder / "plan")["output_changes"]
    assert {name: change["actions"] for name, change in outputs.items()} == {
        "alb_dns_name": ["no-op"],
        "rds_endpoint": ["no-op"],
        "ecs_cluster_name": ["no-op"],
    }
    terraform.apply()
    after = terraform.show()["values"]
    assert after["outputs"] == before["outputs"]
    assert not sandbox.unsupported

    terraform.destroy()
    assert sandbox.leftovers() == []


@pytest.mark.slow(440)
def test_the_hardened_stack_applies_plans_empty_and_destroys(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Protected until the protection is taken off; then only the final snapshot stays."""
    stack_id = "resilience-platform-hardened"
    deployment = deploy(sandbox, tmp_path, synthesized(stack_id))
    terraform = deployment.terraform()
    terraform.apply()
    assert deployment.changes(terraform) == {}
    assert not sandbox.unsupported

    unprotected = settings(
        stack_id,
        load_balancer={"deletion_protection": False},
        database={"deletion_protection": False},
    )
    replace(deployment, synthesize(unprotected, stack_id=stack_id, outdir=tmp_path / "synth").text)
    deployment.terraform().apply()
    deployment.terraform().destroy()
    certificate, snapshot = sandbox.leftovers()
    assert certificate.startswith("acm "), "the test's own"
    assert "resilience-platform-hardened-db-final" in snapshot


@pytest.mark.slow(135)
def test_the_contracts_stack_is_planned_to_be_hardened_in_place(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Neither the database nor the load balancer is replaced, but for one case AWS does not allow:
    another key for the database's storage."""
    stack_id, before = "resilience-platform-hardened", "resilience-platform"
    deployment = deploy(sandbox, tmp_path, synthesized(before))
    deployment.terraform().apply()

    hardened = {**settings(stack_id), "project_name": before}
    keys = ["logs", "alerts", "secrets", "uploads"]
    outdir = tmp_path / "synth"
    same_key = {**hardened, "customer_managed_keys": keys}
    replace(deployment, synthesize(same_key, stack_id=before, outdir=outdir).text)
    changes = deployment.changes(deployment.terraform())
    assert changes["aws_db_instance.wordpress"] == ["update"]
    replaced = {address for address, actions in changes.items() if "delete" in actions}
    assert replaced == {"aws_ecs_task_definition.wordpress"}, "a new revision"

    new_key = {**hardened, "customer_managed_keys": [*keys, "database"]}
    replace(deployment, synthesize(new_key, stack_id=before, outdir=outdir).text)
    changes = deployment.changes(deployment.terraform())
    assert changes["aws_db_instance.wordpress"] == ["delete", "create"]
