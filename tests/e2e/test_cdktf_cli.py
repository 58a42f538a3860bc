"""The cdktf command line: the same bytes as main.py, and a deployment to the sandbox."""

import json
import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from ops import CDKTF_JSON, ROOT
from ops.sandbox.deployed import practice
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform, clean_environment, find_binary
from tests.programs import python, run

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


@pytest.mark.slow(230)
def test_deploy_move_and_destroy(checkout: Path, tmp_path: Path) -> None:
    """In the environment that `ops sandbox` prints, `cdktf deploy` applies the stack with the
    variable file, and has synthesized what `main.py` does, byte for byte; `terraform -chdir` then
    has nothing to change; the state moves to S3 as the recipe says; `cdktf destroy` removes it all.
    """
    (checkout / "terraform.tfvars").write_text('alarm_email = "ops@example.com"\n')
    with Sandbox() as sandbox, ExitStack() as until_done:
        environment = {**clean_environment(), **practice(sandbox, tmp_path)}
        environment["CDKTF_JSON"] = str(checkout / "cdktf.json")
        output = _cdktf(checkout, environment, "deploy", STACK, "--auto-approve")
        assert "application_url" in output
        assert len(_synthesized(checkout / "cdktf.out")) > 4
        assert _synthesized(checkout / "cdktf.out") == _by_main(checkout, environment)
        assert environment["TF_VAR_db_password"] not in output
        state = checkout / f"terraform.{STACK}.tfstate"
        assert json.loads(state.read_text())["resources"], "it outlives cdktf.out"
        (mailed,) = sandbox.client("sns").list_subscriptions()["Subscriptions"]
        assert mailed["Endpoint"] == "ops@example.com", "or the next plan would prove nothing"

        folder = checkout / "cdktf.out" / "stacks" / STACK
        installed = Terraform(folder, scratch=tmp_path, environment=sandbox.environment)
        environment |= until_done.enter_context(installed.provider_running())
        chdir = f"-chdir=cdktf.out/stacks/{STACK}"
        plan = subprocess.run(
            [find_binary(), chdir, "plan", "-detailed-exitcode", "-no-color"],
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert plan.returncode == 0, plan.stdout + plan.stderr  # 2: something would change

        if _locks_in_s3():
            _move_to_s3(checkout, environment, sandbox)
        _cdktf(checkout, environment, "destroy", STACK, "--auto-approve")
        assert {left.split()[0] for left in sandbox.leftovers()} <= {"s3"}, "the state's bucket"


def _synthesized(outdir: Path) -> dict[str, bytes]:
    """What a synth has written, by its place."""
    files = (outdir / "manifest.json", *outdir.glob("stacks/*/cdk.tf.json"))
    return {str(file.relative_to(outdir)): file.read_bytes() for file in files}


def _by_main(checkout: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """What `python main.py` writes elsewhere."""
    elsewhere = {**environment, "CDKTF_OUTDIR": str(checkout / "by-main")}
    python("main.py", cwd=checkout, env=elsewhere, check=True)
    return _synthesized(checkout / "by-main")


def _locks_in_s3() -> bool:
    """Whether Terraform has a lock file in S3, as 1.10 and newer ones have."""
    done = run(find_binary(), "version", "-json", check=True)
    version = json.loads(done.stdout)["terraform_version"]
    return [int(part) for part in version.split(".")[:2]] >= [1, 10]


def _move_to_s3(checkout: Path, environment: dict[str, str], sandbox: Sandbox) -> None:
    """Where nobody answers a question too: the README has set `TF_INPUT=0`."""
    recipe = (ROOT / "docs" / "settings.md").read_text()
    found = re.search(r"`(\w+)=(\S+) npx cdktf ([^`]+ --migrate-state)`", recipe)
    assert found
    name, value, arguments = found.groups()
    document = json.loads((checkout / "cdktf.json").read_text())
    backend = {"type": "s3", "bucket": "my-states", "region": "eu-central-1"}
    stack = document["context"]["stacks"][STACK]
    document["context"] = {"stacks": {STACK: {**stack, "backend": backend}}}  # the others take time
    (checkout / "cdktf.json").write_text(json.dumps(document))
    s3 = sandbox.client("s3")
    place = {"LocationConstraint": backend["region"]}
    s3.create_bucket(Bucket=backend["bucket"], CreateBucketConfiguration=place)
    planned = _cdktf(checkout, {**environment, name: value}, *arguments.split())
    assert "No changes." in planned
    moved = s3.get_object(Bucket=backend["bucket"], Key=f"{STACK}/terraform.tfstate")["Body"].read()
    local = [*checkout.glob(f"terraform.{STACK}.tfstate*")]
    assert json.loads(moved)["outputs"].keys() >= {"application_url"}
    assert local
    for file in local:
        file.unlink()
