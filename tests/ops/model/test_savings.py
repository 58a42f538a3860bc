"""What each setting would save, from stacks that are synthesized for it."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from ops.errors import OpsError
from ops.model import cost, savings
from ops.model.cost import PRICES, Item
from ops.model.savings import CHANGES, Change, Costs


@pytest.fixture(scope="module")
def found() -> Iterator[Costs]:
    """Of a stack with the defaults, whatever cdktf.json declares."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(savings, "read_context", lambda path: {"stacks": {"defaults": {}}})
        yield savings.costs(["defaults"])["defaults"]


def saved(found: Costs, setting: str) -> float | None:
    usd = [usd for change, usd in found.savings.items() if setting in change.settings]
    return usd[0] if usd else None


@pytest.mark.parametrize(
    ("setting", "usd"),
    [
        ("database.engine_version", 292),  # 4 vCPU x 730 x 0.10
        ("container.architecture", 33.9888 - 27.1925 + 7.4606 - 5.9714),  # see test_cost.py
        ("database.multi_az", 146 + 14.6 + 2.74),  # half of the database
        ("container.container_insights", 7.5 + 0.2),  # 25 metrics, and the two of its alarm
        ("monitoring", 1.5 + 3),  # 15 metrics of alarms, the dashboard
        ("load_balancer.waf", None),  # there is none
        ("database.instance_class", None),  # it is the smallest already
    ],
)
def test_what_a_setting_saves(found: Costs, setting: str, usd: float | None) -> None:
    assert saved(found, setting) == (usd if usd is None else pytest.approx(usd))


def test_the_bill_is_that_of_the_stack(found: Costs) -> None:
    assert cost.total(found.bill) == pytest.approx(416.05, abs=0.005)


def changed(settings: dict[str, Any], **change: object) -> dict[str, Any] | None:
    paths = {key.replace("__", "."): value for key, value in change.items()}
    return savings._changed(settings, "v1", Change(paths, ""))


def test_a_change_that_does_not_apply_is_left_out() -> None:
    """The group is switched off, the value is there already, or the settings refuse it."""
    off = {"autoscaling": None}
    assert changed(off, autoscaling__min_capacity=1) is None
    both = changed(off, autoscaling__min_capacity=1, container__desired_count=1)
    assert both == {"autoscaling": None, "container": {"desired_count": 1}, "project_name": "v1"}
    assert changed({"container": {"cpu": 256}}, container__cpu=256) is None
    watched = {"database": {"performance_insights": True, "instance_class": "db.t3.medium"}}
    assert changed(watched, database__instance_class="db.t3.micro") is None  # has no Insights
    assert changed(watched, database__instance_class="db.t3.large") is not None


def test_a_stack_that_synth_refuses_does_not_spoil_the_others() -> None:
    made = savings._synthesized({"bad": {"overrides": {"aws_nat_gateway.main": {}}}, "good": {}})
    assert list(made) == ["good"]


def test_every_change_is_of_settings_that_exist() -> None:
    """Or it would be refused, and silently left out of every table."""
    everything: dict[str, Any] = {
        "network": {"private_egress": "nat_per_zone", "task_subnets": "private"},
        "autoscaling": {"max_capacity": 8},
    }
    assert [c.name for c in CHANGES if savings._changed(everything, "v1", c) is None] == []


def test_the_table_has_the_largest_saving_first(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = Change({"container.cpu": 256}, "slow"), Change({"database.multi_az": False}, "")
    bill = [Item("Load balancer", "1", 1, 19.714), Item("RDS instance", "1", None, None)]
    stack = Costs(bill, {small: 1.2, large: 30.0})
    monkeypatch.setattr(savings, "costs", lambda names: dict.fromkeys(names, stack))
    output = io.StringIO()
    savings.run("blog", Console(file=output, width=120))
    lines = [" ".join(line.split()) for line in output.getvalue().splitlines()]
    assert "Load balancer 1 19.71" in lines
    assert "RDS instance 1 not known here" in lines
    assert "Total 19.71" in lines
    assert lines[-3:-1] == ["database.multi_az: false 30.00", "container.cpu: 256 slow 1.20"]


def test_no_setting_is_broken_in_two_and_no_line_filled_with_blanks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At 80 columns, in a pipe."""
    stack = Costs([Item("Load balancer", "1", 1, 19.714)], dict.fromkeys(CHANGES, 1.0))
    monkeypatch.setattr(savings, "costs", lambda names: dict.fromkeys(names, stack))
    output = io.StringIO()
    savings.run("blog", Console(file=output, width=80))
    text = output.getvalue()
    assert [word for change in CHANGES for word in change.name.split() if word not in text] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("name", ["nowhere", "spacelift"])
def test_a_stack_without_a_bill_is_refused(name: str) -> None:
    with pytest.raises(OpsError, match=rf"stack '?{name}"):
        savings.costs([name])


def test_prices_are_listed_from_the_one_known_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each with its month and its page; a month that is not one would sort anyhow."""
    assert {bool(re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", p.known)) for p in PRICES.values()} == {
        True
    }
    monkeypatch.setitem(PRICES, "Dashboard", PRICES["Dashboard"]._replace(known="2020-01"))
    output = io.StringIO()
    savings.prices(Console(file=output, width=120))
    rows = [line.split() for line in output.getvalue().splitlines()[4:] if line]
    assert rows[0] == ["Dashboard", "3", "2020-01", "cloudwatch"]
    assert len(rows) == len(PRICES)
