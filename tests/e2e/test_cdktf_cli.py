"""The cdktf command line: the same bytes as main.py, and a deployment to the sandbox."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ops import CDKTF_JSON, ROOT
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform
from tests.e2e.deployment import PASSWORD

CLI = ROOT / "node_modules" / ".bin" / "cdktf"
STACK = "resilience-platform"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a user has after `make synth`: the state is written beside cdktf.json."""
    if not CLI.exists() and os.environ.get("CI") != "true":
        pytest.skip("the cdktf CLI is not installed (make installs it where npm is)")
    folder = tmp_path / "checkout"
    folder.mkdir()
    for file in (ROOT / "main.py", CDKTF_JSON):
        shutil.copy(file, folder)
    for name in ("constructs_lib", "spacelift"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def _cdktf(checkout: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [str(CLI), *arguments],
        cwd=checkout,
        env={**environment, "CHECKPOINT_DISABLE": "1", "CI": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=560,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


@pytest.mark.slow(30)
def test_synth_writes_the_same_bytes_as_main(checkout: Path) -> None:
    """`cdktf synth` and `python main.py` write the same files with the same content."""
    _cdktf(checkout, dict(os.environ), "synth", "--output", "by-cli")
    subprocess.run([checkout / ".venv/bin/python", "main.py"], cwd=checkout, check=True)
    stacks = [path.relative_to(checkout / "cdktf.out") for path in _files(checkout / "cdktf.out")]
    assert stacks
    for path in stacks:
        ours = (checkout / "cdktf.out" / path).read_bytes()
        assert ours == (checkout / "by-cli" / path).read_bytes(), path


@pytest.mark.slow(230)
def test_deploy_and_destroy(checkout: Path, tmp_path: Path) -> None:
    """`cdktf deploy` applies the stack to the sandbox, `cdktf destroy` removes all of it."""
    with Sandbox() as sandbox:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        environment = Terraform(
            checkout,
            scratch=scratch,
            environment=sandbox.environment,
            variables={"db_password": PASSWORD},
        ).environment
        options = (STACK, "--auto-approve", "--skip-provider-lock")
        output = _cdktf(checkout, environment, "deploy", *options)
        assert "application_url" in output
        assert PASSWORD not in output
        assert (checkout / f"terraform.{STACK}.tfstate").exists(), "state outlives cdktf.out"
        _cdktf(checkout, environment, "destroy", *options[:2], "--skip-provider-lock")
        assert sandbox.leftovers() == []


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
