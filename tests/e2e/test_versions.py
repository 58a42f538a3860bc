"""The oldest and the newest Terraform to be had from PyPI plan the stacks alike.

`make test-versions` lets a stack live on each besides, with test_interrupted.py.
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
"""Every stack, the contract's and the hardened among them."""


@pytest.mark.slow(60)
def test_every_stack_is_planned_alike(tmp_path: Path) -> None:
    """Every resource and every value that is known before an apply."""
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
    for page in ("docs/limits.md", "README.md"):
        assert list(plans)[-1] in (ROOT / page).read_text(), page
    oldest, newest = plans.values()
    assert {address for address in oldest if not address.endswith("]")} == expected
    assert newest == oldest
