"""platform.py: the stack as a whole, and above all its Terraform addresses.

An address that changes destroys and recreates its resource in every deployment, so they are listed.
"""

import re
from pathlib import Path

import pytest

from constructs_lib.settings import parse_stack
from tests.synth.options import OPTIONS
from tests.synth.synthesized import MAXIMAL, STACK_ID, Synthesized

ADDRESSES = [
    "aws_appautoscaling_policy.cpu",
    "aws_appautoscaling_policy.memory",
    "aws_appautoscaling_target.ecs",
    "aws_budgets_budget.monthly",
    "aws_ce_anomaly_monitor.platform",
    "aws_ce_anomaly_subscription.platform",
    "aws_cloudwatch_dashboard.main",
    "aws_cloudwatch_log_group.ecs",
    "aws_cloudwatch_metric_alarm.alb_5xx",
    "aws_cloudwatch_metric_alarm.alb_response_time",
    "aws_cloudwatch_metric_alarm.alb_unhealthy_hosts",
    "aws_cloudwatch_metric_alarm.ecs_cpu",
    "aws_cloudwatch_metric_alarm.ecs_memory",
    "aws_cloudwatch_metric_alarm.ecs_running_tasks",
    "aws_cloudwatch_metric_alarm.rds_connections",
    "aws_cloudwatch_metric_alarm.rds_cpu",
    "aws_cloudwatch_metric_alarm.rds_free_storage",
    "aws_cloudwatch_metric_alarm.rds_replica_lag",
    "aws_db_instance.wordpress",
    "aws_db_subnet_group.main",
    "aws_ecs_cluster.main",
    "aws_ecs_cluster_capacity_providers.main",
    "aws_ecs_service.wordpress",
    "aws_ecs_task_definition.wordpress",
    "aws_iam_role.ecs_task_execution_role",
    "aws_iam_role.rds_monitoring",
    "aws_iam_role_policy_attachment.ecs_task_execution_attach",
    "aws_iam_role_policy_attachment.rds_monitoring",
    "aws_internet_gateway.igw",
    "aws_lb.main",
    "aws_lb_listener.http",
    "aws_lb_target_group.main",
    "aws_route_table.private",
    "aws_route_table.public",
    "aws_route_table_association.private_1",
    "aws_route_table_association.private_2",
    "aws_route_table_association.public_1",
    "aws_route_table_association.public_2",
    "aws_security_group.alb_sg",
    "aws_security_group.ecs_sg",
    "aws_security_group.rds_sg",
    "aws_sns_topic.alerts",
    "aws_sns_topic_policy.alerts",
    "aws_sns_topic_subscription.email",
    "aws_subnet.private_1",
    "aws_subnet.private_2",
    "aws_subnet.public_1",
    "aws_subnet.public_2",
    "aws_vpc.main",
    "data.aws_caller_identity.current",
]
VARIABLES = [
    "alarm_email",
    "availability_zones",
    "aws_region",
    "container_image",
    "db_allocated_storage",
    "db_instance_class",
    "db_name",
    "db_password",
    "db_username",
    "desired_count",
    "monthly_budget_usd",
    "private_subnet_cidrs",
    "project_name",
    "public_subnet_cidrs",
    "task_cpu",
    "task_memory",
    "vpc_cidr",
]
OUTPUTS = [
    "alb_dns_name",
    "alerts_topic_arn",
    "application_url",
    "ecs_cluster_arn",
    "ecs_cluster_name",
    "ecs_service_name",
    "private_subnet_ids",
    "public_subnet_ids",
    "rds_endpoint",
    "rds_identifier",
    "vpc_id",
]
NOT_MONITORED = {
    "aws_iam_role.rds_monitoring",
    "aws_iam_role_policy_attachment.rds_monitoring",
    "aws_cloudwatch_metric_alarm.ecs_running_tasks",
}


