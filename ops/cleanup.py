"""After destroy: what of a project is still in AWS, by tag and by name, in every service it uses.

Only reads. A destroy can leave things behind that Terraform never knew: log groups that AWS makes
by itself, final snapshots, network interfaces that are let go late.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from ops import ROOT
from ops.aws import AwsError, Clients, clients, explained


@dataclass(frozen=True, order=True)
class Leftover:
    """One resource that is still there."""

    service: str
    kind: str
    name: str


Found = Iterator[tuple[str, str]]
"""Kind and name of each resource that a search looks at."""


def run(project: str, region: str | None, console: Console) -> bool:
    """Print what is left of a project; whether nothing is.

    Raises:
        OpsError: AWS cannot be asked.
    """
    found = leftovers(clients(region), project)
    if not found:
        console.print(f"[green]✓[/green] nothing of {project} is left")
        return True
    table = Table(title=f"Left of {project}", title_justify="left", box=box.SIMPLE)
    for heading in ("service", "kind", "name"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.service, one.kind, one.name)
    console.print(table)
    console.print("What is only tagged may be gone: AWS lists deleted resources for some hours.")
    return False


def leftovers(aws: Clients, project: str, others: Iterable[str] | None = None) -> list[Leftover]:
    """What is tagged Project=`project`, or named after it.

    Args:
        others: projects whose names begin like this one's, and are not meant; by default the
            stacks of cdktf.json.

    Raises:
        OpsError: AWS cannot be asked.
    """
    longer = [one for one in (_stacks() if others is None else others) if one != project]
    excluded = tuple(one for one in longer if one.startswith(f"{project}-"))

    def mine(name: str) -> bool:
        """Whether a name is the project's: `x`, `x-alb`, `/ecs/x`, `/aws/rds/instance/x-db`."""
        return any(
            (part == project or part.startswith(f"{project}-")) and not part.startswith(excluded)
            for part in name.split("/")
        )

    found = set()
    try:
        for service, search in _SEARCHES.items():
            found |= {Leftover(service, kind, name) for kind, name in search(aws) if mine(name)}
        found |= set(_network(aws, project))
        arns = _pages(
            aws("resourcegroupstaggingapi"),
            "get_resources",
            "ResourceTagMappingList",
            TagFilters=[{"Key": "Project", "Values": [project]}],
        )
        for tagged in arns:
            arn = tagged["ResourceARN"]
            found.add(Leftover(arn.split(":")[2], "tagged", arn))
    except AwsError as error:
        raise explained(error) from error
    return sorted(found)


def _stacks() -> list[str]:
    document = json.loads((ROOT / "cdktf.json").read_text(encoding="utf-8"))
    return list(document.get("context", {}).get("stacks", {}))


