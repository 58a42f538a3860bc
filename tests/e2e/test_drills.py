"""A drill against what the real Terraform made, as `make drills` runs them all."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ops import ROOT
from ops.drills import target
from ops.drills.rehearsal.world import World
from ops.drills.target import NEEDED, Outputs, read_outputs


@pytest.mark.slow(120)
def test_a_drill_on_an_applied_stack(tmp_path: Path) -> None:
    """Deployed, drilled and reported on by one command; the figure is that of what happened."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ops", "drill", "task-failure"),
            *("--sandbox", "--reports", str(tmp_path)),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("*-task-failure.json")
    document = json.loads(path.read_text())
    assert document["passed"]
    assert document["project"] == "resilience-platform"
    found = {measured["name"]: measured["value"] for measured in document["measurements"]}
    stopped, *_ = (event["at"] for event in document["events"] if "stop task" in event["text"])
    runs, *_ = (event["at"] for event in document["events"] if "RUNNING" in event["text"])
    assert found["its replacement runs"] == pytest.approx(runs - stopped, abs=0.1)
    # not to the second, and without an upper bound: other tests keep this machine busy
    assert runs - stopped > (World().react_seconds + World().start_seconds) / 2
    assert path.with_suffix(".html").exists()
    assert "1 of 1 passed" in (tmp_path / "index.html").read_text()
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().find(".//failure") is None
    assert not list(tmp_path.glob("journal-*"))


def test_outputs_are_asked_of_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none are given: from the state of the stack's folder."""
    folder = tmp_path / "cdktf.out" / "stacks" / "shop"
    folder.mkdir(parents=True)
    outputs = {name: {"value": f"the {name}", "type": "string"} for name in NEEDED}
    state = {"version": 4, "terraform_version": "1.3.0", "serial": 1, "lineage": "x"}
    (folder / "terraform.tfstate").write_text(json.dumps({**state, "outputs": outputs}))
    monkeypatch.setattr(target, "ROOT", tmp_path)
    assert read_outputs(None, "shop") == Outputs(**{name: f"the {name}" for name in NEEDED})
