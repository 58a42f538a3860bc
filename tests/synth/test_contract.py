"""The contract, row by row: what the seed README says, and where the stack says it.

Each row begins with the seed's own words. Where the seed is silent the row names the original
code's value ("original: ..."), and where that is silent too, this project's decision ("ours: ...").
The values are those that Terraform plans while nobody sets a variable.
"""

from typing import Any

import pytest

from tests.synth.synthesized import Synthesized

NONE = object()
"""The value in a row that says: this attribute is not set at all."""

VPC = "${aws_vpc.main.id}"
TOPIC = "${aws_sns_topic.alerts.arn}"
PUBLIC = ["${aws_subnet.public_1.id}", "${aws_subnet.public_2.id}"]
PRIVATE = ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]
EVERYTHING_OUT = {
    "from_port": 0,
    "to_port": 0,
    "protocol": "-1",
    "cidr_blocks": ["0.0.0.0/0"],
    "description": "Allow all outbound",
}
RDS = {"DBInstanceIdentifier": "${aws_db_instance.wordpress.identifier}"}
SERVICE = {
    "ClusterName": "${aws_ecs_cluster.main.name}",
    "ServiceName": "${aws_ecs_service.wordpress.name}",
}
TARGETS = {
    "LoadBalancer": "${aws_lb.main.arn_suffix}",
    "TargetGroup": "${aws_lb_target_group.main.arn_suffix}",
}


def tcp_from(port: int, description: str, **source: list[str]) -> dict[str, object]:
    """A rule that admits one TCP port."""
    rule: dict[str, object] = {"from_port": port, "to_port": port, "protocol": "tcp"}
    return rule | {"description": description} | source


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


def alarm(
    seed: str, namespace: str, metric: str, comparison: str, dimensions: dict[str, str]
) -> list[tuple[str, str, object]]:
    """The rows of an alarm on a plain metric."""
    return [
        (seed, "namespace", namespace),
        (seed, "metric_name", metric),
        (seed, "comparison_operator", f"{comparison}Threshold"),
        (seed, "dimensions", dimensions),
        ("ours: tells the topic", "alarm_actions", [TOPIC]),
        ("ours: tells the topic when it is over", "ok_actions", [TOPIC]),
    ]


ALB, ABOVE, BELOW = "AWS/ApplicationELB", "GreaterThan", "LessThan"

