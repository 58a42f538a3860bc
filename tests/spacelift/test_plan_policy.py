"""The plan policy on real plan documents: each rule fires on its bad plan, and none on a good one.

`RULES` names every rule by the title in its METADATA, with what its message looks like. A case says
which titles have to answer and, with that, which must not.
"""

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ops.delivery.inputs import Document, Run, RunType, Stack, plan_input
from ops.delivery.policies import POLICIES, review, rules
from tests.spacelift.plans import Plan, PlanDocuments, change, hashed, infracost

pytestmark = pytest.mark.e2e

DATABASE = "aws_db_instance.wordpress"
GROUP, INGRESS = "aws_security_group", "aws_vpc_security_group_ingress_rule"
TASK = "aws_ecs_task_definition.wordpress"
ALLOWED = f"allow-destroy:{DATABASE}"
OTHERS = ("single-az", "allow-unencrypted")

KEPT = "Data, keys and addresses are kept"
PUBLIC = "The database is not public"
OPEN = "Only 80 and 443 are open to the world"
LISTED = "A prefix list does not hold the world"
ENCRYPTED = "The database is encrypted"
ZONES = "The database stands in two zones"
MEMBERS = "A cluster stands in two zones"
GROUPS = "Groups talk to groups"
BUDGET = "The month stays within the budget"
KNOWN = "Sources are known"
RULES_KNOWN = "Rules are known"
READABLE = "What cannot be read is not passed"
PROVIDER = "The provider is known"
DESTROYED = "Something is destroyed"
DESTROY_RUN = "A destroy run"
UPGRADE = "The database changes its version"
IMAGE = "The image changes"
HIDDEN_IMAGE = "The image may change"
JUMP = "The cost jumps"
NO_COST = "The cost is unknown"
DRIFT = "A human looks at drift first"
LABEL = "A label cannot be read"

RULES: dict[str, str] = {
    KEPT: r"the plan would (destroy|replace|drop from the state) the [A-Za-z ]+;",
    PUBLIC: r"publicly_accessible is ",
    OPEN: r" open to the world \(",
    LISTED: r": the prefix list holds the world \(",
    ENCRYPTED: r": (storage_)?encrypted is ",
    ZONES: r"multi_az is ",
    MEMBERS: r" of the two zones it needs;",
    GROUPS: r"; name a security group as the source, or label the stack",
    BUDGET: r"above the budget of ",
    KNOWN: r" from \S+ that are known only after the apply;",
    RULES_KNOWN: r": (ingress rules|entries of the prefix list) that are .*; write them down$",
    READABLE: r"the plan shows no planned values",
    PROVIDER: r": the provider \S+ is not one whose resources are checked;",
    DESTROYED: r"the plan would (destroy|replace|drop from the state) it$",
    DESTROY_RUN: r"^destroy run: \d+ resources go",
    UPGRADE: r": the engine's version changes, and cannot be changed back",
    IMAGE: r": container \S+ changes from \S+ to \S+$",
    HIDDEN_IMAGE: r"the container definitions change and cannot be read here",
    JUMP: r"^the estimate rises from ",
    NO_COST: r"^no readable cost estimate",
    DRIFT: r"^drift run: ",
    LABEL: r"^label \S+: a number has to follow the colon",
}


@dataclass(frozen=True)
class Case:
    """A plan document, the stack it is for, and the rules that have to answer.

    Attributes:
        hashed: what answers instead where default sanitization hides what a rule needs.
    """

    id: str
    plan: Callable[[PlanDocuments], Plan]
    titles: set[str]
    labels: tuple[str, ...] = ()
    third_party_metadata: Document | None = None
    drift: bool = False
    hashed: set[str] | None = None


def unchanged(plans: PlanDocuments) -> Plan:
    return plans.with_changes(plans.unchanged)


def extra(*addresses: str) -> Callable[[PlanDocuments], Plan]:
    """The unchanged plan with some of what changes, or is added."""
    return lambda plans: plans.with_changes(plans.changed, *addresses)


def replaced(*addresses: str) -> Callable[[PlanDocuments], Plan]:
    return lambda plans: plans.with_changes(plans.replaced, *addresses)


def destroyed(*addresses: str) -> Callable[[PlanDocuments], Plan]:
    return lambda plans: plans.with_changes(plans.destroy, *addresses)


def database(**after: Any) -> Callable[[PlanDocuments], Plan]:
    """The update of the database with some planned values set, or taken out (`...`)."""
    wanted = {"publicly_accessible": False, "multi_az": True, **after}

    def build(plans: PlanDocuments) -> Plan:
        plan = plans.with_changes(plans.changed, DATABASE)
        values = {**change(plan, DATABASE)["after"], **wanted}
        change(plan, DATABASE)["after"] = {k: v for k, v in values.items() if v is not ...}
        return plan

    return build


