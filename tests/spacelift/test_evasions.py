"""Ways around the policies: what a plan can look like that says the same in other words.

The resource changes are written here, because most of these are not in a plan of this platform.
Titles are those of test_plan_policy.py.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops import CDKTF_JSON
from ops.delivery.inputs import Document, Run, RunType, Stack, plan_input
from ops.delivery.policies import review
from tests.spacelift.plans import Change, infracost, resource
from tests.spacelift.test_plan_policy import (
    BUDGET,
    DESTROYED,
    DRIFT,
    ENCRYPTED,
    GROUPS,
    JUMP,
    KEPT,
    KNOWN,
    LABEL,
    LISTED,
    MEMBERS,
    NEVER,
    NO_COST,
    OPEN,
    PROVIDER,
    PUBLIC,
    READABLE,
    RULES_KNOWN,
    ZONES,
    titles,
)
from tests.synth.synthesized import synthesize

WORLD = "0.0.0.0/0"
LOAD_BALANCER = "aws_security_group.alb_sg"


def said(
    *changes: Change,
    run_type: RunType = "PROPOSED",
    drift: bool = False,
    labels: tuple[str, ...] = (),
    costs: Document | None = None,
) -> dict[str, Any]:
    plan: Any = {"terraform_version": "1.11.4", "resource_changes": list(changes)}
    document = plan_input(
        plan,
        run=Run(type=run_type, drift_detection=drift),
        stack=Stack(labels=labels),
        third_party_metadata=costs,
    )
    return review("plan", document)


def denied(*changes: Change, **more: Any) -> set[str]:
    return titles(said(*changes, **more)["deny"])


GOOD_DATABASE = {"publicly_accessible": False, "storage_encrypted": True, "multi_az": True}


def destroyed(address: str, *, replaced: bool = False) -> Change:
    if replaced:
        return resource(address, GOOD_DATABASE, actions=("delete", "create"))
    return resource(address, actions=("delete",))


def inline(port: int = 22, protocol: str = "tcp", **sources: Any) -> Any:
    """A security group's values with one ingress rule."""
    none: dict[str, Any] = {"cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": []}
    return {
        "ingress": [{"from_port": port, "to_port": port, "protocol": protocol, **none, **sources}]
    }


def rule(port: int = 22, **values: Any) -> Any:
    """The values of an aws_vpc_security_group_ingress_rule; `...` is left out, not known yet."""
    none: dict[str, Any] = {"cidr_ipv4": None, "cidr_ipv6": None, "prefix_list_id": None}
    known = {"ip_protocol": "tcp", "from_port": port, "to_port": port, **none, **values}
    return {name: value for name, value in known.items() if value is not ...}


# ------------------------------------------------------------------ addresses

ADDRESSES = [
    "{}.y",
    "{}.y[0]",
    '{}.y["a"]',
    "module.x.{}.y",
    "module.x.{}.y[1]",
    'module.x.{}.y["a"]',
    'module.x["a.b"].{}.y["c"]',
    'module.x["\\"quoted\\""].module.z.{}.y["it\'s {{}}"]',
]


@pytest.mark.parametrize("pattern", ADDRESSES)
def test_no_address_hides_a_resource(pattern: str) -> None:
    database = pattern.format("aws_db_instance")
    assert denied(destroyed(database)) == {KEPT}
    (message,) = said(destroyed(database))["deny"]
    assert message.startswith(f"{database}: ")
    assert denied(resource(database, {**GOOD_DATABASE, "publicly_accessible": True})) == {PUBLIC}
    group = pattern.format("aws_security_group")
    assert denied(resource(group, inline(3306, cidr_blocks=[WORLD]))) == {OPEN}
    allowed = said(destroyed(database), labels=(f"allow-destroy:{database}",))
    assert allowed["deny"] == []


@pytest.mark.parametrize(
    "address",
    [pattern.format("aws_security_group").replace(".y", ".alb_sg") for pattern in ADDRESSES],
)
def test_only_one_address_is_the_load_balancers_group(address: str) -> None:
    """Somebody else's module may use the name."""
    web = resource(address, inline(443, cidr_blocks=[WORLD]))
    assert denied(web) == (set() if address == LOAD_BALANCER else {GROUPS})


# ------------------------------------------------------------------ types

