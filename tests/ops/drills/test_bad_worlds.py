"""What goes wrong in AWS or with a drill is noticed, said in one line, and tidied up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops.drills import journal
from ops.drills.clock import Clock
from ops.drills.drills import DRILLS
from ops.drills.rehearsal.world import World
from ops.drills.report import Report
from ops.drills.run import plan
from ops.drills.undo import undo
from ops.errors import OpsError
from ops.sandbox.calls import Call
from tests.ops.drills.conftest import QUICK, Alive, Bring


def missed(report: Report) -> dict[str, str]:
    """The objectives that were missed, with what was measured."""
    return {found.name: found.shown for found in report.missed("original")}


@pytest.mark.slow(8)
def test_tasks_that_are_never_replaced(bring: Bring, tmp_path: Path) -> None:
    with bring(replace(QUICK, replaces=False)) as alive:
        report = alive.drill("task-failure", tmp_path, limit_seconds=80)
    assert missed(report)["its replacement runs"] == "not in time"
    assert not report.passed
    assert "its replacement runs" in [found.name for found in report.missed("model")]
    assert any(event.text == "not steady when the time was up" for event in report.events)


@pytest.mark.slow(10)
def test_a_failover_that_loses_what_was_written(bring: Bring, tmp_path: Path) -> None:
    with bring(World(5, 5, 5, failover_keeps_data=False), speed=8) as alive:
        report = alive.drill("db-failover", tmp_path)
    assert missed(report)["what was written before is still there"] == "no"
    assert any(event.text == "marker lost" for event in report.events)


@pytest.mark.slow(9)
def test_a_load_balancer_that_keeps_sending_to_a_dead_task(bring: Bring, tmp_path: Path) -> None:
    with bring(replace(QUICK, react_seconds=1, balancer_notices=False)) as alive:
        report = alive.drill("task-failure", tmp_path, limit_seconds=60)
    assert "requests that failed" in missed(report)
    failed = next(found for found in report.judged if found.name == "requests that failed")
    assert failed.value is not None
    assert failed.value > 10
    assert "HTTP 502" in failed.note


@pytest.mark.slow(3)
def test_an_experiment_that_fails_breaks_nothing(bring: Bring, tmp_path: Path) -> None:
    with bring(replace(QUICK, experiment_ends=(0, "failed"))) as alive:
        with pytest.raises(OpsError, match=r"^experiment \w+ did not begin, it is failed: failed$"):
            alive.drill("zone-outage", tmp_path)
        assert "cut" not in [done.what for done in alive.stand_in.log]
    assert journal.left_behind(tmp_path) == []


@pytest.mark.slow(10)
def test_an_experiment_that_its_alarm_stops(bring: Bring, tmp_path: Path) -> None:
    """What recovers after that has not recovered from the zone's loss."""
    with bring(QUICK) as alive:
        fis = alive.sandbox.client("fis")

        def once_a_replacement_serves(call: Call) -> None:
            cut = any(text.startswith("cut ") for text, _ in alive.said)  # the drill has seen it
            log = [done.what for done in alive.stand_in.log]
            if cut and "healthy" in log[log.index("cut") :]:
                alive.sandbox.fault = lambda call: None
                (experiment,) = fis.list_experiments()["experiments"]
                fis.stop_experiment(id=experiment["id"])

        alive.sandbox.fault = once_a_replacement_serves
        report = alive.drill("zone-outage", tmp_path)
    lasted = next(found for found in report.measurements if "all the while" in found.name)
    assert (lasted.verified, lasted.note) == (False, "stopped: Experiment stopped")
    assert lasted in report.missed("model")
    assert lasted in report.missed("original")


@pytest.mark.slow(10)
def test_a_database_that_stays_in_the_zone_that_is_cut_off(bring: Bring, tmp_path: Path) -> None:
    with bring(replace(QUICK, failover_seconds=10_000)) as alive:
        report = alive.drill("zone-outage", tmp_path, limit_seconds=150)
        assert alive.told("cut over"), "the undo ends the cut all the same"
    late = {found.name: found.shown for found in report.missed("model")}
    assert late["AWS shows the database available in the other zone"] == "not in time"
    assert late["all requests are served again"] == "not in time"


