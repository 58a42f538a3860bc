"""Each option alone, on top of the contract: what comes, what goes, and what it says."""

import json

import pytest

from constructs_lib.settings import LOG_RETENTION_DAYS
from tests.synth.options import CERTIFICATE, DIGEST, ECR_IMAGE, OPTIONS, nested, settings_of
from tests.synth.synthesized import STACK_ID, Block, Synthesized, Synthesizer, encoded

RESHAPING = [path for path, option in OPTIONS.items() if option.adds or option.removes]


@pytest.mark.parametrize("path", RESHAPING)
def test_an_option_alone_adds_and_removes_these_addresses(
    path: str, synth: Synthesizer, platform: Synthesized
) -> None:
    """So an option that is off has left nothing behind, and none drags another one along."""
    stack = synth(STACK_ID, **settings_of(path))
    before, after = set(platform.addresses), set(stack.addresses)
    assert after - before == set(OPTIONS[path].adds)
    assert before - after == set(OPTIONS[path].removes)
    assert dependencies(stack) <= after, "each exists"


@pytest.fixture(scope="session")
def reworded(synth: Synthesizer) -> Synthesized:
    """A stack with all other options: the contract's resources, said in another way."""
    return synth(STACK_ID, **settings_of(*(path for path in OPTIONS if path not in RESHAPING)))


def test_the_other_options_add_and_remove_nothing(
    reworded: Synthesized, platform: Synthesized
) -> None:
    """What each of them changes instead is tested below."""
    assert reworded.addresses == platform.addresses
    assert dependencies(reworded) <= set(reworded.addresses)


def dependencies(stack: Synthesized) -> set[str]:
    """All that is named in a `depends_on`."""
    return {
        address
        for types in stack.document["resource"].values()
        for block in types.values()
        for address in block.get("depends_on", [])
    }


def container(stack: Synthesized) -> Block:
    """The one container of the task."""
    (block,) = stack.only("aws_ecs_task_definition")["container_definitions"]
    found: Block = block
    return found


def environment(stack: Synthesized) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in container(stack)["environment"]}


def secrets(stack: Synthesized) -> dict[str, str]:
    return {pair["name"]: pair["valueFrom"] for pair in container(stack)["secrets"]}


def policy(stack: Synthesized, address: str, attribute: str = "policy") -> list[Block]:
    """The statements of a policy document."""
    statements: list[Block] = encoded(stack.raw(address)[attribute])["Statement"]
    return statements


# --- variables, outputs, tags


def test_what_is_no_variable_is_a_literal(synth: Synthesizer) -> None:
    stack = synth(variables=["db_password"], region="eu-west-1")
    assert list(stack.variables) == ["db_password"]
    assert stack.document["provider"]["aws"][0]["region"] == "eu-west-1"
    assert stack.raw("aws_vpc.main")["tags"] == {"Name": "resilience-platform-vpc"}
    assert stack.raw("aws_subnet.private_2")["availability_zone"] == "eu-west-1b"
    assert stack.raw("aws_ecs_task_definition.wordpress")["cpu"] == "512"
    assert stack.raw("aws_budgets_budget.monthly")["limit_amount"] == "100"
    monitor = stack.raw("aws_ce_anomaly_monitor.platform")["monitor_specification"]
    assert 'Values = ["resilience-platform"]' in monitor
    assert stack.raw("aws_sns_topic_subscription.email")["count"] == '${"" == "" ? 0 : 1}'
    conditions = [
        rule["condition"]
        for rule in stack.raw("aws_db_instance.wordpress")["lifecycle"]["precondition"]
    ]
    assert len(conditions) == 1
    assert "var.db_password" in conditions[0]
    assert "lifecycle" not in stack.raw("aws_vpc.main")


