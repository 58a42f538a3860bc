"""Each stack of cdktf.json beside the contract's: apply, an empty second plan, destroy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox import Sandbox
from tests.e2e.deployment import Deployment, synthesized

ORIGINAL = Path(__file__).with_name("fixtures") / "wp-ecs.tf"
DIGEST = "wordpress@sha256:" + "0" * 64


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An emulated AWS for one test, so that what one stack calls is not taken for another's."""
    with Sandbox() as running:
        yield running


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


def test_staging_applies_plans_empty_and_destroys(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing to do after an apply, and nothing left after a destroy."""
    deployment = deploy(sandbox, tmp_path, synthesized("resilience-platform-staging"))
    terraform = deployment.terraform()
    terraform.apply()
    assert deployment.changes(terraform) == {}
    assert not sandbox.unsupported

    terraform.destroy()
    assert sandbox.leftovers() == []


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
