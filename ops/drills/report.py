"""What a drill found: as JSON for programs, as one HTML page for people, as JUnit XML for CI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ops.drills.load import Request
from ops.errors import OpsError

BUCKETS = 240
"""Most columns that a timeline has; a column is at least a second."""

MARK_ROWS = 5
MARK_WIDTH = 16.0
"""Numbers of events that are close together stand above each other."""


@dataclass(frozen=True)
class Measurement:
    """One figure, or one thing that was verified.

    Attributes:
        value: None if it did not happen before the time limit.
        limit: the objective, the most that `value` may be; None if there is none.
        verified: whether something that is no figure is as it must be.
        model: what `ops.model.recovery` computes for it, best to worst case.
    """

    name: str
    value: float | None = None
    unit: str = "s"
    limit: float | None = None
    verified: bool | None = None
    model: str = ""
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """None if there is no objective."""
        if self.verified is not None:
            return self.verified
        if self.limit is None:
            return None
        return self.value is not None and self.value <= self.limit

    @property
    def shown(self) -> str:
        if self.verified is not None:
            return "yes" if self.verified else "no"
        return "not in time" if self.value is None else f"{self.value:.4g} {self.unit}".rstrip()

    @property
    def objective(self) -> str:
        if self.verified is not None:
            return "yes"
        return "" if self.limit is None else f"at most {self.limit:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Event:
    """Something that happened; `at` in seconds since the drill began."""

    at: float
    text: str


@dataclass(frozen=True)
class Slice:
    """The requests that ended in `width` seconds from `at` on; latencies in seconds."""

    at: float
    served: int
    failed: int
    median: float
    slowest: float


@dataclass(frozen=True)
class Report:
    """One run of one drill.

    Attributes:
        started: date and time in UTC, ISO 8601.
        rehearsed_speed: 1 for a drill on AWS; in a rehearsal, how much faster time ran.
        seconds: how long it took.
        error: why it ended early, or empty.
        width: seconds that a slice of `traffic` covers.
    """

    drill: str
    title: str
    project: str
    region: str
    url: str
    started: str
    rehearsed_speed: float
    seconds: float
    error: str
    measurements: list[Measurement]
    events: list[Event]
    width: float
    traffic: list[Slice] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.error and all(one.passed is not False for one in self.measurements)

    @property
    def name(self) -> str:
        """The files' name without suffix."""
        stamp = "".join(letter for letter in self.started[:19] if letter.isalnum())
        return f"{stamp}-{self.drill}"


