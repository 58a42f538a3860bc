"""settings/: what is accepted up to its bounds, and what is said just outside each of them.

A setting is written here by its dotted path, as in the messages.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from botocore.session import Session

from constructs_lib.settings import SettingsError, StackSettings, load_stacks, parse_stack
from constructs_lib.settings.container import FARGATE_MEMORY_MIB
from constructs_lib.settings.stack import OutputName, VariableName
from constructs_lib.settings.types import LOG_RETENTION_DAYS, REGIONS
from constructs_lib.settings.words import described
from tests.synth.options import (
    CERTIFICATE,
    DIGEST,
    DOMAIN,
    ECR_IMAGE,
    MAXIMAL,
    OPTIONS,
    PARAMETER,
    RECIPES,
    SECRET,
    nested,
)
from tests.synth.synthesized import Synthesizer

Values = dict[str, Any]
"""Settings by dotted path."""

# pydantic's own words, and what only a regular expression has
FOREIGN = re.compile(
    r"Input should|String should|Value error|Field required|expected tags|\]\*|\]\+|\]\{|\)\$|\\d"
)


def refusal(values: object, stack_id: str = "demo") -> str:
    """The message for settings that cannot be used, without the stack it names first."""
    with pytest.raises(SettingsError) as raised:
        parse_stack(stack_id, values)
    message = str(raised.value)
    assert message.startswith(f"stack {stack_id}: ")
    assert message.isprintable()  # so it is one line
    assert not FOREIGN.search(message)
    return message.removeprefix(f"stack {stack_id}: ")


class Bounds(NamedTuple):
    """What a setting takes.

    Attributes:
        good: accepted; those at the bounds, where there are any.
        bad: refused; those just outside.
        advice: what is said about these.
        needs: other settings that go with each of them.
    """

    good: tuple[object, ...]
    bad: tuple[object, ...]
    advice: str
    needs: Values = {}


def between(low: int, high: int, **needs: object) -> Bounds:
    bad = (low - 1, high + 1, str(low), low + 0.5, True)
    return Bounds((low, high), bad, f"from {low} to {high}", needs)


def one_of(*choices: str, **needs: object) -> Bounds:
    *others, last = choices
    return Bounds(choices, ("x", "", 1, None), f"must be {', '.join(others)} or {last}", needs)


def list_of(*choices: str, **needs: object) -> Bounds:
    return Bounds(([*choices],), (choices[0], 1), f"a list of: {choices[0]}, ", needs)


GROUP = Bounds((None, {}), ([], 1, "x", True), "must be an object, or null")
FLAG = Bounds((True, False), ("yes", 1, None), "must be true or false")
PERCENT = between(1, 100)
COUNT = Bounds((1, 10**6), (0, "1", 1.5), "a whole number, 1 or more")
POSITIVE = Bounds((0.001, 1, 5), (0, -0.5, "100", True), "must be above 0")
RETENTION = Bounds(
    LOG_RETENTION_DAYS,
    (0, 2, 3654, 7.0, "7"),
    "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, "
    "365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
)
CRON = Bounds(
    ("cron(0 20 ? * MON-FRI *)", "cron(0/5 * * * ? 2030)"),
    ("", "0 20 * * *", "cron(0 20 * * *)", "rate(1 day)", 20),
    "must be cron(...) with six fields, like cron(0 20 ? * MON-FRI *)",
)
REGION = Bounds(
    tuple(REGIONS.split()),
    (
        *("eu-central-3", "us-east-3", "eu-west-10"),  # one that exists begins the last
        *("eu-central", "EU-CENTRAL-1", "eu-central-1a", "\ud800", "", None, 1, ["eu-central-1"]),
        *("cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"),
    ),
    "one of af-south-1, ap-east-1, ",
)
DIRECTIVES = Bounds(
    ({}, {"A": "${x} %{X}i", "a.b_1": -1, "C": False, "ServerTokens": "Prod"}),
    ("A 1", ["A"], None),
    "an object of texts, numbers, true and false",
)
CIDR = "an IPv4 network from /16 to /28 without host bits, like "
PAIR = "two IPv4 networks from /16 to /28 without host bits, like "
PUBLIC, PRIVATE = ["10.0.1.0/24", "10.0.2.0/24"], ["10.0.3.0/24", "10.0.4.0/24"]
SQL = "AWSManagedRulesSQLiRuleSet/SQLi_COOKIE"
PHP = "AWSManagedRulesPHPRuleSet/PHPHighRiskMethodsVariables_BODY"
A, B, C = "eu-central-1a", "eu-central-1b", "eu-central-1c"
MANY: Values = {"autoscaling.min_capacity": 0, "autoscaling.max_capacity": 5000}
GP3: Values = {"database.storage_type": "gp3", "database.allocated_storage_gib": 400}
S3: Values = {"backend.type": "s3", "backend.bucket": "abc", "backend.region": "eu-west-1"}

BOUNDS: dict[str, Bounds] = {
    "project_name": Bounds(
        ("x", "x" * 28, "a-1-b", "internals", "sgx"),
        ("", "1a", "A", "a--b", "a-", "x" * 29, "internal", "internal-site", "sg", "sg-site", 1),
        "must have at most 28 lower-case letters, digits and single hyphens",
    ),
    "region": REGION._replace(good=tuple(r for r in REGION.good if r != "us-west-1")),
    "provider_version": one_of("5", "6"),
    "variables": list_of(*get_args(VariableName), **{"load_balancer.https": True}),
    "outputs": list_of(*get_args(OutputName)),
    "default_tags": FLAG._replace(needs={"cost": None}),
    "customer_managed_keys": list_of("logs", "database", "alerts", "secrets", "uploads"),
    "network.vpc_cidr": Bounds(
        ("10.0.0.0/16",),
        (
            *("10.0.0.0/15", "10.0.0.0/29", "10.0.0.0/255.255.0.0", "10.0.0.0", "10.0.0.1/16"),
            *("fd00::/64", "all", "10.0.0.0/16/16", "10.0.0.256/16", "\ud800", "", 1),
        ),
        f"{CIDR}10.0.0.0/16",
    ),
    "network.public_subnet_cidrs": Bounds((PUBLIC,), ("x", [*PUBLIC, PUBLIC[0]], None), PAIR),
    "network.private_subnet_cidrs": Bounds((PRIVATE,), ("x", [*PRIVATE, PUBLIC[0]], None), PAIR),
    "network.availability_zones": Bounds(
        (None, [C, B], [A, B, A]),
        ([], [A], [A, A], [A, A, B], A),
        'at least two different zones, the first two are used, like ["eu-central-1a", ',
    ),
    "tags": Bounds(
        (
            {},
            {"a": "", "x" * 128: "y" * 256, "awsome": "A b_.:/=+-@9", "Büro": "Köln"},
            {f"t{n}": "" for n in range(45)},
        ),
        ([], "x", None),
        "an object of at most 45 names and texts",
    ),
    "permissions_boundary_arn": Bounds(
        (
            None,
            "arn:aws:iam::123456789012:policy/org/B+=,.@_-1",
            "arn:aws:iam::aws:policy/ReadOnly",
        ),
        ("", "Boundary", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::1:policy/x"),
        "the ARN of a policy, like arn:aws:iam::123456789012:policy/…",
    ),
    "network.zones": one_of("listed", "a_and_b"),
    "network.private_egress": one_of("none", "single_nat", "nat_per_zone", "vpc_endpoints"),
    "network.task_subnets": one_of("public", "private", **{"network.private_egress": "single_nat"}),
    "network.allowed_egress": one_of("all", "all_but_database", "least"),
    "network.outbound_ports": Bounds(
        ([], [1, 65535]),
        ([0], [65536], [443], [25, 25], 25),
        "a list of ports from 1 to 65535, each once, other than 443, which is open",
        {"network.allowed_egress": "least"},
    ),
    "network.flow_log_retention_days": RETENTION,
    "load_balancer.health_check_path": Bounds(
        ("/", "/" + "x" * 1023, "/$x%20{}"),
        ("", "health", "/a b", "/a\t", "/" + "x" * 1024),
        "a path without spaces, like /health",
    ),
    "load_balancer.interval_seconds": between(5, 300, **{"load_balancer.timeout_seconds": 2}),
    "load_balancer.timeout_seconds": between(2, 120, **{"load_balancer.interval_seconds": 300}),
    "load_balancer.healthy_threshold": between(2, 10),
    "load_balancer.unhealthy_threshold": between(2, 10),
    "load_balancer.matcher": Bounds(
        ("200", "200,302,404", "200-499"),
        ("", "20", "2000", "199", "500", "200-500", "200-299,302", "2xx", 200),
        "HTTP codes from 200 to 499, like 200-399 or 200,302",
    ),
    "load_balancer.stickiness_seconds": between(1, 604800),
    "load_balancer.deregistration_delay_seconds": between(0, 3600),
    "load_balancer.certificate_arn": Bounds(
        (CERTIFICATE,),
        ("", "arn:aws:iam::123456789012:server-certificate/x", f"x{CERTIFICATE}", CERTIFICATE[:-4]),
        "the ARN of an ACM certificate, like arn:aws:acm:",
    ),
    "load_balancer.host_name": Bounds(
        ("example.com", "a.b-c.example.co"),
        ("www", "https://a.de", "A.de", "-a.de", "a..com", "x" * 64 + ".de", "a." + "x" * 64),
        "a host name in lower-case letters, like www.example.com",
    ),
    "load_balancer.domain": Bounds((None, DOMAIN), ([], 1, "x", True), "be an object, or null"),
    "load_balancer.domain.name": Bounds(
        ("a.de", "b." * 31 + "de"),
        ("www", "A.de", "*.a.de", "b." * 31 + "dev"),
        "a host name of at most 64 lower-case characters, like blog.example.com",
        {"load_balancer.domain.hosted_zone_id": "Z1"},
    ),
    "load_balancer.domain.hosted_zone_id": Bounds(
        ("Z1", "Z" + "A" * 31),
        ("", "Z", "z1", "/hostedzone/Z1", "Z" + "A" * 32, "example.com"),
        "a hosted zone's id, like Z0123456789ABC",
        {"load_balancer.domain.name": "a.de"},
    ),
    "load_balancer.access_log_retention_days": COUNT,
    "load_balancer.waf": GROUP,
    "load_balancer.waf.requests_per_5_minutes": between(10, 2_000_000_000),
    "load_balancer.waf.counted_rules": Bounds(
        ([], [SQL, PHP]), (SQL,), "a list of: <group>/<rule>"
    ),
    "load_balancer.waf.log_retention_days": RETENTION,
    "load_balancer.https_at_cdn": FLAG._replace(
        needs={"load_balancer.host_name": "www.example.com"}
    ),
    "container.image": Bounds(
        (None, "x", "registry:5000/a/b@sha256:0123"), ("", "a b"), "an image, like wordpress:latest"
    ),
    "container.require_digest": FLAG._replace(needs={"container.image": DIGEST}),
    "container.name": Bounds(
        ("a", "A-_9" + "x" * 251), ("", "a b", "a.b", "x" * 256), "have 1 to 255 letters, digits, -"
    ),
    "container.cpu": Bounds(
        (512, 1024), (128, 511, True, None), "one of 256, 512, 1024, 2048, 4096, 8192, 16384"
    )._replace(needs={"container.memory_mib": 2048}),
    "container.memory_mib": Bounds((1024, 4096), ("1024", 1024.5), "of MiB from 512 to 122880"),
    "container.desired_count": between(0, 5000, **MANY),
    "container.architecture": one_of("X86_64", "ARM64"),
    "container.capacity": one_of("FARGATE", "FARGATE_SPOT"),
    "container.on_demand_base": between(0, 5000, **{"container.capacity": "FARGATE_SPOT"}),
    "container.health_check_command": Bounds((None, "curl x || exit 1"), ("", 1), "shell command"),
    "container.health_check_grace_period_seconds": between(0, 2147483647),
    "container.minimum_healthy_percent": between(0, 100),
    "container.maximum_percent": between(100, 200, **{"container.minimum_healthy_percent": 50}),
    "container.log_retention_days": RETENTION,
    "container.port": between(1, 65535),
    "container.command": Bounds((None, ["a", "${x} %{y}"]), ([], "a", 1), "at least one: text"),
    "container.database_environment": Bounds(
        (None, {}, {"host": "A", "user": "B", "password": "C", "name": "_D1"}),
        ("A", ["A"], 1),
        "an object of host, user, password, name, each with a variable's name",
        {"container.image": DIGEST, "load_balancer.health_check_path": "/"},
    ),
    "container.secrets": Bounds(
        (
            {},
            {"A_KEY": SECRET, "B": f"{SECRET}:key::", "C": PARAMETER},
            {"A": SECRET.replace("shop/api", "rds!db-0a1b")},  # as RDS calls its own
        ),
        (),  # for others, see below
        "",
    ),
    "container.task_permissions": Bounds(
        (
            [],
            [
                {"actions": ["s3:GetObject"], "resources": ["*"]},
                {"actions": ["s3:*"], "resources": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"]},
            ],
        ),
        ("x", None),
        "a list of: an object",
    ),
    "container.environment": Bounds(({}, {"A_1": "x"}), ("A=1", ["A"]), "an object of texts"),
    "container.wordpress_constants": Bounds(
        ({}, {"A_1": "x", "B": True, "C": -5, "D": 0.5, "E": "${x} %{if} 'q'"}),
        ("A=1", ["A"], None),
        "an object of texts, numbers, true and false",
    ),
    "container.apache_conf": DIRECTIVES,
    "container.php_ini": DIRECTIVES,
    "autoscaling": GROUP,
    "autoscaling.min_capacity": between(0, 5000, **{"autoscaling.max_capacity": 5000})._replace(
        good=(0, 2)
    ),
    "autoscaling.max_capacity": between(1, 5000)._replace(good=(2, 5000)),
    "autoscaling.cpu_target_percent": PERCENT,
    "autoscaling.memory_target_percent": PERCENT,
    "autoscaling.scale_out_cooldown_seconds": between(0, 3600),
    "autoscaling.scale_in_cooldown_seconds": between(0, 3600),
    "autoscaling.sleep": GROUP,
    "autoscaling.sleep.from_cron": CRON,
    "autoscaling.sleep.until_cron": CRON,
    "autoscaling.sleep.timezone": Bounds(
        ("UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+1"),
        ("", "CET 1", "Europe/"),
        "a time zone of the IANA database, like Europe/Berlin",
    ),
    "database.engine_version": Bounds(
        ("8.0", "8.4", "8.0.40"),
        ("8", "5.7", "8.1", "8.40", "9.0", "8.0.40.1", "8.0.", "8.x", "\u0668.\u0660"),  # Arabic
        "8.0 or 8.4, with a patch level or without, like 8.0.40 (to allow one ",
    ),
    "database.instance_class": Bounds(
        ("db.r6gd.16xlarge", "db.t3.micro"),
        ("t3.micro", "db.t3", "DB.T3.MICRO"),
        "an RDS instance class, like db.t3.micro",
    ),
    "database.allocated_storage_gib": between(20, 65536),
    "database.upgrade": one_of("none", "in_place", "blue_green"),
    "database.storage_type": one_of("gp2", "gp3"),
    "database.iops": between(12000, 64000, **GP3),
    "database.storage_throughput_mibps": between(500, 4000, **GP3),
    "database.name": Bounds(
        ("a", "A_1" + "x" * 61), ("", "1a", "a-b", "x" * 65), "must have 1 to 64 letters, digits "
    ),
    "database.username": Bounds(
        ("a", "A_1" + "x" * 13), ("", "_a", "x" * 17), "must have 1 to 16 letters, digits and "
    ),
    "database.password": Bounds(("variable", "managed"), (), ""),  # for others, see below
    "database.rotation": GROUP._replace(needs={"database.password": "managed"}),
    "database.rotation.cron": Bounds(
        ("cron(0 0 1 * ? *)", "cron(0 22 ? JAN,JUL 7#1 *)", "cron(0 8 L */2 ? *)"),
        (
            *(
                "",
                "rate(7 days)",
                "cron(30 2 1 * ? *)",
                "cron(0 24 1 * ? *)",
                "cron(0 */4 * * ? *)",
            ),
            *("cron(0 2 1 1 ? 2030)", "cron(0 2 1 * *)", 2),
            # AWS wants one of the two days, and a question mark for the other
            *("cron(0 2 1 JAN SUN *)", "cron(0 2 * JAN * *)", "cron(0 2 ? JAN ? *)"),
            *("cron(0 2 ? ? 1 *)", "cron(0 2 1? JAN ? *)"),
        ),
        "must be cron(0 hour day-of-month month day-of-week *) with ? for one of the two days, ",
        {"database.password": "managed"},
    ),
    "database.rotation.window_hours": between(
        1, 24, **{"database.password": "managed", "database.rotation.cron": "cron(0 0 1 * ? *)"}
    ),
    "database.backup_retention_days": between(0, 35),
    "database.backup_window": Bounds(
        ("03:30-04:00", "23:45-00:15"),
        (
            *("03:00", "24:00-01:00", "03:00-04:60", "Mon:03:00-Mon:04:00", "03:00-03:29"),
            *("03:00-03:00", "0\u0663:00-04:00"),  # the last one: an Arabic digit
        ),
        "must be hh:mm-hh:mm in UTC, at least 30 minutes, like 03:00-04:00",
    ),
    "database.maintenance_window": Bounds(
        ("Mon:04:00-Mon:04:30", "Sun:23:45-Mon:00:15", "Tue:04:00-Wed:03:00"),
        (
            *("04:00-05:00", "mon:04:00-mon:05:00", "Mon:04:00", "Mon:25:00-Mon:26:00"),
            *("Mon:04:00-Mon:04:29", "Mon:04:00-Tue:04:01", "Mon:04:00-Mon:04:00"),
        ),
        "ddd:hh:mm-ddd:hh:mm in UTC, 30 minutes to 24 hours, like Mon:04:00-Mon:05:00",
    ),
    "database.monitoring_interval_seconds": Bounds(
        (0, 1, 5, 10, 15, 30, 60), (-1, 2, 61, False), "one of 0, 1, 5, 10, 15, 30, 60"
    ),
    "database.log_exports": list_of("audit", "error", "general", "slowquery"),
    "database.performance_insights": FLAG._replace(
        needs={"database.instance_class": "db.t3.medium"}
    ),
    **dict.fromkeys(
        ("database.apply_immediately", "container.fixed_site_url"),
        FLAG._replace(good=(True, False, None), bad=("yes", 1)),
    ),
    "monitoring.subscriptions": Bounds(
        ([], ["a@b.c"], ["https://x", "https://x/y?z=1"]),
        ("a@b.c", 1, None),
        "",
    ),
    "backup.copy_region": REGION._replace(
        good=tuple(r for r in REGION.good if r != "eu-central-1"),
        bad=tuple(region for region in REGION.bad if region is not None),
    ),
    "backup.vault_lock_days": between(1, 35, **{"backup.copy_region": "eu-west-1"}),
    "monitoring": GROUP,
    "monitoring.alarm_email": Bounds(
        ("", "a@b.c"),
        ("ops", "ops@example", "a b@c.d", "a@b@c.d", "a@b.c ", "@b.c"),
        "empty or an e-mail address, like ops@example.com",
    ),
    "monitoring.db_cpu_percent": PERCENT,
    "monitoring.db_free_storage_gib": POSITIVE,
    "monitoring.db_connections": COUNT,
    "monitoring.db_connections_percent": PERCENT,
    "monitoring.db_replica_lag_seconds": COUNT,
    "monitoring.service_cpu_percent": PERCENT,
    "monitoring.service_memory_percent": PERCENT,
    "monitoring.response_time_seconds": POSITIVE,
    "monitoring.server_errors_per_5_minutes": COUNT,
    "cost": GROUP,
    "cost.monthly_budget_usd": POSITIVE,
    "cost.anomaly_threshold_usd": POSITIVE,
    "backend.type": Bounds(("local",), ("gcs", "", 1, None), "must be local or s3"),
    "backend.bucket": Bounds(
        ("abc", "x" * 63), ("ab", "x" * 64, "Abc", "-abc"), "have 3 to 63 lower-case letters", S3
    ),
    "backend.region": REGION._replace(needs=S3),
    "backend.key": Bounds(("k", "a/b", None), (), "", S3),  # for others, see below
    "overrides": Bounds(
        ({}, {"aws_lb.main": {"a.b": None, "c": [1, "${d.e}"]}}), ([], 1), "an object of addresses"
    ),
}
FLAGS = (
    *("network.public_ip_on_launch", "network.default_security_group_closed"),
    *("load_balancer.deletion_protection", "load_balancer.https", "container.capacity_providers"),
    *("container.wait_for_steady_state", "container.zone_rebalancing", "container.task_role"),
    "container.rollback_alarms",
    *("container.container_insights", "container.execute_command"),
    *("container.service_discovery", "container.shared_keys", "container.shared_uploads"),
    *("database.username_sensitive", "database.multi_az", "database.storage_encrypted"),
    *("database.require_tls", "database.slow_query_log", "database.iam_authentication"),
    *("database.deletion_protection", "database.skip_final_snapshot", "monitoring.database_events"),
    *("cost.anomaly_detection", "image.repository", "resilience.fault_injection"),
)
BOUNDS |= dict.fromkeys(FLAGS, FLAG)


def rows(kind: str) -> list[tuple[str, object]]:
    return [(path, value) for path, bounds in BOUNDS.items() for value in getattr(bounds, kind)]


def test_every_setting_has_its_bounds_here() -> None:
    assert set(BOUNDS) == {path for path, _ in described(StackSettings)}


@pytest.mark.parametrize(("path", "value"), rows("good"))
def test_a_value_at_its_bound_is_accepted_and_kept(path: str, value: object) -> None:
    settings = parse_stack("demo", nested({**BOUNDS[path].needs, path: value}))
    kept: Any = settings.model_dump(mode="json")
    for part in path.split("."):
        kept = kept[part]
    assert kept == value or (value == {} and kept)  # a group has its defaults then


@pytest.mark.parametrize(("path", "value"), rows("bad"))
def test_a_value_outside_its_bound_is_refused_with_what_is_accepted(
    path: str, value: object
) -> None:
    message = refusal(nested({**BOUNDS[path].needs, path: value}))
    shown = json.dumps(value, ensure_ascii=False)
    assert message.startswith(str(SettingsError(f"{path} = {shown}: must ")))
    assert BOUNDS[path].advice in message


@pytest.mark.parametrize("path", ["network.zones", "container.capacity", "database.storage_type"])
def test_a_number_is_not_to_be_quoted_where_quotes_do_not_help(path: str) -> None:
    assert "quotes" not in refusal(nested({path: 1}))


def test_which_keys_are_chosen_before_the_first_deploy_is_said() -> None:
    """What happens to them later: docs/adopting.md, and tests/e2e for what Terraform plans."""
    what = dict(described(StackSettings))["customer_managed_keys"]["description"]
    chosen, _, _ = what.partition(" before the first deploy")
    assert {word for word in re.findall("`(\\w+)`", chosen)} == {"database", "uploads", "secrets"}


SUBNETS, ZONES = "network.private_subnet_cidrs", "network.availability_zones"
ENVIRONMENT, CONSTANTS = "container.environment", "container.wordpress_constants"
SECRETS, DB = "container.secrets", "container.database_environment"
OTHER = {"container.image": "shop:1", "load_balancer.health_check_path": "/health"}
PERMISSIONS = "container.task_permissions"
LOW, HIGH = "container.minimum_healthy_percent", "container.maximum_percent"
DAILY, WEEKLY = "database.backup_window", "database.maintenance_window"
KIND, SIZE, IOPS = "database.storage_type", "database.allocated_storage_gib", "database.iops"
SPEED, CLASS = "database.storage_throughput_mibps", "database.instance_class"
TIMEOUT, INTERVAL = "load_balancer.timeout_seconds", "load_balancer.interval_seconds"

REFUSED: list[tuple[Values, str]] = [
    ({"variables": ["x"]}, 'variables.0 = "x": must be aws_region, project_name, '),
    ({"outputs": ["x"]}, 'outputs.0 = "x": must be alb_dns_name, '),
    ({"customer_managed_keys": ["x"]}, 'customer_managed_keys.0 = "x": must be logs, database, '),
    ({"database.log_exports": ["error", 1]}, "database.log_exports.1 = 1: must be audit, error, "),
    ({ZONES: ["a", 1]}, "network.availability_zones.1 = 1: must be text"),
    (
        {SUBNETS: ["10.0.1.0/24", "10.0.2.0"]},
        f'{SUBNETS}.1 = "10.0.2.0": must be {CIDR}10.0.0.0/16',
    ),
    ({SUBNETS: ["10.0.3.0/24"]}, f"{SUBNETS}.1 is missing; it must be {CIDR}"),
    ({"network.vpc_cidr": "10.2.3.4/22"}, f'network.vpc_cidr = "10.2.3.4/22": … {CIDR}10.2.0.0/22'),
    ({"overrides": {"a": 1}}, "overrides.a = 1: must be an object of arguments' paths"),
    ({"overrides": {"a": {"b": float("nan")}}}, "overrides.a.b = NaN: must be a finite number"),
    ({"cost.monthly_budget_usd": float("inf")}, "_usd = Infinity: must be a finite number"),
    ({"database.username": "MySQL"}, '"MySQL": RDS reserves rdsadmin, mysql and root; choose'),
    ({"database.username": "root"}, '"root": RDS reserves rdsadmin, mysql and root; choose'),
    *(
        ({"tags": {name: ""}}, f"tags: '{name}' is not a tag's name: 1 to 128 letters … are ours")
        for name in (
            "",
            "x" * 129,
            "a#b",
            "aws:x",
            "AWS:x",
            "Project",
            "stack",
            "MANAGEDBY",
            "Name",
            "zone",  # of fault injection
        )
    ),
    (
        {"tags": {"a": "x" * 257}},
        "tags: a must be at most 256 letters, digits, spaces and _.:/=+-@",
    ),
    ({"tags": {"a": "x#"}}, "tags: a must be at most 256 letters, digits, spaces and _.:/=+-@"),
    *(
        ({"tags": tags}, "tags: must be an object of at most 45 names and texts that differ")
        for tags in ({f"t{n}": "" for n in range(46)}, {"team": "", "Team": ""})
    ),
    ({ENVIRONMENT: {"A B": "1"}}, f"{ENVIRONMENT}: 'A B' … like LOG_LEVEL"),
    ({ENVIRONMENT: {"A": 1}}, f"{ENVIRONMENT}.A = 1: must be text; write it in quotes"),
    ({ENVIRONMENT: {"WORDPRESS_DB_NAME": "x"}}, "WORDPRESS_DB_NAME cannot be set here: the p"),
    # ECS refuses a variable that is a secret, too
    ({ENVIRONMENT: {"WORDPRESS_AUTH_SALT": "x"}}, "AUTH_SALT cannot be set here: keys and salts"),
    *(
        (
            {ENVIRONMENT: {name: "x"}},
            f"{name} looks like a secret … ARN in secrets, or leave it out",
        )
        for name in ("API_TOKEN", "SMTP_PASS", "API_KEY")
    ),
    (
        {SECRETS: {"WORDPRESS_AUTH_KEY": SECRET}, "container.shared_keys": True},
        "container: secrets: WORDPRESS_AUTH_KEY cannot be set here: the platform sets it",
    ),
    ({SECRETS: "x"}, f"{SECRETS} = …: must be an object of names and ARNs"),
    ({SECRETS: {"WORDPRESS_DB_PASSWORD": SECRET}}, "WORDPRESS_DB_PASSWORD cannot be set here: the"),
    ({SECRETS: {"A B": SECRET}}, f"{SECRETS}: 'A B' is not a variable's name, like LOG_LEVEL"),
    (
        {SECRETS: {"A": SECRET}, ENVIRONMENT: {"A": "x"}},
        "environment and secrets both have A",
    ),
    *(
        ({SECRETS: {"A_KEY": value}}, f"{SECRETS}: A_KEY must be the ARN of a secret, like arn:aws")
        for value in (
            *("hunter2", SECRET[:-7], SECRET.replace("123456789012", "1"), f"{SECRET}:key"),
            *(f'{SECRET}:a"b::', f"{SECRET}:a\\b::"),
        )
    ),
    ({DB: {"port": "X"}}, f"{DB}: 'port' is not one of host, user, password, name"),
    ({DB: {"host": "DB-HOST"}}, f"{DB}: host must be a variable's name, like LOG_LEVEL"),
    (
        {DB: {"host": "X", "name": "X"}, **OTHER},
        "database_environment names a variable twice",
    ),
    (
        {DB: {"host": "X"}, **OTHER, ENVIRONMENT: {"X": "y"}},
        "environment: X cannot be set here: the",
    ),
    (
        {DB: None, "load_balancer.health_check_path": "/"},
        "container: image = wordpress:latest is not of another application; name its",
    ),
    (
        {DB: None, "container.image": "shop:1"},
        "load_balancer.health_check_path = /wp-admin/install.php … set a path",
    ),
    *(
        (
            {DB: None, **OTHER, f"container.{name}": value},
            f"container: {name} is for WordPress, not for another application; leave it out",
        )
        for name, value in (
            *(("shared_keys", True), ("shared_uploads", True), ("fixed_site_url", True)),
            *((name, {"A": 1}) for name in ("wordpress_constants", "apache_conf", "php_ini")),
        )
    ),
    (
        {"container.command": ["x"], "container.php_ini": {"A": 1}},
        "container: command takes the place of apache_conf and php_ini; leave it or them out",
    ),
    *(
        ({PERMISSIONS: [{"actions": actions, "resources": resources}]}, f"{PERMISSIONS}.0{says}")
        for actions, resources, says in (
            (["s3:*"], ["*"], ": actions has s3:* on every resource; name its actions, or the"),
            (["s3:**"], ["*"], ": actions has s3:** on every resource; name its actions, or"),
            (["iam:*"], ["arn:aws:*"], ": actions has iam:* on every resource; name its"),
            (["iam:*"], ["arn:aws:*:*:*:*"], ": actions has iam:* on every resource; name"),
            (["s3:Get"], ['arn:aws:s3:::a"'], '.resources.0 = "arn:aws:s3:::a\\"": must be * or'),
            (["s3:Get"], ["arn:aws:s3:::a\\b"], '.resources.0 = "arn:aws:s3:::a\\\\b": must be'),
            (["*"], ["arn:aws:s3:::shop"], '.actions.0 = "*": must be an action, like s3:GetObj'),
            (["s3"], ["*"], '.actions.0 = "s3": must be an action, like s3:GetObject'),
            (["s3:Get"], ["shop"], '.resources.0 = "shop": must be * or an ARN, like arn:aws:s3'),
            ([], ["*"], ".actions = []: must be a list of at least one: an action"),
        )
    ),
    *(
        ({CONSTANTS: {name: "x"}}, f"{CONSTANTS}: {name} cannot be set here: {reason}")
        for name, reason in {
            "DB_NAME": "the database and its user come from the stack",
            "WP_HOME": "the address comes from load_balancer; set fixed_site_url",
            "MYSQL_CLIENT_FLAGS": "TLS to the database comes with database.require_tls",
            "NONCE_SALT": "keys and salts are secrets, which all tasks share with shared_keys",
            "WP_DEBUG": "the image sets it; set WORDPRESS_DEBUG in environment",
        }.items()
    ),
    ({CONSTANTS: {"A-B": 1}}, f"{CONSTANTS}: 'A-B' … like DISALLOW_FILE_MODS"),
    ({CONSTANTS: {"A": [1]}}, f"{CONSTANTS}: A must be text, a number, true or false"),
    ({CONSTANTS: {"A": None}}, f"{CONSTANTS}: A must be text, a number, true or false"),
    ({CONSTANTS: {"API_TOKEN": "x"}}, "API_TOKEN looks like a secret … leave it out"),
    ({"container.apache_conf": {"<Directory": 1}}, "'<Directory' is not a directive's name"),
    ({"container.apache_conf": {"AuthLDAPBindPassword": 1}}, "BindPassword looks like a secret"),
    ({"container.php_ini": {"mysqli.default_pw": 1}}, "mysqli.default_pw looks like a secret"),
    ({"container.php_ini": {"A": "b\nc"}}, "must be one line of printable characters"),
    ({"container.php_ini": {"A": [1]}}, "container.php_ini: A must be text, a number, true or"),
    ({"backend": {}}, "backend.type is missing; it must be local or s3"),
    ({"backend.type": "s3"}, "backend.bucket is missing; … 3 to 63 lower-case letters"),
    ({"database.engine_version": 8.4}, "_version = 8.4: … 8.0.40 … write it in quotes"),
    ({INTERVAL: "30"}, f'{INTERVAL} = "30": … 5 to 300; write it without quotes'),
    ({"database.multi_az": "false"}, 'multi_az = "false": … write it without quotes'),
    ({INTERVAL: 4, TIMEOUT: 1}, f"{INTERVAL} = 4: … (and 1 more)"),
    # what Terraform would evaluate, in lists and maps too
    ({ENVIRONMENT: {"A": "${x}"}}, f"{ENVIRONMENT}: must not contain ${{ or %{{"),
    ({ZONES: [A, "${x}"]}, '${x}"]: must not contain ${ or %{'),
    ({**S3, "backend.key": "a/%{x}"}, "backend.key = …: must not contain ${ or %{"),
    *(
        ({**S3, "backend.key": key}, "backend.key = …: must be an object's name without / at its")
        for key in ("", "/", "/state", "state/")
    ),
    ({SUBNETS: ["10.0.1.0/24", "10.0.4.0/24"]}, "network: … 10.0.1.0/24 and 10.0.1.0/24 overlap; "),
    ({SUBNETS: ["10.0.3.0/24", "10.0.2.128/25"]}, "10.0.2.0/24 and 10.0.2.128/25 overlap; give"),
    (
        {SUBNETS: ["10.0.3.0/24", "10.1.0.0/24"]},
        "network: … 10.1.0.0/24 … vpc_cidr = 10.0.0.0/16; choose one like 10.0.0.0/24",
    ),
    ({"network.vpc_cidr": "10.0.1.0/24"}, "10.0.2.0/24 … choose one like 10.0.1.0/24"),
    (
        {ZONES: [A, "us-east-1b"]},
        "network.availability_zones: us-east-1b … region = eu-central-1; … like eu-central-1a and ",
    ),
    ({"region": "us-east-1", ZONES: [A, B]}, f"{A}, {B} … region = us-east-1; … like us-east-1a "),
    (
        {"region": "ap-northeast-1", ZONES: [A, B]},
        "not in region = ap-northeast-1; name two of its zones, like ap-northeast-1a and "
        "ap-northeast-1c",
    ),
    *(
        (
            {"region": region},
            f"network.availability_zones is missing: … region = {region} … name two, as `aws ec2 "
            f"describe-availability-zones --region {region}`",
        )
        for region in ("us-west-1",)
    ),
    (
        {"region": "ap-northeast-1", "network.zones": "a_and_b"},
        "network.zones = a_and_b: … region = ap-northeast-1; choose listed",
    ),
    ({"network.task_subnets": "private"}, "network: task_subnets = private … choose single_nat, "),
    (
        {"network.task_subnets": "private", "network.private_egress": "vpc_endpoints"},
        "network.private_egress … container.image = wordpress:latest … name it as <account>.dkr.",
    ),
    *(
        (
            {TIMEOUT: timeout},
            f"load_balancer: timeout_seconds = {timeout} … interval_seconds = 30; ",
        )
        for timeout in (30, 31)
    ),
    (
        {"container.memory_mib": 512},
        "container: memory_mib = 512 … cpu = 512, Fargate accepts 1024, 2048, 3072, 4096",
    ),
    (
        {"container.cpu": 256, "container.memory_mib": 3072},
        "container: memory_mib = 3072 … cpu = 256, Fargate accepts 512, 1024, 2048",
    ),
    (
        {"autoscaling.min_capacity": 3},
        "container.desired_count = 2 … autoscaling.min_capacity = 3 to max_capacity = 4; set "
        "container.desired_count = 3, or",
    ),
    *(
        (
            {"container.desired_count": count},
            f"container.desired_count = {count} … min_capacity = 2 to max_capacity = 4; set "
            f"container.desired_count = {nearest}, or choose other bounds",
        )
        for count, nearest in ((1, 2), (5, 4))
    ),
    *(
        (
            {LOW: low, HIGH: 100},
            f"{LOW} = {low} and maximum_percent = 100 of 2 tasks … lower the one",
        )
        for low in (51, 99, 100)
    ),
    (
        {HIGH: 199, "autoscaling.min_capacity": 1, "container.desired_count": 1},
        f"{LOW} = 100 and maximum_percent = 199 of 1 tasks",
    ),
    (
        {"container.require_digest": True},
        "container: … image = wordpress:latest: … repository@sha256:<64 hexadecimal digits>",
    ),
    (
        {"container.require_digest": True, "container.image": DIGEST[:-1]},
        f"container: require_digest = true with image = {DIGEST[:-1]}:",
    ),
    (
        {"container.capacity": "FARGATE_SPOT", "container.capacity_providers": False},
        "container: capacity = FARGATE_SPOT needs capacity_providers = true",
    ),
    (
        {"container.on_demand_base": 1},
        "container: on_demand_base = 1 … capacity = FARGATE, … leave it out or choose FARGATE_SPOT",
    ),
    (
        {"database.upgrade": "blue_green", "database.backup_retention_days": 0},
        "upgrade = blue_green with backup_retention_days = 0 … keep some, or choose in_place",
    ),
    (
        {"database.upgrade": "in_place", "database.apply_immediately": False},
        "upgrade = in_place with apply_immediately = false … leave apply_immediately out",
    ),
    *(
        ({"monitoring.subscriptions": [endpoint]}, f'subscriptions.0 = "{endpoint}": must be an e-')
        for endpoint in ("a", "http://x", "https://", "https://x y")
    ),
    (
        {"backup.copy_region": "eu-central-1"},
        "backup.copy_region = eu-central-1 is the region of the stack; name another",
    ),
    (
        {"backup.vault_lock_days": 7},
        "backup.vault_lock_days = 7 without copies to lock … or leave it out",
    ),
    (
        {"container.rollback_alarms": True, "monitoring": None},
        "rollback_alarms = true with monitoring = null … keep monitoring or switch it off",
    ),
    (
        {"container.zone_rebalancing": True, LOW: 50, HIGH: 100},
        "container: zone_rebalancing = true … maximum_percent = 100 … switch rebalancing off",
    ),
    (
        {"autoscaling.min_capacity": 5},
        "autoscaling: max_capacity = 4 … min_capacity = 5; raise the maximum or lower the minimum",
    ),
    *(
        (
            {DAILY: daily, WEEKLY: weekly},
            f"database: backup_window = {daily} and maintenance_window = {weekly} overlap … move",
        )
        for daily, weekly in (
            *((daily, "Mon:04:00-Mon:05:00") for daily in ("03:00-04:01", "04:59-05:30")),
            *(("03:00-04:00", weekly) for weekly in ("Sun:12:00-Mon:12:00", "Sun:23:00-Mon:03:01")),
            ("23:00-22:00", "Mon:04:00-Mon:05:00"),
        )
    ),
    (
        {"database.rotation": {}},
        "database: rotation is for password = managed; choose that, or",
    ),
    (
        {"database.password": "managed", "database.rotation.window_hours": 23},
        "database.rotation: window_hours = 23 from 2:00 UTC extends … begin earlier or shorten",
    ),
    *(
        (
            {"database.performance_insights": True, CLASS: name},
            f"database: performance_insights = true … instance_class = {name}; choose db.t3.medium",
        )
        for name in ("db.t2.micro", "db.t3.micro", "db.t3.small", "db.t4g.small")
    ),
    *(
        ({KIND: kind, SIZE: size, path: value}, f"database: iops and … here {kind}, {size}); leave")
        for kind, size, path, value in (
            *(("gp2", 20, IOPS, 12000), ("gp2", 400, IOPS, 12000), ("gp3", 399, SPEED, 500)),
        )
    ),
    *(
        (
            {"project_name": name, "database.password": "managed"},
            f"project_name = {name} must not begin with aws, amazon or amzn, which no SSM document",
        )
        for name in ("aws", "awsome-site", "amazon-shop", "amzn1")
    ),
    *(
        (
            {"project_name": name, "load_balancer.access_log_retention_days": 1},
            f"project_name = {name} must not begin with sthree- or amzn-s3-demo-, which no bucket",
        )
        for name in ("sthree", "sthree-site", "amzn-s3-demo", "amzn-s3-demo-site")
    ),
    ({"variables": ["aws_region"]}, "leaves out db_password … database.password = managed"),
    (
        {"variables": ["db_password"], "container.image": None},
        "variables leaves out container_image … set container.image",
    ),
    (
        {"variables": ["db_password"], "load_balancer.https": True},
        "variables leaves out certificate_arn … set load_balancer.certificate_arn",
    ),
    (
        {
            **{"network.task_subnets": "private", "network.private_egress": "vpc_endpoints"},
            "container.image": ECR_IMAGE.replace("eu-central-1", "us-east-1"),
        },
        "container.image = … is not of region = eu-central-1, … copy the image there",
    ),
    (
        {"load_balancer.certificate_arn": CERTIFICATE, "region": "us-east-1"},
        f"load_balancer.certificate_arn = {CERTIFICATE} is not of region = us-east-1 … request one",
    ),
    (
        {"network.outbound_ports": [25]},
        "network: outbound_ports has no effect with allowed_egress = all_but_database … choose lea",
    ),
    (
        {
            **{"network.task_subnets": "private", "network.private_egress": "vpc_endpoints"},
            **{"network.allowed_egress": "least", "network.outbound_ports": [25]},
        },
        "network: outbound_ports … vpc_endpoints: no way leads to the internet; … nat_per_zone",
    ),
    (
        {"load_balancer.waf": {"counted_rules": ["SQLi_COOKIE"]}},
        'counted_rules.0 = "SQLi_COOKIE": must be <group>/<rule> … AWSManagedRulesWordPressRuleSet',
    ),
    (
        {"load_balancer.https_at_cdn": True},
        "load_balancer: https_at_cdn = true without host_name; set",
    ),
    (
        {"load_balancer.https_at_cdn": True, "load_balancer.https": True},
        "load_balancer: https_at_cdn is for … switch one of them off",
    ),
    (
        {"container.fixed_site_url": True, "load_balancer.https": True},
        "container.fixed_site_url … which no certificate matches; set load_balancer.host_name",
    ),
    *(
        (
            {"load_balancer.domain": DOMAIN, f"load_balancer.{name}": value},
            f"load_balancer: domain = blog.example.com … leave {name} out",
        )
        for name, value in (("certificate_arn", CERTIFICATE), ("https", True), ("https", False))
    ),
    (
        {"load_balancer.domain": DOMAIN, "load_balancer.https_at_cdn": True},
        "load_balancer: https_at_cdn is for … switch one of them off",
    ),
    (
        {"load_balancer.domain": {"name": "a.de"}},
        "load_balancer.domain.hosted_zone_id is missing; it must be a hosted zone's id, like Z0",
    ),
    (
        {"provider_version": "6", "overrides": {"aws_eip.nat": {"tags": {}, "vpc": True}}},
        "overrides: aws_eip.nat: provider_version = 6 has no vpc; set domain to vpc instead, or",
    ),
    (
        {
            "provider_version": "6",
            "overrides": {
                "aws_ecs_task_definition.wordpress": {"inference_accelerator.0.device_name": ""}
            },
        },
        "provider_version = 6 has no inference_accelerator.0.device_name; leave it out, … = 5",
    ),
    ({"default_tags": False}, "cost … default_tags = false … set cost to null"),
    (
        {"default_tags": False, "cost": None, "resilience.fault_injection": True},
        "resilience.fault_injection … by tag … default_tags = false … the fault injection off",
    ),
    (
        {"customer_managed_keys": ["database"], "database.storage_encrypted": False},
        "customer_managed_keys names database … database.storage_encrypted = false; encrypt",
    ),
]


@pytest.mark.parametrize(("values", "says"), REFUSED)
def test_what_cannot_be_used_is_refused_with_the_way_out(values: Values, says: str) -> None:
    """Settings that contradict each other are both named; … stands for anything between."""
    pattern = ".*".join(re.escape(part) for part in says.split(" … "))
    assert re.search(pattern, refusal(nested(values)))


@pytest.mark.parametrize(
    "values",
    [
        *({path: option.value, **(option.needs or {})} for path, option in OPTIONS.items()),
        *(
            {"container.cpu": cpu, "container.memory_mib": size}
            for cpu, sizes in FARGATE_MEMORY_MIB.items()
            for size in (sizes[0], sizes[-1])
        ),
        {INTERVAL: 6, TIMEOUT: 5},
        {"project_name": "awsome-site", "load_balancer.access_log_retention_days": 1},
        {"project_name": "sthree-site", "database.password": "managed"},
        {"project_name": "sthrees", "load_balancer.access_log_retention_days": 1},
        *({LOW: low, HIGH: high} for low, high in ((0, 100), (50, 100), (100, 150))),
        {**MANY, HIGH: 100},
        {**MANY, "autoscaling.max_capacity": 1, "container.desired_count": 1},
        {"autoscaling.min_capacity": 2, "autoscaling.max_capacity": 2},
        {**S3, "backend.bucket": "x" * 63, "backend.key": "k"},
        {
            "network.vpc_cidr": "10.9.0.0/26",
            "network.public_subnet_cidrs": ["10.9.0.0/28", "10.9.0.16/28"],
            "network.private_subnet_cidrs": ["10.9.0.32/28", "10.9.0.48/28"],
        },
    ],
)
def test_settings_that_fit_together_are_accepted(values: Values) -> None:
    assert isinstance(parse_stack("demo", nested(values)), StackSettings)


@pytest.mark.parametrize(
    "path", ["container.image", "load_balancer.health_check_path", "monitoring.alarm_email"]
)
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("/a${var.db_password}@b.c", "must not contain ${ or %{, which Terraform would evaluate"),
        ("/%{if}@b.c", "must not contain ${ or %{, which Terraform would evaluate"),
        ("/a\x00@b.c", "must be one line of printable characters"),
        ("/a@b.c\n", "must be one line of printable characters"),
        ("/a\u2028@b.c", "must be one line of printable characters"),
    ],
)
def test_what_terraform_would_evaluate_or_a_terminal_obey_is_refused(
    path: str, value: str, says: str
) -> None:
    """CDKTF does not escape a template in a string."""
    message = refusal(nested({path: value}))
    assert message.startswith(f"{path} = ")
    assert says in message or path == "load_balancer.health_check_path"  # no spaces there


def test_an_empty_object_is_the_contract_named_after_the_stack() -> None:
    settings = parse_stack("demo", {})
    assert (
        settings
        == StackSettings(project_name="demo")
        == parse_stack("demo", {"project_name": None})
    )
    assert settings.availability_zones == (A, B)
    elsewhere = parse_stack("demo", {"region": "us-east-1"})
    assert elsewhere.availability_zones == ("us-east-1a", "us-east-1b")


def test_a_zone_that_is_closed_to_new_accounts_is_no_default() -> None:
    """In us-west-1 no zone is."""
    zones = parse_stack("demo", {"region": "ap-northeast-1"}).availability_zones
    assert zones == ("ap-northeast-1a", "ap-northeast-1c")
    chosen = {"region": "us-west-1", ZONES: ["us-west-1a", "us-west-1c"]}
    assert parse_stack("demo", nested(chosen)).availability_zones == ("us-west-1a", "us-west-1c")


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
        ({"netwrok": {}}, "netwrok: unknown setting; did you mean network?"),
        (
            {"network": {"vpc_cdir": "x"}},
            "network.vpc_cdir: unknown setting; did you mean network.",
        ),
        ({"multi_az": True}, "multi_az: unknown setting; did you mean database.multi_az?"),
        ({"database": {"region": "x"}}, "database.region: unknown setting; did you mean region?"),
        (
            {"autoscaling": {"sleep": {"at": "20:00"}}},
            "autoscaling.sleep.at: unknown setting; accepted are from_cron, timezone, until_cron",
        ),
        (
            {"cost": {"a": 1, "b": 2}},
            "cost.a: unknown setting; accepted are anomaly_detection, anomaly_threshold_usd, ",
        ),
        (
            {"backend": {"type": "local", "bucket": "abc"}},
            "backend.bucket: unknown setting; accepted with type = local are type",
        ),
        (
            {"backend": {"type": "s3", "bucket": "abc", "region": "eu-west-1", "s3": 1}},
            "backend.s3: unknown setting; accepted with type = s3 are bucket, key, region, type",
        ),
        ({"s3": 1}, "s3: unknown setting; accepted are autoscaling, backend, backup, "),
        ({"local": 1}, "local: unknown setting; "),
        ({"a\nb": 1}, r"a\nb: unknown setting; accepted are "),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_or_all(
    values: object, message: str
) -> None:
    assert refusal(values).startswith(message)


@pytest.mark.parametrize(
    "values",
    [
        {"database": {"password": "hunter2hunter2"}},
        {"database": {"password": ["hunter2hunter2"]}},
        {"db_password": "hunter2hunter2"},
        {"backend": {"type": "s3", "secret_key": "hunter2hunter2"}},
        nested({**S3, "backend.key": "/hunter2hunter2"}),
        nested({**S3, "backend.key": "${hunter2hunter2}"}),
        {"database": {"credentials": {"token": "hunter2hunter2"}}},
    ],
)
def test_what_may_be_a_secret_is_not_repeated(values: object) -> None:
    assert "hunter2" not in refusal(values)


@pytest.mark.parametrize("values", [None, [], "x", 1, True])
def test_settings_that_are_no_object_are_refused(values: object) -> None:
    assert refusal(values) == "settings must be an object, like {}"


@pytest.mark.parametrize("group", ["network", "load_balancer", "container", "database", "backend"])
@pytest.mark.parametrize("values", [None, [], 1])
def test_a_group_that_is_no_object_is_refused(group: str, values: object) -> None:
    assert refusal({group: values}) == f"{group} = {json.dumps(values)}: must be an object"


@pytest.mark.parametrize(
    "stack_id", ["", "A", "a b", "a_b", "-a", "a\nb", "../x", "x" * 64, "ä", "a/b", "${a}"]
)
def test_a_stack_id_that_spacelift_would_not_take_is_refused(stack_id: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_stack(stack_id, {})
    assert str(raised.value).startswith(f"stack {stack_id!r}: a stack id has 1 to 63 lower-case ")


def test_a_long_stack_id_needs_a_project_name() -> None:
    """AWS's names are shorter than Spacelift's."""
    assert parse_stack("1" + "x" * 62, {"project_name": "short"}).project_name == "short"
    assert refusal({}, "x" * 29).startswith(f'project_name = "{"x" * 29}": must have at most 28 ')


def test_the_regions_are_those_of_the_sdk() -> None:
    """A region that AWS opens comes with a newer botocore, and then goes into the list."""
    assert sorted(REGIONS.split()) == sorted(Session().get_available_regions("rds"))


def test_what_is_newer_than_a_list_can_be_added_where_the_message_says() -> None:
    for value in ({"region": "eu-central-3"}, {"database": {"engine_version": "9.4"}}):
        message = refusal(value)
        assert "after 26 November 2026" in message or "since 26 November 2026" in message
        found = re.search(r"add it to (\w+) in (constructs_lib/settings/\w+\.py)\)", message)
        assert found
        assert f"\n{found[1]} = " in (Path(__file__).parents[2] / found[2]).read_text()


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
        *((part, MAP_OF_STACKS) for part in (b"null", b"[]", b"1", b"{}")),
        *(
            (b'{"context": %s}' % part, MAP_OF_STACKS)
            for part in (b"null", b"[]", b"{}", b'{"stacks": null}', b'{"stacks": {}}')
        ),
        (b'{"context": {"stacks": ["resilience-platform"]}}', MAP_OF_STACKS),
        (b'{"context": {"stacks": {"a": 1}}}', "stack a: settings must be an object, like {}"),
        (
            b'{"context": {"stacks": {"good": {}, "bad": {"region": 1}}}}',
            "stack bad: region = 1: must be one of af-south-1, ",
        ),
        (
            b'{"context": {"stacks": {"a": {}, "b": {"project_name": "a"}}}}',
            "stack b: stack a has project_name = a in region = eu-central-1 too, so that all names "
            "collide; change one of the two",
        ),
        (None, "cdktf.json: cannot be read: No such file or directory"),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_file_that_cannot_be_used_is_refused_with_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """The rest of a JSON parser's own message differs between versions of Python."""
    file = tmp_path / "cdktf.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        load_stacks(file)
    assert str(raised.value).startswith(message)
    assert str(raised.value).isprintable()


def test_all_stacks_of_the_file_are_loaded_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "cdktf.json"
    stacks = {"b": {}, "a": {"region": "us-east-1", "project_name": "b"}}
    file.write_text(json.dumps({"app": "x", "context": {"other": 1, "stacks": stacks}}))
    loaded = load_stacks(file)
    assert list(loaded) == ["b", "a"]
    assert [settings.region for settings in loaded.values()] == ["eu-central-1", "us-east-1"]


def test_the_overrides_of_the_documentation_arrive(synth: Synthesizer) -> None:
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```json\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    (example,) = (json.loads(example) for example in examples if '"overrides"' in example)
    blocks = synth(**example["context"]["stacks"]["resilience-platform"]).blocks
    for address, said in RECIPES.items():
        assert said.items() <= blocks[address].items()
    assert "ip_address_type" not in blocks["aws_lb.main"]
    assert blocks["aws_lb_target_group.main"]["health_check"]["timeout"] == 10
