"""What the real provider plans is what the contract says, row by row."""

import json
from collections.abc import Iterator
from typing import Any

from tests.spacelift.plans import Plan, PlanDocuments
from tests.synth.test_contract import CONTRACT


def _resources(plan: Plan) -> dict[str, Any]:
    """The values of each resource, as far as they are known before the apply."""
    return {
        resource["address"].removesuffix("[0]"): resource.get("values", {})
        for resource in plan["planned_values"]["root_module"]["resources"]
        if resource["mode"] == "managed"
    }


def _planned(value: Any, path: str) -> Any:
    """The value at a dotted path; a block that may stand once is a list of one in a plan."""
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() else value[0]
            if part.isdigit():
                continue
        value = value.get(part)
    return value


def _agrees(expected: object, planned: Any) -> bool:
    """Whether a plan says what a row says: numbers may be text, blocks may have more keys."""
    if isinstance(expected, dict) and isinstance(planned, str):
        planned = json.loads(planned)
    if isinstance(expected, dict):
        planned = planned[0] if isinstance(planned, list) else planned
        return all(_agrees(value, planned[key]) for key, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(planned) and all(map(_agrees, expected, planned))
    if str(expected).startswith("{"):
        return bool(json.loads(str(expected)) == json.loads(planned))
    # the provider writes the days of a maintenance window in lower case
    return str(expected).lower() == str(planned).lower()


NOT_IN_A_PLAN = {
    # always on for an application load balancer, so the provider leaves it out
    "enable_cross_zone_load_balancing",
    # a set, in another order
    "metric_query",
    # the plan is made with an address, so that there is a subscription
    "endpoint",
}


def _rows() -> Iterator[tuple[str, str, str, object]]:
    """The rows of which the plan knows the value: no reference to another resource."""
    others = ("container_definitions", "dashboard_body", "policy", "lifecycle", "depends_on")
    for address, rows in CONTRACT.items():
        for says, path, value in rows:
            known = "${" not in str(value) and path not in NOT_IN_A_PLAN
            if known and address.startswith("aws_") and not path.startswith(others):
                yield says, address, path, value


def test_the_plan_is_the_contract(plans: PlanDocuments) -> None:
    """Every address of the contract is planned, no other, and with the contract's values."""
    resources = _resources(plans.create)
    # there is one as soon as there is an address
    subscription = "aws_sns_topic_subscription.email"
    assert subscription not in resources
    resources[subscription] = _resources(plans.changed)[subscription]
    assert sorted(resources) == sorted(a for a in CONTRACT if a.startswith("aws_"))

    rows = list(_rows())
    assert len(rows) > 200, "hardly any row is compared"
    wrong = [
        f"{address}: {path} is {_planned(resources[address], path)!r}, not {value!r} ({says})"
        for says, address, path, value in rows
        if not _agrees(value, _planned(resources[address], path))
    ]
    assert wrong == []
