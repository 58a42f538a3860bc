"""The sandbox starts, isolates, records, refuses, remembers what is left, and ends."""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.ec2.models import EC2Backend

from ops.errors import OpsError
from ops.sandbox.gateway import UNSUPPORTED
from ops.sandbox.server import ACCOUNT_ID, Sandbox
from tests.programs import python

Client = Callable[..., Any]

BUCKET = {"Bucket": "bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}


def test_it_answers_at_its_endpoint_on_loopback_only(sandbox: Sandbox, client: Client) -> None:
    assert urlsplit(sandbox.endpoint).hostname == "127.0.0.1"
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT_ID


def test_its_end_frees_the_port() -> None:
    with Sandbox() as sandbox:
        port = urlsplit(sandbox.endpoint).port
        assert port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


def test_the_port_asked_for_is_taken_or_the_start_fails_and_another_start_works() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises((OSError, SystemExit)), Sandbox(port=port):
            pass
    with Sandbox(port=port) as sandbox:
        assert urlsplit(sandbox.endpoint).port == port


def test_a_second_sandbox_in_one_process_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(OpsError, match="stop it first"), Sandbox():
        pass


def test_every_start_begins_with_an_empty_account() -> None:
    for _ in range(2):
        with Sandbox() as sandbox:
            logs = sandbox.client("logs")
            assert logs.describe_log_groups()["logGroups"] == []
            assert sandbox.actions == {"logs:DescribeLogGroups"}
            logs.create_log_group(logGroupName="/left")


def test_what_terraform_called_is_told_from_other_calls() -> None:
    with Sandbox() as sandbox:
        session = boto3.Session("test", "test", region_name="eu-central-1")
        provider = Config(user_agent="APN/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0")
        session.client("ec2", endpoint_url=sandbox.endpoint, config=provider).describe_vpcs()
        session.client("ecs", endpoint_url=sandbox.endpoint).list_clusters()
        assert sandbox.actions == {"ec2:DescribeVpcs", "ecs:ListClusters"}
        assert sandbox.terraform_actions == {"ec2:DescribeVpcs"}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as sandbox:
        sandbox.client("ec2").describe_vpcs()
        with pytest.raises(ClientError):
            sandbox.client("gamelift").list_fleets()
    assert capfd.readouterr() == ("", "")


def test_its_environment_leads_a_stranger_to_the_sandbox_and_to_no_profile(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A shell full of a developer's settings, as another process would inherit them."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[default]\nregion = us-west-2\nmax_attempts = 9\n[profile prod]\nregion = us-west-1\n"
    )
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = REAL\naws_secret_access_key = REAL\n"
    )
    program = (
        "import boto3, json\n"
        "session = boto3.Session()\n"
        "sts = session.client('sts')\n"
        "print(session.get_credentials().access_key, session.region_name, "
        "sts.meta.endpoint_url, sts.meta.config.retries['total_max_attempts'], "
        "sts.get_caller_identity()['Account'])\n"
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**inherited, "HOME": str(tmp_path), **sandbox.environment}
    result = python("-c", program, env=environment, check=True)
    assert result.stdout.split() == ["sandbox", "eu-central-1", sandbox.endpoint, "2", ACCOUNT_ID]


def test_an_inherited_profile_that_does_not_exist_is_no_obstacle(tmp_path: Path) -> None:
    """moto opens a boto3 session of its own, which would look for the profile."""
    program = (
        "import boto3\n"
        "from ops.sandbox.server import Sandbox\n"
        "with Sandbox() as sandbox:\n"
        "    print(sorted(sandbox.environment) and len(sandbox.leftovers()))\n"
    )
    environment = {**os.environ, "AWS_PROFILE": "prod-admin", "HOME": str(tmp_path)}
    result = python("-c", program, env=environment)
    assert (result.returncode, result.stdout.strip()) == (0, "0"), result.stderr


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "eu-west-3"])
def test_a_used_but_unchanged_account_leaves_nothing(
    sandbox: Sandbox, client: Client, region: str
) -> None:
    for service, operation in [
        *[("ec2", "describe_vpcs"), ("ec2", "describe_network_acls"), ("iam", "list_policies")],
        *[("rds", "describe_db_instances"), ("kms", "list_aliases"), ("s3", "list_buckets")],
        *[("events", "list_event_buses"), ("elbv2", "describe_load_balancers")],
        *[("ssm", "describe_parameters"), ("ecs", "list_clusters")],
    ]:
        getattr(client(service, region), operation)()
    assert sandbox.leftovers() == []


