"""Worlds for drills: a sandbox with a deployment that lives, and its clock.

What a drill measures is held against what the stand-in did, not against a time: a busy machine
makes both late.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from ops.drills import run
from ops.drills.clock import Clock
from ops.drills.commands import REHEARSED_REQUESTS_PER_SECOND
from ops.drills.drills import DRILLS
from ops.drills.rehearsal.rehearsed import ADDED, SPEED
from ops.drills.rehearsal.standin import StandIn
from ops.drills.rehearsal.world import World
from ops.drills.report import Report
from ops.drills.target import Deployment, Outputs, Snapshot
from ops.model.stack import Stack, read, synthesize
from ops.sandbox.server import Sandbox
from tests.ops.drills.deployed import deploy

# A developer's profile must neither help nor hinder a test.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]

QUICK = World(react_seconds=5, start_seconds=10, failover_seconds=20)
"""Faster than AWS, for what is not about times."""

PATIENCE_SECONDS = 600
"""Real seconds that anything here is waited for: no test is about how long that takes."""


@dataclass
class Look:
    """One question to AWS: when it was asked, and when the answer was there."""

    asked: float
    answered: float


@dataclass
class Alive:
    """A deployment in a world, ready to be drilled.

    Attributes:
        looks: of the last drill.
        said: what the last drill told, and when.
    """

    sandbox: Sandbox
    stand_in: StandIn
    clock: Clock
    outputs: Outputs
    deployment: Deployment
    looks: list[Look] = field(default_factory=list)
    said: list[tuple[str, float]] = field(default_factory=list)

    @property
    def patience(self) -> float:
        return PATIENCE_SECONDS * self.clock.speed

    def drill(self, name: str, folder: Path, limit_seconds: float | None = None) -> Report:
        """Run one drill."""
        self.looks.clear()
        self.said.clear()
        observe = self.deployment.observe

        def observed() -> Snapshot:
            seen = observe()
            self.looks.append(Look(seen.at, self.clock.now()))
            return seen

        with mock.patch.object(self.deployment, "observe", observed):
            return run.execute(
                DRILLS[name],
                self.deployment,
                self.clock,
                folder=folder,
                # for this machine no more than in a rehearsal
                requests_per_second=REHEARSED_REQUESTS_PER_SECOND * SPEED / self.clock.speed,
                timeout_seconds=self.patience,
                limit_seconds=limit_seconds or self.patience,
                say=lambda text: self.said.append((text, self.clock.now())),
            )

    def connect(self, attempts: int = 2) -> Deployment:
        """The same deployment for someone who tries each call so often."""
        client = partial(self.sandbox.client, attempts=attempts)
        return Deployment(client, self.outputs, self.clock, self.stand_in.url)

    def wait_until_steady(self) -> None:
        run.wait_until_steady(self.deployment, self.clock, self.patience)

    def told(self, what: str, after: float = 0) -> float:
        """When the stand-in first did `what`, after a time."""
        return next(done.at for done in self.stand_in.log if done.what == what and done.at >= after)

    def broke(self, text: str) -> tuple[float, float]:
        """The moment from which the last drill counts, between two that are known."""
        said = next(at for what, at in self.said if what.startswith(text))
        before = [at for _, at in self.said if at < said]
        before += [look.answered for look in self.looks if look.answered < said]
        return max(before), said

    def measurable(self, happened: float, since: tuple[float, float]) -> tuple[float, float]:
        """What a drill may measure for something that the stand-in did: until the look that saw
        it first. One that was under way when it happened may have seen it or not."""
        first = next(look for look in self.looks if look.answered >= happened)
        last = next(look for look in self.looks if look.asked >= happened)
        return first.asked - since[1], last.asked - since[0]


Bring = Callable[..., AbstractContextManager[Alive]]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack whose values the deployment has, really synthesized, as for a rehearsal."""
    folder = synthesize("resilience-platform", tmp_path_factory.mktemp("synth"), ADDED)
    return read(folder)


@pytest.fixture(scope="session")
def bring(stack: Stack) -> Bring:
    """Makes a deployment in a world, waits until it is steady, and ends it.

    Faster than a rehearsal, unless objectives matter.
    """

    @contextmanager
    def bring_to_life(world: World, speed: float = 20) -> Iterator[Alive]:
        with Sandbox() as sandbox:
            outputs = deploy(sandbox, stack)
            clock = Clock(speed)
            with StandIn(world, clock) as stand_in:
                deployment = Deployment(sandbox.client, outputs, clock, stand_in.url)
                alive = Alive(sandbox, stand_in, clock, outputs, deployment)
                alive.wait_until_steady()
                yield alive

    return bring_to_life
