"""Requests: a burst that measures throughput, or a steady trickle in the background of a drill.

httpx sends them. No cookie is ever sent back: the load balancer's would tie all requests to one
task, and a drill has to see every task. Redirects are not followed: any status below 400 counts as
served, as in the health check, but for an empty page: WordPress answers one with status 200 where a
task lacks the theme or a plugin.
"""

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self
from urllib.parse import urlsplit

import httpx

from ops.drills.clock import Clock

FAILED_PERCENT = 1.0
GAP_SECONDS = 5.0
"""What "traffic is served" means: at most so many requests fail, and no longer time passes without
an answer."""

IN_FLIGHT = 200
"""Requests of the background that may wait at once; one more than that has to wait, too."""


@dataclass(frozen=True)
class Request:
    """One request; times in seconds of the clock.

    Attributes:
        at: when it was due to be sent.
        seconds: until its answer was there, or it failed.
        error: empty if it was served, else the status or what went wrong.
    """

    at: float
    seconds: float
    error: str

    @property
    def end(self) -> float:
        return self.at + self.seconds


@dataclass(frozen=True)
class Summary:
    """What the requests of a time span were like.

    Attributes:
        longest_gap: seconds, the longest time in which no request was sent that was served.
        percentiles: of the served requests, in seconds, by percent.
    """

    requests: int
    failed: int
    per_second: float
    longest_gap: float
    percentiles: dict[int, float]
    errors: dict[str, int]

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.requests if self.requests else 0


def summary(requests: Sequence[Request], start: float, end: float) -> Summary:
    """What happened between `start` and `end`."""
    span = [request for request in requests if start <= request.end <= end]
    latencies = sorted(request.seconds for request in span if not request.error)
    return Summary(
        requests=len(span),
        failed=len(span) - len(latencies),
        per_second=len(span) / (end - start) if end > start else 0,
        longest_gap=_longest_gap(span, start),
        percentiles={
            percent: latencies[math.ceil(len(latencies) * percent / 100) - 1]
            for percent in (50, 90, 95, 99, 100)
            if latencies
        },
        errors=dict(sorted(Counter(request.error for request in span if request.error).items())),
    )


def _longest_gap(requests: Sequence[Request], start: float) -> float:
    """The longest time in which only requests were sent that failed; slow answers are answers."""
    gap, served = 0.0, start
    for request in sorted(requests, key=lambda request: request.at):
        gap = max(gap, request.at - served)
        if not request.error:
            served = max(start, request.at)
    return gap


def served_again(requests: Sequence[Request], since: float) -> float | None:
    """Seconds after `since` from when on every request is served; 0 if every one was.

    That is when the first request after the last one that failed was sent; None if none was.
    """
    failed = [request.at for request in requests if request.error and request.end >= since]
    if not failed:
        return 0
    last = max(failed)
    after = [request.at for request in requests if not request.error and request.at > last]
    return max(0.0, min(after) - since) if after else None


async def _send(client: httpx.AsyncClient, url: str, clock: Clock, due: float) -> Request:
    try:
        answer = await client.get(url)
        error = "" if answer.status_code < 400 else f"HTTP {answer.status_code}"
        if answer.status_code == 200 and not answer.content:
            error = "empty page"
    except httpx.HTTPError as problem:
        error = type(problem).__name__
    return Request(due, clock.now() - due, error)


def _client(url: str, connections: int, timeout: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        timeout=timeout,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": "opsfolio-drill"},
        # a proxy cannot reach the load balancer of a rehearsal
        trust_env=urlsplit(url).hostname != "127.0.0.1",
    )


def burst(
    url: str,
    clock: Clock,
    *,
    requests: int,
    concurrency: int,
    timeout_seconds: float,
    limit_seconds: float,
    on_done: Callable[[Request], None] = lambda request: None,
) -> list[Request]:
    """Send `requests`, `concurrency` at a time, each as soon as one before it is answered.

    What is not sent after `limit_seconds` is left out.
    """
    done: list[Request] = []
    left = iter(range(requests))
    end = clock.now() + limit_seconds

    async def worker(client: httpx.AsyncClient) -> None:
        for _ in left:
            if clock.now() > end:
                return
            done.append(await _send(client, url, clock, clock.now()))
            on_done(done[-1])

    async def main() -> None:
        async with _client(url, concurrency, clock.real(timeout_seconds)) as client:
            await asyncio.gather(*(worker(client) for _ in range(concurrency)))

    asyncio.run(main())
    return done


@dataclass
class Background:
    """A steady trickle of requests, whether or not those before were answered, from a thread."""

    url: str
    clock: Clock
    per_second: float
    timeout_seconds: float

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main()), name="load", daemon=True
        )
        self._requests: list[Request] = []

    @property
    def requests(self) -> list[Request]:
        """Those that were answered or failed so far."""
        return list(self._requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Send no more, and wait for the answers that are due."""
        self._stopping.set()
        self._thread.join()

    async def _main(self) -> None:
        clock, pause = self.clock, 1 / self.per_second
        timeout = clock.real(self.timeout_seconds)
        waiting: set[asyncio.Task[None]] = set()

        async def send(client: httpx.AsyncClient, due: float) -> None:
            self._requests.append(await _send(client, self.url, clock, due))

        async with _client(self.url, IN_FLIGHT, timeout) as client:
            due = clock.now()
            while not self._stopping.is_set():
                task = asyncio.create_task(send(client, due))
                waiting.add(task)
                task.add_done_callback(waiting.discard)
                # what a busy machine does not come to is left out, or it would lag behind for good
                due += pause * max(1, (clock.now() - due) // pause)
                await asyncio.sleep(max(0, clock.real(due - clock.now())))
            await asyncio.gather(*waiting)
