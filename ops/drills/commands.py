"""`python -m ops drill`, `load` and `report`: what they print, ask and write."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ops.aws import AwsError, clients, explained
from ops.drills import journal, scenarios
from ops.drills import report as reports
from ops.drills.clock import Clock
from ops.drills.load import Request, burst, summary
from ops.drills.report import Event, Measurement, Report
from ops.drills.scenarios import DRILLS, FAILED_PERCENT, Drill
from ops.drills.target import Deployment, read_outputs
from ops.errors import OpsError

REQUESTS_PER_SECOND = 10.0
"""Of the background of a drill on AWS: a failure shows after a tenth of a second."""

TIMEOUT_SECONDS = 10.0
SCALING_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Where:
    """What deployment a command is about.

    Attributes:
        outputs: file with the stack's outputs, `-` for standard input; None to ask Terraform.
        url: where requests go instead of to the load balancer, say to a domain before it.
        sandbox: deploy the stack to an emulated AWS first, and rehearse there.
    """

    stack: str
    outputs: str | None = None
    url: str | None = None
    sandbox: bool = False


@contextmanager
def _deployment(where: Where, console: Console) -> Iterator[tuple[Deployment, Clock]]:
    if not where.sandbox:
        clock = Clock()
        found = read_outputs(where.outputs, where.stack)
        yield Deployment(clients(), found, clock, where.url), clock
        return
    if where.outputs or where.url:
        raise OpsError("--sandbox deploys the stack itself: leave out --outputs and --url")
    from ops.drills.rehearsal.rehearsed import rehearsed  # moto takes a second to import

    with rehearsed(where.stack, console) as rehearsal:
        yield rehearsal


def _confirmed(question: str, yes: bool) -> None:
    """Go on only if that is wanted.

    Raises:
        OpsError: there is nobody to ask.
        typer.Abort: it is not.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise OpsError("there is no terminal to ask on: give --yes if you mean it")
    typer.confirm(question, abort=True)


def drill(
    name: str,
    where: Where,
    console: Console,
    *,
    dry_run: bool,
    yes: bool,
    time_limit_seconds: float,
    folder: Path,
) -> bool:
    """Run one drill or, called `all`, each; whether all passed.

    Raises:
        OpsError: a drill cannot start.
        typer.Abort: the user said no.
    """
    chosen = list(DRILLS.values()) if name == "all" else [DRILLS[name]]
    with _deployment(where, console) as (deployment, clock):
        console.print(
            f"{deployment.project} in account {deployment.account}, {deployment.region}: "
            f"service {deployment.outputs.ecs_service_name}, {deployment.url}",
            markup=False,
            highlight=False,
        )
        for one in chosen:
            _print_plan(one, scenarios.plan(one, deployment), console)
        if dry_run:
            return True
        _confirmed(f"Break {deployment.project} on purpose?", yes or where.sandbox)
        done = []
        for one in chosen:
            scenarios.wait_until_steady(deployment, clock, time_limit_seconds)
            found = scenarios.execute(
                one,
                deployment,
                clock,
                reports=folder,
                requests_per_second=_requests_per_second(where),
                timeout_seconds=TIMEOUT_SECONDS if not where.sandbox else 3 * TIMEOUT_SECONDS,
                limit_seconds=time_limit_seconds,
                say=lambda text: console.print(f"  {text}", style="dim", markup=False),
            )
            page = reports.write(found, folder)
            _print(found, console)
            console.print(f"  {page}", style="dim", markup=False, highlight=False)
            done.append(found)
    overview = reports.write_overview(folder)
    passed = sum(found.passed for found in done)
    console.print(f"{passed} of {len(done)} drills passed; {overview}", markup=False)
    return passed == len(done)


def _requests_per_second(where: Where) -> float:
    if not where.sandbox:
        return REQUESTS_PER_SECOND
    from ops.drills.rehearsal import rehearsed

    return rehearsed.REQUESTS_PER_SECOND


def _print_plan(chosen: Drill, steps: Sequence[str], console: Console) -> None:
    console.print(f"[bold]{chosen.name}[/bold]: {chosen.title.lower()}")
    for number, step in enumerate(steps, start=1):
        console.print(f"  {number}. {step}", markup=False, highlight=False)


def _print(found: Report, console: Console) -> None:
    table = Table(title=f"{found.drill}: {found.title}", title_justify="left", box=box.SIMPLE)
    for heading in ("measured", "value", "objective", "computed", ""):
        table.add_column(heading, overflow="fold")
    marks = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: ""}
    for one in found.measurements:
        note = f"\n[dim]{escape(one.note)}[/dim]" if one.note else ""
        table.add_row(
            escape(one.name) + note, one.shown, one.objective, one.model, marks[one.passed]
        )
    console.print(table)
    if found.error:
        console.print(f"ended early: {found.error}", style="red", markup=False)


