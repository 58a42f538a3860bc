"""Which deployment a drill may touch: outputs in both forms, and all that is refused."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ops.aws import clients, explained
from ops.drills import target
from ops.drills.clock import Clock
from ops.drills.drills import DRILLS
from ops.drills.run import plan
from ops.drills.target import Deployment, Outputs, Snapshot, TaskState, read_outputs
from ops.errors import OpsError
from ops.model.stack import Stack
from ops.sandbox.server import Sandbox
from tests.ops.drills.deployed import deploy

VALUES = {
    "application_url": "http://example.test",
    "ecs_cluster_name": "cluster",
    "ecs_service_name": "service",
    "rds_identifier": "db",
}
TERRAFORM = {name: {"value": value, "type": "string"} for name, value in VALUES.items()}
STACK = "resilience-platform"


@pytest.mark.parametrize(
    "document", [TERRAFORM, {STACK: VALUES}, {STACK: VALUES, "wp-ecs": {"alb_dns_name": "x"}}]
)
def test_outputs_of_terraform_and_of_cdktf(tmp_path: Path, document: dict[str, Any]) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(document))
    assert read_outputs(str(file), STACK) == Outputs(**VALUES)


def test_outputs_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(TERRAFORM)))
    assert read_outputs("-", STACK) == Outputs(**VALUES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "lacks the outputs application_url, ecs_cluster_name, ecs_service_name, rds_id"),
        ("[]", "holds a list, not an object of outputs"),
        ("Outputs:", "cannot be read .Expecting value"),
        (json.dumps({"wp-ecs": VALUES}), f"lacks the outputs application_url.* of {STACK}"),
        (json.dumps({**TERRAFORM, "rds_identifier": {"value": 5}}), "lacks the outputs rds_ident"),
    ],
)
def test_wrong_outputs_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(text)
    with pytest.raises(OpsError, match=f"^{re.escape(str(file))} {message}[^\n]*$"):
        read_outputs(str(file), STACK)


def test_outputs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="cannot be read"):
        read_outputs(str(tmp_path / "nothing"), STACK)
    with pytest.raises(OpsError, match=r"^cdktf.out/stacks/nowhere is not there: deploy the"):
        read_outputs(None, "nowhere")


def test_a_folder_that_is_not_initialized_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Terraform says it, in colours and a frame unless it is told not to."""
    program = tmp_path / "terraform"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *-no-color*) ;; *) printf "\\033[31m" >&2;; esac\n'
        "printf '╷\\n│ Error: Required plugins are not installed\\n│ \\n│ Run init.\\n╵\\n' >&2\n"
        "exit 1\n"
    )
    program.chmod(0o755)
    (tmp_path / "cdktf.out" / "stacks" / STACK).mkdir(parents=True)
    monkeypatch.setattr(target, "ROOT", tmp_path)
    monkeypatch.setenv("TERRAFORM_BINARY", str(program))
    with pytest.raises(OpsError) as refused:
        read_outputs(None, STACK)
    assert str(refused.value) == (
        f"terraform output failed in cdktf.out/stacks/{STACK}: deploy the stack from here, or give "
        "its outputs with --outputs FILE (Error: Required plugins are not installed)"
    )


def found(sandbox: Sandbox, outputs: Outputs) -> Deployment:
    return Deployment(sandbox.client, outputs, Clock())


def test_what_is_not_there_is_one_line(stack: Stack) -> None:
    with Sandbox() as sandbox:
        outputs = deploy(sandbox, stack)
        for name, value, message in (
            ("ecs_cluster_name", "other", "cluster other is not in eu-central-1 of this account"),
            ("ecs_service_name", "other", "service other is not in cluster resilience-platform-"),
            ("rds_identifier", "other", "database other is not there"),
        ):
            with pytest.raises(OpsError, match=f"^{message}[^\n]*$"):
                found(sandbox, Outputs(**{**vars(outputs), name: value}))


def test_only_what_is_tagged_is_broken(stack: Stack) -> None:
    with Sandbox() as sandbox:
        outputs = deploy(sandbox, stack, tagged=False)
        message = r"^service resilience-platform-service is not tagged Project and ManagedBy=cdktf"
        with pytest.raises(OpsError, match=message):
            found(sandbox, outputs)


