"""The whole life of the platform on an emulated AWS: apply, drift, repair, destroy.

What Terraform is given here is byte for byte what a Spacelift run or `cdktf deploy` gets; only the
environment says where AWS is. Everything is written to a temporary folder that is removed again.
"""

import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from rich.console import Console
from rich.status import Status
from rich.table import Table

from ops.sandbox import Sandbox
from ops.synthesis import synthesize
from ops.terraform import Terraform


class StepFailed(Exception):
    """A step of an exercise did not end as it must; `str()` says how it ended instead."""


class Narrator:
    """Tells what happens: a line for each finished step, and a live line while one runs.

    Args:
        console: where to.

    On something that is no terminal (CI, a pipe) there is only the line for each finished step.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._status: Status | None = None
        self._title = ""
        self._started = 0.0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time a step; an exception inside marks it as failed and goes on."""
        self._title, self._started = title, time.monotonic()
        with self.console.status(title) as self._status:
            try:
                yield
            except BaseException:
                self._finish("[red]✗[/red]")
                raise
        self._finish("[green]✓[/green]")

    def line(self, text: str) -> None:
        """Show the newest line of a command's output beside the running step."""
        if self._status is not None and text.strip():
            seconds = time.monotonic() - self._started
            shown = text.strip()[: max(20, self.console.width - len(self._title) - 20)]
            self._status.update(f"{self._title} [dim]{seconds:.0f} s · {_plain(shown)}[/dim]")

    def _finish(self, mark: str) -> None:
        seconds = time.monotonic() - self._started
        self.console.print(f"{mark} {self._title} [dim]({seconds:.1f} s)[/dim]")


def _plain(text: str) -> str:
    """`text` with nothing in it that rich would read as markup."""
    return text.replace("[", r"\[")


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A temporary folder that goes away with the exercise."""
    return tempfile.TemporaryDirectory(prefix="opsfolio-")


def run(stack_id: str, console: Console) -> None:
    """Run the demo and narrate it.

    Raises:
        StepFailed, ops.terraform.CommandFailed, ops.terraform.TerraformMissing: what went wrong.
    """
    say = Narrator(console)
    with scratch_folder() as name, Sandbox() as sandbox:
        scratch = Path(name)
        with say.step(f"Synthesize {stack_id} from Python"):
            folder = synthesize(stack_id, scratch)
        terraform = Terraform(
            folder,
            scratch=scratch,
            environment=sandbox.environment,
            variables={"db_password": secrets.token_urlsafe(24)},
            on_line=say.line,
        )
        console.print(f"  [dim]AWS is emulated at {sandbox.endpoint}; no account, no cost[/dim]")
        plan = scratch / "plan"
        with say.step("terraform init"):
            terraform.init()
        with say.step("terraform plan"):
            terraform.plan(out=plan)
        console.print(f"  {_summary(terraform, plan)}")
        with say.step("terraform apply (RDS and the load balancer take their time)"):
            terraform.apply(plan=plan)
        console.print(_outputs(terraform))

        with say.step("terraform plan again: nothing to change"):
            if terraform.plan(out=plan):
                raise StepFailed(f"the plan is not empty after apply: {_changed(terraform, plan)}")
        with say.step("Somebody opens the database to the internet by hand"):
            group = _open_database(terraform, sandbox)
        with say.step("Drift detection: terraform plan -detailed-exitcode"):
            if not terraform.plan(out=plan):
                raise StepFailed(f"the plan misses the rule that was added to {group}")
        console.print(f"  drift found in {', '.join(_changed(terraform, plan))}")
        with say.step("Reconcile: terraform apply"):
            terraform.apply(plan=plan)
        with say.step("terraform plan: the drift is gone"):
            if terraform.plan(out=plan):
                raise StepFailed(f"drift is left: {_changed(terraform, plan)}")
        with say.step("terraform destroy"):
            terraform.destroy()
        with say.step("Look for leftovers in every service"):
            leftovers = sandbox.leftovers()
            if leftovers:
                raise StepFailed(f"destroy left behind: {', '.join(leftovers)}")
    console.print("[bold green]The platform works, heals drift and leaves nothing behind.[/]")


def _changed(terraform: Terraform, plan: Path) -> list[str]:
    """The addresses that a plan file would change."""
    changes = terraform.show(plan)["resource_changes"]
    return [c["address"] for c in changes if c["change"]["actions"] not in (["no-op"], ["read"])]


def _summary(terraform: Terraform, plan: Path) -> str:
    return f"[dim]{len(_changed(terraform, plan))} resources to create[/dim]"


def _outputs(terraform: Terraform) -> Table:
    """The stack's outputs; sensitive ones stay hidden."""
    values = terraform.show()["values"]["outputs"]
    table = Table(title="Outputs", title_justify="left", show_header=False)
    for name, output in sorted(values.items()):
        value = output["value"]
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        table.add_row(name, "(sensitive)" if output["sensitive"] else shown)
    return table


def _open_database(terraform: Terraform, sandbox: Sandbox) -> str:
    """What a person in a hurry does in the console; the id of the security group."""
    resources = terraform.show()["values"]["root_module"]["resources"]
    group: str = next(r["values"]["id"] for r in resources if r["name"] == "rds_sg")
    environment = sandbox.environment
    ec2 = boto3.client(
        "ec2",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=3306, ToPort=3306, CidrIp="0.0.0.0/0"
    )
    return group
