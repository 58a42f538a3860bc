"""Programs that tests start."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ops import ROOT
from ops.terraform import TerraformMissing, find_binary


def run(
    *command: str | Path, check: bool = False, **options: Any
) -> subprocess.CompletedProcess[str]:
    """What a program says and how it ends; it runs in the checkout unless `options` say where."""
    options = {"cwd": ROOT, "timeout": 300, **options}
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert not (check and done.returncode), done.stdout + done.stderr
    return done


def python(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """`python` with these arguments, see `run`."""
    return run(sys.executable, *arguments, **options)


def skip_without_terraform() -> None:
    """Without Terraform a test that needs it is skipped, and fails in CI, which has to have it."""
    try:
        find_binary()
    except TerraformMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


def skip_without_cdktn() -> None:
    """A test of the other engine is skipped where it is not installed; in CI it fails then."""
    if find_spec("cdktn_provider_aws") is None and os.environ.get("CI") != "true":
        pytest.skip("cdktn is not installed: `make install ENGINE=cdktn` does that")
