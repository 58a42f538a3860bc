"""`.venv/bin/python -m ops --help`, and how a command ends."""

import os
from typing import get_args, get_type_hints

import pytest

from ops import __main__
from ops.drills.drills import DRILLS
from tests.programs import python


def test_the_list_of_commands_cuts_no_sentence_at_80_columns() -> None:
    done = python("-m", "ops", "--help", env={**os.environ, "COLUMNS": "80"})
    _, _, commands = done.stdout.partition("Commands:\n")
    assert "preflight" in commands
    assert [line for line in commands.splitlines() if not line.endswith(".")] == []
    assert "..." not in commands


def test_a_default_is_offered_as_it_is_typed_and_unbroken() -> None:
    shown = [
        python("-m", "ops", command, "--help", env={**os.environ, "COLUMNS": "80"}).stdout
        for command in ("preflight", "drill")
    ]
    assert "<proposed|" in shown[0]
    assert "(proposed)]" in shown[0]
    assert "[default: resilience-platform]" in shown[1]


def test_every_drill_is_a_choice_of_the_command() -> None:
    """`ops.__main__` names them again because importing them takes a second."""
    choices, _ = get_args(get_type_hints(__main__.drill, include_extras=True)["name"])[0:2]
    assert get_args(choices) == (*DRILLS, "all", "undo")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["load", "--requests", "0"], 2, "Invalid value for '--requests'"),
        (["drill", "nonsense"], 2, "'nonsense' is not one of 'task-failure', "),
        (["recovery-model", "nowhere"], 1, "error: stack 'nowhere' is not in cdktf.json, "),
        (["report", "--reports", "/nowhere"], 1, "error: /nowhere holds no report: "),
    ],
)
def test_what_cannot_be_done_is_said_on_stderr(arguments: list[str], code: int, said: str) -> None:
    done = python("-m", "ops", *arguments, env={**os.environ, "COLUMNS": "80"})
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_the_environment_it_says_how_to_call_it() -> None:
    """One line, with a Python that has no packages (-S) or only some of them."""
    done = python("-S", "-m", "ops", "demo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: typer is not installed for this Python: ")
    assert "`.venv/bin/python -m ops`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_package_that_a_command_misses_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__._explain(ModuleNotFoundError(name="moto")) == 1
    assert capsys.readouterr().err.startswith("error: moto is not installed for this Python: ")
    with pytest.raises(ModuleNotFoundError):
        __main__._explain(ModuleNotFoundError(name="ops.nonsense"))  # a defect