def without_values(address: str, null: bool) -> Callable[[PlanDocuments], Plan]:
    """The creation of everything, but for one resource's `after`: null or missing."""

    def build(plans: PlanDocuments) -> Plan:
        plan = copy.deepcopy(plans.create)
        changed = change(plan, address)
        del changed["after"]
        if null:
            changed["after"] = None
        return plan

    return build


def readable_task(same_image: bool = False) -> Callable[[PlanDocuments], Plan]:
    """A task definition without secrets, so that smart sanitization leaves it readable."""

    def build(plans: PlanDocuments) -> Plan:
        plan = plans.with_changes(plans.changed, TASK)
        changed = change(plan, TASK)
        if same_image:
            changed["after"]["container_definitions"] = changed["before"]["container_definitions"]
        for side in ("before", "after"):
            changed[f"{side}_sensitive"] = {}
        return plan

    return build


def forgotten(plans: PlanDocuments) -> Plan:
    plan = plans.with_changes(plans.destroy, DATABASE)
    change(plan, DATABASE)["actions"] = ["forget"]
    return plan


def costs(monthly: str | None, past: str | None = None) -> Document:
    return {"infracost": infracost(monthly, past_usd=past)}


CASES = [
    # good plans
    Case("from nothing", lambda plans: plans.create, set()),
    Case("nothing changes", lambda plans: plans.unchanged, set()),
    Case(
        "several good rules",
        extra(
            *(f"{GROUP}.by_group", f"{GROUP}.itself", f"{INGRESS}.by_group"),
            *(f"{GROUP}_rule.by_group", f"{GROUP}_rule.outbound"),
        ),
        set(),
    ),
    Case("443 on the load balancer", extra(f"{GROUP}_rule.alb_https"), set()),
    Case("443 on it, IPv6", extra(f"{INGRESS}.alb_https6"), set()),
    Case("database updated well", database(), set()),
    # kept
    Case("database destroyed", destroyed(DATABASE), {KEPT, DESTROYED}),
    Case("database forgotten", forgotten, {KEPT, DESTROYED}),
    Case("load balancer destroyed", destroyed("aws_lb.main"), {KEPT, DESTROYED}),
    Case("VPC destroyed", destroyed("aws_vpc.main"), {KEPT, DESTROYED}),
    Case("database replaced", replaced(DATABASE), {KEPT, DESTROYED, ENCRYPTED}),
    Case("load balancer replaced", replaced("aws_lb.main"), {KEPT, DESTROYED}),
    Case("VPC replaced", replaced("aws_vpc.main"), {KEPT, DESTROYED}),
    Case("everything destroyed", lambda plans: plans.destroy, {KEPT, DESTROYED}),
    Case("allowed by label", destroyed(DATABASE), {DESTROYED}, (ALLOWED,)),
    Case("label of another", destroyed("aws_lb.main"), {KEPT, DESTROYED}, (ALLOWED,)),
    # destroyed
    Case("a route table replaced", replaced("aws_route_table.public"), {DESTROYED}),
    Case("an alarm destroyed", destroyed("aws_cloudwatch_metric_alarm.rds_cpu"), {DESTROYED}),
    # the database
    Case("public", database(publicly_accessible=True), {PUBLIC}),
    Case("public unknown", database(publicly_accessible=...), {PUBLIC}),
    Case("public null", database(publicly_accessible=None), {PUBLIC}),
    Case("weakened", extra(DATABASE), {PUBLIC, ZONES}),
    Case("single zone", database(multi_az=False), {ZONES}),
    Case("zones unknown", database(multi_az=...), {ZONES}),
    Case("single zone by label", database(multi_az=False), set(), ("single-az",)),
    Case("unencrypted", database(storage_encrypted=False), {ENCRYPTED}),
    Case("encryption null", database(storage_encrypted=None), {ENCRYPTED}),
    Case("unencrypted by label", database(storage_encrypted=False), set(), ("allow-unencrypted",)),
    Case("labels of others do not help", database(publicly_accessible=True), {PUBLIC}, OTHERS),
    Case("upgraded", database(engine_version="8.4"), {UPGRADE}),
    Case("upgraded in one zone", database(engine_version="8.4", multi_az=False), {UPGRADE, ZONES}),
    # open to the world
    *[
        Case(f"{address} is open", extra(address), {OPEN})
        for address in (
            *(f"{GROUP}.{name}_world" for name in ("mysql", "range", "all", "udp")),
            *(f"{GROUP}.mysql_world6", "aws_default_security_group.world"),
            *(f"{GROUP}_rule.mysql_world", f"{GROUP}_rule.mysql_world6"),
            *(f"{INGRESS}.{name}" for name in ("ssh_world", "ssh_world6", "all_world")),
        )
    ],
    Case("half the world", extra(f"{GROUP}.half_world"), {OPEN}),
    Case("global IPv6", extra(f"{GROUP}.global6"), {OPEN}),
    Case("a label does not", extra(f"{GROUP}.mysql_world"), {OPEN}, ("allow-cidr:0.0.0.0/0",)),
    # addresses where groups belong
    *[
        Case(f"{address} is no group", extra(address), {GROUPS})
        for address in (
            *(f"{GROUP}.{name}" for name in ("http_world", "private", "prefix_list")),
            *(f"{GROUP}_rule.http_private", f"{GROUP}_rule.http_world"),
            *(f"{INGRESS}.http_private", f"{INGRESS}.alb_named_but_not"),
        )
    ],
    Case("allowed source", extra(f"{GROUP}.private"), set(), ("allow-cidr:10.0.0.0/16",)),
    Case("other source", extra(f"{GROUP}.private"), {GROUPS}, ("allow-cidr:10.0.0.0/8",)),
    # not known or not there
    Case("late inline", extra(f"{GROUP}.late"), {KNOWN}),
    Case("late rule", extra(f"{INGRESS}.late"), {KNOWN}),
    *[
        Case(f"{address} without values", without_values(address, null), {READABLE})
        for address in (DATABASE, f"{GROUP}.rds_sg")
        for null in (True, False)
    ],
    Case("values of others may be missing", without_values("aws_sns_topic.alerts", True), set()),
    # the image
    Case("image, hidden", extra(TASK), {DESTROYED, HIDDEN_IMAGE}),
    Case("readable", readable_task(), {DESTROYED, IMAGE}, hashed={DESTROYED, HIDDEN_IMAGE}),
    Case("task but not image", readable_task(same_image=True), {DESTROYED}),
    # costs
    Case("below the budget", unchanged, set(), third_party_metadata=costs("99.99")),
    Case("at the budget", unchanged, set(), third_party_metadata=costs("100")),
    Case("above the budget", unchanged, {BUDGET}, third_party_metadata=costs("100.01")),
    Case("far above", unchanged, {BUDGET}, third_party_metadata=costs("100000")),
    Case("budget by label", unchanged, set(), ("budget:250",), costs("250")),
    Case("above the label", unchanged, {BUDGET}, ("budget:50.50",), costs("50.51")),
    Case("every label counts", unchanged, {BUDGET}, ("budget:250", "budget:50"), costs("99")),
    Case("growth below", unchanged, set(), third_party_metadata=costs("77.76", "70.70")),
    Case("growth at 10 %", unchanged, set(), third_party_metadata=costs("77.77", "70.70")),
    Case("growth above", unchanged, {JUMP}, third_party_metadata=costs("77.78", "70.70")),
    Case("growth far above", unchanged, {JUMP}, third_party_metadata=costs("99", "1")),
    Case("growth by label", unchanged, set(), ("cost-growth:50",), costs("90", "60")),
    Case("growth above label", unchanged, {JUMP}, ("cost-growth:50",), costs("90.01", "60")),
    Case("from no cost", unchanged, set(), third_party_metadata=costs("99", "0")),
    Case("both limits", unchanged, {BUDGET, JUMP}, third_party_metadata=costs("200", "100")),
    Case("other place", unchanged, {BUDGET, JUMP}, (), {"custom": costs("200", "100")}),
    Case("no estimate", unchanged, {NO_COST}, ("infracost",)),
    Case("null estimate", unchanged, {NO_COST}, ("infracost",), costs(None)),
    Case("no report", unchanged, {NO_COST}, ("infracost",), {"infracost": None}),
    Case("an estimate", unchanged, set(), ("infracost",), costs("71")),
    Case("no Infracost wanted", unchanged, set()),
    # drift, labels
    Case("drift", database(), {DRIFT}, drift=True),
    Case("drift, denied", database(publicly_accessible=True), {DRIFT, PUBLIC}, drift=True),
    Case("drift, accepted", database(multi_az=False), {DRIFT, ZONES}, drift=True),
    Case("unreadable label", unchanged, {LABEL}, ("budget:lots",), costs("100")),
    Case("unreadable label falls back", unchanged, {LABEL, BUDGET}, ("budget:1e9",), costs("101")),
]

