"""settings.py: what is accepted up to its bounds, and the whole message just outside each of them.

A setting is written here by its dotted path, as in the messages.
"""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from constructs_lib.settings import (
    FARGATE_MEMORY_MIB,
    LOG_RETENTION_DAYS,
    MONITORING_INTERVAL_SECONDS,
    LocalBackendSettings,
    OutputName,
    S3BackendSettings,
    SettingsError,
    StackSettings,
    VariableName,
    load_stacks,
    parse_stack,
)
from tests.synth.options import OPTIONS
from tests.synth.synthesized import MAXIMAL

Values = dict[str, object]
"""Settings by dotted path."""

S3: Values = {"backend.type": "s3", "backend.bucket": "abc", "backend.region": "eu-west-1"}
GP3: Values = {"database.storage_type": "gp3", "database.allocated_storage_gib": 400}
MANY: Values = {"autoscaling.min_capacity": 0, "autoscaling.max_capacity": 5000}
PERCENTAGES = (
    "autoscaling.cpu_target_percent",
    "autoscaling.memory_target_percent",
    "monitoring.db_cpu_percent",
    "monitoring.service_cpu_percent",
    "monitoring.service_memory_percent",
)


def nested(values: Values) -> dict[str, Any]:
    """The settings as they stand in cdktf.json."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *groups, key = path.split(".")
        group = tree
        for name in groups:
            group = group.setdefault(name, {})
        group[key] = value
    return tree


def refusal(values: object, stack_id: str = "demo") -> str:
    """The message for settings that cannot be used, without the stack it names first."""
    with pytest.raises(SettingsError) as raised:
        parse_stack(stack_id, values)
    message = str(raised.value)
    assert message.startswith(f"stack {stack_id}: ")
    assert message.isprintable()  # so it is one line
    return message.removeprefix(f"stack {stack_id}: ")


def each(path: str, *values: object, **others: object) -> list[Values]:
    """One row for each value of a setting; `others` go with it."""
    return [{**others, path: value} for value in values]


ACCEPTED: list[Values] = [
    *each("project_name", "x", "x" * 28, "a-1-b", "internals", "sgx"),
    *each("region", "ap-southeast-5", "eu-central-2"),
    *({path: option.value, **(option.needs or {})} for path, option in OPTIONS.items()),
    *each("load_balancer.timeout_seconds", None),
    *each("load_balancer.stickiness_seconds", None),
    *each("load_balancer.deregistration_delay_seconds", 0, 3600),
    *each("load_balancer.waf.requests_per_5_minutes", 10, 2_000_000_000),
    *each("container.health_check_grace_period_seconds", None),
    *each("container.minimum_healthy_percent", None),
    *each("container.maximum_percent", None),
    *each("container.container_insights", None),
    *each("container.zone_rebalancing", None),
    *each("database.backup_window", None),
    *each("database.maintenance_window", None),
    *each("autoscaling.sleep.timezone", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+1"),
    {"network.vpc_cidr": "10.0.0.0/16"},
    {
        "network.vpc_cidr": "10.9.0.0/26",
        "network.public_subnet_cidrs": ["10.9.0.0/28", "10.9.0.16/28"],
        "network.private_subnet_cidrs": ["10.9.0.32/28", "10.9.0.48/28"],
    },
    *each(
        "network.availability_zones",
        None,
        ["eu-central-1c", "eu-central-1b"],
        ["eu-central-1a", "eu-central-1b", "eu-central-1a"],
    ),
    *each("load_balancer.health_check_path", "/", "/" + "x" * 1023, "/$x%20{}"),
    {"load_balancer.interval_seconds": 5, "load_balancer.timeout_seconds": 2},
    {"load_balancer.interval_seconds": 6, "load_balancer.timeout_seconds": 5},
    {"load_balancer.interval_seconds": 300, "load_balancer.timeout_seconds": 120},
    *each("load_balancer.healthy_threshold", 2, 10),
    *each("load_balancer.unhealthy_threshold", 2, 10),
    *each("load_balancer.matcher", "200", "200,302,404", "200-499"),
    *each("load_balancer.stickiness_seconds", 1, 604800),
    *each("container.image", "x", "registry:5000/a/b@sha256:0123"),
    *each("container.name", "a", "A-_9" + "x" * 251),
    *(
        row
        for cpu, sizes in FARGATE_MEMORY_MIB.items()
        for row in each("container.memory_mib", sizes[0], sizes[-1], **{"container.cpu": cpu})
    ),
    *each("container.desired_count", 0, 5000, **MANY),
    *each("container.health_check_grace_period_seconds", 0, 2147483647),
    *each("container.minimum_healthy_percent", 0, 50, **{"container.maximum_percent": 100}),
    {"container.minimum_healthy_percent": 100, "container.maximum_percent": 150},
    {"container.minimum_healthy_percent": None, "container.maximum_percent": None},
    {**MANY, "autoscaling.min_capacity": 0, "container.maximum_percent": 100},
    *each("container.log_retention_days", *LOG_RETENTION_DAYS),
    {"autoscaling.min_capacity": 2, "autoscaling.max_capacity": 2},
    {**MANY, "autoscaling.max_capacity": 1, "container.desired_count": 1},
    *(row for path in PERCENTAGES for row in each(path, 1, 100)),
    *each("autoscaling.scale_out_cooldown_seconds", 0, 3600),
    *each("autoscaling.scale_in_cooldown_seconds", 0, 3600),
    *each("database.engine_version", "8.4", "8.0.40"),
    *each("database.instance_class", "db.r6gd.16xlarge"),
    *each("database.allocated_storage_gib", 20, 65536),
    *each("database.storage_type", "gp2", "gp3"),
    *each("database.iops", None, 12000, 64000, **GP3),
    *each("database.storage_throughput_mibps", None, 500, 4000, **GP3),
    *each("database.name", "a", "A_1" + "x" * 61),
    *each("database.username", "a", "A_1" + "x" * 13),
    *each("database.backup_retention_days", 0, 35),
    *each("database.backup_window", "03:30-04:00", "23:45-00:15"),
    *each(
        "database.maintenance_window",
        *("Mon:04:00-Mon:04:30", "Sun:23:45-Mon:00:15", "Tue:04:00-Wed:03:00"),
    ),
    *each("database.monitoring_interval_seconds", *MONITORING_INTERVAL_SECONDS),
    *each("database.log_exports", [], ["audit", "error", "general", "slowquery"]),
    {"database.performance_insights": True, "database.instance_class": "db.t3.medium"},
    *each("database.skip_final_snapshot", True, False),
    *each("monitoring.alarm_email", "", "a@b.c"),
    *each("monitoring.db_free_storage_gib", 0.001, 5),
    *each("monitoring.db_connections", 1),
    *each("monitoring.db_replica_lag_seconds", 1),
    *each("monitoring.response_time_seconds", 0.001, 5),
    *each("monitoring.server_errors_per_5_minutes", 1),
    *each("cost.monthly_budget_usd", 0.01, 1),
    *each("cost.anomaly_threshold_usd", 0.01, 1),
    {**S3, "backend.bucket": "x" * 63, "backend.key": "k"},
    {"backend.type": "local"},
]


@pytest.mark.parametrize("values", ACCEPTED, ids=[json.dumps(row)[:60] for row in ACCEPTED])
def test_a_value_at_its_bound_is_accepted_and_kept(values: Values) -> None:
    settings = parse_stack("demo", nested(values)).model_dump(mode="json")
    for path, value in values.items():
        kept: Any = settings
        for part in path.split("."):
            kept = kept[part]
        assert kept == value, path


ZONES = (
    "at least two zones are needed, the first two different, like eu-central-1a and eu-central-1b"
)
PREFIX = "AWS accepts networks from /16 to /28, written as address/prefix"
NEEDS_GP3 = (
    "database: iops and storage_throughput_mibps need storage_type = gp3 with "
    "allocated_storage_gib >= 400 (here {}); leave them out for the baseline"
)
TEMPLATE = "must not contain ${ or %{, which Terraform would evaluate"
UNPRINTABLE = "must be one line of printable characters"


def wrong(path: str, *values: object, says: str, **others: object) -> list[tuple[Values, str]]:
    """One row for each value: `path = value: says`, where {} stands for the value."""
    return [
        ({**others, path: value}, f"{path} = {json.dumps(value)}: {says.replace('{}', str(value))}")
        for value in values
    ]


def no_match(path: str, pattern: str, *values: str, **others: object) -> list[tuple[Values, str]]:
    """The rows of strings that do not match a pattern."""
    return wrong(path, *values, says=f"String should match pattern '{pattern}'", **others)


def group_rule(message: str, *rows: Values) -> list[tuple[Values, str]]:
    """Rows of one message, where {} stands for the value that comes last."""
    return [(values, message.replace("{}", str(list(values.values())[-1]))) for values in rows]


def outside(path: str, low: int, high: int, **others: object) -> list[tuple[Values, str]]:
    """The rows of the integers just below and just above the bounds."""
    says = "Input should be {} than or equal to {}"
    return [
        *wrong(path, low - 1, says=says.format("greater", low), **others),
        *wrong(path, high + 1, says=says.format("less", high), **others),
    ]


def one_of(choices: tuple[str, ...]) -> str:
    """What is said about a value that is none of the choices."""
    *others, last = (f"'{choice}'" for choice in choices)
    return f"Input should be {', '.join(others)} or {last}" if others else f"Input should be {last}"


def no_item(path: str, says: str) -> list[tuple[Values, str]]:
    """A row of a list with one wrong item."""
    return [({path: ["x"]}, f'{path}.0 = "x": {says}')]


def environment(variables: dict[str, str], says: str) -> list[tuple[Values, str]]:
    """A row about the container's further variables."""
    return [({"container.environment": variables}, f"container.environment: {says}")]