KEPT_TYPES = [
    *("aws_db_instance", "aws_rds_cluster", "aws_rds_cluster_instance", "aws_rds_global_cluster"),
    *("aws_docdb_cluster", "aws_neptune_cluster", "aws_dynamodb_table", "aws_redshift_cluster"),
    *("aws_db_snapshot", "aws_db_cluster_snapshot", "aws_ebs_volume", "aws_ebs_snapshot"),
    *("aws_efs_file_system", "aws_fsx_lustre_file_system", "aws_fsx_ontap_file_system"),
    *("aws_fsx_openzfs_file_system", "aws_fsx_windows_file_system"),
    *("aws_s3_bucket", "aws_s3_directory_bucket", "aws_secretsmanager_secret"),
    *("aws_backup_vault", "aws_backup_logically_air_gapped_vault"),
    *("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key"),
    *("aws_lb", "aws_alb", "aws_elb", "aws_vpc", "aws_default_vpc", "aws_eip"),
    *("aws_cloudformation_stack", "aws_fsx_ontap_volume", "aws_fsx_openzfs_volume"),
    *("aws_ebs_snapshot_copy", "aws_db_snapshot_copy", "aws_redshiftserverless_namespace"),
    *("aws_docdb_cluster_instance", "aws_neptune_cluster_instance"),
    *("aws_docdb_global_cluster", "aws_neptune_global_cluster"),
]


@pytest.mark.parametrize("type_", KEPT_TYPES)
def test_what_holds_data_keys_or_an_address_is_kept(type_: str) -> None:
    address = f"{type_}.main"
    for lost in (destroyed(address), resource(address, actions=("forget",))):
        assert denied(lost) == {KEPT}
        assert denied(lost, run_type="TRACKED") == {KEPT}
        assert denied(lost, labels=(f"allow-destroy:{address}",)) == set()
        assert denied(lost, labels=(f"allow-destroy:{type_}.other",)) == {KEPT}
        assert denied(lost, run_type="DESTROY") == set()
    assert KEPT in denied(destroyed(address, replaced=True))


def test_what_holds_nothing_may_go() -> None:
    for type_ in ("aws_kms_alias", "aws_lb_listener", "aws_s3_bucket_policy", "aws_subnet"):
        assert said(destroyed(f"{type_}.main")) == {
            "deny": [],
            "warn": [f"{type_}.main: the plan would destroy it"],
            "flag": [],
        }


MEMBER = {"publicly_accessible": False, "cluster_identifier": "c"}
CLUSTER = {"storage_encrypted": True, "cluster_identifier": "c", "db_cluster_instance_class": None}


HOLDS_NOTHING = re.compile(
    r"aws_("
    r"appautoscaling_.*|backup_(plan|selection|vault_lock_.*)|budgets_budget|ce_anomaly_.*|cloudwatch_.*|"
    r"db_(event_subscription|parameter_group|subnet_group)|default_security_group|ecs_.*|"
    r"efs_(access_point|file_system_policy|mount_target)|fis_.*|flow_log|iam_role.*|internet_gateway|"
    r"kms_alias|lb_.+|nat_gateway|route_table.*|s3_bucket_.+|secretsmanager_secret_rotation|"
    r"security_group|service_discovery_.*|sns_.*|ssm_document|subnet|wafv2_.*)"
)
"""Types that can be made again as they were; logs are kept for days only, in any case."""


def test_every_type_that_this_platform_makes_is_kept_or_holds_nothing(tmp_path: Path) -> None:
    types: set[str] = set()
    for stack_id, values in json.loads(CDKTF_JSON.read_text())["context"]["stacks"].items():
        made = synthesize(values, stack_id=stack_id, outdir=tmp_path / stack_id)
        types |= {*made.document["resource"]}
    losses = said(*(destroyed(f"{type_}.main") for type_ in types))["deny"]
    kept = {message.partition(".")[0] for message in losses}
    assert {"aws_db_instance", "aws_kms_key", "aws_cloudformation_stack"} <= kept
    assert {type_ for type_ in types if not HOLDS_NOTHING.fullmatch(type_)} == kept


NEW_MEMBER = {"publicly_accessible": False}
"""Of a cluster whose name is known only after the apply."""


