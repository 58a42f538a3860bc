"""The workspace of a Spacelift run, on this machine.

The hooks of `.spacelift/config.yml` run as they are, joined as Spacelift joins them, in a copy of
the checkout with a backend file as Spacelift puts one there; then Terraform plans.

https://docs.spacelift.io/concepts/run
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from ops import ROOT, files
from ops.console import Narrator
from ops.delivery.inputs import Document, RunType
from ops.errors import OpsError
from ops.sandbox.deployed import stand_ins
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform, error_text, followed

BACKEND_FILE = "spacelift_backend.tf"
PLAN_FILE = "spacelift.plan"


def hooks(phase: str, root: Path = ROOT) -> list[str]:
    """The commands that `.spacelift/config.yml` has for a phase, like `before_init`."""
    config = yaml.safe_load((root / ".spacelift" / "config.yml").read_text(encoding="utf-8"))
    return list(config["stack_defaults"].get(phase, []))


def joined(commands: Sequence[str]) -> str:
    """Commands of a phase as Spacelift runs them: in one shell, as long as they succeed."""
    return " && ".join(commands)


def spacelift_environment(stack_id: str, run_type: RunType, workspace: Path) -> dict[str, str]:
    """The variables that every run finds: those of workspace.yaml, and its own."""
    values = files.data(dict[str, str], Path(__file__).with_suffix(".yaml"))
    values |= {"run_type": run_type, "stack_id": stack_id, "workspace_root": str(workspace)}
    return {f"TF_VAR_spacelift_{name}": value for name, value in values.items()}


def image_environment() -> dict[str, str]:
    """What the runner image brings: an active virtual environment with pipenv and the packages."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")]),
        "VIRTUAL_ENV": sys.prefix,
        "PIPENV_NOSPIN": "1",
        "PIPENV_VERBOSITY": "-1",
    }


def copy_checkout(target: Path, root: Path = ROOT) -> None:
    """What a clone would have of the files as they are now: nothing that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True)
    if listed.returncode:
        raise OpsError("git cannot list the checkout's files: run this inside a clone")
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = root / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)


def inject_backend(project_root: Path, state: Path) -> None:
    """The backend file that Spacelift writes before `terraform init`; theirs is of type http."""
    path = json.dumps(str(state))
    (project_root / BACKEND_FILE).write_text(
        f'terraform {{\n  backend "local" {{\n    path = {path}\n  }}\n}}\n', encoding="utf-8"
    )


def run_phase(
    commands: Sequence[str], folder: Path, environment: Mapping[str, str], say: Narrator
) -> None:
    """Run a phase's commands in `folder`."""
    command = ["sh", "-c", joined(commands)]
    exit_code, lines = followed(command, folder, environment, say.line)
    if exit_code:
        raise OpsError(f"the run would fail (exit code {exit_code}): {error_text(lines)}")


def local_state(stack_id: str) -> Path:
    """Where a stack with the local backend keeps its state, beside cdktf.json."""
    return ROOT / f"terraform.{stack_id}.tfstate"


def inherited(prefix: str) -> dict[str, str]:
    """What the environment has for names that begin so: Terraform gets nothing by itself."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefix)}


def inputs() -> dict[str, str]:
    """The environment's values for Terraform variables, and stand-ins for what has no default."""
    return {f"TF_VAR_{name}": value for name, value in stand_ins().items()} | inherited("TF_VAR_")


def planned(
    stack_id: str, console: Console, run_type: RunType, *, aws: bool, state: Path | None
) -> Document:
    """The plan document of a run in a copy of the checkout."""
    say = Narrator(console)
    with ExitStack() as open_until_done:
        scratch = Path(open_until_done.enter_context(tempfile.TemporaryDirectory()))
        if aws:
            account, values = inherited("AWS_"), inherited("TF_VAR_")
        else:  # not `deployed`: here the hooks synthesize, in the copy
            account, values = open_until_done.enter_context(Sandbox()).environment, inputs()
        folder = scratch / "source"
        folder.mkdir()
        copy_checkout(folder)
        project_state = scratch / "terraform.tfstate"
        if state is not None:
            shutil.copy(state, project_state)
        inject_backend(folder, project_state)
        told = spacelift_environment(stack_id, run_type, scratch) | image_environment()
        terraform = Terraform(folder, scratch=scratch, environment={**account, **values, **told})
        program = shlex.quote(str(terraform.binary))
        plan = f"{program} plan -input=false -no-color -out={PLAN_FILE}"
        plan += " -destroy" if run_type == "DESTROY" else ""
        # The sandbox has nothing of what the state speaks of.
        plan += " -refresh=false" if state is not None and not aws else ""
        for title, phase, command in (
            ("Hooks and terraform init", "init", f"{program} init -input=false -no-color"),
            ("terraform plan", "plan", plan),
        ):
            before, after = (hooks(f"{when}_{phase}", folder) for when in ("before", "after"))
            commands = [*before, command, *after]
            with say.step(title):
                run_phase(commands, folder, terraform.environment, say)
        return terraform.show(folder / PLAN_FILE)


def compares(plan: Document) -> bool:
    """Whether the state that a plan began with has resources; what the plan reads is there, too."""
    prior: Any = plan.get("prior_state") or {}
    resources = prior.get("values", {}).get("root_module", {}).get("resources", ())
    return any(resource["mode"] == "managed" for resource in resources)
