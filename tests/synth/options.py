"""Every setting, away from its default, and what it adds to the contract's stack or changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from unittest.mock import ANY

ECR_IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/wordpress:latest"
DIGEST = "wordpress@sha256:" + "0" * 64
BOUNDARY = "arn:aws:iam::123456789012:policy/org/Boundary"
DOMAIN = {"name": "blog.example.com", "hosted_zone_id": "Z0123456789ABC"}
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/api-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/token"
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b"


@dataclass(frozen=True)
class Option:
    """One setting in use.

    Attributes:
        value: of the setting.
        needs: further settings without which it is refused or has no effect, by dotted path.
        adds, removes: addresses that come and go with it.
        changes: what other blocks say then, by address and path; None is what they do not say.
    """

    value: object
    adds: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    needs: Mapping[str, object] | None = None
    changes: Mapping[str, object] = field(default_factory=dict)


def arrives(value: object, *places: str) -> Option:
    """A setting whose value stands in these places, and has no other effect."""
    return Option(value, changes=dict.fromkeys(places, value))


_SERVICE, _TASK = "aws_ecs_service.wordpress", "aws_ecs_task_definition.wordpress"
_CONTAINER = f"{_TASK}.container_definitions.0"
_DATABASE, _BALANCER = "aws_db_instance.wordpress", "aws_lb.main"
_GROUP, _CHECK = "aws_lb_target_group.main", "aws_lb_target_group.main.health_check"
_ALARM = "aws_cloudwatch_metric_alarm"
_SCALING = [
    f"aws_appautoscaling_policy.{name}.target_tracking_scaling_policy_configuration"
    for name in ("cpu", "memory")
]
_STATE = {"bucket": "states.example.com", "region": "eu-west-1", "key": "wordpress/state"}

VALUES: dict[str, Option] = {
    "project_name": Option("everything-else"),
    "region": Option("us-east-1"),
    "network.vpc_cidr": Option("172.16.0.0/20"),
    "network.public_subnet_cidrs": Option(["172.16.0.0/22", "172.16.4.0/22"]),
    "network.private_subnet_cidrs": Option(["172.16.8.0/22", "172.16.12.0/22"]),
    "network.availability_zones": Option(["us-east-1c", "us-east-1f"]),
    "load_balancer.health_check_path": arrives("/health", f"{_CHECK}.path"),
    "load_balancer.interval_seconds": arrives(300, f"{_CHECK}.interval"),
    "load_balancer.timeout_seconds": arrives(120, f"{_CHECK}.timeout"),
    "load_balancer.healthy_threshold": arrives(10, f"{_CHECK}.healthy_threshold"),
    "load_balancer.unhealthy_threshold": arrives(9, f"{_CHECK}.unhealthy_threshold"),
    "load_balancer.matcher": arrives("200,302", f"{_CHECK}.matcher"),
    "load_balancer.stickiness_seconds": arrives(604800, f"{_GROUP}.stickiness.cookie_duration"),
    "container.image": Option("registry.example.com/team/wordpress@sha256:0123"),
    "container.name": arrives(
        "wordpress_1", f"{_CONTAINER}.name", f"{_SERVICE}.load_balancer.0.container_name"
    ),
    "container.architecture": Option(
        "ARM64",
        changes={
            f"{_TASK}.runtime_platform": {
                **{"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}
            }
        },
    ),
    "container.cpu": Option(16384),
    "container.memory_mib": Option(122880),
    "container.desired_count": Option(5000),
    "container.health_check_grace_period_seconds": arrives(
        2147483647, f"{_SERVICE}.health_check_grace_period_seconds"
    ),
    "container.minimum_healthy_percent": arrives(
        50, f"{_SERVICE}.deployment_minimum_healthy_percent"
    ),
    "container.maximum_percent": arrives(150, f"{_SERVICE}.deployment_maximum_percent"),
    "container.log_retention_days": arrives(3653, "aws_cloudwatch_log_group.ecs.retention_in_days"),
    "container.container_insights": Option(
        False,
        removes=(f"{_ALARM}.ecs_running_tasks",),
        changes={"aws_ecs_cluster.main.setting.0.value": "disabled"},
    ),
    "autoscaling.min_capacity": arrives(5000, "aws_appautoscaling_target.ecs.min_capacity"),
    "autoscaling.max_capacity": arrives(5000, "aws_appautoscaling_target.ecs.max_capacity"),
    "autoscaling.cpu_target_percent": arrives(100, f"{_SCALING[0]}.target_value"),
    "autoscaling.memory_target_percent": arrives(1, f"{_SCALING[1]}.target_value"),
    "autoscaling.scale_out_cooldown_seconds": arrives(
        0, *(f"{policy}.scale_out_cooldown" for policy in _SCALING)
    ),
    "autoscaling.scale_in_cooldown_seconds": arrives(
        3600, *(f"{policy}.scale_in_cooldown" for policy in _SCALING)
    ),
    "database.engine_version": arrives("8.4.5", f"{_DATABASE}.engine_version"),
    "database.instance_class": Option("db.m6g.large"),
    "database.allocated_storage_gib": Option(400),
    "database.storage_type": arrives("gp3", f"{_DATABASE}.storage_type"),
    "database.iops": arrives(12000, f"{_DATABASE}.iops"),
    "database.storage_throughput_mibps": arrives(500, f"{_DATABASE}.storage_throughput"),
    "database.name": Option("site"),
    "database.username": Option("writer"),
    "database.multi_az": arrives(False, f"{_DATABASE}.multi_az"),
    "database.backup_retention_days": arrives(35, f"{_DATABASE}.backup_retention_period"),
    "database.backup_window": arrives("23:30-00:30", f"{_DATABASE}.backup_window"),
    "database.maintenance_window": arrives(
        "Sun:12:00-Sun:23:30", f"{_DATABASE}.maintenance_window"
    ),
    "database.storage_encrypted": arrives(False, f"{_DATABASE}.storage_encrypted"),
    "database.monitoring_interval_seconds": Option(
        0,
        removes=("aws_iam_role.rds_monitoring", "aws_iam_role_policy_attachment.rds_monitoring"),
        changes={
            f"{_DATABASE}.monitoring_interval": 0,
            f"{_DATABASE}.monitoring_role_arn": None,
            f"{_DATABASE}.depends_on": None,
        },
    ),
    "database.log_exports": arrives(
        ["audit", "error", "general", "slowquery"], f"{_DATABASE}.enabled_cloudwatch_logs_exports"
    ),
    "database.performance_insights": Option(
        True,
        changes={
            f"{_DATABASE}.performance_insights_enabled": True,
            f"{_DATABASE}.lifecycle.precondition": ANY,  # see test_rds.py
        },
    ),
    "database.skip_final_snapshot": Option(
        False,
        changes={
            f"{_DATABASE}.skip_final_snapshot": False,
            f"{_DATABASE}.final_snapshot_identifier": "${var.project_name}-db-final",
        },
    ),
    "monitoring.alarm_email": Option("ops@example.com"),
    "monitoring.db_cpu_percent": arrives(1, f"{_ALARM}.rds_cpu.threshold"),
    "monitoring.db_free_storage_gib": Option(
        0.5, changes={f"{_ALARM}.rds_free_storage.threshold": 2**29}
    ),
    "monitoring.db_connections": arrives(1000, f"{_ALARM}.rds_connections.threshold"),
    "monitoring.db_connections_percent": Option(
        100,
        changes={
            f"{_ALARM}.rds_connections_share.{key}": ANY  # see test_monitoring.py
            for key in ("threshold", "alarm_description")
        },
    ),
    "monitoring.db_replica_lag_seconds": arrives(2, f"{_ALARM}.rds_replica_lag.threshold"),
    "monitoring.service_cpu_percent": arrives(100, f"{_ALARM}.ecs_cpu.threshold"),
    "monitoring.service_memory_percent": arrives(99, f"{_ALARM}.ecs_memory.threshold"),
    "monitoring.response_time_seconds": arrives(0.25, f"{_ALARM}.alb_response_time.threshold"),
    "monitoring.server_errors_per_5_minutes": arrives(
        3, f"{_ALARM}.alb_5xx.threshold", f"{_ALARM}.alb_own_5xx.threshold"
    ),
    "cost.monthly_budget_usd": Option(2500.5),
    "cost.anomaly_threshold_usd": Option(
        1234567.89,
        changes={
            "aws_ce_anomaly_subscription.platform.threshold_expression.dimension.values": [
                "1234567.89"
            ]
        },
    ),
    "backend": Option(
        {"type": "s3", **_STATE},
        changes={
            "terraform.backend.local": None,
            "terraform.backend.s3": {**_STATE, "encrypt": True, "use_lockfile": True},
            "terraform.required_version": ">= 1.10.0",  # an older one would ignore the lock file
        },
    ),
}
"""Settings that have other values, not another shape: together the `MAXIMAL` stack.

