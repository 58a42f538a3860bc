"""Every drill in a rehearsal's world: the report says just what the world did."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import ROOT
from ops.drills.drills import DRILLS
from ops.drills.rehearsal.world import World
from ops.drills.report import Measurement, Report
from ops.drills.run import plan
from ops.model.recovery import Span
from tests.ops.drills.conftest import Alive, Bring

WORLD = World()
SPEED = 16.0
"""What is asserted of the model is half a minute away from the ends of its ranges."""


@pytest.fixture(scope="module")
def alive(bring: Bring) -> Iterator[Alive]:
    with bring(WORLD, SPEED) as living:
        yield living


@pytest.fixture(autouse=True)
def documented(alive: Alive) -> Iterator[None]:
    """What is called is what the documentation says a drill may have to call."""
    alive.sandbox.actions.clear()
    yield
    assert alive.sandbox.actions <= listed_actions()


def listed_actions() -> set[str]:
    text = (ROOT / "docs" / "resilience.md").read_text(encoding="utf-8")
    listed = text.partition("<!-- actions of the drills -->")[2].partition("<!-- end -->")[0]
    return set(re.findall(r"`([\w-]+:\w+)`", listed))


def figures(report: Report) -> dict[str, Measurement]:
    assert not report.error
    return {found.name: found for found in report.measurements}


def assert_measured(found: Measurement, span: tuple[float, float]) -> None:
    assert found.value is not None
    assert span[0] - 0.001 <= found.value <= span[1] + 0.001, f"{found.name}: {found.value}, {span}"


def test_a_plan_breaks_nothing(alive: Alive) -> None:
    """A dry run looks, and what it says names the service, the database and the canary's time."""
    before = len(alive.stand_in.log)
    said = {name: " ".join(plan(drill, alive.deployment)) for name, drill in DRILLS.items()}
    assert "one of the 2 tasks of resilience-platform-service" in said["task-failure"]
    assert "stops serving after 195 s" in said["health-check"]
    assert "reboot database resilience-platform-db with failover" in said["db-failover"]
    assert re.search(r"stop 1 task in eu-central-1[ab] reboot", said["zone-failure"])
    assert re.search(
        r"cut all subnets in eu-central-1[ab] off, with 1 task and the database's pr",
        said["zone-outage"],
    )
    assert "as resilience-platform-drill beside it" in said["restore"]
    assert len(alive.stand_in.log) == before


@pytest.mark.slow(8)
def test_task_failure(alive: Alive, tmp_path: Path) -> None:
    begun = alive.clock.now()
    report = alive.drill("task-failure", tmp_path)
    found = figures(report)
    broke = alive.broke("stop task")
    stopped, drained = alive.told("stop", begun), alive.told("draining", begun)
    runs, healthy = alive.told("running", begun), alive.told("healthy", begun)
    assert drained - stopped >= WORLD.react_seconds
    assert runs - stopped >= WORLD.react_seconds + WORLD.start_seconds
    assert_measured(found["the stopped task is out of rotation"], alive.measurable(drained, broke))
    assert_measured(found["its replacement runs"], alive.measurable(runs, broke))
    assert_measured(found["its replacement is in rotation"], alive.measurable(healthy, broke))
    assert found["its replacement is in rotation"].model == Span(20, 150)
    assert found["its replacement runs"].model == Span(20, 90)
    assert 1 <= report.exact <= max(look.answered for look in alive.looks)
    assert report.rehearsed_speed == SPEED


@pytest.mark.slow(22)
def test_health_check(alive: Alive, tmp_path: Path) -> None:
    """The time is the health check's own, as Terraform was given it: 3 failures, 30 s apart."""
    begun = alive.clock.now()
    report = alive.drill("health-check", tmp_path)
    found = figures(report)["the failing task is out of rotation"]
    runs, unhealthy = alive.told("running", begun), alive.told("unhealthy", begun)
    said = next(at for text, at in alive.said if text.startswith("canary runs"))
    asked = max(look.asked for look in alive.looks if look.answered < said)
    assert_measured(found, alive.measurable(unhealthy, (asked + 195, asked + 195)))
    served = alive.told("healthy", runs)
    log = [done.what for done in alive.stand_in.log if served < done.at <= unhealthy]
    assert log == ["failed check"] * 3 + ["unhealthy"]
    assert unhealthy - (runs + 195) >= 60
    assert found.limit == 90
    assert found.model == Span(60, 95)
    assert figures(report)["requests that failed"].value, "the canary takes its share of requests"
    targets = alive.deployment.observe().targets
    assert list(targets.values()).count("healthy") == 2, "the canary is gone"
    assert not list(tmp_path.glob("journal-*"))