def cluster(
    members: int, member: Any = MEMBER, name: str = "aws_rds_cluster", **values: Any
) -> list[Change]:
    return [
        resource(f"{name}.main", {**CLUSTER, **values}),
        *(resource(f"{name}_instance.main[{n}]", member) for n in range(members)),
    ]


def redshift(**values: Any) -> Change:
    return resource(
        "aws_redshift_cluster.r", {"publicly_accessible": False, "encrypted": True, **values}
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (cluster(2), set()),
        (cluster(2, NEW_MEMBER), set()),
        (cluster(2, name="aws_docdb_cluster"), set()),
        (cluster(1, name="aws_docdb_cluster"), {MEMBERS}),
        (cluster(2, name="aws_neptune_cluster"), set()),
        (cluster(1, name="aws_neptune_cluster"), {MEMBERS}),
        (cluster(2, {**MEMBER, "availability_zone": "eu-central-1a"}), {MEMBERS}),
        (cluster(2, {**MEMBER, "availability_zone": None}), set()),
        (
            [
                *cluster(1, {**MEMBER, "availability_zone": "eu-central-1a"}),
                resource(
                    "aws_rds_cluster_instance.b", {**MEMBER, "availability_zone": "eu-central-1b"}
                ),
            ],
            set(),
        ),
        # which of two clusters they belong to is not known
        (
            [
                *cluster(2, NEW_MEMBER),
                resource("aws_rds_cluster.b", {**CLUSTER, "cluster_identifier": "b"}),
            ],
            {MEMBERS},
        ),
        ([*cluster(2), *cluster(2, name="aws_docdb_cluster")], set()),
        (cluster(0, db_cluster_instance_class="db.m5d.large"), set()),
        (cluster(0), {MEMBERS}),
        (cluster(1), {MEMBERS}),
        (cluster(3, {**MEMBER, "cluster_identifier": "other"}), {MEMBERS}),
        (cluster(2, storage_encrypted=False), {ENCRYPTED}),
        (cluster(2, storage_encrypted=None), {ENCRYPTED}),
        (cluster(2, {**MEMBER, "publicly_accessible": True}), {PUBLIC}),
        (cluster(2, {"cluster_identifier": "c"}), {PUBLIC}),
        (cluster(2, name="aws_docdb_cluster", storage_encrypted=False), {ENCRYPTED}),
        (cluster(2, name="aws_neptune_cluster", storage_encrypted=None), {ENCRYPTED}),
        ([resource("aws_neptune_cluster_instance.n", {"publicly_accessible": True})], {PUBLIC}),
        ([redshift()], set()),
        ([redshift(publicly_accessible=True)], {PUBLIC}),
        ([redshift(encrypted=False)], {ENCRYPTED}),
        ([redshift(encrypted=None)], {ENCRYPTED}),
        ([resource("aws_redshiftserverless_workgroup.w", {"publicly_accessible": True})], {PUBLIC}),
        ([resource("aws_rds_cluster.c")], {READABLE}),
        ([resource("aws_ec2_managed_prefix_list.p")], {READABLE}),
    ],
)
def test_a_database_of_another_type_is_a_database(
    changes: list[Change], expected: set[str]
) -> None:
    assert denied(*changes) == expected


def test_one_zone_and_no_encryption_by_label_hold_for_clusters_too() -> None:
    changes = cluster(1, storage_encrypted=False)
    assert denied(*changes, labels=("single-az", "allow-unencrypted")) == set()


# ------------------------------------------------------------------ ingress

GROUP = "aws_security_group.g"
RULE = "aws_vpc_security_group_ingress_rule.alb_r"
OLD_RULE = "aws_security_group_rule.alb_r"
KNOWN_GROUP = resource(LOAD_BALANCER, {"id": "sg-1", "ingress": []}, actions=("no-op",))
NEW_GROUP = resource(LOAD_BALANCER, {"ingress": []})


