"""What a drill found: as JSON for programs, as one HTML page for people, as JUnit XML for CI.

Two things are judged apart: whether the recovery model computes what was measured, and whether the
original's promise was kept.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import TypeAdapter

from ops import files
from ops.drills.load import Request, Summary
from ops.errors import OpsError
from ops.model.recovery import Span

Objectives = Literal["model", "original"]
"""What a measurement can be held against: the recovery model's range, the original's promise."""

BUCKETS = 240
"""Most columns that a timeline has; a column is at least a second."""

TICKS = 6
TICK_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200)
"""The time axis has at most so many steps, each of one of these lengths."""

MARK_SHARE = 0.1
"""Numbers of events that are closer than this part of the time axis are one mark, like `3-6`: on
the narrowest screen they would stand on each other."""

STARTED = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Measurement:
    """One figure, or one thing that was verified.

    Attributes:
        value: None if it did not happen before the time limit.
        limit: the most that `value` may be, as the original promises; None if it does not.
        verified: whether something that is not a figure is as it must be, promised or computed.
        model: what `ops.model.recovery` computes for it, best to worst case; None if it does not.
        digits: after the decimal point of a value below ten, as many as the method is exact to.
        exact: how far a time may be from the true one, by which the model's range is wider.
    """

    name: str
    value: float | None = None
    unit: str = "s"
    limit: float | None = None
    verified: bool | None = None
    model: Span | None = None
    note: str = ""
    digits: int = 0
    exact: float = 0

    def met(self, objectives: Objectives) -> bool | None:
        """Whether it is as computed, or as promised; None if nothing is."""
        if self.verified is not None:
            return self.verified
        if objectives == "original":
            allowed = None if self.limit is None else Span(0, self.limit)
        else:
            allowed = self.model and self.model + Span(-self.exact, self.exact)
        if allowed is None:
            return None
        return self.value is not None and allowed.best <= self.value <= allowed.worst

    @property
    def shown(self) -> str:
        if self.verified is not None:
            return "yes" if self.verified else "no"
        if self.value is None:
            return "not in time"
        digits = self.digits if 0 < self.value < 10 else 0
        # 60.4 s, where "60 s" would look as if it met "at most 60 s"
        while any(
            replace(self, value=round(self.value, digits)).met(by) != self.met(by)
            for by in get_args(Objectives)
        ):
            digits += 1
        return f"{round(self.value, digits):.{digits}f} {self.unit}".rstrip()

    def wanted(self, objectives: Objectives) -> str:
        """What is computed or promised, for people."""
        if self.verified is not None:
            return "yes"
        if objectives == "model":
            return str(self.model or "")
        return "" if self.limit is None else f"at most {self.limit:g} {self.unit}".rstrip()


def traffic(
    total: Summary, *, failed_percent: float | None = None, gap_seconds: float | None = None
) -> list[Measurement]:
    """What requests were like; facts, where no objective is given."""
    errors = ", ".join(f"{count} x {error}" for error, count in total.errors.items())
    note = f"of {total.requests} requests" + (f": {errors}" if errors else "")
    failed, gap = "requests that failed", "longest time in which no request was served"
    return [
        Measurement(failed, total.failed_percent, "%", failed_percent, note=note, digits=1),
        Measurement(gap, total.longest_gap, limit=gap_seconds, digits=1),
    ]


@dataclass(frozen=True)
class Event:
    """Something that happened; `at` in seconds since the drill began."""

    at: float
    text: str


@dataclass(frozen=True)
class Slice:
    """The requests that ended in `width` seconds from `at` on; the slowest answer, in seconds."""

    at: float
    served: int
    failed: int
    slowest: float


@dataclass(frozen=True)
class Report:
    """One run of one drill.

    Attributes:
        rehearsed_speed: 1 for a drill on AWS; in a rehearsal, how much faster time ran.
        objectives: by what it has passed or failed.
        width: seconds that a slice of `traffic` covers.
    """

    drill: str
    title: str
    project: str
    region: str
    url: str
    started: str
    rehearsed_speed: float
    objectives: Objectives
    seconds: float
    error: str
    measurements: list[Measurement]
    events: list[Event]
    width: float
    traffic: list[Slice] = field(default_factory=list)

    def missed(self, objectives: Objectives) -> list[Measurement]:
        """The measurements that are not as computed, or not as promised."""
        return [found for found in self.measurements if found.met(objectives) is False]

    @property
    def passed(self) -> bool:
        return not self.error and not self.missed(self.objectives)

    @property
    def judged(self) -> list[Measurement]:
        """The measurements that count."""
        return [found for found in self.measurements if found.met(self.objectives) is not None]

    @property
    def exact(self) -> float:
        """The most that a time may be off, in seconds."""
        return max((found.exact for found in self.measurements), default=0)

    @property
    def rehearsed(self) -> bool:
        return self.rehearsed_speed != 1

    @property
    def when(self) -> str:
        """When it started, for people: `1 December 2026, 10:00 UTC`."""
        started = datetime.strptime(self.started, STARTED)
        return f"{started.day} {started:%B %Y, %H:%M} UTC"

    @property
    def name(self) -> str:
        """The files' name without suffix."""
        stamp = "".join(letter for letter in self.started[:19] if letter.isalnum())
        return f"{stamp}-{self.drill}"


