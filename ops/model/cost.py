"""What a stack costs a month: list prices times the quantities in its Terraform JSON.

What the prices are, and what they are not, prices.yaml says.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ops import files
from ops.model.stack import Stack, block

HOURS = 730
"""A month in AWS's own estimates."""


class Price(NamedTuple):
    """As it was when it was `known`; https://aws.amazon.com/<page>/pricing/ has it now."""

    usd: float
    known: str
    page: str


class _Page(NamedTuple):
    """What prices.yaml has of one of AWS's pages."""

    page: str
    known: str
    usd: dict[str, float]


PRICES = {
    name: Price(usd, page.known, page.page)
    for page in files.data(list[_Page], Path(__file__).with_name("prices.yaml"))
    for name, usd in page.usd.items()
}
"""By the line of the bill, or by its unit."""

INSTANCE_VCPUS = {"db.t3.micro": 2, "db.t3.medium": 2}

OUT_OF_STANDARD_SUPPORT = ("5.7", "8.0")
"""MySQL 8.0 left standard support on 31 July 2026; AWS charges for it since 1 August 2026.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html"""

CONTAINER_INSIGHTS_METRICS = 25
"""About as many custom metrics does it make for one cluster, service and task definition."""

ALARMS_PER_TRACKING_POLICY = 2
"""Target tracking makes one to scale out and one to scale in."""

ASSUMED_LOGS_GB = 1
"""In each log group."""
ASSUMED_UPLOADS_GB = 1
ASSUMED_BALANCER_UNITS = 0.1
"""Little traffic, as the original assumes: its logs are 1 GB, its transfer "minimal"."""


@dataclass(frozen=True)
class Item:
    """One line of the bill.

    Attributes:
        quantity: with its unit.
        unit_usd: price of one unit an hour, or a month where the quantity has no hours.
        usd: a month; None where the price is not known here.
        original: what the original's README says for the same thing.
    """

    name: str
    quantity: str
    unit_usd: float | None
    usd: float | None
    original: str = ""


def items(stack: Stack) -> list[Item]:
    """The bill of a stack."""
    parts = (_tasks, _network, _database, _monitoring, _protection)
    return [item for part in parts for item in part(stack)]


def total(bill: list[Item]) -> float:
    """US dollars a month, of what has a price here."""
    return math.fsum(item.usd or 0 for item in bill)


def _hourly(name: str, count: float, unit: str, original: str = "", *, share: float = 1) -> Item:
    """`share` of the month's hours."""
    hours, price = HOURS * share, _price(name, unit)
    quantity = f"{_counted(count, unit)} x {hours:.0f} h"
    return Item(name, quantity, price, count * price * hours, original)


def _monthly(name: str, count: float, unit: str, original: str = "") -> Item:
    price = _price(name, unit)
    return Item(name, _counted(count, unit), price, count * price, original)


def _price(name: str, unit: str) -> float:
    return (PRICES.get(name.partition(" (")[0]) or PRICES[unit]).usd


def _counted(count: float, unit: str) -> str:
    """`1 gateway`, of the unit `gateways`."""
    return f"{round(count, 2):g} " + (re.sub(r"(?<=s)es\b|s\b", "", unit) if count == 1 else unit)


def _tasks(stack: Stack) -> list[Item]:
    task = stack.one("aws_ecs_task_definition")
    count = _task_count(stack)
    vcpus = int(stack.value(task["cpu"])) / 1024
    gigabytes = int(stack.value(task["memory"])) / 1024
    strategy = stack.one("aws_ecs_service").get("capacity_provider_strategy") or []
    base = {each["capacity_provider"]: int(each.get("base", 0)) for each in strategy}
    spot = max(0, count - base.get("FARGATE", 0)) if "FARGATE_SPOT" in base else 0
    awake = _awake_share(stack)
    bill = []
    on_arm = block(task.get("runtime_platform")).get("cpu_architecture") == "ARM64"
    name = "Fargate ARM64" if on_arm else "Fargate"
    for kind, tasks in ((name, count - spot), (f"{name} Spot", spot)):
        for what, each, unit, original in (
            ("vCPU", vcpus, "vCPU", "15"),
            ("memory", gigabytes, "GB", "in the above"),
        ):
            if tasks:
                line = f"{kind}: {what}"
                bill.append(_hourly(line, tasks * each, unit, original, share=awake))
    return bill


_WEEKLY = re.compile(r"cron\((\d+) (\d+) \? \* (\*|[\w,-]+) \*\)")
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_WEEK_MINUTES = 7 * 24 * 60


def _awake_share(stack: Stack) -> float:
    """The part of a week in which tasks run; 1 for a timetable that is not weekly."""
    changes = []
    for action in stack.all("aws_appautoscaling_scheduled_action").values():
        found = _WEEKLY.fullmatch(action["schedule"])
        if not found:
            return 1
        runs = int(block(action["scalable_target_action"])["max_capacity"]) > 0
        minute, hour, days = found.groups()
        changes += [(day * 1440 + int(hour) * 60 + int(minute), runs) for day in _weekdays(days)]
    changes.sort()
    following = [*changes[1:], *[(at + _WEEK_MINUTES, runs) for at, runs in changes[:1]]]
    awake = sum(end - at for (at, runs), (end, _) in zip(changes, following, strict=True) if runs)
    return awake / _WEEK_MINUTES if changes else 1


