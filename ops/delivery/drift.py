"""What somebody changed in AWS by hand: `.venv/bin/python -m ops drift`.

A plan knows two things about a resource: what changed since the last apply, and what the next apply
would change. Drift is what stands in both. So neither what autoscaling does counts, which the
configuration ignores, nor what the code wants and nobody has applied; and no secret is needed,
because a stand-in differs in the second alone.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from ops.console import Narrator, table
from ops.delivery.workspace import compares, inherited, inputs, local_state
from ops.errors import OpsError
from ops.model.stack import synthesize
from ops.sandbox.deployed import deployed
from ops.terraform import Terraform

Drift = dict[str, list[str]]
"""Address to the attributes that were changed; none where the resource is gone."""


def run(
    stack_id: str, console: Console, *, sandbox: bool = False, state: Path | None = None
) -> Drift:
    """Compare a deployment with its state and its code, and print what was changed by hand.

    Args:
        sandbox: deploy a part of the stack to an emulated AWS first, and change that by hand.
        state: a state file; default: the stack's own state.
    """
    say = Narrator(console)
    if sandbox:
        with deployed(stack_id, say) as platform:
            terraform = platform.terraform()
            with say.step("Deploy the database's security group"):
                terraform.apply("-target=aws_security_group.rds_sg")
            with say.step("Somebody opens the database to the internet by hand"):
                platform.open_database(terraform)
            found = look(terraform, platform.plan, say)
    else:
        with tempfile.TemporaryDirectory(prefix="opsfolio-") as scratch:
            terraform = _connected(stack_id, Path(scratch), state, say)
            with say.step("terraform init"):
                terraform.init()
            found = look(terraform, Path(scratch) / "plan", say)
    if not found:
        console.print(f"Nothing of {stack_id} was changed by hand.")
        return found
    shown = table(f"Changed by hand in {stack_id}", "resource", "what")
    for address, attributes in found.items():
        shown.add_row(address, ", ".join(attributes) or "deleted")
    console.print(shown)
    return found


def _connected(stack_id: str, scratch: Path, state: Path | None, say: Narrator) -> Terraform:
    """Terraform for the AWS account of the environment, with the state that the stack has there."""
    with say.step(f"Synthesize {stack_id}"):
        folder = synthesize(stack_id, scratch)
    file = folder / "cdk.tf.json"
    stack = json.loads(file.read_text(encoding="utf-8"))
    if state is not None or "local" in stack["terraform"]["backend"]:
        state = state or local_state(stack_id)
        if not state.is_file():
            raise OpsError(
                f"{state.name} is not there, so nothing is known to be deployed: name --state"
            )
        copied = shutil.copy(state, scratch / "terraform.tfstate")
        stack["terraform"]["backend"] = {"local": {"path": str(copied)}}
        file.write_text(json.dumps(stack), encoding="utf-8")
    return Terraform(
        folder, scratch=scratch, environment={**inherited("AWS_"), **inputs()}, on_line=say.line
    )


def look(terraform: Terraform, plan: Path, say: Narrator) -> Drift:
    """Plan, and return what was changed by hand; applying `plan` undoes it."""
    with say.step("Drift detection: terraform plan -detailed-exitcode"):
        # Whoever may only read cannot lock, and nobody's deployment waits for a look.
        terraform.plan("-lock=false", out=plan)
        document = terraform.show(plan)
    if not compares(document) and not document.get("resource_drift"):
        raise OpsError("the state is empty: nothing is deployed")
    return by_hand(document)


def by_hand(plan: Mapping[str, Any]) -> Drift:
    """What a plan document says was changed by hand."""
    next_apply = {each["address"]: each["change"] for each in plan.get("resource_changes", ())}
    found: Drift = {}
    for drifted in plan.get("resource_drift", ()):
        address, change = drifted["address"], drifted["change"]
        planned = next_apply.get(address)
        if planned and change["actions"] == ["delete"] and planned["actions"] == ["create"]:
            found[address] = []
        elif planned and (attributes := _different(change) & _different(planned)):
            found[address] = sorted(attributes)
    return found


def _different(change: Mapping[str, Any]) -> set[str]:
    """The attributes that a change is about, as far as they are known; null is as good as empty."""
    before, after = change["before"] or {}, change["after"] or {}
    common = before.keys() & after.keys()
    return {name for name in common if (before[name] or None) != (after[name] or None)}
