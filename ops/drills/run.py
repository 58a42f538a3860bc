"""Runs a drill: what it can watch and note down, and that all it added is taken away again.

All drills work the same: requests run in the background from before the damage until the service
is steady again; AWS is asked once a second what it sees; each time counts from the moment before
the call that does the damage.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ops.aws import explaining
from ops.drills import report, undo
from ops.drills.clock import Clock
from ops.drills.journal import Journal, Place
from ops.drills.load import Background, served_again, summary
from ops.drills.one_off import POLL_SECONDS
from ops.drills.report import Event, Measurement, Objectives, Report
from ops.drills.target import Deployment, NotSteady, Snapshot
from ops.errors import OpsError

BASELINE_SECONDS = 10.0
"""How long requests are answered before anything is broken: all of them have to be served."""

LOOK_SECONDS = 0.2
"""At least so long, by no clock but the machine's, from one look to the next: in a rehearsal, whose
clock is faster, AWS is this machine too, and has other things to do."""

QUIET_SECONDS = 15.0
"""How long the service has to be steady, and all requests served, before a drill is over."""


@dataclass
class Run:
    """One run of a drill: what it works with, and what it notes down."""

    deployment: Deployment
    clock: Clock
    journal: Journal
    load: Background
    limit_seconds: float
    say: Callable[[str], None]
    exact: float = 0
    events: list[Event] = field(default_factory=list)
    broken_at: float | None = None  # what all measurements count from
    _before: Snapshot | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.began = self.clock.now()
        self.end = self.began + self.limit_seconds

    def event(self, text: str, at: float | None = None) -> None:
        """Note something down, now or at a time of the clock."""
        moment = (self.clock.now() if at is None else at) - self.began
        self.events.append(Event(round(moment, 2), text))
        self.say(text)

    def breaks(self, text: str, at: float | None = None) -> None:
        """Note that the damage is done, now or at a time of the clock."""
        self.broken_at = self.clock.now() if at is None else at
        self.event(text, self.broken_at)

    def look(self) -> Snapshot:
        """Ask AWS, and note what changed."""
        seen = self.deployment.observe()
        for text in _changes(self._before, seen):
            self.event(text, seen.at)
        self._before = seen
        return seen

    def until(self, **conditions: Callable[[Snapshot], bool]) -> dict[str, float | None]:
        """Watch until each condition has been true once, or time is up; how long each took."""
        assert self.broken_at is not None
        met: dict[str, float | None] = dict.fromkeys(conditions)
        for seen in self.watch():
            for name, condition in conditions.items():
                if met[name] is None and condition(seen):
                    met[name] = max(0.0, seen.at - self.broken_at)
            if None not in met.values():
                break
        return met

    def watch(self, every: float = POLL_SECONDS) -> Iterator[Snapshot]:
        """What AWS says, until time is up; `exact` is the longest time between two looks."""
        due = last = self.clock.now()
        while True:
            seen = self.look()
            self.exact, last = max(self.exact, seen.at - last), seen.at
            yield seen
            due += max(every, self.clock.speed * LOOK_SECONDS)
            if self.clock.now() >= self.end:
                return
            self.clock.sleep(due - self.clock.now())

    def settle(self) -> bool:
        """Wait until the service is steady and all requests are served, for a while."""
        quiet_since = None
        for seen in self.watch():
            since = max(self.clock.now() - QUIET_SECONDS, self.began)
            # a zone's tasks may be more than desired for a moment; never fewer
            steady = len(seen.healthy()) >= self.deployment.desired and seen.database == "available"
            served = summary(self.load.requests, since, self.clock.now()).failed == 0
            if not steady or not served:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = seen.at
            elif seen.at - quiet_since >= QUIET_SECONDS:
                self.event("steady again")
                return True
        self.event("not steady when the time was up")
        return False

    def traffic(self, **objectives: float) -> list[Measurement]:
        """What the requests were like since the damage; see `report.traffic`."""
        assert self.broken_at is not None
        total = summary(self.load.requests, self.broken_at, self.clock.now())
        return report.traffic(total, **objectives)

    def served_again(self) -> float | None:
        """Seconds from the damage until all requests were served again."""
        assert self.broken_at is not None
        return served_again(self.load.requests, self.broken_at)


def _changes(before: Snapshot | None, now: Snapshot) -> Iterator[str]:
    """What is different, as a line each."""
    if before is None:
        return
    for arn, task in now.tasks.items():
        old = before.tasks.get(arn)
        if old is None or old.status != task.status:
            yield f"task {task.short} in {task.zone}: {task.status}"
    for address in sorted({*before.targets, *now.targets}):
        was, is_now = before.targets.get(address), now.targets.get(address, "gone")
        if was != is_now:
            yield f"target {address}: {is_now}"
    if before.database != now.database:
        yield f"database: {now.database}"
    if before.database_zone != now.database_zone:
        yield f"database: primary in {now.database_zone}"


@dataclass(frozen=True)
class Drill:
    """One drill.

    Attributes:
        title: what it asks, for people.
        longer_seconds: what it may take on top of the time limit.
    """

    name: str
    title: str
    plan: Callable[[Deployment], list[str]]
    run: Callable[[Run], list[Measurement]]
    longer_seconds: float = 0


def plan(drill: Drill, deployment: Deployment) -> list[str]:
    """What the drill would do."""
    with explaining():
        deployment.check_steady()
        return drill.plan(deployment)


def wait_until_steady(deployment: Deployment, clock: Clock, limit_seconds: float) -> None:
    """Wait for the deployment to be steady, say after another drill."""
    end = clock.now() + limit_seconds
    while True:
        try:
            with explaining():
                deployment.check_steady()
            return
        except NotSteady:
            if clock.now() >= end:
                raise
        clock.sleep(POLL_SECONDS)


def execute(
    drill: Drill,
    deployment: Deployment,
    clock: Clock,
    *,
    folder: Path,
    requests_per_second: float,
    timeout_seconds: float,
    limit_seconds: float,
    objectives: Objectives = "original",
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Do the drill, and undo what it added, whatever happens.

    Raises:
        OpsError: it could not start: nothing was broken or added, or all of it is undone.
        KeyboardInterrupt: it was interrupted; what it added is undone.

    An error after the damage is done ends in a report that says so, and has failed.
    """
    started = datetime.now(UTC)
    plan(drill, deployment)  # refuses what the drill is not for
    place = Place(deployment.account, deployment.region, drill.name)
    # two drills of one second would be two drills at a time, which `x` refuses
    journal = Journal(folder, f"{started:%Y%m%dT%H%M%S}-{drill.name}", place)
    load = Background(
        deployment.url + deployment.path,
        clock,
        per_second=requests_per_second,
        timeout_seconds=timeout_seconds,
    )
    run = Run(deployment, clock, journal, load, limit_seconds, say)
    measurements: list[Measurement] = []
    problems: list[str] = []
    try:
        with load, explaining():
            _baseline(run)
            measurements = [replace(found, exact=run.exact) for found in drill.run(run)]
    except OpsError as problem:
        problems.append(str(problem))
    finally:
        ended = clock.now()
        problems += _undo_all(run)
    error = "; ".join(problems)
    if error and run.broken_at is None:
        raise OpsError(error)
    width, traffic = report.slices(load.requests, run.began, ended)
    return Report(
        drill=drill.name,
        title=drill.title,
        **deployment.facts,
        started=started.strftime(report.STARTED),
        objectives=objectives,
        seconds=round(ended - run.began, 1),
        error=error,
        measurements=measurements,
        events=sorted(run.events, key=lambda event: event.at),
        width=width,
        traffic=traffic,
    )


def _baseline(run: Run) -> None:
    """Nothing may be wrong before the drill."""
    start = run.clock.now()
    run.event(f"requests begin, to {run.deployment.url}{run.deployment.path}", start)
    while not run.load.requests and run.clock.now() < run.end:
        run.clock.sleep(POLL_SECONDS)
    run.clock.sleep(BASELINE_SECONDS)
    before = summary(run.load.requests, start, run.clock.now())
    if before.failed or not before.requests:
        errors = ", ".join(before.errors) or "no answer"
        raise OpsError(
            f"{run.deployment.url}{run.deployment.path}: {before.failed} of {before.requests} "
            f"requests failed before anything was broken ({errors}): mend that first, or name "
            "another --url"
        )


def _undo_all(run: Run) -> list[str]:
    """Undo what the drill added; says why something of it is left, if it is."""
    command = ".venv/bin/python -m ops drill undo"
    hint = f"not everything is undone: run `{command}` ({run.journal.path})"
    try:
        run.journal.undo(lambda entry: undo.undo(run.deployment, run.clock, entry))
    except OpsError as problem:
        run.event(f"{problem}; {hint}")
        return [str(problem), hint]
    except BaseException:
        run.event(hint)
        raise
    return []
