"""A stack in a folder of its own, and the sandbox it is applied to."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from ops.delivery.permissions import POLICIES, granted
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform
from tests.synth.options import DIGEST

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Correct-horse-7-battery"


@cache
def synthesized(stack_id: str) -> str:
    """The Terraform JSON of a stack of cdktf.json."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "--stack", stack_id],
            env={**os.environ, "CDKTF_OUTDIR": folder},
            check=True,
        )
        return (Path(folder) / "stacks" / stack_id / "cdk.tf.json").read_text()


def settings(stack_id: str, **changes: dict[str, object]) -> dict[str, object]:
    """The settings of a stack in cdktf.json, with some keys of its groups changed."""
    stacks = json.loads((ROOT / "cdktf.json").read_text())["context"]["stacks"]
    stack: dict[str, object] = stacks[stack_id]
    for group, values in changes.items():
        before = stack.get(group, {})
        assert isinstance(before, dict)
        stack[group] = {**before, **values}
    return stack


def assert_granted(sandbox: Sandbox) -> None:
    """The deployer's policies allow all that Terraform called."""
    missing = sandbox.terraform_actions - set().union(*map(granted, POLICIES))
    assert not missing, (
        f"docs/deployer-policy*.json grant no {', '.join(sorted(missing))}: if deploying needs it "
        "now, `python -m ops deployer-policy` adds it"
    )


@dataclass
class Deployment:
    """A stack in a folder of its own, and the sandbox it is applied to."""

    sandbox: Sandbox
    folder: Path
    scratch: Path
    lines: list[str] = field(default_factory=list)
    variables: dict[str, object] = field(default_factory=lambda: {"db_password": PASSWORD})

    def terraform(
        self,
        variables: Mapping[str, object] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Terraform:
        """Terraform in the stack's folder; `variables` on top of the usual ones, None for none."""
        chosen = {**self.variables, **(variables or {})}
        return Terraform(
            self.folder,
            scratch=self.scratch,
            environment=self.sandbox.environment,
            variables={name: value for name, value in chosen.items() if value is not None},
            on_line=on_line or self.lines.append,
        )

    def replace(self, document: str) -> None:
        """Other Terraform JSON, and a value for each variable in it that has no default."""
        (self.folder / "cdk.tf.json").write_text(document)
        values = {"db_password": PASSWORD, "container_image": DIGEST}
        open_ones = [
            name
            for name, variable in json.loads(document)["variable"].items()
            if "default" not in variable
        ]
        if "certificate_arn" in open_ones:
            # asked for twice with the same token, it is the same certificate
            certificate = self.client("acm").request_certificate(
                DomainName="example.com", IdempotencyToken="once"
            )
            values["certificate_arn"] = certificate["CertificateArn"]
        self.variables = {name: values[name] for name in open_ones}

    def changes(self, terraform: Terraform, *options: str) -> dict[str, list[str]]:
        """Address to actions of all that the next apply would change."""
        plan = self.folder / "plan"
        if not terraform.plan(*options, out=plan):
            return {}
        return {
            change["address"]: change["change"]["actions"]
            for change in terraform.show(plan)["resource_changes"]
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the sandbox; boto3 has no types."""
        environment = self.sandbox.environment
        return boto3.client(
            service,
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )
