"""What Terraform calls in the life of a stack: `.venv/bin/python -m ops deployer-policy`.

Each stack lives a whole life in the sandbox, which records every action: plan, apply, changes of
variables, attributes and tags and back again, the repair of what somebody changed by hand,
destroy.
"""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from ops import ROOT, files
from ops.console import Narrator
from ops.delivery.permissions import as_text, documents, stacks
from ops.errors import OpsError
from ops.sandbox.deployed import deployed, unprotected
from ops.terraform import Terraform

CHANGES = files.data(dict[str, dict[str, Any]], Path(__file__).with_name("changes.yaml"))


def run(console: Console) -> None:
    """Live every stack's life and write the policies. It takes about half an hour."""
    say = Narrator(console)
    called: dict[str, set[str]] = {}
    for name, stack_ids in stacks().items():
        called[name] = set().union(*(called_by(stack_id, say) for stack_id in stack_ids))
    for name, policy in documents(called).items():
        (ROOT / "docs" / name).write_text(as_text(policy), encoding="utf-8")
        console.print(f"written: docs/{name}")


def called_by(stack_id: str, say: Narrator) -> set[str]:
    """Let a stack live from nothing to nothing, and return what Terraform called."""
    with deployed(stack_id, say) as life:
        stack = json.loads((life.folder / "cdk.tf.json").read_text(encoding="utf-8"))
        new = {
            name: value for name, value in CHANGES["variables"].items() if name in stack["variable"]
        }

        def apply(document: dict[str, Any], variables: Mapping[str, object]) -> Terraform:
            life.replace(json.dumps(document, indent=2))
            terraform = life.terraform(variables)
            terraform.apply()
            return terraform

        with say.step(f"{stack_id}: plan and apply"):
            apply(stack, {})
        with say.step(f"{stack_id}: change it, and back"):
            apply(_changed(stack), new)
            terraform = apply(stack, new)
        with say.step(f"{stack_id}: repair what was changed by hand"):
            life.open_database(terraform)
            ids = life.ids(terraform)
            life.sandbox.client("ec2").create_route(
                RouteTableId=ids["aws_route_table.private"],
                DestinationCidrBlock="203.0.113.0/24",
                GatewayId=ids["aws_internet_gateway.igw"],
            )
            terraform.apply()
        with say.step(f"{stack_id}: destroy"):
            apply(unprotected(stack), new).destroy()
        if life.sandbox.refused:
            raise OpsError(f"{stack_id}: the sandbox refuses {', '.join(life.sandbox.refused)}")
        return set(life.sandbox.terraform_actions)


def _changed(stack: dict[str, Any]) -> dict[str, Any]:
    """The stack with one more tag on all that can have tags, and other attributes."""
    changed = copy.deepcopy(stack)
    for provider in changed["provider"]["aws"]:
        (tags,) = provider.setdefault("default_tags", [{"tags": {}}])
        tags["tags"]["Changed"] = "yes"
    for kind, attributes in CHANGES["attributes"].items():
        for resource in changed["resource"][kind].values():
            resource.update(attributes)
    return changed
