"""What the documentation says can be done, can be done; what it names, exists."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest

from constructs_lib.settings import load_stacks
from ops import ROOT
from ops.docs import documents
from tests import aws_cli
from tests.programs import own_environment, python, run
from tests.synth.synthesized import synthesize

FILES = documents(ROOT)
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
FOLDERS = ("constructs_lib", "ops", "tests", "docs", "image", "spacelift", ".ci", ".github")
SOURCES = [path for name in FOLDERS for path in (ROOT / name).rglob("*.py")]


def blocks(beginning: str) -> list[Any]:
    """The code of all blocks that begin like this, each the parameter of a test."""
    pattern = re.compile(rf"^{beginning}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [
        pytest.param(code, id=f"{path.name}-{number}")
        for path in FILES
        for number, code in enumerate(pattern.findall(path.read_text(encoding="utf-8")))
    ]


BLOCKS = blocks("<!-- run -->\n```sh")
EXAMPLES = blocks("```json")


def prose(path: Path) -> str:
    """The text of a file without its code blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def code_spans(path: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(path))


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a file's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.slow(25)
@pytest.mark.parametrize("code", BLOCKS)
def test_marked_commands_run(code: str, tmp_path: Path) -> None:
    """Each line of a block after `<!-- run -->` ends without an error."""
    environment = {**own_environment(), "CDKTF_OUTDIR": str(tmp_path / "cdktf.out")}
    done = run("sh", "-eu", "-c", code, env=environment, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_marked_commands() -> None:
    """Or the mark was misspelt and nothing is tested."""
    assert len(BLOCKS) >= 2
    assert len(EXAMPLES) >= 8


def test_commands_of_the_aws_cli_are_in_its_model(tmp_path: Path) -> None:
    """With options that they have, and all that they need; tests/e2e runs some of them."""
    log = tmp_path / "log"
    recorded = 'aws() { printf "%s\\0" "$@" "" >> "$LOG"; echo "{}"; }; terraform() { :; }\n'
    for name in ("restore.md", "upgrade.md"):
        found = FENCE.finditer((ROOT / "docs" / name).read_text())
        code = "".join(block["code"] for block in found if block["language"] == "sh")
        environment = {**own_environment(), "LOG": str(log)}
        shell = run("bash", "-euc", recorded + code, cwd=tmp_path, env=environment)
        assert shell.returncode == 0, shell.stderr
    commands = [command.split("\0") for command in log.read_text().split("\0\0")[:-1]]
    assert len(commands) >= 20
    for service, *arguments in commands:
        aws_cli.understood(boto3.client(service, region_name="eu-central-1"), *arguments)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shell_blocks_are_shell(path: Path) -> None:
    """The blocks that are not run parse at least."""
    for found in FENCE.finditer(path.read_text(encoding="utf-8")):
        if found["language"] == "sh":
            checked = run("bash", "-n", input=found["code"])
            assert checked.returncode == 0, checked.stderr + found["code"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Relative links name files that exist, and headings that those have."""
    text = re.sub(r"`[^`\n]+`", "", prose(path))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{path.name}: {target}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_named_make_targets_exist(path: Path) -> None:
    """`make X` in the text and in shell blocks, and the variables that are set there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {*re.findall(r"^([a-z-]+):.*##|^([A-Z]+) [:?]=", makefile, re.MULTILINE)}
    shell = "\n".join(found["code"] for found in FENCE.finditer(path.read_text(encoding="utf-8")))
    commands = [span for span in code_spans(path) if span.startswith("make ")]
    commands += re.findall(r"^(?:[A-Z_]+=\w+ )?(make [\w =-]+)", shell, re.MULTILINE)
    named = {word.partition("=")[0] for command in commands for word in command.split()[1:]}
    assert named <= {name for names in targets for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_named_files_exist(path: Path) -> None:
    """Paths below our folders, and names of Python modules and of files at the top."""
    modules = {file.name for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")}
    for span in code_spans(path):
        if span.split("/")[0] in FOLDERS:  # a test is named behind its file
            assert any(ROOT.glob(span.partition("::")[0])), f"{path.name}: {span}"
        elif re.fullmatch(r"[a-z_]+\.py", span):
            assert span in modules or (ROOT / span).exists(), f"{path.name}: {span}"
        elif re.fullmatch(r"Makefile|Pipfile(\.cdktn)?(\.lock)?|package\.json|cdktf\.json", span):
            assert any(ROOT.glob(span)), f"{path.name}: {span}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_settings_are_synthesized(example: str, tmp_path: Path) -> None:
    """Each JSON block is a cdktf.json, and what its overrides name is in the stack."""
    file = tmp_path / "cdktf.json"
    file.write_text(example, encoding="utf-8")
    assert load_stacks(file)
    for stack_id, values in json.loads(example)["context"]["stacks"].items():
        assert synthesize(values, stack_id=stack_id, outdir=tmp_path).addresses


def test_the_example_of_a_test_passes(tmp_path: Path) -> None:
    """With the fixtures that it is said to have, and nothing else."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- test -->\n```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found
    example = tmp_path / "test_example.py"
    example.write_text(found[1], encoding="utf-8")
    options = ("-p", "tests.synth.conftest", "-p", "no:cacheprovider", "-n", "0")
    environment = {**own_environment(), "PYTHONPATH": str(ROOT)}
    done = python("-m", "pytest", *options, f"--rootdir={ROOT}", example, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_readme_is_one_page() -> None:
    """As `wc -l -w` counts; what is longer belongs in a page of docs/."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 180
    assert len(text.split()) <= 1400


def test_the_commands_are_spelt_in_the_one_way_that_works_when_pasted() -> None:
    """With the environment's Python, in messages too; a spelling without it fails elsewhere."""
    spelt = [
        command
        for path in [*FILES, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *SOURCES]
        for command in re.findall(r"\S*python3? -m ops", path.read_text(encoding="utf-8"))
    ]
    assert len(spelt) > 20
    assert {command.lstrip('`"{') for command in spelt} == {".venv/bin/python -m ops"}


def test_what_the_first_deploy_writes_can_be_pasted_twice(tmp_path: Path) -> None:
    """The second time keeps the password and what the user has written; git ignores both files."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:export TF_VAR|\[ -e ).*", text, re.MULTILINE)
    assert len(lines) == 3
    script = "\n".join([*lines, "printenv TF_VAR_db_password"])
    first = run("sh", "-euc", script, cwd=tmp_path, check=True).stdout
    assert re.fullmatch(r"[\w+=]{24,33}\n", first)
    (tmp_path / "terraform.tfvars").write_text("mine")
    assert run("sh", "-euc", script, cwd=tmp_path, check=True).stdout == first
    assert (tmp_path / "terraform.tfvars").read_text() == "mine"
    for file in tmp_path.iterdir():
        run("git", "check-ignore", file.name, check=True)


def test_every_page_is_found_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(ROOT)) for path in FILES} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([^)#\s]+)", text))


@pytest.mark.parametrize("name", ["make demo", "make test"])
def test_the_output_of_the_two_commands_is_shown(name: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- output: {name} -->\n(.*?)<!-- end output -->", text, re.DOTALL)
    assert found
    assert "```text\n" in found[1]
