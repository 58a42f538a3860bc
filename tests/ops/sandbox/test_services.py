"""What `ops.sandbox.services` adds to moto behaves as AWS does, seen through boto3."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ce.responses import CostExplorerResponse
from moto.rds.responses import RDSResponse

from constructs_lib.settings import parse_stack
from ops.sandbox import leftovers, services
from ops.sandbox.server import ACCOUNT_ID
from tests.programs import python

Client = Callable[..., Any]

BUDGET = {
    "BudgetName": "monthly",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "100", "Unit": "USD"},
}
NOTIFICATION = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
}
MAIL = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}
TOPIC = {"SubscriptionType": "SNS", "Address": "arn:aws:sns:eu-central-1:123456789012:alerts"}
OF_BUDGET = {"AccountId": ACCOUNT_ID, "BudgetName": "monthly"}


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is called inside is refused with this error code."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


def test_install_twice_changes_nothing(client: Client) -> None:
    services.install()
    before = dict(vars(RDSResponse)), dict(vars(CostExplorerResponse))
    services.install()
    assert (dict(vars(RDSResponse)), dict(vars(CostExplorerResponse))) == before
    assert client("ce").get_anomaly_monitors()["AnomalyMonitors"] == []


def test_install_refuses_to_hide_a_call_that_moto_has_learnt() -> None:
    program = (
        "from moto.ce.responses import CostExplorerResponse\n"
        "CostExplorerResponse.get_anomaly_monitors = lambda self: ''\n"
        "from ops.sandbox import services\n"
        "try:\n"
        "    services.install()\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
    )
    assert python("-c", program, check=True).stdout == (
        "moto has CostExplorerResponse.get_anomaly_monitors now: remove ours\n"
    )


# --- Budgets


@pytest.fixture
def budgets(client: Client) -> Any:
    budgets = client("budgets")
    budgets.create_budget(
        AccountId=ACCOUNT_ID,
        Budget=BUDGET,
        NotificationsWithSubscribers=[{"Notification": NOTIFICATION, "Subscribers": [MAIL, TOPIC]}],
        ResourceTags=[{"Key": "Project", "Value": "p"}],
    )
    return budgets


def test_a_budget_returns_the_subscribers_of_a_notification(budgets: Any) -> None:
    (notification,) = budgets.describe_notifications_for_budget(**OF_BUDGET)["Notifications"]
    assert notification == NOTIFICATION | {"ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
    found = budgets.describe_subscribers_for_notification(**OF_BUDGET, Notification=notification)
    assert found["Subscribers"] == [MAIL, TOPIC]


def test_a_changed_budget_keeps_its_notifications(budgets: Any) -> None:
    limit = {"Amount": "250", "Unit": "USD"}
    budgets.update_budget(AccountId=ACCOUNT_ID, NewBudget={**BUDGET, "BudgetLimit": limit})
    assert budgets.describe_budget(**OF_BUDGET)["Budget"]["BudgetLimit"] == limit
    assert len(budgets.describe_notifications_for_budget(**OF_BUDGET)["Notifications"]) == 1


def test_a_budget_that_is_not_there_is_not_found(budgets: Any) -> None:
    missing = {"AccountId": ACCOUNT_ID, "BudgetName": "none"}
    with refused("NotFoundException"):
        budgets.describe_notifications_for_budget(**missing)
    with refused("NotFoundException"):
        budgets.update_budget(AccountId=ACCOUNT_ID, NewBudget={**BUDGET, "BudgetName": "none"})


def test_a_budget_has_tags(budgets: Any) -> None:
    arn = f"arn:aws:budgets::{ACCOUNT_ID}:budget/monthly"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "Stack", "Value": "s"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Project"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [
        {"Key": "Stack", "Value": "s"}
    ]


# --- Cost Anomaly Detection

SPECIFICATION = {"Tags": {"Key": "Project", "Values": ["p"]}}
MONITOR = {"MonitorName": "m", "MonitorType": "CUSTOM", "MonitorSpecification": SPECIFICATION}
SERVICES = {"MonitorName": "m", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}


@pytest.fixture
def monitor(client: Client) -> str:
    arn: str = client("ce").create_anomaly_monitor(
        AnomalyMonitor=MONITOR, ResourceTags=[{"Key": "Project", "Value": "p"}]
    )["MonitorArn"]
    return arn


def subscribe(ce: Any, monitor: str, frequency: str, kind: str) -> str:
    arn: str = ce.create_anomaly_subscription(
        AnomalySubscription={
            **{"SubscriptionName": "s", "MonitorArnList": [monitor], "Threshold": 10.0},
            **{"Frequency": frequency, "Subscribers": [{"Type": kind, "Address": "a@a.eu"}]},
        }
    )["SubscriptionArn"]
    return arn


def test_an_anomaly_monitor_lives_and_dies(client: Client, monitor: str) -> None:
    ce = client("ce")
    (found,) = ce.get_anomaly_monitors(MonitorArnList=[monitor])["AnomalyMonitors"]
    assert (found["MonitorName"], found["MonitorType"]) == ("m", "CUSTOM")
    assert found["MonitorSpecification"] == SPECIFICATION
    assert ce.list_tags_for_resource(ResourceArn=monitor)["ResourceTags"] == [
        {"Key": "Project", "Value": "p"}
    ]
    assert ce.get_anomaly_monitors()["AnomalyMonitors"] == [found]
    ce.delete_anomaly_monitor(MonitorArn=monitor)
    with refused("UnknownMonitorException"):
        ce.get_anomaly_monitors(MonitorArnList=[monitor])


def test_a_second_service_wide_monitor_is_refused_as_in_every_account(client: Client) -> None:
    with refused("LimitExceededException"):
        client("ce").create_anomaly_monitor(AnomalyMonitor=SERVICES)


def test_an_anomaly_subscription_lives_and_dies(client: Client, monitor: str) -> None:
    ce = client("ce")
    arn = subscribe(ce, monitor, "IMMEDIATE", "SNS")
    (found,) = ce.get_anomaly_subscriptions(MonitorArn=monitor)["AnomalySubscriptions"]
    assert found["SubscriptionArn"] == arn
    assert found["Subscribers"] == [{"Type": "SNS", "Address": "a@a.eu", "Status": "CONFIRMED"}]
    ce.update_anomaly_subscription(SubscriptionArn=arn, Threshold=20.0)
    found = ce.get_anomaly_subscriptions(SubscriptionArnList=[arn])["AnomalySubscriptions"][0]
    assert (found["Threshold"], found["SubscriptionName"]) == (20.0, "s")
    ce.delete_anomaly_subscription(SubscriptionArn=arn)
    with refused("UnknownSubscriptionException"):
        ce.get_anomaly_subscriptions(SubscriptionArnList=[arn])


@pytest.mark.parametrize(
    ("frequency", "kind", "accepted"),
    [
        ("IMMEDIATE", "SNS", True),
        ("DAILY", "EMAIL", True),
        ("WEEKLY", "EMAIL", True),
        ("IMMEDIATE", "EMAIL", False),
        ("DAILY", "SNS", False),
    ],
)
def test_a_topic_is_told_at_once_and_an_address_daily_or_weekly(
    client: Client, monitor: str, frequency: str, kind: str, accepted: bool
) -> None:
    with nullcontext() if accepted else refused("ValidationException"):
        subscribe(client("ce"), monitor, frequency, kind)


# --- ECS and Application Auto Scaling


@pytest.fixture
def service(client: Client) -> dict[str, Any]:
    """Arguments of a service whose cluster and two task definitions exist."""
    ecs, ec2 = client("ecs"), client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    ecs.create_cluster(clusterName="c")
    for _ in range(2):
        ecs.register_task_definition(
            family="f", containerDefinitions=[{"name": "app", "image": "i", "memory": 128}]
        )
    return {
        "cluster": "c",
        "serviceName": "s",
        "taskDefinition": "f:1",
        "desiredCount": 2,
        "networkConfiguration": {
            "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}
        },
    }


def described(client: Client) -> dict[str, Any]:
    (found,) = client("ecs").describe_services(cluster="c", services=["s"])["services"]
    return dict(found)


def test_a_service_returns_what_it_was_given(client: Client, service: dict[str, Any]) -> None:
    given = {
        "availabilityZoneRebalancing": "DISABLED",
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "healthCheckGracePeriodSeconds": 60,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0}],
        "deploymentConfiguration": {
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    }
    client("ecs").create_service(**service, **given)
    found = described(client)
    for name, value in given.items():
        if name != "deploymentConfiguration":
            assert found[name] == value, name
    configuration = found["deploymentConfiguration"]
    assert configuration | given["deploymentConfiguration"] == configuration
    assert configuration["strategy"] == "ROLLING"
    assert "launchType" not in found
    assert found["deployments"][0]["capacityProviderStrategy"] == given["capacityProviderStrategy"]


def test_a_service_has_the_defaults_of_aws(client: Client, service: dict[str, Any]) -> None:
    client("ecs").create_service(**service, launchType="FARGATE")
    found = described(client)
    assert found["launchType"] == "FARGATE"
    assert found["availabilityZoneRebalancing"] == "ENABLED"
    assert found["enableExecuteCommand"] is False
    assert found["healthCheckGracePeriodSeconds"] == 0
    assert found["deploymentConfiguration"]["maximumPercent"] == 200


def test_a_service_is_steady_at_once(client: Client, service: dict[str, Any]) -> None:
    ecs = client("ecs")
    ecs.create_service(**service)
    for wanted in (2, 4):
        if wanted == 4:
            ecs.update_service(cluster="c", service="s", desiredCount=wanted)
        found = described(client)
        assert (found["runningCount"], found["pendingCount"]) == (wanted, 0)
        (deployment,) = found["deployments"]
        assert deployment["rolloutState"] == "COMPLETED"
        assert deployment["runningCount"] == wanted
        (cluster,) = ecs.describe_clusters(clusters=["c"])["clusters"]
        assert (cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (wanted, 0)


def test_a_new_task_definition_is_a_new_deployment(client: Client, service: dict[str, Any]) -> None:
    ecs = client("ecs")
    ecs.create_service(**service)
    before = described(client)["deployments"][0]
    ecs.update_service(cluster="c", service="s", healthCheckGracePeriodSeconds=30)
    assert described(client)["deployments"][0]["id"] == before["id"]
    ecs.update_service(cluster="c", service="s", taskDefinition="f:2")
    found = described(client)
    (after,) = found["deployments"]
    assert found["healthCheckGracePeriodSeconds"] == 30
    assert after["id"] != before["id"]
    assert after["taskDefinition"] == found["taskDefinition"]
    assert found["taskDefinition"].endswith(":task-definition/f:2")
    assert found["taskDefinition"].startswith("arn:")


def test_a_scalable_target_has_tags(client: Client, service: dict[str, Any]) -> None:
    client("ecs").create_service(**service)
    scaling = client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/c/s",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    arn = scaling.register_scalable_target(
        **target, MinCapacity=2, MaxCapacity=4, Tags={"Project": "p"}
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"Stack": "s"})
    tags = scaling.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == {"Project": "p", "Stack": "s"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Project"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Stack": "s"}
    scaling.deregister_scalable_target(**target)
    with refused("ResourceNotFoundException"):
        scaling.list_tags_for_resource(ResourceARN=arn)


# --- RDS

DATABASE = {
    **{"DBInstanceIdentifier": "d", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20},
    **{"Engine": "mysql", "EngineVersion": "8.0"},
    **{"MasterUsername": "admin", "MasterUserPassword": "correct-horse"},
}


@pytest.fixture
def rds(client: Client) -> Any:
    return client("rds")


def database(rds: Any) -> dict[str, Any]:
    (found,) = rds.describe_db_instances(DBInstanceIdentifier="d")["DBInstances"]
    return dict(found)


def test_stickiness_that_is_off_lasts_a_day(client: Client) -> None:
    elb, vpc = client("elbv2"), client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = elb.create_target_group(Name="t", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    found = {each["Key"]: each["Value"] for each in attributes if "stickiness" in each["Key"]}
    assert found["stickiness.enabled"] == "false"
    assert found["stickiness.lb_cookie.duration_seconds"] == "86400"


def test_each_database_is_found_by_an_id_of_its_own(rds: Any) -> None:
    """Terraform asks by it, also where a second environment has a database too."""
    for name in ("d", "e"):
        rds.create_db_instance(**{**DATABASE, "DBInstanceIdentifier": name})
    own = database(rds)["DbiResourceId"]
    assert re.fullmatch("db-[A-Z0-9]{26}", own)
    asked = {"Name": "dbi-resource-id", "Values": [own]}
    (found,) = rds.describe_db_instances(Filters=[asked])["DBInstances"]
    assert found["DBInstanceIdentifier"] == "d"


def test_a_restored_database_is_a_new_one_without_a_standby(rds: Any) -> None:
    rds.create_db_instance(**DATABASE, MultiAZ=True)
    made = rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="d",
        TargetDBInstanceIdentifier="restored",
        UseLatestRestorableTime=True,
    )["DBInstance"]
    assert made["DbiResourceId"] != database(rds)["DbiResourceId"]
    assert (made["MultiAZ"], made["DBInstanceStatus"]) == (False, "available")
    assert "ReadReplicaSourceDBInstanceIdentifier" not in made


def test_a_major_version_needs_the_flag_and_parameters_of_its_own(rds: Any) -> None:
    """In place and on a copy, which a database with a managed password does not get."""
    group = {"DBParameterGroupFamily": "mysql8.0", "Description": "of the old version"}
    rds.create_db_parameter_group(DBParameterGroupName="old", **group)
    rds.create_db_instance(**{**DATABASE, "EngineVersion": "8.0"})
    to = {"DBInstanceIdentifier": "d", "EngineVersion": "8.4"}
    with pytest.raises(ClientError, match="AllowMajorVersionUpgrade flag must be present"):
        rds.modify_db_instance(**to)
    with pytest.raises(ClientError, match=r"DBParameterGroupFamily mysql8\.4"):
        rds.modify_db_instance(**to, AllowMajorVersionUpgrade=True, DBParameterGroupName="old")
    copy = {"BlueGreenDeploymentName": "b", "Source": database(rds)["DBInstanceArn"]}
    with pytest.raises(ClientError, match=r"DBParameterGroupFamily mysql8\.4"):
        rds.create_blue_green_deployment(
            **copy, TargetEngineVersion="8.4", TargetDBParameterGroupName="old"
        )
    rds.modify_db_instance(**to, AllowMajorVersionUpgrade=True)
    assert database(rds)["EngineVersion"] == "8.4.5"


def test_performance_insights_of_a_database_are_returned(rds: Any) -> None:
    rds.create_db_instance(
        **{**DATABASE, "DBInstanceClass": "db.t4g.medium"}, EnablePerformanceInsights=True
    )
    found = database(rds)
    assert found["PerformanceInsightsEnabled"] is True
    assert found["PerformanceInsightsRetentionPeriod"] == 7
    rds.modify_db_instance(DBInstanceIdentifier="d", EnablePerformanceInsights=False)
    assert database(rds)["PerformanceInsightsEnabled"] is False


@pytest.mark.parametrize("instance_class", ["db.t3.micro", "db.t4g.small", "db.t2.micro"])
def test_small_databases_have_no_performance_insights(rds: Any, instance_class: str) -> None:
    arguments = {**DATABASE, "DBInstanceClass": instance_class}
    with refused("InvalidParameterCombination"):
        rds.create_db_instance(**arguments, EnablePerformanceInsights=True)
    rds.create_db_instance(**arguments)
    with refused("InvalidParameterCombination"):
        rds.modify_db_instance(DBInstanceIdentifier="d", EnablePerformanceInsights=True)
    assert database(rds)["PerformanceInsightsEnabled"] is False


def test_the_key_of_a_managed_secret_is_chosen_when_it_is_made(rds: Any) -> None:
    rds.create_db_instance(**DATABASE)
    same: dict[str, Any] = {"DBInstanceIdentifier": "d", "MasterUserSecretKmsKeyId": "alias/mine"}
    rds.modify_db_instance(**same, ManageMasterUserPassword=True)
    rds.modify_db_instance(**same)
    with refused("InvalidParameterCombination"):
        rds.modify_db_instance(**{**same, "MasterUserSecretKmsKeyId": "alias/another"})


def test_a_managed_secret_has_a_schedule_until_that_is_cancelled(rds: Any, client: Client) -> None:
    """RDS rotates it: there is no function of one's own."""
    secrets = client("secretsmanager")
    rds.create_db_instance(
        **{k: v for k, v in DATABASE.items() if k != "MasterUserPassword"},
        ManageMasterUserPassword=True,
    )
    secret = {"SecretId": database(rds)["MasterUserSecret"]["SecretArn"]}
    versions = secrets.describe_secret(**secret)["VersionIdsToStages"]
    rules = {"ScheduleExpression": "cron(0 2 ? JAN SUN#1 *)", "Duration": "1h"}
    secrets.rotate_secret(**secret, RotationRules=rules, RotateImmediately=False)
    found = secrets.describe_secret(**secret)
    assert found["RotationEnabled"] is True
    assert found["RotationRules"] == rules
    assert found["VersionIdsToStages"] == versions, "the password is still the same"
    secrets.cancel_rotate_secret(**secret)
    assert secrets.describe_secret(**secret)["RotationEnabled"] is False


