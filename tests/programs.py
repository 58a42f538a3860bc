"""Programs that tests start."""

import fcntl
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ops import ROOT
from ops.terraform import TerraformMissing, find_binary

T = TypeVar("T")


def run(
    *command: str | Path, check: bool = False, **options: Any
) -> subprocess.CompletedProcess[str]:
    """What a program says and how it ends; it runs in the checkout unless `options` say where."""
    options = {"cwd": ROOT, "timeout": 1200, **options}
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert not (check and done.returncode), done.stdout + done.stderr
    return done


def python(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """`python` with these arguments, see `run`."""
    return run(sys.executable, *arguments, **options)


def own_environment() -> dict[str, str]:
    """The environment of a user, without what this run of pytest tells its processes."""
    ours = ("PYTEST_", "COV_", "CDKTF_JSON")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def library(version: str) -> Path:
    """The `oldest` or the `newest` Terraform that `make test` installs; skipped without it."""
    program = ROOT / ".build" / "terraform" / version / "terraform"
    if not program.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"`make test` has not installed {program}")
    return program


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


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` makes in a folder: by the first test process that asks, for all of them."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    file = folder / "made.pickle"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            new = file.with_suffix(".new")  # whole, or not there
            new.write_bytes(pickle.dumps(make(folder)))
            new.rename(file)
    made: T = pickle.loads(file.read_bytes())
    return made
