"""Every option, switched on alone: what it adds to the contract's stack, and what it takes away."""

from collections.abc import Mapping
from dataclasses import dataclass

ECR_IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/wordpress:latest"
DIGEST = "wordpress@sha256:" + "0" * 64
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b"


@dataclass(frozen=True)
class Option:
    """One option in use.

    Attributes:
        value: of the setting.
        needs: further settings without which it is refused or has no effect, by dotted path.
        adds, removes: addresses that come and go with it.
    """

    value: object
    adds: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    needs: Mapping[str, object] | None = None


_KEY = ("aws_kms_key.{0}", "aws_kms_alias.{0}")
_TASK_ROLE = "aws_iam_role.ecs_task_role"
_ALARMS = (
    *("alb_5xx", "alb_response_time", "alb_unhealthy_hosts"),
    *("ecs_cpu", "ecs_memory", "ecs_running_tasks"),
    *("rds_connections", "rds_cpu", "rds_free_storage", "rds_replica_lag"),
)
_AUTOSCALING = (
    "aws_appautoscaling_policy.cpu",
    "aws_appautoscaling_policy.memory",
    "aws_appautoscaling_target.ecs",
)
_COST = (
    "aws_budgets_budget.monthly",
    "aws_ce_anomaly_monitor.platform",
    "aws_ce_anomaly_subscription.platform",
)

