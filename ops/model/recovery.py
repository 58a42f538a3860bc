"""The recovery model: from a stack's Terraform JSON alone, how long each failure lasts.

Each time is a span from the best to the worst case. Waiting for a health check is arithmetic over
the stack's own values; what AWS adds is one constant each, whose source times.yaml names, or the
constant. Times that AWS gives no figure for are named assumptions; the drills measure them.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from ops import files

NEVER = math.inf
"""Seconds until something that does not end by itself, ends."""


@dataclass(frozen=True)
class Span:
    """A time in seconds, between the best and the worst case; `NEVER` if it does not end."""

    best: float
    worst: float

    def __add__(self, other: "Span") -> "Span":
        return Span(self.best + other.best, self.worst + other.worst)

    @property
    def middle(self) -> float:
        return (self.best + self.worst) / 2

    def and_also(self, other: "Span") -> "Span":
        """Until both are over that began together."""
        return Span(max(self.best, other.best), max(self.worst, other.worst))

    def __str__(self) -> str:
        if self.best == NEVER:
            return "not by itself"
        if self.worst == NEVER:
            return f"{self.best:g} s, or not by itself"
        return f"{self.best:g} s" if self.best == self.worst else f"{self.best:g}-{self.worst:g} s"


NONE = Span(0, 0)
ENDLESS = Span(NEVER, NEVER)

_TIMES = files.data(dict[str, tuple[int, int]], Path(__file__).with_name("times.yaml"))
RDS_FAILOVER = Span(*_TIMES["rds_failover"])
TASK_START = Span(*_TIMES["task_start"])
SCHEDULER_REACTION = Span(*_TIMES["scheduler_reaction"])
ROTATION_EVENT = Span(*_TIMES["rotation_event"])
TARGET_TRACKING_ALARM = Span(*_TIMES["target_tracking_alarm"])
RESTORE = Span(*_TIMES["restore"])
REBUILD = Span(*_TIMES["rebuild"])

CIRCUIT_BREAKER_FAILURES = (3, 200)
"""It trips after half the desired count of failed tasks, but within these bounds.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""

DEREGISTRATION_DELAY_SECONDS = 300
"""AWS's default. ECS stops a task only after its target has drained.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html"""

RESTORE_POINT_SECONDS = 300
"""A database is restored to, at best, five minutes before its failure.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html"""

COPY_SECONDS = 24 * 3600
"""Copies are made once a day, and what has arrived counts."""

