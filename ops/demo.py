"""The whole life of the platform on an emulated AWS: apply, drift, repair, destroy.

What Terraform is given here is byte for byte what a Spacelift run or `cdktf deploy` gets; only the
environment says where AWS is. Everything is written to a temporary folder that is removed again.
"""

import secrets
import tempfile
from pathlib import Path

import boto3
from rich.console import Console
from rich.table import Table

from ops.console import Narrator
from ops.errors import OpsError
from ops.model.stack import synthesize
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A temporary folder that goes away with the exercise."""
    return tempfile.TemporaryDirectory(prefix="opsfolio-")


def run(stack_id: str, console: Console) -> None:
    """Run the demo and narrate it.

    Raises:
        OpsError, ops.terraform.CommandFailed, ops.terraform.TerraformMissing: what went wrong.
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
                raise OpsError(f"the plan is not empty after apply: {_changed(terraform, plan)}")
        with say.step("Somebody opens the database to the internet by hand"):
            group = _open_database(terraform, sandbox)
        with say.step("Drift detection: terraform plan -detailed-exitcode"):
            if not terraform.plan(out=plan):
                raise OpsError(f"the plan misses the rule that was added to {group}")
        console.print(f"  drift found in {', '.join(_changed(terraform, plan))}")
        with say.step("Reconcile: terraform apply"):
            terraform.apply(plan=plan)
        with say.step("terraform plan: the drift is gone"):
            if terraform.plan(out=plan):
                raise OpsError(f"drift is left: {_changed(terraform, plan)}")
        with say.step("terraform destroy"):
            terraform.destroy()
        with say.step("Look for leftovers in every service"):
            leftovers = sandbox.leftovers()
            if leftovers:
                raise OpsError(f"destroy left behind: {', '.join(leftovers)}")
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
