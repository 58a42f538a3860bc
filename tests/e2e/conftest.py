"""The real Terraform and AWS provider against the sandbox, one of each for every module."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.delivery.permissions import READER, READING, granted
from ops.sandbox.deployed import Deployed
from ops.terraform import Terraform, TerraformMissing, find_binary
from tests.e2e.deployment import added, prepared


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Terraform these tests cannot run: skipped with the reason, failed in CI."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.e2e)
    try:
        find_binary()
    except TerraformMissing as missing:
        if os.environ.get("CI") == "true":
            return  # each test fails by itself, with this very reason
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=str(missing)))


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployed]:
    """`resilience-platform`, initialized, not applied."""
    with prepared("resilience-platform") as platform:
        yield platform


@pytest.fixture(autouse=True)
def _a_plan_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is planned here calls no more than the reader's policy allows."""
    changes_of = Deployed.changes

    def changes(deployed: Deployed, terraform: Terraform, *options: str) -> dict[str, list[str]]:
        called = deployed.sandbox.terraform_actions
        before = set(called)
        called.clear()
        found = changes_of(deployed, terraform, *options)
        own = {action for action in added(deployed) if READING.match(action)}
        missing = called - granted(READER) - own
        called.update(before)
        assert not missing, f"docs/{READER} grants no {', '.join(sorted(missing))}"
        return found

    monkeypatch.setattr(Deployed, "changes", changes)
