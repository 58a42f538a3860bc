"""How the world of a rehearsal behaves, and what its parts share."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.drills.clock import Clock
from ops.model import recovery


@dataclass(frozen=True)
class World:
    """How AWS behaves, times in seconds of the clock; a world can also be a bad one.

    The default is the middle of each span that the recovery model reckons with, which names the
    page of AWS's that it is from, or says that it is an assumption. The drills then show what those
    times add up to, and whether the model computes the same.

    Attributes:
        react_seconds: from the stop or the failure of a task until ECS takes it off the load
            balancer, ends it and starts another.
        start_seconds: from the start of a task until it is RUNNING and serves.
        failover_seconds: how long a failover takes the database away.
        replaces: False: tasks are never replaced.
        balancer_notices: False: the load balancer keeps sending to tasks that are gone.
        failover_keeps_data: False: what was written is gone after a failover.
        experiment_ends: after how many seconds an experiment ends that nobody stops, and as what.
        backup_seconds: how old the latest point is that the database can be restored to.
        restore_seconds: how long a restore takes; the best case, or a rehearsal would be long.
        restore_keeps_data: False: a restored database is empty.
    """

    react_seconds: float = recovery.SCHEDULER_REACTION.middle
    start_seconds: float = recovery.TASK_START.middle
    failover_seconds: float = recovery.RDS_FAILOVER.middle
    replaces: bool = True
    balancer_notices: bool = True
    failover_keeps_data: bool = True
    experiment_ends: tuple[float, str] = (600, "completed")
    backup_seconds: float = recovery.RESTORE_POINT_SECONDS / 2
    restore_seconds: float = recovery.RESTORE.best
    restore_keeps_data: bool = True


@dataclass(frozen=True)
class Done:
    """Something that the stand-in did; times in seconds of the clock."""

    at: float
    what: str
    whom: str


@dataclass
class Stage:
    """What tasks, load balancer and database share.

    Attributes:
        loop: of the stand-in's thread, in which all of them live.
        lock: for what moto's threads read and change, too.
        ports: loopback port of each task that was started, by its address in the VPC.
        zones: the zone of each task's address.
        cut: the zones that are cut off.
        log: what was done and when, to hold a report against.
    """

    world: World
    clock: Clock
    loop: asyncio.AbstractEventLoop = field(init=False)
    lock: threading.RLock = field(default_factory=threading.RLock)
    ports: dict[str, int] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    log: list[Done] = field(default_factory=list)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something done in the stand-in's thread after seconds of the clock."""
        self.loop.call_soon_threadsafe(self.loop.call_later, self.clock.real(seconds), action)

    def note(self, what: str, whom: str) -> None:
        """Write down what is done now."""
        self.log.append(Done(self.clock.now(), what, whom))
