"""Every drill in a world that does what it is told: the report says just that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import ROOT
from ops.drills.rehearsal.standin import World
from ops.drills.report import Measurement, Report
from ops.drills.scenarios import DRILLS, plan
from tests.ops.drills.conftest import Alive, Bring

WORLD = World()
SPEED = 4.0
"""Half a rehearsal's: the figures must be right while other tests keep the machine busy."""


@pytest.fixture(scope="module")
def alive(bring: Bring) -> Iterator[Alive]:
    with bring(WORLD, SPEED) as living:
        yield living


@pytest.fixture(autouse=True)
def documented(alive: Alive) -> Iterator[None]:
    """What is called is what the documentation says a drill may have to call."""
    alive.sandbox.actions.clear()
    yield
    text = (ROOT / "docs" / "resilience.md").read_text(encoding="utf-8")
    listed = text.partition("<!-- actions of the drills -->")[2].partition("<!-- end -->")[0]
    assert alive.sandbox.actions <= set(re.findall(r"`([\w-]+:\w+)`", listed))


def about(told_seconds: float) -> object:
    return pytest.approx(told_seconds, rel=0.1)


def figures(report: Report) -> dict[str, Measurement]:
    assert not report.error
    return {one.name: one for one in report.measurements}


def test_a_plan_breaks_nothing(alive: Alive) -> None:
    """A dry run looks, and what it says names the service, the database and the canary's time."""
    before = len(alive.stand_in.log)
    said = {name: " ".join(plan(drill, alive.deployment)) for name, drill in DRILLS.items()}
    assert "one of the 2 tasks of resilience-platform-service" in said["task-failure"]
    assert "stops serving after 195 s" in said["health-check"]
    assert "reboot database resilience-platform-db with failover" in said["db-failover"]
    assert "stop the 1 tasks in eu-central-1" in said["zone-failure"]
    assert len(alive.stand_in.log) == before


@pytest.mark.slow(20)
def test_task_failure(alive: Alive, tmp_path: Path) -> None:
    report = alive.drill("task-failure", tmp_path)
    found = figures(report)
    assert report.passed
    assert found["the stopped task is out of rotation"].value == about(WORLD.react_seconds)
    replaced = WORLD.react_seconds + WORLD.start_seconds
    assert found["its replacement runs"].value == about(replaced)
    assert found["its replacement is in rotation"].value == about(replaced)
    assert found["its replacement is in rotation"].model == "20-150 s"
    assert report.rehearsed_speed == SPEED


@pytest.mark.slow(86)
def test_health_check(alive: Alive, tmp_path: Path) -> None:
    """The time is the health check's own, as Terraform was given it: 3 failures, 30 s apart."""
    begun = alive.clock.now()
    report = alive.drill("health-check", tmp_path)
    found = figures(report)["the failing task is out of rotation"]
    told = alive.told("unhealthy", begun) - (alive.told("running", begun) + 195)
    assert found.value == about(told)
    assert 60 <= told <= 95
    assert found.limit == 90
    assert found.model == "60-95 s"
    assert figures(report)["requests that failed"].value, "the canary takes its share of requests"
    targets = alive.deployment.observe().targets
    assert list(targets.values()).count("healthy") == 2, "the canary is gone"
    assert not list(tmp_path.glob("journal-*"))


@pytest.mark.slow(44)
def test_db_failover(alive: Alive, tmp_path: Path) -> None:
    zone = alive.deployment.observe().database_zone
    report = alive.drill("db-failover", tmp_path)
    found = figures(report)
    assert report.passed
    both = "the database is in the other zone and all requests are served again"
    assert found[both].value == about(WORLD.failover_seconds)
    assert found["all requests are served again"].value == about(WORLD.failover_seconds)
    assert found["what was written before is still there"].verified
    assert alive.deployment.observe().database_zone != zone
    assert alive.stand_in.markers == set(), "the marker is taken away again"
    assert not list(tmp_path.glob("journal-*"))


@pytest.mark.slow(22)
def test_zone_failure(alive: Alive, tmp_path: Path) -> None:
    """It takes the zone of the primary, and moves that too."""
    zone = alive.deployment.observe().database_zone
    report = alive.drill("zone-failure", tmp_path)
    found = figures(report)
    assert report.passed
    assert found["all requests are served again"].value == about(WORLD.failover_seconds)
    tasks = WORLD.react_seconds + WORLD.start_seconds
    assert found["2 tasks are in rotation again"].value == about(tasks)
    assert any(f"stop all 1 tasks in {zone}" in event.text for event in report.events)
    assert alive.deployment.observe().database_zone != zone
