"""The contract, row by row: what the original's README says, and where the stack says it.

Each row begins with the README's own words. Where it is silent, `code:` says what the original's
code does, and where that is silent too, `ours:` what this project decided. The values are those
that Terraform plans while nobody sets a variable. Every attribute of the default stack is in a row,
so no other test has to say it again.
"""

from typing import Any, TypeAlias

import pytest

from constructs_lib.settings.database import connections_of
from tests.synth.synthesized import Synthesized, leaves

Row: TypeAlias = tuple[str, str, object]
"""Who says it, of which attribute, and the value."""

VPC = "${aws_vpc.main.id}"
TOPIC = "${aws_sns_topic.alerts.arn}"
PUBLIC = ["${aws_subnet.public_1.id}", "${aws_subnet.public_2.id}"]
SERVICE_ROLE = "arn:aws:iam::aws:policy/service-role"
PRIVATE = ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]
RDS = {"DBInstanceIdentifier": "${aws_db_instance.wordpress.identifier}"}
SERVICE = {
    "ClusterName": "${aws_ecs_cluster.main.name}",
    "ServiceName": "${aws_ecs_service.wordpress.name}",
}
BALANCER = {"LoadBalancer": "${aws_lb.main.arn_suffix}"}
TARGETS = {"TargetGroup": "${aws_lb_target_group.main.arn_suffix}", **BALANCER}
ALB, INSIGHTS = "AWS/ApplicationELB", "ECS/ContainerInsights"
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
WAIT, FINE = "missing", "notBreaching"

WORDING = ("alarm_description", "description", "lifecycle.precondition", "lifecycle.postcondition")
"""Attributes that are left to the modules' own tests."""


def called(suffix: str, attribute: str = "name", *, by: str = "code") -> Row:
    """A name that begins with the project's."""
    return (f"{by}: {attribute} -{suffix}", attribute, f"resilience-platform-{suffix}")


def subnet(name: str, cidr: str, zone: str, *, public: bool) -> list[Row]:
    """A subnet and what its kind decides."""
    return [
        ("2 Public subnets (ALB, ECS)" if public else "2 Private subnets (RDS)", "vpc_id", VPC),
        (cidr, "cidr_block", cidr),
        (zone, "availability_zone", zone),
        ("with IGW routes" if public else "no internet access", "map_public_ip_on_launch", public),
        called(name, "tags.Name"),
    ]


def security_group(tier: str, description: str, *rules: Row) -> list[Row]:
    """A security group with its inbound and outbound rules."""
    return [
        called(f"{tier}-sg"),
        ("code: description", "description", description),
        ("code: in the VPC", "vpc_id", VPC),
        *rules,
    ]


def tcp_from(port: int, description: str, **source: list[str]) -> dict[str, object]:
    """A rule that admits one TCP port."""
    rule: dict[str, object] = {"from_port": port, "to_port": port, "protocol": "tcp"}
    return rule | {"description": description} | source


EVERYTHING_OUT = tcp_from(0, "Allow all outbound", cidr_blocks=["0.0.0.0/0"]) | {"protocol": "-1"}


def trust(service: str) -> str:
    """The trust policy of a role for one AWS service."""
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
        f'{{"Service": "{service}.amazonaws.com"}}, "Action": "sts:AssumeRole"}}]}}'
    )


def may_publish(sid: str, service: str) -> dict[str, object]:
    """The statement that lets one AWS service publish alerts, on behalf of this account only."""
    account = "${data.aws_caller_identity.current.account_id}"
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def tracking(name: str, says: str, percent: int) -> list[Row]:
    """A policy that keeps a metric of the service at a percentage."""
    target = "aws_appautoscaling_target.ecs"
    configuration = {
        "predefined_metric_specification": {
            "predefined_metric_type": f"ECSServiceAverage{says}Utilization"
        },
        "target_value": percent,
        "scale_out_cooldown": 60,
        "scale_in_cooldown": 300,
    }
    return [
        called(name, by="ours"),
        ("Auto-scaling policies respond to demand", "policy_type", "TargetTrackingScaling"),
        (f"{says} utilization", "target_tracking_scaling_policy_configuration", configuration),
        ("ours: comes after the target", "service_namespace", f"${{{target}.service_namespace}}"),
        ("ours: comes after the target", "scalable_dimension", f"${{{target}.scalable_dimension}}"),
        ("ours: comes after the target", "resource_id", f"${{{target}.resource_id}}"),
    ]


