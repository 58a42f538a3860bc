"""Drills as a user runs them, and what is left when one is interrupted or killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import ROOT
from ops.drills import journal, report
from tests.ops.drills.conftest import PATIENCE_SECONDS, QUICK, Alive, Bring
from tests.ops.drills.deployed import outputs_json


@pytest.fixture(scope="module")
def alive(bring: Bring) -> Iterator[Alive]:
    with bring(QUICK) as living:
        yield living


def start(alive: Alive, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`.venv/bin/python -m ops …` on the living deployment, in a process of its own."""
    outputs = folder / "outputs.json"
    outputs.write_text(outputs_json(alive.outputs, alive.stand_in.url))
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "ops", *arguments),
            *("--outputs", str(outputs), "--reports", str(folder / "reports")),
        ],
        cwd=ROOT,
        env={**os.environ, **alive.sandbox.environment, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(alive: Alive, folder: Path, *arguments: str) -> tuple[int, str]:
    process = start(alive, folder, *arguments)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert "Traceback" not in output
    return process.returncode, output


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def canary_is_in_rotation(alive: Alive) -> bool:
    return len(alive.deployment.observe().targets) == 3


def nothing_is_left(alive: Alive) -> bool:
    """No canary runs, and no target but the service's gets requests."""
    running = alive.deployment.ecs.list_tasks(cluster=alive.outputs.ecs_cluster_name)["taskArns"]
    targets = alive.deployment.observe().targets.values()
    return len(running) == 2 and sum(state != "draining" for state in targets) == 2


@pytest.mark.slow(18)
def test_killed_in_the_middle_then_undone(alive: Alive, tmp_path: Path) -> None:
    """SIGKILL leaves a canary, a target and a journal; `undo` takes them away."""
    drill = start(alive, tmp_path, "drill", "health-check", "--yes")
    wait_for(lambda: canary_is_in_rotation(alive))
    code, output = finish(alive, tmp_path, "drill", "undo", "--yes")
    assert code == 1
    assert "its drill still runs, left alone" in output
    drill.kill()
    drill.communicate()
    assert not nothing_is_left(alive)
    assert len(journal.left_behind(tmp_path / "reports")) == 1

    code, output = finish(alive, tmp_path, "drill", "undo", "--dry-run")
    assert code == 0
    assert "stop-tasks drill-" in output
    assert "deregister-target 10.0." in output
    assert not nothing_is_left(alive), "a dry run does nothing"
    code, output = finish(alive, tmp_path, "drill", "undo", "--yes")
    assert code == 0
    assert nothing_is_left(alive)
    code, output = finish(alive, tmp_path, "drill", "undo", "--yes")
    assert code == 0
    assert "nothing to undo" in output


@pytest.mark.slow(13)
def test_interrupted_it_tidies_up(alive: Alive, tmp_path: Path) -> None:
    """Ctrl-C while the canary serves: exit code 130, and nothing is left."""
    wait_for(lambda: nothing_is_left(alive))
    begun = len(alive.stand_in.log)
    drill = start(alive, tmp_path, "drill", "health-check", "--yes")
    wait_for(lambda: any(done.what == "healthy" for done in alive.stand_in.log[begun:]))
    drill.send_signal(signal.SIGINT)
    output, _ = drill.communicate(timeout=PATIENCE_SECONDS)
    assert drill.returncode == 130, output
    assert "Traceback" not in output
    assert nothing_is_left(alive)
    assert journal.left_behind(tmp_path / "reports") == []


def test_a_dry_run_says_what_would_be_done(alive: Alive, tmp_path: Path) -> None:
    begun = len(alive.stand_in.log)
    code, output = finish(alive, tmp_path, "drill", "all", "--dry-run")
    assert code == 0
    assert "resilience-platform in account 123456789012, eu-central-1" in output
    assert "1. reboot database" in output or "2. reboot database" in output
    assert not [done for done in alive.stand_in.log[begun:] if done.what in ("stop", "failover")]
    assert not (tmp_path / "reports").exists()


def test_nothing_is_broken_unasked(alive: Alive, tmp_path: Path) -> None:
    """Without a terminal and without --yes."""
    code, output = finish(alive, tmp_path, "drill", "task-failure")
    assert code == 1
    assert output.splitlines()[-1] == (
        "error: there is no terminal to ask on: give --yes if you mean it"
    )


def test_load_alone(alive: Alive, tmp_path: Path) -> None:
    """A burst, its report, and the overview."""
    wait_for(lambda: nothing_is_left(alive))
    code, output = finish(
        alive, tmp_path, "load", "--requests", "300", "--concurrency", "20", "--yes"
    )
    assert code == 0, output
    (path,) = (tmp_path / "reports").glob("*-load.json")
    found = report.read(path)
    assert {row.name: row.value for row in found.measurements}["requests"] == 300
    assert sum(part.served for part in found.traffic) == 300
    assert [event.text for event in found.events] == ["2 of 2 tasks run"]


def test_a_rehearsal_does_not_look_at_profiles() -> None:
    """moto does when it is imported, and one that does not exist would end the command."""
    subprocess.run(
        [sys.executable, "-c", "import ops.drills.rehearsal.rehearsed"],
        cwd=ROOT,
        env={**os.environ, "AWS_PROFILE": "nobody"},
        check=True,
    )


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for tasks in /proc")
def test_tasks_end_with_a_stand_in_that_is_killed(tmp_path: Path) -> None:
    """Even SIGKILL of the rehearsal leaves no process behind."""
    script = (
        "import time\n"
        "from ops.drills.clock import Clock\n"
        "from ops.sandbox.server import Sandbox\n"
        "from ops.drills.rehearsal.standin import StandIn\n"
        "from ops.drills.rehearsal.world import World\n"
        "from ops.model.stack import read_stack\n"
        "from tests.ops.drills.deployed import deploy\n"
        "with Sandbox() as sandbox:\n"
        "    deploy(sandbox, read_stack('resilience-platform'))\n"
        "    with StandIn(World(), Clock(12)):\n"
        "        time.sleep(300)\n"
    )
    # the tasks get an environment of their own, so they are known by their PATH
    path = f"{os.environ['PATH']}{os.pathsep}{tmp_path}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment)
    try:
        wait_for(lambda: len(tasks_of(tmp_path)) >= 2)
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not tasks_of(tmp_path))


def tasks_of(folder: Path) -> list[str]:
    """The tasks whose PATH names `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_text()
            if "STANDIN_PROGRAM=" in told and f"{folder}\0" in told:
                found.append((process / "cmdline").read_text())
        except (OSError, UnicodeDecodeError):
            continue  # ended meanwhile, or not ours
    return found