def restore(where: Where, console: Console, *, dry_run: bool, yes: bool, folder: Path) -> bool:
    """Undo what interrupted drills have left; False if one of them still runs.

    Raises:
        OpsError: AWS refuses, or a journal is of another account.
    """
    left = journal.left_behind(folder)
    if not left:
        console.print(f"nothing to restore: {folder} holds no journal of a drill", markup=False)
        return True
    for path in left:
        console.print(f"{path}:", markup=False, highlight=False)
        for entry in journal.entries(path):
            console.print(f"  {_undo_text(entry)}", markup=False, highlight=False)
    if dry_run:
        return True
    _confirmed("Undo this?", yes)
    clock = Clock()
    deployment = Deployment(clients(), read_outputs(where.outputs, where.stack), clock, where.url)
    finished = True
    for path in left:
        undone = journal.restore(
            path,
            deployment.account,
            deployment.region,
            lambda entry: scenarios.undo(deployment, clock, entry),
        )
        finished = finished and undone
        console.print(
            f"{path}: {'undone' if undone else 'its drill still runs, left alone'}", markup=False
        )
    return finished


def _undo_text(entry: journal.Undo) -> str:
    shown = ("started_by", "address", "marker")
    return " ".join([str(entry["do"]), *(str(entry[key]) for key in shown if key in entry)])


def load(
    where: Where,
    console: Console,
    *,
    requests: int,
    concurrency: int,
    timeout_seconds: float,
    path: str,
    dry_run: bool,
    yes: bool,
    time_limit_seconds: float,
    folder: Path,
) -> bool:
    """Send a burst of requests and report on it; whether at most 1 % failed.

    Raises:
        OpsError: there is no steady deployment.
        typer.Abort: the user said no.
    """
    with _deployment(where, console) as (deployment, clock):
        try:
            deployment.check_steady()
        except AwsError as error:
            raise explained(error) from error
        url = deployment.url + path
        text = f"{requests} requests to {url}, {concurrency} at a time"
        console.print(text, markup=False, highlight=False)
        if dry_run:
            return True
        _confirmed("Send them?", yes or where.sandbox)
        started, start = datetime.now(timezone.utc), clock.now()
        with _scaling(deployment, clock) as events, _progress(console) as progress:
            bar = progress.add_task("requests", total=requests)
            done = burst(
                url,
                clock,
                requests=requests,
                concurrency=concurrency,
                timeout_seconds=timeout_seconds,
                limit_seconds=time_limit_seconds,
                on_done=lambda request: progress.advance(bar),
            )
        found = _load_report(deployment, clock, text, started, start, done, events)
    if len(done) < requests:
        console.print(f"only {len(done)} were sent in {time_limit_seconds:g} s", style="yellow")
    page = reports.write(found, folder)
    _print(found, console)
    console.print(str(page), style="dim", markup=False, highlight=False)
    return found.passed


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _load_report(
    deployment: Deployment,
    clock: Clock,
    title: str,
    started: datetime,
    start: float,
    done: list[Request],
    events: list[tuple[float, str]],
) -> Report:
    end = max([one.end for one in done], default=clock.now())
    total = summary(done, start, end)
    width, traffic = reports.slices(done, start, end)
    errors = ", ".join(f"{count} x {error}" for error, count in total.errors.items())
    return Report(
        drill="load",
        title=title,
        project=deployment.project,
        region=deployment.region,
        url=deployment.url,
        started=f"{started:%Y-%m-%dT%H:%M:%SZ}",
        rehearsed_speed=clock.speed,
        seconds=round(end - start, 1),
        error="",
        measurements=[
            Measurement("requests", total.requests, ""),
            Measurement(
                "requests that failed", total.failed_percent, "%", FAILED_PERCENT, note=errors
            ),
            Measurement("throughput", total.per_second, "/s"),
            *(
                Measurement(f"{percent} % answered within", seconds)
                for percent, seconds in total.percentiles.items()
            ),
            Measurement("longest time in which no request was served", total.longest_gap),
        ],
        events=[Event(round(max(0.0, at - start), 2), text) for at, text in events],
        width=width,
        traffic=traffic,
    )


@contextmanager
def _scaling(deployment: Deployment, clock: Clock) -> Iterator[list[tuple[float, str]]]:
    """Notes how many tasks the service wants and has, whenever that changes."""
    seen: list[tuple[float, str]] = []
    over = threading.Event()

    def watch() -> None:
        while True:
            try:
                desired, running = deployment.counts()
                text = f"{running} of {desired} tasks run"
            except AwsError as error:
                text = str(explained(error))
            if not seen or seen[-1][1] != text:
                seen.append((clock.now(), text))
            if over.wait(clock.real(SCALING_POLL_SECONDS)):
                return

    thread = threading.Thread(target=watch, name="scaling", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def overview(console: Console, folder: Path) -> bool:
    """Collect all reports of a folder into one page and JUnit XML; whether all passed.

    Raises:
        OpsError: there is no report.
    """
    found = reports.collect(folder)
    page = reports.write_overview(folder)
    for one in found:
        mark = "[green]✓[/green]" if one.passed else "[red]✗[/red]"
        console.print(f"{mark} {one.started} {escape(one.drill)} on {escape(one.project)}")
    console.print(f"{page}, {folder / 'junit.xml'}", markup=False, highlight=False)
    return all(one.passed for one in found)
