"""Each stack of cdktf.json beside the contract's: apply, an empty second plan, destroy."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from ops import demo
from ops.console import Narrator
from ops.sandbox.deployed import Deployed, deployed
from tests.e2e.deployment import assert_granted, prepared, settings
from tests.synth.synthesized import synthesize

ORIGINAL = Path(__file__).with_name("fixtures") / "wp-ecs.tf"


@pytest.mark.slow(210)
def test_staging_applies_plans_empty_and_destroys() -> None:
    """Nothing to do after an apply, and nothing left after a destroy."""
    with prepared("resilience-platform-staging") as stack:
        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}
        assert not stack.sandbox.unsupported

        terraform.destroy()
        assert stack.sandbox.leftovers() == []


@pytest.mark.slow(210)
def test_a_deployment_of_the_original_is_taken_over_unchanged(tmp_path: Path) -> None:
    """`wp-ecs` plans nothing over a state that the original's code made, and can destroy it."""
    with prepared("wp-ecs") as stack:
        ours, aside = stack.folder / "cdk.tf.json", tmp_path / "cdk.tf.json"
        path = json.loads(ours.read_text())["terraform"]["backend"]["local"]["path"]
        backend = f'terraform {{\n  backend "local" {{\n    path = "{path}"\n  }}\n}}\n'
        theirs = stack.folder / "main.tf"
        terraform = stack.terraform()

        shutil.move(ours, aside)
        theirs.write_text(f"{ORIGINAL.read_text()}\n{backend}")
        terraform.apply()
        before = terraform.show()["values"]
        assert len(before["root_module"]["resources"]) == 31

        theirs.unlink()
        shutil.move(aside, ours)
        assert stack.changes(terraform) == {}
        outputs = terraform.show(stack.plan)["output_changes"]
        assert {name: change["actions"] for name, change in outputs.items()} == {
            "alb_dns_name": ["no-op"],
            "rds_endpoint": ["no-op"],
            "ecs_cluster_name": ["no-op"],
        }
        terraform.apply()
        after = terraform.show()["values"]
        assert after["outputs"] == before["outputs"]
        assert not stack.sandbox.unsupported

        terraform.destroy()
        assert stack.sandbox.leftovers() == []


@pytest.mark.slow(390)
def test_the_hardened_stack_applies_plans_empty_and_destroys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a demo: protected until the protection is taken away; then only the final snapshot stays.

    The demo fails by itself when the plan after the apply is not empty, or more stays.
    """
    stack_id = "resilience-platform-hardened"

    @contextmanager
    def watched(stack_id: str, say: Narrator) -> Iterator[Deployed]:
        with deployed(stack_id, say) as stack:
            yield stack
            assert not stack.sandbox.unsupported
            assert_granted(stack.sandbox)
            certificate, snapshot = stack.sandbox.leftovers()
            assert certificate.startswith("acm "), "the demo's own"
            assert "resilience-platform-hardened-db-final" in snapshot

    def unprotected(stack: object) -> object:
        """As a user takes the protection away: by settings."""
        changed = settings(
            stack_id,
            load_balancer={"deletion_protection": False},
            database={"deletion_protection": False},
        )
        return json.loads(synthesize(changed, stack_id=stack_id, outdir=tmp_path).text)

    monkeypatch.setattr(demo, "deployed", watched)
    monkeypatch.setattr(demo, "unprotected", unprotected)
    output = io.StringIO()
    demo.run(stack_id, Console(file=output))
    assert "heals drift and leaves nothing but its final snapshot." in output.getvalue()
