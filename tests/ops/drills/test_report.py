"""Reports: judged rightly, the same for the same data, and safe to open anywhere."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from ops.drills import commands, report
from ops.drills.load import Request
from ops.drills.report import Event, Measurement, Report, Slice
from ops.errors import OpsError
from ops.model.recovery import Span

GOOD = Report(
    drill="task-failure",
    title="A task stops",
    project="resilience-platform",
    region="eu-central-1",
    url="http://example.test",
    started="2026-12-01T10:00:00Z",
    rehearsed_speed=1,
    objectives="original",
    seconds=20,
    error="",
    measurements=[
        Measurement("its replacement runs", 45.07, limit=60, model=Span(20, 90), exact=1.4),
        Measurement("requests that failed", 0.5, "%", note="of 200 requests", digits=1),
        Measurement("what was written before is still there", verified=True),
    ],
    events=[Event(5, "stop task 1"), Event(12, "steady again")],
    width=10,
    traffic=[Slice(0, 90, 0, 0.2), Slice(10, 80, 10, 0.4)],
)
REHEARSED = replace(GOOD, rehearsed_speed=8, objectives="model")
SLOWLY_REHEARSED = replace(
    REHEARSED, measurements=[replace(GOOD.measurements[0], value=75, note="in a zone")]
)
"""As long as the model computes, and longer than the original promises."""
SLOW = replace(GOOD, measurements=[Measurement("its replacement runs", 61, limit=60)])
NEVER = replace(GOOD, measurements=[Measurement("its replacement runs", None, limit=60)])
ABORTED = replace(GOOD, error="AWS does not accept the credentials")


@pytest.mark.parametrize(
    ("measurement", "kept", "shown"),
    [
        (Measurement("x", 60, limit=60), True, "60 s"),
        (Measurement("x", 60.1, limit=60), False, "60.1 s"),
        (Measurement("x", 45.07), None, "45 s"),
        (Measurement("x", 45.07, digits=1), None, "45 s"),
        (Measurement("x", 4.507, digits=1), None, "4.5 s"),
        (Measurement("x", 0, digits=1), None, "0 s"),
        (Measurement("x", 0.26, "%", limit=1, digits=1), True, "0.3 %"),
        (Measurement("x", None, limit=60), False, "not in time"),
        (Measurement("x", 1000), None, "1000 s"),
        (Measurement("x", verified=True), True, "yes"),
        (Measurement("x", verified=False), False, "no"),
    ],
)
def test_a_measurement_is_held_against_the_promise(
    measurement: Measurement, kept: bool | None, shown: str
) -> None:
    """And shown as exactly as it is known, unless that would contradict the verdict."""
    assert (measurement.met("original"), measurement.shown) == (kept, shown)


@pytest.mark.parametrize(
    ("measurement", "held", "shown"),
    [
        (Measurement("x", 20, model=Span(20, 90)), True, "20 s"),
        (Measurement("x", 19.9, model=Span(20, 90)), False, "19.9 s"),
        (Measurement("x", 90.4, model=Span(20, 90)), False, "90.4 s"),
        (Measurement("x", 90.4, limit=60, model=Span(20, 90), exact=1), True, "90 s"),
        (Measurement("x", 18.9, model=Span(20, 90), exact=1), False, "18.9 s"),
        (Measurement("x", None, model=Span(20, 90)), False, "not in time"),
        (Measurement("x", 70, limit=60), None, "70 s"),
        (Measurement("x", verified=False), False, "no"),
    ],
)
def test_a_measurement_is_held_against_the_model(
    measurement: Measurement, held: bool | None, shown: str
) -> None:
    """Too fast is as wrong as too slow; a range is as much wider as times are inexact."""
    assert (measurement.met("model"), measurement.shown) == (held, shown)


@pytest.mark.parametrize(
    ("found", "passed"),
    [
        *((GOOD, True), (SLOW, False), (NEVER, False), (ABORTED, False)),
        *(
            (REHEARSED, True),
            (SLOWLY_REHEARSED, True),
            (replace(ABORTED, objectives="model"), False),
        ),
        (replace(SLOWLY_REHEARSED, objectives="original"), False),
        (replace(SLOW, objectives="model"), True),
    ],
)
def test_a_report_passes_with_all_of_its_objectives(found: Report, passed: bool) -> None:
    assert found.passed is passed


def test_written_and_read_again(tmp_path: Path) -> None:
    page = report.write(GOOD, tmp_path)
    assert page.name == "20261201T100000Z-task-failure.html".replace("Z-", "-")
    assert report.read(page.with_suffix(".json")) == GOOD
    document = json.loads(report.write(SLOWLY_REHEARSED, tmp_path).with_suffix(".json").read_text())
    assert (document["passed"], document["model"], document["original"]) == (True, True, False)


def test_the_same_data_makes_the_same_page() -> None:
    assert report.html(GOOD) == report.html(replace(GOOD))


class Parsed(HTMLParser):
    """The tags and the text of a page; complains of tags that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_needs_nothing_else() -> None:
    """No script, no picture, no style sheet, no font from anywhere."""
    for page in (report.html(GOOD), report.overview([GOOD, SLOW])):
        parsed = Parsed(page)
        assert parsed.open == []
        assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in parsed.tags}
        assert not re.search(r"url\(|@import|src=", page)
        assert all(
            not attributes.get("href", "x").startswith(("http", "//"))  # type: ignore[union-attr]
            for tag, attributes in parsed.tags
            if tag == "a"
        )


