"""The sandbox refuses what AWS's own API model refuses, with AWS's error, whatever the protocol."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from ops.sandbox.refusals import compiled
from ops.sandbox.server import Sandbox

LISTENER = {"Protocol": "HTTP", "Port": 80, "DefaultActions": [{"Type": "forward"}]}
TARGET = {"ServiceNamespace": "ecs", "ResourceId": "service/a/b"}

REFUSED: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "ec2, needed": (
        *("ec2", "create_vpc_endpoint", {"ServiceName": "s3"}),
        *("MissingParameter", "Value at 'VpcId' failed to satisfy constraint: Member must not be"),
    ),
    "ec2, enum": (
        *("ec2", "create_nat_gateway", {"SubnetId": "s", "ConnectivityType": "secret"}),
        *("InvalidParameterValue", r"Value 'secret' at 'ConnectivityType' .* \[private, public\]"),
    ),
    "query, range": (
        *("elbv2", "create_target_group", {"Name": "t", "HealthCheckIntervalSeconds": 301}),
        *("ValidationError", "'301' at 'HealthCheckIntervalSeconds' .* less than or equal to 300"),
    ),
    "query, inside of a list": (
        *("elbv2", "create_listener", {**LISTENER, "LoadBalancerArn": "a", "Port": 0}),
        *("ValidationError", "'0' at 'Port' .* greater than or equal to 1"),
    ),
    "json, enum": (
        "application-autoscaling",
        "register_scalable_target",
        {**TARGET, "ScalableDimension": "ecs:service:Tasks"},
        "ValidationException",
        "'ecs:service:Tasks' at 'ScalableDimension' .* enum value set: .*ecs:service:DesiredCount",
    ),
    "json, inside of a structure": (
        *("ce", "create_anomaly_monitor", {"AnomalyMonitor": {"MonitorName": "m" * 1025}}),
        *("ValidationException", "2 validation errors .* at 'AnomalyMonitor.MonitorType' .*; Val"),
    ),
    "json, a secret": (
        *("secretsmanager", "create_secret", {"Name": "s", "SecretString": "x" * 65537}),
        *("InvalidParameterException", "detected: Value at 'SecretString' .* length less than"),
    ),
    "rest-json, pattern": (
        *("backup", "create_backup_vault", {"BackupVaultName": "v"}),
        *("InvalidParameterValueException", "Value 'v' at 'BackupVaultName' .* pattern: "),
    ),
    "rest-xml, enum": (
        "s3",
        "put_bucket_versioning",
        {"Bucket": "b", "VersioningConfiguration": {"Status": "Perhaps"}},
        "MalformedXML",
        "'Perhaps' at 'VersioningConfiguration.Status' .*Enabled",
    ),
}
"""Service, call, arguments, and the error."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_call_that_aws_would_refuse_is_refused(sandbox: Sandbox, case: str) -> None:
    service, operation, arguments, code, message = REFUSED[case]
    trusting = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    session = boto3.Session("sandbox", "sandbox", region_name="eu-central-1")
    caller = session.client(service, endpoint_url=sandbox.endpoint, config=trusting)
    with pytest.raises(ClientError, match=f"(?s){message}") as caught:
        getattr(caller, operation)(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    (refused,) = sandbox.refused.values()
    assert "x" * 99 not in refused


UNREADABLE = """
acm.TagKey acm.TagValue application-autoscaling.Expression application-autoscaling.Id
application-autoscaling.PolicyName application-autoscaling.PredictiveScalingMetricDimensionName
application-autoscaling.PredictiveScalingMetricDimensionValue
application-autoscaling.PredictiveScalingMetricName
application-autoscaling.PredictiveScalingMetricNamespace
application-autoscaling.PredictiveScalingMetricUnit application-autoscaling.ResourceId
application-autoscaling.ResourceIdMaxLen1600
application-autoscaling.TargetTrackingMetricDimensionName
application-autoscaling.TargetTrackingMetricDimensionValue
application-autoscaling.TargetTrackingMetricName
application-autoscaling.TargetTrackingMetricNamespace
application-autoscaling.TargetTrackingMetricUnit application-autoscaling.XmlString
budgets.BudgetName ce.CostCategoryName ce.CostCategoryValue ce.ResourceTagKey ce.ResourceTagValue
cloudwatch.DefinitionPath ecs.TagKey ecs.TagValue efs.TagKey efs.TagValue elbv2.TagKey
elbv2.TagValue events.RunCommandTargetKey iam.tagKeyType iam.tagTemplateKeyType
iam.tagTemplateValueType iam.tagValueType lambda.TagKey lambda.TagValue logs.ResourceType
logs.TagFilterKey logs.TagFilterValue logs.TagKey logs.TagValue ssm.AzureApplicationDisplayName
ssm.AzureSubscriptionDisplayName ssm.AzureTenantDisplayName ssm.CloudConnectorDescription
ssm.CloudConnectorIamRoleArn ssm.DefaultInstanceName ssm.DisplayName ssm.GcpProjectDisplayName
ssm.NodeFilterValue ssm.NodeName ssm.PatchGroup ssm.TagKey ssm.TagValue ssm.TargetKey sts.tagKeyType
sts.tagValueType wafv2.TagKey wafv2.TagValue
"""


def test_only_these_patterns_are_not_checked() -> None:
    """Of the services that a stack uses: Python cannot read them."""
    services = (
        "acm application-autoscaling backup budgets ce cloudformation cloudwatch ec2 ecs efs elbv2 "
        "events iam kms lambda logs rds s3 secretsmanager servicediscovery sns ssm sts wafv2"
    )
    found = [
        f"{service}.{name}"
        for service in services.split()
        for name in sorted(get_service_model(service).shape_names)
        if (shape := get_service_model(service).shape_for(name)).metadata.get("pattern")
        and compiled(shape.metadata["pattern"]) is None
    ]
    assert found == UNREADABLE.split()