# who says it, name, metric, statistic, comparison, threshold, periods, their seconds, missing data
ALARMS: list[tuple[str, dict[str, str], list[tuple[Any, ...]]]] = [
    ("AWS/RDS", RDS, [
        ("High CPU utilization", "rds_cpu", "CPUUtilization", "Average", ABOVE, 80, 3, 300, WAIT),
        ("ours: short of memory", "rds_free_memory", "FreeableMemory",
         "Average", BELOW, 64 * 2**20, 3, 300, WAIT),
        ("ours: CPU credits", "rds_cpu_credits", "CPUCreditBalance",
         "Maximum", BELOW, 5, 12, 300, WAIT),
        ("Low free storage", "rds_free_storage", "FreeStorageSpace",
         "Minimum", BELOW, 2**31, 1, 300, WAIT),
        ("Connection count threshold", "rds_connections", "DatabaseConnections",
         "Maximum", ABOVE, 60, 3, 60, WAIT),
        ("ours: of what the class allows", "rds_connections_share", "DatabaseConnections",
         "Maximum", ABOVE, f"${{{connections_of('var.db_instance_class', 80)}}}", 3, 60, WAIT),
        ("Replication lag alert", "rds_replica_lag", "ReplicaLag",
         "Maximum", ABOVE, 30, 3, 60, FINE),
    ]),
    ("AWS/ECS", SERVICE, [
        ("CPU utilization", "ecs_cpu", "CPUUtilization", "Average", ABOVE, 85, 3, 60, WAIT),
        ("Memory utilization", "ecs_memory", "MemoryUtilization",
         "Average", ABOVE, 85, 3, 60, WAIT),
    ]),
    (ALB, TARGETS, [
        ("Target group health", "alb_unhealthy_hosts", "UnHealthyHostCount",
         "Maximum", ABOVE, 0, 2, 60, FINE),
        ("Request count and latency", "alb_response_time", "TargetResponseTime",
         "Average", ABOVE, 2, 3, 60, FINE),
        ("ours: failing answers", "alb_5xx", "HTTPCode_Target_5XX_Count",
         "Sum", ABOVE, 10, 1, 300, FINE),
    ]),
    (ALB, BALANCER, [
        ("ours: failing answers", "alb_own_5xx", "HTTPCode_ELB_5XX_Count",
         "Sum", ABOVE, 10, 1, 300, FINE),
    ]),
]  # fmt: skip

BURSTABLE = ("count", '${can(regex("^db[.]t", var.db_instance_class)) ? 1 : 0}')


def alarm(name: str, *rows: Row) -> list[Row]:
    """An alarm that tells the topic when it goes off, and when it is over."""
    return [
        called(name.replace("_", "-"), "alarm_name", by="ours"),
        *rows,
        ("ours: tells the topic", "alarm_actions", [TOPIC]),
        ("ours: tells the topic when it is over", "ok_actions", [TOPIC]),
    ]


def counted(id: str, metric: str) -> dict[str, object]:
    """How many tasks there are, as a part of a formula."""
    named = {"namespace": INSIGHTS, "metric_name": metric, "dimensions": SERVICE}
    return {"id": id, "metric": {**named, "period": 60, "stat": "Minimum"}}


def line(namespace: str, metric: str, dimensions: dict[str, str], **style: str) -> list[object]:
    """A metric as a line of a graph."""
    named = [part for pair in dimensions.items() for part in pair]
    return [namespace, metric, *named, *([style] if style else [])]


