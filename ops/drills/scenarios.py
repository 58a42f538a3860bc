"""The drills: what each breaks, how it watches the recovery, and what it must not exceed.

All of them work the same: requests run in the background from before the damage until the service
is steady again; AWS is asked once a second what it sees; each time counts from the moment before
the call that does the damage.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ops.aws import AwsError, explained
from ops.drills.clock import Clock
from ops.drills.journal import Journal, Place, Undo
from ops.drills.load import PATH, Background, served_again, summary
from ops.drills.report import Event, Measurement, Report, slices
from ops.drills.target import Deployment, NotSteady, Snapshot
from ops.errors import OpsError

POLL_SECONDS = 1.0
BASELINE_SECONDS = 10.0
"""How long requests run before anything is broken: all of them have to be served."""

QUIET_SECONDS = 15.0
"""How long the service has to be steady, and all requests served, before a drill is over."""

FAILED_PERCENT = 1.0
GAP_SECONDS = 5.0
"""What "traffic is served throughout" means: at most so many requests fail, and no longer time
passes without an answer."""

RECOVERY_SECONDS = 60.0
OUT_OF_ROTATION_SECONDS = 90.0
"""The objectives of the original README."""

CANARY_START_SECONDS = 90.0
"""What a canary is given from RUNNING until it serves, on top of its health checks."""

CANARY_LIFE_SECONDS = 3600
"""A canary ends by itself after this, if nobody else ends it."""

_PHP = """
function drill() {
  mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
  [$host, $port] = explode(':', getenv('WORDPRESS_DB_HOST') . ':3306');
  $tls = str_contains((string) getenv('WORDPRESS_CONFIG_EXTRA'), 'MYSQLI_CLIENT_SSL');
  $db = mysqli_init();
  $db->real_connect($host, getenv('WORDPRESS_DB_USER'), getenv('WORDPRESS_DB_PASSWORD'),
    getenv('WORDPRESS_DB_NAME'), (int) $port, null, $tls ? MYSQLI_CLIENT_SSL : 0);
  $marker = $db->real_escape_string(getenv('DRILL_MARKER'));
  switch (getenv('DRILL_ACTION')) {
    case 'write':
      $db->query('CREATE TABLE IF NOT EXISTS opsfolio_drill (marker VARCHAR(64) PRIMARY KEY)');
      $db->query("INSERT INTO opsfolio_drill VALUES ('$marker')");
      return 0;
    case 'read':
      $found = $db->query("SELECT 1 FROM opsfolio_drill WHERE marker = '$marker'");
      return $found->num_rows === 1 ? 0 : 3;
    case 'drop':
      $db->query('DROP TABLE IF EXISTS opsfolio_drill');
      return 0;
  }
  return 2;
}
try {
  exit(drill());
} catch (Throwable $problem) {
  // not the trace: older versions of PHP show the password in it
  error_log($problem->getMessage());
  exit(1);
}
"""
"""Works with the environment that the container has anyway, so no credential passes through here.
It keeps TLS where WordPress is told to use it."""

MISSING_EXIT_CODE = 3

UNDO_SECONDS = 600.0
"""How long the end of a drill waits for the database, and for the task that drops the marker."""


class Run:
    """One run of a drill: what it works with, and what it notes down."""

    def __init__(
        self,
        deployment: Deployment,
        clock: Clock,
        journal: Journal,
        load: Background,
        *,
        limit_seconds: float,
        say: Callable[[str], None],
    ) -> None:
        self.deployment = deployment
        self.clock = clock
        self.journal = journal
        self.load = load
        self.began = clock.now()
        self._end = self.began + limit_seconds
        self._say = say
        self._before: Snapshot | None = None
        self.events: list[Event] = []
        self.broken_at: float | None = None

    def event(self, text: str, at: float | None = None) -> None:
        moment = (self.clock.now() if at is None else at) - self.began
        self.events.append(Event(round(moment, 2), text))
        self._say(text)

    def breaks(self, text: str) -> float:
        """Note that the damage is done now; the time that all measurements start from."""
        self.broken_at = self.clock.now()
        self.event(text)
        return self.broken_at

    def look(self) -> Snapshot:
        """Ask AWS, and note what changed."""
        seen = self.deployment.observe()
        for text in _changes(self._before, seen):
            self.event(text, seen.at)
        self._before = seen
        return seen

    def until(self, **conditions: Callable[[Snapshot], bool]) -> dict[str, float | None]:
        """Watch until each condition has been true once, or time is up; when each first was."""
        met: dict[str, float | None] = dict.fromkeys(conditions)
        for seen in self.watch():
            for name, condition in conditions.items():
                if met[name] is None and condition(seen):
                    met[name] = seen.at
            if None not in met.values():
                break
        return met

    def watch(self) -> Iterator[Snapshot]:
        """What AWS says, once a second, until time is up."""
        due = self.clock.now()
        while True:
            yield self.look()
            due += POLL_SECONDS
            if self.clock.now() >= self._end:
                return
            self.clock.sleep(due - self.clock.now())

    def settle(self) -> bool:
        """Wait until the service is steady and all requests are served, for a while."""
        desired = self.deployment.service["desiredCount"]
        quiet_since = None
        for seen in self.watch():
            since = max(self.clock.now() - QUIET_SECONDS, self.began)
            # a zone's tasks may be more than desired for a moment; never fewer
            steady = len(seen.healthy()) >= desired and seen.database == "available"
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

    def start_task(self, command: list[str], environment: dict[str, str], started_by: str) -> str:
        """Run the service's own task definition once, with another command; its ARN."""
        deployment = self.deployment
        return run_task(
            deployment,
            deployment.task_definition,
            deployment.network,
            deployment.container,
            command,
            environment,
            started_by,
        )

    def marker(self, action: str, marker: str) -> int:
        """Let a task write, read or drop the marker; its exit code."""
        deployment = self.deployment
        arn = self.start_task(
            ["php", "-r", _PHP],
            {"DRILL_ACTION": action, "DRILL_MARKER": marker},
            f"drill-{marker[:20]}",
        )
        return wait_for_exit(deployment, arn, self.clock, self._end)


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