def test_leftovers_names_what_was_planted_and_forgets_what_was_removed(
    sandbox: Sandbox, client: Client
) -> None:
    ec2, logs, iam = client("ec2"), client("logs"), client("iam")
    ec2.describe_vpcs()
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    logs.create_log_group(logGroupName="/planted")
    iam.create_role(RoleName="planted", AssumeRolePolicyDocument="{}")

    left = "\n".join(sandbox.leftovers())
    assert f"ec2 eu-central-1 vpcs/{vpc} (VPC)" in left
    assert "logs eu-central-1 groups//planted (LogGroup)" in left
    assert "iam aws roles/" in left
    assert "(Role)" in left

    ec2.delete_vpc(VpcId=vpc)
    logs.delete_log_group(logGroupName="/planted")
    iam.delete_role(RoleName="planted")
    assert sandbox.leftovers() == []


def test_leftovers_sees_a_region_that_only_one_call_went_to(
    sandbox: Sandbox, client: Client
) -> None:
    """The region comes into being with the very call that changes it."""
    client("sns", "ap-southeast-2").create_topic(Name="far-away")
    assert [line.split("/")[0] for line in sandbox.leftovers()] == ["sns ap-southeast-2 topics"]


def test_leftovers_looks_inside_what_was_there_from_the_start(
    sandbox: Sandbox, client: Client
) -> None:
    """A rule is kept by the default event bus, not beside it."""
    events = client("events")
    events.list_rules()
    events.put_rule(Name="planted", ScheduleExpression="rate(1 day)")
    assert any("planted" in line for line in sandbox.leftovers())
    events.delete_rule(Name="planted")
    assert sandbox.leftovers() == []


def test_leftovers_passes_what_is_deleted_and_only_still_listed(
    sandbox: Sandbox, client: Client
) -> None:
    kms, ecs = client("kms"), client("ecs")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    ecs.create_cluster(clusterName="planted")
    assert len(sandbox.leftovers()) == 2
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    ecs.delete_cluster(cluster="planted")
    assert sandbox.leftovers() == []


def test_leftovers_passes_a_key_that_aws_manages(sandbox: Sandbox, client: Client) -> None:
    """The first secret without a key of its own brings it, and nobody can delete it."""
    client("kms").describe_key(KeyId="alias/aws/secretsmanager")
    assert sandbox.leftovers() == []