CONTRACT: dict[str, list[tuple[str, str, object]]] = {
    # 1. Network Foundation (vpc.tf)
    "aws_vpc.main": [
        ("CIDR: 10.0.0.0/16", "cidr_block", "10.0.0.0/16"),
        ("DNS hostnames: Enabled", "enable_dns_hostnames", True),
        ("DNS support: Enabled", "enable_dns_support", True),
        ("original: Name -vpc", "tags.Name", "resilience-platform-vpc"),
    ],
    "aws_subnet.public_1": [
        ("2 Public subnets (ALB, ECS)", "vpc_id", VPC),
        ("Public ALB 2 subnets 10.0.1.0/24", "cidr_block", "10.0.1.0/24"),
        ("eu-central-1a, eu-central-1b", "availability_zone", "eu-central-1a"),
        ("original: map_public_ip_on_launch", "map_public_ip_on_launch", True),
        ("original: Name -public-1", "tags.Name", "resilience-platform-public-1"),
    ],
    "aws_subnet.public_2": [
        ("2 Public subnets (ALB, ECS)", "vpc_id", VPC),
        ("10.0.1.0/24, 10.0.2.0/24", "cidr_block", "10.0.2.0/24"),
        ("eu-central-1a, eu-central-1b", "availability_zone", "eu-central-1b"),
        ("original: map_public_ip_on_launch", "map_public_ip_on_launch", True),
        ("original: Name -public-2", "tags.Name", "resilience-platform-public-2"),
    ],
    "aws_subnet.private_1": [
        ("2 Private subnets (RDS)", "vpc_id", VPC),
        ("RDS Primary 1 subnet 10.0.3.0/24", "cidr_block", "10.0.3.0/24"),
        ("10.0.3.0/24 eu-central-1a", "availability_zone", "eu-central-1a"),
        ("with no internet access", "map_public_ip_on_launch", False),
        ("original: Name -private-1", "tags.Name", "resilience-platform-private-1"),
    ],
    "aws_subnet.private_2": [
        ("2 Private subnets (RDS)", "vpc_id", VPC),
        ("RDS Standby 1 subnet 10.0.4.0/24", "cidr_block", "10.0.4.0/24"),
        ("10.0.4.0/24 eu-central-1b", "availability_zone", "eu-central-1b"),
        ("with no internet access", "map_public_ip_on_launch", False),
        ("original: Name -private-2", "tags.Name", "resilience-platform-private-2"),
    ],
    "aws_internet_gateway.igw": [
        ("with IGW routes", "vpc_id", VPC),
        ("original: Name -igw", "tags.Name", "resilience-platform-igw"),
    ],
    "aws_route_table.public": [
        ("original: in the VPC", "vpc_id", VPC),
        (
            "Public route table: 0.0.0.0/0 → Internet Gateway",
            "route",
            [{"cidr_block": "0.0.0.0/0", "gateway_id": "${aws_internet_gateway.igw.id}"}],
        ),
        ("original: Name -public-rt", "tags.Name", "resilience-platform-public-rt"),
    ],
    "aws_route_table.private": [
        ("original: in the VPC", "vpc_id", VPC),
        ("Private route tables: Local VPC traffic only", "route", []),
        ("original: Name -private-rt", "tags.Name", "resilience-platform-private-rt"),
    ],
    "aws_route_table_association.public_1": [
        ("2 Public subnets (ALB, ECS) with IGW routes", "subnet_id", PUBLIC[0]),
        ("with IGW routes", "route_table_id", "${aws_route_table.public.id}"),
    ],
    "aws_route_table_association.public_2": [
        ("2 Public subnets (ALB, ECS) with IGW routes", "subnet_id", PUBLIC[1]),
        ("with IGW routes", "route_table_id", "${aws_route_table.public.id}"),
    ],
    "aws_route_table_association.private_1": [
        ("2 Private subnets (RDS) with no internet access", "subnet_id", PRIVATE[0]),
        ("with no internet access", "route_table_id", "${aws_route_table.private.id}"),
    ],
    "aws_route_table_association.private_2": [
        ("2 Private subnets (RDS) with no internet access", "subnet_id", PRIVATE[1]),
        ("with no internet access", "route_table_id", "${aws_route_table.private.id}"),
    ],
    # 2. Security Groups (sg.tf)
    "aws_security_group.alb_sg": [
        ("original: name -alb-sg", "name", "resilience-platform-alb-sg"),
        ("original: description", "description", "Allow HTTP inbound from internet"),
        ("original: in the VPC", "vpc_id", VPC),
        (
            "Internet → ALB: Only port 80 allowed from anywhere",
            "ingress",
            [tcp_from(80, "HTTP from anywhere", cidr_blocks=["0.0.0.0/0"])],
        ),
        ('egress { from_port = 0 to_port = 0 protocol = "-1"', "egress", [EVERYTHING_OUT]),
        ("original: no tags", "tags", NONE),
    ],
    "aws_security_group.ecs_sg": [
        ("original: name -ecs-sg", "name", "resilience-platform-ecs-sg"),
        ("original: description", "description", "Allow traffic from ALB and outbound internet"),
        ("original: in the VPC", "vpc_id", VPC),
        (
            "ALB → ECS: Only from ALB security group",
            "ingress",
            [tcp_from(80, "HTTP from ALB", security_groups=["${aws_security_group.alb_sg.id}"])],
        ),
        ("original: out all", "egress", [EVERYTHING_OUT]),
        ("original: no tags", "tags", NONE),
    ],
    "aws_security_group.rds_sg": [
        ("original: name -rds-sg", "name", "resilience-platform-rds-sg"),
        ("original: description", "description", "Allow MySQL inbound from ECS only"),
        ("original: in the VPC", "vpc_id", VPC),
        (
            "ECS → RDS: Only from ECS security group",
            "ingress",
            [tcp_from(3306, "MySQL from ECS", security_groups=["${aws_security_group.ecs_sg.id}"])],
        ),
        ("RDS → Internet: No outbound allowed", "egress", []),
        ("original: no tags", "tags", NONE),
    ],
    # 3. Application Load Balancer (alb.tf)
    "aws_lb.main": [
        ("original: name -alb", "name", "resilience-platform-alb"),
        ("Type: Internet-facing", "internal", False),
        ("Application Load Balancer", "load_balancer_type", "application"),
        ("Scheme: IPv4", "ip_address_type", "ipv4"),
        ("Subnets: Both public subnets for zone redundancy", "subnets", PUBLIC),
        (
            "Security: ALB security group attached",
            "security_groups",
            ["${aws_security_group.alb_sg.id}"],
        ),
        ("Cross-Zone Load Balancing: Enabled", "enable_cross_zone_load_balancing", True),
        ("original: Name -alb", "tags.Name", "resilience-platform-alb"),
    ],
    "aws_lb_target_group.main": [
        ("original: name -tg", "name", "resilience-platform-tg"),
        ("Protocol: HTTP", "protocol", "HTTP"),
        ("Port: 80", "port", 80),
        ("original: type ip", "target_type", "ip"),
        ("original: in the VPC", "vpc_id", VPC),
        ("enabled = true", "health_check.enabled", True),
        ('path = "/wp-admin/install.php"', "health_check.path", "/wp-admin/install.php"),
        ("original: protocol HTTP", "health_check.protocol", "HTTP"),
        ("interval = 30", "health_check.interval", 30),
        ("timeout = 5", "health_check.timeout", 5),
        ("healthy_threshold = 2", "health_check.healthy_threshold", 2),
        ("unhealthy_threshold = 3", "health_check.unhealthy_threshold", 3),
        ('matcher = "200-399"', "health_check.matcher", "200-399"),
        ("Session Persistence: Stateful application handling", "stickiness.enabled", True),
        ("Session Persistence", "stickiness.type", "lb_cookie"),
        ("ours: one day", "stickiness.cookie_duration", 86400),
        ("original: Name -tg", "tags.Name", "resilience-platform-tg"),
    ],
    "aws_lb_listener.http": [
        ("original: of the load balancer", "load_balancer_arn", "${aws_lb.main.arn}"),
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
        (
            "Task count (desired vs. running)",
            "setting",
            [{"name": "containerInsights", "value": "enabled"}],
        ),
        ("original: no tags", "tags", NONE),
    ],
    "aws_ecs_cluster_capacity_providers.main": [
        ("original: of the cluster", "cluster_name", "${aws_ecs_cluster.main.name}"),
        (
            "Capacity providers: FARGATE, FARGATE_SPOT",
            "capacity_providers",
            ["FARGATE", "FARGATE_SPOT"],
        ),
    ],
    "aws_iam_role.ecs_task_execution_role": [
        (
            "original: name -ecs-task-execution-role",
            "name",
            "resilience-platform-ecs-task-execution-role",
        ),
        ("iam:CreateRole (for ECS task execution)", "assume_role_policy", trust("ecs-tasks")),
    ],
    "aws_iam_role_policy_attachment.ecs_task_execution_attach": [
        ("original: of the role", "role", "${aws_iam_role.ecs_task_execution_role.name}"),
        (
            "original: AWS managed policy",
            "policy_arn",
            "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        ),
    ],
    "aws_ecs_task_definition.wordpress": [
        ('"family": "resilience-platform-task"', "family", "resilience-platform-task"),
        ('"networkMode": "awsvpc"', "network_mode", "awsvpc"),
        ('"requiresCompatibilities": ["FARGATE"]', "requires_compatibilities", ["FARGATE"]),
        ('"cpu": "512"', "cpu", 512),
        ('"memory": "1024"', "memory", 1024),
        (
            "original: execution role",
            "execution_role_arn",
            "${aws_iam_role.ecs_task_execution_role.arn}",
        ),
        ('"containerDefinitions": [{', "container_definitions.1", NONE),
        ('"name": "app"', "container_definitions.0.name", "app"),
        ('"image": "wordpress:latest"', "container_definitions.0.image", "wordpress:latest"),
        ("original: essential", "container_definitions.0.essential", True),
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
        ("ours: the load balancer checks", "container_definitions.0.healthCheck", NONE),
        ("ours: WordPress calls no AWS service", "task_role_arn", NONE),
    ],
    "aws_cloudwatch_log_group.ecs": [
        ("Log group: /ecs/resilience-platform", "name", "/ecs/resilience-platform"),
        ("Retention: 7 days", "retention_in_days", 7),
        ("original: Name -logs", "tags.Name", "resilience-platform-logs"),
    ],
    "aws_ecs_service.wordpress": [
        ("original: name -service", "name", "resilience-platform-service"),
        ("original: in the cluster", "cluster", "${aws_ecs_cluster.main.id}"),
        (
            "original: runs the task definition",
            "task_definition",
            "${aws_ecs_task_definition.wordpress.arn}",
        ),
        ("Desired count: 2 (one per AZ)", "desired_count", 2),
        ("Auto-scaling policies", "lifecycle.ignore_changes", ["desired_count"]),
        ("Launch type: FARGATE", "launch_type", "FARGATE"),
        ("Network: Public subnets", "network_configuration.subnets", PUBLIC),
        (
            "Network: Public subnets with public IP assignment",
            "network_configuration.assign_public_ip",
            True,
        ),
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
        (
            "original: circuit breaker on with rollback",
            "deployment_circuit_breaker",
            {"enable": True, "rollback": True},
        ),
        ("Health check grace period: 60 seconds", "health_check_grace_period_seconds", 60),
        ("No SSH access to containers", "enable_execute_command", NONE),
        ("ours: no Cloud Map", "service_registries", NONE),
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
    **{
        f"aws_appautoscaling_policy.{name}": [
            ("Auto-scaling policies respond to demand", "policy_type", "TargetTrackingScaling"),
            (
                f"{seed} utilization",
                "target_tracking_scaling_policy_configuration"
                ".predefined_metric_specification.predefined_metric_type",
                f"ECSServiceAverage{seed}Utilization",
            ),
            (
                "ours: scales the service",
                "resource_id",
                "${aws_appautoscaling_target.ecs.resource_id}",
            ),
        ]
        for name, seed in (("cpu", "CPU"), ("memory", "Memory"))
    },
    # 5. Database Layer (rds.tf)
    "aws_db_subnet_group.main": [
        ("original: name -db-subnet-group", "name", "resilience-platform-db-subnet-group"),
        ("Subnet group: Private subnets only", "subnet_ids", PRIVATE),
        (
            "original: Name -db-subnet-group",
            "tags.Name",
            "resilience-platform-db-subnet-group",
        ),
    ],
    "aws_db_instance.wordpress": [
        ("original: identifier -db", "identifier", "resilience-platform-db"),
        ("Engine: MySQL 8.0", "engine", "mysql"),
        ("Engine: MySQL 8.0", "engine_version", "8.0"),
        ("Instance class: db.t3.micro", "instance_class", "db.t3.micro"),
        ("Storage: 20 GB General Purpose SSD (gp2)", "allocated_storage", 20),
        ("General Purpose SSD (gp2)", "storage_type", "gp2"),
        ("Multi-AZ: Enabled (critical for failover)", "multi_az", True),
        ("Backup retention: 7 days", "backup_retention_period", 7),
        ("Backup window: 03:00-04:00 UTC", "backup_window", "03:00-04:00"),
        ("Mon:04:00-Mon:05:00 UTC", "maintenance_window", "Mon:04:00-Mon:05:00"),
        ('"WORDPRESS_DB_NAME", "value": "wordpress"', "db_name", "wordpress"),
        ("TF_VAR_db_username = admin", "username", "admin"),
        ("Database credentials (sensitive)", "password", "${var.db_password}"),
        (
            "Subnet group: Private subnets only",
            "db_subnet_group_name",
            "${aws_db_subnet_group.main.name}",
        ),
        ("Public accessibility: Disabled", "publicly_accessible", False),
        ("Encryption at rest: Enabled", "storage_encrypted", True),
        (
            "Security group: RDS-only access from ECS",
            "vpc_security_group_ids",
            ["${aws_security_group.rds_sg.id}"],
        ),
        ("Enhanced monitoring with OS-level metrics", "monitoring_interval", 60),
        ("OS-level metrics", "monitoring_role_arn", "${aws_iam_role.rds_monitoring.arn}"),
        ("Query performance", "enabled_cloudwatch_logs_exports", ["error", "slowquery"]),
        ("ours: does not exist on db.t3.micro", "performance_insights_enabled", False),
        ("terraform destroy -auto-approve", "skip_final_snapshot", True),
        ("terraform destroy -auto-approve", "deletion_protection", NONE),
        ("original: Name -rds", "tags.Name", "resilience-platform-rds"),
    ],
    "aws_iam_role.rds_monitoring": [
        ("ours: name -rds-monitoring", "name", "resilience-platform-rds-monitoring"),
        ("Enhanced Monitoring", "assume_role_policy", trust("monitoring.rds")),
    ],
    "aws_iam_role_policy_attachment.rds_monitoring": [
        ("ours: of the role", "role", "${aws_iam_role.rds_monitoring.name}"),
        (
            "Enhanced Monitoring",
            "policy_arn",
            "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        ),
    ],
    # Monitoring
    "aws_sns_topic.alerts": [("ours: name -alerts", "name", "resilience-platform-alerts")],
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
    ],
    "data.aws_caller_identity.current": [],
    "aws_cloudwatch_metric_alarm.rds_cpu": alarm(
        "High CPU utilization", "AWS/RDS", "CPUUtilization", ABOVE, RDS
    ),
    "aws_cloudwatch_metric_alarm.rds_free_storage": alarm(
        "Low free storage", "AWS/RDS", "FreeStorageSpace", BELOW, RDS
    ),
    "aws_cloudwatch_metric_alarm.rds_connections": alarm(
        "Connection count threshold", "AWS/RDS", "DatabaseConnections", ABOVE, RDS
    ),
    "aws_cloudwatch_metric_alarm.rds_replica_lag": [
        *alarm("Replication lag alert", "AWS/RDS", "ReplicaLag", ABOVE, RDS),
        ("ours: no replica, no figures, no alarm", "treat_missing_data", "notBreaching"),
    ],
    "aws_cloudwatch_metric_alarm.ecs_cpu": alarm(
        "CPU utilization", "AWS/ECS", "CPUUtilization", ABOVE, SERVICE
    ),
    "aws_cloudwatch_metric_alarm.ecs_memory": alarm(
        "Memory utilization", "AWS/ECS", "MemoryUtilization", ABOVE, SERVICE
    ),
    "aws_cloudwatch_metric_alarm.ecs_running_tasks": [
        ("Task count (desired vs. running)", "comparison_operator", "GreaterThanThreshold"),
        ("Task count (desired vs. running)", "threshold", 0),
        ("Task count (desired vs. running)", "metric_query.0.expression", "desired - running"),
        ("ours: tells the topic", "alarm_actions", [TOPIC]),
        ("ours: tells the topic when it is over", "ok_actions", [TOPIC]),
    ],
    "aws_cloudwatch_metric_alarm.alb_unhealthy_hosts": alarm(
        "Target group health", ALB, "UnHealthyHostCount", ABOVE, TARGETS
    ),
    "aws_cloudwatch_metric_alarm.alb_response_time": alarm(
        "Request count and latency", ALB, "TargetResponseTime", ABOVE, TARGETS
    ),
    "aws_cloudwatch_metric_alarm.alb_5xx": alarm(
        "ours: failing answers", ALB, "HTTPCode_Target_5XX_Count", ABOVE, TARGETS
    ),
    "aws_cloudwatch_dashboard.main": [
        ("ours: named like the project", "dashboard_name", "resilience-platform")
    ],
    # Cost
    "aws_budgets_budget.monthly": [
        ("ours: name -monthly", "name", "resilience-platform-monthly"),
        ("AWS Budgets with $100 threshold alert", "budget_type", "COST"),
        ("AWS Budgets with $100 threshold alert", "limit_amount", 100),
        ("AWS Budgets with $100 threshold alert", "limit_unit", "USD"),
        ("Monthly Cost Breakdown", "time_unit", "MONTHLY"),
        ("alert", "notification.0.subscriber_sns_topic_arns", [TOPIC]),
        (
            "ours: this project's costs only",
            "cost_filter",
            [
                {
                    "name": "TagKeyValue",
                    "values": ['${format("user:Project$%s", var.project_name)}'],
                }
            ],
        ),
    ],
    "aws_ce_anomaly_monitor.platform": [
        ("ours: name -costs", "name", "resilience-platform-costs"),
        ("Enable Cost Anomaly Detection", "monitor_type", "CUSTOM"),
        (
            "ours: this project's tag only",
            "monitor_specification",
            {"Tags": {"Key": "Project", "Values": ["resilience-platform"]}},
        ),
    ],
    "aws_ce_anomaly_subscription.platform": [
        ("ours: name -cost-anomalies", "name", "resilience-platform-cost-anomalies"),
        (
            "Enable Cost Anomaly Detection",
            "monitor_arn_list",
            ["${aws_ce_anomaly_monitor.platform.arn}"],
        ),
        ("ours: to the topic", "subscriber", [{"type": "SNS", "address": TOPIC}]),
        ("ours: the only one SNS accepts", "frequency", "IMMEDIATE"),
    ],
}

NOT_THERE = [
    ("NAT Gateway (Optional, not used in current config)", "aws_nat_gateway"),
    ("NAT Gateway (Optional, not used in current config)", "aws_eip"),
    ("Private route tables: Local VPC traffic only", "aws_route"),
    ("Private route tables: Local VPC traffic only", "aws_egress_only_internet_gateway"),
    ("Private route tables: Local VPC traffic only", "aws_vpc_endpoint"),
    ("RDS → Internet: No outbound allowed", "aws_security_group_rule"),
    ("RDS → Internet: No outbound allowed", "aws_vpc_security_group_egress_rule"),
    ("Security groups reference other SG IDs", "aws_vpc_security_group_ingress_rule"),
    ("No SSH access to containers", "aws_instance"),
    ("Serverless compute eliminates EC2 management", "aws_ecs_capacity_provider"),
    ("Serverless compute eliminates EC2 management", "aws_autoscaling_group"),
    ("ours: no Cloud Map", "aws_service_discovery_service"),
    ("ours: no Cloud Map", "aws_service_discovery_private_dns_namespace"),
    ("Credentials stored in Spacelift encrypted variables", "aws_secretsmanager_secret"),
]

DASHBOARD = [
    ("CPU utilization", "AWS/ECS", "CPUUtilization"),
    ("Memory utilization", "AWS/ECS", "MemoryUtilization"),
    ("Task count (desired vs. running)", "ECS/ContainerInsights", "DesiredTaskCount"),
    ("Task count (desired vs. running)", "ECS/ContainerInsights", "RunningTaskCount"),
    ("Target group health", ALB, "HealthyHostCount"),
    ("Target group health", ALB, "UnHealthyHostCount"),
    ("Request count and latency", ALB, "RequestCount"),
    ("Request count and latency", ALB, "TargetResponseTime"),
    ("RDS Monitoring", "AWS/RDS", "CPUUtilization"),
    ("Database connections", "AWS/RDS", "DatabaseConnections"),
]

VARIABLES = [
    ("Database credentials (sensitive)", "db_username", "admin"),
    ("Database credentials (sensitive)", "db_password", NONE),
    ('"WORDPRESS_DB_NAME", "value": "wordpress"', "db_name", "wordpress"),
    ("Region and availability zones", "aws_region", "eu-central-1"),
    ("original: project_name", "project_name", "resilience-platform"),
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

OUTPUTS = [
    ("ALB DNS name (application endpoint)", "alb_dns_name", "${aws_lb.main.dns_name}"),
    ("http://[alb-dns-name]", "application_url", "http://${aws_lb.main.dns_name}"),
    ("original: ecs_cluster_name", "ecs_cluster_name", "${aws_ecs_cluster.main.name}"),
    ("ECS cluster ARN", "ecs_cluster_arn", "${aws_ecs_cluster.main.arn}"),
    ("ours: for the drills", "ecs_service_name", "${aws_ecs_service.wordpress.name}"),
    ("RDS endpoint (for debugging)", "rds_endpoint", "${aws_db_instance.wordpress.address}"),
    (
        "aws rds reboot-db-instance --db-instance-identifier [id]",
        "rds_identifier",
        "${aws_db_instance.wordpress.identifier}",
    ),
    ("VPC ID and subnet IDs", "vpc_id", VPC),
    ("VPC ID and subnet IDs", "public_subnet_ids", PUBLIC),
    ("VPC ID and subnet IDs", "private_subnet_ids", PRIVATE),
    ("ours: for other alarms", "alerts_topic_arn", TOPIC),
]


def at(block: Any, path: str) -> object:
    """The value at a dotted path, or NONE."""
    for part in path.split("."):
        if isinstance(block, list):
            block = block[int(part)] if int(part) < len(block) else NONE
        else:
            block = block.get(part, NONE)
        if block is NONE:
            return NONE
    return block


@pytest.mark.parametrize(
    ("seed", "address", "path", "value"),
    [
        pytest.param(seed, address, path, value, id=f"{address}-{path}")
        for address, rows in CONTRACT.items()
        for seed, path, value in rows
    ],
)
def test_an_attribute_is_what_the_seed_says(
    platform: Synthesized, seed: str, address: str, path: str, value: object
) -> None:
    """`seed` is shown when the row fails."""
    assert at(platform.at(address), path) == value, seed


def test_every_resource_is_in_the_contract_and_every_one_of_the_contract_is_there(
    platform: Synthesized,
) -> None:
    assert sorted(CONTRACT) == platform.addresses


@pytest.mark.parametrize(("seed", "type"), NOT_THERE, ids=[type for _, type in NOT_THERE])
def test_what_the_seed_excludes_is_absent(platform: Synthesized, seed: str, type: str) -> None:
    assert platform.all(type) == {}, seed


@pytest.mark.parametrize(
    ("seed", "namespace", "metric"), DASHBOARD, ids=[" ".join(row[1:]) for row in DASHBOARD]
)
def test_the_dashboard_shows_the_metric(
    platform: Synthesized, seed: str, namespace: str, metric: str
) -> None:
    widgets = platform.only("aws_cloudwatch_dashboard")["dashboard_body"]["widgets"]
    shown = [line[:2] for widget in widgets for line in widget["properties"]["metrics"]]
    assert [namespace, metric] in shown, seed


@pytest.mark.parametrize(("seed", "name", "default"), VARIABLES, ids=[row[1] for row in VARIABLES])
def test_a_variable_has_the_default(
    platform: Synthesized, seed: str, name: str, default: object
) -> None:
    assert platform.variables[name].get("default", NONE) == default, seed


def test_there_are_no_other_variables(platform: Synthesized) -> None:
    assert sorted(platform.variables) == sorted(name for _, name, _ in VARIABLES)


@pytest.mark.parametrize(("seed", "name", "value"), OUTPUTS, ids=[row[1] for row in OUTPUTS])
def test_an_output_has_the_value(
    platform: Synthesized, seed: str, name: str, value: object
) -> None:
    assert platform.outputs[name]["value"] == value, seed


def test_there_are_no_other_outputs(platform: Synthesized) -> None:
    assert sorted(platform.outputs) == sorted(name for _, name, _ in OUTPUTS)


def test_terraform_and_provider_versions_are_those_of_the_contract(
    platform: Synthesized,
) -> None:
    """The original's code says >= 1.3.0; the seed's ">= 1.0.0" never ran it."""
    terraform = platform.document["terraform"]
    assert terraform["required_version"] == ">= 1.3.0"
    assert terraform["required_providers"] == {
        "aws": {"source": "hashicorp/aws", "version": "~> 5.0"}
    }


def test_default_tags_are_those_of_the_contract(platform: Synthesized) -> None:
    assert platform.document["provider"]["aws"][0]["default_tags"] == [
        {
            "tags": {
                "Project": "${var.project_name}",
                "Stack": "resilience-platform",
                "ManagedBy": "cdktf",
            }
        }
    ]