def test_a_rule_over_a_variable_and_a_literal_keeps_both(synth: Synthesizer) -> None:
    stack = synth(variables=["db_password", "task_cpu"])
    (rule,) = stack.raw("aws_ecs_task_definition.wordpress")["lifecycle"]["precondition"]
    assert "tostring(var.task_cpu)" in rule["condition"]
    assert rule["condition"].endswith(", 1024)}")
    assert rule["error_message"].startswith(
        "task_cpu = ${var.task_cpu} with task_memory = ${1024}:"
    )


def test_chosen_outputs_are_the_only_ones(reworded: Synthesized) -> None:
    assert list(reworded.outputs) == ["application_url", "vpc_id"]


def test_without_default_tags_the_provider_has_none(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("default_tags"))
    assert "default_tags" not in stack.document["provider"]["aws"][0]


# --- network


def test_one_nat_gateway_is_the_way_out_of_both_private_subnets(synth: Synthesizer) -> None:
    stack = synth(network={"private_egress": "single_nat"})
    assert stack.only("aws_nat_gateway")["subnet_id"] == "${aws_subnet.public_1.id}"
    (route,) = stack.at("aws_route_table.private")["route"]
    assert route == {"cidr_block": "0.0.0.0/0", "nat_gateway_id": "${aws_nat_gateway.main.id}"}
    for number in (1, 2):
        association = stack.at(f"aws_route_table_association.private_{number}")
        assert association["route_table_id"] == "${aws_route_table.private.id}"


def test_a_nat_gateway_per_zone_is_the_way_out_of_its_zone(synth: Synthesizer) -> None:
    stack = synth(network={"private_egress": "nat_per_zone"})
    for number, name in ((1, ""), (2, "_2")):
        gateway = stack.at(f"aws_nat_gateway.main{name}")
        assert gateway["subnet_id"] == f"${{aws_subnet.public_{number}.id}}"
        assert gateway["allocation_id"] == f"${{aws_eip.nat{name}.id}}"
        (route,) = stack.at(f"aws_route_table.private{name}")["route"]
        assert route["nat_gateway_id"] == f"${{aws_nat_gateway.main{name}.id}}"
        association = stack.at(f"aws_route_table_association.private_{number}")
        assert association["route_table_id"] == f"${{aws_route_table.private{name}.id}}"


def test_endpoints_are_those_that_the_tasks_need(synth: Synthesizer) -> None:
    endpoints = {"network": {"private_egress": "vpc_endpoints"}}
    few = synth(STACK_ID, **endpoints).all("aws_vpc_endpoint")
    assert set(few) == {"s3", "ecr_api", "ecr_dkr", "logs"}
    assert few["s3"]["vpc_endpoint_type"] == "Gateway"
    assert few["s3"]["route_table_ids"] == ["${aws_route_table.private.id}"]
    for name, endpoint in few.items():
        if name != "s3":
            assert endpoint["private_dns_enabled"] is True
            assert endpoint["subnet_ids"] == [
                "${aws_subnet.private_1.id}",
                "${aws_subnet.private_2.id}",
            ]
            assert endpoint["security_group_ids"] == ["${aws_security_group.endpoints_sg.id}"]
    more = synth(STACK_ID, **endpoints, container={"execute_command": True, "shared_keys": True})
    assert set(more.all("aws_vpc_endpoint")) - set(few) == {"secretsmanager", "ssmmessages"}


def test_private_tasks_have_no_public_address(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("network.task_subnets"))
    assert stack.only("aws_ecs_service")["network_configuration"] == {
        "assign_public_ip": False,
        "security_groups": ["${aws_security_group.ecs_sg.id}"],
        "subnets": ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"],
    }


def egress(stack: Synthesized) -> dict[str, list[tuple[int, list[str]]]]:
    """Security group to its outbound rules: port, and where to."""
    return {
        name: [
            (rule["from_port"], rule.get("cidr_blocks", []) + rule.get("prefix_list_ids", []))
            for rule in group["egress"]
        ]
        for name, group in stack.all("aws_security_group").items()
    }


