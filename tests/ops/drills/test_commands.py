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
from ops.drills.report import Objectives, Report
from tests.ops.drills.test_report import SLOWLY_REHEARSED


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
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    sandbox: bool,
    given: Objectives | None,
    used: Objectives,
) -> None:
    """Or by what is asked for. What was measured here is as computed, and not as promised."""

    @contextmanager
    def found(*_: object) -> Iterator[tuple[Any, Clock]]:
        service = SimpleNamespace(ecs_service_name="service")
        where = {"project": "shop", "account": "1", "region": "eu-central-1", "url": "http://a"}
        yield SimpleNamespace(**where, outputs=service), Clock()

    def execute(*_: object, objectives: Objectives, **__: object) -> Report:
        return replace(SLOWLY_REHEARSED, objectives=objectives)

    monkeypatch.setattr(commands, "_deployment", found)
    monkeypatch.setattr("ops.drills.run.plan", lambda *_: ["a step"])
    monkeypatch.setattr("ops.drills.run.wait_until_steady", lambda *_: None)
    monkeypatch.setattr("ops.drills.run.execute", execute)
    options = commands.Options("shop", None, None, sandbox, False, True, 60, tmp_path, given)
    output = io.StringIO()
    passed = commands.drill("task-failure", options, Console(file=output, width=200))
    assert passed is (used == "model")
    assert "promise not kept: A task stops: its replacement runs: 75 s." in output.getvalue()
    assert f"{int(passed)} of 1 drills passed" in output.getvalue()
