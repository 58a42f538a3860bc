"""The rehearsal: a stack, really applied by Terraform to the sandbox, with tasks that serve.

The drills that run against it are those that run against AWS; only their clock is faster.
"""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ops.aws import clients
from ops.console import Narrator
from ops.drills.clock import Clock
from ops.drills.rehearsal.standin import StandIn, World
from ops.drills.scenarios import wait_until_steady
from ops.drills.target import NEEDED, Deployment, Outputs
from ops.model.stack import synthesize
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform

SPEED = 8.0
"""Seconds of AWS in a second of a rehearsal: the faster, the more a busy machine distorts."""

REQUESTS_PER_SECOND = 3.0
"""Of AWS's seconds, so that this machine can answer them."""


START_SECONDS = 300
"""How long the stack's first tasks are given."""


@contextmanager
def rehearsed(stack_id: str, console: Console) -> Iterator[tuple[Deployment, Clock]]:
    """A deployment in the sandbox that is steady, and the clock it lives by.

    Raises:
        OpsError, CommandFailed, TerraformMissing: it cannot be deployed.
    """
    say = Narrator(console)
    with tempfile.TemporaryDirectory(prefix="opsfolio-") as name, Sandbox() as sandbox:
        scratch = Path(name)
        with say.step(f"Synthesize {stack_id}"):
            folder = synthesize(stack_id, scratch)
        terraform = Terraform(
            folder,
            scratch=scratch,
            environment=sandbox.environment,
            variables={"db_password": secrets.token_urlsafe(24)},
            on_line=say.line,
        )
        with say.step("terraform init and apply, to an emulated AWS (takes its time)"):
            terraform.init()
            terraform.apply()
        outputs = terraform.output()
        clock = Clock(SPEED)
        with StandIn(World(), clock) as stand_in:
            deployment = Deployment(
                clients(environment=sandbox.environment),
                Outputs(**{name: outputs[name] for name in NEEDED}),
                clock,
                stand_in.url,
            )
            with say.step("The tasks start and pass their health checks"):
                wait_until_steady(deployment, clock, START_SECONDS)
            yield deployment, clock
