"""ecs.py and autoscaling.py: which image and permissions, when the service fails and sleeps."""

import re
from pathlib import Path

import pytest

import constructs_lib
from constructs_lib.settings import load_stacks
from constructs_lib.settings.database import connections
from ops import CDKTF_JSON
from tests.synth.options import DIGEST, ECR_IMAGE, OPTIONS, PARAMETER, SECRET, settings_of
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


def test_only_the_tasks_own_secrets_are_read_and_decrypted(synth: Synthesizer) -> None:
    """Whichever key they are encrypted with; of one with several values the whole is named."""
    stack = synth(**settings_of("container.secrets"))
    allowed = [
        (statement["Action"], statement["Resource"], statement.get("Condition"))
        for statement in stack.statements("aws_iam_role_policy.ecs_task_execution_secrets")
    ]
    decrypts = [
        (["kms:Decrypt"], "*", {"StringEquals": {f"kms:EncryptionContext:{name}": [arn]}})
        for name, arn in (("SecretARN", SECRET), ("PARAMETER_ARN", PARAMETER))
    ]
    assert allowed == [
        (["secretsmanager:GetSecretValue"], [SECRET], None),
        decrypts[0],
        (["ssm:GetParameters"], [PARAMETER], None),
        decrypts[1],
    ]


def test_endpoints_lead_to_where_the_secrets_are(synth: Synthesizer) -> None:
    container = {"image": ECR_IMAGE, "secrets": OPTIONS["container.secrets"].value}
    made = synth(network=BEHIND_ENDPOINTS, container=container).all("aws_vpc_endpoint")
    assert set(made) == {"s3", "ecr_api", "ecr_dkr", "logs", "secretsmanager", "ssm"}


def test_the_application_may_do_what_it_is_permitted(synth: Synthesizer) -> None:
    stack = synth(**settings_of("container.task_permissions"))
    assert stack.statements("aws_iam_role_policy.ecs_task") == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:Put*"],
            "Resource": ["arn:aws:s3:::shop/*"],
        }
    ]


@pytest.mark.parametrize("password", ["variable", "managed"])
@pytest.mark.parametrize("names", [None, {"user": "DB_USER"}])
def test_another_application_is_told_what_it_asks_for(
    synth: Synthesizer, password: str, names: dict[str, str] | None
) -> None:
    """No word of WordPress, nor a password that it did not ask for; and no secret to read then."""
    container = {"image": "shop:1", "database_environment": names, "environment": {"A": "b"}}
    stack = synth(
        load_balancer={"health_check_path": "/", "https_at_cdn": True, "host_name": "a.de"},
        container=container,
        database={"password": password, "require_tls": True},
    )
    told = [pair["name"] for pair in stack.container["environment"]]
    assert told == ([] if names is None else ["DB_USER"]) + ["A"]
    assert "secrets" not in stack.container
    assert "aws_iam_role_policy.ecs_task_execution_secrets" not in stack.blocks
    assert "WORDPRESS" not in stack.text


def test_a_managed_password_goes_where_another_application_wants_it(synth: Synthesizer) -> None:
    stack = synth(
        load_balancer={"health_check_path": "/"},
        container={"image": "shop:1", "database_environment": {"password": "DB_PASS"}},
        database={"password": "managed"},
    )
    (secret,) = stack.container["secrets"]
    assert secret["name"] == "DB_PASS"
    assert secret["valueFrom"].endswith(":password::")
    assert stack.container["environment"] == []


def test_no_file_but_the_profiles_own_says_wordpress() -> None:
    """Addresses and the names of settings are those that deployments and cdktf.json have."""
    library = Path(constructs_lib.__file__).parent
    names = re.compile(
        r"aws_\w+\.wordpress\b|\w*wordpress\w*(\.\w+| import)|wp-ecs|container\.wordpress_\w+|"
        r"\b(runs_wordpress|wordpress_constants|WordpressSettings|WordpressKeys|import wordpress)\b"
    )
    saying = {
        path.name: found
        for path in library.rglob("*.py")
        if not path.name.startswith("wordpress")
        if (found := re.findall("(?i).*wordpress.*", names.sub("", path.read_text())))
    }
    assert saying == {}
