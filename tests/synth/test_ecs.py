"""ecs.py and autoscaling.py: which image and permissions, when the service fails and sleeps."""

import pytest

from constructs_lib.settings import load_stacks
from constructs_lib.settings.database import connections
from ops import CDKTF_JSON
from tests.synth.options import DIGEST, ECR_IMAGE, settings_of
from tests.synth.synthesized import Synthesized, Synthesizer

BUSY_WORKER_MIB = 30
"""At the least, by the rule of thumb of docs/settings.md."""

BEHIND_ENDPOINTS = {"private_egress": "vpc_endpoints", "task_subnets": "private"}


def test_a_pair_fargate_does_not_offer_is_refused_at_plan_time(platform: Synthesized) -> None:
    task = platform.blocks["aws_ecs_task_definition.wordpress"]
    (rule,) = task["lifecycle"]["precondition"]
    assert "var.task_cpu" in rule["condition"]
    assert "var.task_memory" in rule["condition"]
    assert rule["error_message"].startswith(
        "task_cpu = ${var.task_cpu} with task_memory = ${var.task_memory}: "
    )


def test_a_deployment_that_was_rolled_back_fails_the_apply(platform: Synthesized) -> None:
    (check,) = platform.blocks["aws_ecs_service.wordpress"]["lifecycle"]["postcondition"]
    assert check["condition"] == (
        "${self.task_definition == aws_ecs_task_definition.wordpress.arn}"
    )
    assert "rolled the deployment back" in check["error_message"]


def test_a_deployment_is_rolled_back_on_alarms_that_exist(synth: Synthesizer) -> None:
    """The load balancer's, by name; and the apply fails as after the circuit breaker's rollback."""
    stack = synth(**settings_of("container.rollback_alarms"))
    service = stack.blocks["aws_ecs_service.wordpress"]
    alarms = {
        alarm["alarm_name"]: alarm for alarm in stack.all("aws_cloudwatch_metric_alarm").values()
    }
    metrics = [alarms[name]["metric_name"] for name in service["alarms"]["alarm_names"]]
    assert metrics == ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "TargetResponseTime"]
    (check,) = service["lifecycle"]["postcondition"]
    assert check["error_message"].startswith("The circuit breaker, or an alarm, rolled the ")


@pytest.mark.parametrize(
    ("settings", "default", "rule"),
    [
        (settings_of("container.require_digest"), DIGEST, "@sha256:"),
        ({"network": BEHIND_ENDPOINTS, "container": {"image": ECR_IMAGE}}, ECR_IMAGE, "[.]ecr[.]"),
        ({"container": {"image": None}}, None, "regex"),
    ],
    ids=["by digest only", "behind endpoints from ECR only", "an image of one's own"],
)
def test_which_images_are_accepted(
    synth: Synthesizer, settings: dict[str, object], default: str | None, rule: str
) -> None:
    image = synth(**settings).variables["container_image"]
    (validation,) = image["validation"]
    assert rule in validation["condition"]
    assert image.get("default") == default


def test_an_image_of_another_region_is_refused_at_plan_time(synth: Synthesizer) -> None:
    """Behind VPC endpoints, which lead to their own region's registry."""
    stack = synth(network=BEHIND_ENDPOINTS, container={"image": ECR_IMAGE})
    task = stack.blocks["aws_ecs_task_definition.wordpress"]
    _, rule = task["lifecycle"]["precondition"]
    assert rule["condition"] == '${split(".", var.container_image)[3] == var.aws_region}'
    assert rule["error_message"].startswith('container_image = "${var.container_image}": not of ')
    assert ECR_IMAGE.split(".")[3] == "eu-central-1"


def test_a_shell_in_a_task_needs_the_channels(synth: Synthesizer) -> None:
    stack = synth(**settings_of("container.execute_command"))
    (statement,) = stack.statements("aws_iam_role_policy.ecs_task")
    assert len(statement["Action"]) == 4
    assert all(action.startswith("ssmmessages:") for action in statement["Action"])


def test_wordpress_is_told_its_address_and_to_use_tls(synth: Synthesizer) -> None:
    stack = synth(container={"fixed_site_url": True}, database={"require_tls": True})
    told = {pair["name"]: pair["value"] for pair in stack.container["environment"]}
    assert told["WORDPRESS_CONFIG_EXTRA"] == (
        "define('WP_HOME','http://${aws_lb.main.dns_name}'); "
        "define('WP_SITEURL','http://${aws_lb.main.dns_name}'); "
        "define('MYSQL_CLIENT_FLAGS',MYSQLI_CLIENT_SSL);"
    )


def test_the_hardened_stacks_workers_fit_its_database_memory_and_load_balancer() -> None:
    """The load balancer keeps idle connections for 60 s; Apache must not close one before it does,
    or it loses a request that is on its way."""
    hardened = load_stacks(CDKTF_JSON)["resilience-platform-hardened"]
    apache, scaling = hardened.container.apache_conf, hardened.autoscaling
    assert scaling
    workers = apache["MaxRequestWorkers"]
    assert isinstance(workers, int)
    assert workers * scaling.max_capacity <= connections(hardened.database.instance_class)
    assert workers * BUSY_WORKER_MIB <= hardened.container.memory_mib
    assert apache["KeepAliveTimeout"] == 65


def test_the_hardened_stacks_database_is_not_short_of_connections_at_a_quarter_of_them() -> None:
    """The alarm's default of 60 is the smallest class's."""
    hardened = load_stacks(CDKTF_JSON)["resilience-platform-hardened"]
    assert hardened.monitoring
    share = hardened.monitoring.db_connections_percent * connections(
        hardened.database.instance_class
    )
    assert hardened.monitoring.db_connections == share // 100


def test_without_autoscaling_the_desired_count_is_kept(synth: Synthesizer) -> None:
    count = synth(autoscaling=None).variables["desired_count"]
    assert count["description"] == "Tasks to run."
    assert "0 to 5000." in count["validation"][0]["error_message"]


def test_the_service_sleeps_and_wakes(synth: Synthesizer) -> None:
    actions = synth(**settings_of("autoscaling.sleep")).all("aws_appautoscaling_scheduled_action")
    assert actions["sleep"]["scalable_target_action"] == {"min_capacity": "0", "max_capacity": "0"}
    assert actions["wake"]["scalable_target_action"] == {"min_capacity": "2", "max_capacity": "4"}
    assert actions["sleep"]["schedule"] == "cron(0 19 ? * * *)"
    assert {action["timezone"] for action in actions.values()} == {"UTC"}
