"""What an exit code is about: a drill's, and a one-off task's."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ops.drills import commands, one_off
from ops.drills.clock import Clock
from ops.drills.drills import DRILLS
from ops.drills.report import Objectives, Report
from ops.drills.run import Drill
from ops.drills.target import Deployment, NotForDrill
from ops.errors import OpsError
from tests.ops.drills.conftest import QUICK, Alive, Bring
from tests.ops.drills.test_report import SLOWLY_REHEARSED


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured by any drill is as computed, and not as promised."""

    @contextmanager
    def found(*_: object) -> Iterator[tuple[Any, Clock]]:
        service = SimpleNamespace(ecs_service_name="service")
        where = {"project": "shop", "account": "1", "region": "eu-central-1", "url": "http://a"}
        yield SimpleNamespace(**where, outputs=service), Clock()

    def execute(drill: Drill, *_: object, objectives: Objectives, **__: object) -> Report:
        return replace(SLOWLY_REHEARSED, drill=drill.name, objectives=objectives)

    monkeypatch.setattr(commands, "_deployment", found)
    monkeypatch.setattr("ops.drills.run.plan", lambda *_: ["a step"])
    monkeypatch.setattr("ops.drills.run.wait_until_steady", lambda *_: None)
    monkeypatch.setattr("ops.drills.run.execute", execute)


def asked(name: str, folder: Path, given: Objectives | None, sandbox: bool) -> tuple[bool, str]:
    """Whether the command passed, and what it printed."""
    options = commands.Options("shop", None, None, sandbox, False, True, 60, folder, given)
    output = io.StringIO()
    passed = commands.drill(name, options, Console(file=output, width=200))
    return passed, output.getvalue()


@pytest.mark.parametrize(
    ("sandbox", "given", "used"),
    [
        (False, None, "original"),
        (False, "model", "model"),
        (True, None, "model"),
        (True, "original", "original"),
    ],
)
def test_a_drill_passes_by_the_promise_on_aws_and_by_the_model_in_a_rehearsal(
    tmp_path: Path, sandbox: bool, given: Objectives | None, used: Objectives
) -> None:
    """Or by what is asked for."""
    passed, output = asked("task-failure", tmp_path, given, sandbox)
    assert passed is (used == "model")
    assert "promise not kept: A task stops: its replacement runs: 75 s." in output
    assert f"{int(passed)} of 1 drills passed" in output


def test_all_leaves_out_what_the_deployment_is_not_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drill that is asked for by its name says the same as an error."""

    def plan(drill: Drill, *_: object) -> list[str]:
        if drill.name == "zone-outage":
            raise NotForDrill("there is no template")
        return ["a step"]

    monkeypatch.setattr("ops.drills.run.plan", plan)
    passed, output = asked("all", tmp_path, "model", False)
    assert passed
    assert "left out: there is no template" in output
    assert f"{len(DRILLS) - 1} of {len(DRILLS) - 1} drills passed" in output
    assert not list(tmp_path.glob("*-zone-outage.json"))
    with pytest.raises(NotForDrill, match="there is no template"):
        asked("zone-outage", tmp_path, "model", False)


@pytest.fixture(scope="module")
def alive(bring: Bring) -> Iterator[Alive]:
    with bring(QUICK) as world:
        yield world


def run_in(alive: Alive, monkeypatch: pytest.MonkeyPatch, command: str, limit: float = 600) -> int:
    """The command, with the logs that AWS would have of it."""

    @contextmanager
    def found(*_: object) -> Iterator[tuple[Any, Clock]]:
        yield alive.deployment, alive.clock

    def exit_code(deployment: Deployment, arn: str, clock: Clock, end: float) -> int:
        logs, stream = alive.sandbox.client("logs"), f"ecs/app/{arn.rpartition('/')[2]}"
        group = {"logGroupName": f"/ecs/{alive.deployment.project}"}
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(**group)
        logs.create_log_stream(**group, logStreamName=stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": f"line {n}"} for n in (1, 2)]
        logs.put_log_events(**group, logStreamName=stream, logEvents=events)
        return one_off.exit_code(deployment, arn, clock, end)

    monkeypatch.setattr(commands, "_deployment", found)
    monkeypatch.setattr(commands, "exit_code", exit_code)
    options = commands.Options("shop", None, None, False, False, True, limit, Path())
    return commands.task(options, Console(), ["bash", "-c", command])


def test_a_one_off_task_gives_its_own_output_and_its_exit_code(
    alive: Alive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the service's tasks have it: its environment, and not the output of others."""
    assert run_in(alive, monkeypatch, 'test "$WORDPRESS_DB_HOST" = set && exit 7') == 7
    assert capsys.readouterr().out == "line 1\nline 2\n"
    assert run_in(alive, monkeypatch, "exit 0") == 0


def test_a_one_off_task_that_nobody_waits_for_is_stopped(
    alive: Alive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OpsError, match="did not end in time"):
        run_in(alive, monkeypatch, "sleep 60", limit=60)
    tasks = alive.deployment.ecs.list_tasks(
        cluster=alive.outputs.ecs_cluster_name, startedBy="opsfolio-task"
    )
    assert tasks["taskArns"] == []
