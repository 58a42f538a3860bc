"""Benchmark of the synth: fast_synth beside stock, on both engines.

The programs of a comparison take turns, so that a machine that gets slower or faster meanwhile does
so for all of them. Their jsii caches are in .build/bench: the user's own is neither read nor
written.
"""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from constructs_lib.engine import PROVIDERS  # this chooses the Node.js of every program here, too
from ops import ROOT
from ops.errors import OpsError
from ops.terraform import stop

WORK = ROOT / ".build" / "bench"
CLI = ROOT / "node_modules" / ".bin" / "cdktf"


class Sample(NamedTuple):
    """One run: wall time, processor time, and the peak resident memory of its largest process."""

    seconds: float
    processor_seconds: float
    peak_mb: float


Results = dict[str, list[Sample]]  # by the program's name


@dataclass(frozen=True)
class Program:
    """A command to measure. A cold one finds an empty jsii cache."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    cold: bool = False

    @property
    def outdir(self) -> Path:
        return WORK / "out" / self.name.replace(",", "").replace(" ", "-")

    def run(self) -> Sample:
        """Run it once, in an environment of its own, and end whatever it started."""
        cache = WORK / ("cache-cold" if self.cold else "cache")
        for old in (self.outdir, *([cache] if self.cold else [])):
            shutil.rmtree(old, ignore_errors=True)
        self.outdir.mkdir(parents=True)
        # without what would favour or burden one of the programs
        burdens = ("CDK_ENGINE", "CDKTF_", "FAST_SYNTH", "NODE_OPTIONS", "PYTHONDONTWRITE")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(burdens)},
            "CDKTF_OUTDIR": str(self.outdir),
            "CHECKPOINT_DISABLE": "1",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache),
            **self.environment,
        }
        log = self.outdir.with_suffix(".log")
        with log.open("w") as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            try:
                # Unlike Popen.wait, this tells what it and its (waited for) children used.
                _, status, usage = os.wait4(process.pid, 0)
                seconds = time.perf_counter() - started
                process.returncode = os.waitstatus_to_exitcode(status)
            finally:
                stop(process)
        if process.returncode:
            raise OpsError(f"{self.name} failed ({process.returncode}): see {log}")
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, else in KiB
        return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def synths(cache: str) -> list[Program]:
    """`python main.py` for one stack and `cdktf synth`, which takes all: both engines and ways."""
    if not CLI.is_file():
        raise OpsError(f"{CLI.relative_to(ROOT)} is missing; npm ci installs it")
    main = [sys.executable, "main.py", "--stack", "resilience-platform"]
    cli = ["sh", "-c", f"exec {CLI} synth --output $CDKTF_OUTDIR"]
    return [
        Program(f"{name}, {engine}, {cache}, {way}", command, environment, cold=cache == "cold")
        for name, command in (("python main.py", main), ("cdktf synth", cli))
        for engine in PROVIDERS
        for way, switch in (("stock", "0"), ("fast", "1"))
        for environment in [{"CDK_ENGINE": engine, "FAST_SYNTH": switch}]
    ]


def measure(programs: Sequence[Program], runs: int, results: Results, progress: Console) -> None:
    """Let the programs take turns, `runs` times, after one turn that only warms up."""
    for turn in range(runs + 1):
        for program in programs:
            if turn or not program.cold:
                sample = program.run()
                shown = "{:7.2f} s {:7.2f} s {:6.0f} MB".format(*sample)
                which = f"{turn}/{runs}" if turn else "warm-up"
                progress.print(f"{which:>8}  {program.name:<34} {shown}")
                results[program.name] += [sample] if turn else []


def summary(results: Results) -> Table:
    """Medians, and what part they are of the first of their kind's."""
    table = Table("program", "time", "processor", "memory", "to the first of its kind")
    table.box = box.MARKDOWN
    first: dict[str, Sample] = {}
    for name, samples in results.items():
        median = Sample(*map(statistics.median, zip(*samples, strict=True)))
        base = first.setdefault(name.rpartition(",")[0], median)
        ratios = " / ".join(f"{a / b:.2f}" for a, b in zip(median, base, strict=True))
        seconds = (f"{median.seconds:.2f} s", f"{median.processor_seconds:.2f} s")
        table.add_row(name, *seconds, f"{median.peak_mb:.0f} MB", ratios)
    return table


def run(console: Console, progress: Console, *, runs: int, quick: bool) -> None:
    """Measure everything, then print the table."""
    runs = 1 if quick else runs
    results: Results = defaultdict(list)
    for cache in ("warm",) if quick else ("warm", "cold"):
        measure(synths(cache), runs, results, progress)
    console.print(summary(results))
    console.print(
        f"Medians of {runs} interleaved runs; memory is the peak of the largest process. "
        f"{os.cpu_count()} cores, Python {platform.python_version()}.",
        highlight=False,
    )