def _pages(client: Any, call: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Every item of a listing, page by page where the call has pages."""
    if client.can_paginate(call):
        for page in client.get_paginator(call).paginate(**arguments):
            yield from page.get(key, [])
    else:
        yield from getattr(client, call)(**arguments).get(key, [])


def _ecs(aws: Clients) -> Found:
    ecs = aws("ecs")
    for arn in _pages(ecs, "list_clusters", "clusterArns"):
        yield "cluster", arn.rpartition("/")[2]
    for family in _pages(ecs, "list_task_definition_families", "families", status="ACTIVE"):
        yield "task definition", family
    for target in _pages(
        aws("application-autoscaling"),
        "describe_scalable_targets",
        "ScalableTargets",
        ServiceNamespace="ecs",
    ):
        yield "scalable target", target["ResourceId"]


def _load_balancers(aws: Clients) -> Found:
    elb = aws("elbv2")
    for one in _pages(elb, "describe_load_balancers", "LoadBalancers"):
        yield "load balancer", one["LoadBalancerName"]
    for one in _pages(elb, "describe_target_groups", "TargetGroups"):
        yield "target group", one["TargetGroupName"]


def _rds(aws: Clients) -> Found:
    rds = aws("rds")
    for kind, call, key, name in (
        ("instance", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        ("snapshot", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
        ("subnet group", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
        (
            "parameter group",
            "describe_db_parameter_groups",
            "DBParameterGroups",
            "DBParameterGroupName",
        ),
        (
            "event subscription",
            "describe_event_subscriptions",
            "EventSubscriptionsList",
            "CustSubscriptionId",
        ),
    ):
        for one in _pages(rds, call, key):
            # automatic snapshots are called rds:<instance>-<date>
            yield kind, one[name].removeprefix("rds:")


def _logs(aws: Clients) -> Found:
    for one in _pages(aws("logs"), "describe_log_groups", "logGroups"):
        yield "log group", one["logGroupName"]


def _iam(aws: Clients) -> Found:
    iam = aws("iam")
    for one in _pages(iam, "list_roles", "Roles"):
        yield "role", one["RoleName"]
    for one in _pages(iam, "list_policies", "Policies", Scope="Local"):
        yield "policy", one["PolicyName"]


def _cloudwatch(aws: Clients) -> Found:
    cloudwatch = aws("cloudwatch")
    for one in _pages(cloudwatch, "describe_alarms", "MetricAlarms"):
        yield "alarm", one["AlarmName"]
    for one in _pages(cloudwatch, "list_dashboards", "DashboardEntries"):
        yield "dashboard", one["DashboardName"]


def _sns(aws: Clients) -> Found:
    for one in _pages(aws("sns"), "list_topics", "Topics"):
        yield "topic", one["TopicArn"].rpartition(":")[2]


def _costs(aws: Clients) -> Found:
    account = aws("sts").get_caller_identity()["Account"]
    for one in _pages(aws("budgets"), "describe_budgets", "Budgets", AccountId=account):
        yield "budget", one["BudgetName"]
    costs = aws("ce")
    for one in _pages(costs, "get_anomaly_monitors", "AnomalyMonitors"):
        yield "anomaly monitor", one["MonitorName"]
    for one in _pages(costs, "get_anomaly_subscriptions", "AnomalySubscriptions"):
        yield "anomaly subscription", one["SubscriptionName"]


def _secrets(aws: Clients) -> Found:
    for one in _pages(aws("secretsmanager"), "list_secrets", "SecretList"):
        yield "secret", one["Name"]


_SEARCHES: dict[str, Callable[[Clients], Found]] = {
    "ecs": _ecs,
    "elasticloadbalancing": _load_balancers,
    "rds": _rds,
    "logs": _logs,
    "iam": _iam,
    "cloudwatch": _cloudwatch,
    "sns": _sns,
    "costs": _costs,
    "secretsmanager": _secrets,
}
"""What has names, by service."""

_NETWORK = (
    ("VPC", "describe_vpcs", "Vpcs", "VpcId"),
    ("subnet", "describe_subnets", "Subnets", "SubnetId"),
    ("route table", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("internet gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("security group", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("network interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("NAT gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("elastic IP", "describe_addresses", "Addresses", "AllocationId"),
    ("endpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("flow log", "describe_flow_logs", "FlowLogs", "FlowLogId"),
)
"""What has ids, and a tag: kind, call, its list, the id in there."""


def _network(aws: Clients, project: str) -> Iterator[Leftover]:
    """What of EC2 is tagged; and interfaces in a VPC of the project, which are not."""
    ec2 = aws("ec2")
    tagged = {"Name": "tag:Project", "Values": [project]}
    for kind, call, key, name in _NETWORK:
        argument = (
            "Filter" if call in ("describe_nat_gateways", "describe_flow_logs") else "Filters"
        )
        for one in _pages(ec2, call, key, **{argument: [tagged]}):
            if one.get("State") not in ("deleted", "deleting"):
                yield Leftover("ec2", kind, one[name])
            if kind == "VPC":
                inside = [{"Name": "vpc-id", "Values": [one[name]]}]
                for interface in _pages(
                    ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=inside
                ):
                    yield Leftover("ec2", "network interface", interface["NetworkInterfaceId"])