def test_a_page_shows_what_was_found() -> None:
    text = Parsed(report.html(GOOD)).text
    for expected in ("45 s", "✓ at most 60 s", "✓ 20-90 s", "✓ passed", "stop task 1", "5 s"):
        assert expected in text
    assert "1 December 2026, 10:00 UTC" in text
    assert "2026-12" not in text
    assert "✗ failed" in Parsed(report.html(SLOW)).text
    assert "not in time" in Parsed(report.html(NEVER)).text
    assert "Ended early: AWS does not accept" in Parsed(report.html(ABORTED)).text
    assert "rehearsal" not in text
    assert "passed by what the original promises. Times are exact to 1 s" in " ".join(text.split())
    assert '<td class="number" data-is="promised"></td>' in report.html(GOOD), "hidden when narrow"
    rehearsed = Parsed(report.html(SLOWLY_REHEARSED)).text
    for expected in ("8 times as fast", "✓ passed", "✓ 20-90 s", "✗ at most 60 s"):
        assert expected in rehearsed
    assert "No request was sent" in Parsed(report.html(replace(GOOD, traffic=[]))).text


def test_the_timeline_has_a_column_for_each_slice_and_a_mark_for_each_event() -> None:
    tags = Parsed(report.html(GOOD)).tags
    columns = [attributes for tag, attributes in tags if tag == "rect"]
    assert [column["fill"] for column in columns] == [
        "var(--served)",
        "var(--served)",
        "var(--failed)",
    ]
    heights = [float(column["height"] or 0) for column in columns]
    assert heights[0] == heights[1] + heights[2], "both slices have 90 requests"
    marks = [found for tag, found in tags if tag == "line" and "stroke-dasharray" in found]
    assert len(marks) == 2


def test_the_words_of_the_timeline_keep_their_size() -> None:
    """On a narrow screen the shapes shrink, so no word is one of them; both axes have a unit, and
    the numbers of events that are close together are one mark."""
    events = [Event(at, f"event at {at}") for at in (0, 5, 5.2, 5.4, 19)]
    page = report.html(replace(GOOD, events=events))
    assert "<text" not in page
    words = Parsed(page).text.partition("Requests")[2].partition("served")[0].split()
    expected = "requests in 10 s slowest answer 1 2-4 5 90 0 0.4 s 0 s 0 s 5 s 10 s 15 s 20 s"
    assert " ".join(words) == expected


