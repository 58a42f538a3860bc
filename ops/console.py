"""How commands tell what they do: steps while they run, tables when they are done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table


class Narrator:
    """Tells what happens: a line for each finished step, and a live line while one runs.

    Args:
        console: where to.

    On something that is not a terminal (CI, a pipe) there is only the line for each finished step.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._status: Status | None = None
        self._title = ""
        self._started = 0.0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time a step; an exception inside marks it as failed and goes on."""
        self._title, self._started = title, time.monotonic()
        with self.console.status(title) as self._status:
            try:
                yield
            except BaseException:
                self._finish("[red]✗[/red]")
                raise
        self._finish("[green]✓[/green]")

    def line(self, text: str) -> None:
        """Show the newest line of a command's output beside the running step."""
        if self._status is not None and text.strip():
            seconds = time.monotonic() - self._started
            shown = text.strip()[: max(20, self.console.width - len(self._title) - 20)]
            self._status.update(f"{self._title} [dim]{seconds:.0f} s · {_plain(shown)}[/dim]")

    def _finish(self, mark: str) -> None:
        seconds = time.monotonic() - self._started
        self.console.print(f"{mark} {self._title} [dim]({seconds:.1f} s)[/dim]")


def _plain(text: str) -> str:
    """`text` with nothing in it that rich would read as markup."""
    return text.replace("[", r"\[")


def table(title: str, *headings: str) -> Table:
    """An empty table, whose long cells are folded rather than cut."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made
