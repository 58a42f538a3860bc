"""The drills: what each breaks, what it measures, and what that must not exceed."""

import math
import random
import uuid
from collections.abc import Callable

from ops.drills.load import FAILED_PERCENT, GAP_SECONDS
from ops.drills.one_off import POLL_SECONDS, ask_marker, run_task
from ops.drills.report import Measurement
from ops.drills.run import Drill, Run
from ops.drills.target import Deployment, Snapshot, tasks
from ops.errors import OpsError
from ops.model.recovery import SCHEDULER_REACTION, TASK_START

RECOVERY_SECONDS = 60.0
OUT_OF_ROTATION_SECONDS = 90.0
"""The objectives of the original README."""

CANARY_START_SECONDS = 90.0
"""What a canary is given from RUNNING until it serves, on top of its health checks."""

CANARY_LIFE_SECONDS = 3600
"""A canary ends by itself after this, if nobody else ends it."""


def _new_name() -> str:
    """By it, what a drill adds is found again; `startedBy` takes 36 characters."""
    return f"drill-{uuid.uuid4().hex[:20]}"


def _stop(deployment: Deployment, arns: list[str]) -> None:
    cluster = deployment.outputs.ecs_cluster_name
    for arn in arns:
        deployment.ecs.stop_task(cluster=cluster, task=arn, reason="drill")


def _fail_over(deployment: Deployment) -> None:
    deployment.rds.reboot_db_instance(
        DBInstanceIdentifier=deployment.outputs.rds_identifier, ForceFailover=True
    )


_MOVED = "AWS shows the database available in the other zone"


def _moved_from(zone: str) -> Callable[[Snapshot], bool]:
    """Whether AWS shows the database in another zone, available."""
    return lambda seen: seen.database_zone != zone and seen.database == "available"


# --- a task stops -----------------------------------------------------------------------------


def _plan_task_failure(deployment: Deployment) -> list[str]:
    count = len(deployment.observe().healthy())
    service = deployment.outputs.ecs_service_name
    return [
        f"stop the only task of {service}"
        if count == 1
        else f"stop one of the {tasks(count)} of {service}, at random",
        "watch until its replacement is in rotation",
    ]


def _task_failure(run: Run) -> list[Measurement]:
    before = run.look()
    victim = random.choice(before.healthy())
    expected = run.deployment.expected()["stop"]
    run.breaks(f"stop task {victim.short} in {victim.zone}")
    _stop(run.deployment, [victim.arn])
    met = run.until(
        gone=lambda seen: seen.targets.get(victim.address) not in ("healthy", "initial"),
        running=lambda seen: any(
            task.status == "RUNNING" for arn, task in seen.tasks.items() if arn not in before.tasks
        ),
        healthy=lambda seen: seen.in_rotation(without=[victim.arn]) >= run.deployment.desired,
    )
    run.settle()
    return [
        Measurement("the stopped task is out of rotation", met["gone"], model=expected.noticed),
        Measurement(
            "its replacement runs",
            met["running"],
            limit=RECOVERY_SECONDS,
            model=SCHEDULER_REACTION + TASK_START,
        ),
        Measurement("its replacement is in rotation", met["healthy"], model=expected.restored),
        *run.traffic(failed_percent=FAILED_PERCENT, gap_seconds=GAP_SECONDS),
    ]


# --- a task fails its health check ------------------------------------------------------------


def _plan_health_check(deployment: Deployment) -> list[str]:
    deployment.check_application("a canary serves and then hangs")
    return [
        f"run one more task of {deployment.task_definition.rpartition('/')[2]} as a canary that "
        f"stops serving after {_canary_seconds(deployment)} s",
        f"register it with target group {deployment.group['TargetGroupName']}: until it is out of "
        "rotation again, its share of the requests fails",
        "watch until the load balancer has taken it out of rotation",
        "deregister and stop it",
    ]


