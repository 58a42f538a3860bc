"""Leftovers are found in every service, by tag or by name, and nobody else's are."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ops import cleanup
from ops.aws import Clients
from ops.errors import OpsError
from ops.model import stack
from ops.sandbox.server import Sandbox

PROJECT = "shop"
TAG = [{"Key": "Project", "Value": PROJECT}]


@pytest.fixture
def aws() -> Iterator[Clients]:
    with Sandbox() as sandbox:
        yield sandbox.client


def kinds(aws: Clients, others: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    found = cleanup.search(aws, PROJECT, others)
    return {(leftover.service, leftover.kind) for leftover in found.left}


def test_a_fresh_account_has_nothing(aws: Clients) -> None:
    found = cleanup.search(aws, PROJECT)
    assert found == cleanup.Found(PROJECT, "123456789012", "eu-central-1", seen=False, left=[])


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


def _task_definition(aws: Clients) -> str:
    container = {"name": "app", "image": "wordpress", "memory": 512}
    registered = aws("ecs").register_task_definition(
        family="shop-task",
        containerDefinitions=[container],
        tags=[{"key": "Project", "value": PROJECT}],
    )
    arn: str = registered["taskDefinition"]["taskDefinitionArn"]
    return arn


def _interface(aws: Clients) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_ec2_tags("vpc"))
    subnet = ec2.create_subnet(VpcId=vpc["Vpc"]["VpcId"], CidrBlock="10.0.0.0/24")
    ec2.create_network_interface(SubnetId=subnet["Subnet"]["SubnetId"])


def _records(aws: Clients, balancer: str = "shop-alb-1", proven: str = "shop.example.com") -> None:
    route53 = aws("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference=balancer)
    name = f"dualstack.{balancer}.eu-central-1.elb.amazonaws.com"
    alias = {"HostedZoneId": "Z1", "DNSName": name, "EvaluateTargetHealth": False}
    proof = {"TTL": 60, "ResourceRecords": [{"Value": "_a.b.acm-validations.aws."}]}
    records = (
        {"Name": "any.example.com", "Type": "A", "AliasTarget": alias},
        {"Name": f"_1a.{proven}", "Type": "CNAME", **proof},
    )
    route53.change_resource_record_sets(
        HostedZoneId=zone["HostedZone"]["Id"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": r} for r in records]},
    )


LEFT: dict[tuple[str, str], Callable[[Clients], object]] = {
    ("ecs", "cluster"): lambda aws: aws("ecs").create_cluster(clusterName="shop-cluster"),
    ("ecs", "task definition"): lambda aws: _task_definition(aws),
    ("elbv2", "target group"): lambda aws: aws("elbv2").create_target_group(
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
        SubnetIds=[subnet["SubnetId"] for subnet in aws("ec2").describe_subnets()["Subnets"]],
    ),
    ("ecr", "repository"): lambda aws: aws("ecr").create_repository(repositoryName="shop"),
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
    ("budgets", "budget"): _budget,
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
    ("route53", "record"): _records,
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


def test_a_domain_leaves_its_name_and_its_proof(aws: Clients) -> None:
    _records(aws)
    _records(aws, "shopping-alb-1", "shopping.example.com")
    left = cleanup.search(aws, PROJECT, domains=["shop.example.com"]).left
    assert [leftover.name for leftover in left] == [
        *("A any.example.com.", "CNAME _1a.shop.example.com.")
    ]


def test_each_resource_is_listed_once(aws: Clients) -> None:
    """What is found by its name or id, and by its tag too."""
    _task_definition(aws)
    aws("ecs").create_cluster(
        clusterName="shop-cluster", tags=[{"key": "Project", "value": PROJECT}]
    )
    aws("sns").create_topic(Name="shop-alerts", Tags=TAG)
    aws("secretsmanager").create_secret(Name="shop-keys", SecretString="x", Tags=TAG)
    aws("logs").create_log_group(logGroupName="/ecs/shop", tags={"Project": PROJECT})
    aws("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_ec2_tags("vpc"))
    tagged = aws("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    assert len(tagged) == 6, "the tags are found, too"
    left = cleanup.search(aws, PROJECT).left
    assert [(leftover.service, leftover.kind) for leftover in left] == [
        ("ec2", "VPC"),
        ("ecs", "cluster"),
        ("ecs", "task definition"),
        ("logs", "log group"),
        ("secretsmanager", "secret"),
        ("sns", "topic"),
    ]
    assert [leftover.name for leftover in left][1:] == [
        *("shop-cluster", "shop-task:1", "/ecs/shop", "shop-keys", "shop-alerts")
    ]


def _destroyed(aws: Clients) -> None:
    """What ECS and EC2 list for a while, or for ever, although it is gone."""
    ecs, ec2 = aws("ecs"), aws("ec2")
    ecs.create_cluster(clusterName="shop-cluster", tags=[{"key": "Project", "value": PROJECT}])
    ecs.delete_cluster(cluster="shop-cluster")
    ecs.deregister_task_definition(taskDefinition=_task_definition(aws))
    gateway = ec2.create_nat_gateway(
        SubnetId=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        ConnectivityType="private",
        TagSpecifications=_ec2_tags("natgateway"),
    )
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGateway"]["NatGatewayId"])


def test_what_is_only_listed_is_not_left_over(aws: Clients) -> None:
    _destroyed(aws)
    found = cleanup.search(aws, PROJECT)
    assert found.left == []
    assert found.seen


def test_a_service_goes_with_its_cluster(aws: Clients) -> None:
    ecs = aws("ecs")
    tags = [{"key": "Project", "value": PROJECT}]
    ecs.create_cluster(clusterName="any")
    ecs.create_service(
        cluster="any", serviceName="web", taskDefinition=_task_definition(aws), tags=tags
    )
    ecs.deregister_task_definition(taskDefinition="shop-task:1")
    assert kinds(aws) == {("ecs", "tagged")}
    ecs.delete_service(cluster="any", service="web", force=True)
    ecs.delete_cluster(cluster="any")
    assert kinds(aws) == set()


def printed(
    aws: Clients, monkeypatch: pytest.MonkeyPatch, project: str = PROJECT
) -> tuple[bool, str]:
    monkeypatch.setattr(cleanup, "clients", lambda region: aws)
    out = io.StringIO()
    return cleanup.run(project, None, Console(file=out, width=60)), out.getvalue()


def test_the_list_is_printed(aws: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """With account and region, and a line for each resource however long it is."""
    name = "shop-" + "a-very-long-name-" * 10
    aws("sns").create_topic(Name=name)
    passed, text = printed(aws, monkeypatch)
    assert not passed
    heading, *lines = text.splitlines()
    assert heading == "left of shop in account 123456789012, eu-central-1:"
    assert [line.split() for line in lines] == [["sns", "topic", name]]


def test_a_project_that_is_gone(aws: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    _destroyed(aws)
    passed, text = printed(aws, monkeypatch)
    assert passed
    assert text == "✓ nothing of shop is left in account 123456789012, eu-central-1\n"


def test_a_project_that_never_was_here(aws: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not "nothing is left": cdktf.json may have it, and it may be a misspelling."""
    passed, text = printed(aws, monkeypatch, "resilience-platform")
    assert passed
    assert "and nothing shows that it ever was" in text
    passed, text = printed(aws, monkeypatch, "resilience-platfrom")
    assert not passed
    assert text.startswith(
        "nothing of resilience-platfrom was ever seen in account 123456789012, eu-central-1, and "
        "cdktf.json has no such project (it has resilience-platform, "
    )
    assert len(text.splitlines()) == 1