CREATED: dict[str, tuple[str, dict[str, Any]]] = {
    "acm": ("request_certificate", {"DomainName": "example.com"}),
    "backup": ("create_backup_vault", {"BackupVaultName": "vault"}),
    "budgets": (
        "create_budget",
        {
            "AccountId": ACCOUNT_ID,
            "Budget": {
                **{"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY"},
                "BudgetLimit": {"Amount": "1", "Unit": "USD"},
            },
        },
    ),
    "ce": (
        "create_anomaly_monitor",
        {"AnomalyMonitor": {"MonitorName": "m", "MonitorType": "CUSTOM"}},
    ),
    "cloudwatch": (
        "put_metric_alarm",
        {
            **{"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum"},
            **{"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1},
            **{"EvaluationPeriods": 1, "Period": 60},
        },
    ),
    "ecs": (
        "register_task_definition",
        {"family": "f", "containerDefinitions": [{"name": "c", "image": "i", "memory": 128}]},
    ),
    "efs": ("create_file_system", {"CreationToken": "t"}),
    "elbv2": ("create_target_group", {"Name": "t", "TargetType": "lambda"}),
    "kms": ("create_key", {}),
    "rds": (
        "create_db_parameter_group",
        {"DBParameterGroupName": "g", "DBParameterGroupFamily": "mysql8.0", "Description": "d"},
    ),
    "s3": ("create_bucket", BUCKET),
    "secretsmanager": ("create_secret", {"Name": "s", "SecretString": "x"}),
    "servicediscovery": ("create_http_namespace", {"Name": "n"}),
    "sqs": ("create_queue", {"QueueName": "q"}),
    "ssm": ("put_parameter", {"Name": "p", "Value": "v", "Type": "String"}),
    "wafv2": (
        "create_web_acl",
        {
            **{"Name": "w", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}},
            "VisibilityConfig": {
                **{"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True},
                "MetricName": "w",
            },
        },
    ),
}
"""Service to a call that creates something there, with its arguments."""


@pytest.mark.parametrize("service", CREATED)
def test_leftovers_sees_every_service_a_stack_uses(
    sandbox: Sandbox, client: Client, service: str
) -> None:
    operation, arguments = CREATED[service]
    getattr(client(service), operation)(**arguments)
    assert any(line.startswith(f"{service} ") for line in sandbox.leftovers())


def test_calls_are_recorded_as_iam_names_them(sandbox: Sandbox, client: Client) -> None:
    client("ec2").describe_vpcs()
    client("elbv2").describe_load_balancers()
    client("ecs").list_clusters()
    client("cloudwatch").describe_alarms()
    client("efs").describe_file_systems()
    client("budgets").describe_budgets(AccountId=ACCOUNT_ID)
    s3 = client("s3")
    s3.create_bucket(**BUCKET)
    s3.head_bucket(Bucket="bucket")
    s3.get_bucket_policy_status  # noqa: B018 - naming a method calls nothing
    assert sandbox.actions == {
        *("ec2:DescribeVpcs", "elasticloadbalancing:DescribeLoadBalancers", "ecs:ListClusters"),
        *("cloudwatch:DescribeAlarms", "elasticfilesystem:DescribeFileSystems"),
        *("budgets:ViewBudget", "s3:CreateBucket", "s3:ListBucket"),
    }


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("gamelift", "list_fleets", {}),  # no such service in the emulator
        ("ecs", "get_task_protection", {"cluster": "c"}),  # JSON
        ("rds", "describe_valid_db_instance_modifications", {"DBInstanceIdentifier": "d"}),  # query
        ("ec2", "describe_fpga_images", {}),  # EC2's own XML
        ("s3", "list_bucket_metrics_configurations", {"Bucket": "bucket"}),  # REST, XML
        ("efs", "describe_replication_configurations", {}),  # REST, JSON
    ],
)
def test_a_call_the_emulator_lacks_fails_at_once_and_says_which(
    sandbox: Sandbox, client: Client, service: str, operation: str, arguments: dict[str, str]
) -> None:
    if service == "s3":
        client("s3").create_bucket(**BUCKET)
    # With retries on: the error itself has to stop them.
    caller = sandbox.client(service, attempts=5)
    with pytest.raises(ClientError) as caught:
        getattr(caller, operation)(**arguments)
    error = caught.value.response
    assert error["Error"]["Code"] == UNSUPPORTED
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["ResponseMetadata"]["RetryAttempts"] == 0
    name = caller.meta.method_to_api_mapping[operation]
    assert f":{name}: " in error["Error"]["Message"]
    assert [call.split(":")[1] for call in sandbox.refused] == [name]


def test_a_failure_inside_the_emulator_is_not_retried_either(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object) -> None:
        raise ZeroDivisionError("moto's fault")

    monkeypatch.setattr("moto.sns.responses.SNSResponse.list_topics", broken)
    with pytest.raises(ClientError, match=r"sns:ListTopics: .*moto's fault") as caught:
        client("sns").list_topics()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert list(sandbox.refused) == ["sns:ListTopics"]


def test_calls_do_not_run_into_each_other(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider makes ten at a time; moto fails when one changes what another walks through."""
    real = EC2Backend.create_vpc
    inside = most = 0

    def slowly(self: EC2Backend, *args: object, **kwargs: object) -> object:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.02)
        inside -= 1
        return real(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(EC2Backend, "create_vpc", slowly)
    ec2 = client("ec2")
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: ec2.create_vpc(CidrBlock="10.0.0.0/16"), range(10)))
    assert len({answer["Vpc"]["VpcId"] for answer in made}) == 10
    assert most == 1


def test_a_call_whose_answer_got_lost_is_answered_again_and_done_once(
    sandbox: Sandbox, client: Client
) -> None:
    """An SDK repeats it under the same id; another call that is like it has another id."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="-", VpcId=vpc)["GroupId"]
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]

    ids = ["one", "one", "two"]

    def give_id(request: Any, **kwargs: object) -> None:
        request.headers["amz-sdk-invocation-id"] = ids.pop(0)

    ec2.meta.events.register("before-send.ec2.RevokeSecurityGroupEgress", give_id)
    first, again = (
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything) for _ in range(2)
    )
    assert first["ResponseMetadata"]["RequestId"] == again["ResponseMetadata"]["RequestId"]
    with pytest.raises(ClientError, match=r"InvalidPermission\.NotFound"):
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)


def test_a_request_that_is_none_of_aws_is_answered_and_not_recorded(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.endpoint).netloc, timeout=300)
    connection.request("GET", "/moto-api/data.json")
    assert connection.getresponse().status == 200
    connection.close()
    assert sandbox.actions == set()