NEVER = {KEPT, PUBLIC, OPEN, LISTED}
NEEDS_HUMAN = {ENCRYPTED, ZONES, MEMBERS, GROUPS, BUDGET, KNOWN, RULES_KNOWN, READABLE, PROVIDER}


def verdict(
    case: Case,
    plans: PlanDocuments,
    run_type: RunType,
    sanitize: Callable[[Plan], Plan] = lambda plan: plan,
) -> dict[str, Any]:
    document = plan_input(
        sanitize(case.plan(plans)),
        run=Run(type=run_type, drift_detection=case.drift),
        stack=Stack(labels=case.labels),
        third_party_metadata=case.third_party_metadata,
    )
    return review("plan", document)


def titles(messages: Sequence[str]) -> set[str]:
    """The rules that `messages` are from; each message belongs to exactly one."""
    found = set()
    for message in messages:
        (title,) = [title for title, pattern in RULES.items() if re.search(pattern, message)]
        found.add(title)
    return found


SMART, DEFAULT = (lambda plan: plan), hashed
"""Sanitizations of a plan: what is sensitive, which `plan_input` hashes; and every string."""


@pytest.mark.parametrize("sanitize", [SMART, DEFAULT], ids=["smart", "default"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_a_proposed_run(
    case: Case, sanitize: Callable[[Plan], Plan], plans: PlanDocuments
) -> None:
    """What must never happen and what needs a human are denied, the rest is warned.

    A drift run is denied only what must never happen.
    """
    expected = case.titles
    if sanitize is DEFAULT and case.hashed is not None:
        expected = case.hashed
    said = verdict(case, plans, "PROPOSED", sanitize)
    denied = NEVER if case.drift else NEVER | NEEDS_HUMAN
    assert titles(said["deny"]) == expected & denied
    assert titles(said["warn"]) == expected - denied


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_a_tracked_run(case: Case, plans: PlanDocuments) -> None:
    """What must never happen is denied, what needs a human is warned with the rest."""
    said = verdict(case, plans, "TRACKED")
    assert titles(said["deny"]) == case.titles & NEVER
    assert titles(said["warn"]) == case.titles - NEVER


def test_a_destroy_run_is_warned_once_and_not_denied(plans: PlanDocuments) -> None:
    said = verdict(Case("", lambda plans: plans.destroy, set()), plans, "DESTROY")
    assert said["deny"] == []
    count = len(plans.destroy["resource_changes"])
    assert said["warn"] == [f"destroy run: {count} resources go, and the data in them"]


def test_a_destroy_run_may_not_open_anything(plans: PlanDocuments) -> None:
    said = verdict(Case("", extra(f"{GROUP}.mysql_world"), set()), plans, "DESTROY")
    assert titles(said["deny"]) == {OPEN}


@pytest.mark.parametrize("run_type", ["TASK", "TESTING"])
def test_a_run_that_nobody_confirms_is_judged_as_a_proposed_one(
    run_type: RunType, plans: PlanDocuments
) -> None:
    said = verdict(Case("", database(multi_az=False), set()), plans, run_type)
    assert titles(said["deny"]) == {ZONES}


@pytest.mark.parametrize(
    ("group", "sanitize", "ports"),
    [
        ("range_world", SMART, "tcp 3000-4000"),
        ("all_world", DEFAULT, "all traffic"),  # hashed, and known by its hash
    ],
)
def test_messages_name_the_resource_the_value_and_the_way_out(
    group: str, sanitize: Callable[[Plan], Plan], ports: str, plans: PlanDocuments
) -> None:
    opened = Case("", extra(f"{GROUP}.{group}"), set())
    assert verdict(opened, plans, "PROPOSED", sanitize)["deny"] == [
        f"{GROUP}.{group}: {ports} open to the world (0.0.0.0/0); only tcp 80 and tcp 443 may be"
    ]


def test_the_tables_cover_every_rule_and_every_rule_has_a_case_in_which_it_fires() -> None:
    """A rule without METADATA is found by test_policies.py."""
    named = {r.title: r.name for r in rules(POLICIES / "plan.rego")}
    by_kind = {kind: {t for t, name in named.items() if name == kind} for kind in named.values()}
    assert by_kind["never"] == NEVER
    assert by_kind["needs_human"] == NEEDS_HUMAN
    assert by_kind["never"] | by_kind["needs_human"] | by_kind["notice"] == set(RULES)
    fired = set().union(*(case.titles for case in CASES)) | {DESTROY_RUN}
    # those are for what only somebody else's plan has, see test_evasions.py
    assert fired | {LISTED, MEMBERS, RULES_KNOWN, PROVIDER} == set(RULES)
    assert len([case for case in CASES if case.titles]) >= 25