def old_rule(port: int = 22, **values: Any) -> Any:
    none: dict[str, Any] = {"cidr_blocks": None, "ipv6_cidr_blocks": None, "prefix_list_ids": None}
    known = {"type": "ingress", "protocol": "tcp", "from_port": port, "to_port": port}
    return {name: v for name, v in {**known, **none, **values}.items() if v is not ...}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # known later as a whole
        ([resource(GROUP, {})], {RULES_KNOWN}),
        ([resource(GROUP, {}, actions=("update",), before={"ingress": []})], {RULES_KNOWN}),
        ([resource(GROUP, {"ingress": [None]})], {RULES_KNOWN}),
        ([resource(GROUP, {"ingress": []})], set()),
        ([resource("aws_default_security_group.g", {})], {RULES_KNOWN}),
        ([resource("aws_default_security_group.g", {"ingress": []})], set()),
        # known later in part
        ([resource(GROUP, inline(cidr_blocks=[None]))], {KNOWN}),
        ([resource(GROUP, inline(cidr_blocks=["10.0.0.0/16", None]))], {KNOWN, GROUPS}),
        ([resource(GROUP, inline(cidr_blocks=[WORLD, None]))], {KNOWN, OPEN}),
        ([resource(GROUP, {"ingress": [{}]})], {KNOWN}),
        ([resource(OLD_RULE, old_rule(cidr_blocks=...))], {KNOWN}),
        ([resource(OLD_RULE, old_rule(cidr_blocks=[None]))], {KNOWN}),
        ([resource(OLD_RULE, old_rule(type=..., cidr_blocks=[WORLD]))], {OPEN}),
        ([resource(RULE, rule(cidr_ipv6=...))], {KNOWN}),
        ([resource(RULE, rule(443, from_port=..., cidr_ipv4=WORLD))], {OPEN}),
        ([resource(RULE, rule(443, ip_protocol=..., cidr_ipv4=WORLD))], {OPEN}),
        # a rule whose group is not known yet is not the load balancer's, whatever its name
        ([resource(RULE, rule(443, cidr_ipv4=WORLD))], {GROUPS}),
        ([NEW_GROUP, resource(RULE, rule(443, cidr_ipv4=WORLD))], {GROUPS}),
        ([KNOWN_GROUP, resource(RULE, rule(443, cidr_ipv4=WORLD))], {GROUPS}),
        ([NEW_GROUP, resource(OLD_RULE, old_rule(80, cidr_blocks=[WORLD]))], {GROUPS}),
        (
            [KNOWN_GROUP, resource(RULE, rule(443, security_group_id="sg-1", cidr_ipv4=WORLD))],
            set(),
        ),
        (
            [KNOWN_GROUP, resource(RULE, rule(443, security_group_id="sg-2", cidr_ipv4=WORLD))],
            {GROUPS},
        ),
        (
            [
                resource('module.x["a"].' + LOAD_BALANCER, {"id": "sg-2", "ingress": []}),
                resource(RULE, rule(443, security_group_id="sg-2", cidr_ipv4=WORLD)),
            ],
            {GROUPS},
        ),
        # the world in another spelling
        ([resource(GROUP, inline(ipv6_cidr_blocks=["0:0:0:0:0:0:0:0/0"]))], {OPEN}),
        ([resource(GROUP, inline(cidr_blocks=["0.0.0.0/00"]))], {OPEN}),
        ([resource(GROUP, inline(cidr_blocks=["10.1.2.3/0"]))], {OPEN}),
        ([resource(GROUP, inline(cidr_blocks=["11.0.0.0/8"]))], {GROUPS}),
        ([resource(GROUP, inline(80, "TCP", cidr_blocks=[WORLD]))], {OPEN}),
        ([resource(GROUP, inline(443, "-1", cidr_blocks=[WORLD]))], {OPEN}),
    ],
)
def test_what_lets_the_world_in(changes: list[Change], expected: set[str]) -> None:
    assert denied(*changes) == expected


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        *((WORLD, OPEN), ("0.0.0.0/1", OPEN), ("128.0.0.0/1", OPEN), ("64.0.0.0/2", OPEN)),
        *(("224.0.0.0/3", OPEN), ("254.0.0.0/7", OPEN), ("10.0.0.0/8", GROUPS)),
        *(("::/0", OPEN), ("::/1", OPEN), ("8000::/1", OPEN), ("2000::/3", OPEN)),
        *(("200::/7", OPEN), ("fe00::/7", OPEN), ("fd00::/8", GROUPS)),
    ],
)
def test_a_sensitive_network_is_recognised_by_its_hash(network: str, expected: str) -> None:
    version, numbered = ("ipv6_", "cidr_ipv6") if ":" in network else ("", "cidr_ipv4")
    sources: dict[str, Any] = {f"{version}cidr_blocks": [network]}
    whole = resource(GROUP, inline(**sources), sensitive={"ingress": True})
    assert denied(whole) == {expected}
    (message,) = said(whole)["deny"]
    assert (network in message) == (expected == OPEN)
    source: dict[str, Any] = {numbered: network}
    alone = resource(RULE, rule(**source), sensitive={numbered: True})
    assert denied(alone) == {expected}