def _canary_seconds(deployment: Deployment) -> int:
    """How long a canary serves before it fails: long enough to be taken into rotation.

    It ends in the middle between two health checks: neither their best case nor their worst.
    """
    group = deployment.group
    interval = group["HealthCheckIntervalSeconds"]
    checks = math.ceil(CANARY_START_SECONDS / interval) + group["HealthyThresholdCount"] + 1
    return int((checks + 0.5) * interval)


def _start_canary(run: Run, serve_seconds: int) -> tuple[str, float]:
    """A canary that runs: its address, and when it is to stop serving."""
    deployment = run.deployment
    started_by = _new_name()
    run.journal.add({"do": "stop-tasks", "started_by": started_by})
    # serves as the image does, then ends the web server and stays, as a task that hangs would
    command = f"docker-entrypoint.sh apache2-foreground & sleep {serve_seconds}; "
    command += f'kill -TERM "$!"; sleep {CANARY_LIFE_SECONDS}'
    arn = run_task(deployment, deployment.source, ["bash", "-c", command], {}, started_by)
    run.event(f"canary {arn[-32:][:8]} started, to serve for {serve_seconds} s")
    for seen in run.watch():
        canary = next(iter(deployment.describe_tasks([arn])), None)
        if canary and canary.status == "STOPPED":
            raise OpsError(f"canary {arn} ended by itself: see its log stream")
        if canary and canary.status == "RUNNING":  # `seen` is older by this one call
            run.event(f"canary runs, at {canary.address}", seen.at)
            return canary.address, seen.at + serve_seconds
    raise OpsError(f"canary {arn} was not RUNNING in time: see the task in the console")


def _take_into_rotation(run: Run, address: str, before: float) -> None:
    """Register a target, and wait until it gets requests, but no longer than to `before`."""
    deployment, port = run.deployment, run.deployment.port
    group = deployment.target_group_arn
    run.journal.add(
        {"do": "deregister-target", "target_group": group, "address": address, "port": port}
    )
    deployment.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": port}])
    for seen in run.watch():
        if seen.targets.get(address) == "healthy":
            return
        if seen.at + POLL_SECONDS >= before:
            break
    raise OpsError(
        f"the canary at {address} did not pass the health check while it served: see its log "
        "stream, and whether the security group lets the load balancer in"
    )


def _health_check(run: Run) -> list[Measurement]:
    run.look()
    expected = run.deployment.expected()["hang"]
    address, stops_at = _start_canary(run, _canary_seconds(run.deployment))
    _take_into_rotation(run, address, before=stops_at)
    run.clock.sleep(stops_at - run.clock.now())
    run.breaks("canary stops serving, and keeps running", stops_at)
    met = run.until(out=lambda seen: seen.targets.get(address) != "healthy")
    if met["out"] is not None:
        run.settle()
    return [
        Measurement(
            "the failing task is out of rotation",
            met["out"],
            limit=OUT_OF_ROTATION_SECONDS,
            model=expected.noticed,
            note="from the end of the time that the canary was told to serve",
        ),
        Measurement("all requests are served again", run.served_again(), model=expected.noticed),
        *run.traffic(),
    ]


# --- the database fails over ------------------------------------------------------------------


def _plan_db_failover(deployment: Deployment) -> list[str]:
    database = deployment.outputs.rds_identifier
    deployment.check_application("a task writes and reads the marker in the database")
    if not deployment.multi_az:
        raise OpsError(
            f"database {database} is not Multi-AZ, so nothing can take over: set "
            "`database.multi_az` and apply, or drill another stack"
        )
    return [
        "write a marker into a table opsfolio_drill, by a task of the service's task definition",
        f"reboot database {database} with failover; it is away for one to two minutes",
        "watch until it is available in the other zone and all requests are served",
        "read the marker, then drop the table",
    ]


