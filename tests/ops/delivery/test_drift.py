"""`.venv/bin/python -m ops drift`: what of a plan was changed by hand, and how the command ends."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import __main__
from ops.delivery import drift
from ops.delivery.drift import by_hand
from tests.programs import python

UNKNOWN = object()


def resource(address: str, *actions: str, **values: Any) -> dict[str, Any]:
    """A change of a resource; `values` are pairs of before and after."""
    before, after = (
        {name: pair[side] for name, pair in values.items() if pair[side] is not UNKNOWN}
        for side in (0, 1)
    )
    change = {
        "actions": list(actions),
        "before": None if actions == ("create",) else before,
        "after": None if actions == ("delete",) else after,
    }
    return {"address": address, "change": change}


@pytest.mark.parametrize(
    ("drifted", "planned", "found"),
    [
        # opened by hand, and closed by the next apply
        (
            [resource("sg", "update", ingress=([], ["world"]), arn=("a", "a"))],
            [resource("sg", "update", ingress=(["world"], []), arn=("a", "a"))],
            {"sg": ["ingress"]},
        ),
        # more than one attribute, one of them taken away
        (
            [resource("db", "update", tags=({"a": 1}, None), multi_az=(True, False))],
            [resource("db", "update", tags=(None, {"a": 1}), multi_az=(False, True))],
            {"db": ["multi_az", "tags"]},
        ),
        # gone, and made again; gone, and not wanted any more
        ([resource("lb", "delete")], [resource("lb", "create")], {"lb": []}),
        ([resource("lb", "delete")], [], {}),
        # what autoscaling did is ignored, though the code changes something else
        (
            [resource("service", "update", desired_count=(2, 3))],
            [resource("service", "update", desired_count=(3, 3), task=("1", "2"))],
            {},
        ),
        # AWS counts on by itself, and the code wants something else there
        ([resource("db", "update", restorable=(1, 2))], [resource("db", "no-op")], {}),
        (
            [resource("task", "update", revision=(1, 2))],
            [resource("task", "delete", "create", revision=(2, UNKNOWN))],
            {},
        ),
        # nothing reads back as empty, which shows where the code wants another one
        (
            [resource("task", "update", tags=(None, {}), text=("", None))],
            [resource("task", "delete", "create", tags=({}, None), text=(None, ""), image=(1, 2))],
            {},
        ),
        # it is not to be there any more
        (
            [resource("email", "update", pending=(1, 0))],
            [resource("email", "delete", pending=(0, 0))],
            {},
        ),
        (
            [resource("email", "delete", pending=(1, 1))],
            [resource("email", "no-op", pending=(1, 1))],
            {},
        ),
        # nobody touched it
        ([], [resource("db", "update", password=("a", "stand-in"))], {}),
        ([], [resource("new", "create")], {}),
    ],
)
def test_drift_is_what_changed_and_would_be_changed_back(
    drifted: list[Any], planned: list[Any], found: dict[str, list[str]]
) -> None:
    assert by_hand({"resource_drift": drifted, "resource_changes": planned}) == found


@pytest.mark.parametrize(("found", "code"), [({}, 0), ({"sg": ["ingress"]}, 2)])
def test_the_exit_code_says_whether_there_is_drift(
    found: dict[str, list[str]], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "run", lambda *_, **__: found)
    assert CliRunner().invoke(__main__.app, ["drift"]).exit_code == code


def test_without_a_state_it_fails_with_the_way_out(tmp_path: Path) -> None:
    done = python("-m", "ops", "drift", "--state", tmp_path / "none.tfstate")
    assert done.returncode == 1
    assert "✓ Synthesize" in done.stdout, "that went well"
    (error,) = done.stderr.splitlines()
    assert error == (
        "error: none.tfstate is not there, so nothing is known to be deployed: name --state"
    )
