"""What a drill's exit code is about."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ops.drills import commands
from ops.drills.clock import Clock
from ops.drills.drills import DRILLS
from ops.drills.report import Objectives, Report
from ops.drills.run import Drill, NotForDrill
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
