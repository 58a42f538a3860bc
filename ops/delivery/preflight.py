"""What a Spacelift run would do and say, before anybody pushes.

The hooks of `.spacelift/config.yml` run as they are, joined as Spacelift joins them, in a copy of
the checkout with a backend file as Spacelift puts one there; then Terraform plans, and every
policy of `spacelift/policies/` judges.

https://docs.spacelift.io/concepts/run
"""

import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from constructs_lib.settings import SettingsError, StackSettings, load_stacks
from ops import CDKTF_JSON, ROOT
from ops.console import Narrator, table
from ops.delivery import inputs, policies
from ops.delivery.inputs import Document, Run, RunType, Stack
from ops.errors import OpsError
from ops.sandbox.deployed import IMAGE
from ops.sandbox.server import Sandbox
from ops.terraform import Terraform, error_text, started
from spacelift.settings import SpaceliftSettings, labels, load_spacelift

BACKEND_FILE = "spacelift_backend.tf"
PLAN_FILE = "spacelift.plan"

SAMPLE_INPUTS = {
    "TF_VAR_certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/sandbox",
    "TF_VAR_container_image": IMAGE,
}
"""For variables that have no default in some stack: nothing looks them up before the apply."""

_COLOURS = {"deny": "bold red", "warn": "yellow", "ok": "green"}


@dataclass(frozen=True)
class Finding:
    """One line of the result. `verdict` is deny, warn, ok, or what a policy answers."""

    policy: str
    verdict: str
    text: str


def run(
    stack_id: str,
    console: Console,
    *,
    run_type: RunType = "PROPOSED",
    aws: bool = False,
    state: Path | None = None,
    plan: Path | None = None,
    infracost: Path | None = None,
) -> bool:
    """Plan, judge, and print the verdicts; whether nothing was denied.

    Args:
        run_type: the kind of run to judge for.
        aws: plan against the AWS account of the environment, not the sandbox.
        state: where to start from; default: nothing, and with `aws` the stack's local state.
        plan: a plan document (`terraform show -json`) to judge instead of planning.
        infracost: Infracost's report on it (`infracost breakdown --format json`).

    Raises:
        OpsError: a hook, Terraform or a policy cannot be run, or a file cannot be read.
    """
    platform, delivery = _declared(stack_id)
    stack = Stack(
        id=stack_id,
        # Whether Spacelift would have an estimate cannot be known here.
        labels=tuple(
            label
            for label in [*labels(stack_id, platform, delivery), "notify:inbox"]
            if label != "infracost" or infracost
        ),
        branch=delivery.vcs.branch,
        repository=delivery.vcs.repository,
    )
    costs = {"infracost": _read_json(infracost)} if infracost else None
    document = _read_json(plan) if plan else _plan(stack, console, run_type, aws, state)
    findings = list(_judge(document, stack, run_type, costs))
    console.print(_table(f"{stack_id}, {run_type.lower()} run", findings))
    return not any(finding.verdict == "deny" for finding in findings)


def _declared(stack_id: str) -> tuple[StackSettings, SpaceliftSettings]:
    try:
        stacks = load_stacks(CDKTF_JSON)
        delivery = load_spacelift(CDKTF_JSON, stacks) or SpaceliftSettings()
    except SettingsError as error:
        raise OpsError(str(error)) from None
    if stack_id not in stacks:
        raise OpsError(
            f"stack {stack_id!r} is not in cdktf.json, which declares {', '.join(stacks)}"
        )
    return stacks[stack_id], delivery


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OpsError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise OpsError(f"{path}: must be a JSON object")
    return document


def hooks(phase: str, root: Path = ROOT) -> list[str]:
    """The commands that `.spacelift/config.yml` has for a phase, like `before_init`."""
    config = yaml.safe_load((root / ".spacelift" / "config.yml").read_text(encoding="utf-8"))
    return list(config["stack_defaults"].get(phase, []))


def joined(commands: Sequence[str]) -> str:
    """Commands of a phase as Spacelift runs them: in one shell, as long as they succeed."""
    return " && ".join(commands)