APACHE_WORKERS = 150
"""Requests that a task of the WordPress image serves at a time, each with a connection to the
database: Debian's MaxRequestWorkers.
https://httpd.apache.org/docs/2.4/mod/mpm_common.html#maxrequestworkers"""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the model needs of a stack; times in seconds.

    Attributes:
        tasks: how many run at the least: autoscaling's minimum, or else the desired count.
        task_zones, balancer_zones: zones that tasks and load balancer are spread over.
        check_needs_database: whether health checks fail while the database is away.
        rollback: None without a circuit breaker, else whether it rolls back.
        scale_out_cooldown: None if autoscaling cannot add a task.
        shared_files: whether files, such as uploads, outlive the task they were sent to.
        rotation: when RDS changes the password that the tasks log in with; None where it does not.
        most_tasks: how many autoscaling starts at the most; a deployment has others beside them.
        workers: requests that a task serves at a time; 0: not known, of another application.
        connections: about how many the database's class allows.
        copy_region: where backups are copied to; empty for nowhere.
    """

    tasks: int
    task_zones: int
    balancer_zones: int
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    check_needs_database: bool
    grace_period: int
    deregistration_delay: int
    minimum_healthy_percent: int
    maximum_percent: int
    rollback: bool | None = None
    scale_out_cooldown: int | None = None
    multi_az: bool
    backup_retention_days: int
    shared_files: bool = False
    rotation: str | None = None
    most_tasks: int = 0
    workers: int = 0
    connections: int = 0
    copy_region: str = ""

    @property
    def out_of_rotation(self) -> Span:
        """From the moment a task hangs until the load balancer stops sending requests to it.

        Worst: it hangs right after a check, and the last of the failing checks times out.
        """
        checks = self.unhealthy_threshold
        return Span((checks - 1) * self.interval, checks * self.interval + self.timeout)

    @property
    def into_rotation(self) -> Span:
        """From RUNNING until requests arrive.

        One passed check makes a *new* target healthy; ECS's guide reckons with the threshold.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-healthcheck.html
        """
        return Span(0, self.healthy_threshold * self.interval)

    @property
    def outlasts_failover(self) -> bool:
        """Whether tasks stay healthy during the longest database failover.

        If not, ECS replaces all of them just then. The first failing check can come right at the
        start, so the last must come after the end.
        """
        if not self.check_needs_database:
            return True
        return self.out_of_rotation.best > RDS_FAILOVER.worst

    @property
    def started_at_once(self) -> int:
        """Tasks that a deployment may start before it must stop others; 0 blocks it."""
        most = self.tasks * self.maximum_percent // 100
        least = math.ceil(self.tasks * self.minimum_healthy_percent / 100)
        return min(self.tasks, most - least)


@dataclass(frozen=True)
class Scenario:
    """One failure.

    Attributes:
        noticed: until the failure is acted on.
        serving: until every request is answered again.
        restored: until all tasks and the database are there again.
        because: where the worst case comes from.
        lost: the writes that are not there any more, by their age; `NEVER` for all of them.
    """

    name: str
    noticed: Span
    serving: Span
    restored: Span
    because: str
    lost: Span = NONE


def needs_database(path: str, *, wordpress: bool, has_database: bool) -> bool:
    """Whether a health check fails without the database.

    WordPress opens it for pages that PHP makes, not for files. Another application's is taken to
    fail if it has one, as docs/fork.md wants.
    """
    return path.partition("?")[0].endswith(("/", ".php")) if wordpress else has_database


def scenarios(c: Configuration) -> tuple[Scenario, ...]:
    """Each failure, for a configuration."""
    several = c.tasks > 1
    checks = f"{c.unhealthy_threshold} failed checks x {c.interval} s + {c.timeout} s timeout"
    replace = TASK_START + c.into_rotation
    start = (
        f"task start {TASK_START.worst:g} s, {c.healthy_threshold} passed checks x {c.interval} s"
    )

    stopped = SCHEDULER_REACTION + replace
    stop = Scenario(
        "A task stops or crashes",
        SCHEDULER_REACTION,
        SCHEDULER_REACTION if several else stopped,
        stopped,
        f"ECS reacts {SCHEDULER_REACTION.worst:g} s, {start}",
    )

    # ECS ignores failing checks of a task that is younger than the grace period
    blamed = Span(c.out_of_rotation.best, max(c.out_of_rotation.worst, c.grace_period))
    ignored = ""
    if c.grace_period > c.out_of_rotation.worst:
        ignored = f", for a young task the grace period of {c.grace_period} s"
    hung = blamed + SCHEDULER_REACTION + replace
    hang = Scenario(
        "A task hangs or fails its health check",
        c.out_of_rotation,
        c.out_of_rotation if several else hung,
        hung,
        f"{checks}{ignored}, then as above",
    )

    database = _database(c, blamed)
    zone = _zone(c, hang, database)
    rolling = _rolling_update(c, replace)
    load = [_load(c, replace), *([_overload(c)] if c.workers else [])]
    found = (stop, hang, zone, database, _bad_deployment(c, rolling), rolling, *load)
    password = (_password(c, replace, rolling),) if c.rotation else ()
    return (*found, *password, _deleted(c), _region(c))


def _endless(name: str, because: str, lost: Span = NONE) -> Scenario:
    """One that does not end by itself."""
    return Scenario(name, ENDLESS, ENDLESS, ENDLESS, because, lost)


def _deleted(c: Configuration) -> Scenario:
    """Times from when somebody has noticed; nothing here does."""
    name = "Data is deleted or corrupted"
    if not c.backup_retention_days:
        return _endless(name, "no backups: all of it is lost", ENDLESS)
    return Scenario(
        name,
        ENDLESS,
        RESTORE,
        RESTORE,
        f"a person notices, and restores to any second of {c.backup_retention_days} days but the "
        f"last {RESTORE_POINT_SECONDS}; the standby has the damage too",
        Span(0, RESTORE_POINT_SECONDS),
    )


def _region(c: Configuration) -> Scenario:
    """Times from when somebody has decided to move."""
    name = "The region is lost"
    if not c.copy_region:
        return _endless(name, "all copies are in the region", ENDLESS)
    return Scenario(
        name,
        ENDLESS,
        REBUILD,
        REBUILD,
        f"a person decides, builds the stack in {c.copy_region} and restores the daily copies",
        Span(0, COPY_SECONDS),
    )


def _database(c: Configuration, blamed: Span) -> Scenario:
    name = "The database fails over"
    if not c.multi_az:
        reason = "no standby: AWS repairs it in its own time, or someone restores a backup"
        return _endless("The database fails", reason)
    reason = f"RDS {RDS_FAILOVER}"
    if c.outlasts_failover:
        return Scenario(name, RDS_FAILOVER, RDS_FAILOVER, RDS_FAILOVER, reason)
    running = blamed.worst + SCHEDULER_REACTION.worst + TASK_START.worst
    back = Span(RDS_FAILOVER.best, max(RDS_FAILOVER.worst, running) + c.into_rotation.worst)
    reason += (
        f"; health checks fail meanwhile, and after {c.out_of_rotation.best:g} s that is long "
        "enough for ECS to replace every task, as one that hangs"
    )
    return Scenario(name, RDS_FAILOVER, back, back, reason)


def _zone(c: Configuration, hang: Scenario, database: Scenario) -> Scenario:
    name = "An availability zone fails"
    if c.task_zones < 2 or c.balancer_zones < 2:
        return _endless(name, "all tasks or the load balancer are in one zone")
    # at best the zone holds no database and, if there is but one task, not that one either
    best = hang.serving.best if c.tasks > 1 else 0
    return Scenario(
        name,
        hang.noticed,
        Span(best, max(hang.serving.worst, database.serving.worst)),
        Span(hang.restored.best, max(hang.restored.worst, database.restored.worst)),
        "its tasks hang as above, and the database as above if its primary is there",
    )


def _rolling_update(c: Configuration, replace: Span) -> Scenario:
    name = "A deployment goes right"
    parallel = c.started_at_once
    if parallel < 1:
        reason = (
            f"{c.minimum_healthy_percent} % to {c.maximum_percent} % of {c.tasks} leaves no room "
            "to start a task before another stops: deployments are stuck"
        )
        return Scenario(name, NONE, NONE, ENDLESS, reason)
    batches = math.ceil(c.tasks / parallel)
    each = replace + Span(0, c.deregistration_delay)
    kept = math.ceil(c.tasks * c.minimum_healthy_percent / 100)
    return Scenario(
        name,
        NONE,
        NONE if kept else replace,
        Span(batches * each.best, batches * each.worst),
        f"{batches} x (start as above, draining {c.deregistration_delay} s); "
        f"{kept} of {c.tasks} tasks serve throughout",
    )


def _password(c: Configuration, replace: Span, rolling: Scenario) -> Scenario:
    """Requests fail until new tasks serve all of them: the others know the old password."""
    at_once = c.started_at_once >= c.tasks
    return Scenario(
        "The password of the database is rotated",
        ROTATION_EVENT,
        ROTATION_EVENT + (replace if at_once else rolling.restored),
        ROTATION_EVENT + rolling.restored,
        f"{c.rotation}: tasks read it at their start only; event {ROTATION_EVENT.worst:g} s, then "
        "a deployment as above",
    )


def _bad_deployment(c: Configuration, rolling: Scenario) -> Scenario:
    name = "A deployment goes wrong"
    if c.rollback is None or c.started_at_once < 1:
        return Scenario(name, ENDLESS, rolling.serving, ENDLESS, "no circuit breaker ends it")
    fewest, most = CIRCUIT_BREAKER_FAILURES
    failures = min(max(math.ceil(c.tasks / 2), fewest), most)
    rounds = math.ceil(failures / c.started_at_once)
    # at best a task stops as soon as it starts, at worst it runs and fails its checks
    fails = TASK_START + Span(0, max(c.out_of_rotation.worst, c.grace_period))
    tripped = Span(rounds * fails.best, rounds * (fails + SCHEDULER_REACTION).worst)
    back = tripped + Span(0, c.deregistration_delay)
    if c.minimum_healthy_percent < 100:
        back += TASK_START + c.into_rotation
    return Scenario(
        name,
        tripped,
        rolling.serving,
        back if c.rollback else ENDLESS,
        f"{failures} failed tasks trip the circuit breaker: {rounds} x (start as above, checks, "
        f"reaction), "
        + (f"draining {c.deregistration_delay} s" if c.rollback else "which does not roll back"),
    )


def _load(c: Configuration, replace: Span) -> Scenario:
    name = "The load rises above the scaling target"
    if c.scale_out_cooldown is None:
        return _endless(name, "autoscaling cannot add a task")
    more = TARGET_TRACKING_ALARM + Span(0, c.scale_out_cooldown) + replace
    return Scenario(
        name,
        TARGET_TRACKING_ALARM,
        more,
        more,
        f"alarm {TARGET_TRACKING_ALARM.worst:g} s, cool-down {c.scale_out_cooldown} s, "
        "start as above",
    )


def _overload(c: Configuration) -> Scenario:
    name = "More visitors come than the database has connections"
    opened = c.most_tasks * c.workers
    reason = (
        f"{c.most_tasks} tasks x {c.workers} workers = {opened} connections, and the database's "
        f"class allows about {c.connections}"
    )
    if opened <= c.connections:
        reason += ": further visitors wait for a worker, and with them health checks, which fail "
        return Scenario(name, NONE, NONE, NONE, f"{reason}after {c.timeout} s")
    reason += ": MySQL refuses more for as long as they come"
    if c.check_needs_database:
        reason += ", health checks fail with it, and ECS replaces the tasks"
    return Scenario(
        name, c.out_of_rotation if c.check_needs_database else ENDLESS, ENDLESS, ENDLESS, reason
    )