NO_FLAG = "Input should be a valid boolean"
RETENTION = ", ".join(map(str, LOG_RETENTION_DAYS))
FLAGS = (
    *("default_tags", "network.public_ip_on_launch", "network.default_security_group_closed"),
    *("load_balancer.cross_zone", "load_balancer.drop_invalid_header_fields"),
    *("load_balancer.deletion_protection", "load_balancer.https", "container.require_digest"),
    *("container.capacity_providers", "container.wait_for_steady_state"),
    *("container.zone_rebalancing", "container.task_role", "container.execute_command"),
    *("container.fixed_site_url", "container.service_discovery", "container.shared_keys"),
    *("container.shared_uploads", "database.username_sensitive", "database.copy_tags_to_snapshot"),
    *("database.require_tls", "database.slow_query_log", "database.iam_authentication"),
    "monitoring.database_events",
    *("database.deletion_protection", "database.apply_immediately"),
)
CHOICES = {
    "network.zones": ("listed", "a_and_b"),
    "network.private_egress": ("none", "single_nat", "nat_per_zone", "vpc_endpoints"),
    "network.task_subnets": ("public", "private"),
    "network.allowed_egress": ("all", "all_but_database", "least"),
    "load_balancer.ip_address_type": ("ipv4",),
    "container.capacity": ("FARGATE", "FARGATE_SPOT"),
    "container.deployment_controller": ("ECS",),
}
LISTS = {
    "variables": get_args(VariableName),
    "outputs": get_args(OutputName),
    "customer_managed_keys": ("logs", "database", "alerts", "secrets", "uploads"),
}

