"""`.github/workflows/drift.yml`: off by default, few permissions; its scripts with stand-ins."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import ROOT
from spacelift.settings import SpaceliftSettings
from tests.programs import run

WORKFLOW: dict[Any, Any] = yaml.safe_load(
    (ROOT / ".github" / "workflows" / "drift.yml").read_text()
)
needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None and os.environ.get("CI") != "true",
    reason="GitHub's machines have jq",
)
JOB = WORKFLOW["jobs"]["drift"]
STACK = "resilience-platform"

PYTHON = """
test "$*" = "-m ops drift resilience-platform"
echo "aws_security_group.rds_sg   ingress"
exit $CODE
"""
GH = """
echo "$*" >> calls
if [ "$2" = list ]; then echo "$ISSUES"; else cp issue.md body; fi
"""
CURL = """
echo "${@: -1}" >> calls
case "$*" in
  *"--output "*) echo '{"serial": 7}' > "${@: -2:1}" ;;
  *"--oauth2-bearer a-token "*)
    cat > asked.json
    echo '{"data": {"stateDownloadUrl": {"url": "https://signed"}}}' ;;
  *)
    cat > posted.json
    echo '{"data": {"apiKeyUser": {"jwt": "a-token"}}}' ;;
esac
"""


def script(name: str) -> dict[str, Any]:
    (step,) = [step for step in JOB["steps"] if step.get("name", "").startswith(name)]
    assert isinstance(step, dict)
    return step


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout in which programs stand that write down how they are called."""
    programs = {".venv/bin/python": PYTHON, "bin/gh": GH, "bin/curl": CURL}
    for name, text in programs.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/bash -e{text}")
        file.chmod(0o755)
    return tmp_path


def execute(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A step's script as GitHub starts it."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "STACK": STACK, "RUN": "https://run", **environment}
    return run("bash", "-e", "-c", script(name)["run"], cwd=folder, env=environment)


def test_it_is_off_until_the_variable_is_set_and_may_only_read_and_write_issues() -> None:
    assert JOB["if"] == "vars.DRIFT_ROLE_ARN != ''"
    assert set(WORKFLOW[True]) == {"schedule", "workflow_dispatch"}, "no pull request starts it"
    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write", "issues": "write"}
    with_ = {
        step["uses"].split("@")[0]: step.get("with") for step in JOB["steps"] if "uses" in step
    }
    assert set(with_["aws-actions/configure-aws-credentials"]) == {"role-to-assume", "aws-region"}
    tool = with_["opentofu/setup-opentofu"]["tofu_version"]
    assert (SpaceliftSettings().tool, tool) == ("OPEN_TOFU", SpaceliftSettings().tool_version)
    assert script("fetch")["if"] == "vars.SPACELIFT_ENDPOINT != ''"


def test_no_secret_is_written_into_a_script() -> None:
    assert [step["run"] for step in JOB["steps"] if "${{" in step.get("run", "")] == []


@needs_jq
@pytest.mark.parametrize(
    ("others", "asked"),
    [
        ([], f"issue create --title Drift in {STACK} --body-file issue.md"),
        (["Drift in other", "bug"], f"issue create --title Drift in {STACK} --body-file issue.md"),
        ([f"Drift in {STACK}"], "issue edit 1 --body-file issue.md"),
        (["bug", f"Drift in {STACK}", f"Drift in {STACK}"], "issue edit 2 --body-file issue.md"),
    ],
)
def test_drift_opens_one_issue_or_updates_it(others: list[str], asked: str, folder: Path) -> None:
    issues = [{"number": number, "title": title} for number, title in enumerate(others, 1)]
    done = execute("look", folder, CODE="2", ISSUES=json.dumps(issues))
    assert done.returncode == 0, done.stderr
    listed, changed = (folder / "calls").read_text().splitlines()
    assert listed.startswith("issue list --app github-actions ")
    assert changed == asked
    body = (folder / "body").read_text()
    assert "```text\naws_security_group.rds_sg   ingress\n```\n" in body
    assert body.endswith("Found by https://run\n")


@pytest.mark.parametrize("code", [0, 1])
def test_without_drift_no_issue_is_touched_and_an_error_fails_the_job(
    code: int, folder: Path
) -> None:
    done = execute("look", folder, CODE=str(code))
    assert done.returncode == code
    assert "ingress" in done.stdout
    assert not (folder / "calls").exists()


@needs_jq
def test_the_state_comes_from_spacelift_to_where_the_command_looks(folder: Path) -> None:
    endpoint = "https://acme.app.us.spacelift.io"
    done = execute("fetch", folder, ENDPOINT=endpoint, KEY_ID="01KEY", KEY_SECRET="hush")
    assert done.returncode == 0, done.stderr
    assert "hush" not in done.stdout + done.stderr
    assert (folder / "calls").read_text().splitlines() == [
        f"{endpoint}/graphql",
        f"{endpoint}/graphql",
        "https://signed",
    ]
    posted = json.loads((folder / "posted.json").read_text())
    assert posted["variables"] == {"id": "01KEY", "secret": "hush"}
    assert json.loads((folder / "asked.json").read_text())["variables"] == {"id": STACK}
    assert json.loads((folder / f"terraform.{STACK}.tfstate").read_text()) == {"serial": 7}


@needs_jq
def test_a_key_that_spacelift_refuses_ends_the_job(folder: Path) -> None:
    (folder / "bin" / "curl").write_text('#!/bin/sh\necho \'{"data": {"apiKeyUser": null}}\'\n')
    done = execute("fetch", folder, ENDPOINT="https://acme", KEY_ID="01KEY", KEY_SECRET="wrong")
    assert done.returncode != 0
    assert not (folder / "calls").exists()