def test_outputs_of_two_deployments_are_refused(stack: Stack) -> None:
    with Sandbox() as sandbox:
        outputs = deploy(sandbox, stack)
        rds = sandbox.client("rds")
        arn = rds.describe_db_instances()["DBInstances"][0]["DBInstanceArn"]
        rds.add_tags_to_resource(
            ResourceName=arn, Tags=[{"Key": "Project", "Value": "somebody-elses"}]
        )
        with pytest.raises(OpsError, match=r"several projects \(resilience-platform, somebody-"):
            found(sandbox, outputs)


def test_an_unsteady_deployment_is_not_drilled(stack: Stack) -> None:
    """Nothing schedules here, so the tasks that count as running are not healthy targets."""
    with Sandbox() as sandbox:
        deployment = found(sandbox, deploy(sandbox, stack))
        with pytest.raises(
            OpsError,
            match=r"^service resilience-platform-service is not steady: 0 of 2 tasks are healthy",
        ):
            plan(DRILLS["task-failure"], deployment)


def test_a_database_in_one_zone_cannot_fail_over(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox() as sandbox:
        deployment = found(sandbox, deploy(sandbox, stack, multi_az=False))
        monkeypatch.setattr(deployment, "check_steady", lambda: None)
        with pytest.raises(OpsError, match=r"^database resilience-platform-db is not Multi-AZ"):
            plan(DRILLS["db-failover"], deployment)


def test_without_a_template_no_zone_is_cut_off(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how to get one; the template of another project is not taken."""
    with Sandbox() as sandbox:
        deployment = found(sandbox, deploy(sandbox, stack))
        monkeypatch.setattr(deployment, "check_steady", lambda: None)
        task = TaskState("arn", "RUNNING", "eu-central-1a", "10.0.1.9")
        seen = Snapshot(0, {"arn": task}, {task.address: "healthy"}, "available", task.zone)
        monkeypatch.setattr(deployment, "observe", lambda: seen)
        assert "cut all subnets in eu-central-1a off" in plan(DRILLS["zone-outage"], deployment)[0]
        fis = sandbox.client("fis")
        for template in fis.list_experiment_templates()["experimentTemplates"]:
            fis.tag_resource(resourceArn=template["arn"], tags={"Project": "somebody-else"})
        with pytest.raises(OpsError, match=r"for eu-central-1a: set `resilience\.fault_injection`"):
            plan(DRILLS["zone-outage"], deployment)


def test_another_application_has_no_marker_and_no_canary(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its requests go where its health check does, and its tasks can be stopped."""
    with Sandbox() as sandbox:
        deployment = found(sandbox, deploy(sandbox, stack, application="SHOP"))
        monkeypatch.setattr(deployment, "check_steady", lambda: None)
        monkeypatch.setitem(deployment.group, "HealthCheckPath", "/health")
        assert deployment.path == "/health"
        alone = deployment.expected()["database"].restored
        monkeypatch.setitem(deployment.database, "Endpoint", {"Address": "set"})
        with_database = deployment.expected()["database"].restored
        assert (alone.worst, with_database.worst) == (120, 245), "docs/fork.md wants it to fail"
        for name in ("db-failover", "health-check", "restore"):
            with pytest.raises(OpsError, match=r" has no WORDPRESS_DB_HOST: this drill is not"):
                plan(DRILLS[name], deployment)
        assert plan(DRILLS["task-failure"], deployment)


def test_missing_credentials_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(OpsError, match=r"^no AWS credentials[^\n]*aws sso login`$"):
        Deployment(clients("eu-central-1"), Outputs(**VALUES), Clock())


def test_a_missing_profile_and_region_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(OpsError, match=r"^no AWS region is configured: set AWS_REGION"):
        clients()("ecs")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert clients()("ecs").meta.region_name == "eu-west-1"
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OpsError, match=r"^no AWS credentials .*nobody"):
        clients()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ExpiredToken", "AWS does not accept the credentials (ExpiredToken from StopTask): renew"),
        ("Throttling", "AWS keeps throttling StopTask (Throttling), after several attempts"),
        ("AccessDeniedException", "the credentials may not call StopTask (AccessDeniedException)"),
        ("ServerException", "AWS refuses StopTask (ServerException): because"),
    ],
)
def test_an_answer_of_aws_becomes_a_line(code: str, text: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "because"}}, "StopTask")
    assert str(explained(error)).startswith(text)
    assert "\n" not in str(explained(error))


def test_no_answer_of_aws_becomes_a_line() -> None:
    error = EndpointConnectionError(endpoint_url="https://ecs.test")
    assert str(explained(error)).startswith("AWS cannot be reached: Could not connect")
