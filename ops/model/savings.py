"""What each setting would save: the bill of a stack, and of the same stack with one change.

Every change is synthesized as a stack of its own, so what it takes along (an alarm, an address) is
counted, and what the settings refuse for this stack is not proposed.
"""

import copy
import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console

from constructs_lib.settings import SettingsError
from constructs_lib.settings.load import parse_stack, read_context
from ops import CDKTF_JSON, files
from ops.console import table
from ops.errors import OpsError
from ops.model import cost
from ops.model.stack import Stack, read, read_stack, synthesize_all

LEAST_USD = 0.05
"""A month; below it a change is no saving."""


@dataclass(frozen=True, eq=False)
class Change:
    """Settings by their path, which belong together, and what they cost instead of money."""

    settings: Mapping[str, object]
    price: str

    @property
    def name(self) -> str:
        return ", ".join(f"{path}: {json.dumps(value)}" for path, value in self.settings.items())


CHANGES = files.data(list[Change], Path(__file__).with_name("savings.yaml"))


@dataclass(frozen=True)
class Costs:
    """What a stack costs a month, and the US dollars that each change saves by itself, if any."""

    bill: list[cost.Item]
    savings: dict[Change, float]


def costs(stack_ids: Iterable[str]) -> dict[str, Costs]:
    """The bills and savings of stacks of cdktf.json, by stack id."""
    try:
        declared: Any = read_context(CDKTF_JSON).get("stacks", {})
    except SettingsError as error:
        raise OpsError(str(error)) from None
    chosen = {name: declared[name] for name in stack_ids if name in declared or read_stack(name)}
    variants = {
        f"v{number}": (stack_id, change, changed)
        for number, (stack_id, change) in enumerate(product(chosen, CHANGES))
        if (changed := _changed(chosen[stack_id], f"v{number}", change)) is not None
    }
    made = _synthesized(chosen | {name: settings for name, (_, _, settings) in variants.items()})
    # one that could not be made is made once more, for the reason
    found = {name: Costs(cost.items(made.get(name) or read_stack(name)), {}) for name in chosen}
    for name in variants.keys() & made.keys():
        stack_id, change, _ = variants[name]
        saved = cost.total(found[stack_id].bill) - cost.total(cost.items(made[name]))
        if saved >= LEAST_USD:
            found[stack_id].savings[change] = saved
    return found


def _changed(settings: Mapping[str, Any], project: str, change: Change) -> dict[str, Any] | None:
    """The settings with the change; None if it does not apply, or is refused."""
    changed = copy.deepcopy({**settings, "project_name": project})
    before = copy.deepcopy(changed)
    for path, value in change.settings.items():
        group, _, key = path.rpartition(".")
        place = changed.setdefault(group, {}) if group else changed
        if place is not None:  # the whole group is switched off
            place[key] = value
    try:
        parse_stack(project, changed)
    except SettingsError:
        return None
    return changed if changed != before else None


def _synthesized(stacks: Mapping[str, object]) -> dict[str, Stack]:
    """The stacks by id, without those that synth refuses: it does so once they are built."""
    with tempfile.TemporaryDirectory(prefix="opsfolio-") as name, suppress(OpsError):
        written = synthesize_all(Path(name), stacks)
        return {each: read(written / each) for each in stacks}
    names, half = list(stacks), len(stacks) // 2
    parts = (names[:half], names[half:]) if half else ()
    return {
        each: stack
        for part in parts
        for each, stack in _synthesized({name: stacks[name] for name in part}).items()
    }


def prices(console: Console) -> None:
    """Print what has to be compared with AWS's pages, first what was longest ago."""
    shown = table("Prices of eu-central-1", "", "USD", "as of", "aws.amazon.com/…/pricing/")
    for name, price in sorted(cost.PRICES.items(), key=lambda each: each[1].known):
        shown.add_row(name, f"{price.usd:g}", price.known, price.page)
    console.print(shown)


def run(stack_id: str, console: Console) -> None:
    """Print a stack's bill, and what each setting would save."""
    found = costs([stack_id])[stack_id]
    shown = table(f"{stack_id}: list prices, little traffic", "", "quantity", "USD a month")
    shown.columns[-1].justify = "right"
    for item in found.bill:
        usd = "not known here" if item.usd is None else f"{item.usd:.2f}"
        shown.add_row(item.name, item.quantity, usd)
    shown.add_row("Total", "", f"{cost.total(found.bill):.2f}", style="bold")
    console.print(shown)
    shown = table("What each would save by itself", "setting", "the price is", "USD a month")
    shown.columns[-1].justify = "right"
    words = [word for change in found.savings for word in change.name.split()]
    shown.columns[0].min_width = max(map(len, words), default=0)  # no setting is broken in two
    for change, saved in sorted(found.savings.items(), key=lambda each: -each[1]):
        shown.add_row(change.name, change.price, f"{saved:.2f}")
    console.print(shown)
