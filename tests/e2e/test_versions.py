"""The oldest and the newest Terraform to be had from PyPI plan the stacks alike.

`make test-versions` lets stacks live on each besides.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from ops import CDKTF_JSON, ROOT
from ops.sandbox.server import Sandbox
from tests.e2e.deployment import settings
from tests.e2e.modules import as_modules, synthesized
from tests.programs import library

STACKS = json.loads(CDKTF_JSON.read_text())["context"]["stacks"]


@pytest.mark.slow(60)
def test_every_stack_is_planned_alike(tmp_path: Path) -> None:
    """Every resource and every value that is known before an apply.

    The firewall of the hardened stack takes the time; without the others it would be as much.
    """
    modules = synthesized(tmp_path, {stack: settings(stack) for stack in STACKS})
    expected = {
        f"module.{stack}.{type_}.{name}"
        for stack, (document, _) in modules.items()
        for type_, resources in json.loads(document)["resource"].items()
        for name, resource in resources.items()
        if "count" not in resource
    }
    plans: dict[str, Any] = {}
    with Sandbox() as sandbox:
        for version in ("oldest", "newest"):
            terraform = as_modules(tmp_path, modules, sandbox.environment, library(version))
            terraform.plan(out=tmp_path / "plan")
            shown = terraform.show(tmp_path / "plan")
            plans[shown["terraform_version"]] = {
                change["address"]: change["change"]
                for change in shown["resource_changes"]
                if change["mode"] == "managed"
            }
    assert " and ".join(plans) in (ROOT / "docs" / "limits.md").read_text()
    oldest, newest = plans.values()
    assert {address for address in oldest if not address.endswith("]")} == expected
    assert newest == oldest
