"""Imports go one way, and none goes to cdktf: what ops says of a stack is about its JSON.

And no module is longer than a page that is still read.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from ops import ROOT
from tests.programs import python

LAYERS = (
    {"ops", "ops.errors", "ops.console", "ops.files"},
    {"ops.aws", "ops.model", "ops.terraform"},
    {"ops.sandbox"},
    {"ops.delivery", "ops.drills"},
    {"ops.bench", "ops.cleanup", "ops.demo", "ops.docs"},
    {"ops.__main__"},
)
"""A module may import from its own room and from the layers before it."""

ALLOWED = ("ops.sandbox", "ops.drills.rehearsal")

FILES = sorted((ROOT / "ops").rglob("*.py"))


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path) for path in FILES}


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def layer(name: str) -> int:
    (found,) = [number for number, rooms in enumerate(LAYERS) if room(name) in rooms]
    return found


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


IMPORTED = {module(path): set(imported(path)) for path in FILES}


def test_a_module_imports_from_its_room_and_from_layers_before_it() -> None:
    wrong = {
        (mine, name)
        for mine, names in IMPORTED.items()
        for name in names
        if name.split(".")[0] == "ops" and room(name) != room(mine) and layer(name) >= layer(mine)
    }
    assert wrong == set()


def test_no_module_and_no_function_is_long() -> None:
    """Of 450 and 60 lines: a room with more in it wants a second one."""
    long = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        long += [path.name] if len(text.splitlines()) > 450 else []
        long += [
            f"{path.name}: {node.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef)
            if (node.end_lineno or 0) - node.lineno >= 60
        ]
    assert long == []


def test_only_sandbox_and_rehearsal_know_the_emulator() -> None:
    knowing = {
        mine for mine, names in IMPORTED.items() if "moto" in {name.split(".")[0] for name in names}
    }
    assert knowing
    assert {mine for mine in knowing if not mine.startswith(ALLOWED)} == set()


def test_nothing_loads_cdktf() -> None:
    """Not even by way of the settings, which ops does import."""
    names = sorted(MODULES - {"ops.__main__"})
    program = (
        f"import importlib, sys\n"
        f"for name in {names!r}:\n"
        f"    importlib.import_module(name)\n"
        f"print(sorted({{m.split('.')[0] for m in sys.modules}} & {{'cdktf', 'constructs'}}))\n"
    )
    done = python("-c", program)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
