"""Leftovers are found in every service, by tag or by name, and nobody else's are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from ops import cleanup
from ops.aws import Clients
from ops.sandbox.server import Sandbox

PROJECT = "shop"
TAG = [{"Key": "Project", "Value": PROJECT}]


@pytest.fixture
def aws() -> Iterator[Clients]:
    with Sandbox() as sandbox:
        yield sandbox.client


def kinds(aws: Clients, others: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    return {(one.service, one.kind) for one in cleanup.leftovers(aws, PROJECT, others)}


def test_a_fresh_account_has_nothing(aws: Clients) -> None:
    assert cleanup.leftovers(aws, PROJECT) == []


def _rds_instance(aws: Clients) -> None:
    aws("rds").create_db_instance(
        DBInstanceIdentifier="shop-db",
        Engine="mysql",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="admin",
        MasterUserPassword="not-a-secret",
    )


def _rds_snapshot(aws: Clients) -> None:
    _rds_instance(aws)
    aws("rds").delete_db_instance(
        DBInstanceIdentifier="shop-db", FinalDBSnapshotIdentifier="shop-db-final"
    )


def _ec2_tags(kind: str) -> list[dict[str, object]]:
    return [{"ResourceType": kind, "Tags": TAG}]


def _budget(aws: Clients) -> None:
    aws("budgets").create_budget(
        AccountId="123456789012",
        Budget={
            "BudgetName": "shop-monthly",
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
        },
    )


def _interface(aws: Clients) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_ec2_tags("vpc"))
    subnet = ec2.create_subnet(VpcId=vpc["Vpc"]["VpcId"], CidrBlock="10.0.0.0/24")
    ec2.create_network_interface(SubnetId=subnet["Subnet"]["SubnetId"])


LEFT: dict[tuple[str, str], Callable[[Clients], object]] = {
    ("ecs", "cluster"): lambda aws: aws("ecs").create_cluster(clusterName="shop-cluster"),
    ("elasticloadbalancing", "target group"): lambda aws: aws("elbv2").create_target_group(
        Name="shop-tg",
        Protocol="HTTP",
        Port=80,
        VpcId=aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"],
    ),
    ("rds", "snapshot"): _rds_snapshot,  # first, as it makes and deletes an instance
    ("rds", "instance"): _rds_instance,
    ("rds", "subnet group"): lambda aws: aws("rds").create_db_subnet_group(
        DBSubnetGroupName="shop-db-subnet-group",
        DBSubnetGroupDescription="x",
        SubnetIds=[one["SubnetId"] for one in aws("ec2").describe_subnets()["Subnets"]],
    ),
    ("logs", "log group"): lambda aws: aws("logs").create_log_group(
        logGroupName="/aws/ecs/containerinsights/shop-cluster/performance"
    ),
    ("iam", "role"): lambda aws: aws("iam").create_role(
        RoleName="shop-task", AssumeRolePolicyDocument="{}"
    ),
    ("cloudwatch", "alarm"): lambda aws: aws("cloudwatch").put_metric_alarm(
        AlarmName="shop-cpu",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="x",
        Namespace="x",
        Period=60,
        Threshold=1,
        Statistic="Sum",
    ),
    ("cloudwatch", "dashboard"): lambda aws: aws("cloudwatch").put_dashboard(
        DashboardName="shop-dashboard", DashboardBody='{"widgets": []}'
    ),
    ("sns", "topic"): lambda aws: aws("sns").create_topic(Name="shop-alerts"),
    ("costs", "budget"): _budget,
    ("secretsmanager", "secret"): lambda aws: aws("secretsmanager").create_secret(
        Name="shop-keys", SecretString="x"
    ),
    ("ec2", "VPC"): lambda aws: aws("ec2").create_vpc(
        CidrBlock="10.0.0.0/16", TagSpecifications=_ec2_tags("vpc")
    ),
    ("ec2", "elastic IP"): lambda aws: aws("ec2").allocate_address(
        TagSpecifications=_ec2_tags("elastic-ip")
    ),
    ("ec2", "security group"): lambda aws: aws("ec2").create_security_group(
        GroupName="x", Description="x", TagSpecifications=_ec2_tags("security-group")
    ),
    ("ec2", "network interface"): _interface,
    ("sqs", "tagged"): lambda aws: aws("sqs").create_queue(
        QueueName="x", tags={"Project": PROJECT}
    ),
}


def test_each_kind_of_leftover_is_found(aws: Clients) -> None:
    for leave in LEFT.values():
        leave(aws)
    assert set(LEFT) - kinds(aws) == set()


def test_nobody_elses_is_found(aws: Clients) -> None:
    """Names that only begin alike, other tags, and stacks with a longer name."""
    sns = aws("sns")
    for name in ("shopping-alerts", "my-shop", "shop-staging-alerts"):
        sns.create_topic(Name=name)
    aws("ec2").create_vpc(
        CidrBlock="10.0.0.0/16",
        TagSpecifications=[
            {"ResourceType": "vpc", "Tags": [{"Key": "Project", "Value": "shop-staging"}]}
        ],
    )
    assert kinds(aws, ("shop-staging",)) == set()
    assert kinds(aws) == {("sns", "topic")}


def test_the_list_is_printed(aws: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "clients", lambda region: aws)
    out = io.StringIO()
    console = Console(file=out, width=100)
    assert cleanup.run(PROJECT, None, console)
    assert "nothing of shop is left" in out.getvalue()
    aws("sns").create_topic(Name="shop-alerts")
    assert not cleanup.run(PROJECT, None, console)
    assert "shop-alerts" in out.getvalue()
