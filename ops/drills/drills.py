"""The drills: what each breaks, what it measures, and what that must not exceed."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from ops.drills.load import FAILED_PERCENT, GAP_SECONDS
from ops.drills.one_off import POLL_SECONDS, ask_marker, new_name, run_task
from ops.drills.report import Measurement
from ops.drills.restore import plan_restore, restore, write_marker
from ops.drills.run import Drill, Run
from ops.drills.target import Deployment, NotForDrill, Snapshot, TaskState, tasks
from ops.errors import OpsError
from ops.model.recovery import RDS_FAILOVER, RESTORE, SCHEDULER_REACTION, TASK_START, Scenario

RECOVERY_SECONDS = 60.0
OUT_OF_ROTATION_SECONDS = 90.0
"""The objectives of the original README."""

CANARY_START_SECONDS = 90.0
"""What a canary is given from RUNNING until it serves, on top of its health checks."""

CANARY_LIFE_SECONDS = 3600
"""A canary ends by itself after this, if nobody else ends it."""


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
        gone=lambda seen: not seen.sends_to(victim.address),
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
    started_by = new_name()
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
        raise NotForDrill(
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
    marker = write_marker(run)
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


class _Zone(NamedTuple):
    """The zone to fail: its tasks, and whether the database's primary is to leave it."""

    name: str
    tasks: list[TaskState]
    with_database: bool


def _zone_of_choice(deployment: Deployment, seen: Snapshot) -> _Zone:
    """The primary's zone, or else the one with the most tasks."""
    zones = [task.zone for task in seen.healthy()]
    with_database = deployment.multi_az and seen.database_zone in zones
    name = seen.database_zone if with_database else max(sorted(set(zones)), key=zones.count)
    return _Zone(name, [task for task in seen.healthy() if task.zone == name], with_database)


_UNTIL_BACK = "watch until all tasks are in rotation and all requests are served"


def _plan_zone_failure(deployment: Deployment) -> list[str]:
    zone = _zone_of_choice(deployment, deployment.observe())
    count = len(zone.tasks)
    steps = [f"stop {tasks(count)} in {zone.name}" + (" at once" if count > 1 else "")]
    if zone.with_database:
        steps.append(f"reboot database {deployment.outputs.rds_identifier} with failover")
    return [*steps, _UNTIL_BACK]


def _zone_failure(run: Run) -> list[Measurement]:
    deployment = run.deployment
    before = run.look()
    expected = deployment.expected()
    stop, database = expected["stop"], expected["database"]
    zone = _zone_of_choice(deployment, before)
    # not the model's failure of a zone, of which nobody tells ECS: here tasks stop
    some_stay = len(zone.tasks) < len(before.healthy())
    model = replace(stop, serving=stop.serving if some_stay else stop.restored)
    what = f"stop {tasks(len(zone.tasks))} in {zone.name}"
    if zone.with_database:
        model = replace(
            model,
            serving=model.serving.and_also(database.serving),
            restored=model.restored.and_also(database.restored),
        )
        what += " and fail the database over"
    run.breaks(what)
    if zone.with_database:
        _fail_over(deployment)
    _stop(deployment, [task.arn for task in zone.tasks])
    return _recovery(run, zone, model)


def _recovery(run: Run, zone: _Zone, model: Scenario) -> list[Measurement]:
    """Watch until the service is as before without the zone's tasks."""
    desired = run.deployment.desired
    lost = {task.arn: task.address for task in zone.tasks}
    conditions: dict[str, Callable[[Snapshot], bool]] = {
        "out": lambda seen: not any(map(seen.sends_to, lost.values())),
        "tasks": lambda seen: seen.in_rotation(without=lost) >= desired,
    }
    if zone.with_database:
        conditions["moved"] = _moved_from(zone.name)
    met = run.until(**conditions)
    run.settle()
    found = [
        Measurement("the zone's tasks are out of rotation", met["out"], model=model.noticed),
        Measurement(
            "all requests are served again",
            run.served_again(),
            limit=RECOVERY_SECONDS,
            model=model.serving,
        ),
        Measurement(
            f"{tasks(desired)} {'is' if desired == 1 else 'are'} in rotation again",
            met["tasks"],
            limit=RECOVERY_SECONDS,
            model=model.restored,
        ),
    ]
    if zone.with_database:
        found.append(Measurement(_MOVED, met["moved"], model=RDS_FAILOVER))
    return [*found, *run.traffic()]


# --- an availability zone is cut off ----------------------------------------------------------


def _template(deployment: Deployment, zone: str) -> str:
    """The experiment template that cuts a zone of the deployment off."""
    wanted = {"Project": deployment.project, "Zone": zone}
    pages = deployment.fis.get_paginator("list_experiment_templates").paginate()
    for template in (found for page in pages for found in page["experimentTemplates"]):
        if wanted.items() <= template.get("tags", {}).items():
            return str(template["id"])
    raise NotForDrill(
        f"{deployment.project} has no template of AWS Fault Injection Service for {zone}: set "
        "`resilience.fault_injection` and apply, or drill another stack"
    )


def _plan_zone_outage(deployment: Deployment) -> list[str]:
    zone = _zone_of_choice(deployment, deployment.observe())
    template = _template(deployment, zone.name)
    database = " and the database's primary, which fails over" if zone.with_database else ""
    cut = f"cut all subnets in {zone.name} off, with {tasks(len(zone.tasks))}{database}"
    start = f"start an experiment from template {template}: {cut}"
    return [start, _UNTIL_BACK, "stop the experiment"]


def _zone_outage(run: Run) -> list[Measurement]:
    deployment = run.deployment
    zone = _zone_of_choice(deployment, run.look())
    model = deployment.expected()["zone"]
    template = _template(deployment, zone.name)
    run.journal.add({"do": "stop-experiments", "template": template})
    started = deployment.fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
    run.event(f"experiment {started} started")
    run.breaks(f"cut {zone.name} off", _begun(run, started))
    found = _recovery(run, zone, model)
    state = _state(run, started)
    name = "the zone was cut off all the while"
    return [*found, Measurement(name, verified=state.startswith("running"), note=state)]


def _begun(run: Run, experiment: str) -> float:
    """When it was seen to run."""
    state = ""
    for seen in run.watch():
        state = _state(run, experiment)
        if state.startswith("running"):
            return seen.at
        if not state.startswith(("pending", "initiating")):
            break
    raise OpsError(f"experiment {experiment} did not begin, it is {state}")


def _state(run: Run, experiment: str) -> str:
    """The status of an experiment, and why."""
    state = run.deployment.fis.get_experiment(id=experiment)["experiment"]["state"]
    return f"{state['status']}: {state.get('reason', 'no reason')}"


DRILLS = {
    drill.name: drill
    for drill in (
        Drill("task-failure", "A task stops", _plan_task_failure, _task_failure),
        Drill("health-check", "A task fails its health check", _plan_health_check, _health_check),
        Drill("db-failover", "The database fails over", _plan_db_failover, _db_failover),
        Drill("zone-failure", "An availability zone fails", _plan_zone_failure, _zone_failure),
        Drill("zone-outage", "A zone is cut off", _plan_zone_outage, _zone_outage),
        Drill("restore", "A deleted row is restored", plan_restore, restore, RESTORE.worst),
    )
}
"""By name. To add one: a plan, what it does and measures, and a line here."""
