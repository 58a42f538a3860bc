"""The whole life of the platform on an emulated AWS: apply, drift, repair, destroy.

What Terraform is given here is byte for byte what a Spacelift run or `cdktf deploy` gets; only the
environment says where AWS is. Everything is written to a temporary folder that is removed again.
"""

from rich.console import Console
from rich.table import Table

from ops.console import Narrator, table
from ops.errors import OpsError
from ops.sandbox.deployed import deployed
from ops.terraform import Terraform


def run(stack_id: str, console: Console) -> None:
    """Run the demo and narrate it.

    Raises:
        OpsError: a step did not end as it must, or Terraform failed or is missing.
    """
    say = Narrator(console)
    with deployed(stack_id, say) as platform:
        terraform = platform.terraform()
        console.print(
            f"  [dim]AWS is emulated at {platform.sandbox.endpoint}; no account, no cost[/dim]"
        )
        with say.step("terraform init"):
            terraform.init()
        with say.step("terraform plan"):
            changes = platform.changes(terraform)
        console.print(f"  [dim]{len(changes)} resources to create[/dim]")
        with say.step("terraform apply (RDS and the load balancer take their time)"):
            terraform.apply(plan=platform.plan)
        console.print(_outputs(terraform))

        with say.step("terraform plan again: nothing to change"):
            if changes := platform.changes(terraform):
                raise OpsError(f"the plan is not empty after apply: {', '.join(changes)}")
        with say.step("Somebody opens the database to the internet by hand"):
            group = platform.open_database(terraform)
        with say.step("Drift detection: terraform plan -detailed-exitcode"):
            changes = platform.changes(terraform)
            if not changes:
                raise OpsError(f"the plan misses the rule that was added to {group}")
        console.print(f"  drift found in {', '.join(changes)}")
        with say.step("Reconcile: terraform apply"):
            terraform.apply(plan=platform.plan)
        with say.step("terraform plan: the drift is gone"):
            if changes := platform.changes(terraform):
                raise OpsError(f"drift is left: {', '.join(changes)}")
        with say.step("terraform destroy"):
            terraform.destroy()
        with say.step("Look for leftovers in every service"):
            if leftovers := platform.sandbox.leftovers():
                raise OpsError(f"destroy left behind: {', '.join(leftovers)}")
    console.print("[bold green]The platform works, heals drift and leaves nothing behind.[/]")


def _outputs(terraform: Terraform) -> Table:
    """The stack's outputs; sensitive ones stay hidden."""
    values = terraform.show()["values"]["outputs"]
    shown = table("Outputs", "name", "value")
    for name, output in sorted(values.items()):
        value = output["value"]
        text = ", ".join(value) if isinstance(value, list) else str(value)
        shown.add_row(name, "(sensitive)" if output["sensitive"] else text)
    return shown
