"""The whole life of the platform on an emulated AWS: apply, drift, repair, destroy.

What Terraform is given here is byte for byte what a Spacelift run or `cdktf deploy` gets; only the
environment says where AWS is. Everything is written to a temporary folder that is removed again.
"""

import json
import os
import signal

from rich.console import Console
from rich.table import Table

from ops.console import Narrator, table
from ops.delivery import drift
from ops.errors import OpsError
from ops.sandbox.deployed import Deployed, deployed, unprotected
from ops.terraform import Terraform


def run(stack_id: str, console: Console) -> None:
    """Run the demo and narrate it.

    Raises:
        KeyboardInterrupt: after all that was started has ended, and that was said.
    """
    try:
        with deployed(stack_id, say := Narrator(console)) as platform:
            try:
                _live(platform, say, console)
            except KeyboardInterrupt:
                # Terraform has ended. The rest takes a moment, and must not be cut short.
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                raise
    except KeyboardInterrupt:
        console.print("Interrupted: Terraform and the sandbox have ended, and nothing is left.")
        raise


def _live(platform: Deployed, say: Narrator, console: Console) -> None:
    # the user's values instead of stand-ins; but the certificate is looked up, and is not here
    given = {name: os.environ.get(f"TF_VAR_{name}") for name in platform.variables}
    chosen = {name: value for name, value in given.items() if value and name != "certificate_arn"}
    terraform = platform.terraform(chosen)
    console.print(
        f"  [dim]AWS is emulated at {platform.sandbox.endpoint}; no account, no cost[/dim]"
    )
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
    drifted = drift.look(terraform, platform.plan, say)
    if not drifted:
        raise OpsError(f"the plan misses the rule that was added to {group}")
    console.print(f"  drift found in {', '.join(drifted)}")
    with say.step("Reconcile: terraform apply"):
        terraform.apply(plan=platform.plan)
    with say.step("terraform plan: the drift is gone"):
        if changes := platform.changes(terraform):
            raise OpsError(f"drift is left: {', '.join(changes)}")
    stack = json.loads((platform.folder / "cdk.tf.json").read_text(encoding="utf-8"))
    if (free := unprotected(stack)) != stack:
        with say.step("Take the protection from deletion away: terraform apply"):
            platform.replace(json.dumps(free))
            terraform.apply()
    with say.step("terraform destroy"):
        terraform.destroy()
    with say.step("Look for leftovers in every service"):
        # the certificate is not the stack's, it was there before
        found = [each for each in platform.sandbox.leftovers() if not each.startswith("acm ")]
        snapshots = [each for each in found if "-db-final (DBSnapshot)" in each]
        if leftovers := set(found) - set(snapshots):
            raise OpsError(f"destroy left behind: {', '.join(sorted(leftovers))}")
    left = "but its final snapshot" if snapshots else "behind"
    console.print(f"[bold green]The platform works, heals drift and leaves nothing {left}.[/]")


def _outputs(terraform: Terraform) -> Table:
    """The stack's outputs; sensitive ones stay hidden."""
    values = terraform.show()["values"]["outputs"]
    shown = table("Outputs", "name", "value")
    for name, output in sorted(values.items()):
        value = output["value"]
        text = ", ".join(value) if isinstance(value, list) else str(value)
        shown.add_row(name, "(sensitive)" if output["sensitive"] else text)
    return shown
