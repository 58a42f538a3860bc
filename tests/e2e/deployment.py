"""What the end-to-end tests share: stacks, and what deploying may call."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ops import CDKTF_JSON
from ops.delivery.permissions import FILES, granted
from ops.sandbox.deployed import Deployed, deployed
from ops.sandbox.server import Sandbox
from tests.programs import python

PASSWORD = "Correct-horse-7-battery"


@cache
def synthesized(stack_id: str) -> str:
    """The Terraform JSON of a stack of cdktf.json."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CDKTF_OUTDIR": folder}
        python("main.py", "--stack", stack_id, env=environment, check=True)
        return (Path(folder) / "stacks" / stack_id / "cdk.tf.json").read_text()


def settings(stack_id: str, **changes: dict[str, object]) -> dict[str, object]:
    """The settings of a stack in cdktf.json, with some keys of its groups changed."""
    stacks = json.loads(CDKTF_JSON.read_text())["context"]["stacks"]
    stack: dict[str, object] = stacks[stack_id]
    for group, values in changes.items():
        before = stack.get(group, {})
        assert isinstance(before, dict)
        stack[group] = {**before, **values}
    return stack


def assert_granted(sandbox: Sandbox) -> None:
    """The deployer's policies allow all that Terraform called."""
    missing = sandbox.terraform_actions - set().union(*map(granted, FILES))
    assert not missing, (
        f"docs/deployer-policy*.json grant no {', '.join(sorted(missing))}: if deploying needs it "
        "now, `python -m ops deployer-policy` adds it"
    )


@contextmanager
def prepared(stack_id: str) -> Iterator[Deployed]:
    """A stack of cdktf.json, initialized, not applied; in the end, what was called is granted."""
    with deployed(stack_id) as stack:
        stack.terraform().init()
        yield stack
        assert_granted(stack.sandbox)