REFUSED: list[tuple[Values, str]] = [
    *no_match("project_name", "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "", "1a", "A", "a--b", "a-"),
    *wrong("project_name", "x" * 29, says="String should have at most 28 characters"),
    *wrong(
        "project_name",
        *("internal", "internal-site", "sg", "sg-site"),
        says="AWS reserves names that begin with internal- or sg-; choose another",
    ),
    *no_match(
        "region", "^[a-z]{2}(-[a-z]+)+-[0-9]$", "eu-central", "EU-CENTRAL-1", "eu-central-1a"
    ),
    *wrong(
        "network.vpc_cidr",
        *("10.0.0.0/15", "10.0.0.0/29", "10.0.0.0/255.255.0.0", "10.0.0.0"),
        says=f"{{}}: {PREFIX}",
    ),
    *wrong(
        "network.vpc_cidr",
        "10.0.0.1/16",
        says="{} is not an IPv4 network in CIDR notation; did you mean 10.0.0.0/16?",
    ),
    *wrong(
        "network.vpc_cidr",
        *("fd00::/64", "all", "10.0.0.0/16/16", "10.0.0.256/16"),
        says="{} is not an IPv4 network in CIDR notation, like 10.0.0.0/16",
    ),
    (
        {"network.public_subnet_cidrs": ["10.0.1.0/24", "10.0.2.0"]},
        f'network.public_subnet_cidrs.1 = "10.0.2.0": 10.0.2.0: {PREFIX}',
    ),
    (
        {"network.private_subnet_cidrs": ["10.0.1.0/24", "10.0.4.0/24"]},
        "network: subnets 10.0.1.0/24 and 10.0.1.0/24 overlap; give each its own addresses",
    ),
    (
        {"network.private_subnet_cidrs": ["10.0.3.0/24", "10.0.2.128/25"]},
        "network: subnets 10.0.2.0/24 and 10.0.2.128/25 overlap; give each its own addresses",
    ),
    (
        {"network.private_subnet_cidrs": ["10.0.3.0/24", "10.1.0.0/24"]},
        "network: subnet 10.1.0.0/24 lies outside vpc_cidr = 10.0.0.0/16; choose one inside, "
        "like 10.0.0.0/24",
    ),
    (
        {"network.vpc_cidr": "10.0.1.0/24"},
        "network: subnet 10.0.2.0/24 lies outside vpc_cidr = 10.0.1.0/24; choose one inside, "
        "like 10.0.1.0/24",
    ),
    *wrong(
        "network.availability_zones",
        [],
        ["eu-central-1a"],
        ["eu-central-1a", "eu-central-1a"],
        ["eu-central-1a", "eu-central-1a", "eu-central-1b"],
        says=ZONES,
    ),
    (
        {"network.availability_zones": ["eu-central-1a", "us-east-1b"]},
        "network.availability_zones: us-east-1b not in region = eu-central-1; name two of its "
        "zones, like eu-central-1a and eu-central-1b",
    ),
    (
        {"region": "us-east-1", "network.availability_zones": ["eu-central-1a", "eu-central-1b"]},
        "network.availability_zones: eu-central-1a, eu-central-1b not in region = us-east-1; name "
        "two of its zones, like us-east-1a and us-east-1b",
    ),
    *no_match(
        "load_balancer.health_check_path",
        r"^/[^\s]{0,1023}$",
        *("", "health", "/a b", "/" + "x" * 1024),
    ),
    *outside("load_balancer.interval_seconds", 5, 300),
    *outside("load_balancer.timeout_seconds", 2, 120),
    *outside("load_balancer.healthy_threshold", 2, 10),
    *outside("load_balancer.unhealthy_threshold", 2, 10),
    *outside("load_balancer.stickiness_seconds", 1, 604800),
    (
        {"load_balancer.timeout_seconds": 30},
        "load_balancer: timeout_seconds = 30 must be below interval_seconds = 30; lower the "
        "timeout or raise the interval",
    ),
    (
        {"load_balancer.interval_seconds": 5},
        "load_balancer: timeout_seconds = 5 must be below interval_seconds = 5; lower the "
        "timeout or raise the interval",
    ),
    *no_match(
        "load_balancer.matcher",
        "^[2-4][0-9]{2}(-[2-4][0-9]{2}|(,[2-4][0-9]{2})*)$",
        *("", "99", "500", "200-", "200,", "200-300-400", "200-299,404", "ok"),
    ),
    *no_match("container.image", "^[^ ]+$", "", "a b"),
    *no_match("container.name", "^[A-Za-z0-9_-]{1,255}$", "", "a b", "a.b", "x" * 256),
    (
        {"container.cpu": 128},
        "container: cpu = 128: Fargate accepts 256, 512, 1024, 2048, 4096, 8192, 16384",
    ),
    (
        {"container.memory_mib": 512},
        "container: memory_mib = 512: with cpu = 512, Fargate accepts 1024, 2048, 3072, 4096",
    ),
    (
        {"container.cpu": 256, "container.memory_mib": 3072},
        "container: memory_mib = 3072: with cpu = 256, Fargate accepts 512, 1024, 2048",
    ),
    *outside("container.desired_count", 0, 5000, **MANY),
    *group_rule(
        "container.desired_count = {} is outside autoscaling.min_capacity = 2 to "
        "max_capacity = 4; adjust one of them",
        *each("container.desired_count", 1, 5),
    ),
    *outside("container.health_check_grace_period_seconds", 0, 2147483647),
    *outside("container.minimum_healthy_percent", 0, 100),
    *outside("container.maximum_percent", 100, 200),
    (
        {"container.maximum_percent": 100},
        "container.minimum_healthy_percent = 100 and maximum_percent = 100 of 2 tasks leave no "
        "room to replace one; lower the one or raise the other",
    ),
    *group_rule(
        "container.minimum_healthy_percent = {} and maximum_percent = 100 of 2 tasks leave no "
        "room to replace one; lower the one or raise the other",
        *each("container.minimum_healthy_percent", 51, 99, **{"container.maximum_percent": 100}),
    ),
    (
        {
            "container.desired_count": 1,
            "autoscaling.min_capacity": 1,
            "container.maximum_percent": 199,
        },
        "container.minimum_healthy_percent = 100 and maximum_percent = 199 of 1 tasks leave no "
        "room to replace one; lower the one or raise the other",
    ),
    *wrong(
        "container.log_retention_days",
        *(0, 2, 3654),
        says="log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, "
        "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    *wrong("container.container_insights", "on", says="Input should be a valid boolean"),
    *outside("autoscaling.min_capacity", 0, 5000),
    *outside("autoscaling.max_capacity", 1, 5000),
    (
        {"autoscaling.min_capacity": 5},
        "autoscaling: max_capacity = 4 is below min_capacity = 5; raise the maximum or lower the "
        "minimum",
    ),
    *(row for path in PERCENTAGES for row in outside(path, 1, 100)),
    *outside("autoscaling.scale_out_cooldown_seconds", 0, 3600),
    *outside("autoscaling.scale_in_cooldown_seconds", 0, 3600),
    *no_match(
        "database.engine_version",
        r"^[0-9]+\.[0-9]+(\.[0-9]+)?$",
        *("8", "8.0.40.1", "8.x", "\u0668.\u0660"),  # the last one: Arabic digits
    ),
    *no_match(
        "database.instance_class",
        r"^db\.[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+$",
        *("t3.micro", "db.t3", "DB.T3.MICRO"),
    ),
    *outside("database.allocated_storage_gib", 20, 65536),
    *wrong("database.storage_type", "io1", says="Input should be 'gp2' or 'gp3'"),
    *outside("database.iops", 12000, 64000, **GP3),
    *outside("database.storage_throughput_mibps", 500, 4000, **GP3),
    ({"database.iops": 12000}, NEEDS_GP3.format("gp2, 20")),
    ({**GP3, "database.storage_type": "gp2", "database.iops": 12000}, NEEDS_GP3.format("gp2, 400")),
    (
        {**GP3, "database.allocated_storage_gib": 399, "database.storage_throughput_mibps": 500},
        NEEDS_GP3.format("gp3, 399"),
    ),
    *no_match("database.name", "^[A-Za-z][A-Za-z0-9_]{0,63}$", "", "1a", "a-b", "x" * 65),
    *no_match("database.username", "^[A-Za-z][A-Za-z0-9_]{0,15}$", "", "_a", "x" * 17),
    *wrong(
        "database.username",
        *("root", "MySQL", "rdsadmin"),
        says="RDS reserves rdsadmin, mysql and root; choose another name",
    ),
    *wrong("database.multi_az", "yes", 1, None, says="Input should be a valid boolean"),
    *outside("database.backup_retention_days", 0, 35),
    *wrong(
        "database.backup_window",
        *("03:00", "24:00-01:00", "03:00-04:60", "Mon:03:00-Mon:04:00"),
        says="'{}' is not a daily window, like 03:00-04:00 (UTC)",
    ),
    *wrong(
        "database.backup_window",
        "0\u0663:00-04:00",  # an Arabic digit
        says="'{}' is not a daily window, like 03:00-04:00 (UTC)",
    ),
    *wrong(
        "database.backup_window",
        *("03:00-03:29", "03:00-03:00"),
        says="'{}' is shorter than 30 minutes; RDS needs that at least",
    ),
    *group_rule(
        "database: backup_window = {} and maintenance_window = Mon:04:00-Mon:05:00 overlap, which "
        "RDS rejects; move one of them",
        *each("database.backup_window", "03:00-04:01", "04:59-05:30", "23:00-22:00"),
    ),
    *group_rule(
        "database: backup_window = 03:00-04:00 and maintenance_window = {} overlap, which RDS "
        "rejects; move one of them",
        *each("database.maintenance_window", "Sun:12:00-Mon:12:00", "Sun:23:00-Mon:03:01"),
    ),
    *wrong(
        "database.maintenance_window",
        *("04:00-05:00", "mon:04:00-mon:05:00", "Mon:04:00", "Mon:25:00-Mon:26:00"),
        says="'{}' is not a weekly window, like Mon:04:00-Mon:05:00 (UTC)",
    ),
    *wrong(
        "database.maintenance_window",
        *("Mon:04:00-Mon:04:29", "Mon:04:00-Tue:04:01", "Mon:04:00-Mon:04:00"),
        says="'{}' must last between 30 minutes and 24 hours",
    ),
    *wrong("database.storage_encrypted", 1, says="Input should be a valid boolean"),
    *wrong(
        "database.monitoring_interval_seconds",
        *(-1, 2, 61),
        says="monitoring_interval_seconds must be one of 0, 1, 5, 10, 15, 30, 60",
    ),
    (
        {"database.log_exports": ["error", "slow"]},
        "database.log_exports.1 = \"slow\": Input should be 'audit', 'error', 'general' or "
        "'slowquery'",
    ),
    *group_rule(
        "database: performance_insights = true does not exist on instance_class = {}; choose "
        "db.t3.medium or larger, or switch it off",
        *each(
            "database.instance_class",
            *("db.t2.micro", "db.t3.micro", "db.t3.small", "db.t4g.small"),
            **{"database.performance_insights": True},
        ),
    ),
    *wrong("database.skip_final_snapshot", None, says="Input should be a valid boolean"),
    *wrong(
        "monitoring.alarm_email",
        *("ops", "ops@example", "a b@c.d", "a@b@c.d", "a@b.c ", "@b.c"),
        says="'{}' is not an e-mail address, like ops@example.com",
    ),
    *(
        row
        for path in (
            "monitoring.db_free_storage_gib",
            "monitoring.response_time_seconds",
            "cost.monthly_budget_usd",
            "cost.anomaly_threshold_usd",
        )
        for row in (
            *wrong(path, 0, -0.5, says="Input should be greater than 0"),
            *wrong(path, float("inf"), float("nan"), says="Input should be a finite number"),
        )
    ),
    *(
        row
        for path in (
            "monitoring.db_connections",
            "monitoring.db_replica_lag_seconds",
            "monitoring.server_errors_per_5_minutes",
        )
        for row in wrong(path, 0, says="Input should be greater than or equal to 1")
    ),
    (
        {"backend.type": "gcs"},
        "backend: Input tag 'gcs' found using 'type' does not match any of the expected tags: "
        "'local', 's3'",
    ),
    ({"backend.type": "s3"}, "backend.bucket: Field required (and 1 more)"),
    *no_match(
        "backend.bucket",
        "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        *("ab", "x" * 64, "Abc", "-abc"),
        **S3,
    ),
    (
        {**S3, "backend.region": "here"},
        "backend.region = \"here\": String should match pattern '^[a-z]{2}(-[a-z]+)+-[0-9]$'",
    ),
    *group_rule(
        "backend.key = …: String should match pattern '^[^/](.*[^/])?$'",
        *each("backend.key", "", "/", "/state", "state/", **S3),
    ),
    # options
    *(row for path in FLAGS for row in wrong(path, "yes", 1, says=NO_FLAG)),
    *(row for path, choices in CHOICES.items() for row in wrong(path, "x", says=one_of(choices))),
    *(row for path, choices in LISTS.items() for row in no_item(path, one_of(choices))),
    *(
        row
        for path in ("network.flow_log_retention_days", "load_balancer.waf.log_retention_days")
        for row in wrong(path, 0, 2, says=f"{path.split('.')[-1]} must be one of {RETENTION}")
    ),
    *wrong(
        "load_balancer.access_log_retention_days",
        0,
        says="Input should be greater than or equal to 1",
    ),
    *outside("load_balancer.deregistration_delay_seconds", 0, 3600),
    *outside("load_balancer.waf.requests_per_5_minutes", 10, 2_000_000_000),
    *no_match(
        "load_balancer.certificate_arn",
        "^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$",
        *("", "arn:aws:iam::123456789012:server-certificate/x"),
    ),
    *no_match(
        "load_balancer.host_name",
        r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        *("www", "https://example.com", "Example.com", "-a.example.com"),
    ),
    *outside("container.on_demand_base", 0, 5000),
    (
        {"database.password": "hunter2"},
        "database.password = …: Input should be 'variable' or 'managed'",
    ),
    *wrong("container.health_check_command", "", says="String should have at least 1 character"),
    *wrong(
        "container.environment",
        "A=1",
        says="Input should be a valid dictionary",
    ),
    *environment({"A B": "1"}, "'A B' is not a variable's name, like WORDPRESS_DEBUG"),
    *environment(
        {"WORDPRESS_DB_NAME": "x"}, "WORDPRESS_DB_NAME is set by the platform; leave it out"
    ),
    *environment(
        {"API_TOKEN": "x"},
        "API_TOKEN looks like a secret, which would stand in the task definition for everyone to "
        "read; leave it out",
    ),
    *environment({"A": "${x}"}, TEMPLATE),
    *wrong(
        "autoscaling.sleep.from_cron",
        *("0 20 * * *", "cron(0 20 * * *)", "rate(1 day)"),
        says="must be cron(...) with six fields, like cron(0 20 ? * MON-FRI *)",
    ),
    *wrong(
        "autoscaling.sleep.until_cron",
        "",
        says="must be cron(...) with six fields, like cron(0 20 ? * MON-FRI *)",
    ),
    *no_match(
        "autoscaling.sleep.timezone", "^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$", "", "CET 1", "Europe/"
    ),
    # options that cannot work as set
    (
        {"network.task_subnets": "private"},
        "network: task_subnets = private with private_egress = none: the tasks could not pull "
        "their image; choose single_nat, nat_per_zone or vpc_endpoints",
    ),
    (
        {"network.task_subnets": "private", "network.private_egress": "vpc_endpoints"},
        "network.private_egress = vpc_endpoints with container.image = wordpress:latest: tasks in "
        "private subnets then reach Amazon ECR only; copy the image there and name it as "
        "<account>.dkr.ecr.<region>.amazonaws.com/<name>",
    ),
    (
        {"container.require_digest": True},
        "container: require_digest = true with image = wordpress:latest: a tag can be moved to "
        "another image; name it as repository@sha256:<64 hexadecimal digits>",
    ),
    (
        {"container.capacity": "FARGATE_SPOT", "container.capacity_providers": False},
        "container: capacity = FARGATE_SPOT needs capacity_providers = true, which attaches it to "
        "the cluster",
    ),
    (
        {"container.on_demand_base": 1},
        "container: on_demand_base = 1 has no effect with capacity = FARGATE, where every task is "
        "on demand; leave it out or choose FARGATE_SPOT",
    ),
    (
        {
            "container.zone_rebalancing": True,
            "container.minimum_healthy_percent": 50,
            "container.maximum_percent": 100,
        },
        "container: zone_rebalancing = true starts a task before it stops one, which "
        "maximum_percent = 100 forbids; raise it or switch rebalancing off",
    ),
    (
        {"variables": ["aws_region"]},
        "variables leaves out db_password, which has no value then; add it, or set "
        "database.password = managed",
    ),
    (
        {"variables": ["db_password"], "container.image": None},
        "variables leaves out container_image, which has no value then; add it, or set "
        "container.image",
    ),
    (
        {"variables": ["db_password"], "load_balancer.https": True},
        "variables leaves out certificate_arn, which has no value then; add it, or set "
        "load_balancer.certificate_arn",
    ),
    (
        {"default_tags": False},
        "cost counts what is tagged with the project, and default_tags = false leaves nothing "
        "tagged; switch the tags on or set cost to null",
    ),
    (
        {"customer_managed_keys": ["database"], "database.storage_encrypted": False},
        "customer_managed_keys names database, and database.storage_encrypted = false; encrypt the "
        "storage or take the key out",
    ),
    # CDKTF does not escape a template in a string, so Terraform would evaluate it
    *(
        row
        for path in ("container.image", "load_balancer.health_check_path", "monitoring.alarm_email")
        for row in (
            *wrong(path, "/a${var.db_password}@b.c", "/%{if}@b.c", says=TEMPLATE),
            *wrong(path, "/a\x00@b.c", says=UNPRINTABLE),
        )
    ),
    *wrong("container.image", "a\n", "a\u2028b", says=UNPRINTABLE),
    *wrong("monitoring.alarm_email", "a@b.c\n", says=UNPRINTABLE),
    ({**S3, "backend.key": "${x}"}, f"backend.key = …: {TEMPLATE}"),
    *wrong(
        "region",
        "\ud800",
        says="Input should be a valid string, unable to parse raw data as a unicode string",
    ),
    # types: nothing is converted
    *wrong("load_balancer.interval_seconds", "30", 30.0, says="Input should be a valid integer"),
    *wrong("container.cpu", True, None, says="Input should be a valid integer"),
    *wrong("region", None, 1, ["eu-central-1"], says="Input should be a valid string"),
    *wrong("cost.monthly_budget_usd", "100", True, says="Input should be a valid number"),
    (
        {"load_balancer.interval_seconds": 4, "load_balancer.timeout_seconds": 1},
        "load_balancer.interval_seconds = 4: Input should be greater than or equal to 5 "
        "(and 1 more)",
    ),
]


@pytest.mark.parametrize(
    ("values", "message"), REFUSED, ids=[json.dumps(row[0])[:60] for row in REFUSED]
)
def test_a_value_outside_its_bound_is_refused_with_one_line(values: Values, message: str) -> None:
    assert refusal(nested(values)) == message


def test_every_setting_has_a_value_that_is_refused() -> None:
    """A new setting comes with its bounds."""
    assert set(_paths(StackSettings)) <= {path for values, _ in REFUSED for path in values}


def test_an_empty_object_is_the_contract_named_after_the_stack() -> None:
    settings = parse_stack("demo", {})
    assert settings == StackSettings(project_name="demo")
    assert settings.availability_zones == ("eu-central-1a", "eu-central-1b")


def test_null_for_the_project_name_is_the_same_as_none() -> None:
    assert parse_stack("demo", {"project_name": None}) == parse_stack("demo", {})


def test_zones_follow_the_region_unless_they_are_chosen() -> None:
    assert parse_stack("demo", {"region": "us-east-1"}).availability_zones == (
        "us-east-1a",
        "us-east-1b",
    )


def test_everything_at_once_is_accepted() -> None:
    settings = parse_stack("demo", MAXIMAL).model_dump(mode="json")
    for group, values in MAXIMAL.items():
        kept = settings[group]
        assert (kept | values if isinstance(values, dict) else values) == kept


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = parse_stack("demo", {})
    with pytest.raises(ValueError, match="frozen"):
        settings.region = "us-east-1"  # type: ignore[misc]  # what the test is about


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"netwrok": {}},
            "netwrok: unknown setting; accepted are autoscaling, backend, container, cost, "
            "customer_managed_keys, database, default_tags, load_balancer, monitoring, network, "
            "outputs, project_name, region, variables",
        ),
        (
            {"network": {"vpc": "10.0.0.0/16"}},
            "network.vpc: unknown setting; accepted are allowed_egress, availability_zones, "
            "default_security_group_closed, flow_log_retention_days, private_egress, "
            "private_subnet_cidrs, public_ip_on_launch, public_subnet_cidrs, task_subnets, "
            "vpc_cidr, zones",
        ),
        (
            {"autoscaling": {"sleep": {"from": "20:00"}}},
            "autoscaling.sleep.from: unknown setting; accepted are from_cron, timezone, until_cron",
        ),
        (
            {"cost": {"a": 1, "b": 2}},
            "cost.a: unknown setting; accepted are anomaly_threshold_usd, monthly_budget_usd "
            "(and 1 more)",
        ),
        (
            {"backend": {"type": "local", "bucket": "abc"}},
            "backend.bucket: unknown setting; accepted with type = local are type",
        ),
        (
            {"backend": {"type": "s3", "bucket": "abc", "region": "eu-west-1", "s3": 1}},
            "backend.s3: unknown setting; accepted with type = s3 are bucket, key, region, type",
        ),
        *(
            (
                {key: 1},
                f"{shown}: unknown setting; accepted are autoscaling, backend, container, cost, "
                "customer_managed_keys, database, default_tags, load_balancer, monitoring, "
                "network, outputs, project_name, region, variables",
            )
            for key, shown in (("s3", "s3"), ("local", "local"), ("a\nb", r"a\nb"))
        ),
    ],
)
def test_an_unknown_setting_is_refused_with_those_there_are(values: object, message: str) -> None:
    assert refusal(values) == message


