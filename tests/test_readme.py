"""What the documentation says can be done, can be done; what it names, exists."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from constructs_lib.settings import load_stacks
from ops import ROOT
from ops.docs import documents

FILES = documents(ROOT)
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
RUN = re.compile(r"<!-- run -->\n```sh\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
FOLDERS = ("constructs_lib", "ops", "tests", "docs", "spacelift", ".ci", ".github")

BLOCKS = [
    pytest.param(found["code"], id=f"{path.name}-{number}")
    for path in FILES
    for number, found in enumerate(RUN.finditer(path.read_text(encoding="utf-8")))
]


def prose(path: Path) -> str:
    """The text of a file without its code blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def code_spans(path: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(path))


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a file's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("code", BLOCKS)
def test_marked_commands_run(code: str, tmp_path: Path) -> None:
    """Each line of a block after `<!-- run -->` ends without an error."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        ["sh", "-eu", "-c", code],
        cwd=ROOT,
        env={**own, "CDKTF_OUTDIR": str(tmp_path / "cdktf.out")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_marked_commands() -> None:
    """Or the mark was misspelt and nothing is tested."""
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shell_blocks_are_shell(path: Path) -> None:
    """The blocks that are not run parse at least."""
    for found in FENCE.finditer(path.read_text(encoding="utf-8")):
        if found["language"] == "sh":
            checked = subprocess.run(
                ["bash", "-n"], input=found["code"], capture_output=True, text=True
            )
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
    """`make X` in the text and in shell blocks."""
    targets = set(
        re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    shell = "\n".join(found["code"] for found in FENCE.finditer(path.read_text(encoding="utf-8")))
    commands = [span for span in code_spans(path) if span.startswith("make ")]
    commands += re.findall(r"^make [a-z ]+", shell, re.MULTILINE)
    named = {word for command in commands for word in command.split()[1:]}
    assert named <= targets


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_named_files_exist(path: Path) -> None:
    """Paths below our folders, and names of Python modules and of files at the top."""
    modules = {file.name for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")}
    for span in code_spans(path):
        if span.split("/")[0] in FOLDERS:
            assert any(ROOT.glob(span)), f"{path.name}: {span}"
        elif re.fullmatch(r"[a-z_]+\.py", span):
            assert span in modules or (ROOT / span).exists(), f"{path.name}: {span}"
        elif re.fullmatch(r"Makefile|Pipfile(\.lock)?|package\.json|cdktf\.json", span):
            assert any(ROOT.glob(span)), f"{path.name}: {span}"


def test_examples_of_settings_are_accepted(tmp_path: Path) -> None:
    """Each JSON block of the README is a cdktf.json that main.py takes."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    examples = [found["code"] for found in FENCE.finditer(text) if found["language"] == "json"]
    assert examples
    for example in examples:
        file = tmp_path / "cdktf.json"
        file.write_text(example, encoding="utf-8")
        assert load_stacks(file)


def test_the_trust_policy_lets_every_stack_in() -> None:
    """Spacelift tries the role for each stack that it is attached to."""
    text = (ROOT / "docs" / "spacelift.md").read_text(encoding="utf-8")
    trusted = re.findall(r'"<your Spacelift account>@\*@([\w-]+)@\*"', text)
    assert trusted == list(load_stacks(ROOT / "cdktf.json"))


@pytest.mark.parametrize("name", ["make demo", "make test"])
def test_the_output_of_the_two_commands_is_shown(name: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- output: {name} -->\n(.*?)<!-- end output -->", text, re.DOTALL)
    assert found
    assert "```text\n" in found[1]
