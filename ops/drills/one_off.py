"""One-off tasks of the service's own task definition: the canary, what keeps the marker, and what
a user asks for.

The marker is a row in a table of the database. Tasks write, read and drop it with the environment
that the container has anyway, so no credential passes through here.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.drills.clock import Clock
from ops.drills.target import Deployment
from ops.errors import OpsError

POLL_SECONDS = 1.0

_PHP = Path(__file__).with_name("marker.php").read_text(encoding="utf-8").removeprefix("<?php\n")

_NOT_FOUND = 3
"""The exit code where the marker that is to be read, or its whole table, is not there."""


def new_name() -> str:
    """By it, what a drill adds is found again; `startedBy` takes 36 characters."""
    return f"drill-{uuid.uuid4().hex[:20]}"


def run_task(
    deployment: Deployment,
    source: Mapping[str, Any],
    command: list[str],
    environment: dict[str, str],
    started_by: str,
) -> str:
    """Run a task definition once on Fargate, with another command; the task's ARN."""
    override = {
        "name": source["container"],
        "command": command,
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
    }
    answer = deployment.ecs.run_task(
        cluster=deployment.outputs.ecs_cluster_name,
        taskDefinition=source["task_definition"],
        launchType="FARGATE",
        networkConfiguration=source["network"],
        startedBy=started_by,
        tags=[{"key": key, "value": value} for key, value in deployment.tags.items()],
        overrides={"containerOverrides": [override]},
    )
    if not answer["tasks"]:
        reasons = ", ".join(failure.get("reason", "no reason") for failure in answer["failures"])
        raise OpsError(f"AWS starts no task of {source['task_definition']}: {reasons}")
    arn: str = answer["tasks"][0]["taskArn"]
    return arn


def ask_marker(
    deployment: Deployment,
    clock: Clock,
    action: str,
    marker: str,
    *,
    end: float,
    source: Mapping[str, Any] | None = None,
    host: str = "",
) -> bool:
    """Let a task write, read or drop the marker; False if it should read and finds none.

    The task is started by the marker: it says so, that it can be found.

    Args:
        end: how long to wait for it, as a time of the clock.
        host: of another database than the task's own.
    """
    asked = {"DRILL_ACTION": action, "DRILL_MARKER": marker}
    asked |= {"WORDPRESS_DB_HOST": host} if host else {}
    command = ["php", "-r", _PHP]
    arn = run_task(deployment, source or deployment.source, command, asked, marker)
    code = exit_code(deployment, arn, clock, end)
    if code == 0:
        return True
    if action == "read" and code == _NOT_FOUND:
        return False
    raise OpsError(
        f"the task that was to {action} the marker in the table opsfolio_drill failed (exit code "
        f"{code}): see the log of task {arn}"
    )


def exit_code(deployment: Deployment, arn: str, clock: Clock, end: float) -> int:
    """The exit code of a task's container, once it has ended."""
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
