"""What is made of requests, and that they are sent as they should be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from ops.drills.clock import Clock
from ops.drills.load import Background, Request, burst, served_again, summary


def requests(*served: bool, seconds: float = 0.1) -> list[Request]:
    """One request each second, from 0 on."""
    return [
        Request(float(at), seconds, "" if good else "HTTP 502") for at, good in enumerate(served)
    ]


def test_summary_counts_and_names_errors() -> None:
    found = summary([*requests(True, False, True), Request(3, 0.1, "ReadTimeout")], 0, 10)
    assert (found.requests, found.failed, found.failed_percent) == (4, 2, 50)
    assert found.errors == {"HTTP 502": 1, "ReadTimeout": 1}
    assert found.per_second == pytest.approx(0.4)


def test_percentiles_are_of_served_requests() -> None:
    """Nearest rank: the value that so many percent do not exceed."""
    many = [Request(0, number / 100, "") for number in range(1, 101)]
    found = summary([*many, Request(0, 9, "HTTP 500")], 0, 20).percentiles
    assert found == {50: 0.5, 90: 0.9, 95: 0.95, 99: 0.99, 100: 1.0}
    assert summary([], 0, 1).percentiles == {}


@pytest.mark.parametrize(
    ("served", "gap"),
    [
        ([True] * 5, 1),
        ([True, True, False, False, True], 3),
        ([False, False, False, True], 3),
        ([True, False, False, False], 3),
        ([False, True, False, True], 2),
    ],
)
def test_longest_gap(served: list[bool], gap: float) -> None:
    """Failures at the start and at the end count too; a slow answer is an answer."""
    assert summary(requests(*served), 0, 100).longest_gap == gap
    assert summary(requests(*served, seconds=30), 0, 100).longest_gap == gap


def test_served_again_from_the_first_request_after_the_last_failure() -> None:
    assert served_again(requests(True, True, True), 0.5) == 0
    assert served_again(requests(True, False, True, False, True), 0.5) == 3.5
    assert served_again(requests(True, False, False), 0.5) is None
    assert served_again(requests(False, True, True), 1.5) == 0, "failures before do not count"


CONCURRENCY = 5


class _Handler(BaseHTTPRequestHandler):
    """Sets a cookie, and remembers whether it was sent back.

    `/together` is answered once `CONCURRENCY` requests have waited for it at the same time.
    """

    protocol_version = "HTTP/1.1"
    seen: list[str | None] = []
    at_once = 0
    most_at_once = 0
    lock = threading.Lock()
    together = threading.Event()

    def do_GET(self) -> None:
        with self.lock:
            _Handler.at_once += 1
            _Handler.most_at_once = max(self.most_at_once, self.at_once)
            if self.at_once >= CONCURRENCY:
                self.together.set()
        self.seen.append(self.headers.get("Cookie"))
        status = {"/moved": 302, "/broken": 503}.get(self.path, 200)
        page = b"" if self.path in ("/moved", "/empty") else b"a page"
        if self.path == "/together" and not self.together.wait(60):
            status = 504
        with self.lock:
            _Handler.at_once -= 1
        self.send_response(status)
        self.send_header("Set-Cookie", "AWSALB=this-task; Path=/")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Handler.seen.clear()
    _Handler.most_at_once = 0
    _Handler.together.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def sent(
    url: str, count: int = 60, clock: Clock | None = None, limit_seconds: float = 600
) -> list[Request]:
    return burst(
        url,
        clock or Clock(),
        requests=count,
        concurrency=CONCURRENCY,
        timeout_seconds=60,
        limit_seconds=limit_seconds,
    )


def test_a_burst_sends_exactly_so_many_and_no_cookie(server: str) -> None:
    """The load balancer's cookie would tie them to one task."""
    assert [request.error for request in sent(f"{server}/together")] == [""] * 60
    assert _Handler.seen == [None] * 60
    assert _Handler.most_at_once == CONCURRENCY


def test_what_counts_as_served(server: str) -> None:
    assert {request.error for request in sent(f"{server}/moved", 5)} == {""}
    assert {request.error for request in sent(f"{server}/broken", 5)} == {"HTTP 503"}
    assert {request.error for request in sent(f"{server}/empty", 5)} == {"empty page"}
    assert {request.error for request in sent("http://127.0.0.1:9/", 5)} == {"ConnectError"}


class _Ticking(Clock):
    """A second passes whenever it is looked at."""

    seconds = 0

    def now(self) -> float:
        self.seconds += 1
        return self.seconds


def test_a_burst_ends_at_its_time_limit(server: str) -> None:
    """Nothing is sent once the clock is past the limit."""
    done = sent(f"{server}/", 1000, _Ticking(), limit_seconds=100)
    assert 20 <= len(done) <= 100
    assert len(_Handler.seen) == len(done)


def test_the_background_keeps_its_rate_until_it_is_stopped(server: str) -> None:
    """One is due every fifth of a second of the clock, whether or not those before are answered."""
    with Background(f"{server}/together", Clock(5), per_second=5, timeout_seconds=600) as load:
        while len(load.requests) < 20:
            time.sleep(0.01)
    done = sorted(load.requests, key=lambda request: request.at)
    assert {request.error for request in done} == {""}
    pauses = [(later.at - earlier.at) / 0.2 for earlier, later in pairwise(done)]
    assert pauses == pytest.approx([max(1, round(pause)) for pause in pauses])
    time.sleep(0.1)
    assert len(load.requests) == len(_Handler.seen) == len(done)


def test_a_background_that_was_held_up_does_not_lag(server: str) -> None:
    """After a minute in which it came to nothing, requests count from when they are sent."""
    clock = Clock(5)
    with Background(f"{server}/", clock, per_second=5, timeout_seconds=600) as load:
        while len(load.requests) < 5:
            time.sleep(0.01)
        clock._origin -= clock.real(60)
        held_up = clock.now()
        while len(load.requests) < 20:
            time.sleep(0.01)
    assert all(request.at > held_up - 1 for request in load.requests[10:])
