"""A row comes back from a backup, or the drill says that it does not; either way the copy goes."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.drills import journal
from ops.drills.drills import DRILLS
from ops.drills.restore import _restore_copy
from ops.drills.run import plan
from ops.drills.undo import undo
from ops.errors import OpsError
from ops.model.recovery import Span
from ops.sandbox.calls import Call
from tests.ops.drills.conftest import QUICK, Alive, Bring
from tests.ops.drills.test_good_world import assert_measured, figures, listed_actions

SPEED = 40.0
COPY = "resilience-platform-drill"
POINT, COPIED = "a write can be restored", "the copy of the database is there"


def databases(alive: Alive) -> list[str]:
    found = alive.deployment.rds.describe_db_instances()["DBInstances"]
    return [database["DBInstanceIdentifier"] for database in found]


@pytest.mark.slow(30)
def test_a_dropped_row_is_in_the_copy(bring: Bring, tmp_path: Path) -> None:
    """The copy is of the moment before it was dropped, and is where the database is."""
    asked: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = []
    with bring(QUICK, SPEED) as alive:
        client = alive.deployment.rds
        client.meta.events.register(
            "provide-client-params.rds.RestoreDBInstanceToPointInTime",
            lambda params, **_: asked.append(params),
        )
        alive.deployment.ecs.meta.events.register(
            "provide-client-params.ecs.RunTask", lambda params, **_: tasks.append(params)
        )
        alive.sandbox.actions.clear()
        report = alive.drill("restore", tmp_path)
        found = figures(report)
        assert alive.sandbox.actions <= listed_actions()

        saved = found[POINT]
        assert saved.value is not None
        assert saved.value >= QUICK.backup_seconds
        assert saved.model == Span(0, 300)
        broke = alive.broke("marker dropped; restore")
        copied = found[COPIED]
        restored, read = alive.told("restored", broke[0]), alive.broke("marker read")[1]
        assert_measured(copied, (restored - broke[1], read - broke[0]))
        assert copied.model == Span(600, 3600)
        assert found["what was deleted is in the copy"].verified
        assert found["requests that failed"].value == 0

        (database,) = client.describe_db_instances()["DBInstances"]
        (params,) = asked
        assert params["DBSubnetGroupName"] == database["DBSubnetGroup"]["DBSubnetGroupName"]
        groups = [group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]]
        assert params["VpcSecurityGroupIds"] == groups
        assert (params["PubliclyAccessible"], params["DeletionProtection"]) == (False, False)
        theirs = {"Project": "resilience-platform", "Owner": "web", "ManagedBy": "opsfolio-drill"}
        marker = tasks[0]["startedBy"]
        assert {tag["Key"]: tag["Value"] for tag in params["Tags"]} == theirs | {"Drill": marker}
        for task in tasks:
            assert {tag["key"]: tag["value"] for tag in task["tags"]} == theirs
        assert database["DBInstanceIdentifier"] == "resilience-platform-db", "the copy is gone"
        assert alive.stand_in.database.markers == set()
    assert journal.left_behind(tmp_path) == []


@pytest.mark.slow(14)
@pytest.mark.parametrize(
    ("bad", "not_in_time", "event"),
    [
        ({"backup_seconds": math.inf}, [POINT, COPIED], "what was written until"),
        ({"restore_seconds": math.inf}, [COPIED], "marker dropped; restore"),
        ({"restore_keeps_data": False, "restore_seconds": 30}, [], "the copy has no marker"),
    ],
    ids=["the point in time does not move", "the restore does not end", "the row is missing"],
)
def test_bad_worlds(
    bring: Bring, tmp_path: Path, bad: dict[str, Any], not_in_time: list[str], event: str
) -> None:
    world = replace(QUICK, **{"backup_seconds": 20, **bad})
    with bring(world, SPEED) as alive:
        limit = 1000 if not_in_time else None
        report = alive.drill("restore", tmp_path, limit)
        assert databases(alive) == ["resilience-platform-db"]
    late = [found.name for found in report.missed("model") if found.shown == "not in time"]
    assert late == not_in_time
    assert [found.name for found in report.missed("original")] == [
        "what was deleted is in the copy"
    ]
    assert not report.passed
    assert [found for found in report.events if found.text.startswith(event)]
    assert journal.left_behind(tmp_path) == []


def test_only_the_copy_of_the_drill_is_deleted(bring: Bring) -> None:
    """It has the drill's tag, not only the name; AWS refuses to delete it while it is made."""
    entry = {"do": "delete-copy", "database": COPY, "marker": "drill-1"}
    refusals = ["InvalidDBInstanceState"]

    def refused_once(call: Call) -> str | None:
        return refusals.pop() if call.operation == "DeleteDBInstance" and refusals else None

    with bring(QUICK, 400) as alive:
        deployment, clock = alive.deployment, alive.clock
        undo(deployment, clock, entry)
        _restore_copy(deployment, COPY, clock.utc(), "drill-1")
        with pytest.raises(OpsError, match=f"database {COPY} is there already: undo the"):
            plan(DRILLS["restore"], deployment)
        undo(deployment, clock, {**entry, "marker": "drill-2"})
        assert COPY in databases(alive)
        alive.sandbox.fault = refused_once
        undo(deployment, clock, entry)
        assert (refusals, databases(alive)) == ([], ["resilience-platform-db"])

        deployment.rds.modify_db_instance(
            DBInstanceIdentifier="resilience-platform-db", BackupRetentionPeriod=0
        )
        with pytest.raises(OpsError, match="-db keeps no backups, so nothing can be restored: set"):
            plan(DRILLS["restore"], deployment)
