"""Synthesizes a stack and reads what came out: Terraform JSON, its variables at their defaults.

Everything that is said *about* a stack (recovery times, costs, the tables in the documentation) is
computed from this JSON, so it is about what Terraform gets and not about what the code intends.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from constructs_lib.settings import SettingsError, StackSettings, load_stacks
from ops import CDKTF_JSON, ROOT
from ops.errors import OpsError
from spacelift.settings import STACK_ID as SPACELIFT

_VARIABLE = re.compile(r"\$\{var\.(\w+)(?:\[(\d+)\])?\}")
_ADDRESS = re.compile(r"\$\{(\w+\.\w+)(?:\.\w+)?\}")


class Stack:
    """The Terraform JSON of one stack, the content of its `cdk.tf.json`."""

    # JSON of any shape: what each resource holds is the provider's affair
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Variable name to its declaration."""
        return dict(self.document.get("variable", {}))

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Output name to its declaration."""
        return dict(self.document.get("output", {}))

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type, by name; empty when there is none."""
        return dict(self.document.get("resource", {}).get(kind, {}))

    def one(self, kind: str) -> dict[str, Any]:
        """The only resource of a type."""
        found = list(self.all(kind).values())
        if len(found) != 1:
            raise OpsError(f"the stack has {len(found)} {kind}, not exactly one")
        return found[0]

    def referred(self, reference: str) -> dict[str, Any]:
        """The resource that `reference` is an attribute of, like `${aws_subnet.public_1.id}`."""
        found = _ADDRESS.fullmatch(reference)
        kind, name = found[1].split(".") if found else ("", "")
        resource = self.all(kind).get(name)
        if resource is None:
            raise OpsError(f"{reference} is not a resource of the stack")
        return resource

    def value(self, raw: Any) -> Any:
        """`raw` with every reference to a variable replaced by the variable's default.

        A string that is nothing but a reference takes the default's own type. Other references
        stay as they are: their values are known after apply only.
        """
        if not isinstance(raw, str):
            return raw
        whole = _VARIABLE.fullmatch(raw)
        if whole:
            return self._default(whole)
        return _VARIABLE.sub(lambda found: str(self._default(found)), raw)

    def _default(self, found: re.Match[str]) -> Any:
        name, index = found.groups()
        variable = self.variables.get(name, {})
        if "default" not in variable:
            raise OpsError(f"variable {name} has no default to compute with")
        return variable["default"] if index is None else variable["default"][int(index)]


def refuse_spacelift(stack_id: str) -> None:
    """Raises OpsError for the stack that has nothing in AWS."""
    if stack_id == SPACELIFT:
        raise OpsError(
            f"the stack {SPACELIFT} has Spacelift's own resources, and nothing in AWS: choose "
            "one of context.stacks in cdktf.json"
        )


def declared() -> dict[str, StackSettings]:
    """The stacks of cdktf.json, by id."""
    try:
        return load_stacks(CDKTF_JSON)
    except SettingsError as error:
        raise OpsError(str(error)) from None


def synthesize(stack_id: str, folder: Path) -> Path:
    """Write `stack_id`'s Terraform JSON below `folder`; the stack's own folder."""
    refuse_spacelift(stack_id)
    return _synthesize(folder, "--stack", stack_id) / stack_id


def _synthesize(folder: Path, *arguments: str) -> Path:
    """Run main.py; the folder of the stacks that it wrote."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        env={**os.environ, "CDKTF_OUTDIR": str(folder / "cdktf.out")},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = done.stderr.strip() or f"main.py ended with exit code {done.returncode}"
        raise OpsError(reason.removeprefix("error: "))
    return folder / "cdktf.out" / "stacks"


@cache
def read_stack(stack_id: str) -> Stack:
    """Synthesize `stack_id` into a temporary folder and read it, once for each process."""
    with tempfile.TemporaryDirectory(prefix="opsfolio-") as folder:
        return read(synthesize(stack_id, Path(folder)))


@cache
def read_stacks() -> dict[str, Stack]:
    """All stacks of cdktf.json, by id: in a third of the time that each by itself takes."""
    with tempfile.TemporaryDirectory(prefix="opsfolio-") as folder:
        written = _synthesize(Path(folder))
        return {stack_id: read(written / stack_id) for stack_id in declared()}


def read(folder: Path) -> Stack:
    """The stack that was synthesized into a folder."""
    return Stack(json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")))


def block(value: Any) -> dict[str, Any]:
    """A nested block: Terraform's JSON writes a single one as an object or as a list of one."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return block(value[0]) if value else {}
    return dict(value or {})