Those without `changes` are the default of a variable, and stand nowhere else.
"""

_KEY = ("aws_kms_key.{0}", "aws_kms_alias.{0}")
_TASK_ROLE = "aws_iam_role.ecs_task_role"
_ALARMS = (
    *("alb_5xx", "alb_own_5xx", "alb_response_time", "alb_unhealthy_hosts"),
    *("ecs_cpu", "ecs_memory", "ecs_running_tasks"),
    *("rds_connections", "rds_connections_share", "rds_cpu"),
    *("rds_cpu_credits", "rds_free_memory", "rds_free_storage", "rds_replica_lag"),
)
_COST = (
    "aws_budgets_budget.monthly",
    "aws_ce_anomaly_monitor.platform",
    "aws_ce_anomaly_subscription.platform",
)
_UNCOUNTED = {f"{_SERVICE}.propagate_tags": None}
_PRIVATE = ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]
_BACKUPS = (
    *(f"aws_backup_{part}.uploads" for part in ("vault", "plan", "selection")),
    *(f"aws_iam_role_policy_attachment.{part}" for part in ("backup", "restore")),
    *(f"aws_cloudwatch_event_{part}.failed_backups" for part in ("rule", "target")),
    "aws_iam_role.backup",
)
_REPORTED = {"aws_sns_topic_policy.alerts.policy.Statement": ANY}  # see test_monitoring.py
_NAT = {"cidr_block": "0.0.0.0/0", "nat_gateway_id": "${aws_nat_gateway.main.id}"}
_AS_TASK = {f"{_TASK}.task_role_arn": "${aws_iam_role.ecs_task_role.arn}"}
_SECRET = f"{_DATABASE}.master_user_secret[0].secret_arn"
_PARAMETERS = {f"{_DATABASE}.parameter_group_name": "${aws_db_parameter_group.main.name}"}


def _waits(*before: str, listener: str = "http", after: tuple[str, ...] = ()) -> dict[str, object]:
    """What the service is created after: permissions first, then what else its tasks need."""
    execution = "aws_iam_role_policy_attachment.ecs_task_execution_attach"
    capacity = "aws_ecs_cluster_capacity_providers.main"
    needed = [f"aws_lb_listener.{listener}", execution, *before, capacity, *after]
    return {f"{_SERVICE}.depends_on": needed}


def _environment(**more: str | None) -> dict[str, object]:
    """What the container is told."""
    told: dict[str, str | None] = {
        "WORDPRESS_DB_HOST": "${aws_db_instance.wordpress.address}",
        "WORDPRESS_DB_USER": "${var.db_username}",
        "WORDPRESS_DB_PASSWORD": "${var.db_password}",
        "WORDPRESS_DB_NAME": "${var.db_name}",
        **more,
    }
    pairs = [{"name": name, "value": value} for name, value in told.items() if value is not None]
    return {f"{_CONTAINER}.environment": pairs}


def _started(written: str) -> dict[str, object]:
    """How the container starts, which writes something first."""
    script = f"{written} && exec docker-entrypoint.sh apache2-foreground"
    return {f"{_CONTAINER}.command": ["bash", "-c", script]}


def _tcp(port: int, description: str, cidrs: str | list[str]) -> dict[str, object]:
    """A rule of a security group; address ranges by the variable that has them."""
    if isinstance(cidrs, str):
        cidrs = [f"${{var.{cidrs}_subnet_cidrs[{number}]}}" for number in (0, 1)]
    ports = {"from_port": port, "to_port": port, "protocol": "tcp"}
    return {**ports, "cidr_blocks": cidrs, "description": description}


def _least_egress(*outbound_ports: int) -> dict[str, object]:
    """What the load balancer and the tasks may reach, and nothing else."""
    return {
        **{
            f"aws_security_group.alb_sg.egress.0.{key}": value
            for key, value in _tcp(80, "HTTP to the tasks", "public").items()
        },
        "aws_security_group.ecs_sg.egress": [
            _tcp(3306, "MySQL to the database", "private"),
            _tcp(443, "HTTPS to AWS, the image registry and WordPress", ["0.0.0.0/0"]),
            _tcp(80, "HTTP to the site itself", ["0.0.0.0/0"]),
            *(_tcp(port, "Outbound as set", ["0.0.0.0/0"]) for port in outbound_ports),
        ],
    }


_HTTPS = Option(
    True,
    adds=("aws_lb_listener.https",),
    changes={
        "aws_lb_listener.http.default_action.0.type": "redirect",
        "aws_lb_listener.http.default_action.0.target_group_arn": None,
        "aws_lb_listener.http.default_action.0.redirect": {
            "port": "443",
            "protocol": "HTTPS",
            "status_code": "HTTP_301",
        },
        "aws_security_group.alb_sg.ingress": [
            _tcp(80, "HTTP from anywhere", ["0.0.0.0/0"]),
            _tcp(443, "HTTPS from anywhere", ["0.0.0.0/0"]),
        ],
        "output.application_url.value": "https://${aws_lb.main.dns_name}",
        "output.application_url.description": ANY,  # see test_alb.py
        **_waits(listener="https"),
    },
)

_MANAGED = Option(
    "managed",
    adds=(
        *("data.aws_db_instance.wordpress", "aws_iam_role_policy.ecs_task_execution_secrets"),
        *("aws_cloudwatch_event_rule.password_rotated", "aws_ssm_document.redeploy"),
        *("aws_cloudwatch_event_target.password_rotated", "aws_iam_role.redeploy"),
        "aws_iam_role_policy.redeploy",
    ),
    changes={
        f"{_DATABASE}.password": None,
        f"{_DATABASE}.manage_master_user_password": True,
        f"{_DATABASE}.lifecycle.precondition": ANY,  # see test_rds.py
        **_environment(WORDPRESS_DB_PASSWORD=None),
        f"{_CONTAINER}.secrets": [
            {
                "name": "WORDPRESS_DB_PASSWORD",
                "valueFrom": f"${{try({_SECRET}, data.{_SECRET})}}:password::",
            }
        ],
        **_waits("aws_iam_role_policy.ecs_task_execution_secrets"),
    },
)

RECIPES: dict[str, dict[str, object]] = {
    _BALANCER: {"idle_timeout": 120, "enable_zonal_shift": True},
    _DATABASE: {
        "max_allocated_storage": 100,
        "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
    },
}
"""The overrides of docs/settings.md, which the provider validates with the other options."""

OPTIONS: dict[str, Option] = {
    "variables": Option(["db_password", "aws_region"]),  # what it changes: test_platform.py
    "outputs": Option(
        ["vpc_id", "application_url"],
        removes=tuple(
            f"output.{name}"
            for name in (
                *("alb_dns_name", "alerts_topic_arn", "ecs_cluster_arn", "ecs_cluster_name"),
                *("ecs_service_name", "private_subnet_ids", "public_subnet_ids"),
                *("rds_endpoint", "rds_identifier"),
            )
        ),
    ),
    "tags": Option(
        {"CostCentre": "4711", "team: web/2": ""},
        changes={
            "provider.default_tags.0.tags.CostCentre": "4711",
            "provider.default_tags.0.tags.team: web/2": "",
        },
    ),
    "permissions_boundary_arn": arrives(
        BOUNDARY,
        *(
            f"aws_iam_role.{name}.permissions_boundary"
            for name in ("rds_monitoring", "ecs_task_execution_role")
        ),
    ),
    "provider_version": Option("6", changes={"terraform.required_providers.aws.version": "~> 6.0"}),
    "default_tags": Option(
        False,
        removes=_COST,
        needs={"cost": None},
        changes={"provider.default_tags": None, **_UNCOUNTED},
    ),
    "customer_managed_keys": Option(
        ["logs", "database", "alerts", "secrets", "uploads"],
        # of the others, nothing is there to encrypt
        adds=tuple(part.format(use) for use in ("logs", "database", "alerts") for part in _KEY),
        changes={
            "aws_cloudwatch_log_group.ecs.kms_key_id": "${aws_kms_key.logs.arn}",
            "aws_db_instance.wordpress.kms_key_id": "${aws_kms_key.database.arn}",
            "aws_sns_topic.alerts.kms_master_key_id": "${aws_kms_key.alerts.arn}",
        },
    ),
    "network.zones": Option(
        "a_and_b",
        changes={
            **{
                f"aws_subnet.{kind}_{number}.availability_zone": f"${{var.aws_region}}{zone}"
                for kind in ("public", "private")
                for number, zone in ((1, "a"), (2, "b"))
            },
            "aws_vpc.main.lifecycle.precondition": ANY,  # see test_vpc.py
        },
    ),
    "network.public_ip_on_launch": arrives(
        False, *(f"aws_subnet.public_{number}.map_public_ip_on_launch" for number in (1, 2))
    ),
    "network.private_egress": Option(
        "nat_per_zone",
        adds=(
            *("aws_eip.nat", "aws_eip.nat_2", "aws_nat_gateway.main", "aws_nat_gateway.main_2"),
            "aws_route_table.private_2",
        ),
        changes={
            "aws_route_table.private.route": [_NAT],
            "aws_route_table_association.private_2.route_table_id": (
                "${aws_route_table.private_2.id}"
            ),
        },
    ),
    "network.task_subnets": Option(
        "private",
        adds=("aws_eip.nat", "aws_nat_gateway.main"),
        needs={"network.private_egress": "single_nat"},
        changes={
            "aws_route_table.private.route": [_NAT],
            f"{_SERVICE}.network_configuration.assign_public_ip": False,
            f"{_SERVICE}.network_configuration.subnets": _PRIVATE,
        },
    ),
    "network.allowed_egress": Option("least", changes=_least_egress()),
    "network.outbound_ports": Option(
        [587, 25],
        needs={"network.allowed_egress": "least"},
        changes=_least_egress(587, 25),
    ),
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
    "load_balancer.deregistration_delay_seconds": Option(
        30, changes={f"{_GROUP}.deregistration_delay": "30"}
    ),
    "load_balancer.deletion_protection": arrives(True, f"{_BALANCER}.enable_deletion_protection"),
    "load_balancer.https": _HTTPS,
    "load_balancer.certificate_arn": replace(
        _HTTPS, value=CERTIFICATE, needs={"load_balancer.https": True}
    ),
    "load_balancer.domain": Option(
        DOMAIN,
        adds=(
            *("data.aws_route53_zone.domain", "aws_acm_certificate.domain"),
            *("aws_acm_certificate_validation.domain", "aws_lb_listener.https"),
            *("aws_route53_record.domain", "aws_route53_record.proof"),
        ),
        changes={
            **{k: v for k, v in _HTTPS.changes.items() if not k.startswith("output.")},
            "output.application_url.value": "https://blog.example.com",
            **_environment(
                WORDPRESS_CONFIG_EXTRA="define('WP_HOME','https://blog.example.com'); "
                "define('WP_SITEURL','https://blog.example.com');"
            ),
        },
    ),
    "load_balancer.host_name": Option(
        "www.example.com", changes={"output.application_url.value": "http://www.example.com"}
    ),
    "load_balancer.https_at_cdn": Option(
        True,
        needs={"load_balancer.host_name": "www.example.com"},
        changes={
            "output.application_url.value": "https://www.example.com",
            **_environment(WORDPRESS_CONFIG_EXTRA="$_SERVER['HTTPS']='on';"),
        },
    ),
    "load_balancer.access_log_retention_days": Option(
        90,
        adds=tuple(
            f"aws_s3_bucket{part}.access_logs"
            for part in (
                *("", "_lifecycle_configuration", "_notification", "_policy"),
                *("_public_access_block", "_server_side_encryption_configuration", "_versioning"),
            )
        ),
        changes={
            f"{_BALANCER}.access_logs": {
                "bucket": "${aws_s3_bucket.access_logs.bucket}",
                "enabled": True,
            },
            f"{_BALANCER}.depends_on": [
                "aws_internet_gateway.igw",
                "aws_s3_bucket_policy.access_logs",
            ],
        },
    ),
    "load_balancer.waf": Option(
        {"requests_per_5_minutes": 1000, "log_retention_days": 30},
        adds=(
            *("aws_wafv2_web_acl.main", "aws_wafv2_web_acl_association.main"),
            *("aws_wafv2_web_acl_logging_configuration.main", "aws_cloudwatch_log_group.waf"),
        ),
    ),
    "image.repository": Option(
        True, adds=("aws_ecr_repository.image", "aws_ecr_lifecycle_policy.image")
    ),
    "container.require_digest": Option(True, needs={"container.image": DIGEST}),
    "container.capacity": Option(
        "FARGATE_SPOT",
        changes={
            # AWS refuses a service that has both
            f"{_SERVICE}.launch_type": None,
            f"{_SERVICE}.capacity_provider_strategy": [
                {"capacity_provider": "FARGATE_SPOT", "weight": 1}
            ],
        },
    ),
    "container.on_demand_base": Option(
        1,
        needs={"container.capacity": "FARGATE_SPOT"},
        changes={
            f"{_SERVICE}.launch_type": None,
            f"{_SERVICE}.capacity_provider_strategy": [
                {"capacity_provider": "FARGATE_SPOT", "weight": 1},
                {"capacity_provider": "FARGATE", "base": 1, "weight": 0},
            ],
        },
    ),
    "container.capacity_providers": Option(
        False,
        removes=("aws_ecs_cluster_capacity_providers.main",),
        changes={
            f"{_SERVICE}.depends_on": [
                "aws_lb_listener.http",
                "aws_iam_role_policy_attachment.ecs_task_execution_attach",
            ]
        },
    ),
    "container.health_check_command": Option(
        "curl -f http://localhost/",
        changes={
            f"{_CONTAINER}.healthCheck": {
                "command": ["CMD-SHELL", "curl -f http://localhost/"],
                **{"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60},
            }
        },
    ),
    "container.wait_for_steady_state": Option(
        False,
        changes={
            f"{_SERVICE}.wait_for_steady_state": None,
            f"{_SERVICE}.lifecycle.postcondition": None,
        },
    ),
    "container.rollback_alarms": Option(
        True,
        changes={
            f"{_SERVICE}.alarms": {
                "alarm_names": [
                    f"${{var.project_name}}-alb-{name}"
                    for name in ("5xx", "own-5xx", "response-time")
                ],
                "enable": True,
                "rollback": True,
            },
            f"{_SERVICE}.lifecycle.postcondition.0.error_message": ANY,  # see test_ecs.py
        },
    ),
    "container.zone_rebalancing": Option(
        True, changes={f"{_SERVICE}.availability_zone_rebalancing": "ENABLED"}
    ),
    "container.task_role": Option(True, adds=(_TASK_ROLE,), changes=_AS_TASK),
    "container.execute_command": Option(
        True,
        adds=(_TASK_ROLE, "aws_iam_role_policy.ecs_task"),
        changes={f"{_SERVICE}.enable_execute_command": True, **_AS_TASK},
    ),
    "container.fixed_site_url": Option(
        True,
        changes=_environment(
            WORDPRESS_CONFIG_EXTRA="define('WP_HOME','http://${aws_lb.main.dns_name}'); "
            "define('WP_SITEURL','http://${aws_lb.main.dns_name}');"
        ),
    ),
    "container.service_discovery": Option(
        True,
        adds=(
            "aws_service_discovery_private_dns_namespace.main",
            "aws_service_discovery_service.wordpress",
        ),
        changes={
            f"{_SERVICE}.service_registries": {
                "registry_arn": "${aws_service_discovery_service.wordpress.arn}"
            }
        },
    ),
    "container.shared_keys": Option(
        True,
        adds=(
            "aws_cloudformation_stack.wordpress_keys",
            "aws_iam_role_policy.ecs_task_execution_secrets",
        ),
        changes={
            f"{_CONTAINER}.secrets": ANY,  # see test_options.py
            **_waits("aws_iam_role_policy.ecs_task_execution_secrets"),
        },
    ),
    "container.shared_uploads": Option(
        True,
        adds=(
            *("aws_efs_file_system.uploads", "aws_efs_file_system_policy.uploads"),
            *("aws_efs_mount_target.uploads_1", "aws_efs_mount_target.uploads_2"),
            *("aws_efs_access_point.uploads", "aws_security_group.efs_sg"),
            *(_TASK_ROLE, "aws_iam_role_policy.ecs_task", *_BACKUPS),
            *(f"{_ALARM}.efs_io_limit", f"{_ALARM}.efs_burst_credits"),
        ),
        changes={
            **_REPORTED,
            f"{_TASK}.volume": ANY,  # see test_options.py
            f"{_CONTAINER}.mountPoints": ANY,
            **_waits(after=("aws_efs_mount_target.uploads_1", "aws_efs_mount_target.uploads_2")),
            **_AS_TASK,
        },
    ),
    "container.environment": Option(
        {"WORDPRESS_DEBUG": "1"}, changes=_environment(WORDPRESS_DEBUG="1")
    ),
    "container.port": Option(
        8080,
        changes={
            f"{_CONTAINER}.portMappings.0.containerPort": 8080,
            f"{_CONTAINER}.portMappings.0.hostPort": 8080,
            f"{_SERVICE}.load_balancer.0.container_port": 8080,
            "aws_security_group.ecs_sg.ingress.0.from_port": 8080,
            "aws_security_group.ecs_sg.ingress.0.to_port": 8080,
        },
    ),
    "container.command": Option(
        ["serve", "--greet", 'it\'s "me"'],
        changes={f"{_CONTAINER}.command": ["serve", "--greet", 'it\'s "me"']},
    ),
    "container.database_environment": Option(
        {"host": "DB_HOST", "password": "DB_PASS"},
        needs={
            "container.image": "registry.example.com/shop:1",
            "load_balancer.health_check_path": "/health",
        },
        changes={
            f"{_CONTAINER}.environment": [
                {"name": "DB_HOST", "value": "${aws_db_instance.wordpress.address}"},
                {"name": "DB_PASS", "value": "${var.db_password}"},
            ],
            f"{_CHECK}.path": "/health",
        },
    ),
    "container.secrets": Option(
        {"API_KEY": f"{SECRET}:key::", "TOKEN": PARAMETER},
        adds=("aws_iam_role_policy.ecs_task_execution_secrets",),
        changes={
            f"{_CONTAINER}.secrets": [
                {"name": "API_KEY", "valueFrom": f"{SECRET}:key::"},
                {"name": "TOKEN", "valueFrom": PARAMETER},
            ],
            **_waits("aws_iam_role_policy.ecs_task_execution_secrets"),
        },
    ),
    "container.task_permissions": Option(
        [{"actions": ["s3:GetObject", "s3:Put*"], "resources": ["arn:aws:s3:::shop/*"]}],
        adds=(_TASK_ROLE, "aws_iam_role_policy.ecs_task"),
        changes=_AS_TASK,
    ),
    "container.wordpress_constants": Option(
        {"DISALLOW_FILE_MODS": True, "WP_MEMORY_LIMIT": "128M", "WP_POST_REVISIONS": 5},
        changes=_environment(
            WORDPRESS_CONFIG_EXTRA="define('DISALLOW_FILE_MODS',true); "
            "define('WP_MEMORY_LIMIT','128M'); define('WP_POST_REVISIONS',5);"
        ),
    ),
    "container.apache_conf": Option(
        {"KeepAlive": False, "LogFormat": '"%h" it\'s', "MaxRequestWorkers": 30},
        changes=_started(
            """printf '%s\\n' 'KeepAlive Off' 'LogFormat "%h" it'"'"'s' """
            "'MaxRequestWorkers 30' > /etc/apache2/conf-enabled/zz-platform.conf"
        ),
    ),
    "container.php_ini": Option(
        {"upload_max_filesize": "64M", "display_errors": True},
        changes=_started(
            "printf '%s\\n' 'upload_max_filesize = 64M' 'display_errors = On' "
            "> /usr/local/etc/php/conf.d/zz-platform.ini"
        ),
    ),
    "autoscaling": Option(
        None,
        removes=(
            *("aws_appautoscaling_policy.cpu", "aws_appautoscaling_policy.memory"),
            "aws_appautoscaling_target.ecs",
        ),
        changes={f"{_SERVICE}.lifecycle.ignore_changes": None},
    ),
    "autoscaling.sleep": Option(
        {"from_cron": "cron(0 19 ? * * *)", "until_cron": "cron(0 7 ? * * *)", "timezone": "UTC"},
        adds=(
            "aws_appautoscaling_scheduled_action.sleep",
            "aws_appautoscaling_scheduled_action.wake",
        ),
        changes={
            # or an apply at night would wake the service up
            "aws_appautoscaling_target.ecs.lifecycle": {
                "ignore_changes": ["min_capacity", "max_capacity"]
            }
        },
    ),
    "database.upgrade": Option(
        "blue_green",
        changes={
            f"{_DATABASE}.allow_major_version_upgrade": True,
            f"{_DATABASE}.blue_green_update": {"enabled": True},
        },
    ),
    "database.username_sensitive": Option(False),
    "database.password": _MANAGED,
    "database.rotation": Option(
        {"cron": "cron(0 22 1 */3 ? *)", "window_hours": 2},
        # what else there is of a managed password is above
        adds=(*_MANAGED.adds, "aws_secretsmanager_secret_rotation.password"),
        needs={"database.password": "managed"},
        changes=_MANAGED.changes,
    ),
    "database.require_tls": Option(
        True,
        adds=("aws_db_parameter_group.main",),
        changes={
            **_environment(
                WORDPRESS_CONFIG_EXTRA="define('MYSQL_CLIENT_FLAGS',MYSQLI_CLIENT_SSL);"
            ),
            **_PARAMETERS,
        },
    ),
    "database.slow_query_log": Option(
        True, adds=("aws_db_parameter_group.main",), changes=_PARAMETERS
    ),
    "database.iam_authentication": arrives(
        True, f"{_DATABASE}.iam_database_authentication_enabled"
    ),
    "database.deletion_protection": arrives(True, f"{_DATABASE}.deletion_protection"),
    "database.apply_immediately": arrives(True, f"{_DATABASE}.apply_immediately"),
    "backup.copy_region": Option(
        "eu-west-1",
        adds=(
            *(*_BACKUPS, "aws_backup_vault.copies"),
            *(part.format("copies") for part in _KEY),
        ),
        changes=_REPORTED,
    ),
    "backup.vault_lock_days": Option(
        7,
        adds=(
            *(*_BACKUPS, "aws_backup_vault.copies"),
            *(part.format("copies") for part in _KEY),
            *(f"aws_backup_vault_lock_configuration.{name}" for name in ("uploads", "copies")),
        ),
        needs={"backup.copy_region": "eu-west-1"},
        changes=_REPORTED,
    ),
    "monitoring": Option(
        None,
        removes=(*(f"{_ALARM}.{name}" for name in _ALARMS), "aws_cloudwatch_dashboard.main"),
    ),
    "monitoring.subscriptions": Option(
        ["a@example.com", "https://events.example.com/1"],
        adds=tuple(f"aws_sns_topic_subscription.to_{name}" for name in ("08168cd8", "cf714d54")),
    ),
    "monitoring.database_events": Option(True, adds=("aws_db_event_subscription.database",)),
    "cost": Option(None, removes=_COST, changes=_UNCOUNTED),
    "cost.anomaly_detection": Option(False, removes=_COST[1:]),
    "resilience.fault_injection": Option(
        True,
        adds=(
            *(f"aws_fis_experiment_template.zone_{number}" for number in (1, 2)),
            *("aws_iam_role.fault_injection", "aws_iam_role_policy.fault_injection"),
            *("aws_cloudwatch_log_group.fault_injection", f"{_ALARM}.fault_injection"),
        ),
    ),
    "overrides": Option(
        {
            _GROUP: {"health_check.timeout": None},
            _SERVICE: {"deployment_controller": {"type": "ECS"}},
            **RECIPES,
        },
        changes={
            f"{_CHECK}.timeout": None,
            f"{_SERVICE}.deployment_controller": {"type": "ECS"},
            **{f"{at}.{key}": value for at, said in RECIPES.items() for key, value in said.items()},
        },
    ),
}
"""Settings that give the stack another shape, each alone, by dotted path."""


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


def settings_of(*paths: str, **others: object) -> dict[str, object]:
    """The settings of a stack that differs from the contract in these options, and in others."""
    values: dict[str, object] = {}
    for path in paths:
        values |= {**(OPTIONS[path].needs or {}), path: OPTIONS[path].value}
    return nested(values | others)


MAXIMAL = nested({path: setting.value for path, setting in VALUES.items()})