@pytest.mark.parametrize("network", ["0::/0", "0:0:0:0:0:0:0:0/0"])
def test_a_sensitive_network_in_another_spelling_is_said_not_to_be_readable(network: str) -> None:
    group = resource(GROUP, inline(3306, ipv6_cidr_blocks=[network]), sensitive={"ingress": True})
    assert denied(group) == {GROUPS}
    (message,) = said(group, run_type="TRACKED")["warn"]
    assert "from a source that is sensitive and cannot be read (" in message
    for listed, sensitive in (
        (resource(PREFIXES, {"entry": [{"cidr": network}]}, sensitive={"entry": True}), "entries"),
        (resource(PREFIX, {"cidr": network}, sensitive={"cidr": True}), "entries"),
    ):
        assert denied(listed) == {RULES_KNOWN}
        (message,) = said(listed, run_type="TRACKED")["warn"]
        assert f"{sensitive} of the prefix list that are sensitive and cannot be read" in message
        assert denied(listed, labels=(f"allow-cidr:{network}",)) == set()


PREFIXES = "aws_ec2_managed_prefix_list.p"
PREFIX = "aws_ec2_managed_prefix_list_entry.p"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([resource(PREFIXES, {"entry": [{"cidr": "10.0.0.0/16"}]})], set()),
        ([resource(PREFIXES, {"entry": []})], set()),
        ([resource(PREFIXES, {"entry": [{"cidr": "10.0.0.0/16"}, {"cidr": WORLD}]})], {LISTED}),
        ([resource(PREFIXES, {"entry": [{"cidr": "128.0.0.0/1"}]})], {LISTED}),
        ([resource(PREFIXES, {"entry": [{"cidr": "::/0"}]}, actions=("no-op",))], {LISTED}),
        ([resource(PREFIXES, {"entry": [{"cidr": WORLD}]}, sensitive={"entry": True})], {LISTED}),
        ([resource(PREFIX, {"cidr": "::/0"})], {LISTED}),
        ([resource('module.x["a"].' + PREFIX + "[0]", {"cidr": WORLD})], {LISTED}),
        ([resource(PREFIX, {"cidr": "10.0.0.0/16"})], set()),
        ([resource(PREFIX, {})], {RULES_KNOWN}),
        ([resource(PREFIXES, {})], {RULES_KNOWN}),
        ([resource(PREFIXES, {"entry": [None]})], {RULES_KNOWN}),
        ([resource(PREFIXES, {"entry": [{}]})], {RULES_KNOWN}),
        # the rule that names it shows nothing but an id, or not even that
        ([resource(GROUP, inline(prefix_list_ids=["pl-1"]))], {GROUPS}),
        ([resource(GROUP, inline(prefix_list_ids=[None]))], {KNOWN}),
    ],
)
def test_a_prefix_list_hides_nothing(changes: list[Change], expected: set[str]) -> None:
    assert denied(*changes) == expected


# ------------------------------------------------------------------ providers

OPEN_BY_CLOUD_CONTROL = {"security_group_ingress": [{"cidr_ip": WORLD, "from_port": 22}]}


@pytest.mark.parametrize("host", ["registry.terraform.io", "registry.opentofu.org"])
def test_what_another_provider_makes_needs_a_human(host: str) -> None:
    provider = f"{host}/hashicorp/awscc"
    group = {**resource(GROUP, OPEN_BY_CLOUD_CONTROL | {"ingress": []}), "provider_name": provider}
    assert denied(group) == {PROVIDER}
    assert titles(said(group, run_type="TRACKED")["warn"]) == {PROVIDER}
    assert denied(group, labels=(f"allow-provider:{provider}",)) == set()
    assert denied(group | {"provider_name": f"{host}/hashicorp/aws"}) == set()
    assert denied(group | {"provider_name": f"{host}/somebody/aws"}) == {PROVIDER}
    assert denied(group | {"provider_name": f"{host}/spacelift-io/spacelift"}) == set()
    accepted = {**group, "change": {**group["change"], "actions": ["no-op"]}}
    assert denied(accepted) == set()


