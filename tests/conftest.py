"""For all tests: signals work as at a terminal, and the long tests start first."""

import gc
import hashlib
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# The tests have stacks of their own: whoever changes cdktf.json keeps them green.
os.environ["CDKTF_JSON"] = str(Path(__file__).with_name("cdktf.json"))

from ops.model import stack
from tests.programs import made_once, skip_without_terraform

if TYPE_CHECKING:
    from tests.spacelift.plans import PlanDocuments

SHARED = ("deployment", "scan", "alive", "mysql", "made")
"""Fixtures of a module, which take long: made with Terraform, Checkov, the stand-in or MySQL."""


def pytest_configure(config: pytest.Config) -> None:
    """A shell starts background jobs with SIGINT ignored, and every child inherits that.

    Tests interrupt programs, which must not depend on how the tests were started.
    """
    config.addinivalue_line("markers", "slow(seconds): how long it takes; the longest start first")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Terraform and its provider load schemas all the time: without the garbage collector of Go
    # that takes a quarter less.
    os.environ.setdefault("GOGC", "off")
    os.environ.setdefault("GOMEMLIMIT", "512MiB")
    gc.disable()  # until all tests are there: it would take a third of that time


def pytest_collection_finish() -> None:
    """What has been collected stays: looking for garbage in it takes long in every process."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deals the slow tests to the test processes, the longest first, and the quick ones after.

    `--dist worksteal` gives each process an equal, contiguous part of the tests, and lets those
    that are done take over from the end of what others still have. What takes minutes waits for AWS
    most of the time: it gets three of four processes, and the processor as soon as it wants it. The
    plan documents are made once, for all processes: the tests that read them come last, when they
    are there.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    quick: list[pytest.Item] = []
    for item in items:
        shared = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
        if shared:
            groups[f"{shared[0]} {item.path}"].append(item)
        elif item.get_closest_marker("slow"):
            groups[item.nodeid].append(item)
        else:
            quick.append(item)

    hands: list[list[pytest.Item]] = [[] for _ in range(processes)]
    seconds = [0.0] * processes
    waiting = max(1, processes * 3 // 4)
    for group in sorted(groups.values(), key=_seconds, reverse=True):
        takes = _seconds(group)
        fit = range(waiting) if takes > 100 else range(waiting, processes) or range(processes)
        least = min(fit, key=seconds.__getitem__)
        hands[least] += group
        seconds[least] += takes
    if int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) >= waiting:
        os.nice(5)
    quick.sort(key=lambda item: "plans" in getattr(item, "fixturenames", ()))
    total = len(items)
    dealt: list[pytest.Item] = []
    for number, hand in enumerate(hands, start=1):
        rest = max(0, total * number // processes - len(dealt) - len(hand))
        dealt += hand + quick[:rest]
        del quick[:rest]
    items[:] = dealt + quick


def _seconds(group: list[pytest.Item]) -> float:
    marks = (item.get_closest_marker("slow") for item in group)
    return sum(float(mark.args[0]) for mark in marks if mark)


@pytest.fixture(scope="session", autouse=True)
def _synthesized_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A stack that one test process has synthesized is not synthesized again by another.

    Same input, same bytes: tests/synth/test_main.py holds that, and runs `main.py` itself.
    """
    synthesize_all = stack.synthesize_all

    def once(folder: Path, stacks: Mapping[str, object] | None = None, *arguments: str) -> Path:
        configured = Path(os.environ["CDKTF_JSON"]).read_bytes()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        inputs = repr((configured, stacks, arguments, sorted(environment.items())))
        name = f"synth-{hashlib.sha256(inputs.encode()).hexdigest()}"
        written = made_once(
            tmp_path_factory, name, lambda made: synthesize_all(made, stacks, *arguments)
        )
        out = folder / "cdktf.out"
        shutil.copytree(written.parent, out, dirs_exist_ok=True)
        return out / written.name

    stack.synthesize_all = once


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> "PlanDocuments":
    """The plan documents, made once for all test processes."""
    from tests.spacelift.plans import made  # with the sandbox, which few tests need

    skip_without_terraform()
    return made(tmp_path_factory)
