"""ecs.py: one cluster, one task definition with one container, and one service on Fargate."""

from tests.synth.synthesized import Synthesized


def test_the_whole_container_is_as_specified(platform: Synthesized) -> None:
    """Exactly these four variables; the password is a reference, never a value."""
    containers = platform.only("aws_ecs_task_definition")["container_definitions"]
    assert containers == [
        {
            "name": "app",
            "image": "wordpress:latest",
            "essential": True,
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "environment": [
                {"name": "WORDPRESS_DB_HOST", "value": "${aws_db_instance.wordpress.address}"},
                {"name": "WORDPRESS_DB_USER", "value": "admin"},
                {"name": "WORDPRESS_DB_PASSWORD", "value": "${var.db_password}"},
                {"name": "WORDPRESS_DB_NAME", "value": "wordpress"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "${aws_cloudwatch_log_group.ecs.name}",
                    "awslogs-region": "eu-central-1",
                    "awslogs-stream-prefix": "ecs",
                },
            },
        }
    ]


def test_every_container_setting_reaches_the_task(maximal: Synthesized) -> None:
    task = maximal.only("aws_ecs_task_definition")
    (container,) = task["container_definitions"]
    assert container["name"] == "wordpress_1"
    assert container["image"] == "registry.example.com/team/wordpress@sha256:0123"
    assert container["logConfiguration"]["options"]["awslogs-region"] == "us-east-1"
    assert (task["cpu"], task["memory"]) == (16384, 122880)


def test_every_container_setting_reaches_the_service(maximal: Synthesized) -> None:
    service = maximal.only("aws_ecs_service")
    assert service["desired_count"] == 5000
    assert service["health_check_grace_period_seconds"] == 2147483647
    assert service["deployment_minimum_healthy_percent"] == 50
    assert service["deployment_maximum_percent"] == 150


def test_the_load_balancer_talks_to_the_container_by_its_name(
    platform: Synthesized, maximal: Synthesized
) -> None:
    for stack, name in ((platform, "app"), (maximal, "wordpress_1")):
        (container,) = stack.only("aws_ecs_task_definition")["container_definitions"]
        (attached,) = stack.only("aws_ecs_service")["load_balancer"]
        assert attached["container_name"] == container["name"] == name
        assert attached["container_port"] == container["portMappings"][0]["containerPort"] == 80


def test_what_a_user_changes_at_plan_time_is_a_variable(platform: Synthesized) -> None:
    task = platform.raw("aws_ecs_task_definition.wordpress")
    assert (task["cpu"], task["memory"]) == ("${var.task_cpu}", "${var.task_memory}")
    for name in ("container_image", "db_username", "db_password", "db_name", "aws_region"):
        assert f"var.{name}" in task["container_definitions"]
    service = platform.raw("aws_ecs_service.wordpress")
    assert service["desired_count"] == "${var.desired_count}"


def test_a_pair_fargate_does_not_offer_is_refused_at_plan_time(platform: Synthesized) -> None:
    (rule,) = platform.raw("aws_ecs_task_definition.wordpress")["lifecycle"]["precondition"]
    assert "var.task_cpu" in rule["condition"]
    assert "var.task_memory" in rule["condition"]
    assert rule["error_message"].startswith(
        "task_cpu = ${var.task_cpu} with task_memory = ${var.task_memory}: "
    )


def test_the_service_is_destroyed_before_what_its_tasks_need(platform: Synthesized) -> None:
    """Without the role's policy or the cluster's capacity, draining never ends."""
    assert platform.only("aws_ecs_service")["depends_on"] == [
        "aws_lb_listener.http",
        "aws_iam_role_policy_attachment.ecs_task_execution_attach",
        "aws_ecs_cluster_capacity_providers.main",
    ]


def test_a_deployment_that_was_rolled_back_fails_the_apply(platform: Synthesized) -> None:
    service = platform.raw("aws_ecs_service.wordpress")
    assert service["wait_for_steady_state"] is True
    assert service["deployment_circuit_breaker"] == {"enable": True, "rollback": True}
    (check,) = service["lifecycle"]["postcondition"]
    assert check["condition"] == (
        "${self.task_definition == aws_ecs_task_definition.wordpress.arn}"
    )
    assert "rolled the deployment back" in check["error_message"]


def test_only_autoscalings_changes_are_ignored(platform: Synthesized) -> None:
    assert platform.only("aws_ecs_service")["lifecycle"]["ignore_changes"] == ["desired_count"]


def test_the_service_runs_in_both_public_subnets(platform: Synthesized) -> None:
    assert platform.only("aws_ecs_service")["network_configuration"] == {
        "subnets": ["${aws_subnet.public_1.id}", "${aws_subnet.public_2.id}"],
        "security_groups": ["${aws_security_group.ecs_sg.id}"],
        "assign_public_ip": True,
    }


def test_launch_type_and_capacity_provider_strategy_do_not_meet(platform: Synthesized) -> None:
    """AWS refuses a service that has both."""
    service = platform.only("aws_ecs_service")
    assert service["launch_type"] == "FARGATE"
    assert "capacity_provider_strategy" not in service
    capacity = platform.only("aws_ecs_cluster_capacity_providers")
    assert capacity["capacity_providers"] == ["FARGATE", "FARGATE_SPOT"]
    assert "default_capacity_provider_strategy" not in capacity


def test_zone_rebalancing_is_explicit(platform: Synthesized) -> None:
    """AWS and the provider have different defaults, so leaving it out would plan a change."""
    assert platform.only("aws_ecs_service")["availability_zone_rebalancing"] == "DISABLED"


def test_container_insights_follows_its_setting(
    platform: Synthesized, maximal: Synthesized
) -> None:
    for stack, value in ((platform, "enabled"), (maximal, "disabled")):
        settings = stack.only("aws_ecs_cluster")["setting"]
        assert settings == [{"name": "containerInsights", "value": value}]


def test_logs_are_kept_as_long_as_set(platform: Synthesized, maximal: Synthesized) -> None:
    assert platform.only("aws_cloudwatch_log_group")["retention_in_days"] == 7
    assert maximal.only("aws_cloudwatch_log_group")["retention_in_days"] == 3653
    assert maximal.only("aws_cloudwatch_log_group")["name"] == "/ecs/everything-else"


def test_the_execution_role_may_pull_and_log_only(platform: Synthesized) -> None:
    attached = [
        attachment["policy_arn"]
        for attachment in platform.all("aws_iam_role_policy_attachment").values()
        if attachment["role"] == "${aws_iam_role.ecs_task_execution_role.name}"
    ]
    assert attached == [
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    ]
    assert platform.all("aws_iam_role_policy") == {}
    assert platform.all("aws_iam_policy") == {}