@pytest.mark.parametrize(
    "values",
    [
        {"database": {"password": "hunter2hunter2"}},
        {"db_password": "hunter2hunter2"},
        {"backend": {"type": "s3", "secret_key": "hunter2hunter2"}},
        {
            "backend": {
                "type": "s3",
                "bucket": "abc",
                "region": "eu-west-1",
                "key": "/hunter2hunter2",
            }
        },
        {"database": {"credentials": {"token": "hunter2hunter2"}}},
    ],
)
def test_what_may_be_a_secret_is_not_repeated(values: object) -> None:
    assert "hunter2" not in refusal(values)


def test_half_a_character_is_refused() -> None:
    """JSON can hold one, as an escape; no file and no terminal can."""
    assert refusal({"network": {"vpc_cidr": "\ud800"}}) == (
        r"'\ud800' is half a character; write the whole one"
    )


@pytest.mark.parametrize("values", [None, [], "x", 1, True])
def test_settings_that_are_no_object_are_refused(values: object) -> None:
    assert refusal(values) == "settings must be an object, like {}"


@pytest.mark.parametrize(
    ("group", "values"),
    [
        *((group, None) for group in ("network", "database", "backend")),
        *((group, []) for group in ("network", "cost", "backend")),
        *((group, 1) for group in ("network", "cost", "backend")),
    ],
)
def test_a_group_that_is_no_object_is_refused(group: str, values: object) -> None:
    assert refusal({group: values}).startswith(f"{group} = {json.dumps(values)}: Input should be a")