def run_task(
    deployment: Deployment,
    task_definition: str,
    network: dict[str, Any],
    container: str,
    command: list[str],
    environment: dict[str, str],
    started_by: str,
) -> str:
    """Run a task definition once on Fargate; the task's ARN.

    Raises:
        OpsError: AWS starts none.
    """
    answer = deployment.ecs.run_task(
        cluster=deployment.outputs.ecs_cluster_name,
        taskDefinition=task_definition,
        launchType="FARGATE",
        networkConfiguration=network,
        startedBy=started_by,
        tags=[
            {"key": "Project", "value": deployment.project},
            {"key": "ManagedBy", "value": "opsfolio-drill"},
        ],
        overrides={
            "containerOverrides": [
                {
                    "name": container,
                    "command": command,
                    "environment": [
                        {"name": name, "value": value} for name, value in environment.items()
                    ],
                }
            ]
        },
    )
    if not answer["tasks"]:
        reasons = ", ".join(one.get("reason", "no reason") for one in answer["failures"])
        raise OpsError(f"AWS starts no task of {task_definition}: {reasons}")
    arn: str = answer["tasks"][0]["taskArn"]
    return arn


def wait_for_exit(deployment: Deployment, arn: str, clock: Clock, end: float) -> int:
    """The exit code of a task's container.

    Raises:
        OpsError: it has none before `end`, or the task never ran.
    """
    cluster = deployment.outputs.ecs_cluster_name
    while clock.now() < end:
        described = deployment.ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
        if described and described[0]["lastStatus"] == "STOPPED":
            code = described[0]["containers"][0].get("exitCode")
            if code is None:
                reason = described[0].get("stoppedReason", "no reason")
                raise OpsError(f"task {arn} ended before its command ran: {reason}")
            return int(code)
        clock.sleep(POLL_SECONDS)
    raise OpsError(f"task {arn} did not end in time; see its log stream")