def test_everything_may_go_out_of_every_group(synth: Synthesizer) -> None:
    everything = [(0, ["0.0.0.0/0"])]
    assert egress(synth(network={"allowed_egress": "all"})) == dict.fromkeys(
        ("alb_sg", "ecs_sg", "rds_sg"), everything
    )


def test_least_egress_is_what_each_group_needs(synth: Synthesizer) -> None:
    public, private = ["10.0.1.0/24", "10.0.2.0/24"], ["10.0.3.0/24", "10.0.4.0/24"]
    assert egress(
        synth(network={"allowed_egress": "least"}, container={"shared_uploads": True})
    ) == {
        "alb_sg": [(80, public)],
        "ecs_sg": [(3306, private), (443, ["0.0.0.0/0"]), (2049, private)],
        "rds_sg": [],
        "efs_sg": [],
    }
    closed = {"private_egress": "vpc_endpoints", "task_subnets": "private"}
    assert egress(
        synth(network={"allowed_egress": "least", **closed}, container={"image": ECR_IMAGE})
    ) == {
        "alb_sg": [(80, private)],
        "ecs_sg": [
            (3306, private),
            (443, private),
            (443, ["${aws_vpc_endpoint.s3.prefix_list_id}"]),
        ],
        "rds_sg": [],
        "endpoints_sg": [],
    }


def test_the_default_security_group_has_no_rules(synth: Synthesizer) -> None:
    group = synth(STACK_ID, **settings_of("network.default_security_group_closed")).only(
        "aws_default_security_group"
    )
    assert group["ingress"] == group["egress"] == []


def test_flow_logs_hold_all_traffic(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("network.flow_log_retention_days"))
    assert stack.only("aws_flow_log")["traffic_type"] == "ALL"
    assert stack.at("aws_cloudwatch_log_group.flow_logs")["retention_in_days"] == 14


# --- load balancer


