"""The real Terraform and AWS provider against the sandbox, one of each for every module."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from ops.terraform import TerraformMissing, find_binary
from tests.e2e.deployment import Deployment, assert_granted, synthesized


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
def sandbox() -> Iterator[Sandbox]:
    """An emulated AWS for the tests of a module; Terraform may call there what is granted."""
    with Sandbox() as running:
        yield running
        assert_granted(running)


@pytest.fixture(scope="module")
def deployment(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """`resilience-platform`, initialized, not applied."""
    scratch = tmp_path_factory.mktemp("e2e")
    # as deep as in cdktf.out/stacks/<id>: the local state's path is relative to that
    folder = scratch / "cdktf.out" / "stacks" / "resilience-platform"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(synthesized("resilience-platform"))
    deployed = Deployment(sandbox, folder, scratch)
    deployed.terraform().init()
    return deployed