class Refusals:
    """Refuses calls with a code; only the first `left`, if that is given."""

    def __init__(self, code: str, left: int | None = None) -> None:
        self.code, self.left = code, left

    def __call__(self, call: Call) -> str | None:
        if self.left == 0:
            return None
        if self.left is not None:
            self.left -= 1
        return self.code


@pytest.fixture(scope="module")
def patient(bring: Bring) -> Iterator[Alive]:
    with bring(QUICK) as alive:
        yield alive


def test_throttling_is_waited_for(patient: Alive) -> None:
    """Three throttled calls are three more attempts, and nothing else."""
    patient.sandbox.fault = refusals = Refusals("ThrottlingException", left=3)
    patient.connect(attempts=5).check_steady()
    assert refusals.left == 0


def test_throttling_that_does_not_end_is_one_line(patient: Alive) -> None:
    patient.sandbox.fault = Refusals("ThrottlingException")
    with pytest.raises(OpsError, match=r"^AWS keeps throttling \w+ \(ThrottlingException\).*"):
        patient.connect()
    patient.sandbox.fault = lambda call: None


def test_an_expired_credential_before_the_drill_is_one_line(patient: Alive) -> None:
    patient.sandbox.fault = Refusals("ExpiredToken")
    with pytest.raises(OpsError, match=r"does not accept the credentials \(ExpiredToken from"):
        patient.connect()
    patient.sandbox.fault = lambda call: None


def test_a_credential_that_expires_in_the_middle(patient: Alive, tmp_path: Path) -> None:
    """The drill fails and says how to tidy up; with a new credential that works."""
    begun = len(patient.stand_in.log)

    def once_the_canary_serves(call: Call) -> str | None:
        log = patient.stand_in.log[begun:]
        return "ExpiredTokenException" if any(done.what == "healthy" for done in log) else None

    patient.sandbox.fault = once_the_canary_serves
    with pytest.raises(OpsError) as raised:
        patient.drill("health-check", tmp_path)
    text = str(raised.value)
    assert "\n" not in text
    assert "ExpiredTokenException" in text
    assert "run `.venv/bin/python -m ops drill undo`" in text
    patient.sandbox.fault = lambda call: None

    (left,) = journal.left_behind(tmp_path)
    assert [entry["do"] for entry in journal.entries(left)] == ["stop-tasks", "deregister-target"]
    with pytest.raises(OpsError, match="is not steady: its target group has other targets"):
        plan(DRILLS["task-failure"], patient.deployment)

    deployment = patient.deployment
    with pytest.raises(OpsError, match=r"is of account 123456789012, eu-central-1, and the cred"):
        journal.replay(left, "000000000000", "eu-central-1", lambda entry: None)
    for _ in range(2):  # an undo can be repeated
        for entry in journal.entries(left):
            undo(deployment, Clock(), entry)
    assert journal.replay(
        left,
        deployment.account,
        deployment.region,
        lambda entry: undo(deployment, Clock(), entry),
    )
    assert journal.left_behind(tmp_path) == []
    patient.wait_until_steady()


def test_an_experiment_that_a_crash_left_is_stopped(patient: Alive) -> None:
    """Whether it has begun or not; and again, when there is none."""
    fis = patient.sandbox.client("fis")
    template = fis.list_experiment_templates()["experimentTemplates"][0]["id"]

    def start() -> str:
        return str(fis.start_experiment(experimentTemplateId=template)["experiment"]["id"])

    def status(experiment: str) -> str:
        return str(fis.get_experiment(id=experiment)["experiment"]["state"]["status"])

    begun = start()
    while status(begun) != "running":
        patient.clock.sleep(1)
    waiting = start()
    for _ in range(2):
        entry = {"do": "stop-experiments", "template": template}
        undo(patient.deployment, patient.clock, entry)
        assert (status(begun), status(waiting)) == ("stopped", "stopped")
    patient.wait_until_steady()