def slices(requests: Sequence[Request], start: float, end: float) -> tuple[float, list[Slice]]:
    """The width of a slice, and the requests from `start` to `end` in slices of that."""
    width = float(max(1, round((end - start) / BUCKETS + 0.5)))
    buckets: list[list[Request]] = [[] for _ in range(int((end - start) // width) + 1)]
    for request in requests:
        if start <= request.end <= end:
            buckets[int((request.end - start) // width)].append(request)
    found = []
    for number, inside in enumerate(buckets):
        served = [request.seconds for request in inside if not request.error]
        failed, slowest = len(inside) - len(served), round(max(served, default=0), 4)
        found.append(Slice(number * width, len(served), failed, slowest))
    return width, found


def write(report: Report, folder: Path) -> Path:
    """Write the report as JSON and as HTML; the HTML file."""
    folder.mkdir(parents=True, exist_ok=True)
    met = {by: not report.error and not report.missed(by) for by in get_args(Objectives)}
    document = {"passed": report.passed, **met, **asdict(report)}
    path = folder / f"{report.name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = path.with_suffix(".html")
    page.write_text(html(report), encoding="utf-8")
    return page


def read(path: Path) -> Report:
    """A report from its JSON file."""
    try:
        report = TypeAdapter(Report).validate_json(path.read_bytes())
        datetime.strptime(report.started, STARTED)
    except (OSError, ValueError) as error:
        raise OpsError(
            f"{path} is not a report of a drill, or was written by another version: delete it, or "
            "move it away"
        ) from error
    return report


def collect(folder: Path) -> tuple[list[Report], list[str]]:
    """All reports in a folder, the oldest first, and what is wrong with those that are left out."""
    paths = sorted(folder.glob("[0-9]*T[0-9]*-*.json"))
    if not paths:
        raise OpsError(f"{folder} holds no report: run a drill first, or name another --reports")
    found: list[Report] = []
    left_out: list[str] = []
    for path in paths:
        try:
            found.append(read(path))
        except OpsError as error:
            left_out.append(str(error))
    return found, left_out


_PAGE = files.template(Path(__file__).with_name("page.html.j2"), autoescape=True)
_JUNIT = files.template(Path(__file__).with_name("junit.xml.j2"), autoescape=True)


def junit(reports: Sequence[Report]) -> str:
    """The reports as JUnit XML."""
    return _JUNIT.render(reports=reports)


def html(report: Report) -> str:
    """The report as a page that needs nothing else."""
    return _PAGE.render(report=report, chart=_chart(report) if report.traffic else None)


def overview(reports: Sequence[Report]) -> str:
    """A page about several reports, which links to theirs in the same folder."""
    return _PAGE.render(report=None, reports=reports, broken_promises=broken_promises(reports))


def broken_promises(reports: Sequence[Report]) -> list[str]:
    """What the original promises and was not kept, a sentence for each."""
    return [
        f"{report.title}: {found.name}: {found.shown}. Promised: {found.wanted('original')}."
        + (f" Computed: {found.model}." if found.model else "")
        for report in reports
        for found in report.missed("original")
    ]


def _chart(report: Report) -> dict[str, Any]:
    """The scales of the timeline, the lines of its slowest answers, and the marks of its events."""
    last = report.traffic[-1].at + report.width
    end = max([last, *(event.at for event in report.events)])
    lines: list[list[Slice]] = [[]]
    for part in report.traffic:
        if part.served:
            lines[-1].append(part)
        else:  # nothing was answered: the line has a gap
            lines.append([])
    marks: list[list[int]] = []
    for number, event in enumerate(report.events):
        if marks and event.at - report.events[marks[-1][0]].at < MARK_SHARE * end:
            marks[-1].append(number)
        else:
            marks.append([number])
    step = next((step for step in TICK_SECONDS if end <= TICKS * step), TICK_SECONDS[-1])
    return {
        "end": end,
        "most": max(1, *(part.served + part.failed for part in report.traffic)),
        "slowest": max(0.001, *(part.slowest for part in report.traffic)),
        "lines": [line for line in lines if line],
        "marks": marks,
        "ticks": range(0, int(end) + 1, step),
    }


def write_overview(folder: Path) -> tuple[Path, list[Report], list[str]]:
    """Write `index.html` and `junit.xml` about a folder; the page, and what `collect` found."""
    reports, left_out = collect(folder)
    (folder / "junit.xml").write_text(junit(reports), encoding="utf-8")
    page = folder / "index.html"
    page.write_text(overview(reports), encoding="utf-8")
    return page, reports, left_out