OPTIONS: dict[str, Option] = {
    "variables": Option(["db_password", "aws_region"]),
    "outputs": Option(["vpc_id", "application_url"]),
    "default_tags": Option(False, removes=_COST, needs={"cost": None}),
    "customer_managed_keys": Option(
        ["logs", "database", "alerts", "secrets", "uploads"],
        # of the others, nothing is there to encrypt
        adds=tuple(part.format(use) for use in ("logs", "database", "alerts") for part in _KEY),
    ),
    "network.zones": Option("a_and_b"),
    "network.public_ip_on_launch": Option(False),
    "network.private_egress": Option(
        "nat_per_zone",
        adds=(
            *("aws_eip.nat", "aws_eip.nat_2", "aws_nat_gateway.main", "aws_nat_gateway.main_2"),
            "aws_route_table.private_2",
        ),
    ),
    "network.task_subnets": Option(
        "private",
        adds=("aws_eip.nat", "aws_nat_gateway.main"),
        needs={"network.private_egress": "single_nat"},
    ),
    "network.allowed_egress": Option("least"),
    "network.flow_log_retention_days": Option(
        14,
        adds=(
            *("aws_flow_log.main", "aws_cloudwatch_log_group.flow_logs"),
            *("aws_iam_role.flow_logs", "aws_iam_role_policy.flow_logs"),
        ),
    ),
    "network.default_security_group_closed": Option(
        True, adds=("aws_default_security_group.closed",)
    ),
    "load_balancer.deregistration_delay_seconds": Option(30),
    "load_balancer.deletion_protection": Option(True),
    "load_balancer.https": Option(True, adds=("aws_lb_listener.https",)),
    "load_balancer.certificate_arn": Option(
        CERTIFICATE, adds=("aws_lb_listener.https",), needs={"load_balancer.https": True}
    ),
    "load_balancer.host_name": Option("www.example.com"),
    "load_balancer.access_log_retention_days": Option(
        90,
        adds=tuple(
            f"aws_s3_bucket{part}.access_logs"
            for part in (
                *("", "_lifecycle_configuration", "_notification", "_policy"),
                *("_public_access_block", "_server_side_encryption_configuration", "_versioning"),
            )
        ),
    ),
    "load_balancer.waf": Option(
        {"requests_per_5_minutes": 1000, "log_retention_days": 30},
        adds=(
            *("aws_wafv2_web_acl.main", "aws_wafv2_web_acl_association.main"),
            *("aws_wafv2_web_acl_logging_configuration.main", "aws_cloudwatch_log_group.waf"),
        ),
    ),
    "container.require_digest": Option(True, needs={"container.image": DIGEST}),
    "container.capacity": Option("FARGATE_SPOT"),
    "container.on_demand_base": Option(1, needs={"container.capacity": "FARGATE_SPOT"}),
    "container.capacity_providers": Option(
        False, removes=("aws_ecs_cluster_capacity_providers.main",)
    ),
    "container.health_check_command": Option("curl -f http://localhost/"),
    "container.wait_for_steady_state": Option(False),
    "container.zone_rebalancing": Option(True),
    "container.task_role": Option(True, adds=(_TASK_ROLE,)),
    "container.execute_command": Option(True, adds=(_TASK_ROLE, "aws_iam_role_policy.ecs_task")),
    "container.fixed_site_url": Option(True),
    "container.service_discovery": Option(
        True,
        adds=(
            "aws_service_discovery_private_dns_namespace.main",
            "aws_service_discovery_service.wordpress",
        ),
    ),
    "container.shared_keys": Option(
        True,
        adds=(
            "aws_cloudformation_stack.wordpress_keys",
            "aws_iam_role_policy.ecs_task_execution_secrets",
        ),
    ),
    "container.shared_uploads": Option(
        True,
        adds=(
            *("aws_efs_file_system.uploads", "aws_efs_file_system_policy.uploads"),
            *("aws_efs_mount_target.uploads_1", "aws_efs_mount_target.uploads_2"),
            *("aws_efs_access_point.uploads", "aws_security_group.efs_sg"),
            *("aws_backup_vault.uploads", "aws_backup_plan.uploads"),
            *("aws_backup_selection.uploads", "aws_iam_role.backup"),
            *("aws_iam_role_policy_attachment.backup", _TASK_ROLE, "aws_iam_role_policy.ecs_task"),
        ),
    ),
    "container.environment": Option({"WORDPRESS_DEBUG": "1"}),
    "autoscaling": Option(None, removes=_AUTOSCALING),
    "autoscaling.sleep": Option(
        {"from_cron": "cron(0 19 ? * * *)", "until_cron": "cron(0 7 ? * * *)", "timezone": "UTC"},
        adds=(
            "aws_appautoscaling_scheduled_action.sleep",
            "aws_appautoscaling_scheduled_action.wake",
        ),
    ),
    "database.username_sensitive": Option(False),
    "database.password": Option(
        "managed",
        adds=(
            *("data.aws_db_instance.wordpress", "aws_iam_role_policy.ecs_task_execution_secrets"),
            *("aws_cloudwatch_event_rule.password_rotated", "aws_ssm_document.redeploy"),
            *("aws_cloudwatch_event_target.password_rotated", "aws_iam_role.redeploy"),
            "aws_iam_role_policy.redeploy",
        ),
    ),
    "database.require_tls": Option(True, adds=("aws_db_parameter_group.main",)),
    "database.slow_query_log": Option(True, adds=("aws_db_parameter_group.main",)),
    "database.iam_authentication": Option(True),
    "database.deletion_protection": Option(True),
    "database.apply_immediately": Option(True),
    "monitoring": Option(
        None,
        removes=(
            *(f"aws_cloudwatch_metric_alarm.{name}" for name in _ALARMS),
            "aws_cloudwatch_dashboard.main",
        ),
    ),
    "monitoring.database_events": Option(True, adds=("aws_db_event_subscription.database",)),
    "cost": Option(None, removes=_COST),
    "overrides": Option(
        {
            "aws_lb_target_group.main": {"health_check.timeout": None},
            "aws_ecs_service.wordpress": {"deployment_controller": {"type": "ECS"}},
        }
    ),
}
"""By dotted path. What only has other values, not another shape, is in `MAXIMAL` instead."""


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """Settings by dotted path, as they stand in cdktf.json."""
    tree: dict[str, object] = {}
    for path, value in values.items():
        *groups, key = path.split(".")
        group = tree
        for name in groups:
            inner = group.setdefault(name, {})
            assert isinstance(inner, dict)
            group = inner
        group[key] = value
    return tree


def settings_of(*paths: str) -> dict[str, object]:
    """The settings of a stack that differs from the contract in these options."""
    values: dict[str, object] = {}
    for path in paths:
        values |= {**(OPTIONS[path].needs or {}), path: OPTIONS[path].value}
    return nested(values)