def spacelift_environment(stack_id: str, run_type: RunType, workspace: Path) -> dict[str, str]:
    """The variables that every run finds, as far as anything here could look at them.

    https://docs.spacelift.io/concepts/configuration/environment#spacelift-environment
    """
    values = {
        "account_name": "opsfolio",
        "commit_branch": "preflight",
        "commit_sha": "0" * 40,
        "local_preview": "false",
        "project_root": "",
        "repository": "opsfolio-resilience-platform",
        "run_id": "01PREFLIGHT",
        "run_state": "PREPARING",
        "run_type": run_type,
        "space_id": "root",
        "stack_branch": "main",
        "stack_id": stack_id,
        "workspace_root": str(workspace),
    }
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
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
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
    """Run a phase's commands in `folder`.

    Raises:
        OpsError: one of them failed; says what it said.
    """
    lines: list[str] = []
    command = ["sh", "-c", joined(commands)]
    with started(command, folder, environment, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            say.line(lines[-1])
        exit_code = process.wait()
    if exit_code:
        raise OpsError(f"the run would fail (exit code {exit_code}): {error_text(lines)}")


def _plan(
    stack: Stack, console: Console, run_type: RunType, aws: bool, state: Path | None
) -> Document:
    """The plan document of a run in a copy of the checkout."""
    say = Narrator(console)
    with ExitStack() as open_until_done:
        scratch = Path(open_until_done.enter_context(tempfile.TemporaryDirectory()))
        inputs = {k: v for k, v in os.environ.items() if k.startswith("TF_VAR_")}
        if aws:
            account = {k: v for k, v in os.environ.items() if k.startswith("AWS_")}
            local_state = ROOT / f"terraform.{stack.id}.tfstate"
            state = state or (local_state if local_state.exists() else None)
        else:
            account = open_until_done.enter_context(Sandbox()).environment
            # a value for what has no default; what the stack does not declare is ignored
            inputs = {**SAMPLE_INPUTS, "TF_VAR_db_password": secrets.token_urlsafe(24), **inputs}
        folder = scratch / "source"
        folder.mkdir()
        copy_checkout(folder)
        project_state = scratch / "terraform.tfstate"
        if state is not None:
            shutil.copy(state, project_state)
        inject_backend(folder, project_state)
        terraform = Terraform(
            folder,
            scratch=scratch,
            environment={
                **account,
                **inputs,
                **spacelift_environment(stack.id, run_type, scratch),
                **image_environment(),
            },
        )
        program = shlex.quote(str(terraform.binary))
        options = ["-destroy"] if run_type == "DESTROY" else []
        # The sandbox has nothing of what the state speaks of.
        options += ["-refresh=false"] if state is not None and not aws else []
        plan = " ".join(
            [program, "plan", "-input=false", "-no-color", f"-out={PLAN_FILE}", *options]
        )
        for title, phase, command in (
            ("Hooks and terraform init", "init", f"{program} init -input=false -no-color"),
            ("terraform plan", "plan", plan),
        ):
            with say.step(title):
                run_phase(
                    [*hooks(f"before_{phase}", folder), command, *hooks(f"after_{phase}", folder)],
                    folder,
                    terraform.environment,
                    say,
                )
        return terraform.show(folder / PLAN_FILE)


def _judge(
    document: Document, stack: Stack, run_type: RunType, costs: Document | None
) -> Iterator[Finding]:
    run = Run(type=run_type)
    verdict = policies.review(
        "plan", inputs.plan_input(document, run=run, stack=stack, third_party_metadata=costs)
    )
    for answer in ("deny", "warn"):
        yield from (Finding("plan", answer, message) for message in verdict[answer])
    if not verdict["deny"] and not verdict["warn"]:
        yield Finding("plan", "ok", "nothing to object to")

    waiting = Run(type="DESTROY" if run_type == "DESTROY" else "TRACKED", state="UNCONFIRMED")
    for reviewers in ((), ("bob",), ("bob", "carol")):
        approval = policies.review(
            "approval", inputs.approval_input(run=waiting, stack=stack, approvals=reviewers)
        )
        answer = "approved" if approval["approve"] else "waits for more"
        plural = "" if len(reviewers) == 1 else "s"
        yield Finding("approval", answer, f"with {len(reviewers)} approval{plural} by others")

    files = _changed_files(stack.branch)
    opened: Document = {"action": "opened", "closed": False, "diff": files}
    for branch, pull_request, text in (
        ("preflight", opened, f"as a pull request ({len(files)} files)"),
        (stack.branch, None, f"once on {stack.branch}"),
    ):
        event = inputs.push_input(
            stack=stack, branch=branch, files=files, pull_request=pull_request
        )
        yield Finding("push", _started(policies.review("push", event)), text)

    ended = Run(type=run_type, state="FAILED") if verdict["deny"] else waiting
    told = policies.review("notification", inputs.notification_input(run=ended, stack=stack))
    routes = [route for route in policies.OUTPUTS["notification"] if told[route]]
    yield Finding("notification", "tells", f"{', '.join(routes) or 'nobody'}: {ended.state}")


def _started(verdict: Mapping[str, bool]) -> str:
    if verdict["ignore"]:
        return "ignored"
    return "tracked run" if verdict["track"] else "proposed run"


def _changed_files(branch: str) -> list[str]:
    """What differs from the tracked branch, committed or not; nothing where git cannot say."""
    base = subprocess.run(
        ["git", "merge-base", "HEAD", branch], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if base.returncode:
        return []
    changed = subprocess.run(
        ["git", "diff", "--name-only", base.stdout.strip()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return changed.stdout.splitlines()


def _table(title: str, findings: Sequence[Finding]) -> Table:
    shown = table(title, "policy", "verdict", "")
    for finding in findings:
        colour = _COLOURS.get(finding.verdict, "default")
        shown.add_row(
            finding.policy,
            Text(finding.verdict, style=colour),
            Text(finding.text, style=colour if finding.verdict in ("deny", "warn") else "default"),
        )
    return shown
