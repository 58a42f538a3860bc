"""What a drill adds to a deployment is written down first, so that it is always taken away again.

A journal is a file of JSON lines in the folder of the reports. Its first line says where the drill
takes place; each further one is an undo that is safe to do twice, or for something that never came
to be. The drill replays it backwards at its end, whatever the end is, and deletes the file.
After a crash the file is left, and `.venv/bin/python -m ops drill undo` does the same.
"""

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from ops.errors import OpsError

PREFIX = "journal-"


@dataclass(frozen=True)
class Place:
    """Where a drill takes place; an undo anywhere else would be wrong."""

    account: str
    region: str
    drill: str


Undo = dict[str, Any]
"""`do` names the undo, the other keys are its arguments; never a secret."""


class Journal:
    """A journal that is being written. The file appears with the first entry."""

    def __init__(self, folder: Path, name: str, place: Place) -> None:
        self.path = folder / f"{PREFIX}{name}.jsonl"
        self._place = place
        self._file: IO[str] | None = None
        self._entries: list[Undo] = []

    def add(self, entry: Undo) -> None:
        """Write down how to undo what is done next; it is on the disk when this returns."""
        lines = [entry]
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("x", encoding="utf-8")
            fcntl.flock(self._file, fcntl.LOCK_EX)  # `drill undo` leaves a running drill alone
            lines = [asdict(self._place), entry]
        self._entries.append(entry)
        self._file.writelines(json.dumps(line) + "\n" for line in lines)
        self._file.flush()
        os.fsync(self._file.fileno())

    def undo(self, execute: Callable[[Undo], None]) -> None:
        """Undo all, the last first; the file goes when everything is undone, and stays if not."""
        if self._file is None:
            return
        try:
            for entry in reversed(self._entries):
                execute(entry)
            self._entries.clear()
            self.path.unlink(missing_ok=True)
        finally:
            self._file.close()
            self._file = None


def left_behind(folder: Path) -> list[Path]:
    """The journals of drills that did not end, the oldest first."""
    return sorted(folder.glob(f"{PREFIX}*.jsonl"))


def entries(path: Path) -> list[Undo]:
    """What a journal lists, without its first line."""
    return _parsed(path, path.read_text(encoding="utf-8"))[1:]


def replay(path: Path, account: str, region: str, execute: Callable[[Undo], None]) -> bool:
    """Undo what a journal lists and delete it; False if its drill still runs."""
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        header, *undos = _parsed(path, file.read()) or [{}]
        if header and (header["account"], header["region"]) != (account, region):
            raise OpsError(
                f"{path} is of account {header['account']}, {header['region']}, and the "
                f"credentials are of {account}, {region}: use those of the drill"
            )
        for entry in reversed(undos):
            execute(entry)
        path.unlink()
    return True


def _parsed(path: Path, text: str) -> list[dict[str, Any]]:
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            # one that was cut off while it was written was to undo what had not begun yet
            if number < len(lines):
                raise OpsError(f"{path} is no journal: line {number}: {error}") from error
    return found