def graph(number: int, title: str, statistic: str, lines: list[list[object]]) -> dict[str, object]:
    """A graph of the dashboard, in rows of three."""
    place = {"x": number % 3 * 8, "y": number // 3 * 6, "width": 8, "height": 6}
    shown = {"title": title, "stat": statistic, "metrics": lines}
    how = {"region": "eu-central-1", "view": "timeSeries", "period": 60}
    return {"type": "metric", **place, "properties": {**shown, **how}}


# who says it, title, statistic, lines
GRAPHS: list[tuple[Any, ...]] = [
    ("CPU utilization, Memory utilization", "Service CPU and memory (%)", "Average",
     line("AWS/ECS", "CPUUtilization", SERVICE), line("AWS/ECS", "MemoryUtilization", SERVICE)),
    ("Task count (desired vs. running)", "Tasks: desired and running", "Average",
     line(INSIGHTS, "DesiredTaskCount", SERVICE), line(INSIGHTS, "RunningTaskCount", SERVICE)),
    ("Target group health", "Targets: healthy and unhealthy", "Average",
     line(ALB, "HealthyHostCount", TARGETS), line(ALB, "UnHealthyHostCount", TARGETS)),
    ("Request count", "Requests", "Sum", line(ALB, "RequestCount", BALANCER)),
    ("latency", "Response time (s)", "Average",
     line(ALB, "TargetResponseTime", TARGETS),
     line(ALB, "TargetResponseTime", TARGETS, stat="p95")),
    ("ours: failing answers", "Server errors", "Sum",
     line(ALB, "HTTPCode_Target_5XX_Count", TARGETS),
     line(ALB, "HTTPCode_ELB_5XX_Count", BALANCER)),
    ("RDS Monitoring", "Database CPU (%)", "Average", line("AWS/RDS", "CPUUtilization", RDS)),
    ("Database connections", "Database connections", "Average",
     line("AWS/RDS", "DatabaseConnections", RDS)),
    ("Low free storage", "Database free storage", "Average",
     line("AWS/RDS", "FreeStorageSpace", RDS)),
]  # fmt: skip

CONTRACT: dict[str, list[Row]] = {
    # 1. Network Foundation (vpc.tf)
    "aws_vpc.main": [
        ("CIDR: 10.0.0.0/16", "cidr_block", "10.0.0.0/16"),
        ("DNS hostnames: Enabled", "enable_dns_hostnames", True),
        ("DNS support: Enabled", "enable_dns_support", True),
        called("vpc", "tags.Name"),
    ],
    "aws_subnet.public_1": subnet("public-1", "10.0.1.0/24", "eu-central-1a", public=True),
    "aws_subnet.public_2": subnet("public-2", "10.0.2.0/24", "eu-central-1b", public=True),
    "aws_subnet.private_1": subnet("private-1", "10.0.3.0/24", "eu-central-1a", public=False),
    "aws_subnet.private_2": subnet("private-2", "10.0.4.0/24", "eu-central-1b", public=False),
    "aws_internet_gateway.igw": [
        ("with IGW routes", "vpc_id", VPC),
        called("igw", "tags.Name"),
    ],
    "aws_route_table.public": [
        ("code: in the VPC", "vpc_id", VPC),
        (
            "Public route table: 0.0.0.0/0 → Internet Gateway",
            "route",
            [{"cidr_block": "0.0.0.0/0", "gateway_id": "${aws_internet_gateway.igw.id}"}],
        ),
        called("public-rt", "tags.Name"),
    ],
    "aws_route_table.private": [
        ("code: in the VPC", "vpc_id", VPC),
        # empty and not absent: Terraform then also removes routes that somebody added by hand
        ("Private route tables: Local VPC traffic only", "route", []),
        called("private-rt", "tags.Name"),
    ],
    **{
        f"aws_route_table_association.{kind}_{number}": [
            (says, "subnet_id", f"${{aws_subnet.{kind}_{number}.id}}"),
            (says, "route_table_id", f"${{aws_route_table.{kind}.id}}"),
        ]
        for kind, says in (("public", "with IGW routes"), ("private", "with no internet access"))
        for number in (1, 2)
    },
    # 2. Security Groups (sg.tf)
    "aws_security_group.alb_sg": security_group(
        "alb",
        "Allow HTTP inbound from internet",
        (
            "Internet → ALB: Only port 80 allowed from anywhere",
            "ingress",
            [tcp_from(80, "HTTP from anywhere", cidr_blocks=["0.0.0.0/0"])],
        ),
        ('egress { from_port = 0 to_port = 0 protocol = "-1"', "egress", [EVERYTHING_OUT]),
    ),
    "aws_security_group.ecs_sg": security_group(
        "ecs",
        "Allow traffic from ALB and outbound internet",
        (
            "ALB → ECS: Only from ALB security group",
            "ingress",
            [tcp_from(80, "HTTP from ALB", security_groups=["${aws_security_group.alb_sg.id}"])],
        ),
        ("code: out all", "egress", [EVERYTHING_OUT]),
    ),
    "aws_security_group.rds_sg": security_group(
        "rds",
        "Allow MySQL inbound from ECS only",
        (
            "ECS → RDS: Only from ECS security group",
            "ingress",
            [tcp_from(3306, "MySQL from ECS", security_groups=["${aws_security_group.ecs_sg.id}"])],
        ),
        # empty and not absent: that would leave AWS's own rule in place, which allows everything
        ("RDS → Internet: No outbound allowed", "egress", []),
    ),
    # 3. Application Load Balancer (alb.tf)
    "aws_lb.main": [
        called("alb"),
        ("Type: Internet-facing", "internal", False),
        ("Application Load Balancer", "load_balancer_type", "application"),
        ("Scheme: IPv4", "ip_address_type", "ipv4"),
        ("Subnets: Both public subnets for zone redundancy", "subnets", PUBLIC),
        ("ALB security group attached", "security_groups", ["${aws_security_group.alb_sg.id}"]),
        ("Cross-Zone Load Balancing: Enabled", "enable_cross_zone_load_balancing", True),
        ("ours: no request smuggling", "drop_invalid_header_fields", True),
        ("ours: AWS refuses it earlier", "depends_on", ["aws_internet_gateway.igw"]),
        called("alb", "tags.Name"),
    ],
    "aws_lb_target_group.main": [
        called("tg"),
        ("Protocol: HTTP", "protocol", "HTTP"),
        ("Port: 80", "port", 80),
        ("code: type ip", "target_type", "ip"),
        ("code: in the VPC", "vpc_id", VPC),
        ("enabled = true", "health_check.enabled", True),
        ('path = "/wp-admin/install.php"', "health_check.path", "/wp-admin/install.php"),
        ("code: protocol HTTP", "health_check.protocol", "HTTP"),
        ("interval = 30", "health_check.interval", 30),
        ("timeout = 5", "health_check.timeout", 5),
        ("healthy_threshold = 2", "health_check.healthy_threshold", 2),
        ("unhealthy_threshold = 3", "health_check.unhealthy_threshold", 3),
        ('matcher = "200-399"', "health_check.matcher", "200-399"),
        ("Session Persistence: Stateful application handling", "stickiness.enabled", True),
        ("Session Persistence", "stickiness.type", "lb_cookie"),
        ("ours: one day", "stickiness.cookie_duration", 86400),
        called("tg", "tags.Name"),
    ],
    "aws_lb_listener.http": [
        ("code: of the load balancer", "load_balancer_arn", "${aws_lb.main.arn}"),
        ("Port: 80 (HTTP)", "port", 80),
        ("Port: 80 (HTTP)", "protocol", "HTTP"),
        (
            "Action: Forward to target group",
            "default_action",
            [{"type": "forward", "target_group_arn": "${aws_lb_target_group.main.arn}"}],
        ),
    ],
    # 4. Container Orchestration (ecs.tf)
    "aws_ecs_cluster.main": [
        ("Name: resilience-platform-cluster", "name", "resilience-platform-cluster"),
        ("Task count", "setting", [{"name": "containerInsights", "value": "enabled"}]),
    ],
    "aws_ecs_cluster_capacity_providers.main": [
        ("code: of the cluster", "cluster_name", "${aws_ecs_cluster.main.name}"),
        ("FARGATE, FARGATE_SPOT", "capacity_providers", ["FARGATE", "FARGATE_SPOT"]),
    ],
    "aws_iam_role.ecs_task_execution_role": [
        called("ecs-task-execution-role"),
        ("iam:CreateRole (for ECS task execution)", "assume_role_policy", trust("ecs-tasks")),
    ],
    "aws_iam_role_policy_attachment.ecs_task_execution_attach": [
        ("code: of the role", "role", "${aws_iam_role.ecs_task_execution_role.name}"),
        ("code: AWS's own", "policy_arn", f"{SERVICE_ROLE}/AmazonECSTaskExecutionRolePolicy"),
    ],
    "aws_ecs_task_definition.wordpress": [
        ('"family": "resilience-platform-task"', "family", "resilience-platform-task"),
        ('"networkMode": "awsvpc"', "network_mode", "awsvpc"),
        ('"requiresCompatibilities": ["FARGATE"]', "requires_compatibilities", ["FARGATE"]),
        ('"cpu": "512"', "cpu", 512),
        ('"memory": "1024"', "memory", 1024),
        ("code", "execution_role_arn", "${aws_iam_role.ecs_task_execution_role.arn}"),
        ('"name": "app"', "container_definitions.0.name", "app"),
        ('"image": "wordpress:latest"', "container_definitions.0.image", "wordpress:latest"),
        ("code: essential", "container_definitions.0.essential", True),
        (
            '"portMappings": [{"containerPort": 80}]',
            "container_definitions.0.portMappings",
            [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
        ),
        (
            '"environment": [ {"name": "WORDPRESS_DB_HOST"',
            "container_definitions.0.environment",
            [
                {"name": "WORDPRESS_DB_HOST", "value": "${aws_db_instance.wordpress.address}"},
                {"name": "WORDPRESS_DB_USER", "value": "admin"},
                {"name": "WORDPRESS_DB_PASSWORD", "value": "${var.db_password}"},
                {"name": "WORDPRESS_DB_NAME", "value": "wordpress"},
            ],
        ),
        ('"logDriver": "awslogs"', "container_definitions.0.logConfiguration.logDriver", "awslogs"),
        (
            '"awslogs-group": "/ecs/resilience-platform", "awslogs-region": "eu-central-1"',
            "container_definitions.0.logConfiguration.options",
            {
                "awslogs-group": "${aws_cloudwatch_log_group.ecs.name}",
                "awslogs-region": "eu-central-1",
                "awslogs-stream-prefix": "ecs",
            },
        ),
    ],
    "aws_cloudwatch_log_group.ecs": [
        ("Log group: /ecs/resilience-platform", "name", "/ecs/resilience-platform"),
        ("Retention: 7 days", "retention_in_days", 7),
        called("logs", "tags.Name"),
    ],
    "aws_ecs_service.wordpress": [
        called("service"),
        ("code: in the cluster", "cluster", "${aws_ecs_cluster.main.id}"),
        ("code", "task_definition", "${aws_ecs_task_definition.wordpress.arn}"),
        ("Desired count: 2 (one per AZ)", "desired_count", 2),
        ("Auto-scaling policies", "lifecycle.ignore_changes", ["desired_count"]),
        ("Launch type: FARGATE", "launch_type", "FARGATE"),
        ("Network: Public subnets", "network_configuration.subnets", PUBLIC),
        ("public IP assignment", "network_configuration.assign_public_ip", True),
        (
            "Only from ALB security group",
            "network_configuration.security_groups",
            ["${aws_security_group.ecs_sg.id}"],
        ),
        (
            "Load balancer: Integrated with target group",
            "load_balancer",
            [
                {
                    "target_group_arn": "${aws_lb_target_group.main.arn}",
                    "container_name": "app",
                    "container_port": 80,
                }
            ],
        ),
        ("Deployment: Rolling update strategy", "deployment_minimum_healthy_percent", 100),
        ("Deployment: Rolling update strategy", "deployment_maximum_percent", 200),
        ("code: rolls back", "deployment_circuit_breaker", {"enable": True, "rollback": True}),
        ("ours: a rollback fails the apply", "wait_for_steady_state", True),
        ("Health check grace period: 60 seconds", "health_check_grace_period_seconds", 60),
        # AWS and the provider have different defaults: left out, it would plan a change
        ("code: not set", "availability_zone_rebalancing", "DISABLED"),
        ("ours: costs are counted by tag", "propagate_tags", "SERVICE"),
        (
            # without the role's policy or the cluster's capacity, draining never ends
            "ours: destroyed before what its tasks need",
            "depends_on",
            [
                "aws_lb_listener.http",
                "aws_iam_role_policy_attachment.ecs_task_execution_attach",
                "aws_ecs_cluster_capacity_providers.main",
            ],
        ),
    ],
    # Autoscaling
    "aws_appautoscaling_target.ecs": [
        ("Auto-scaling container orchestration with ECS Fargate", "service_namespace", "ecs"),
        ("Auto-scaling container orchestration", "scalable_dimension", "ecs:service:DesiredCount"),
        (
            "Auto-scaling container orchestration",
            "resource_id",
            "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.wordpress.name}",
        ),
        ("2 (one per AZ)", "min_capacity", 2),
        ("ours: twice the minimum", "max_capacity", 4),
    ],
    "aws_appautoscaling_policy.cpu": tracking("cpu", "CPU", 60),
    "aws_appautoscaling_policy.memory": tracking("memory", "Memory", 75),
    # 5. Database Layer (rds.tf)
    "aws_db_subnet_group.main": [
        called("db-subnet-group"),
        ("Subnet group: Private subnets only", "subnet_ids", PRIVATE),
        called("db-subnet-group", "tags.Name"),
    ],
    "aws_db_instance.wordpress": [
        called("db", "identifier"),
        ("Engine: MySQL 8.0", "engine", "mysql"),
        ("Engine: MySQL 8.0", "engine_version", "8.0"),
        ("Instance class: db.t3.micro", "instance_class", "db.t3.micro"),
        ("Storage: 20 GB General Purpose SSD (gp2)", "allocated_storage", 20),
        ("General Purpose SSD (gp2)", "storage_type", "gp2"),
        ("Multi-AZ: Enabled (critical for failover)", "multi_az", True),
        ("Backup retention: 7 days", "backup_retention_period", 7),
        ("Backup window: 03:00-04:00 UTC", "backup_window", "03:00-04:00"),
        ("Mon:04:00-Mon:05:00 UTC", "maintenance_window", "Mon:04:00-Mon:05:00"),
        ("ours: security fixes", "auto_minor_version_upgrade", True),
        ("ours: snapshots are counted too", "copy_tags_to_snapshot", True),
        ('"WORDPRESS_DB_NAME", "value": "wordpress"', "db_name", "wordpress"),
        ("TF_VAR_db_username = admin", "username", "admin"),
        ("Database credentials (sensitive)", "password", "${var.db_password}"),
        ("Private subnets only", "db_subnet_group_name", "${aws_db_subnet_group.main.name}"),
        ("Public accessibility: Disabled", "publicly_accessible", False),
        ("Encryption at rest: Enabled", "storage_encrypted", True),
        ("access from ECS", "vpc_security_group_ids", ["${aws_security_group.rds_sg.id}"]),
        ("Enhanced monitoring with OS-level metrics", "monitoring_interval", 60),
        ("OS-level metrics", "monitoring_role_arn", "${aws_iam_role.rds_monitoring.arn}"),
        (
            "ours: RDS refuses the role earlier",
            "depends_on",
            ["aws_iam_role_policy_attachment.rds_monitoring"],
        ),
        ("Query performance", "enabled_cloudwatch_logs_exports", ["error", "slowquery"]),
        ("ours: does not exist on db.t3.micro", "performance_insights_enabled", False),
        ("terraform destroy -auto-approve", "skip_final_snapshot", True),
        called("rds", "tags.Name"),
    ],
    "aws_iam_role.rds_monitoring": [
        called("rds-monitoring", by="ours"),
        ("Enhanced Monitoring", "assume_role_policy", trust("monitoring.rds")),
    ],
    "aws_iam_role_policy_attachment.rds_monitoring": [
        ("ours: of the role", "role", "${aws_iam_role.rds_monitoring.name}"),
        ("Enhanced Monitoring", "policy_arn", f"{SERVICE_ROLE}/AmazonRDSEnhancedMonitoringRole"),
    ],
    # Monitoring
    "aws_sns_topic.alerts": [called("alerts", by="ours")],
    "aws_sns_topic_policy.alerts": [
        ("ours: of the topic", "arn", TOPIC),
        (
            "ours: AWS publishes, for this account only",
            "policy",
            {
                "Version": "2012-10-17",
                "Statement": [
                    may_publish("CloudWatch", "cloudwatch"),
                    may_publish("Budgets", "budgets"),
                    may_publish("CostAnomalyDetection", "costalerts"),
                    may_publish("RdsEvents", "events.rds"),
                ],
            },
        ),
    ],
    "aws_sns_topic_subscription.email": [
        ("ours: only with an address", "count", '${var.alarm_email == "" ? 0 : 1}'),
        ("ours: to the topic", "topic_arn", TOPIC),
        ("ours: by e-mail", "protocol", "email"),
        ("ours: to nobody, by default", "endpoint", ""),
    ],
    "data.aws_caller_identity.current": [],
    **{
        f"aws_cloudwatch_metric_alarm.{name}": alarm(
            name,
            (says, "namespace", namespace),
            (says, "metric_name", metric),
            (says, "dimensions", dimensions),
            ("ours", "statistic", statistic),
            (says, "comparison_operator", comparison),
            ("ours", "threshold", threshold),
            ("ours", "evaluation_periods", periods[0]),
            ("ours", "period", periods[1]),
            ("ours", "treat_missing_data", missing),
            *([] if name != "rds_cpu_credits" else [("ours: other classes have none", *BURSTABLE)]),
        )
        for namespace, dimensions, alarms in ALARMS
        for says, name, metric, statistic, comparison, threshold, *periods, missing in alarms
    },
    "aws_cloudwatch_metric_alarm.ecs_running_tasks": alarm(
        "ecs_running_tasks",
        ("Task count (desired vs. running)", "comparison_operator", ABOVE),
        ("Task count (desired vs. running)", "threshold", 0),
        (
            "Task count (desired vs. running)",
            "metric_query",
            [
                {
                    "id": "missing",
                    "expression": "desired - running",
                    "label": "Missing tasks",
                    "return_data": True,
                },
                counted("desired", "DesiredTaskCount"),
                counted("running", "RunningTaskCount"),
            ],
        ),
        ("ours", "evaluation_periods", 3),
        ("ours: without figures, the service is gone", "treat_missing_data", "breaching"),
    ),
    "aws_cloudwatch_dashboard.main": [
        ("ours: named like the project", "dashboard_name", "resilience-platform"),
        *(
            (says, f"dashboard_body.widgets.{number}", graph(number, title, statistic, lines))
            for number, (says, title, statistic, *lines) in enumerate(GRAPHS)
        ),
    ],
    # Cost
    "aws_budgets_budget.monthly": [
        called("monthly", by="ours"),
        ("AWS Budgets with $100 threshold alert", "budget_type", "COST"),
        ("AWS Budgets with $100 threshold alert", "limit_amount", 100),
        ("AWS Budgets with $100 threshold alert", "limit_unit", "USD"),
        ("Monthly Cost Breakdown", "time_unit", "MONTHLY"),
        (
            "alert",
            "notification",
            [
                {
                    "notification_type": kind,
                    "comparison_operator": "GREATER_THAN",
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [TOPIC],
                    "subscriber_email_addresses": (
                        '${var.alarm_email == "" ? [] : [var.alarm_email]}'
                    ),
                }
                for kind, percent in (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
            ],
        ),
        (
            # the only form that AWS matches; any other counts 0 dollars
            "ours: this project's costs only",
            "cost_filter",
            [{"name": "TagKeyValue", "values": ['${format("user:Project$%s", var.project_name)}']}],
        ),
        ("ours: AWS tries to publish", "depends_on", ["aws_sns_topic_policy.alerts"]),
    ],
    "aws_ce_anomaly_monitor.platform": [
        called("costs", by="ours"),
        # an account holds one service-wide monitor, and new accounts have it already
        ("Enable Cost Anomaly Detection", "monitor_type", "CUSTOM"),
        (
            "ours: this project's tag only",
            "monitor_specification",
            {"Tags": {"Key": "Project", "Values": ["resilience-platform"]}},
        ),
    ],
    "aws_ce_anomaly_subscription.platform": [
        called("cost-anomalies", by="ours"),
        ("ours", "monitor_arn_list", ["${aws_ce_anomaly_monitor.platform.arn}"]),
        ("ours: to the topic", "subscriber", [{"type": "SNS", "address": TOPIC}]),
        ("ours: the only one SNS accepts", "frequency", "IMMEDIATE"),
        (
            "ours: from 10 USD on",
            "threshold_expression.dimension",
            {
                "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "match_options": ["GREATER_THAN_OR_EQUAL"],
                "values": ["10"],
            },
        ),
        ("ours: AWS tries to publish", "depends_on", ["aws_sns_topic_policy.alerts"]),
    ],
    # Terraform and the provider
    "terraform": [
        ("code: >= 1.3.0, what the README says has never run it", "required_version", ">= 1.3.0"),
        ("code: source", "required_providers.aws.source", "hashicorp/aws"),
        ("code: version", "required_providers.aws.version", "~> 5.0"),
        # relative: CDKTF's own default would name a folder of this machine
        (
            "ours: beside cdktf.json",
            "backend.local.path",
            "../../../terraform.resilience-platform.tfstate",
        ),
    ],
    "provider": [
        ("AWS (eu-central-1)", "region", "eu-central-1"),
        ("ours: what costs are counted by", "default_tags.0.tags.Project", "resilience-platform"),
        ("ours: the stack id", "default_tags.0.tags.Stack", "resilience-platform"),
        ("ours: how it is made", "default_tags.0.tags.ManagedBy", "cdktf"),
    ],
    # 6. Configuration Management (outputs.tf)
    **{
        f"output.{name}": [
            (says, "value", value),
            *([("code: sensitive", "sensitive", True)] if name == "rds_endpoint" else []),
        ]
        for says, name, value in (
            ("ALB DNS name (application endpoint)", "alb_dns_name", "${aws_lb.main.dns_name}"),
            ("http://[alb-dns-name]", "application_url", "http://${aws_lb.main.dns_name}"),
            ("code", "ecs_cluster_name", "${aws_ecs_cluster.main.name}"),
            ("ECS cluster ARN", "ecs_cluster_arn", "${aws_ecs_cluster.main.arn}"),
            ("ours: for the drills", "ecs_service_name", "${aws_ecs_service.wordpress.name}"),
            ("RDS endpoint", "rds_endpoint", "${aws_db_instance.wordpress.address}"),
            ("ours: for the drills", "rds_identifier", "${aws_db_instance.wordpress.identifier}"),
            ("VPC ID and subnet IDs", "vpc_id", VPC),
            ("VPC ID and subnet IDs", "public_subnet_ids", PUBLIC),
            ("VPC ID and subnet IDs", "private_subnet_ids", PRIVATE),
            ("ours: for other alarms", "alerts_topic_arn", TOPIC),
        )
    },
}

VARIABLES = [
    ("Database credentials (sensitive)", "db_username", "admin"),
    ("Database credentials (sensitive)", "db_password", None),
    ('"WORDPRESS_DB_NAME", "value": "wordpress"', "db_name", "wordpress"),
    ("Region and availability zones", "aws_region", "eu-central-1"),
    ("code", "project_name", "resilience-platform"),
    ("Region and availability zones", "availability_zones", ["eu-central-1a", "eu-central-1b"]),
    ("Network CIDR blocks", "vpc_cidr", "10.0.0.0/16"),
    ("Network CIDR blocks", "public_subnet_cidrs", ["10.0.1.0/24", "10.0.2.0/24"]),
    ("Network CIDR blocks", "private_subnet_cidrs", ["10.0.3.0/24", "10.0.4.0/24"]),
    ("Instance types and sizes", "db_instance_class", "db.t3.micro"),
    ("Instance types and sizes", "db_allocated_storage", 20),
    ("Instance types and sizes", "task_cpu", 512),
    ("Instance types and sizes", "task_memory", 1024),
    ("Desired count: 2 (one per AZ)", "desired_count", 2),
    ('"image": "wordpress:latest"', "container_image", "wordpress:latest"),
    ("ours: nobody is mailed by default", "alarm_email", ""),
    ("AWS Budgets with $100 threshold alert", "monthly_budget_usd", 100),
]


def at(block: Any, path: str) -> object:
    """The value at a dotted path, or None."""
    for part in path.split("."):
        block = block[int(part)] if isinstance(block, list) else block.get(part)
        if block is None:
            return None
    return block


@pytest.mark.parametrize(
    ("says", "address", "path", "value"),
    [
        pytest.param(says, address, path, value, id=f"{address}-{path}")
        for address, rows in CONTRACT.items()
        for says, path, value in rows
    ],
)
def test_an_attribute_is_what_the_contract_says(
    platform: Synthesized, says: str, address: str, path: str, value: object
) -> None:
    """`says` is shown when the row fails."""
    assert at(platform.planned(address), path) == value, says


def test_the_contract_has_every_block_and_no_other(platform: Synthesized) -> None:
    """An address that changes destroys and recreates its resource in every deployment."""
    assert sorted(CONTRACT) == sorted(platform.blocks)


@pytest.mark.parametrize("address", CONTRACT)
def test_the_contract_has_every_attribute(platform: Synthesized, address: str) -> None:
    """So nothing is set that nobody asked for."""
    said = tuple(f"{path}." for path in (*WORDING, *(path for _, path, _ in CONTRACT[address])))
    block = platform.blocks[address]
    assert [path for path in leaves(block) if path and not f"{path}.".startswith(said)] == []


def test_variables_have_the_defaults_of_the_contract(platform: Synthesized) -> None:
    defaults = {name: block.get("default") for name, block in platform.variables.items()}
    assert defaults == {name: default for _, name, default in VARIABLES}
