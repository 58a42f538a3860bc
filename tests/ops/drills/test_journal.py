"""The journal is on the disk before anything is added, and what it says is undone once."""

import json
from pathlib import Path

import pytest

from ops.drills import journal
from ops.drills.journal import Journal, Place, Undo
from ops.errors import OpsError

PLACE = Place("123456789012", "eu-central-1", "health-check")
STOP = {"do": "stop-tasks", "started_by": "drill-1"}
DEREGISTER = {"do": "deregister-target", "address": "10.0.1.5"}


def test_entries_are_on_the_disk_at_once(tmp_path: Path) -> None:
    written = Journal(tmp_path / "reports", "now", PLACE)
    assert journal.left_behind(tmp_path / "reports") == []
    written.add(STOP)
    (path,) = journal.left_behind(tmp_path / "reports")
    assert journal.entries(path) == [STOP]
    written.add(DEREGISTER)
    assert journal.entries(path) == [STOP, DEREGISTER]
    written.undo(lambda entry: None)


def test_undone_backwards_and_gone(tmp_path: Path) -> None:
    written = Journal(tmp_path, "now", PLACE)
    written.add(STOP)
    written.add(DEREGISTER)
    undone: list[Undo] = []
    written.undo(undone.append)
    assert undone == [DEREGISTER, STOP]
    assert journal.left_behind(tmp_path) == []
    written.undo(undone.append)
    assert len(undone) == 2


def test_what_cannot_be_undone_stays(tmp_path: Path) -> None:
    written = Journal(tmp_path, "now", PLACE)
    written.add(STOP)

    def fail(entry: Undo) -> None:
        raise OpsError("no")

    with pytest.raises(OpsError):
        written.undo(fail)
    (path,) = journal.left_behind(tmp_path)
    undone: list[Undo] = []
    assert journal.replay(path, PLACE.account, PLACE.region, undone.append)
    assert undone == [STOP]
    assert journal.left_behind(tmp_path) == []


def test_a_running_drill_is_left_alone(tmp_path: Path) -> None:
    """Its journal is locked as long as its process lives."""
    written = Journal(tmp_path, "now", PLACE)
    written.add(STOP)
    undone: list[Undo] = []
    assert not journal.replay(written.path, PLACE.account, PLACE.region, undone.append)
    assert undone == []
    written.undo(lambda entry: None)


@pytest.mark.parametrize(
    ("account", "region"), [("000000000000", "eu-central-1"), ("123456789012", "us-east-1")]
)
def test_another_account_or_region_is_refused(tmp_path: Path, account: str, region: str) -> None:
    path = tmp_path / "journal-1.jsonl"
    path.write_text(f"{json.dumps(vars(PLACE))}\n{json.dumps(STOP)}\n")
    with pytest.raises(OpsError, match=f"{path} is of account 123456789012, eu-central-1, and"):
        journal.replay(path, account, region, lambda entry: pytest.fail("undone"))
    assert path.exists()


def test_a_line_that_was_cut_off_is_nothing_to_undo(tmp_path: Path) -> None:
    """The machine died while it was written, so what it announces was not begun."""
    path = tmp_path / "journal-1.jsonl"
    path.write_text(f'{json.dumps(vars(PLACE))}\n{json.dumps(STOP)}\n{{"do": "dereg')
    assert journal.entries(path) == [STOP]
    path.write_text(f"{json.dumps(vars(PLACE))}\nnonsense\n{json.dumps(STOP)}\n")
    with pytest.raises(OpsError, match=f"^{path} is no journal: line 2: "):
        journal.entries(path)
