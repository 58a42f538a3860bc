"""`image/` and the workflow that delivers it, as far as they run without Docker."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import CDKTF_JSON, ROOT
from tests.programs import run

IMAGE = ROOT / "image"
WORKFLOW: dict[Any, Any] = yaml.safe_load(
    (ROOT / ".github" / "workflows" / "image.yml").read_text()
)
JOB = WORKFLOW["jobs"]["image"]
DIGEST = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/blog@sha256:{'0' * 64}"


def test_all_that_is_copied_is_there() -> None:
    """And no digest of the base is invented: who pins it, takes the one of the day."""
    text = (IMAGE / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(\S+) ", text, re.MULTILINE)
    assert sorted(copied) == ["php.ini", "wp", "wp-content"]
    assert [name for name in copied if not (IMAGE / name).exists()] == []
    assert os.access(IMAGE / "wp", os.X_OK)
    assert "sha256" not in text


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment whose programs write down how they are called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("docker-entrypoint.sh", "setpriv", "make", "gh"):
        file = folder / name
        file.write_text(f'#!/bin/sh -e\nprintf "%s|" {name} "$@" >> "{tmp_path}/calls"\n')
        file.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_wp_cli_finds_a_site_in_a_task_that_starts_with_it(
    tmp_path: Path, programs: dict[str, str]
) -> None:
    """The entrypoint fills the folder, once; then it runs as Apache does, with every argument."""
    (tmp_path / "site").mkdir()
    command = (IMAGE / "wp", "post", "list", "--s=two words")
    run(*command, cwd=tmp_path / "site", env=programs, check=True)
    (tmp_path / "site" / "wp-config.php").touch()
    run(*command, cwd=tmp_path / "site", env=programs, check=True)
    wp = (
        "setpriv|--reuid|www-data|--regid|www-data|--init-groups|php|/usr/local/lib/wp.phar|"
        "post|list|--s=two words|"
    )
    assert (tmp_path / "calls").read_text() == f"docker-entrypoint.sh|apache2|-v|{wp}{wp}"


def test_the_workflow_is_off_until_a_role_is_named_and_no_pull_request_starts_it() -> None:
    assert JOB["if"] == "vars.IMAGE_ROLE_ARN != ''"
    assert set(WORKFLOW[True]) == {"push", "workflow_dispatch"}
    assert WORKFLOW[True]["push"]["branches"] == ["main"]
    assert set(WORKFLOW["permissions"]) == {"contents", "id-token", "pull-requests"}


WITH_JQ = pytest.mark.skipif(
    shutil.which("jq") is None and os.environ.get("CI") != "true",
    reason="GitHub's machines have jq",
)


def script(name: str) -> str:
    """What a step of the job runs."""
    (step,) = [step for step in JOB["steps"] if step.get("name") == name]
    return str(step["run"])


@WITH_JQ
def test_the_repository_is_named_as_the_project(tmp_path: Path) -> None:
    stacks: dict[str, object] = {"shop": {}, "shop-live": {"project_name": "shop"}, "blog": {}}
    (tmp_path / "cdktf.json").write_text(json.dumps({"context": {"stacks": stacks}}))
    output = tmp_path / "output"
    for stack_id in stacks:
        environment = {**os.environ, "STACK": stack_id, "GITHUB_OUTPUT": str(output)}
        command = ("bash", "-e", "-c", script("name the repository"))
        run(*command, cwd=tmp_path, env=environment, check=True)
    assert output.read_text() == "name=shop\nname=shop\nname=blog\n"
    name = "${{ steps.registry.outputs.registry }}/${{ steps.repository.outputs.name }}"
    used = [line for line in json.dumps(JOB).split('"') if "outputs.registry }}" in line]
    assert [line.startswith(name) for line in used] == [True, True]


@WITH_JQ
def test_the_digest_is_proposed_and_nothing_else(tmp_path: Path, programs: dict[str, str]) -> None:
    """In a commit on a branch of its own that changes one line of cdktf.json."""
    for command in ("init -q -b main", "init -q --bare origin", "remote add origin ./origin"):
        run("git", *command.split(), cwd=tmp_path, check=True)
    shutil.copy(CDKTF_JSON, tmp_path / "cdktf.json")
    environment = {
        **programs,
        **{"HOME": str(tmp_path), "STACK": "resilience-platform-hardened", "IMAGE": DIGEST},
        **{"GITHUB_SHA": "a" * 40, "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1"},
    }
    run("git", "add", "cdktf.json", cwd=tmp_path, check=True)
    run("git", "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x", cwd=tmp_path)
    run("bash", "-e", "-c", script("propose the digest"), cwd=tmp_path, env=environment, check=True)
    pushed = run("git", "show", "image-7-1:cdktf.json", cwd=tmp_path / "origin", check=True).stdout
    before = CDKTF_JSON.read_text()
    assert len(set(pushed.splitlines()) - set(before.splitlines())) == 1
    stacks = json.loads(before)["context"]["stacks"]
    stacks["resilience-platform-hardened"]["container"]["image"] = DIGEST
    assert json.loads(pushed)["context"]["stacks"] == stacks
    said = (tmp_path / "calls").read_text()
    assert said.startswith("make|docs|gh|pr|create|--base|main|--head|image-7-1|--title|")
    assert DIGEST in said