# ------------------------------------------------------------------ costs

HUGE = "1" + "0" * 400


def report(monthly: Any, past: Any = None) -> Any:
    return {"infracost": infracost(monthly, past_usd=past)}


@pytest.mark.parametrize(
    ("costs", "labels", "expected"),
    [
        (report("999999999999.99"), (), {BUDGET}),
        (report("123456789012345678901234567890.12"), (), {BUDGET}),
        (report(HUGE), (), {BUDGET}),
        (report(1e22), (), {BUDGET}),
        (report(10**30), (), {BUDGET}),
        (report(HUGE, "1"), (), {BUDGET, JUMP}),
        (report("99." + "9" * 400), (), set()),
        (report("-1"), ("infracost",), {NO_COST}),
        (report("1e3"), ("infracost",), {NO_COST}),
        (report("NaN"), ("infracost",), {NO_COST}),
        (report("101"), (f"budget:{HUGE}",), {BUDGET, LABEL}),
        (report("101"), ("budget:999999999999",), set()),
        # a report of the branch cannot stand for Infracost's own, only add to it
        ({"custom": report("1")}, ("infracost",), {NO_COST}),
        ({"custom": report("500")}, ("infracost",), {NO_COST, BUDGET}),
        ({**report("500"), "custom": report("1")}, ("infracost",), {BUDGET}),
        ({**report("1"), "custom": report("500")}, ("infracost",), {BUDGET}),
        ({**report("1"), "custom": report("2")}, ("infracost",), set()),
        ({**report(None), "custom": report("2")}, ("infracost",), {NO_COST}),
    ],
)
def test_costs_are_infracosts_and_have_an_end(
    costs: Document, labels: tuple[str, ...], expected: set[str]
) -> None:
    answers = said(labels=labels, costs=costs)
    assert titles(answers["deny"]) | titles(answers["warn"]) == expected
    assert all("e+" not in message for message in [*answers["deny"], *answers["warn"]])


# ------------------------------------------------------------------ drift


@dataclass(frozen=True)
class Drift:
    """What a drift run finds, and what it says about it."""

    id: str
    changes: list[Change]
    denied: set[str]
    warned: set[str]


SINGLE = {**GOOD_DATABASE, "multi_az": False}
ACCEPTED = resource("aws_db_instance.d", SINGLE, actions=("no-op",))
READ = resource("aws_region.r", {}, actions=("read",))
MOVED = resource("aws_sns_topic.t", {}, actions=("update",), before={})


@pytest.mark.parametrize(
    "case",
    [
        Drift("nothing", [], set(), set()),
        Drift("accepted, nothing changed", [ACCEPTED], set(), set()),
        Drift("only data is read", [ACCEPTED, READ], set(), set()),
        Drift("accepted, something else changed", [ACCEPTED, MOVED], set(), {DRIFT, ZONES}),
        Drift(
            "what must never happen",
            [ACCEPTED, destroyed("aws_vpc.v")],
            {KEPT},
            {DRIFT, ZONES, DESTROYED},
        ),
    ],
    ids=lambda case: case.id,
)
def test_a_drift_run_is_denied_only_what_must_never_happen(case: Drift) -> None:
    answers = said(*case.changes, drift=True)
    assert titles(answers["deny"]) == case.denied <= NEVER
    assert titles(answers["warn"]) == case.warned


@pytest.mark.parametrize(("run_type", "answer"), [("TRACKED", "warn"), ("TASK", "deny")])
def test_only_a_proposed_run_looks_for_drift(run_type: RunType, answer: str) -> None:
    """A reconciliation waits for people; anything else is judged as without drift."""
    assert ZONES in titles(said(ACCEPTED, drift=True, run_type=run_type)[answer])


def test_an_unreadable_plan_is_not_an_empty_one() -> None:
    document: Any = plan_input(
        {"terraform_version": "1", "resource_changes": []},
        run=Run(drift_detection=True),
        stack=Stack(),
    )
    del document["terraform"]["resource_changes"]
    assert titles(review("plan", document)["warn"]) == {DRIFT}
