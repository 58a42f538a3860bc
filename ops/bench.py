"""Benchmark of the synth: `python -m ops.bench`, in the repository root (`make bench`).

Compares fast_synth with the stock provider, with plain JavaScript and with the community's
successor of CDKTF. Programs of a comparison take turns, so that a machine that gets slower or
faster meanwhile does so for all of them; a table holds the ratios of their medians first, and the
peak memory of the largest process of each program. What the peers need is installed into
.build/bench, and so are the jsii caches: the user's own cache is neither read nor written.
"""

import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

import constructs_lib  # noqa: F401  (chooses the Node.js that every program here runs on)
from ops import ROOT

WORK = ROOT / ".build" / "bench"
PEERS = "ops/bench_peers"
NODE = os.environ.get("JSII_NODE", "node")
TIME_LIMIT_SECONDS = 600

# The JavaScript floor stands on the very libraries that are inside the Python packages.
NPM_PACKAGES = ("cdktf@0.21.0", "@cdktf/provider-aws@20.1.0", "constructs@10.8.1")
PYPI_PACKAGES = ("cdktn", "cdktn-aws")

console = Console(width=160)  # the widest table, also where there is no terminal
progress = Console(stderr=True, soft_wrap=True)


ONE_STACK = ("--stack", "resilience-platform")


class BenchError(Exception):
    """A program or an installation failed; the message says which and why."""


def outdir(name: str) -> Path:
    """The folder for the output of the program of that name."""
    return WORK / "out" / name.replace(",", "").replace(" ", "-")


@dataclass(frozen=True)
class Program:
    """A command to measure: its name in the results, and what it is run with."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path = ROOT
    cold: bool = False

    @property
    def outdir(self) -> Path:
        """Where it has to write what it synthesizes."""
        return outdir(self.name)


@dataclass(frozen=True)
class Sample:
    """One run: wall and processor time, and the peak resident memory of its largest process."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Comparison:
    """A row: two programs, and the ratios that issue 3 asks for (None: none)."""

    what: str
    program: str
    other: str
    time_goal: float | None = None
    memory_goal: float | None = None


Results = dict[str, list[Sample]]