def test_https_serves_tls_1_2_or_newer_and_redirects_http(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("load_balancer.https"))
    https = stack.at("aws_lb_listener.https")
    assert https["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["certificate_arn"] == "${var.certificate_arn}"
    assert https["default_action"][0]["type"] == "forward"
    (action,) = stack.at("aws_lb_listener.http")["default_action"]
    assert action["redirect"] == {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}
    assert stack.outputs["application_url"]["value"] == "https://${aws_lb.main.dns_name}"
    ports = [rule["from_port"] for rule in stack.at("aws_security_group.alb_sg")["ingress"]]
    assert ports == [80, 443]
    assert "aws_lb_listener.https" in stack.only("aws_ecs_service")["depends_on"]
    assert "default" not in stack.variables["certificate_arn"]


def test_a_certificate_in_the_settings_is_the_default(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("load_balancer.certificate_arn"))
    assert stack.variables["certificate_arn"]["default"] == CERTIFICATE


def test_the_host_name_is_where_the_application_answers(synth: Synthesizer) -> None:
    stack = synth(load_balancer={"host_name": "www.example.com", "https": True})
    assert stack.outputs["application_url"]["value"] == "https://www.example.com"


SHORT_LIVED = {"stickiness_seconds": None, "deregistration_delay_seconds": 0}


def test_without_stickiness_a_session_moves_between_tasks(
    synth: Synthesizer, platform: Synthesized
) -> None:
    assert "stickiness" in platform.only("aws_lb_target_group")
    assert "stickiness" not in synth(load_balancer=SHORT_LIVED).only("aws_lb_target_group")


def test_protection_and_drain_of_the_load_balancer(
    reworded: Synthesized, synth: Synthesizer
) -> None:
    assert reworded.only("aws_lb")["enable_deletion_protection"] is True
    assert reworded.only("aws_lb_target_group")["deregistration_delay"] == "30"
    at_once = synth(load_balancer=SHORT_LIVED).only("aws_lb_target_group")
    assert at_once["deregistration_delay"] == "0"


def test_access_logs_are_private_and_expire(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("load_balancer.access_log_retention_days"))
    assert stack.only("aws_lb")["access_logs"] == {
        "bucket": "${aws_s3_bucket.access_logs.bucket}",
        "enabled": True,
    }
    assert "aws_s3_bucket_policy.access_logs" in stack.only("aws_lb")["depends_on"]
    (rule,) = stack.only("aws_s3_bucket_lifecycle_configuration")["rule"]
    assert rule["expiration"] == [{"days": 90}]
    assert all(
        value is True
        for key, value in stack.only("aws_s3_bucket_public_access_block").items()
        if key not in ("//", "bucket")
    )
    delivery, tls_only = policy(stack, "aws_s3_bucket_policy.access_logs")
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert delivery["Action"] == ["s3:PutObject"]
    assert tls_only["Effect"] == "Deny"
    assert stack.only("aws_s3_bucket")["force_destroy"] is True
    kept = synth(load_balancer={"access_log_retention_days": 90, "deletion_protection": True})
    assert kept.only("aws_s3_bucket")["force_destroy"] is False


def test_the_firewall_limits_and_uses_awss_rules(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("load_balancer.waf"))
    limit, *managed = stack.only("aws_wafv2_web_acl")["rule"]
    assert limit["statement"]["rate_based_statement"] == {"limit": 1000, "aggregate_key_type": "IP"}
    assert limit["action"] == {"block": {}}
    names = [rule["statement"]["managed_rule_group_statement"]["name"] for rule in managed]
    assert "AWSManagedRulesWordPressRuleSet" in names
    assert "AWSManagedRulesKnownBadInputsRuleSet" in names
    assert [rule["priority"] for rule in (limit, *managed)] == list(range(len(names) + 1))
    assert all(rule["override_action"] == {"none": {}} for rule in managed)
    association = stack.only("aws_wafv2_web_acl_association")
    assert association["resource_arn"] == "${aws_lb.main.arn}"
    log_group = stack.at("aws_cloudwatch_log_group.waf")
    assert log_group["name"].startswith("aws-waf-logs-")
    assert log_group["retention_in_days"] == 30


# --- containers


def test_an_image_by_digest_only(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("container.require_digest"))
    (rule,) = stack.variables["container_image"]["validation"]
    assert "@sha256:" in rule["condition"]
    assert stack.variables["container_image"]["default"] == DIGEST


def test_an_image_of_ones_own_has_no_default(synth: Synthesizer) -> None:
    assert "default" not in synth(container={"image": None}).variables["container_image"]


def test_tasks_behind_endpoints_need_an_image_in_ecr(synth: Synthesizer) -> None:
    network = {"private_egress": "vpc_endpoints", "task_subnets": "private"}
    stack = synth(network=network, container={"image": ECR_IMAGE})
    (rule,) = stack.variables["container_image"]["validation"]
    assert ".dkr[.]ecr[.]" in rule["condition"].replace("[.]dkr", ".dkr")


def test_spot_is_a_strategy_instead_of_a_launch_type(
    synth: Synthesizer, reworded: Synthesized
) -> None:
    service = synth(STACK_ID, **settings_of("container.capacity")).only("aws_ecs_service")
    assert "launch_type" not in service
    assert service["capacity_provider_strategy"] == [
        {"capacity_provider": "FARGATE_SPOT", "weight": 1}
    ]
    with_a_base = reworded.only("aws_ecs_service")
    assert with_a_base["capacity_provider_strategy"] == [
        {"capacity_provider": "FARGATE_SPOT", "weight": 1},
        {"capacity_provider": "FARGATE", "base": 1, "weight": 0},
    ]


def test_the_container_checks_itself(reworded: Synthesized) -> None:
    check = container(reworded)["healthCheck"]
    assert check["command"] == ["CMD-SHELL", "curl -f http://localhost/"]
    assert (check["interval"], check["timeout"], check["retries"]) == (30, 5, 3)


def test_a_service_that_is_not_waited_for_has_no_postcondition(reworded: Synthesized) -> None:
    service = reworded.only("aws_ecs_service")
    assert "wait_for_steady_state" not in service
    assert "postcondition" not in service["lifecycle"]


def test_zone_rebalancing(reworded: Synthesized, platform: Synthesized) -> None:
    said = "availability_zone_rebalancing"
    assert platform.only("aws_ecs_service")[said] == "DISABLED"
    assert reworded.only("aws_ecs_service")[said] == "ENABLED"


def test_a_shell_in_a_task_needs_the_channels(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("container.execute_command"))
    assert stack.only("aws_ecs_service")["enable_execute_command"] is True
    (statement,) = policy(stack, "aws_iam_role_policy.ecs_task")
    assert len(statement["Action"]) == 4
    assert all(action.startswith("ssmmessages:") for action in statement["Action"])
    role = stack.only("aws_ecs_task_definition")["task_role_arn"]
    assert role == "${aws_iam_role.ecs_task_role.arn}"


def test_a_task_role_alone_may_do_nothing(synth: Synthesizer) -> None:
    assert synth(STACK_ID, **settings_of("container.task_role")).all("aws_iam_role_policy") == {}


def test_wordpress_is_told_its_address_and_to_use_tls(synth: Synthesizer) -> None:
    stack = synth(container={"fixed_site_url": True}, database={"require_tls": True})
    assert environment(stack)["WORDPRESS_CONFIG_EXTRA"] == (
        "define('WP_HOME','http://${aws_lb.main.dns_name}'); "
        "define('WP_SITEURL','http://${aws_lb.main.dns_name}'); "
        "define('MYSQL_CLIENT_FLAGS',MYSQLI_CLIENT_SSL);"
    )


def test_further_variables_come_after_the_platforms_own(reworded: Synthesized) -> None:
    assert list(environment(reworded))[-1] == "WORDPRESS_DEBUG"


def test_tasks_are_registered_in_the_private_zone(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("container.service_discovery"))
    registry = stack.only("aws_ecs_service")["service_registries"]
    assert registry == {"registry_arn": "${aws_service_discovery_service.wordpress.arn}"}
    namespace = stack.only("aws_service_discovery_private_dns_namespace")
    assert namespace["name"] == "resilience-platform.local"


def test_eight_keys_are_made_by_aws_and_read_at_start(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("container.shared_keys"))
    template = stack.only("aws_cloudformation_stack")["template_body"]
    made = {
        name: resource["Properties"]["GenerateSecretString"]
        for name, resource in template["Resources"].items()
    }
    assert len(made) == 8
    assert all(how == {"PasswordLength": 64, "ExcludePunctuation": True} for how in made.values())
    assert set(secrets(stack)) == {
        f"WORDPRESS_{scheme}_{part}"
        for scheme in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
        for part in ("KEY", "SALT")
    }
    assert len(set(secrets(stack).values())) == 8
    assert "aws_secretsmanager" not in stack.text, "Terraform must not see the values"


def test_uploads_are_mounted_encrypted_as_www_data(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("container.shared_uploads"))
    (volume,) = stack.only("aws_ecs_task_definition")["volume"]
    assert volume["efs_volume_configuration"]["transit_encryption"] == "ENABLED"
    assert volume["efs_volume_configuration"]["authorization_config"]["iam"] == "ENABLED"
    (mount,) = container(stack)["mountPoints"]
    assert mount["containerPath"] == "/var/www/html/wp-content/uploads"
    assert mount["sourceVolume"] == volume["name"]
    assert stack.only("aws_efs_file_system")["encrypted"] is True
    assert stack.only("aws_efs_access_point")["posix_user"] == {"uid": 33, "gid": 33}
    (tls_only,) = policy(stack, "aws_efs_file_system_policy.uploads")
    assert tls_only["Effect"] == "Deny"
    targets = [target["subnet_id"] for target in stack.all("aws_efs_mount_target").values()]
    assert targets == ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]
    service = stack.only("aws_ecs_service")
    assert {"aws_efs_mount_target.uploads_1", "aws_efs_mount_target.uploads_2"} <= set(
        service["depends_on"]
    )