def slices(requests: Sequence[Request], start: float, end: float) -> tuple[float, list[Slice]]:
    """The width of a slice, and the requests from `start` to `end` in slices of that."""
    width = float(max(1, round((end - start) / BUCKETS + 0.5)))
    buckets: dict[int, list[Request]] = {}
    for one in requests:
        if start <= one.end <= end:
            buckets.setdefault(int((one.end - start) // width), []).append(one)
    found = []
    for number in range(int((end - start) // width) + 1):
        inside = buckets.get(number, [])
        latencies = sorted(one.seconds for one in inside if not one.error)
        found.append(
            Slice(
                at=number * width,
                served=len(latencies),
                failed=len(inside) - len(latencies),
                median=round(latencies[len(latencies) // 2], 4) if latencies else 0,
                slowest=round(latencies[-1], 4) if latencies else 0,
            )
        )
    return width, found


def write(report: Report, folder: Path) -> Path:
    """Write the report as JSON and as HTML; the HTML file."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"passed": report.passed, **asdict(report)}
    path = folder / f"{report.name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = path.with_suffix(".html")
    page.write_text(html(report), encoding="utf-8")
    return page


def read(path: Path) -> Report:
    """A report from its JSON file.

    Raises:
        OpsError: it is none.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        document.pop("passed")
        document["measurements"] = [Measurement(**one) for one in document["measurements"]]
        document["events"] = [Event(**one) for one in document["events"]]
        document["traffic"] = [Slice(**one) for one in document["traffic"]]
        return Report(**document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpsError(f"{path} is no report of a drill: {error}") from error


def collect(folder: Path) -> list[Report]:
    """All reports in a folder, the oldest first.

    Raises:
        OpsError: there is none, or one cannot be read.
    """
    found = sorted(folder.glob("[0-9]*T[0-9]*-*.json"))
    if not found:
        raise OpsError(f"{folder} holds no report: run a drill first, or name another --reports")
    return [read(path) for path in found]


def junit(reports: Sequence[Report]) -> str:
    """The reports as JUnit XML: a suite for each drill, a case for each objective."""
    root = ElementTree.Element("testsuites", name="drills")
    for report in reports:
        judged = [one for one in report.measurements if one.passed is not None]
        missed = [one for one in judged if not one.passed]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=report.drill,
            timestamp=report.started,
            time=f"{report.seconds:.1f}",
            tests=str(len(judged) + 1),
            failures=str(len(missed)),
            errors=str(int(bool(report.error))),
        )
        ended = ElementTree.SubElement(
            suite, "testcase", classname=report.drill, name="the drill runs to its end"
        )
        if report.error:
            ElementTree.SubElement(ended, "error", message=report.error)
        for one in judged:
            case = ElementTree.SubElement(suite, "testcase", classname=report.drill, name=one.name)
            if not one.passed:
                message = f"{one.shown}, objective: {one.objective}"
                ElementTree.SubElement(case, "failure", message=message)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5d6570; --line: #d5d9de;
  --page: #fff; --served: #7fb5e6; --failed: #c62828; --latency: #8250df; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4af; --line: #3a4149;
  --page: #14171b; --served: #2f6da3; --failed: #ff6b62; --latency: #b998ff; --good: #4ac26b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.passed { color: var(--good); font-weight: 600; }
.failed { color: var(--failed); font-weight: 600; }
.soft { color: var(--soft); }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 11px; }
.key::before { content: ""; display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em;
  background: var(--colour); }
"""


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{body}\n</html>\n"
    )


def _verdict(passed: bool | None) -> str:
    if passed is None:
        return ""
    word = "passed" if passed else "failed"
    return f'<span class="{word}">{"✓" if passed else "✗"} {word}</span>'


def _rehearsal(report: Report) -> str:
    if report.rehearsed_speed == 1:
        return ""
    return (
        f'<p class="soft">A rehearsal on an emulated AWS, {report.rehearsed_speed:g} times as fast '
        "as AWS: it shows that the drill works. The figures are the stand-in's, not AWS's.</p>"
    )


def html(report: Report) -> str:
    """The report as a page that needs nothing else."""
    rows = "".join(
        f"<tr><td>{escape(one.name)}{_note(one)}</td>"
        f'<td class="number">{escape(one.shown)}</td>'
        f'<td class="number">{escape(one.objective)}</td>'
        f'<td class="number">{escape(one.model)}</td><td>{_verdict(one.passed)}</td></tr>\n'
        for one in report.measurements
    )
    events = "".join(
        f'<tr><td class="number">{number}</td><td class="number">{event.at:.1f} s</td>'
        f"<td>{escape(event.text)}</td></tr>\n"
        for number, event in enumerate(report.events, start=1)
    )
    error = f'<p class="failed">Ended early: {escape(report.error)}</p>' if report.error else ""
    return _page(
        f"{report.drill}: {'passed' if report.passed else 'failed'}",
        f"<h1>{escape(report.title)} {_verdict(report.passed)}</h1>\n"
        f'<p class="soft">{escape(report.drill)} on {escape(report.project)}, '
        f"{escape(report.region)}, {escape(report.url)}; {escape(report.started)}, "
        f"{report.seconds:.0f} s</p>\n{_rehearsal(report)}\n{error}\n"
        "<table><tr><th>measured</th><th class='number'>value</th>"
        "<th class='number'>objective</th><th class='number'>computed beforehand</th><th></th></tr>"
        f"\n{rows}</table>\n<h2>Requests</h2>\n{_timeline(report)}\n"
        f"<h2>Events</h2>\n<table>{events}</table>",
    )


def _note(one: Measurement) -> str:
    return f'<br><span class="soft">{escape(one.note)}</span>' if one.note else ""


def _timeline(report: Report) -> str:
    """Served and failed requests as columns, the slowest answers as a line, events as marks."""
    if not report.traffic:
        return '<p class="soft">No request was sent.</p>'
    left, width, top, height = 45, 900, 15 + 11 * MARK_ROWS, 170
    end = max(report.traffic[-1].at + report.width, report.events[-1].at if report.events else 0)
    most = max(1, *(one.served + one.failed for one in report.traffic))
    slowest = max(0.001, *(one.slowest for one in report.traffic))

    def x(at: float) -> float:
        return left + width * at / end

    def bar(one: Slice, count: int, below: int, colour: str) -> str:
        tall = height * count / most
        y = top + height - height * below / most - tall
        wide = max(1, width * report.width / end)
        return (
            f'<rect x="{x(one.at):.1f}" y="{y:.1f}" width="{wide:.2f}"'
            f' height="{tall:.1f}" fill="var(--{colour})"/>'
        )

    parts = []
    for one in report.traffic:
        if one.served:
            parts.append(bar(one, one.served, one.failed, "served"))
        if one.failed:
            parts.append(bar(one, one.failed, 0, "failed"))

    def y(latency: float) -> float:
        return top + height - height * latency / slowest

    for line in _lines(report.traffic):
        points = " ".join(
            f"{x(one.at + report.width / 2):.1f},{y(one.slowest):.1f}" for one in line
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="var(--latency)" stroke-width="1.2"/>'
        )
    taken = [-MARK_WIDTH] * MARK_ROWS
    for number, event in enumerate(report.events, start=1):
        at = x(event.at)
        row = next((row for row in range(MARK_ROWS) if at - taken[row] >= MARK_WIDTH), 0)
        taken[row] = at
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{top + height}" '
            'stroke="var(--soft)" stroke-dasharray="3 3"/>'
            f'<text x="{at:.1f}" y="{top - 5 - 11 * row}" text-anchor="middle">{number}'
            f"<title>{escape(event.text)}</title></text>"
        )
    base = top + height
    for step in range(5):
        at = end * step / 4
        parts.append(
            f'<text x="{x(at):.1f}" y="{base + 15}" text-anchor="middle">{at:.0f} s</text>'
        )
    parts.append(
        f'<line x1="{left}" x2="{left + width}" y1="{base}" y2="{base}" stroke="var(--line)"/>'
        f'<text x="{left - 5}" y="{top + 10}" text-anchor="end">{most}</text>'
    )
    per = "second" if report.width == 1 else f"{report.width:g} s"
    return (
        f'<svg viewBox="0 0 {left + width + 25} {base + 25}" role="img" '
        f'aria-label="Requests over time">{"".join(parts)}</svg>\n'
        '<p class="soft"><span class="key" style="--colour: var(--served)">served</span>'
        '<span class="key" style="--colour: var(--failed)">failed</span> requests each '
        f'{per}<span class="key" style="--colour: var(--latency)">slowest answer</span>, '
        f"up to {slowest:.2f} s; numbers: the events below</p>"
    )


def _lines(traffic: Sequence[Slice]) -> list[list[Slice]]:
    """The runs of slices in which something was served: a line has no answer to go through else."""
    lines: list[list[Slice]] = [[]]
    for one in traffic:
        if one.served:
            lines[-1].append(one)
        elif lines[-1]:
            lines.append([])
    return [line for line in lines if line]


def overview(reports: Sequence[Report]) -> str:
    """A page about several reports, which links to theirs in the same folder."""
    rows = []
    for report in reports:
        objectives = "<br>".join(
            f"{escape(one.name)}: {escape(one.shown)} "
            f'<span class="soft">({escape(one.objective)})</span> {_verdict(one.passed)}'
            for one in report.measurements
            if one.passed is not None
        )
        error = f'<br><span class="failed">{escape(report.error)}</span>' if report.error else ""
        rows.append(
            f'<tr><td><a href="{escape(report.name)}.html">{escape(report.drill)}</a><br>'
            f'<span class="soft">{escape(report.project)}, {escape(report.started)}'
            f"{', rehearsal' if report.rehearsed_speed != 1 else ''}</span></td>"
            f"<td>{objectives}{error}</td><td>{_verdict(report.passed)}</td></tr>\n"
        )
    passed = sum(report.passed for report in reports)
    return _page(
        "Drills",
        f"<h1>Drills</h1>\n<p>{passed} of {len(reports)} passed.</p>\n"
        f"<table><tr><th>drill</th><th>objectives</th><th></th></tr>\n{''.join(rows)}</table>",
    )


def write_overview(folder: Path) -> Path:
    """Write `index.html` and `junit.xml` about all reports in a folder; the page.

    Raises:
        OpsError: see `collect`.
    """
    reports = collect(folder)
    (folder / "junit.xml").write_text(junit(reports), encoding="utf-8")
    page = folder / "index.html"
    page.write_text(overview(reports), encoding="utf-8")
    return page