def _weekdays(field: str) -> set[int]:
    """The days that cron's field names, 0 for Sunday: names, AWS's numbers from 1, and ranges."""
    if field == "*":
        return set(range(7))
    days = set()
    for part in field.split(","):
        ends = [_DAYS.index(day) if day in _DAYS else int(day) - 1 for day in part.split("-")]
        days |= {(ends[0] + later) % 7 for later in range((ends[-1] - ends[0]) % 7 + 1)}
    return days


def _task_count(stack: Stack) -> int:
    return int(stack.value(stack.one("aws_ecs_service")["desired_count"]))


def _network(stack: Stack) -> list[Item]:
    balancers = list(stack.all("aws_lb").values())
    public: float = len(stack.all("aws_eip"))
    public += sum(len(lb["subnets"]) for lb in balancers if not lb.get("internal"))
    service = stack.one("aws_ecs_service")
    if block(service["network_configuration"]).get("assign_public_ip"):
        public += _task_count(stack) * _awake_share(stack)
    endpoints = stack.all("aws_vpc_endpoint").values()
    zones = sum(len(each.get("subnet_ids", [])) for each in endpoints)
    lines = (
        ("Load balancer", len(balancers), "load balancers", "20"),
        ("Load balancer: capacity units (assumed)", ASSUMED_BALANCER_UNITS, "LCU", "in the above"),
        ("Public IPv4 addresses", public, "addresses", "missing"),
        ("NAT gateways", len(stack.all("aws_nat_gateway")), "gateways", "0"),
        ("VPC endpoints", zones, "in a zone", ""),
    )
    transfer = Item("Data transfer out, up to 100 GB", "first 100 GB are free", None, 0, "5")
    return [*(_hourly(*line) for line in lines if line[1]), transfer]


def _database(stack: Stack) -> list[Item]:
    database = stack.one("aws_db_instance")
    copies = 2 if stack.value(database.get("multi_az")) else 1
    kind = str(stack.value(database["instance_class"]))
    size = int(stack.value(database["allocated_storage"]))
    storage = str(stack.value(database.get("storage_type", "gp2")))
    each = f"{kind} x {copies}"
    bill = [Item(f"RDS instance: {each}", f"{copies} x {HOURS} h", None, None, "30")]
    if kind in PRICES:
        bill = [_hourly("RDS instances", copies, kind, "30")]
    bill.append(_monthly("RDS storage", copies * size, f"GiB {storage}", "in the above"))
    version = str(database.get("engine_version", ""))
    if version.startswith(OUT_OF_STANDARD_SUPPORT) and kind in INSTANCE_VCPUS:
        vcpus = copies * INSTANCE_VCPUS[kind]
        bill.append(_hourly("RDS Extended Support", vcpus, "vCPU", "missing"))
    return bill


def _monitoring(stack: Stack) -> list[Item]:
    alarms = sum(
        sum("metric" in query for query in alarm.get("metric_query", [])) or 1
        for alarm in stack.all("aws_cloudwatch_metric_alarm").values()
    )
    alarms += ALARMS_PER_TRACKING_POLICY * len(stack.all("aws_appautoscaling_policy"))
    insights = any(
        setting["name"] == "containerInsights" and setting["value"] != "disabled"
        for cluster in stack.all("aws_ecs_cluster").values()
        for setting in cluster.get("setting", [])
    )
    metrics = CONTAINER_INSIGHTS_METRICS if insights else 0
    logs = ASSUMED_LOGS_GB * max(1, len(stack.all("aws_cloudwatch_log_group")))
    dashboards = len(stack.all("aws_cloudwatch_dashboard"))
    lines = (
        ("CloudWatch logs (assumed)", logs, "GB", "1"),
        ("Container Insights", metrics, "metrics, about", "missing"),
        ("Alarms, with autoscaling's own", alarms, "metrics", "missing"),
        ("Dashboard", dashboards, "dashboards", "missing"),
    )
    little = Item("SNS, budget, anomaly detection", "little use is free", None, 0, "missing")
    return [*(_monthly(*line) for line in lines if line[1]), little]


def _protection(stack: Stack) -> list[Item]:
    """What the options of a hardened stack add; nothing in a stack without them."""
    secrets = len(stack.all("aws_secretsmanager_secret"))
    secrets += sum(
        str(each.get("template_body")).count('"AWS::SecretsManager::Secret"')
        for each in stack.all("aws_cloudformation_stack").values()
    )
    secrets += bool(stack.one("aws_db_instance").get("manage_master_user_password"))
    firewalls = stack.all("aws_wafv2_web_acl").values()
    rules = sum(len(each["rule"]) for each in firewalls)
    files = len(stack.all("aws_efs_file_system")) * ASSUMED_UPLOADS_GB
    vaults = stack.all("aws_backup_vault")
    copies = len(vaults) if "copies" in vaults else 0
    copied = files + int(stack.value(stack.one("aws_db_instance")["allocated_storage"]))
    lines = (
        ("Keys of our own", len(stack.all("aws_kms_key")), "keys"),
        ("Secrets", secrets, "secrets"),
        ("Firewall", len(firewalls), "web ACL"),
        ("Firewall: rules", rules, "rules"),
        ("Shared uploads (assumed)", files, "GB"),
        ("Copies here and in another region (at most)", copies * copied, "GB"),
    )
    return [_monthly(*line) for line in lines if line[1]]