def assert_served_again(alive: Alive, report: Report, broke: tuple[float, float]) -> Measurement:
    """Requests come twice a second; the first that a task answers out of the database, after ECS
    has replaced those that failed their health checks meanwhile, is the one that counts.

    A busy machine sends fewer. How the figure comes from the requests is held by test_load.py.
    """
    found = figures(report)
    back = alive.told("failed over", broke[0])
    assert back - alive.told("failover", broke[0]) >= WORLD.failover_seconds
    healthy = max(done.at for done in alive.stand_in.log if done.what == "healthy")
    latest = max(back, healthy) - broke[0] + 0.5
    again = found["all requests are served again"]
    assert_measured(again, (WORLD.failover_seconds / 2, latest))
    return again


@pytest.mark.slow(18)
def test_db_failover(alive: Alive, tmp_path: Path) -> None:
    zone = alive.deployment.observe().database_zone
    report = alive.drill("db-failover", tmp_path)
    found = figures(report)
    broke = alive.broke("reboot with failover")
    moved = found["AWS shows the database available in the other zone"]
    assert_measured(moved, alive.measurable(alive.told("failed over", broke[0]), broke))
    again = assert_served_again(alive, report, broke)
    both = "the database is in the other zone and all requests are served again"
    assert found[both].value == max(moved.value or 0, again.value or 0)
    assert found[both].met("model") is True, "the model computes 60-245 s"
    assert found[both].met("original") is False, "AWS takes longer than the original promises"
    assert found["what was written before is still there"].verified
    assert alive.deployment.observe().database_zone != zone
    assert alive.stand_in.database.markers == set(), "the marker is taken away again"
    assert not list(tmp_path.glob("journal-*"))


@pytest.mark.slow(10)
def test_zone_failure(alive: Alive, tmp_path: Path) -> None:
    """It takes the zone of the primary, and moves that too."""
    zone = alive.deployment.observe().database_zone
    report = alive.drill("zone-failure", tmp_path)
    found = figures(report)
    broke = alive.broke("stop 1 task")
    assert_served_again(alive, report, broke)
    assert found["all requests are served again"].model == Span(60, 245)
    restored = found["2 tasks are in rotation again"]
    assert restored.met("model") is True
    healthy = [done.at for done in alive.stand_in.log if done.what == "healthy"]
    spans = [alive.measurable(at, broke) for at in healthy if at >= broke[0]]
    assert any(first <= restored.value <= last for first, last in spans if restored.value)
    assert any(f"stop 1 task in {zone}" in event.text for event in report.events)
    assert alive.deployment.observe().database_zone != zone


@pytest.mark.slow(14)
def test_zone_outage(alive: Alive, tmp_path: Path) -> None:
    """The zone of the primary: its task is not stopped, so it has to fail its health checks."""
    zone = alive.deployment.observe().database_zone
    begun = alive.clock.now()
    report = alive.drill("zone-outage", tmp_path)
    found = figures(report)
    said = alive.broke(f"cut {zone} off")[1]
    asked = max(look.asked for look in alive.looks if look.answered < said)
    broke = (asked, asked)  # the look before the experiment was seen to run
    cut = alive.told("cut", begun)
    assert cut <= said
    log = [done for done in alive.stand_in.log if done.at >= cut]
    ill = next(done for done in log if done.what == "unhealthy")
    checks = [done for done in log if (done.what, done.whom) == ("failed check", ill.whom)]
    assert sum(done.at <= ill.at for done in checks) == 3
    out = found["the zone's tasks are out of rotation"]
    assert out.model == Span(60, 95)
    assert out.met("model") is True
    moved = found["AWS shows the database available in the other zone"]
    assert_measured(moved, alive.measurable(alive.told("failed over", begun), broke))
    again = assert_served_again(alive, report, (min(cut, asked), asked))
    assert again.model == found["all requests are served again"].model == Span(60, 245)
    restored = found["2 tasks are in rotation again"]
    assert restored.met("model") is True
    assert restored.model == Span(80, 245)
    assert found["the zone was cut off all the while"].verified
    told = {done.what: done.at for done in alive.stand_in.log if done.at >= begun}
    assert told["cut over"] > told["healthy"], "the undo ends the cut"
    tasks = alive.deployment.observe().tasks.values()
    left = {"eu-central-1a", "eu-central-1b"} - {zone}
    assert {task.zone for task in tasks if task.status == "RUNNING"} == left
    assert not list(tmp_path.glob("journal-*"))
