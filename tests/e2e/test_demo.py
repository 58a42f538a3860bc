"""The demo to its end and interrupted, and the sandbox from another process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from ops import ROOT
from ops.terraform import find_binary, find_mirror, registry_of
from tests.programs import run


@contextmanager
def _started(tmp_path: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The command with a temporary folder of its own, so what it leaves there can be seen."""
    with subprocess.Popen(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def _running_in(folder: Path) -> list[str]:
    """The processes whose working folder lies in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve().is_relative_to(folder):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # ended meanwhile, or not ours
    return found


@pytest.mark.slow(340)
def test_a_fork_follows_its_page_to_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command of docs/fork.md with its settings, of a stack that is protected from deletion.

    The demo at the end runs to its own, and nothing is left in its temporary folder.
    """
    page = (ROOT / "docs" / "fork.md").read_text(encoding="utf-8")
    blocks = {
        mark: re.findall(rf"<!-- {mark} -->\n```\w+\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        for mark in ("settings", "run with the settings")
    }
    (settings,), (commands,) = blocks.values()
    file, folder = tmp_path / "cdktf.json", tmp_path / "tmp"
    file.write_text(settings)
    folder.mkdir()
    monkeypatch.setenv("CDKTF_JSON", str(file))
    monkeypatch.setenv("CDKTF_OUTDIR", str(tmp_path / "cdktf.out"))
    monkeypatch.setenv("TMPDIR", str(folder))
    done = run("sh", "-eu", "-c", commands, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RDS Multi-AZ performs" in done.stdout
    assert "What each would save by itself" in done.stdout
    assert "drift found in aws_security_group.rds_sg" in done.stdout
    assert "Take the protection from deletion away" in done.stdout
    assert "heals drift and leaves nothing but its final snapshot." in done.stdout
    assert list(folder.iterdir()) == []


@pytest.mark.slow(40)
@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks for processes in /proc")
def test_interrupted_demo_ends_what_it_started(tmp_path: Path) -> None:
    """Ctrl-C in the middle of apply: exit code 130, no process and no file left."""
    with _started(tmp_path, "demo") as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "resources to create" in line:
                break
        # without a terminal it tells that it is alive; then it is well into the apply
        alive = demo.stdout.readline()
        assert alive.startswith("… terraform apply")
        assert _running_in(tmp_path), "Terraform should be running"
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
        assert demo.wait(timeout=300) == 130, rest
    assert "Traceback" not in rest
    assert rest.endswith("have ended, and nothing is left.\n")
    assert _running_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_demo_of_an_unknown_stack_says_what_there_is(tmp_path: Path) -> None:
    """A wrong stack id ends in one line and exit code 1."""
    with _started(tmp_path, "demo", "nowhere") as demo:
        output, _ = demo.communicate(timeout=300)
    assert demo.returncode == 1
    assert "stack 'nowhere' is not in cdktf.json, which declares resilience-platform" in output
    assert "Traceback" not in output


def test_demo_interrupted_in_synthesis_leaves_nothing(tmp_path: Path) -> None:
    """Before Terraform is there, too."""
    with _started(tmp_path, "demo") as demo:
        while not any(tmp_path.glob("opsfolio-*")):
            time.sleep(0.05)
        time.sleep(0.5)
        demo.send_signal(signal.SIGINT)
        output, _ = demo.communicate(timeout=300)
    assert demo.returncode == 130
    assert output.endswith("have ended, and nothing is left.\n")
    assert list(tmp_path.iterdir()) == []


def test_demo_uses_the_password_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a value that RDS would refuse is found here."""
    monkeypatch.setenv("TF_VAR_db_password", "short-1")
    with _started(tmp_path, "demo") as demo:
        output, _ = demo.communicate(timeout=300)
    assert demo.returncode == 1
    assert "RDS accepts 8 to 41" in output
    assert "short-1" not in output


def test_the_stack_of_spacelift_is_refused_in_one_line(tmp_path: Path) -> None:
    with _started(tmp_path, "demo", "spacelift") as demo:
        output, _ = demo.communicate(timeout=300)
    assert demo.returncode == 1
    assert output.startswith("error: the stack spacelift has Spacelift's own resources")
    assert output.count("\n") == 1


def test_sandbox_serves_another_process_until_ctrl_c(tmp_path: Path) -> None:
    """`ops sandbox` prints an environment that works as it is, and ends on Ctrl-C."""
    with _started(tmp_path, "sandbox") as sandbox:
        assert sandbox.stdout is not None
        exported: dict[str, str] = {}
        for line in sandbox.stdout:
            if not line.startswith("export "):
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            exported[name] = value.strip("'")
        mirror = find_mirror(registry_of(find_binary()))
        assert exported["TF_INPUT"] == "0"
        assert exported["TERRAFORM_BINARY_NAME"] == str(find_binary())
        assert ("TF_CLI_CONFIG_FILE" in exported) == (mirror is not None)
        if mirror:
            assert str(mirror) in Path(exported["TF_CLI_CONFIG_FILE"]).read_text()
        client = boto3.client(
            "sts",
            endpoint_url=exported["AWS_ENDPOINT_URL"],
            region_name=exported["AWS_REGION"],
            aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
        )
        assert client.get_caller_identity()["Account"] == "123456789012"
        sandbox.send_signal(signal.SIGINT)
        assert sandbox.wait(timeout=300) == 0, sandbox.stdout.read()
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_one_message(tmp_path: Path) -> None:
    """An unknown command ends with exit code 2, the reason and no traceback."""
    with _started(tmp_path, "nonsense") as command:
        output, _ = command.communicate(timeout=300)
    assert command.returncode == 2
    assert "No such command 'nonsense'" in output
    assert "Traceback" not in output
