"""Spacelift's policies, evaluated on this machine.

Spacelift runs the files of `spacelift/policies/` in its own Open Policy Agent, behind definitions
of its own (`PRELUDES`). So a file imports nothing: an import behind a definition is refused, and
Spacelift does not support importing `rego.v1`, which its engine `REGO_V1` does not need. regorus,
which does the same here, needs it. Of the Rego engines in PyPI it is the strict one: it refuses
a misspelt name, an unsafe variable, a wrong type and Rego before v1. rego-cpp takes each of them
for "undefined", so that a rule passes, and cannot return a text with quotes. It alone saw that a
rule has two defaults, which OPA refuses; `Policy` looks for that itself.
`ops.delivery.inputs` makes the documents that a policy is fed.

https://docs.spacelift.io/concepts/policy
"""

import json
import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import opa_eval
import yaml

from ops import ROOT, files
from ops.delivery.inputs import Document, Json
from ops.errors import OpsError

POLICIES = ROOT / "spacelift" / "policies"

_RULES = files.data(dict[str, dict[str, tuple[str, ...]]], Path(__file__).with_suffix(".yaml"))
OUTPUTS, PRELUDES = _RULES["outputs"], _RULES["preludes"]
"""The rules that Spacelift asks for, and those for which it has a default, by policy."""


def _prelude(policy: str) -> str:
    """On one line, so that messages show the file's own lines."""
    rules = dict.fromkeys((*OUTPUTS[policy], *PRELUDES[policy], "flag"))
    result = ", ".join(f'"{rule}": {rule}' for rule in rules)
    return " ".join(
        (
            "package spacelift import rego.v1",
            f"result := {{{result}}}",
            *(f"default {rule} := false" for rule in PRELUDES[policy]),
            'flag contains "never" if false',
        )
    )


class Policy:
    """A policy file, named as in `OUTPUTS`, with the definitions that Spacelift adds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stem not in OUTPUTS:
            raise OpsError(f"{path.name}: unknown policy; known are {', '.join(OUTPUTS)}")
        try:
            text = path.read_text(encoding="utf-8")
            head, package, body = text.partition("\npackage spacelift\n")
            if not package:
                raise ValueError("the package has to be spacelift")
            names = [*PRELUDES[path.stem], *re.findall(r"^\s*default\s+(\w+)", body, re.MULTILINE)]
            if twice := ", ".join(sorted({name for name in names if names.count(name) > 1})):
                raise ValueError(
                    f"default of {twice} is defined twice; leave it out, Spacelift defines it"
                )
            source = f"{head}\n{_prelude(path.stem)}\n{body}"
            with tempfile.TemporaryDirectory() as folder:
                whole = Path(folder) / path.name
                whole.write_text(source, encoding="utf-8")
                self._engine = opa_eval.OpaEval(str(whole), query="data.spacelift.result")
        except (OSError, RuntimeError, ValueError) as error:
            raise OpsError(f"{path.name}: {_one_line(error)}") from None

    def evaluate(self, document: Document) -> dict[str, Json]:
        """The value of each rule that Spacelift asks for, sets as sorted lists."""
        try:
            answers = json.loads(self._engine.evaluate(json.dumps(document)))
            # a set arrives as a list in an order of the engine's own
            wanted = {rule: answers[rule] for rule in OUTPUTS[self._path.stem]}
            return {
                rule: sorted(value, key=json.dumps) if isinstance(value, list) else value
                for rule, value in wanted.items()
            }
        except (RuntimeError, ValueError) as error:
            raise OpsError(f"{self._path.name}: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    without_folder = re.sub(r"\S*/(?=\w+\.rego:)", "", str(error))
    return " ".join(without_folder.split())


_policy = cache(Policy)  # reading a policy takes as long as evaluating it


def review(policy: str, document: Document, *, policies: Path = POLICIES) -> dict[str, Any]:
    """What a policy answers: the value of each of its `OUTPUTS`, sets as sorted lists."""
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
    """The rules of a policy file that have a METADATA block, in the file's order."""
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
