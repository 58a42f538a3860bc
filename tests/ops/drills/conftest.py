"""Worlds for drills: a sandbox with a deployment that lives, and its clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.aws import clients
from ops.drills import scenarios
from ops.drills.clock import Clock
from ops.drills.rehearsal.rehearsed import REQUESTS_PER_SECOND, START_SECONDS
from ops.drills.rehearsal.standin import StandIn, World
from ops.drills.report import Report
from ops.drills.target import Deployment, Outputs
from ops.model.stack import Stack, read_stack
from ops.sandbox.server import Sandbox
from tests.ops.drills.deployed import deploy

# A developer's profile must neither help nor hinder a test.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]


@dataclass
class Alive:
    """A deployment in a world, ready to be drilled."""

    sandbox: Sandbox
    stand_in: StandIn
    clock: Clock
    outputs: Outputs
    deployment: Deployment

    def drill(self, name: str, folder: Path, limit_seconds: float = 600) -> Report:
        """Run one drill."""
        return scenarios.execute(
            scenarios.DRILLS[name],
            self.deployment,
            self.clock,
            reports=folder,
            requests_per_second=REQUESTS_PER_SECOND,
            timeout_seconds=60,
            limit_seconds=limit_seconds,
        )

    def connect(self, attempts: int = 2) -> Deployment:
        """The same deployment for someone who tries each call so often."""
        environment = {**self.sandbox.environment, "AWS_MAX_ATTEMPTS": str(attempts)}
        return Deployment(
            clients(environment=environment), self.outputs, self.clock, self.stand_in.url
        )

    def told(self, what: str, after: float = 0) -> float:
        """When the stand-in first did `what`, after a time."""
        return next(one.at for one in self.stand_in.log if one.what == what and one.at >= after)


Bring = Callable[..., AbstractContextManager[Alive]]


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The stack whose values the deployment has, really synthesized."""
    return read_stack("resilience-platform")


@pytest.fixture(scope="session")
def bring(stack: Stack) -> Bring:
    """Makes a deployment in a world, waits until it is steady, and ends it.

    Faster than a rehearsal, unless figures matter.
    """

    @contextmanager
    def bring_to_life(world: World | None = None, speed: float = 20) -> Iterator[Alive]:
        with Sandbox() as sandbox:
            outputs = deploy(sandbox, stack)
            clock = Clock(speed)
            with StandIn(world or World(), clock) as stand_in:
                deployment = Deployment(
                    clients(environment=sandbox.environment), outputs, clock, stand_in.url
                )
                scenarios.wait_until_steady(deployment, clock, START_SECONDS)
                yield Alive(sandbox, stand_in, clock, outputs, deployment)

    return bring_to_life
