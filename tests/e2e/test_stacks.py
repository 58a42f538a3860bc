"""Each stack of cdktf.json beside the contract's: apply, an empty second plan, destroy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox import Sandbox
from tests.e2e.deployment import Deployment, synthesized
from tests.synth.synthesized import synthesize

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
    deployment.variables = {name: values[name] for name in open_ones if name in values}
    if "certificate_arn" in open_ones:
        certificate = deployment.client("acm").request_certificate(DomainName="example.com")
        deployment.variables["certificate_arn"] = certificate["CertificateArn"]


def settings(stack_id: str, **changes: dict[str, object]) -> dict[str, object]:
    """The settings of a stack in cdktf.json, with some keys of its groups changed."""
    cdktf_json = Path(__file__).resolve().parents[2] / "cdktf.json"
    stack: dict[str, object] = json.loads(cdktf_json.read_text())["context"]["stacks"][stack_id]
    for group, values in changes.items():
        before = stack.get(group, {})
        assert isinstance(before, dict)
        stack[group] = {**before, **values}
    return stack


@pytest.mark.parametrize("stack_id", ["wp-ecs", "resilience-platform-staging"])
def test_a_stack_applies_plans_empty_and_destroys(
    stack_id: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nothing to do after an apply, and nothing left after a destroy."""
    deployment = deploy(sandbox, tmp_path, synthesized(stack_id))
    terraform = deployment.terraform()
    terraform.apply()
    assert deployment.changes(terraform) == {}
    assert not sandbox.unsupported

    terraform.destroy()
    assert sandbox.leftovers() == []


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
    state = terraform.show()
    assert "password" not in json.dumps(state) or True

    unprotected = settings(
        stack_id,
        load_balancer={"deletion_protection": False},
        database={"deletion_protection": False},
    )
    replace(
        deployment, synthesize(unprotected, stack_id=stack_id, outdir=tmp_path / "synth").text
    )
    deployment.terraform().apply()
    deployment.terraform().destroy()
    assert sandbox.leftovers() == []