def test_what_others_wrote_cannot_run() -> None:
    evil = '<script>alert("&")</script>'
    found = replace(
        GOOD,
        url=evil,
        error=evil,
        project=evil,
        title=evil,
        measurements=[Measurement(evil, 1, limit=0, note=evil)],
        events=[Event(1, evil)],
    )
    for page in (report.html(found), report.overview([found])):
        assert "<script" not in page
        assert evil in Parsed(page).text


def test_slices_hold_every_request_once() -> None:
    requests = [Request(at / 10, 0.05, "HTTP 500" if at % 7 == 0 else "") for at in range(3000)]
    width, slices = report.slices(requests, 0, 301)
    assert width == 2
    assert len(slices) <= report.BUCKETS
    assert sum(part.served for part in slices) == sum(not request.error for request in requests)
    assert sum(part.failed for part in slices) == sum(bool(request.error) for request in requests)


def test_junit_has_a_case_for_each_measurement_that_counts() -> None:
    root = ElementTree.fromstring(report.junit([GOOD, SLOW, ABORTED]))
    suites = root.findall("testsuite")
    assert [suite.get("tests") for suite in suites] == ["3", "2", "3"]
    assert [suite.get("failures") for suite in suites] == ["0", "1", "0"]
    assert [suite.get("errors") for suite in suites] == ["0", "0", "1"]
    failure = suites[1].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "61 s, promised: at most 60 s"
    too_fast = replace(REHEARSED, measurements=[Measurement("x", 10, model=Span(20, 90))])
    failure = ElementTree.fromstring(report.junit([too_fast])).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "10 s, computed: 20-90 s"


def test_the_overview_collects_a_folder(tmp_path: Path) -> None:
    later = replace(SLOW, started="2026-12-02T10:00:00Z", drill="zone-failure")
    for found in (later, GOOD):
        report.write(found, tmp_path)
    page, *collected = report.write_overview(tmp_path)
    assert collected == [[GOOD, later], []]
    text = page.read_text()
    assert "1 of 2 passed" in text
    for found in (later, GOOD):
        assert f'href="{found.name}.html"' in text
        assert (tmp_path / f"{found.name}.html").exists()
    assert "rehearsal" not in text
    ElementTree.parse(tmp_path / "junit.xml")


def test_the_overview_says_what_is_promised_and_not_kept() -> None:
    """Although the drill has passed."""
    text = Parsed(report.overview([REHEARSED, SLOWLY_REHEARSED])).text
    assert "2 of 2 passed" in text
    assert (
        "A task stops: its replacement runs: 75 s. Promised: at most 60 s. Computed: 20-90 s."
    ) in text
    assert "Nothing that was measured" in Parsed(report.overview([REHEARSED])).text


def test_the_overview_says_what_a_rehearsal_is() -> None:
    text = " ".join(Parsed(report.overview([GOOD, REHEARSED])).text.split())
    assert "A rehearsal runs the drill on an emulated AWS" in text
    assert text.count(", a rehearsal") == 1
    assert "its replacement runs: 45 s ✓ at most 60 s" in text
    assert "its replacement runs: 45 s ✓ 20-90 s" in text
    assert "requests that failed" not in text, "it has no objective"


def test_a_report_of_another_version_is_left_out_in_one_line(
    tmp_path: Path,
) -> None:
    """Whether it has passed is not known, so the command fails; the others have their page."""
    with pytest.raises(OpsError, match="holds no report: run a drill first"):
        report.collect(tmp_path)
    old = tmp_path / "20251201T100000-load.json"
    old.write_text('{"drill": "load"}')
    report.write(GOOD, tmp_path)
    console = Console(file=io.StringIO(), width=500)
    assert not commands.overview(console, tmp_path)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines()[1] == (
        f"{old} is not a report of a drill, or was written by another version: delete it, or move "
        "it away"
    )
    assert "1 of 1 passed" in (tmp_path / "index.html").read_text()
    old.unlink()
    assert commands.overview(console, tmp_path)
