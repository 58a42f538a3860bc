"""A stack, synthesized, in a sandbox, ready for Terraform."""

import copy
import json
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from ops import CDKTF_JSON, ROOT
from ops.console import Narrator
from ops.errors import OpsError
from ops.model.stack import refuse_spacelift, synthesize
from ops.sandbox.server import ACCOUNT_ID, Sandbox
from ops.terraform import Terraform, TerraformMissing, changed

IMAGE = f"{ACCOUNT_ID}.dkr.ecr.eu-central-1.amazonaws.com/wordpress@sha256:{'0' * 64}"
"""An image as the hardened stack wants one, by digest; nothing pulls it."""


def stand_ins() -> dict[str, str]:
    """A value for each variable that may lack a default. A plan looks none of them up."""
    return {
        "certificate_arn": f"arn:aws:acm:eu-central-1:{ACCOUNT_ID}:certificate/sandbox",
        "container_image": IMAGE,
        "db_password": secrets.token_urlsafe(24),
    }


@dataclass
class Deployed:
    """A stack in a folder of its own, and the account it is applied to.

    Attributes:
        environment: what Terraform's runs see of the account.
        running: by which they find the provider running, where one region is enough.
        variables: a value for each variable that has no default.
        plan: the file that `changes` plans to.
    """

    sandbox: Sandbox
    folder: Path
    scratch: Path
    running: dict[str, str]
    on_line: Callable[[str], None] = lambda line: None
    variables: dict[str, object] = field(init=False, repr=False)
    _stand_ins: dict[str, str] = field(default_factory=stand_ins, repr=False)

    def __post_init__(self) -> None:
        self.plan = self.scratch / "plan"
        self.replace((self.folder / "cdk.tf.json").read_text(encoding="utf-8"))

    def replace(self, document: str) -> None:
        """Takes other Terraform JSON for the stack, and chooses its `variables`."""
        (self.folder / "cdk.tf.json").write_text(document, encoding="utf-8")
        stack = json.loads(document)
        one_region = len(stack["provider"]["aws"]) == 1
        self.environment = self.sandbox.environment | (self.running if one_region else {})
        needed = [name for name, block in stack["variable"].items() if "default" not in block]
        self.variables = {name: self._stand_ins[name] for name in needed}
        if "certificate_arn" in needed:  # an apply looks it up
            # asked for twice with the same token, it is the same certificate
            made = self.sandbox.client("acm").request_certificate(
                DomainName="example.com", IdempotencyToken="once"
            )
            self.variables["certificate_arn"] = made["CertificateArn"]

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
            environment=self.environment,
            variables={name: value for name, value in chosen.items() if value is not None},
            on_line=on_line or self.on_line,
        )

    def changes(self, terraform: Terraform, *options: str) -> dict[str, list[str]]:
        """Address to actions of all that the next apply would change."""
        if not terraform.plan(*options, out=self.plan):
            return {}
        return {
            change["address"]: change["change"]["actions"]
            for change in changed(terraform.show(self.plan))
        }

    def ids(self, terraform: Terraform) -> dict[str, str]:
        """Address to id of all that has been applied."""
        resources = terraform.show()["values"]["root_module"]["resources"]
        return {
            resource["address"]: resource["values"]["id"]
            for resource in resources
            if resource["mode"] == "managed"
        }

    def open_database(self, terraform: Terraform) -> str:
        """Does what a person in a hurry does in the console; the id of the security group."""
        group = self.ids(terraform)["aws_security_group.rds_sg"]
        self.sandbox.client("ec2").authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=3306, ToPort=3306, CidrIp="0.0.0.0/0"
        )
        return group


@contextmanager
def deployed(
    stack_id: str, say: Narrator | None = None, more: Mapping[str, object] | None = None
) -> Iterator[Deployed]:
    """A stack of cdktf.json, with `more` settings, in a sandbox, initialized, not yet applied.

    All of it goes away in the end.
    """
    refuse_spacelift(stack_id)
    say = say or Narrator(Console(quiet=True))
    with tempfile.TemporaryDirectory(prefix="opsfolio-") as name, Sandbox() as sandbox:
        scratch = Path(name)
        with say.step(f"Synthesize {stack_id}"):
            folder = synthesize(stack_id, scratch, more)
        environment = sandbox.environment
        terraform = Terraform(folder, scratch=scratch, environment=environment, on_line=say.line)
        with say.step("terraform init"):
            terraform.init()
        with terraform.provider_running() as running:
            yield Deployed(sandbox, folder, scratch, running, say.line)


def unprotected(stack: dict[str, Any]) -> dict[str, Any]:
    """The Terraform JSON with every protection from deletion switched off."""
    changed = copy.deepcopy(stack)
    for types in changed["resource"].values():
        for resource in types.values():
            for protection in ("deletion_protection", "enable_deletion_protection"):
                if resource.get(protection):
                    resource[protection] = False
    return changed


def practice(sandbox: Sandbox, scratch: Path) -> dict[str, str]:
    """The environment for a shell in which `cdktf` and Terraform practise on the sandbox.

    `scratch` gets the CLI configuration by which `cdktf` finds a provider mirror of this machine.
    There must be no state that practising would empty.
    """
    # A refresh drops what it does not find, and in the sandbox it finds nothing.
    for file in CDKTF_JSON.parent.glob("terraform.*.tfstate"):
        if '"mode": "managed"' in file.read_text(encoding="utf-8"):
            raise OpsError(
                f"{file.name} knows of resources, and practising would make it forget them: "
                f"delete it if it is from practice (its ARNs have the account {ACCOUNT_ID}), else "
                "practise in another checkout (`git worktree add ../practice`, there `make synth`)"
            )
    environment = {
        **sandbox.environment,
        "CHECKPOINT_DISABLE": "1",  # no calls home, which are red errors where they find no way
        "TF_INPUT": "0",
        "TF_VAR_db_password": "practice-only",
    }
    with suppress(TerraformMissing):  # the sandbox is good for the AWS CLI too
        terraform = Terraform(ROOT, scratch=scratch, environment={})
        environment["TERRAFORM_BINARY_NAME"] = str(terraform.binary)  # for cdktf
        if terraform.mirror is not None:
            environment["TF_CLI_CONFIG_FILE"] = terraform.environment["TF_CLI_CONFIG_FILE"]
            # the option --skip-provider-lock: a lock for other machines is made from the registry
            environment["CDKTF_SKIP_PROVIDER_LOCK"] = "true"
    return environment