def test_resources_and_data_sources_have_these_addresses(platform: Synthesized) -> None:
    assert platform.addresses == ADDRESSES


def test_variables_have_these_names(platform: Synthesized) -> None:
    assert sorted(platform.variables) == VARIABLES


def test_outputs_have_these_names(platform: Synthesized) -> None:
    assert sorted(platform.outputs) == OUTPUTS


def test_no_setting_changes_an_address(maximal: Synthesized) -> None:
    """Without Enhanced Monitoring its role is not there, nor without Container Insights its alarm;
    nothing else appears or goes."""
    assert set(ADDRESSES) - set(maximal.addresses) == NOT_MONITORED
    assert set(maximal.addresses) <= set(ADDRESSES)
    assert sorted(maximal.variables) == VARIABLES
    assert sorted(maximal.outputs) == OUTPUTS


def test_the_maximal_stack_changes_every_setting_but_the_options() -> None:
    """So that the tests of the constructs, which compare with it, miss none."""
    default = leaves(parse_stack(STACK_ID, {}).model_dump(mode="json"))
    changed = leaves(parse_stack(STACK_ID, MAXIMAL).model_dump(mode="json"))
    options = {f".{path}" for path in OPTIONS if f".{path}" in default}
    assert set(leaves(MAXIMAL)) == set(changed) - options >= set(default) - options
    assert {path for path in default if changed[path] == default[path]} == options


def test_the_stack_has_no_part_outside_its_blocks(platform: Synthesized) -> None:
    assert sorted(platform.document) == [
        *("data", "output", "provider", "resource", "terraform", "variable")
    ]


def test_no_string_holds_terraforms_escape_for_a_literal_template(platform: Synthesized) -> None:
    """`$${` is what a reference becomes that went through Python as text."""
    assert "$${" not in platform.text
    assert "%%{" not in platform.text


@pytest.mark.parametrize("which", ["platform", "maximal"])
def test_every_reference_is_to_something_that_exists(
    which: str, request: pytest.FixtureRequest
) -> None:
    """Terraform would say so too, but later."""
    stack: Synthesized = request.getfixturevalue(which)
    resources = set(re.findall(r"(?:data\.)?\baws_[a-z0-9_]+\.[a-z0-9_]+", stack.text))
    assert len(resources) > 20
    assert resources <= set(stack.addresses)
    assert set(re.findall(r"\bvar\.(\w+)", stack.text)) == set(stack.variables)


def test_dependencies_name_what_exists(platform: Synthesized) -> None:
    named = {
        dependency
        for types in platform.document["resource"].values()
        for block in types.values()
        for dependency in block.get("depends_on", [])
    }
    assert named
    assert named <= set(platform.addresses)


def test_two_stacks_in_one_app_are_as_if_alone(platform: Synthesized, tmp_path: Path) -> None:
    from constructs_lib.platform import ResiliencePlatform  # isort: skip
    from cdktf import Testing

    app = Testing.app(outdir=str(tmp_path))
    other = ResiliencePlatform(app, "other", settings=parse_stack("other", {}))
    stack = ResiliencePlatform(app, STACK_ID, settings=parse_stack(STACK_ID, {}))
    assert Testing.synth(stack, True) == platform.text
    assert Testing.synth(other, True) == platform.text.replace(STACK_ID, "other")


def leaves(value: object, path: str = "") -> dict[str, object]:
    if isinstance(value, dict) and value:
        return {
            leaf: item
            for key, part in value.items()
            for leaf, item in leaves(part, f"{path}.{key}").items()
        }
    return {path: value}


def test_what_aws_refuses_too_early_waits(platform: Synthesized) -> None:
    """Terraform works on both ends of these at once unless it is told the order."""
    assert platform.raw("aws_lb.main")["depends_on"] == ["aws_internet_gateway.igw"]
    assert platform.raw("aws_db_instance.wordpress")["depends_on"] == [
        "aws_iam_role_policy_attachment.rds_monitoring"
    ]