def run(program: Program) -> Sample:
    """Run a program once, in an environment of its own, and end whatever it started."""
    cache = WORK / ("cache-cold" if program.cold else "cache")
    for old in (program.outdir, *([cache] if program.cold else [])):
        shutil.rmtree(old, ignore_errors=True)
    program.outdir.mkdir(parents=True)
    environment = {
        name: value
        for name, value in os.environ.items()
        # Whatever would favour or burden one of the programs.
        if not name.startswith(("CDKTF_", "FAST_SYNTH", "NODE_OPTIONS", "PYTHONDONTWRITE"))
    } | {
        "CDKTF_OUTDIR": str(program.outdir),
        "CHECKPOINT_DISABLE": "1",
        "JSII_NODE": NODE,
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache),
        **program.environment,
    }
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(program.command),
            cwd=program.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        limit = threading.Timer(TIME_LIMIT_SECONDS, end_group, [process.pid])
        limit.start()
        try:
            # Unlike Popen.wait, this tells the peak memory of it and its (waited for) children.
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            limit.cancel()
            end_group(process.pid)
        if process.returncode != 0:
            output.seek(0)
            lines = output.read().decode(errors="replace").strip().splitlines() or ["no output"]
            raise BenchError(f"{program.name} failed ({process.returncode}): {lines[-1]}")
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, else in KiB
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def end_group(pid: int) -> None:
    """End a program and all that it started; does nothing when they have ended already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def measure(programs: Sequence[Program], runs: int, results: Results) -> None:
    """Let the programs take turns, `runs` times, after one turn that only warms up."""
    for turn in range(runs + 1):
        for program in programs:
            if turn == 0 and program.cold:
                continue
            sample = run(program)
            label = f"{turn}/{runs}" if turn else "warm-up"
            progress.print(
                f"{label:>8}  {program.name:<38} {sample.seconds:7.2f} s {sample.peak_mb:6.0f} MB",
                highlight=False,
            )
            if turn:
                results.setdefault(program.name, []).append(sample)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def addresses(outdir: Path) -> set[str]:
    """What the small stack consists of, whoever wrote it."""
    terraform = json.loads((outdir / "stacks" / "small" / "cdk.tf.json").read_text())
    resources = terraform["resource"].items()
    return {f"{type_}.{name}" for type_, by_name in resources for name in by_name} | {
        f"output.{name}" for name in terraform["output"]
    }


@contextlib.contextmanager
def installation(folder: Path, what: str) -> Iterator[Path | None]:
    """A folder to install into, or None if that was completed before."""
    done = folder / ".installed"
    if done.is_file() and done.read_text() == what:
        yield None
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    progress.print(f"installing {what} into {folder.relative_to(ROOT)} (once)", highlight=False)
    yield folder
    done.write_text(what)


def install(command: Sequence[str], folder: Path) -> None:
    """Run an installer; what it says of an error is the reason, if it fails."""
    try:
        done = subprocess.run(
            list(command), cwd=folder, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS
        )
    except FileNotFoundError:
        raise BenchError(f"{command[0]} is needed to install what is compared with") from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} took longer than {TIME_LIMIT_SECONDS} s") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        reason = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise BenchError(f"{' '.join(command[:3])} failed ({done.returncode}): {reason}")


def javascript() -> Program:
    """The small stack in plain JavaScript."""
    folder = WORK / "javascript"
    with installation(folder, " ".join(NPM_PACKAGES)) as target:
        if target:
            (target / "package.json").write_text("{}")
            install(["npm", "install", "--no-audit", "--no-fund", *NPM_PACKAGES], target)
    return Program(
        "small stack, JavaScript", [NODE, str(ROOT / PEERS / "small.js")], directory=folder
    )


def cdktn() -> Program:
    """The small stack with the newest cdktn and cdktn-aws."""
    folder = WORK / "cdktn"
    python = folder / "bin" / "python"
    with installation(folder, " ".join(PYPI_PACKAGES)) as target:
        if target:
            install([sys.executable, "-m", "venv", str(target)], ROOT)
            install([str(python), "-m", "pip", "install", "--quiet", *PYPI_PACKAGES], ROOT)
    return Program("small stack, cdktn", [str(python), str(ROOT / PEERS / "small_cdktn.py")])


def installed_versions() -> dict[str, str]:
    """The versions that pip and npm chose for the peers."""
    query = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    done = subprocess.run(
        [WORK / "cdktn" / "bin" / "python", "-c", query, *PYPI_PACKAGES],
        capture_output=True,
        text=True,
        check=True,
    )
    npm = dict(package.rsplit("@", 1) for package in NPM_PACKAGES)
    return npm | dict(zip(PYPI_PACKAGES, done.stdout.split(), strict=True))


def platform_programs(*, cold: bool) -> list[Program]:
    """`python main.py` for one stack and `cdktf synth`, which takes all, stock and fast."""
    cli = ROOT / "node_modules" / ".bin" / "cdktf"
    if not cli.is_file():
        raise BenchError(f"{cli.relative_to(ROOT)} is missing; npm ci installs it")
    programs = []
    for cache in ("warm", "cold") if cold else ("warm",):
        for name, command in (
            ("python main.py", [sys.executable, "main.py", *ONE_STACK]),
            ("cdktf synth", [str(cli), "synth", "--output"]),
        ):
            for way, switch in (("stock", "0"), ("fast", "1")):
                label = f"{name}, {cache}, {way}"
                output = [str(outdir(label))] if command[-1] == "--output" else []
                programs.append(
                    Program(
                        label,
                        [*command, *output],
                        {"FAST_SYNTH": switch},
                        cold=cache == "cold",
                    )
                )
    return programs


def small_fast() -> Program:
    """The small stack on stock CDKTF with fast_synth."""
    return Program("small stack, fast", [sys.executable, "-m", "ops.bench_peers.small_cdktf"])


def many_stacks(count: int) -> Program:
    """`count` stacks of 50 resources each, fast."""
    return Program(
        f"{count} x 50 resources",
        [sys.executable, "-m", "ops.bench_peers.many_stacks", str(count)],
    )


def check_same_output(programs: Sequence[Program], what: str) -> None:
    """Stop when programs that must write the same files did not."""
    first, *others = programs
    for other in others:
        if files(first.outdir) != files(other.outdir):
            raise BenchError(f"{what}: {first.name} and {other.name} wrote different files")


def kernel_messages() -> dict[str, int]:
    """What `python main.py` says to the jsii kernel, and how often."""
    target = WORK / "messages.json"
    run(
        Program(
            "counting kernel messages",
            [sys.executable, "-m", "ops.bench_peers.count_messages", str(target), *ONE_STACK],
        )
    )
    counts: dict[str, int] = json.loads(target.read_text())
    return counts


def ratio(value: float) -> str:
    """1/12.3 for less than one, 3.4x for more."""
    return f"1/{1 / value:.1f}" if value < 1 else f"{value:.1f}x"


def goal(value: float, limit: float | None) -> str:
    """The limit of a ratio, and whether it was missed."""
    if limit is None:
        return ""
    return f"≤ {ratio(limit).replace('.0', '')}" + ("" if value <= limit else " missed")


def comparison_table(comparisons: Sequence[Comparison], results: Results) -> Table:
    """Ratios of medians first, then what they were made from."""
    table = Table(box=box.MARKDOWN)
    for column in ("", "time", "goal", "memory", "goal", "this", "the other"):
        table.add_column(column, no_wrap=True)
    for row in comparisons:
        if row.program not in results or row.other not in results:
            continue
        (seconds, peak), (other_seconds, other_peak) = (
            (
                statistics.median(sample.seconds for sample in results[name]),
                statistics.median(sample.peak_mb for sample in results[name]),
            )
            for name in (row.program, row.other)
        )
        table.add_row(
            row.what,
            ratio(seconds / other_seconds),
            goal(seconds / other_seconds, row.time_goal),
            ratio(peak / other_peak),
            goal(peak / other_peak, row.memory_goal),
            f"{seconds:.2f} s, {peak:.0f} MB",
            f"{other_seconds:.2f} s, {other_peak:.0f} MB",
        )
    return table


def growth_table(counts: Sequence[int], results: Results) -> Table:
    """How time and memory grow with the number of stacks."""
    table = Table(box=box.MARKDOWN)
    for column in ("stacks", "resources", "ms for each resource more", "time", "memory"):
        table.add_column(column, justify="right", no_wrap=True)
    previous: tuple[int, float] | None = None
    for count in counts:
        samples = results[many_stacks(count).name]
        seconds = statistics.median(sample.seconds for sample in samples)
        peak = statistics.median(sample.peak_mb for sample in samples)
        more = ""
        if previous:
            more = f"{(seconds - previous[1]) / (count * 50 - previous[0]) * 1000:.2f}"
        previous = count * 50, seconds
        table.add_row(str(count), str(count * 50), more, f"{seconds:.2f} s", f"{peak:.0f} MB")
    return table


def message_line(counts: Mapping[str, int], outdir: Path) -> str:
    """One sentence about the round trips to the kernel."""
    resources = sum(
        len(by_name)
        for file in outdir.rglob("cdk.tf.json")
        for by_name in json.loads(file.read_text())["resource"].values()
    )
    total = sum(counts.values())
    most = sorted(counts.items(), key=lambda item: -item[1])[:5]
    return (
        f"Messages to the jsii kernel: {total} for {resources} resources, "
        f"{total / resources:.1f} each; most often {', '.join(f'{k} ({v})' for k, v in most)}."
    )


COMPARISONS = (
    Comparison(
        "python main.py, warm: fast to stock",
        "python main.py, warm, fast",
        "python main.py, warm, stock",
        time_goal=1 / 10,
        memory_goal=1 / 3,
    ),
    Comparison(
        "python main.py, cold: fast to stock",
        "python main.py, cold, fast",
        "python main.py, cold, stock",
    ),
    Comparison(
        "cdktf synth, warm: fast to stock",
        "cdktf synth, warm, fast",
        "cdktf synth, warm, stock",
        time_goal=1 / 2,
    ),
    Comparison(
        "cdktf synth, cold: fast to stock",
        "cdktf synth, cold, fast",
        "cdktf synth, cold, stock",
    ),
    Comparison(
        "equal small stack: fast to cdktn-aws",
        "small stack, fast",
        "small stack, cdktn",
        time_goal=1 / 2,
    ),
    Comparison(
        "equal small stack: fast to plain JavaScript",
        "small stack, fast",
        "small stack, JavaScript",
        time_goal=5,
    ),
)


def bench(*, runs: int, json_file: Path | None, quick: bool) -> None:
    """Measure everything, then print the tables."""
    runs = 1 if quick else runs
    counts = (1, 10) if quick else (1, 10, 50, 100)
    results: Results = {}

    synths = platform_programs(cold=not quick)
    peers = [javascript(), cdktn()]
    small = [small_fast(), *peers]
    measure(small, runs, results)
    check_same_output(small[:2], "the small stack")
    if any(addresses(program.outdir) != addresses(small[0].outdir) for program in small):
        raise BenchError("the programs of the small stack do not build the same resources")

    measure(synths, runs, results)
    check_same_output([s for s in synths if s.name.startswith("python")], "python main.py")

    measure([many_stacks(count) for count in counts], min(runs, 3), results)
    messages = kernel_messages()

    versions = installed_versions()
    console.print(comparison_table(COMPARISONS, results))
    console.print(growth_table(counts, results))
    console.print(message_line(messages, synths[0].outdir), highlight=False)
    console.print(
        f"Medians of {runs} interleaved runs; memory is the peak of the largest process. "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        highlight=False,
    )
    if json_file:
        record = {
            "samples": {name: [asdict(s) for s in samples] for name, samples in results.items()},
            "kernel_messages": messages,
            "versions": versions,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        }
        json_file.write_text(json.dumps(record, indent=2) + "\n")


def command(
    runs: Annotated[int, typer.Option(min=1, help="measured runs of each program")] = 5,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write every sample to this file, too")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="one run, warm cache only, growth up to 10 stacks")
    ] = False,
) -> None:
    """Compare the synth with stock CDKTF, plain JavaScript and cdktn (about 12 minutes)."""
    try:
        bench(runs=runs, json_file=json_file, quick=quick)
    except BenchError as error:
        progress.print("error:", str(error), markup=False, highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        progress.print("stopped", style="yellow")
        raise typer.Exit(130) from None


def main() -> None:
    """Exit code 0, 1 with the reason on stderr, 2 for wrong usage, 130 after Ctrl-C."""
    # a polite kill ends what was started, as Ctrl-C does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    app(prog_name="python -m ops.bench")


if __name__ == "__main__":
    main()
