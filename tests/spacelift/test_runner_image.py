"""spacelift/Dockerfile and what builds it: pinned, and pinned to what the repository uses."""

import json
import re
from fnmatch import fnmatch
from typing import Any

import yaml

from ops import ROOT
from spacelift import hooks
from spacelift.settings import PUBLIC_REGISTRIES, RUNNER_IMAGE

PAGE = (ROOT / "docs" / "spacelift.md").read_text()
DOCKERFILE = ROOT / "spacelift" / "Dockerfile"
TEXT = DOCKERFILE.read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(
    (ROOT / ".github" / "workflows" / "runner-image.yml").read_text()
)
TRIGGERS = WORKFLOW[True]  # YAML 1.1 reads "on" as true


def instructions() -> list[tuple[str, str]]:
    """Instruction and argument of each line, continuation lines joined, comments left out."""
    lines = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in whole.splitlines()]


def argument(name: str) -> str:
    (value,) = re.findall(rf"^ARG {name}=(\S+)$", TEXT, re.MULTILINE)
    return str(value)


def copied() -> set[str]:
    """The files that the image is built from."""
    copies = [arguments.split()[:-1] for name, arguments in instructions() if name == "COPY"]
    return {source for sources in copies for source in sources}


def test_the_base_is_spacelifts_runner_at_a_fixed_tag() -> None:
    """Or, as the page says how, at a digest besides."""
    image, tag = argument("BASE").split(":", 1)
    assert image == "public.ecr.aws/spacelift/runner-terraform"
    assert re.fullmatch(r"v\d+\.\d+\.\d+(_\d{8})?(@sha256:[0-9a-f]{64})?", tag)
    assert f"inspect {image}:{tag.partition('@')[0]} " in PAGE
    assert [value for name, value in instructions() if name == "FROM"] == ["${BASE}"]


def test_pipenv_is_the_makefiles() -> None:
    (version,) = re.findall(r"^PIPENV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.M)
    assert argument("PIPENV_VERSION") == version
    assert '"pipenv==$PIPENV_VERSION"' in TEXT


def test_the_cdktf_cli_is_the_locked_one() -> None:
    """`npm ci` installs what package-lock.json says, which is what package.json says."""
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]["cdktf-cli"]
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", wanted)
    assert lock["node_modules/cdktf-cli"]["version"] == wanted
    assert "npm ci" in TEXT
    assert "cdktf-cli@" not in TEXT


def test_python_packages_are_those_of_the_lock() -> None:
    assert "pipenv sync" in TEXT
    assert copied() == {"package.json", "package-lock.json", "Pipfile", "Pipfile.lock"}


def test_it_runs_as_the_user_that_spacelift_demands_and_has_ps() -> None:
    assert [value for name, value in instructions() if name == "USER"][-1] == "1983"
    assert 'test "$(id -un)" = spacelift' in TEXT
    assert re.search(r"command -v ps\b", TEXT)


def test_the_programs_of_the_hooks_are_checked_for_in_the_image() -> None:
    for command in hooks.BEFORE_INIT:
        program = command.split()[0]
        assert program in ("command", "cp") or re.search(rf"command -v .*\b{program}\b", TEXT)


def test_the_build_context_has_what_is_copied_and_what_a_synth_needs() -> None:
    kept = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    needed = copied() | {"main.py", "cdktf.json", "constructs_lib", "spacelift"}
    assert kept == needed
    assert all((ROOT / name).exists() for name in kept)


def test_whatever_the_image_is_made_from_starts_a_build() -> None:
    needed = copied() | {
        *("main.py", "cdktf.json", "constructs_lib/x.py", "spacelift/x.py", "spacelift/Dockerfile"),
        *(".dockerignore", ".github/workflows/runner-image.yml"),
    }
    for event in ("push", "pull_request"):
        paths = TRIGGERS[event]["paths"]
        assert [n for n in needed if not any(fnmatch(n, path) for path in paths)] == []


def test_it_is_published_where_public_workers_may_pull_but_not_from_a_pull_request() -> None:
    steps = WORKFLOW["jobs"]["build"]["steps"]
    with_ = {step["uses"].split("@")[0]: step.get("with", {}) for step in steps}
    image = with_["docker/metadata-action"]["images"]
    assert re.fullmatch(PUBLIC_REGISTRIES, image.split("/")[0])
    assert with_["docker/build-push-action"]["file"] == "spacelift/Dockerfile"
    assert with_["docker/build-push-action"]["push"] == (
        "${{ github.event_name != 'pull_request' }}"
    )
    assert WORKFLOW["permissions"] == {"contents": "read", "packages": "write"}
    (tags,) = {tag for tag in with_["docker/metadata-action"]["tags"].split() if "sha" in tag}
    assert tags == "type=sha,format=long"
    assert RUNNER_IMAGE.fits(f"ghcr.io/me/site-runner:sha-{'0' * 40}")
