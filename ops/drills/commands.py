"""`.venv/bin/python -m ops drill`, `load` and `report`: what they print, ask and write."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from ops.aws import AwsError, clients, explained, explaining
from ops.console import table
from ops.drills import journal, report, run
from ops.drills.clock import Clock
from ops.drills.drills import DRILLS
from ops.drills.load import FAILED_PERCENT, burst, summary
from ops.drills.one_off import exit_code, run_task
from ops.drills.report import Event, Measurement, Objectives, Report
from ops.drills.target import Deployment, NotForDrill, read_outputs
from ops.drills.undo import undo
from ops.errors import OpsError

REQUESTS_PER_SECOND = 10.0
"""Of the background of a drill on AWS: a failure shows after a tenth of a second."""

REHEARSED_REQUESTS_PER_SECOND = 2.0
"""Of AWS's seconds, so that this machine can answer them."""

TIMEOUT_SECONDS = 10.0
SCALING_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Options:
    """What `drill` and `load` have in common; `ops.__main__` says what each option means."""

    stack: str
    outputs: str | None
    url: str | None
    sandbox: bool
    dry_run: bool
    yes: bool
    time_limit: float
    reports: Path
    objectives: Objectives | None = None


def _say(console: Console, text: str, style: str = "") -> None:
    """A line of what others wrote: no markup, and nothing coloured by its looks."""
    console.print(text, style=style, markup=False, highlight=False)


@contextmanager
def _deployment(options: Options, console: Console) -> Iterator[tuple[Deployment, Clock]]:
    if not options.sandbox:
        clock = Clock()
        found = read_outputs(options.outputs, options.stack)
        yield Deployment(clients(), found, clock, options.url), clock
        return
    if options.outputs or options.url:
        raise OpsError("--sandbox deploys the stack itself: leave out --outputs and --url")
    from ops.drills.rehearsal.rehearsed import rehearsed  # moto takes a second to import

    with rehearsed(options.stack, console) as rehearsal:
        yield rehearsal


def _confirmed(question: str, yes: bool) -> None:
    """Go on only if that is wanted.

    Raises:
        typer.Abort: it is not.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise OpsError("there is no terminal to ask on: give --yes if you mean it")
    typer.confirm(question, abort=True)


def drill(name: str, options: Options, console: Console) -> bool:
    """Run one drill or, called `all`, each; whether all passed."""
    chosen = list(DRILLS.values()) if name == "all" else [DRILLS[name]]
    with _deployment(options, console) as (deployment, clock):
        _say(
            console,
            f"{deployment.project} in account {deployment.account}, {deployment.region}: "
            f"service {deployment.outputs.ecs_service_name}, {deployment.url}",
        )
        for planned in list(chosen):
            console.print(f"[bold]{planned.name}[/bold]: {planned.title.lower()}")
            try:
                steps = run.plan(planned, deployment)
            except NotForDrill as reason:
                if name != "all":
                    raise
                _say(console, f"  left out: {reason}", "yellow")
                chosen.remove(planned)
                continue
            for number, step in enumerate(steps, start=1):
                _say(console, f"  {number}. {step}")
        if options.dry_run:
            return True
        _confirmed(f"Break {deployment.project} on purpose?", options.yes or options.sandbox)
        rate = REHEARSED_REQUESTS_PER_SECOND if options.sandbox else REQUESTS_PER_SECOND
        done: list[Report] = []
        for planned in chosen:
            run.wait_until_steady(deployment, clock, options.time_limit)
            found = run.execute(
                planned,
                deployment,
                clock,
                folder=options.reports,
                requests_per_second=rate,
                timeout_seconds=clock.speed * TIMEOUT_SECONDS,
                limit_seconds=options.time_limit + planned.longer_seconds,
                objectives=options.objectives or ("model" if options.sandbox else "original"),
                say=lambda text: _say(console, f"  {text}", "dim"),
            )
            _write(found, options.reports, console)
            done.append(found)
    for sentence in report.broken_promises(done):
        _say(console, f"promise not kept: {sentence}", "yellow")
    passed = sum(found.passed for found in done)
    overview_page, _, left_out = report.write_overview(options.reports)
    for sentence in left_out:
        _say(console, sentence, "yellow")
    console.print(f"{passed} of {len(chosen)} drills passed; {overview_page}", markup=False)
    return passed == len(chosen)


def _write(found: Report, folder: Path, console: Console) -> None:
    """Write a report, and print what it says."""
    page = report.write(found, folder)
    rows = table(f"{found.drill}: {found.title}", "measured", "value", "computed", "promised")
    marks = {True: " [green]✓[/green]", False: " [red]✗[/red]", None: ""}
    for row in found.measurements:
        note = f"\n[dim]{escape(row.note)}[/dim]" if row.note else ""
        judged = [row.wanted(by) + marks[row.met(by)] for by in get_args(Objectives)]
        rows.add_row(escape(row.name) + note, row.shown, *judged)
    console.print(rows)
    if found.error:
        console.print(f"ended early: {found.error}", style="red", markup=False)
    _say(console, f"  {page}", "dim")


def undo_left(options: Options, console: Console) -> bool:
    """Undo what interrupted drills have left; False if one of them still runs."""
    if options.sandbox:
        raise OpsError("a rehearsal leaves nothing to undo: leave out --sandbox")
    left = journal.left_behind(options.reports)
    if not left:
        _say(console, f"nothing to undo: {options.reports} holds no journal of a drill")
        return True
    for path in left:
        _say(console, f"{path}:")
        for entry in journal.entries(path):
            shown = ("do", "started_by", "address", "database", "marker", "template")
            _say(console, "  " + " ".join(str(entry[key]) for key in shown if key in entry))
    if options.dry_run:
        return True
    _confirmed("Undo this?", options.yes)
    finished = True
    with _deployment(options, console) as (deployment, clock):
        where = deployment.account, deployment.region
        for path in left:
            undone = journal.replay(path, *where, lambda entry: undo(deployment, clock, entry))
            finished = finished and undone
            outcome = "undone" if undone else "its drill still runs, left alone"
            _say(console, f"{path}: {outcome}")
    return finished


def task(options: Options, console: Console, command: list[str]) -> int:
    """Run a command in a task of the service's definition; its exit code, after its output."""
    with _deployment(options, console) as (deployment, clock), explaining():
        arn = run_task(deployment, deployment.source, command, {}, "opsfolio-task")
        try:
            code = exit_code(deployment, arn, clock, clock.now() + options.time_limit)
        except BaseException:  # nobody waits for it any more
            cluster = deployment.outputs.ecs_cluster_name
            deployment.ecs.stop_task(cluster=cluster, task=arn, reason="given up")
            raise
        clock.sleep(5)  # then CloudWatch shows what was written last
        for line in deployment.logged(arn):
            print(line)
    return code


