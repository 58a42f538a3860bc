"""The hooks of `.spacelift/config.yml`, executed as Spacelift executes them.

A run starts in a clean checkout with a backend file put there and the variables of a run; it ends
in a plan. The apply happens in an environment that has the workspace and Terraform, nothing else.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops import CDKTF_JSON, ROOT
from ops.delivery.workspace import (
    BACKEND_FILE,
    copy_checkout,
    hooks,
    image_environment,
    inject_backend,
    joined,
    spacelift_environment,
)
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform
from tests.programs import run, skip_without_terraform

pytestmark = pytest.mark.e2e

STACK_ID = "resilience-platform"
PASSWORD = "Correct-horse-7-battery"
LOG_GROUP = "aws_cloudwatch_log_group.ecs"


@dataclass
class Workspace:
    """A run's workspace: the checkout, and the environment of the container."""

    folder: Path
    terraform: Terraform
    state: Path

    def run(self, *commands: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
        """A phase: commands joined, in one shell, in the project root."""
        environment = {**self.terraform.environment, "CDKTF_JSON": None, **changed}
        given = {name: value for name, value in environment.items() if value is not None}
        return run("sh", "-c", joined(commands), cwd=self.folder, env=given)


def only_these_programs(folder: Path, *names: str) -> str:
    """A PATH on which nothing else is found."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found is not None
        (folder / Path(name).name).symlink_to(found)
    return str(folder)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    skip_without_terraform()
    folder = tmp_path / "workspace" / "source"
    folder.mkdir(parents=True)
    copy_checkout(folder)
    shutil.copy(CDKTF_JSON, folder)
    state = tmp_path / "state" / "terraform.tfstate"
    state.parent.mkdir()
    inject_backend(folder, state)
    with Sandbox() as sandbox:
        terraform = Terraform(
            folder,
            scratch=tmp_path,
            environment={
                **sandbox.environment,
                **spacelift_environment(STACK_ID, "TRACKED", folder.parent),
                **image_environment(),
                "TF_VAR_db_password": PASSWORD,
                # The image has the packages: a run downloads none.
                "PIP_NO_INDEX": "1",
            },
        )
        yield Workspace(folder, terraform, state)


@pytest.mark.slow(20)
def test_a_run_plans_in_a_clean_checkout_and_applies_in_a_fresh_container(
    workspace: Workspace, tmp_path: Path
) -> None:
    terraform = str(workspace.terraform.binary)
    init = workspace.run(
        *hooks("before_init"), f"{terraform} init -input=false", *hooks("after_init")
    )
    assert init.returncode == 0, init.stdout + init.stderr
    assert {path.name for path in workspace.folder.glob("*.tf*")} == {BACKEND_FILE, "cdk.tf.json"}
    synthesized = json.loads((workspace.folder / "cdk.tf.json").read_text())
    assert "backend" not in synthesized["terraform"]

    plan = workspace.run(
        *hooks("before_plan"),
        f"{terraform} plan -no-color -input=false -out=spacelift.plan -target={LOG_GROUP}",
        *hooks("after_plan"),
    )
    assert plan.returncode == 0, plan.stdout + plan.stderr
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in plan.stdout

    # Confirmed: another container, with credentials again, but without Python, pipenv or Node.
    programs = only_these_programs(tmp_path / "bin", "sh", terraform)
    home = tmp_path / "home"
    home.mkdir()
    credentials = {k: v for k, v in workspace.terraform.environment.items() if k.startswith("AWS_")}
    phase = [
        *hooks("before_apply"),
        f"{Path(terraform).name} apply -auto-approve -input=false spacelift.plan",
        *hooks("after_apply"),
    ]
    environment = {"PATH": programs, "HOME": str(home), **credentials}
    apply = run("sh", "-c", joined(phase), cwd=workspace.folder, env=environment)
    assert apply.returncode == 0, apply.stdout + apply.stderr
    state = json.loads(workspace.state.read_text())
    assert [f"{r['type']}.{r['name']}" for r in state["resources"]] == [LOG_GROUP]


def test_outside_a_run_the_injected_backend_would_collide(workspace: Workspace) -> None:
    """Shows that the test above can fail: the same hooks without the run's variables."""
    init = workspace.run(
        *hooks("before_init"),
        f"{workspace.terraform.binary} init -no-color -input=false",
        TF_VAR_spacelift_run_id=None,
    )
    assert init.returncode != 0
    # Terraform 1.15 puts "backend" in quotes
    assert re.search("Error: Duplicate '?backend'? configuration", init.stderr)


def test_an_unknown_stack_id_fails_the_run_with_a_clear_message(workspace: Workspace) -> None:
    done = workspace.run(
        *hooks("before_init"), "echo terraform init", TF_VAR_spacelift_stack_id="resilient"
    )
    assert done.returncode == 2
    assert "error: stack 'resilient' is not in cdktf.json, which declares " in done.stderr
    assert "terraform init" not in done.stdout
    assert not (workspace.folder / "cdk.tf.json").exists()


def test_a_runner_image_without_pipenv_fails_the_run_with_the_way_out(
    workspace: Workspace, tmp_path: Path
) -> None:
    programs = only_these_programs(tmp_path / "bin", "sh")
    done = workspace.run(*hooks("before_init"), "echo terraform init", PATH=programs)
    assert done.returncode == 1
    assert re.fullmatch("error: no pipenv here: .*spacelift/Dockerfile\n", done.stderr)
    assert "terraform init" not in done.stdout


def test_a_wrong_setting_stops_before_terraform(workspace: Workspace) -> None:
    file = workspace.folder / "cdktf.json"
    settings = json.loads(file.read_text())
    settings["context"]["stacks"][STACK_ID] = {"region": 7}
    file.write_text(json.dumps(settings))
    done = workspace.run(*hooks("before_init"), "echo terraform init")
    assert done.returncode == 2
    assert f"error: stack {STACK_ID}: region = 7: " in done.stderr
    assert "terraform init" not in done.stdout


@pytest.mark.slow(20)
def test_every_stack_of_the_app_can_be_the_runs_stack(workspace: Workspace) -> None:
    """`spacelift` itself, too; the first is in the test above."""
    first, *others = json.loads((workspace.folder / "cdktf.json").read_text())["context"]["stacks"]
    assert first == STACK_ID
    for stack_id in (others[-1], "spacelift"):
        done = workspace.run(*hooks("before_init"), TF_VAR_spacelift_stack_id=stack_id)
        assert done.returncode == 0, done.stderr
        synthesized = json.loads((workspace.folder / "cdk.tf.json").read_text())
        assert synthesized["//"]["metadata"]["stackName"] == stack_id
        assert "backend" not in synthesized["terraform"]


def test_the_copy_is_what_a_clone_would_have(tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    assert (tmp_path / "main.py").read_bytes() == (ROOT / "main.py").read_bytes()
    for ignored in (".git", ".venv", "node_modules", "cdktf.out", "cdk.tf.json"):
        assert not (tmp_path / ignored).exists()