def test_it_looks_where_cdktf_json_has_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where the shell is configured for; and what is nowhere else proves nothing."""
    known, out = "resilience-platform", io.StringIO()
    console = Console(file=out, width=60)
    with Sandbox(region="us-east-1") as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        assert cleanup.run(known, None, console)
        assert not cleanup.run(known, "us-east-1", console)
        sandbox.client("ec2", "eu-central-1").create_vpc(
            CidrBlock="10.0.0.0/16",
            TagSpecifications=[
                {"ResourceType": "vpc", "Tags": [{"Key": "Project", "Value": known}]}
            ],
        )
        assert not cleanup.run(known, None, console)
    first, second, third = out.getvalue().splitlines()[:3]
    assert "eu-central-1" in first
    assert second == (
        f"nothing of {known} was ever seen in account 123456789012, us-east-1, and cdktf.json "
        "has it in eu-central-1: check --region"
    )
    assert third.startswith("left of")


def test_a_project_in_two_regions_wants_one_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = {
        "a": {"project_name": PROJECT},
        "b": {"project_name": PROJECT, "region": "eu-west-1"},
    }
    file = tmp_path / "cdktf.json"
    file.write_text(json.dumps({"context": {"stacks": stacks}}))
    monkeypatch.setattr(stack, "CDKTF_JSON", file)
    with pytest.raises(OpsError, match=r"shop is in eu-central-1 and eu-west-1: .* --region"):
        cleanup.run(PROJECT, None, Console())


def test_as_json(
    aws: Clients, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cleanup, "clients", lambda region: aws)
    aws("sns").create_topic(Name="shop-alerts")
    assert not cleanup.run(PROJECT, None, Console(), json_output=True)
    assert json.loads(capsys.readouterr().out) == {
        "project": PROJECT,
        "account": "123456789012",
        "region": "eu-central-1",
        "seen": True,
        "left": [{"service": "sns", "kind": "topic", "name": "shop-alerts"}],
    }
