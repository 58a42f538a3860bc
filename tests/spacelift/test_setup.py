"""docs/spacelift.md: its commands are run as they stand, and what it says is shown somewhere."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.settings import load_stacks
from ops import ROOT
from ops.delivery.permissions import FILES, READER
from ops.terraform import find_binary
from spacelift.settings import SpaceliftSettings, load_spacelift
from tests.programs import python, run, skip_without_terraform

PAGE = (ROOT / "docs" / "spacelift.md").read_text(encoding="utf-8")
SETUP = PAGE.partition("\n## Set it up as code\n")[2].partition("\n## ")[0]
PLACEHOLDERS = {
    "spacelift account": "acme",
    "owner": "me",
    "repository": "site",
    "commit": "0123abc",
    "key id": "01KEY",
    "key secret": "sesame",
    "infracost key": "ico-1",
}
STUB = """#!/bin/sh
[ "$1 $2" != "sts get-caller-identity" ] || echo 123456789012
printf '%s\\0' "$(basename "$0")" "$@" >> "$CALLS"
printf '\\0' >> "$CALLS"
"""
"""A program that writes down with which arguments it was called."""


class Followed:
    """What came of the commands of the page's set-up.

    Attributes:
        calls: of aws, npx and docker, with their arguments.
        variables: Terraform's, as the commands left them in the environment.
        document: the stack `spacelift` that delivers `resilience-platform`, as the page says.
    """

    def __init__(self, folder: Path) -> None:
        programs = folder / "bin"
        programs.mkdir()
        for name in ("aws", "npx", "docker"):
            (programs / name).write_text(STUB)
            (programs / name).chmod(0o755)
        blocks = re.findall(r"^```sh\n(.*?)^```$", SETUP, re.MULTILINE | re.DOTALL)
        script = re.sub(r"<([a-z ]+)>", lambda found: PLACEHOLDERS[found[1]], "".join(blocks))
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        bare = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
        environment = {**bare, "PATH": path, "CALLS": str(folder / "calls")}
        done = run("sh", "-euc", script + "\nenv -0", env=environment, check=True)
        after = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
        self.variables = {k: v for k, v in after.items() if k.startswith("TF_VAR_")}
        calls = (folder / "calls").read_text().split("\0\0")
        self.calls = [call.split("\0") for call in calls if call]
        context: dict[str, object] = {"stacks": {"resilience-platform": {}}, "spacelift": {}}
        (folder / "cdktf.json").write_text(json.dumps({"context": context}))
        out = folder / "out"
        environment = {**bare, "CDKTF_JSON": str(folder / "cdktf.json"), "CDKTF_OUTDIR": str(out)}
        python("main.py", "--stack", "spacelift", env=environment, check=True)
        synthesized = out / "stacks" / "spacelift" / "cdk.tf.json"
        self.document: dict[str, Any] = json.loads(synthesized.read_text())


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    return Followed(tmp_path_factory.mktemp("setup"))


def planned(followed: Followed, folder: Path, **changed: str) -> Any:
    """A plan of the variables alone: all that comes before the provider, and its account."""
    skip_without_terraform()
    variables = {
        name: {k: v for k, v in variable.items() if k != "ephemeral"}  # new in Terraform 1.10
        for name, variable in followed.document["variable"].items()
    }
    (folder / "variables.tf.json").write_text(json.dumps({"variable": variables}))
    environment = {**os.environ, **followed.variables, "TF_INPUT": "0", **changed}
    return run(find_binary(), "plan", "-no-color", cwd=folder, env=environment)


def test_the_documented_commands_give_every_variable_a_value_that_is_accepted(
    followed: Followed, tmp_path: Path
) -> None:
    wanted = {f"TF_VAR_{name}" for name in followed.document["variable"]}
    assert followed.variables.keys() == wanted
    done = planned(followed, tmp_path)
    assert done.returncode == 0, done.stderr
    assert followed.calls[-1] == ["npx", "cdktf", "deploy", "spacelift"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        *[
            ("runner_image", image, "must be an image with a digest, or with a tag other than")
            for image in ("ghcr.io/me/runner:latest", "ghcr.io/me/runner", "example.com/me/r:1")
        ],
        ("aws_read_role_arn", "spacelift-read", "must be the ARN of a role"),
        ("db_credentials", "{}", "must have the keys resilience-platform"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_before_the_provider(
    name: str, value: str, message: str, followed: Followed, tmp_path: Path
) -> None:
    done = planned(followed, tmp_path, **{f"TF_VAR_{name}": value})
    assert done.returncode == 1
    assert f"{name}: {message}" in " ".join(done.stderr.replace("│", " ").split())


def test_the_roles_trust_spacelift_for_what_they_are_for(followed: Followed) -> None:
    """For the stacks that the checkout's own cdktf.json delivers, from which the page is made."""
    file = ROOT / "cdktf.json"
    delivery = load_spacelift(file, stacks := load_stacks(file)) or SpaceliftSettings()
    delivered = [name for name in stacks if delivery.delivers(name)]
    trusts = {
        call[call.index("--role-name") + 1]: json.loads(call[-1])["Statement"]
        for call in followed.calls
        if call[1:3] == ["iam", "create-role"]
    }
    assert trusts.keys() == {"spacelift", "spacelift-read"}
    for role, word in (("spacelift", "write"), ("spacelift-read", "read")):
        (statement,) = trusts[role]
        assert statement["Principal"] == {"AWS": "324880187172"}
        ids = [f"acme@*@{name}@{word}" for name in delivered]
        assert statement["Condition"] == {"StringLike": {"sts:ExternalId": ids}}


def test_each_role_gets_its_policies(followed: Followed) -> None:
    given = {
        (call[call.index("--role-name") + 1], call[-1].rpartition("/")[2])
        for call in followed.calls
        if call[1:3] == ["iam", "attach-role-policy"]
    }
    assert given == {
        ("spacelift-read", Path(READER).stem),
        *(("spacelift", Path(name).stem) for name in FILES),
    }


@pytest.mark.parametrize(
    ("section", "lines"), [("Option 1", 11), ("Spacelift Workflow", 8), ("Pipeline Features", 20)]
)
def test_every_line_of_the_originals_readme_is_shown_by_something_that_exists(
    section: str, lines: int
) -> None:
    table = PAGE.partition(f"\n| {section} | here | shown by |\n| --- | --- | --- |\n")[2]
    rows = [row.strip("|").split(" | ") for row in table.partition("\n\n")[0].splitlines()]
    assert len(rows) == lines
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings()}
    for _, _, shown_by in rows:
        tests = re.findall(r"`(tests/\S+\.py)::(\w+)`", shown_by)
        links = re.findall(r"\]\(#([\w-]+)\)", shown_by)
        assert tests or links, shown_by
        assert {*links} <= anchors
        for file, name in tests:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name


def headings() -> list[str]:
    return re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)


def test_the_page_names_the_roles_that_there_are() -> None:
    from spacelift.stack import _ROLES

    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ((?:`[A-Z_]+`(?:, )?)+) \|$", PAGE, re.MULTILINE)
    assert {role: tuple(re.findall(r"[A-Z_]+", actions)) for role, actions in rows} == {
        role: actions for role, (_, actions) in _ROLES.items()
    }
    assert {*_ROLES} == SpaceliftSettings().roles.model_dump().keys()
