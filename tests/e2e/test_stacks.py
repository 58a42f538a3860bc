"""Each stack of cdktf.json beside the contract's: apply, an empty second plan, destroy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.deployment import Deployment, assert_granted, settings, synthesized
from tests.synth.synthesized import synthesize

ORIGINAL = Path(__file__).with_name("fixtures") / "wp-ecs.tf"


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
    deployment.replace(document)
    deployment.terraform().init()
    return deployment


@pytest.mark.slow(210)
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


@pytest.mark.slow(390)
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
    deployment.replace(synthesize(unprotected, stack_id=stack_id, outdir=tmp_path / "synth").text)
    deployment.terraform().apply()
    deployment.terraform().destroy()
    certificate, snapshot = sandbox.leftovers()
    assert certificate.startswith("acm "), "the test's own"
    assert "resilience-platform-hardened-db-final" in snapshot