def load(
    options: Options, console: Console, requests: int, concurrency: int, timeout: float, path: str
) -> bool:
    """Send a burst of requests and report on it; whether at most 1 % failed."""
    with _deployment(options, console) as (deployment, clock):
        with explaining():
            deployment.check_steady()
        path = path or deployment.path
        text = f"{requests} requests to {deployment.url}{path}, {concurrency} at a time"
        _say(console, text)
        if options.dry_run:
            return True
        _confirmed("Send them?", options.yes or options.sandbox)
        started, start = datetime.now(UTC), clock.now()
        with (
            _scaling(deployment, clock, start) as events,
            Progress(console=console, disable=not console.is_terminal) as progress,
        ):
            bar = progress.add_task("requests", total=requests)
            done = burst(
                deployment.url + path,
                clock,
                requests=requests,
                concurrency=concurrency,
                timeout_seconds=timeout,
                limit_seconds=options.time_limit,
                on_done=lambda request: progress.advance(bar),
            )
        end = max([request.end for request in done], default=clock.now())
        width, traffic = report.slices(done, start, end)
        total = summary(done, start, end)
        answered = total.percentiles.items()
        found = Report(
            drill="load",
            title=text,
            **deployment.facts,
            started=started.strftime(report.STARTED),
            objectives="original",
            seconds=round(end - start, 1),
            error="",
            measurements=[
                Measurement("requests", total.requests, ""),
                *report.traffic(total, failed_percent=FAILED_PERCENT),
                Measurement("throughput", total.per_second, "/s", digits=1),
                *(Measurement(f"{p} % answered within", s, digits=3) for p, s in answered),
            ],
            events=events,
            width=width,
            traffic=traffic,
        )
    if len(done) < requests:
        console.print(f"only {len(done)} were sent in {options.time_limit:g} s", style="yellow")
    _write(found, options.reports, console)
    return found.passed


@contextmanager
def _scaling(deployment: Deployment, clock: Clock, start: float) -> Iterator[list[Event]]:
    """Notes how many tasks the service wants and has, whenever that changes."""
    seen: list[Event] = []
    over = threading.Event()

    def watch() -> None:
        while True:
            try:
                desired, running = deployment.counts()
                text = f"{running} of {desired} tasks run"
            except AwsError as error:
                text = str(explained(error))
            if not seen or seen[-1].text != text:
                seen.append(Event(round(clock.now() - start, 2), text))
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
    """Collect all reports of a folder into one page and JUnit XML; whether all passed."""
    page, found, left_out = report.write_overview(folder)
    for drilled in found:
        mark = "[green]✓[/green]" if drilled.passed else "[red]✗[/red]"
        what = f"{escape(drilled.drill)} on {escape(drilled.project)}"
        console.print(f"{mark} {drilled.when}: {what}")
    for sentence in left_out:
        _say(console, sentence, "yellow")
    _say(console, f"{page}, {folder / 'junit.xml'}")
    return not left_out and all(drilled.passed for drilled in found)
