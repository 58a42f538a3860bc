"""The drill that drops a row, and restores it from a backup."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ops.drills.one_off import ask_marker, new_name
from ops.drills.report import Measurement
from ops.drills.run import Run
from ops.drills.target import Deployment, NotForDrill
from ops.errors import OpsError

RARELY = 10.0
"""Seconds between two looks at what takes AWS many minutes."""


def write_marker(run: Run) -> str:
    marker = new_name()
    run.journal.add({"do": "stop-tasks", "started_by": marker})
    run.journal.add({"do": "drop-marker", "marker": marker, **run.deployment.source})
    ask_marker(run.deployment, run.clock, "write", marker, end=run.end)
    run.event("marker written")
    return marker


def _copy_of(deployment: Deployment) -> str:
    return f"{deployment.project}-drill"


def plan_restore(deployment: Deployment) -> list[str]:
    database, copy = deployment.outputs.rds_identifier, _copy_of(deployment)
    deployment.check_application("a task writes and reads the marker in the database")
    if not deployment.database.get("BackupRetentionPeriod"):
        raise NotForDrill(
            f"database {database} keeps no backups, so nothing can be restored: set "
            "`database.backup_retention_days` and apply"
        )
    if deployment.find_database(copy):
        raise OpsError(
            f"database {copy} is there already: undo the interrupted drill, or delete it"
        )
    return [
        "write a marker into a table opsfolio_drill, by a task of the service's task definition",
        f"wait until {database} can be restored to that moment, then drop the table",
        f"restore {database} to that moment, as {copy} beside it",
        f"read the marker from {copy}, then delete {copy}",
    ]


def _restore_copy(deployment: Deployment, copy: str, point: datetime, marker: str) -> None:
    """Where the database is, and tagged, so that `undo` knows it by more than its name."""
    database = deployment.database
    tags = {**deployment.tags, "Drill": marker}
    deployment.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=deployment.outputs.rds_identifier,
        TargetDBInstanceIdentifier=copy,
        RestoreTime=point,
        DBSubnetGroupName=database["DBSubnetGroup"]["DBSubnetGroupName"],
        VpcSecurityGroupIds=[
            group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]
        ],
        MultiAZ=False,
        PubliclyAccessible=False,
        DeletionProtection=False,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def _until(run: Run, reached: Callable[[], bool]) -> float | None:
    """Seconds from the damage until AWS had said so; None if time was up."""
    assert run.broken_at is not None
    for _ in run.watch(RARELY):
        if reached():
            return run.clock.now() - run.broken_at
    return None


def restore(run: Run) -> list[Measurement]:
    deployment, clock, copy = run.deployment, run.clock, _copy_of(run.deployment)
    run.look()
    expected = deployment.expected()["deleted"]
    marker = write_marker(run)
    written = clock.now()
    point = clock.utc().replace(microsecond=0) + timedelta(seconds=1)
    run.breaks(f"what was written until {point:%H:%M:%S} UTC may be lost", written)
    saved = _until(run, lambda: deployment.restorable(point))
    took, found = None, False
    if saved is not None:
        ask_marker(deployment, clock, "drop", marker, end=run.end)
        run.journal.add({"do": "delete-copy", "database": copy, "marker": marker})
        run.breaks(f"marker dropped; restore {copy} to {point:%H:%M:%S} UTC")
        _restore_copy(deployment, copy, point, marker)
        took = _until(
            run, lambda: deployment.find_database(copy).get("DBInstanceStatus") == "available"
        )
    if took is not None:
        host = deployment.find_database(copy)["Endpoint"]["Address"]
        found = ask_marker(deployment, clock, "read", marker, end=run.end, host=host)
        run.event("marker read from the copy" if found else "the copy has no marker")
    return [
        Measurement("a write can be restored", saved, model=expected.lost),
        Measurement("the copy of the database is there", took, model=expected.serving),
        Measurement("what was deleted is in the copy", verified=found),
        *run.traffic(),
    ]
