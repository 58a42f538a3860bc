"""The rehearsal: a stack, really applied by Terraform to the sandbox, with tasks that serve.

The drills that run against it are those that run against AWS; only their clock is faster.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from ops.console import Narrator
from ops.drills.clock import Clock
from ops.drills.rehearsal.standin import StandIn
from ops.drills.rehearsal.world import World
from ops.drills.run import wait_until_steady
from ops.drills.target import NEEDED, Deployment, Outputs
from ops.sandbox.deployed import deployed

ADDED: dict[str, object] = {"resilience": {"fault_injection": True}}
"""The settings that a rehearsed stack has whatever cdktf.json says, so that every drill can run."""

SPEED = 12.0
"""Seconds of AWS in a second of a rehearsal: the faster, the more a busy machine distorts."""

START_SECONDS = 600
"""How long the stack's first tasks are given."""


@contextmanager
def rehearsed(stack_id: str, console: Console) -> Iterator[tuple[Deployment, Clock]]:
    """A deployment in the sandbox that is steady, and the clock it lives by."""
    say = Narrator(console)
    with deployed(stack_id, say, ADDED) as stack:
        terraform = stack.terraform()
        with say.step("terraform apply, to an emulated AWS (takes its time)"):
            terraform.apply()
        values = terraform.output()
        outputs = Outputs(**{name: values[name] for name in NEEDED})
        clock = Clock(SPEED)
        with StandIn(World(), clock) as stand_in:
            deployment = Deployment(stack.sandbox.client, outputs, clock, stand_in.url)
            with say.step("The tasks start and pass their health checks"):
                wait_until_steady(deployment, clock, START_SECONDS)
            yield deployment, clock
