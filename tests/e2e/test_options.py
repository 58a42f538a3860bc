"""Any two options together: refused with a reason, or accepted by the real Terraform and provider.

A few stacks are made so that each pair of options is in one of them.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import TypeAlias

import pytest

from constructs_lib.settings import SettingsError, parse_stack
from constructs_lib.settings.wordpress import WordpressSettings
from tests.e2e.modules import assert_valid
from tests.synth.options import DIGEST, ECR_IMAGE, OPTIONS, Option, nested

Pair: TypeAlias = tuple[tuple[str, int], tuple[str, int]]
"""Two options, by dotted path, each with the number of its choice."""

Row: TypeAlias = dict[str, int]
"""A choice for each option."""

ECR_IMAGE_BY_DIGEST = f"{ECR_IMAGE.partition(':')[0]}@{DIGEST.partition('@')[2]}"

FURTHER: dict[str, list[Option]] = {
    "network.private_egress": [
        Option("single_nat"),
        # for tasks in private subnets the image has to be in ECR
        Option("vpc_endpoints", needs={"container.image": ECR_IMAGE_BY_DIGEST}),
    ],
    "network.allowed_egress": [Option("all")],
    "load_balancer.stickiness_seconds": [Option(None)],
    "container.container_insights": [Option(False)],
    "database.engine_version": [Option("8.4")],
    "database.upgrade": [Option("in_place")],
    "database.multi_az": [Option(False)],
    "database.storage_type": [Option("gp3")],
    "database.performance_insights": [
        Option(True, needs={"database.instance_class": "db.t3.medium"})
    ],
    "database.monitoring_interval_seconds": [Option(0)],
    "database.log_exports": [Option([])],
    "database.skip_final_snapshot": [Option(False)],
    "database.storage_encrypted": [Option(False)],
}
"""More values of options, and settings that change a resource without adding or removing one."""

CHOICES: dict[str, list[Option | None]] = {
    path: [None, *([OPTIONS[path]] if path in OPTIONS else []), *FURTHER.get(path, [])]
    for path in (*OPTIONS, *(path for path in FURTHER if path not in OPTIONS))
    if path != "provider_version"  # the provider here is 5
}
"""First of all an option is off, at its default."""

INEXPRESSIBLE: tuple[Pair, ...] = (
    (("autoscaling", 1), ("autoscaling.sleep", 1)),
    (("monitoring", 1), ("monitoring.subscriptions", 1)),
    (("monitoring", 1), ("monitoring.database_events", 1)),
    (("cost", 1), ("cost.anomaly_detection", 1)),
    (("default_tags", 1), ("cost.anomaly_detection", 1)),
)
"""The one is null where the other has to stand; cdktf.json cannot say both."""


def settings(row: Mapping[str, int]) -> dict[str, object]:
    """The settings of these choices, and what they need of options that are not chosen here."""
    chosen: dict[str, object] = {}
    for path, number in row.items():
        option = CHOICES[path][number]
        if option:
            needs = {p: value for p, value in (option.needs or {}).items() if p not in row}
            chosen = {**needs, **chosen, path: option.value}
    return nested(chosen)


def refusal(row: Mapping[str, int]) -> str | None:
    """Why these choices cannot stand together; None if they can."""
    if any(set(pair) <= row.items() for pair in INEXPRESSIBLE):
        return "cdktf.json cannot say this"
    try:
        parse_stack("stack", settings(row))
    except SettingsError as error:
        return str(error)
    return None


def pairs() -> Iterator[Pair]:
    """Every choice of any two options."""
    for (one, ones), (other, others) in combinations(CHOICES.items(), 2):
        for numbers in product(range(len(ones)), range(len(others))):
            yield (one, numbers[0]), (other, numbers[1])


@cache
def refused() -> dict[Pair, str]:
    """The pairs that settings refuse, and how."""
    return {pair: reason for pair in pairs() if (reason := refusal(dict(pair)))}


def covered(row: Row) -> set[Pair]:
    """The pairs in a row."""
    return set(combinations([(path, row[path]) for path in CHOICES if path in row], 2))


def covering_rows() -> list[Row]:
    """Rows that hold every pair which is not refused, greedily and always the same.

    Each starts with a pair that is in none yet; every other option then gets the choice that
    brings most new pairs, of those that are taken together with what is chosen so far.
    """
    missing = dict.fromkeys(pair for pair in pairs() if pair not in refused())
    rows: list[Row] = []
    while missing:
        row: Row = dict(next(iter(missing)))
        for path, choices in CHOICES.items():
            if path in row:
                continue
            news = [
                sum(
                    ((path, number), chosen) in missing or (chosen, (path, number)) in missing
                    for chosen in row.items()
                )
                for number in range(len(choices))
            ]
            best = sorted(range(len(choices)), key=lambda number: -news[number])
            row[path] = next(n for n in best if refusal({**row, path: n}) is None)
        for pair in covered(row):
            missing.pop(pair, None)
        rows.append(row)
    return rows


def test_options_that_contradict_each_other_are_refused_with_a_reason() -> None:
    """And no others: each of these has the reason in one line, and what to do instead."""
    on = 1
    assert {pair: reason.removeprefix("stack stack: ") for pair, reason in refused().items()} == {
        **dict.fromkeys(INEXPRESSIBLE, "cdktf.json cannot say this"),
        (("variables", on), ("load_balancer.https", on)): (
            "variables leaves out certificate_arn, which has no value then; add it, or set "
            "load_balancer.certificate_arn"
        ),
        (("default_tags", on), ("cost", 0)): (
            "cost counts by tag, and default_tags = false; switch that on or set cost to null"
        ),
        (("default_tags", on), ("resilience.fault_injection", on)): (
            "resilience.fault_injection finds by tag what it may break, and default_tags = false "
            "leaves nothing tagged; switch the tags on or the fault injection off"
        ),
        (("customer_managed_keys", on), ("database.storage_encrypted", on)): (
            "customer_managed_keys names database, and database.storage_encrypted = false; "
            "encrypt the storage or take the key out"
        ),
        (("network.private_egress", 0), ("network.task_subnets", on)): (
            "network: task_subnets = private with private_egress = none: the tasks could not pull "
            "their image; choose single_nat, nat_per_zone or vpc_endpoints"
        ),
        (("container.capacity", 0), ("container.on_demand_base", on)): (
            "container: on_demand_base = 1 has no effect with capacity = FARGATE, where every "
            "task is on demand; leave it out or choose FARGATE_SPOT"
        ),
        **{
            (("network.allowed_egress", number), ("network.outbound_ports", on)): (
                f"network: outbound_ports has no effect with allowed_egress = {egress}, which lets "
                "the tasks reach every port; leave it out or choose least"
            )
            for number, egress in ((0, "all_but_database"), (2, "all"))
        },
        **{
            ((f"load_balancer.{option}", on), ("load_balancer.domain", on)): (
                "load_balancer: domain = blog.example.com brings HTTPS and its certificate; leave "
                f"{option} out"
            )
            for option in ("https", "certificate_arn")
        },
        **dict.fromkeys(
            (
                ((f"load_balancer.{option}", on), ("load_balancer.https_at_cdn", on))
                for option in ("https", "certificate_arn", "domain")
            ),
            "load_balancer: https_at_cdn is for a load balancer without https; switch one of them "
            "off",
        ),
        (("load_balancer.host_name", 0), ("load_balancer.https_at_cdn", on)): (
            "load_balancer: https_at_cdn = true without host_name; set the name that the CDN "
            "answers to"
        ),
        **dict.fromkeys(
            (
                ((f"load_balancer.{option}", on), ("container.fixed_site_url", on))
                for option in ("https", "certificate_arn")
            ),
            "container.fixed_site_url = true with load_balancer.https = true pins the load "
            "balancer's own name, which no certificate matches; set load_balancer.host_name",
        ),
        (("container.rollback_alarms", on), ("monitoring", on)): (
            "container.rollback_alarms = true with monitoring = null, which leaves no alarm to "
            "roll back on; keep monitoring or switch it off"
        ),
        **dict.fromkeys(
            (
                (("database.upgrade", on), ("database.password", on)),
                (("database.upgrade", on), ("database.rotation", on)),
            ),
            "database: upgrade = blue_green cannot copy password = managed; choose in_place",
        ),
        (("backup.copy_region", 0), ("backup.vault_lock_days", on)): (
            "backup.vault_lock_days = 7 without copies to lock; set backup.copy_region or "
            "container.shared_uploads, or leave it out"
        ),
        **{
            (first, second): (
                f"container: {name} is for WordPress, not for another application; leave it out"
            )
            for name in WordpressSettings.model_fields
            for first, second in [
                sorted(
                    [("container.database_environment", on), (f"container.{name}", on)],
                    key=lambda choice: [*CHOICES].index(choice[0]),
                )
            ]
        },
        **dict.fromkeys(
            (
                (("container.command", on), (f"container.{name}", on))
                for name in ("apache_conf", "php_ini")
            ),
            "container: command takes the place of apache_conf and php_ini; leave it or them out",
        ),
        (("database.password", 0), ("database.rotation", on)): (
            "database: rotation is for password = managed; choose that, or leave rotation out"
        ),
        **dict.fromkeys(
            (
                (("container.capacity", on), ("container.capacity_providers", on)),
                (("container.on_demand_base", on), ("container.capacity_providers", on)),
            ),
            "container: capacity = FARGATE_SPOT needs capacity_providers = true; switch it on",
        ),
    }


@pytest.mark.slow(45)
def test_terraform_accepts_any_two_options_together(tmp_path: Path) -> None:
    rows = covering_rows()
    # and some that alone are refused for want of a third option that a row happens to have
    assert set().union(*map(covered, rows)) >= set(pairs()) - set(refused())
    assert_valid(tmp_path, {f"row-{number}": settings(row) for number, row in enumerate(rows)})