# --- autoscaling


def test_without_autoscaling_the_desired_count_is_kept(synth: Synthesizer) -> None:
    stack = synth(autoscaling=None)
    assert "ignore_changes" not in stack.only("aws_ecs_service")["lifecycle"]
    assert stack.variables["desired_count"]["description"] == "Tasks to run."
    assert "0 to 5000." in stack.variables["desired_count"]["validation"][0]["error_message"]


def test_the_service_sleeps_and_an_apply_does_not_wake_it(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("autoscaling.sleep"))
    actions = stack.all("aws_appautoscaling_scheduled_action")
    assert actions["sleep"]["scalable_target_action"] == {"min_capacity": "0", "max_capacity": "0"}
    assert actions["wake"]["scalable_target_action"] == {"min_capacity": "2", "max_capacity": "4"}
    assert actions["sleep"]["schedule"] == "cron(0 19 ? * * *)"
    assert {action["timezone"] for action in actions.values()} == {"UTC"}
    assert stack.only("aws_appautoscaling_target")["lifecycle"] == {
        "ignore_changes": ["min_capacity", "max_capacity"]
    }


# --- database


def test_a_managed_password_is_nowhere_in_the_configuration(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("database.password"))
    assert "db_password" not in stack.text
    assert stack.only("aws_db_instance")["manage_master_user_password"] is True
    assert "WORDPRESS_DB_PASSWORD" not in environment(stack)
    secret = "data.aws_db_instance.wordpress.master_user_secret[0].secret_arn"
    assert secret in json.dumps(stack.document["resource"]["aws_ecs_task_definition"])
    assert stack.document["data"]["aws_db_instance"]["wordpress"]["depends_on"] == [
        "aws_db_instance.wordpress"
    ]


