"""What a stack costs a month: list prices times the quantities in its Terraform JSON.

The unit prices are on-demand list prices of eu-central-1 in US dollars, without free tiers, credits
and taxes, as the authors knew them in November 2026. They were not fetched from AWS: compare them
with the page beside each before you decide on them.
"""

import math
from dataclasses import dataclass

from ops.model.stack import Stack, block

HOURS = 730
"""A month in AWS's own estimates."""

FARGATE_VCPU_HOUR = 0.04656
FARGATE_GB_HOUR = 0.00511
"""https://aws.amazon.com/fargate/pricing/ (Linux on x86)"""

PUBLIC_IPV4_HOUR = 0.005
NAT_GATEWAY_HOUR = 0.052
"""https://aws.amazon.com/vpc/pricing/"""

BALANCER_HOUR = 0.027
BALANCER_UNIT_HOUR = 0.008
"""https://aws.amazon.com/elasticloadbalancing/pricing/"""

INSTANCE_HOUR = {"db.t3.micro": 0.020}
"""One instance of MySQL; a standby costs as much again. Other classes: no figure here.
https://aws.amazon.com/rds/mysql/pricing/"""

STORAGE_GIB_MONTH = {"gp2": 0.137, "gp3": 0.137}
"""Each copy; backups up to the size of the database are free."""

EXTENDED_SUPPORT_VCPU_HOUR = 0.10
"""First two years, US East: Frankfurt is not cheaper.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-charges.html"""

INSTANCE_VCPUS = {"db.t3.micro": 2}

OUT_OF_STANDARD_SUPPORT = ("5.7", "8.0")
"""MySQL 8.0 left standard support on 31 July 2026; AWS charges for it since 1 August 2026.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html"""

LOGS_GB = 0.63
METRIC_MONTH = 0.30
ALARM_METRIC_MONTH = 0.10
DASHBOARD_MONTH = 3.00
"""https://aws.amazon.com/cloudwatch/pricing/"""

CONTAINER_INSIGHTS_METRICS = 25
"""About as many custom metrics does it make for one cluster, service and task definition."""

ALARMS_PER_TRACKING_POLICY = 2
"""Target tracking makes one to scale out and one to scale in."""

ASSUMED_LOGS_GB = 1
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
    """The bill of a stack.

    Raises:
        OpsError: it has no single service, task definition or database.
    """
    return [*_tasks(stack), *_network(stack), *_database(stack), *_monitoring(stack)]


def total(bill: list[Item]) -> float:
    """US dollars a month, of what has a price here."""
    return math.fsum(item.usd or 0 for item in bill)


def _hourly(name: str, count: float, unit: str, price: float, original: str = "") -> Item:
    return Item(name, f"{count:g} {unit} x {HOURS} h", price, count * price * HOURS, original)


def _monthly(name: str, count: float, unit: str, price: float, original: str = "") -> Item:
    return Item(name, f"{count:g} {unit}", price, count * price, original)


def _tasks(stack: Stack) -> list[Item]:
    task = stack.one("aws_ecs_task_definition")
    count = _task_count(stack)
    vcpus = int(stack.value(task["cpu"])) / 1024
    gigabytes = int(stack.value(task["memory"])) / 1024
    return [
        _hourly("Fargate: vCPU", count * vcpus, "vCPU", FARGATE_VCPU_HOUR, "15"),
        _hourly("Fargate: memory", count * gigabytes, "GB", FARGATE_GB_HOUR, "in the above"),
    ]


def _task_count(stack: Stack) -> int:
    return int(stack.value(stack.one("aws_ecs_service")["desired_count"]))


def _network(stack: Stack) -> list[Item]:
    balancers = list(stack.all("aws_lb").values())
    gateways = len(stack.all("aws_nat_gateway"))
    public = len(stack.all("aws_eip"))
    public += sum(len(lb["subnets"]) for lb in balancers if not lb.get("internal"))
    service = stack.one("aws_ecs_service")
    if block(service["network_configuration"]).get("assign_public_ip"):
        public += _task_count(stack)
    bill = [
        _hourly("Load balancer", len(balancers), "load balancer", BALANCER_HOUR, "20"),
        _hourly(
            "Load balancer: capacity units (assumed)",
            ASSUMED_BALANCER_UNITS,
            "LCU",
            BALANCER_UNIT_HOUR,
            "in the above",
        ),
        _hourly("Public IPv4 addresses", public, "addresses", PUBLIC_IPV4_HOUR, "missing"),
    ]
    if gateways:
        bill.append(_hourly("NAT gateways", gateways, "gateways", NAT_GATEWAY_HOUR, "0"))
    bill.append(Item("Data transfer out, up to 100 GB", "first 100 GB are free", None, 0, "5"))
    return bill


def _database(stack: Stack) -> list[Item]:
    database = stack.one("aws_db_instance")
    copies = 2 if stack.value(database.get("multi_az")) else 1
    kind = str(stack.value(database["instance_class"]))
    size = int(stack.value(database["allocated_storage"]))
    storage = str(stack.value(database.get("storage_type", "gp2")))
    each = f"{kind} x {copies}"
    bill = [Item(f"RDS instance: {each}", f"{copies} x {HOURS} h", None, None, "30")]
    if kind in INSTANCE_HOUR:
        bill = [_hourly("RDS instances", copies, kind, INSTANCE_HOUR[kind], "30")]
    bill.append(
        _monthly(
            "RDS storage",
            copies * size,
            f"GiB {storage}",
            STORAGE_GIB_MONTH[storage],
            "in the above",
        )
    )
    version = str(database.get("engine_version", ""))
    if version.startswith(OUT_OF_STANDARD_SUPPORT) and kind in INSTANCE_VCPUS:
        bill.append(
            _hourly(
                f"RDS Extended Support for MySQL {version}",
                copies * INSTANCE_VCPUS[kind],
                "vCPU",
                EXTENDED_SUPPORT_VCPU_HOUR,
                "missing",
            )
        )
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
    dashboards = len(stack.all("aws_cloudwatch_dashboard"))
    return [
        _monthly("CloudWatch logs (assumed)", ASSUMED_LOGS_GB, "GB", LOGS_GB, "1"),
        _monthly("Container Insights", metrics, "metrics, about", METRIC_MONTH, "missing"),
        _monthly(
            "Alarms, with autoscaling's own", alarms, "metrics", ALARM_METRIC_MONTH, "missing"
        ),
        _monthly("Dashboard", dashboards, "dashboard", DASHBOARD_MONTH, "missing"),
        Item("SNS, budget, anomaly detection", "little use is free", None, 0, "missing"),
    ]
