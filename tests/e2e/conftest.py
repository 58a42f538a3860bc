"""The real Terraform and AWS provider against the sandbox, one of each for every module."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox.deployed import Deployed
from ops.terraform import TerraformMissing, find_binary
from tests.e2e.deployment import prepared


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