def test_a_rotation_replaces_the_tasks(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("database.password"))
    pattern = encoded(stack.raw("aws_cloudwatch_event_rule.password_rotated")["event_pattern"])
    assert [event["source"] for event in pattern["$or"]] == [["aws.secretsmanager"], ["aws.rds"]]
    runbook = encoded(stack.raw("aws_ssm_document.redeploy")["content"])
    (step,) = runbook["mainSteps"]
    assert step["inputs"]["Api"] == "UpdateService"
    assert step["inputs"]["forceNewDeployment"] is True
    actions = [
        action
        for statement in policy(stack, "aws_iam_role_policy.redeploy")
        for action in statement["Action"]
    ]
    assert actions == ["ecs:UpdateService", "ssm:StartAutomationExecution", "iam:PassRole"]


def test_tls_and_slow_queries_are_parameters(synth: Synthesizer) -> None:
    stack = synth(database={"require_tls": True, "slow_query_log": True})
    group = stack.only("aws_db_parameter_group")
    assert {one["name"]: one["value"] for one in group["parameter"]} == {
        "require_secure_transport": "1",
        "slow_query_log": "1",
        "log_output": "FILE",
    }
    assert group["family"] == "mysql8.0"
    assert group["lifecycle"] == {"create_before_destroy": True}
    assert group["name_prefix"] == "resilience-platform-"


def test_switches_of_the_instance(reworded: Synthesized, platform: Synthesized) -> None:
    switches = {
        "iam_database_authentication_enabled": True,
        "deletion_protection": True,
        "apply_immediately": True,
    }
    assert not switches.keys() & platform.only("aws_db_instance").keys()
    assert switches.items() <= reworded.only("aws_db_instance").items()


def test_the_user_can_be_shown(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **settings_of("database.username_sensitive"))
    assert "sensitive" not in stack.variables["db_username"]
    assert stack.variables["db_password"]["sensitive"] is True


# --- overrides