def test_a_version_without_its_last_part_gets_one(rds: Any) -> None:
    rds.create_db_instance(**DATABASE)
    found = database(rds)
    assert found["EngineVersion"].startswith("8.0.")
    assert found["DBParameterGroups"][0]["DBParameterGroupName"] == "default.mysql8.0"


@pytest.mark.parametrize(
    ("backup", "maintenance", "accepted"),
    [
        ("03:00-04:00", "Mon:04:00-Mon:05:00", True),  # they touch
        ("03:00-04:01", "Mon:04:00-Mon:05:00", False),
        ("03:00-04:00", "Mon:03:30-Mon:04:30", False),
        ("05:00-06:00", "Mon:04:00-Mon:05:00", True),
        ("23:30-00:30", "Sun:23:45-Mon:00:15", False),  # over midnight, and the week's end
        ("23:30-00:30", "Tue:00:15-Tue:01:15", False),
        ("23:30-00:30", "Tue:00:30-Tue:01:30", True),
        ("03:00-04:00", "Sun:23:45-Mon:00:15", True),  # AWS's own example
        ("03:00-04:00", "Mon:12:00-Tue:03:30", False),
    ],
)
def test_the_windows_of_a_database_may_touch_but_not_overlap(
    rds: Any, backup: str, maintenance: str, accepted: bool
) -> None:
    windows = {"PreferredBackupWindow": backup, "PreferredMaintenanceWindow": maintenance}
    if accepted:
        rds.create_db_instance(**DATABASE, **windows)
        assert database(rds)["PreferredMaintenanceWindow"] == maintenance.lower()
    else:
        with pytest.raises(ClientError, match="must not overlap"):
            rds.create_db_instance(**DATABASE, **windows)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ("Mon-Tue", "Invalid maintenance window format"),
        ("Mon:04:00-Mon:04:29", "at least 30 minutes"),
        ("Mon:04:00-Tue:04:01", "less than 24 hours"),
    ],
)
def test_a_malformed_window_is_refused(rds: Any, window: str, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        rds.create_db_instance(**DATABASE, PreferredMaintenanceWindow=window)


def test_a_changed_parameter_is_known_by_its_source(rds: Any) -> None:
    group = {"DBParameterGroupName": "g"}
    rds.create_db_parameter_group(**group, DBParameterGroupFamily="mysql8.0", Description="d")
    tls, slow = (
        {"ParameterName": name, "ParameterValue": "1", "ApplyMethod": when}
        for name, when in (
            ("require_secure_transport", "immediate"),
            ("slow_query_log", "pending-reboot"),
        )
    )
    rds.modify_db_parameter_group(**group, Parameters=[tls, slow])
    found = rds.describe_db_parameters(**group, Source="user")["Parameters"]
    assert found == [{**given, "Source": "user", "IsModifiable": True} for given in (tls, slow)]
    rds.reset_db_parameter_group(**group, Parameters=[slow])
    (left,) = rds.describe_db_parameters(**group)["Parameters"]
    assert left["ParameterName"] == "require_secure_transport"
    rds.reset_db_parameter_group(**group, ResetAllParameters=True)
    assert rds.describe_db_parameters(**group)["Parameters"] == []


def test_an_event_subscription_is_on_and_can_be_changed(rds: Any) -> None:
    for name in ("d", "e"):
        rds.create_db_instance(**{**DATABASE, "DBInstanceIdentifier": name})
    rds.create_event_subscription(
        SubscriptionName="s",
        SnsTopicArn=TOPIC["Address"],
        SourceType="db-instance",
        SourceIds=["d"],
        EventCategories=["failover"],
    )
    rds.modify_event_subscription(SubscriptionName="s", EventCategories=["failover", "failure"])
    rds.add_source_identifier_to_subscription(SubscriptionName="s", SourceIdentifier="e")
    rds.remove_source_identifier_from_subscription(SubscriptionName="s", SourceIdentifier="d")
    (found,) = rds.describe_event_subscriptions(SubscriptionName="s")["EventSubscriptionsList"]
    assert found["Enabled"] is True
    assert found["EventCategoriesList"] == ["failover", "failure"]
    assert found["SourceIdsList"] == ["e"]


# --- the rest


def test_managed_policies_are_there(client: Client) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_a_nat_gateway_takes_its_interface_along_and_frees_its_address(client: Client) -> None:
    ec2 = client("ec2")
    before = len(ec2.describe_network_interfaces()["NetworkInterfaces"])
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == before + 1
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == before
    (freed,) = ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    assert not freed.get("AssociationId")
    ec2.release_address(AllocationId=address)


def test_a_vpc_takes_its_network_acl_along(client: Client) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]) == 1
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []


def test_a_private_namespace_takes_its_hosted_zone_along(client: Client) -> None:
    cloud_map = client("servicediscovery")
    vpc = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    cloud_map.create_private_dns_namespace(Name="wp.local", Vpc=vpc)
    assert len(client("route53").list_hosted_zones()["HostedZones"]) == 1
    (namespace,) = cloud_map.list_namespaces()["Namespaces"]
    cloud_map.delete_namespace(Id=namespace["Id"])
    assert client("route53").list_hosted_zones()["HostedZones"] == []


@pytest.mark.parametrize(("given", "returned"), [({}, 365), ({"RotationPeriodInDays": 180}, 180)])
def test_a_key_rotates_yearly_or_as_it_was_told(
    client: Client, given: dict[str, int], returned: int
) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, **given)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == returned


def test_the_policy_of_a_file_system_can_be_removed(client: Client) -> None:
    efs = client("efs")
    system = {"FileSystemId": efs.create_file_system(CreationToken="t")["FileSystemId"]}
    efs.put_file_system_policy(**system, Policy="{}")
    assert efs.describe_file_system_policy(**system)["Policy"] == "{}"
    efs.delete_file_system_policy(**system)
    with refused("PolicyNotFound"):
        efs.describe_file_system_policy(**system)


def test_a_bucket_tells_event_bridge_and_who_pays(client: Client) -> None:
    s3 = client("s3")
    bucket = {"Bucket": "bbb"}
    region = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(**bucket, CreateBucketConfiguration=region)
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(**bucket)
    s3.put_bucket_notification_configuration(
        **bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    assert s3.get_bucket_notification_configuration(**bucket)["EventBridgeConfiguration"] == {}
    assert s3.get_bucket_request_payment(**bucket)["Payer"] == "BucketOwner"
    assert s3.list_objects(**bucket)["Name"] == "bbb"


def test_a_backup_selection_lives_and_dies_with_tags_on_its_plan(client: Client) -> None:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    rule = {"RuleName": "r", "TargetBackupVaultName": "vault"}
    wanted = {"BackupPlanName": "p", "Rules": [rule]}
    plan = backup.create_backup_plan(BackupPlan=wanted, BackupPlanTags={"Project": "p"})
    assert backup.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"] == {"Project": "p"}
    of_plan = {"BackupPlanId": plan["BackupPlanId"]}
    selection = {"SelectionName": "s", "IamRoleArn": "arn:aws:iam::1:role/r", "Resources": ["*"]}
    created = backup.create_backup_selection(**of_plan, BackupSelection=selection)
    of_selection = {**of_plan, "SelectionId": created["SelectionId"]}
    assert backup.get_backup_selection(**of_selection)["BackupSelection"] == selection
    backup.delete_backup_selection(**of_selection)
    with refused("ResourceNotFoundException"):
        backup.get_backup_selection(**of_selection)
    backup.delete_backup_plan(**of_plan)
    assert backup.create_backup_plan(BackupPlan=wanted)["BackupPlanId"] != plan["BackupPlanId"]


def test_a_stack_makes_a_secret_and_takes_it_along(client: Client) -> None:
    generated = {"GenerateSecretString": {"PasswordLength": "64", "ExcludePunctuation": True}}
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": generated}
    template = {"Resources": {"Salt": secret}, "Outputs": {"Salt": {"Value": {"Ref": "Salt"}}}}
    formation, secrets = client("cloudformation"), client("secretsmanager")
    formation.create_stack(StackName="keys", TemplateBody=json.dumps(template))
    (made,) = formation.describe_stacks(StackName="keys")["Stacks"]
    (output,) = made["Outputs"]
    value = secrets.get_secret_value(SecretId=output["OutputValue"])["SecretString"]
    assert re.fullmatch("[A-Za-z0-9]{64}", value)
    formation.delete_stack(StackName="keys")
    assert secrets.list_secrets()["SecretList"] == []


def test_the_zones_of_domains_are_there_before_the_stacks(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with a name that all its domains end in; they are not left over from anything."""
    named = {"shop.example.com": "Z1", "a.b.example.com": "Z1", "example.org": "Z2"}
    stacks = {
        name: parse_stack("x", {"load_balancer": {"domain": {"name": name, "hosted_zone_id": id_}}})
        for name, id_ in named.items()
    }
    monkeypatch.setattr("ops.sandbox.services.route53.declared", lambda: stacks)
    zones = client("route53").list_hosted_zones()["HostedZones"]
    assert {zone["Id"]: zone["Name"] for zone in zones} == {
        **{"/hostedzone/Z1": "com.", "/hostedzone/Z2": "org."}
    }
    assert leftovers.leftovers() == []


def test_a_deleted_record_can_be_made_again(client: Client) -> None:
    """Also with other records in the zone, and the same values; a record that is there cannot."""
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="test")["HostedZone"]
    record = {
        "Name": "shop.example.com",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }

    def change(*actions: str) -> None:
        changes = [{"Action": action, "ResourceRecordSet": record} for action in actions]
        route53.change_resource_record_sets(
            HostedZoneId=zone["Id"], ChangeBatch={"Changes": changes}
        )

    change("CREATE")
    with refused("InvalidChangeBatch"):
        change("CREATE")
    change("DELETE")
    change("CREATE")
    change("DELETE")
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    assert {record["Type"] for record in records} == {"NS", "SOA"}


def test_a_protected_load_balancer_is_not_deleted(client: Client) -> None:
    elb, ec2 = client("elbv2"), client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)["Subnet"]
        for n, zone in enumerate(("eu-central-1a", "eu-central-1b"))
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    (made,) = elb.create_load_balancer(Name="alb", Subnets=ids)["LoadBalancers"]
    arn = {"LoadBalancerArn": made["LoadBalancerArn"]}

    def protect(value: str) -> None:
        attribute = {"Key": "deletion_protection.enabled", "Value": value}
        elb.modify_load_balancer_attributes(**arn, Attributes=[attribute])

    protect("true")
    with refused("OperationNotPermitted"):
        elb.delete_load_balancer(**arn)
    assert len(elb.describe_load_balancers()["LoadBalancers"]) == 1
    protect("false")
    elb.delete_load_balancer(**arn)
    assert elb.describe_load_balancers()["LoadBalancers"] == []
