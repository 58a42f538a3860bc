"""How each thing that a drill adds is taken away: what a journal's entries name."""

from collections.abc import Callable
from contextlib import suppress

from ops.aws import explaining
from ops.drills.clock import Clock
from ops.drills.journal import Undo
from ops.drills.one_off import POLL_SECONDS, ask_marker
from ops.drills.target import Deployment
from ops.errors import OpsError
from ops.model.recovery import RESTORE

UNDO_SECONDS = 600.0
"""How long an undo waits for the database, and for the task that drops the marker."""

DELETION_POLL_SECONDS = 10.0
"""Between two attempts to delete a database, which takes minutes."""


def _stop_tasks(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    cluster = deployment.outputs.ecs_cluster_name
    pages = deployment.ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, startedBy=entry["started_by"]
    )
    for arn in [arn for page in pages for arn in page["taskArns"]]:
        deployment.ecs.stop_task(cluster=cluster, task=arn, reason="end of a drill")


def _deregister_target(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    # it raises if the target was never registered, or is gone
    with suppress(deployment.elb.exceptions.InvalidTargetException):
        deployment.elb.deregister_targets(
            TargetGroupArn=entry["target_group"],
            Targets=[{"Id": entry["address"], "Port": entry["port"]}],
        )


def _drop_marker(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    end = clock.now() + UNDO_SECONDS
    # a drill can end in the middle of a failover
    while deployment.observe().database != "available" and clock.now() < end:
        clock.sleep(POLL_SECONDS)
    end = clock.now() + UNDO_SECONDS
    ask_marker(deployment, clock, "drop", entry["marker"], end=end, source=entry)


def _stop_experiments(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    pages = deployment.fis.get_paginator("list_experiments")
    for page in pages.paginate(experimentTemplateId=entry["template"]):
        for experiment in page["experiments"]:
            if experiment["state"]["status"] in ("pending", "initiating", "running"):
                deployment.fis.stop_experiment(id=experiment["id"])


def _delete_copy(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    """Unless it is somebody else's of that name; AWS may refuse while it is being made."""
    end = clock.now() + RESTORE.worst
    while found := deployment.find_database(entry["database"]):
        if {"Key": "Drill", "Value": entry["marker"]} not in found["TagList"]:
            return
        if clock.now() >= end:
            raise OpsError(f"database {entry['database']} is {found['DBInstanceStatus']}, not gone")
        with suppress(deployment.rds.exceptions.InvalidDBInstanceStateFault):
            deployment.rds.delete_db_instance(
                DBInstanceIdentifier=entry["database"], SkipFinalSnapshot=True
            )
        clock.sleep(DELETION_POLL_SECONDS)


UNDO: dict[str, Callable[[Deployment, Clock, Undo], None]] = {
    "stop-tasks": _stop_tasks,
    "deregister-target": _deregister_target,
    "drop-marker": _drop_marker,
    "stop-experiments": _stop_experiments,
    "delete-copy": _delete_copy,
}
"""By the `do` of an entry. Each is harmless when the thing is gone, or never was."""


def undo(deployment: Deployment, clock: Clock, entry: Undo) -> None:
    """Take away what a journal's entry is about."""
    if entry["do"] not in UNDO:
        raise OpsError(f"an undo {entry['do']!r} is of another version of this program")
    with explaining():
        UNDO[entry["do"]](deployment, clock, entry)