def test_an_override_sets_an_argument_and_null_takes_one_out(
    reworded: Synthesized, platform: Synthesized
) -> None:
    assert reworded.only("aws_ecs_service")["deployment_controller"] == {"type": "ECS"}
    check = dict(platform.only("aws_lb_target_group")["health_check"])
    assert check.pop("timeout") == 5
    assert reworded.only("aws_lb_target_group")["health_check"] == check


# --- keys


EVERYTHING_ENCRYPTED = {
    "customer_managed_keys": ["logs", "database", "alerts", "secrets", "uploads"],
    "network.flow_log_retention_days": LOG_RETENTION_DAYS[0],
    "load_balancer.waf": {},
    "container.shared_keys": True,
    "container.shared_uploads": True,
    "database.password": "managed",
    "database.performance_insights": True,
    "database.instance_class": "db.t3.medium",
}


def test_each_purpose_has_its_own_rotated_key(synth: Synthesizer) -> None:
    stack = synth(STACK_ID, **nested(EVERYTHING_ENCRYPTED))
    keys = stack.all("aws_kms_key")
    assert set(keys) == {"logs", "database", "alerts", "secrets", "uploads"}
    assert all(key["enable_key_rotation"] is True for key in keys.values())
    arn = {purpose: f"${{aws_kms_key.{purpose}.arn}}" for purpose in keys}
    for group in stack.all("aws_cloudwatch_log_group").values():
        assert group["kms_key_id"] == arn["logs"]
    database = stack.only("aws_db_instance")
    assert database["kms_key_id"] == arn["database"]
    assert database["performance_insights_kms_key_id"] == arn["database"]
    assert database["master_user_secret_kms_key_id"] == arn["secrets"]
    assert stack.only("aws_sns_topic")["kms_master_key_id"] == arn["alerts"]
    assert stack.only("aws_efs_file_system")["kms_key_id"] == arn["uploads"]
    assert stack.only("aws_backup_vault")["kms_key_arn"] == arn["uploads"]
    template = stack.only("aws_cloudformation_stack")["template_body"]
    for secret in template["Resources"].values():
        assert secret["Properties"]["KmsKeyId"] == arn["secrets"]
    read, decrypt = policy(stack, "aws_iam_role_policy.ecs_task_execution_secrets")
    assert read["Action"] == ["secretsmanager:GetSecretValue"]
    assert len(read["Resource"]) == 9
    assert decrypt == {
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": arn["secrets"],
    }


def test_the_publishers_of_alerts_may_use_the_topics_key(synth: Synthesizer) -> None:
    """Without that, alarms go off and nobody hears of it."""
    stack = synth(customer_managed_keys=["alerts"])
    _, *publishers = policy(stack, "aws_kms_key.alerts")
    assert {statement["Principal"]["Service"] for statement in publishers} == {
        f"{name}.amazonaws.com" for name in ("cloudwatch", "budgets", "costalerts", "events.rds")
    }
    for statement in publishers:
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_rds_reports_failovers_to_the_alerts_topic(synth: Synthesizer) -> None:
    """Which no metric shows; and only once the topic lets RDS publish."""
    stack = synth(monitoring={"database_events": True})
    subscription = stack.only("aws_db_event_subscription")
    assert subscription["source_ids"] == ["${aws_db_instance.wordpress.identifier}"]
    assert subscription["sns_topic"] == "${aws_sns_topic.alerts.arn}"
    assert {"failover", "failure"} <= set(subscription["event_categories"])
    assert subscription["depends_on"] == ["aws_sns_topic_policy.alerts"]
    assert not synth().all("aws_db_event_subscription")


def test_the_logs_key_is_for_the_accounts_own_logs(synth: Synthesizer) -> None:
    _, logs = policy(synth(customer_managed_keys=["logs"]), "aws_kms_key.logs")
    assert logs["Principal"]["Service"].startswith("logs.")
    assert list(logs["Condition"]) == ["ArnLike"]
