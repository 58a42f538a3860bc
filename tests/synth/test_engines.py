"""engine.py: `cdktf` and `cdktn` write the same, and what cannot be used is one line."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import main
from constructs_lib import engine
from constructs_lib.settings import SettingsError, parse_stack
from ops import CDKTF_JSON
from tests.programs import python, skip_without_cdktn
from tests.synth.options import ECR_IMAGE, MAXIMAL, OPTIONS, nested, settings_of


def all_settings() -> dict[str, object]:
    """The stacks of cdktf.json, and each option in one of a few, as many together as can be."""
    together: list[list[str]] = []
    for path in OPTIONS:
        fitting = (paths for paths in together if _stand_together(*paths, path))
        if (paths := next(fitting, None)) is None:
            together.append(paths := [])
        paths.append(path)
    stacks: dict[str, object] = json.loads(CDKTF_JSON.read_text())["context"]["stacks"]
    stacks |= {f"together-{n}": settings_of(*paths) for n, paths in enumerate(together)}
    endpoints = {"network.private_egress": "vpc_endpoints", "container.image": ECR_IMAGE}
    return stacks | {"endpoints": nested(endpoints), "maximal": MAXIMAL}


def _stand_together(*paths: str) -> bool:
    """Whether settings accept these options, and each is as it would be alone."""
    with suppress(SettingsError, AssertionError):  # the latter: a setting of a group that is off
        together = settings_of(*paths)
        parse_stack("stack", together)
        return all(together == settings_of(*paths, path) for path in paths)
    return False


def synthesized(folder: Path, chosen: str) -> dict[str, Any]:
    """What `main.py` writes with an engine, as data; without the engine's version in a comment."""
    document = json.loads(CDKTF_JSON.read_text())
    document["context"]["stacks"] = all_settings()
    (folder / "cdktf.json").write_text(json.dumps(document))
    outdir = folder / chosen
    environment = {**os.environ, "CDK_ENGINE": chosen, "CDKTF_OUTDIR": str(outdir)}
    python("main.py", env={**environment, "CDKTF_JSON": str(folder / "cdktf.json")}, check=True)
    written = {path.parent.name: json.loads(path.read_text()) for path in outdir.rglob("*.json")}
    versions = {written[chosen].pop("version")}
    versions |= {written[stack]["//"]["metadata"].pop("version") for stack in {*written} - {chosen}}
    assert len(versions) == 1
    return {"version": versions.pop(), "manifest": written.pop(chosen), **written}


@pytest.mark.slow(40)
def test_both_engines_write_the_same(tmp_path: Path) -> None:
    skip_without_cdktn()
    ours, theirs = (synthesized(tmp_path, chosen) for chosen in engine.PROVIDERS)
    assert ours.pop("version") < theirs.pop("version"), "or both were the same engine"
    assert "spacelift" in ours
    assert ours == theirs
    resources = (stack["resource"].items() for stack in ours.values() if "resource" in stack)
    made = {f"{kind}.{name}" for each in resources for kind, named in each for name in named}
    added = {address for option in OPTIONS.values() for address in option.adds}
    assert made >= {address for address in added if not address.startswith("data.")}


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("cdkx", "CDK_ENGINE = 'cdkx' is not an engine; choose cdktf or cdktn"),
        (
            "cdktn",
            "CDK_ENGINE = cdktn: the package cdktn is not installed; "
            "`make install ENGINE=cdktn` does that",
        ),
    ],
)
def test_an_engine_that_cannot_be_used_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    chosen: str,
    message: str,
) -> None:
    monkeypatch.setattr(engine, "ENGINE", chosen)
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["main.py"])
    monkeypatch.setenv("CDKTF_OUTDIR", str(tmp_path / "cdktf.out"))
    assert main.main() == 1
    assert capsys.readouterr() == ("", f"error: {message}\n")
    assert not any(tmp_path.iterdir())


def test_the_environment_chooses(tmp_path: Path) -> None:
    environment = {**os.environ, "CDK_ENGINE": "CDKTN", "CDKTF_OUTDIR": str(tmp_path)}
    done = python("main.py", env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: CDK_ENGINE = 'CDKTN' is not an engine; choose cdktf or cdktn\n"
