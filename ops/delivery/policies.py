"""Spacelift's policies, evaluated on this machine.

Spacelift runs the files of `spacelift/policies/` in its own Open Policy Agent. This module
evaluates a policy in two other Rego engines, which have to agree: rego-cpp takes a misspelt
variable for "undefined", regorus does not; each has mistakes that the other has not.
`ops.delivery.inputs` makes the documents that a policy is fed.

https://docs.spacelift.io/concepts/policy
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import opa_eval
import regopy
import yaml

from ops import ROOT
from ops.delivery.inputs import Document, Json
from ops.errors import OpsError

POLICIES = ROOT / "spacelift" / "policies"

PACKAGE = "data.spacelift"

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "plan": ("deny", "warn"),
    "approval": ("approve", "reject"),
    "push": ("track", "propose", "ignore", "notify"),
    "notification": ("inbox", "slack", "webhook"),
}
"""The rules that Spacelift asks for, by policy (the file's name without `.rego`)."""


class Policy:
    """One policy file, ready in both engines.

    Args:
        path: a `.rego` file whose name is a key of `OUTPUTS`.

    Raises:
        OpsError: the file is missing, or an engine cannot read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stem not in OUTPUTS:
            raise OpsError(f"{path.name}: unknown policy; known are {', '.join(OUTPUTS)}")
        try:
            source = path.read_text(encoding="utf-8")
            self._rego_cpp = regopy.Interpreter()
            self._rego_cpp.add_module(path.name, source)
            self._regorus = {
                rule: opa_eval.OpaEval(str(path), query=f"{PACKAGE}.{rule}")
                for rule in OUTPUTS[path.stem]
            }
        except (OSError, RuntimeError, regopy.RegoError) as error:
            raise OpsError(f"{path.name}: {_one_line(error)}") from None

    def evaluate(self, document: Document) -> dict[str, Json]:
        """The value of each rule that Spacelift asks for, sets as sorted lists.

        Raises:
            OpsError: an engine fails, or the two answer differently.
        """
        text = json.dumps(document)
        try:
            self._rego_cpp.set_input(document)
            strict = {
                rule: _ordered(json.loads(engine.evaluate(text)))
                for rule, engine in self._regorus.items()
            }
            lax = dict(zip(strict, self._ask_rego_cpp(list(strict)), strict=True))
        except (RuntimeError, ValueError, regopy.RegoError) as error:
            raise OpsError(f"{self._path.name}: {_one_line(error)}") from None
        for rule, value in strict.items():
            if lax[rule] != value:
                raise OpsError(
                    f"{self._path.name}: the engines disagree about {rule}: "
                    f"regorus says {json.dumps(value)}, rego-cpp says {json.dumps(lax[rule])}"
                )
        return strict

    def _ask_rego_cpp(self, rules: Sequence[str]) -> list[Json]:
        # Asked for a rule alone, rego-cpp answers the same to "false" and to "undefined".
        wanted = ", ".join(f"{PACKAGE}.{rule}" for rule in rules)
        answer = self._rego_cpp.query(f"answers := [{wanted}]")
        if not answer.ok() or not answer.results or "answers" not in answer[0].bindings:
            raise RuntimeError(f"rego-cpp has no value for one of {', '.join(rules)}: {answer}")
        return [_ordered(value) for value in answer[0].bindings["answers"]]


def _ordered(value: Json) -> Json:
    """A set arrives as a list in an order of the engine's own."""
    if isinstance(value, list):
        return sorted(value, key=json.dumps)
    return value


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


_policy = cache(Policy)  # reading a policy takes as long as evaluating it


def review(policy: str, document: Document, *, policies: Path = POLICIES) -> dict[str, Any]:
    """What a policy answers: the value of each of its `OUTPUTS`, sets as sorted lists.

    Raises:
        OpsError: see `Policy`.
    """
    return _policy(policies / f"{policy}.rego").evaluate(document)


@dataclass(frozen=True)
class Rule:
    """A rule and its METADATA block."""

    policy: str
    name: str
    title: str
    description: str


_METADATA = re.compile(
    r"^# METADATA\n(?P<yaml>(?:^#[^\n]*\n)+)(?P<head>[^\n#][^\n]*)$", re.MULTILINE
)


def rules(path: Path) -> list[Rule]:
    """The rules of a policy file that have a METADATA block, in the file's order.

    Raises:
        OpsError: a block is not YAML, or lacks its title or description.
    """
    found = []
    for block in _METADATA.finditer(path.read_text(encoding="utf-8")):
        head = block["head"]
        if head.startswith("package "):
            continue
        name = head.split()[0]
        try:
            metadata = yaml.safe_load(re.sub(r"^# ?", "", block["yaml"], flags=re.MULTILINE))
            title, description = str(metadata["title"]), str(metadata["description"])
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise OpsError(f"{path.name}: METADATA of {name}: {_one_line(error)}") from None
        found.append(Rule(path.stem, name, title, " ".join(description.split())))
    return found