def undo(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    """Take away what a journal's entry is about. Harmless when it is gone, or never was.

    Raises:
        OpsError: AWS refuses, or does not know how.
    """
    cluster = deployment.outputs.ecs_cluster_name
    try:
        if entry["do"] == "stop-tasks":
            pages = deployment.ecs.get_paginator("list_tasks").paginate(
                cluster=cluster, startedBy=entry["started_by"]
            )
            for arn in [arn for page in pages for arn in page["taskArns"]]:
                deployment.ecs.stop_task(cluster=cluster, task=arn, reason="end of a drill")
        elif entry["do"] == "deregister-target":
            target = {"Id": entry["address"], "Port": entry["port"]}
            # it raises if the target was never registered, or is gone
            with suppress(deployment.elb.exceptions.InvalidTargetException):
                deployment.elb.deregister_targets(
                    TargetGroupArn=entry["target_group"], Targets=[target]
                )
        elif entry["do"] == "drop-marker":
            _wait_for_database(deployment, clock)
            arn = run_task(
                deployment,
                entry["task_definition"],
                entry["network"],
                entry["container"],
                ["php", "-r", _PHP],
                {"DRILL_ACTION": "drop", "DRILL_MARKER": entry["marker"]},
                f"drill-{entry['marker'][:20]}",
            )
            code = wait_for_exit(deployment, arn, clock, clock.now() + UNDO_SECONDS)
            if code:
                raise OpsError(
                    f"the table opsfolio_drill could not be dropped (exit code {code}): see the "
                    f"log of task {arn}"
                )
        else:
            raise OpsError(f"an undo {entry['do']!r} is of another version of this program")
    except AwsError as error:
        raise explained(error) from error


def _wait_for_database(deployment: Deployment, clock: Clock) -> None:
    """A drill can end in the middle of a failover."""
    end = clock.now() + UNDO_SECONDS
    while deployment.observe().database != "available" and clock.now() < end:
        clock.sleep(POLL_SECONDS)


# --- the drills -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drill:
    """One drill.

    Attributes:
        title: what it asks, for people.
        plan: what it would do to a deployment, step by step.
        run: does it; returns what it measured.
    """

    name: str
    title: str
    plan: Callable[[Deployment], list[str]]
    run: Callable[[Run], list[Measurement]]


def _since(start: float, met: float | None) -> float | None:
    return None if met is None else max(0.0, met - start)


def _served_throughout(run: Run, since: float) -> list[Measurement]:
    total = summary(run.load.requests, since, run.clock.now())
    return [
        Measurement(
            "requests that failed",
            total.failed_percent,
            "%",
            FAILED_PERCENT,
            note=_failures(total.errors, total.requests),
        ),
        Measurement(
            "longest time in which no request was served", total.longest_gap, limit=GAP_SECONDS
        ),
    ]


def _traffic(run: Run, since: float) -> list[Measurement]:
    """What the requests say where some have to fail: facts without an objective."""
    total = summary(run.load.requests, since, run.clock.now())
    return [
        Measurement(
            "requests that failed",
            total.failed_percent,
            "%",
            note=_failures(total.errors, total.requests),
        ),
        Measurement("longest time in which no request was served", total.longest_gap),
    ]


def _failures(errors: dict[str, int], requests: int) -> str:
    listed = ", ".join(f"{count} x {error}" for error, count in errors.items())
    return f"of {requests} requests" + (f": {listed}" if listed else "")


def _stop(run: Run, arns: list[str]) -> None:
    for arn in arns:
        run.deployment.ecs.stop_task(
            cluster=run.deployment.outputs.ecs_cluster_name, task=arn, reason="drill"
        )


def _task_failure(run: Run) -> list[Measurement]:
    before = run.look()
    victim = random.choice(before.healthy())
    desired = run.deployment.service["desiredCount"]
    expected = run.deployment.expected()["stop"]
    start = run.breaks(f"stop task {victim.short} in {victim.zone}")
    _stop(run, [victim.arn])

    def new_running(seen: Snapshot) -> bool:
        fresh = [t for t in seen.tasks.values() if t.arn not in before.tasks]
        return any(task.status == "RUNNING" for task in fresh)

    met = run.until(
        deregistered=lambda seen: seen.targets.get(victim.address) not in ("healthy", "initial"),
        running=new_running,
        healthy=lambda seen: sum(t.arn != victim.arn for t in seen.healthy()) >= desired,
    )
    run.settle()
    return [
        Measurement(
            "the stopped task is out of rotation",
            _since(start, met["deregistered"]),
            model=str(expected.noticed),
        ),
        Measurement("its replacement runs", _since(start, met["running"]), limit=RECOVERY_SECONDS),
        Measurement(
            "its replacement is in rotation",
            _since(start, met["healthy"]),
            model=str(expected.restored),
        ),
        *_served_throughout(run, start),
    ]


def _canary_seconds(deployment: Deployment) -> int:
    """How long a canary serves before it fails: long enough to be taken into rotation.

    It ends in the middle between two health checks: neither their best case nor their worst.
    """
    group = deployment.group
    interval = group["HealthCheckIntervalSeconds"]
    checks = math.ceil(CANARY_START_SECONDS / interval) + group["HealthyThresholdCount"] + 1
    return int((checks + 0.5) * interval)


def _canary_command(serve_seconds: int) -> list[str]:
    """Serve as the image does, then end the web server and stay, as a task that hangs would."""
    return [
        "bash",
        "-c",
        f"docker-entrypoint.sh apache2-foreground & sleep {serve_seconds}; "
        f'kill -TERM "$!"; sleep {CANARY_LIFE_SECONDS}',
    ]


def _health_check(run: Run) -> list[Measurement]:
    deployment, clock = run.deployment, run.clock
    run.look()
    expected = deployment.expected()["hang"]
    serve_seconds = _canary_seconds(deployment)
    started_by = f"drill-{uuid.uuid4().hex[:12]}"
    run.journal.add({"do": "stop-tasks", "started_by": started_by})
    arn = run.start_task(_canary_command(serve_seconds), {}, started_by)
    run.event(f"canary {arn[-32:][:8]} started, to serve for {serve_seconds} s")

    running_at, address = None, ""
    for seen in run.watch():
        canary = next(iter(deployment.describe_tasks([arn])), None)
        if canary and canary.status in ("RUNNING", "STOPPED"):
            running_at, address = seen.at, canary.address  # `seen` is older by this one call
            if canary.status == "STOPPED":
                raise OpsError(f"canary {arn} ended by itself: see its log stream")
            break
    if running_at is None:
        raise OpsError(f"canary {arn} was not RUNNING in time: see the task in the console")
    stops_at = running_at + serve_seconds
    run.event(f"canary runs, at {address}", running_at)
    run.journal.add(
        {
            "do": "deregister-target",
            "target_group": deployment.target_group_arn,
            "address": address,
            "port": deployment.port,
        }
    )
    deployment.elb.register_targets(
        TargetGroupArn=deployment.target_group_arn,
        Targets=[{"Id": address, "Port": deployment.port}],
    )
    in_rotation = False
    for seen in run.watch():
        in_rotation = seen.targets.get(address) == "healthy"
        if in_rotation or seen.at + POLL_SECONDS >= stops_at:
            break
    if not in_rotation:
        raise OpsError(
            f"the canary at {address} did not pass the health check in {serve_seconds} s: see its "
            "log stream, and whether the security group lets the load balancer in"
        )
    clock.sleep(stops_at - clock.now())
    run.broken_at = stops_at
    run.event("canary stops serving, and keeps running", stops_at)
    met = run.until(out=lambda seen: seen.targets.get(address) != "healthy")
    again = served_again(run.load.requests, stops_at)
    if met["out"] is not None:
        run.settle()
        again = served_again(run.load.requests, stops_at)
    return [
        Measurement(
            "the failing task is out of rotation",
            _since(stops_at, met["out"]),
            limit=OUT_OF_ROTATION_SECONDS,
            model=str(expected.noticed),
            note="from the end of the time that the canary was told to serve",
        ),
        Measurement("all requests are served again", again, model=str(expected.noticed)),
        *_traffic(run, stops_at),
    ]


def _fail_over(run: Run) -> None:
    run.deployment.rds.reboot_db_instance(
        DBInstanceIdentifier=run.deployment.outputs.rds_identifier, ForceFailover=True
    )


def _refuse_single_zone(deployment: Deployment) -> None:
    if not deployment.multi_az:
        raise OpsError(
            f"database {deployment.outputs.rds_identifier} is not Multi-AZ, so nothing can take "
            "over: set `database.multi_az` and apply, or drill another stack"
        )


def _latest(*times: float | None) -> float | None:
    """The last of some times; None if one never came."""
    known = [one for one in times if one is not None]
    return max(known) if len(known) == len(times) else None


def _db_failover(run: Run) -> list[Measurement]:
    deployment = run.deployment
    before = run.look()
    expected = deployment.expected()["database"]
    marker = uuid.uuid4().hex
    run.journal.add({"do": "stop-tasks", "started_by": f"drill-{marker[:20]}"})
    run.journal.add(
        {
            "do": "drop-marker",
            "marker": marker,
            "task_definition": deployment.task_definition,
            "network": deployment.network,
            "container": deployment.container,
        }
    )
    code = run.marker("write", marker)
    if code:
        raise OpsError(
            f"the marker could not be written (exit code {code}): see the newest log stream of "
            "the service's log group; nothing was broken"
        )
    run.event("marker written")
    start = run.breaks(f"reboot with failover, primary in {before.database_zone}")
    _fail_over(run)
    met = run.until(
        zone=lambda seen: (
            seen.database_zone != before.database_zone and seen.database == "available"
        ),
    )
    run.settle()
    moved = _since(start, met["zone"])
    again = served_again(run.load.requests, start)
    traffic = _traffic(run, start)
    kept = run.marker("read", marker)
    if kept not in (0, MISSING_EXIT_CODE):
        raise OpsError(f"the marker could not be read (exit code {kept}): see the log streams")
    run.event("marker read" if kept == 0 else "marker lost")
    after = run.look().database_zone
    return [
        Measurement(
            "the database is in the other zone and all requests are served again",
            _latest(moved, again),
            limit=RECOVERY_SECONDS,
            model=str(expected.serving),
        ),
        Measurement(
            "AWS shows the database available in the other zone",
            moved,
            note=f"{before.database_zone} before, {after} after",
        ),
        Measurement("all requests are served again", again),
        Measurement("the primary has changed zones", verified=after != before.database_zone),
        Measurement("what was written before is still there", verified=kept == 0),
        *traffic,
    ]


def _zone_of_choice(deployment: Deployment, seen: Snapshot) -> str:
    """The zone to fail: the primary's, or else the one with the most tasks."""
    zones = [task.zone for task in seen.healthy()]
    if deployment.multi_az and seen.database_zone in zones:
        return seen.database_zone
    return max(sorted(set(zones)), key=zones.count)


def _zone_failure(run: Run) -> list[Measurement]:
    deployment = run.deployment
    before = run.look()
    expected = deployment.expected()["zone"]
    zone = _zone_of_choice(deployment, before)
    victims = [task.arn for task in before.healthy() if task.zone == zone]
    desired = deployment.service["desiredCount"]
    with_database = deployment.multi_az and before.database_zone == zone
    what = f"stop all {len(victims)} tasks in {zone}"
    start = run.breaks(what + (" and fail the database over" if with_database else ""))
    if with_database:
        _fail_over(run)
    _stop(run, victims)
    conditions: dict[str, Callable[[Snapshot], bool]] = {
        "tasks": lambda seen: sum(t.arn not in victims for t in seen.healthy()) >= desired
    }
    if with_database:
        conditions["zone"] = lambda seen: (
            seen.database_zone != zone and seen.database == "available"
        )
    met = run.until(**conditions)
    run.settle()
    found = [
        Measurement(
            "all requests are served again",
            served_again(run.load.requests, start),
            limit=RECOVERY_SECONDS,
            model=str(expected.serving),
        ),
        Measurement(
            f"{desired} tasks are in rotation again",
            _since(start, met["tasks"]),
            limit=RECOVERY_SECONDS,
            model=str(expected.restored),
        ),
    ]
    if with_database:
        found.append(
            Measurement(
                "AWS shows the database available in the other zone", _since(start, met["zone"])
            )
        )
    return [*found, *_traffic(run, start)]


def _plan_zone_failure(deployment: Deployment) -> list[str]:
    seen = deployment.observe()
    zone = _zone_of_choice(deployment, seen)
    count = sum(task.zone == zone for task in seen.healthy())
    steps = [f"stop the {count} tasks in {zone} at once"]
    if deployment.multi_az and seen.database_zone == zone:
        steps.append(f"reboot database {deployment.outputs.rds_identifier} with failover")
    return [*steps, "watch until all tasks are in rotation and all requests are served"]


def _plan_db_failover(deployment: Deployment) -> list[str]:
    _refuse_single_zone(deployment)
    database = deployment.outputs.rds_identifier
    return [
        "write a marker into a table opsfolio_drill, by a task of the service's task definition",
        f"reboot database {database} with failover; it is away for one to two minutes",
        "watch until it is available in the other zone and all requests are served",
        "read the marker, then drop the table",
    ]


def _plan_health_check(deployment: Deployment) -> list[str]:
    return [
        f"run one more task of {deployment.task_definition.rpartition('/')[2]} as a canary that "
        f"stops serving after {_canary_seconds(deployment)} s",
        f"register it with target group {deployment.group['TargetGroupName']}: until it is out of "
        "rotation again, its share of the requests fails",
        "watch until the load balancer has taken it out of rotation",
        "deregister and stop it",
    ]


def _plan_task_failure(deployment: Deployment) -> list[str]:
    count = len(deployment.observe().healthy())
    return [
        f"stop one of the {count} tasks of {deployment.outputs.ecs_service_name}, at random",
        "watch until its replacement is in rotation",
    ]


DRILLS = {
    drill.name: drill
    for drill in (
        Drill("task-failure", "A task stops", _plan_task_failure, _task_failure),
        Drill("health-check", "A task fails its health check", _plan_health_check, _health_check),
        Drill("db-failover", "The database fails over", _plan_db_failover, _db_failover),
        Drill("zone-failure", "An availability zone fails", _plan_zone_failure, _zone_failure),
    )
}


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except AwsError as error:
        raise explained(error) from error


def plan(drill: Drill, deployment: Deployment) -> list[str]:
    """What the drill would do.

    Raises:
        OpsError: the deployment is not steady, or the drill is not for it.
    """
    with _explaining():
        deployment.check_steady()
        return drill.plan(deployment)


def wait_until_steady(deployment: Deployment, clock: Clock, limit_seconds: float) -> None:
    """Wait for the deployment to be steady, say after another drill.

    Raises:
        OpsError: it is not after `limit_seconds`; says what is missing.
    """
    end = clock.now() + limit_seconds
    while True:
        try:
            with _explaining():
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
    reports: Path,
    requests_per_second: float,
    timeout_seconds: float,
    limit_seconds: float,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Do the drill, and undo what it added, whatever happens.

    Raises:
        OpsError: it could not start: nothing was broken or added, or all of it is undone.
        KeyboardInterrupt: it was interrupted; what it added is undone.

    An error after the damage is done ends in a report that says so, and has failed.
    """
    started = datetime.now(timezone.utc)
    with _explaining():
        deployment.check_steady()
        drill.plan(deployment)  # refuses what the drill is not for
    place = Place(deployment.account, deployment.region, drill.name)
    # two drills of one second would be two drills at a time, which `x` refuses
    journal = Journal(reports, f"{started:%Y%m%dT%H%M%S}-{drill.name}", place)
    load = Background(
        deployment.url + PATH,
        clock,
        per_second=requests_per_second,
        timeout_seconds=timeout_seconds,
    )
    run = Run(deployment, clock, journal, load, limit_seconds=limit_seconds, say=say)
    measurements: list[Measurement] = []
    error = ""
    try:
        with load, _explaining():
            _baseline(run)
            measurements = drill.run(run)
    except OpsError as problem:
        error = str(problem)
    finally:
        ended = clock.now()
        undone = _undo_all(run)
    if undone:
        error = f"{error}; {undone}" if error else undone
    if error and run.broken_at is None:
        raise OpsError(error)
    return _report(run, drill, started, ended, measurements, error)


def _baseline(run: Run) -> None:
    """Nothing may be wrong before the drill."""
    start = run.clock.now()
    run.event(f"requests begin, to {run.deployment.url}{PATH}", start)
    run.clock.sleep(BASELINE_SECONDS)
    before = summary(run.load.requests, start, run.clock.now())
    if before.failed or not before.requests:
        errors = ", ".join(before.errors) or "no answer"
        raise OpsError(
            f"{run.deployment.url}{PATH}: {before.failed} of {before.requests} requests failed "
            f"before anything was broken ({errors}): mend that first, or name another --url"
        )


def _undo_all(run: Run) -> str:
    """Undo what the drill added; why something of it is left, or nothing."""
    hint = f"not everything is undone: run `python -m ops drill restore` ({run.journal.path})"
    try:
        run.journal.undo(lambda entry: undo(run.deployment, run.clock, entry))
    except OpsError as problem:
        run.event(f"{problem}; {hint}")
        return f"{problem}; {hint}"
    except BaseException:
        run.event(hint)
        raise
    return ""


def _report(
    run: Run,
    drill: Drill,
    started: datetime,
    end: float,
    measurements: list[Measurement],
    error: str,
) -> Report:
    width, traffic = slices(run.load.requests, run.began, end)
    return Report(
        drill=drill.name,
        title=drill.title,
        project=run.deployment.project,
        region=run.deployment.region,
        url=run.deployment.url,
        started=f"{started:%Y-%m-%dT%H:%M:%SZ}",
        rehearsed_speed=run.clock.speed,
        seconds=round(end - run.began, 1),
        error=error,
        measurements=measurements,
        events=sorted(run.events, key=lambda event: event.at),
        width=width,
        traffic=traffic,
    )
