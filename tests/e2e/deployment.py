"""What the end-to-end tests share: stacks, and what deploying may call."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.settings import parse_stack
from ops import CDKTF_JSON
from ops.delivery.permissions import FILES, granted, needs
from ops.model.stack import read, synthesize
from ops.sandbox.deployed import Deployed, deployed
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform
from tests.synth.synthesized import Synthesized

NO_REFRESH = "-refresh=false"
"""For what is about the configuration: nobody has touched what is there."""


def synthesized(stack_id: str) -> str:
    """The Terraform JSON of a stack of cdktf.json."""
    with tempfile.TemporaryDirectory() as folder:
        return (synthesize(stack_id, Path(folder)) / "cdk.tf.json").read_text()


def settings(stack_id: str, **changes: dict[str, object]) -> dict[str, object]:
    """The settings of a stack in cdktf.json, with some keys of its groups changed."""
    stacks = json.loads(CDKTF_JSON.read_text())["context"]["stacks"]
    stack: dict[str, object] = stacks[stack_id]
    for group, values in changes.items():
        before = stack.get(group, {})
        assert isinstance(before, dict)
        stack[group] = {**before, **values}
    return stack


def assert_granted(sandbox: Sandbox, also: Iterable[str] = ()) -> None:
    """The deployer's policies, with what a stack adds to them, allow all that Terraform called."""
    missing = sandbox.terraform_actions - set(also).union(*map(granted, FILES))
    assert not missing, (
        f"docs/deployer-policy*.json grant no {', '.join(sorted(missing))}: if deploying needs it "
        "now, `.venv/bin/python -m ops deployer-policy` adds it"
    )


def added(deployed: Deployed) -> set[str]:
    """What a stack's own policies would grant beyond what was seen in the lives of cdktf.json's."""
    return {what for _, what in needs(read(deployed.folder), ())}


@contextmanager
def prepared(stack_id: str, more: Mapping[str, object] | None = None) -> Iterator[Deployed]:
    """A stack of cdktf.json, initialized, not applied; in the end, what was called is granted."""
    with deployed(stack_id, more=more) as stack:
        yield stack
        assert_granted(stack.sandbox, added(stack))


def with_domain(monkeypatch: pytest.MonkeyPatch, stack_id: str, settings: object) -> None:
    """Lets the account have the zone of a stack's domain, and issue its certificate at once."""
    zones = {stack_id: parse_stack(stack_id, settings)}
    monkeypatch.setattr("ops.sandbox.services.route53.declared", lambda: zones)
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 0)


HOSTILE = {
    "QUOTES": """it's a "quote\"""",
    "BACKSLASHES": "C:\\n \\",
    "CODE": "\\'); exit(1); //",
    "TEMPLATES": "${var.db_password} %{ if true }x%{ endif }",
    "ESCAPED_TEMPLATES": "$${x} %%{y} $$${z} \\${q}",
    "SIGNS": "$ % <b>?> & é 日本",
}
"""Texts that CDKTF, Terraform, JSON or PHP could take for something else."""


def container(stack: Synthesized, folder: Path) -> Any:
    """The container's definition, as Terraform hands it to AWS; references are left out."""
    task = stack.document["resource"]["aws_ecs_task_definition"]["wordpress"]
    expression = re.sub(r"(?<== )(aws_\w+|var)(\.\w+)+", "null", task["container_definitions"])
    (found,) = json.loads(evaluated({"made": expression}, folder)["made"])
    return found


def evaluated(expressions: dict[str, str], folder: Path) -> dict[str, Any]:
    """What Terraform makes of expressions."""
    outputs = {name: {"value": expression} for name, expression in expressions.items()}
    (folder / "main.tf.json").write_text(json.dumps({"output": outputs}))
    terraform = Terraform(folder, scratch=folder, environment={})
    terraform.apply()
    return terraform.output()
