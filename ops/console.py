"""How commands tell what they do: steps while they run, tables when they are done."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.status import Status
from rich.table import Table

QUIET_SECONDS = 15
"""Without a terminal, a step tells that it is alive this often: CI ends what is silent."""


class Narrator:
    """Tells what happens: a line for each finished step, and a live line while one runs.

    On something that is not a terminal (CI, a pipe) a step that takes long prints a line now and
    then, instead of the live one.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._status: Status | None = None
        self._title = self._line = ""
        self._started = 0.0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time a step; an exception inside marks it as failed and goes on."""
        self._title, self._line, self._started = title, "", time.monotonic()
        over = threading.Event()
        if not self.console.is_terminal:
            threading.Thread(target=self._tell_until, args=(over,), daemon=True).start()
        with self.console.status(title) as self._status:
            try:
                yield
            except BaseException:
                self._finish("[red]✗[/red]")
                raise
            finally:
                over.set()
        self._finish("[green]✓[/green]")

    def line(self, text: str) -> None:
        """Show the newest line of a command's output beside the running step."""
        self._line = text.strip() or self._line
        if self._status is not None and text.strip():
            self._status.update(self._now())

    def _now(self) -> str:
        """The running step, and the newest line of its output."""
        seconds = time.monotonic() - self._started
        shown = self._line[: max(20, self.console.width - len(self._title) - 20)]
        plain = (shown or "working").replace("[", r"\[")  # nothing that rich would read as markup
        return f"{self._title} [dim]{seconds:.0f} s · {plain}[/dim]"

    def _tell_until(self, over: threading.Event) -> None:
        while not over.wait(QUIET_SECONDS):
            self.console.print(f"… {self._now()}", soft_wrap=True)

    def _finish(self, mark: str) -> None:
        seconds = time.monotonic() - self._started
        self.console.print(f"{mark} {self._title} [dim]({seconds:.1f} s)[/dim]", soft_wrap=True)


class _Table(Table):
    """Without the blanks that fill its lines, which a pipe would keep."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in Segment.split_lines(super().__rich_console__(console, options)):  # type: ignore[arg-type]
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            yield from (*line, Segment.line())


def table(title: str, *headings: str) -> Table:
    """An empty table, whose long cells are folded rather than cut."""
    made = _Table(title=title, title_justify="left", box=box.SIMPLE)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made