@pytest.mark.parametrize(
    "stack_id", ["", "A", "a b", "a_b", "-a", "a\nb", "../x", "x" * 64, "ä", "a/b", "${a}"]
)
def test_a_stack_id_that_spacelift_would_not_take_is_refused(stack_id: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_stack(stack_id, {})
    assert str(raised.value) == (
        f"stack {stack_id!r}: a stack id has 1 to 63 lower-case letters, digits and hyphens "
        "(it is the Spacelift slug too); rename it in cdktf.json"
    )


def test_a_long_stack_id_needs_a_project_name() -> None:
    """AWS's names are shorter than Spacelift's."""
    assert parse_stack("1" + "x" * 62, {"project_name": "short"}).project_name == "short"
    assert refusal({}, "x" * 29) == (
        f'project_name = "{"x" * 29}": String should have at most 28 characters'
    )


MAP_OF_STACKS = (
    "cdktf.json: context.stacks must map stack ids to their settings, "
    'like {"context": {"stacks": {"resilience-platform": {}}}}'
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cdktf.json:1:1: not valid JSON: Expecting value"),
        (b'{"context":\n{', "cdktf.json:2:2: not valid JSON: Expecting property name"),
        (b'{"a": 1,}', "cdktf.json:1:"),
        (b"\xff\xfe{\x00}\x00", "cdktf.json: is not UTF-8 text; save it as UTF-8"),
        (b"[" * 100_000, "cdktf.json: not valid JSON: "),
        (b'{"a": ' + b"9" * 5000 + b"}", "cdktf.json: not valid JSON: "),
        *(
            (content, MAP_OF_STACKS)
            for content in (
                b"null",
                b"[]",
                b"1",
                b"{}",
                b'{"context": null}',
                b'{"context": []}',
                b'{"context": {}}',
                b'{"context": {"stacks": null}}',
                b'{"context": {"stacks": ["resilience-platform"]}}',
                b'{"context": {"stacks": {}}}',
            )
        ),
        (b'{"context": {"stacks": {"a": 1}}}', "stack a: settings must be an object, like {}"),
        (
            b'{"context": {"stacks": {"a": {"cost": {"monthly_budget_usd": 1e999}}}}}',
            "stack a: cost.monthly_budget_usd = Infinity: Input should be a finite number",
        ),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_malformed_file_is_refused_with_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """The rest of a JSON parser's own message differs between versions of Python."""
    file = tmp_path / "cdktf.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        load_stacks(file)
    assert str(raised.value).startswith(message)
    assert str(raised.value).isprintable()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load_stacks(tmp_path / "cdktf.json")
    assert str(raised.value) == "cdktf.json: cannot be read: No such file or directory"


def test_all_stacks_of_the_file_are_loaded_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "cdktf.json"
    stacks = {"b": {}, "a": {"region": "us-east-1"}}
    file.write_text(json.dumps({"app": "x", "context": {"other": 1, "stacks": stacks}}))
    loaded = load_stacks(file)
    assert list(loaded) == ["b", "a"]
    assert [settings.region for settings in loaded.values()] == ["eu-central-1", "us-east-1"]


def test_the_first_wrong_stack_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cdktf.json"
    file.write_text('{"context": {"stacks": {"good": {}, "bad": {"region": 1}}}}')
    with pytest.raises(SettingsError) as raised:
        load_stacks(file)
    assert str(raised.value) == "stack bad: region = 1: Input should be a valid string"


def _paths(model: type[BaseModel], prefix: str = "") -> list[str]:
    """The dotted path of every setting."""
    if model is StackSettings:
        backends = (LocalBackendSettings, S3BackendSettings)
        inside = [path for backend in backends for path in _paths(backend, "backend.")]
        return [*_group_paths(model, prefix, skip="backend"), *inside]
    return _group_paths(model, prefix)


def _group_paths(model: type[BaseModel], prefix: str, skip: str = "") -> list[str]:
    paths: list[str] = []
    for name, field in model.model_fields.items():
        groups = [
            part
            for part in (field.annotation, *get_args(field.annotation))
            if isinstance(part, type) and issubclass(part, BaseModel) and name != skip
        ]
        if groups:
            paths += _paths(groups[0], f"{prefix}{name}.")
        elif name != skip:
            paths.append(prefix + name)
    return paths