def _db_failover(run: Run) -> list[Measurement]:
    deployment, clock = run.deployment, run.clock
    before = run.look()
    expected = deployment.expected()["database"]
    marker = _new_name()
    run.journal.add({"do": "stop-tasks", "started_by": marker})
    run.journal.add({"do": "drop-marker", "marker": marker, **deployment.source})
    ask_marker(deployment, clock, "write", marker, end=run.end)
    run.event("marker written")
    run.breaks(f"reboot with failover, primary in {before.database_zone}")
    _fail_over(deployment)
    moved = run.until(zone=_moved_from(before.database_zone))["zone"]
    run.settle()
    again, traffic = run.served_again(), run.traffic()
    kept = ask_marker(deployment, clock, "read", marker, end=run.end)
    run.event("marker read" if kept else "marker lost")
    after = run.look().database_zone
    return [
        Measurement(
            "the database is in the other zone and all requests are served again",
            None if moved is None or again is None else max(moved, again),
            limit=RECOVERY_SECONDS,
            model=expected.serving,
        ),
        Measurement(
            _MOVED,
            moved,
            model=expected.noticed,
            note=f"{before.database_zone} before, {after} after",
        ),
        Measurement("all requests are served again", again),
        Measurement("the primary has changed zones", verified=after != before.database_zone),
        Measurement("what was written before is still there", verified=kept),
        *traffic,
    ]


# --- an availability zone fails ---------------------------------------------------------------


def _zone_of_choice(deployment: Deployment, seen: Snapshot) -> tuple[str, bool]:
    """The zone to fail, and whether the database's primary is to leave it.

    It is the primary's, or else the one with the most tasks.
    """
    zones = [task.zone for task in seen.healthy()]
    if deployment.multi_az and seen.database_zone in zones:
        return seen.database_zone, True
    return max(sorted(set(zones)), key=zones.count), False


def _plan_zone_failure(deployment: Deployment) -> list[str]:
    seen = deployment.observe()
    zone, with_database = _zone_of_choice(deployment, seen)
    count = sum(task.zone == zone for task in seen.healthy())
    steps = [f"stop {tasks(count)} in {zone}" + (" at once" if count > 1 else "")]
    if with_database:
        steps.append(f"reboot database {deployment.outputs.rds_identifier} with failover")
    return [*steps, "watch until all tasks are in rotation and all requests are served"]


def _zone_failure(run: Run) -> list[Measurement]:
    deployment = run.deployment
    before = run.look()
    expected = deployment.expected()
    stop, database = expected["stop"], expected["database"]
    zone, with_database = _zone_of_choice(deployment, before)
    victims = [task.arn for task in before.healthy() if task.zone == zone]
    # not the model's failure of a zone, of which nobody tells ECS: here tasks stop
    serving = stop.serving if len(victims) < len(before.healthy()) else stop.restored
    restored = stop.restored
    if with_database:
        serving = serving.and_also(database.serving)
        restored = restored.and_also(database.restored)
    what = f"stop {tasks(len(victims))} in {zone}"
    run.breaks(what + (" and fail the database over" if with_database else ""))
    if with_database:
        _fail_over(deployment)
    _stop(deployment, victims)
    conditions: dict[str, Callable[[Snapshot], bool]] = {
        "tasks": lambda seen: seen.in_rotation(without=victims) >= deployment.desired
    }
    if with_database:
        conditions["zone"] = _moved_from(zone)
    met = run.until(**conditions)
    run.settle()
    desired = deployment.desired
    found = [
        Measurement(
            "all requests are served again",
            run.served_again(),
            limit=RECOVERY_SECONDS,
            model=serving,
        ),
        Measurement(
            f"{tasks(desired)} {'is' if desired == 1 else 'are'} in rotation again",
            met["tasks"],
            limit=RECOVERY_SECONDS,
            model=restored,
        ),
    ]
    if with_database:
        found.append(Measurement(_MOVED, met["zone"], model=database.noticed))
    return [*found, *run.traffic()]


DRILLS = {
    drill.name: drill
    for drill in (
        Drill("task-failure", "A task stops", _plan_task_failure, _task_failure),
        Drill("health-check", "A task fails its health check", _plan_health_check, _health_check),
        Drill("db-failover", "The database fails over", _plan_db_failover, _db_failover),
        Drill("zone-failure", "An availability zone fails", _plan_zone_failure, _zone_failure),
    )
}
"""By name. To add one: a plan, what it does and measures, and a line here."""
