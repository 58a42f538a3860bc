"""Each option alone, on top of the contract, and what the parts of constructs_lib/options make."""

import re

import pytest

from tests.synth.options import OPTIONS, nested, settings_of
from tests.synth.synthesized import Block, Synthesized, Synthesizer, changes, dangling


@pytest.mark.parametrize("path", [path for path in OPTIONS if path != "variables"])
def test_an_option_alone_adds_removes_and_changes_this_and_nothing_else(
    path: str, synth: Synthesizer, platform: Synthesized
) -> None:
    """So an option that is off has left nothing behind, and none drags another one along."""
    option, stack = OPTIONS[path], synth(**settings_of(path))
    before, after = platform.blocks.keys(), stack.blocks.keys()
    assert after - before == set(option.adds)
    assert before - after == set(option.removes)
    assert changes(platform.blocks, stack.blocks) == option.changes
    assert dangling(stack) == set()


# --- access_logs.py, firewall.py


def test_access_logs_are_private_and_expire(synth: Synthesizer) -> None:
    stack = synth(**settings_of("load_balancer.access_log_retention_days"))
    (rule,) = stack.blocks["aws_s3_bucket_lifecycle_configuration.access_logs"]["rule"]
    assert rule["expiration"] == [{"days": 90}]
    versioning = stack.blocks["aws_s3_bucket_versioning.access_logs"]
    assert versioning["versioning_configuration"] == {"status": "Enabled"}
    encryption = "aws_s3_bucket_server_side_encryption_configuration.access_logs"
    assert stack.blocks[encryption]["rule"] == [
        {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    ]
    closed = stack.blocks["aws_s3_bucket_public_access_block.access_logs"]
    assert closed == {
        "bucket": "${aws_s3_bucket.access_logs.id}",
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": True,
        "restrict_public_buckets": True,
    }
    delivery, tls_only = stack.statements("aws_s3_bucket_policy.access_logs")
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert delivery["Action"] == ["s3:PutObject"]
    assert list(delivery["Condition"]) == ["ArnLike"]
    assert (tls_only["Effect"], tls_only["Principal"]) == ("Deny", "*")
    assert tls_only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    # S3 rejects a policy and a public access block that are changed at the same time
    waits = stack.blocks["aws_s3_bucket_policy.access_logs"]["depends_on"]
    assert waits == ["aws_s3_bucket_public_access_block.access_logs"]
    assert stack.blocks["aws_s3_bucket.access_logs"]["force_destroy"] is True
    kept = synth(load_balancer={"access_log_retention_days": 90, "deletion_protection": True})
    assert kept.blocks["aws_s3_bucket.access_logs"]["force_destroy"] is False


def test_the_firewall_limits_and_uses_awss_rules(synth: Synthesizer) -> None:
    blocks = synth(**settings_of("load_balancer.waf")).blocks
    limit, *managed, body = blocks["aws_wafv2_web_acl.main"]["rule"]
    assert limit["statement"]["rate_based_statement"] == {"limit": 1000, "aggregate_key_type": "IP"}
    assert limit["action"] == {"block": {}}
    groups = [rule["statement"]["managed_rule_group_statement"] for rule in managed]
    counted = {
        group["name"].removeprefix("AWSManagedRules"): [
            rule["name"] for rule in group.get("rule_action_override", [])
        ]
        for group in groups
    }
    assert counted == {
        "CommonRuleSet": [
            *("CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY"),
            "SizeRestrictions_BODY",
        ],
        "KnownBadInputsRuleSet": [],
        "AnonymousIpList": ["HostingProviderIPList"],
        "SQLiRuleSet": ["SQLiExtendedPatterns_BODY", "SQLi_BODY"],
        "PHPRuleSet": ["PHPHighRiskMethodsVariables_BODY"],
        "WordPressRuleSet": [],
    }
    assert [rule["priority"] for rule in (limit, *managed, body)] == [*range(8)]
    assert all(rule["override_action"] == {"none": {}} for rule in managed)
    association = blocks["aws_wafv2_web_acl_association.main"]
    assert association["resource_arn"] == "${aws_lb.main.arn}"
    log_group = blocks["aws_cloudwatch_log_group.waf"]
    assert log_group["name"].startswith("aws-waf-logs-")
    assert log_group["retention_in_days"] == 30
    logged = blocks["aws_wafv2_web_acl_logging_configuration.main"]
    assert [field["single_header"]["name"] for field in logged["redacted_fields"]] == [
        *("authorization", "cookie")
    ]


def firewall(synth: Synthesizer, *counted: str) -> list[Block]:
    waf = {"counted_rules": list(counted)}
    rules: list[Block] = synth(load_balancer={"waf": waf}).blocks["aws_wafv2_web_acl.main"]["rule"]
    return rules


def test_what_stops_an_editors_save_is_blocked_elsewhere(synth: Synthesizer) -> None:
    """A rule that counts leaves a label, and a rule after it blocks by the label."""
    body = firewall(synth)[-1]
    assert body["action"] == {"block": {}}
    labelled, *elsewhere = body["statement"]["and_statement"]["statement"]
    keys = {s["label_match_statement"]["key"] for s in labelled["or_statement"]["statement"]}
    assert keys == {
        f"awswaf:managed:aws:{label}"
        for label in (
            *("core-rule-set:SizeRestrictions_Body", "core-rule-set:CrossSiteScripting_Body"),
            *("core-rule-set:GenericLFI_Body", "core-rule-set:GenericRFI_Body"),
            *("sql-database:SQLi_Body", "sql-database:SQLiExtendedPatterns_Body"),
            "php-app:PHPHighRiskMethodsVariables_Body",
        )
    }
    excepted = [s["not_statement"]["statement"][0]["byte_match_statement"] for s in elsewhere]
    assert [(m["positional_constraint"], m["search_string"]) for m in excepted] == [
        ("STARTS_WITH", "/wp-admin/"),
        ("STARTS_WITH", "/wp-json/"),
        ("CONTAINS", "rest_route="),
    ]


def test_a_counted_rule_counts_on_every_path(synth: Synthesizer) -> None:
    usual = firewall(synth)
    rules = firewall(
        synth,
        "AWSManagedRulesSQLiRuleSet/SQLi_COOKIE",
        "AWSManagedRulesCommonRuleSet/SizeRestrictions_BODY",
    )
    sql = rules[4]["statement"]["managed_rule_group_statement"]
    assert {rule["name"] for rule in sql["rule_action_override"]} == {
        *("SQLi_BODY", "SQLi_COOKIE", "SQLiExtendedPatterns_BODY")
    }
    before, after = (
        str(found[-1]["statement"]["and_statement"]["statement"][0]) for found in (usual, rules)
    )
    assert "SizeRestrictions_Body" in before
    assert "SizeRestrictions_Body" not in after


def test_without_editors_their_paths_are_not_excepted(synth: Synthesizer) -> None:
    """Another application: what AWS's rules find in a body is blocked everywhere."""
    other = settings_of("container.database_environment", **{"load_balancer.waf": {}})
    rules = synth(**other).blocks["aws_wafv2_web_acl.main"]["rule"]
    groups = [rule["statement"].get("managed_rule_group_statement") for rule in rules[1:]]
    assert [group["name"].removeprefix("AWSManagedRules") for group in groups] == [
        *("CommonRuleSet", "KnownBadInputsRuleSet", "AnonymousIpList", "SQLiRuleSet"),
        "PHPRuleSet",
    ]
    counted = [rule["name"] for g in groups for rule in g.get("rule_action_override", [])]
    assert counted == ["HostingProviderIPList"]


# --- discovery.py, wordpress_keys.py, rotation.py


def test_tasks_are_registered_in_the_private_zone(synth: Synthesizer) -> None:
    blocks = synth(**settings_of("container.service_discovery")).blocks
    namespace = blocks["aws_service_discovery_private_dns_namespace.main"]
    assert namespace["name"] == "${var.project_name}.local"


def test_eight_keys_are_made_by_aws_and_read_at_start(synth: Synthesizer) -> None:
    stack = synth(**settings_of("container.shared_keys"))
    template = stack.blocks["aws_cloudformation_stack.wordpress_keys"]["template_body"]
    made = [r["Properties"]["GenerateSecretString"] for r in template["Resources"].values()]
    assert made == [{"PasswordLength": 64, "ExcludePunctuation": True}] * 8
    secrets = {pair["name"]: pair["valueFrom"] for pair in stack.container["secrets"]}
    assert set(secrets) == {
        f"WORDPRESS_{scheme}_{part}"
        for scheme in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
        for part in ("KEY", "SALT")
    }
    assert len(set(secrets.values())) == 8
    assert "aws_secretsmanager" not in stack.text, "Terraform must not see the values"


def test_a_rotation_keeps_to_its_window_and_none_is_started_by_an_apply(synth: Synthesizer) -> None:
    stack = synth(**settings_of("database.rotation"))
    rotation = stack.blocks["aws_secretsmanager_secret_rotation.password"]
    schedule = {"schedule_expression": "cron(0 22 1 */3 ? *)", "duration": "2h"}
    assert rotation["rotation_rules"] == schedule
    assert rotation["rotate_immediately"] is False
    (read,) = stack.statements("aws_iam_role_policy.ecs_task_execution_secrets")
    assert [rotation["secret_id"]] == read["Resource"]


def test_a_rotation_replaces_the_tasks(synth: Synthesizer) -> None:
    stack = synth(**settings_of("database.password"))
    pattern = stack.blocks["aws_cloudwatch_event_rule.password_rotated"]["event_pattern"]
    assert [event["source"] for event in pattern["$or"]] == [["aws.secretsmanager"], ["aws.rds"]]
    (step,) = stack.blocks["aws_ssm_document.redeploy"]["content"]["mainSteps"]
    assert step["inputs"]["Api"] == "UpdateService"
    assert step["inputs"]["forceNewDeployment"] is True
    statements = stack.statements("aws_iam_role_policy.redeploy")
    actions = [action for statement in statements for action in statement["Action"]]
    assert actions == ["ecs:UpdateService", "ssm:StartAutomationExecution", "iam:PassRole"]


# --- fault_injection.py


def test_an_experiment_cuts_one_zone_off_and_tells_ecs_last(synth: Synthesizer) -> None:
    """What it does, to what: everything is found by tag and zone when it starts."""
    blocks = synth(**settings_of("resilience.fault_injection")).blocks
    for number in (1, 2):
        template = blocks[f"aws_fis_experiment_template.zone_{number}"]
        zone = f"${{var.availability_zones[{number - 1}]}}"
        assert template["tags"]["Zone"] == zone
        targets = {target.pop("name"): target for target in template["target"]}
        assert targets == {
            name: {
                "resource_type": kind,
                "resource_tag": [{"key": "Project", "value": "${var.project_name}"}],
                "filter": [{"path": "AvailabilityZone", "values": [zone]}],
                "selection_mode": "ALL",
            }
            for name, kind in (
                ("Subnets", "aws:ec2:subnet"),
                ("DBInstances", "aws:rds:db"),
                ("Tasks", "aws:ecs:task"),
            )
        }
        cut, failover, wait, stop = template["action"]
        assert cut["action_id"] == "aws:network:disrupt-connectivity"
        assert {p["key"]: p["value"] for p in cut["parameter"]} == {
            "scope": "all",
            "duration": "PT10M",
        }
        assert failover["action_id"] == "aws:rds:reboot-db-instances"
        assert failover["parameter"] == [{"key": "forceFailover", "value": "true"}]
        assert (stop["action_id"], stop["start_after"]) == ("aws:ecs:stop-task", [wait["name"]])
        assert wait["parameter"] == [{"key": "duration", "value": "PT5M"}]
        assert not any("start_after" in action for action in (cut, failover, wait))
        for action in (cut, failover, stop):
            assert action["target"]["key"] == action["target"]["value"]
        assert template["experiment_options"] == {"empty_target_resolution_mode": "skip"}


def test_an_experiment_ends_when_no_task_is_healthy_for_minutes(synth: Synthesizer) -> None:
    blocks = synth(**settings_of("resilience.fault_injection")).blocks
    for number in (1, 2):
        template = blocks[f"aws_fis_experiment_template.zone_{number}"]
        assert template["stop_condition"] == [
            {
                "source": "aws:cloudwatch:alarm",
                "value": "${aws_cloudwatch_metric_alarm.fault_injection.arn}",
            }
        ]
        written = template["log_configuration"]["cloudwatch_logs_configuration"]
        # FIS wants the form with which CloudWatch Logs names the streams
        assert written["log_group_arn"] == "${aws_cloudwatch_log_group.fault_injection.arn}:*"
    alarm = blocks["aws_cloudwatch_metric_alarm.fault_injection"]
    assert (alarm["metric_name"], alarm["statistic"]) == ("HealthyHostCount", "Maximum")
    assert (alarm["comparison_operator"], alarm["threshold"]) == ("LessThanThreshold", 1)
    assert alarm["evaluation_periods"] * alarm["period"] == 300
    assert alarm["treat_missing_data"] == "breaching"
    assert "alarm_actions" not in alarm


def test_an_experiment_changes_only_the_projects_own(synth: Synthesizer) -> None:
    """Without a condition it only reads and logs, but for putting network ACLs back."""
    stack = synth(**settings_of("resilience.fault_injection"))
    assert "fis.amazonaws.com" in stack.blocks["aws_iam_role.fault_injection"]["assume_role_policy"]
    free, limited = [], {}
    for statement in stack.statements("aws_iam_role_policy.fault_injection"):
        if "Condition" not in statement:
            free.append((set(statement["Action"]), statement["Resource"]))
        else:
            (condition,) = statement["Condition"]["StringEquals"].items()
            limited[condition] = (statement["Action"], statement["Resource"])
    acls = "arn:aws:ec2:*:*:network-acl/*"
    (back, where), (others, _) = free
    assert (back, where) == ({"ec2:ReplaceNetworkAclAssociation"}, acls)
    reading = re.compile(r"(ec2|ecs|rds):(Describe|Get|List)\w+|tag:GetResources|logs:\w+")
    assert all(reading.fullmatch(action) for action in others)
    changing = ["ecs:StopTask", "rds:RebootDBInstance"]
    changing += ["ec2:CreateNetworkAcl", "ec2:ReplaceNetworkAclAssociation"]
    assert limited == {
        ("aws:ResourceTag/Project", "${var.project_name}"): (changing, "*"),
        ("aws:RequestTag/managedByFIS", "true"): (["ec2:CreateNetworkAcl"], acls),
        ("ec2:CreateAction", "CreateNetworkAcl"): (["ec2:CreateTags"], acls),
        ("aws:ResourceTag/managedByFIS", "true"): (
            ["ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAcl"],
            acls,
        ),
    }


def test_tasks_are_found_by_tag_without_a_budget_too(synth: Synthesizer) -> None:
    injected = synth(resilience={"fault_injection": True}, cost=None)
    assert injected.blocks["aws_ecs_service.wordpress"]["propagate_tags"] == "SERVICE"


# --- uploads.py


def test_uploads_are_mounted_encrypted_as_www_data(synth: Synthesizer) -> None:
    stack = synth(**settings_of("container.shared_uploads"))
    (volume,) = stack.blocks["aws_ecs_task_definition.wordpress"]["volume"]
    assert volume["efs_volume_configuration"]["transit_encryption"] == "ENABLED"
    assert volume["efs_volume_configuration"]["authorization_config"]["iam"] == "ENABLED"
    (mount,) = stack.container["mountPoints"]
    assert mount["containerPath"] == "/var/www/html/wp-content/uploads"
    assert mount["sourceVolume"] == volume["name"]
    assert stack.blocks["aws_efs_file_system.uploads"]["encrypted"] is True
    user = stack.blocks["aws_efs_access_point.uploads"]["posix_user"]
    assert user == {"uid": 33, "gid": 33}
    (tls_only,) = stack.statements("aws_efs_file_system_policy.uploads")
    assert tls_only["Effect"] == "Deny"
    targets = [target["subnet_id"] for target in stack.all("aws_efs_mount_target").values()]
    assert targets == ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]


# --- backups.py


def test_database_and_uploads_are_copied_to_a_locked_vault_elsewhere(synth: Synthesizer) -> None:
    """With a key of its own there, and the same tags; what may delete a copy waits."""
    stack = synth(**settings_of("container.shared_uploads", "backup.vault_lock_days"))
    first, elsewhere = stack.document["provider"]["aws"]
    assert (elsewhere["alias"], elsewhere["region"]) == ("eu_west_1", "eu-west-1")
    assert elsewhere["default_tags"] == first["default_tags"]
    (rule,) = stack.blocks["aws_backup_plan.uploads"]["rule"]
    (copy,) = rule["copy_action"]
    assert copy["destination_vault_arn"] == "${aws_backup_vault.copies.arn}"
    assert copy["lifecycle"] == rule["lifecycle"] == {"delete_after": 35}
    assert stack.blocks["aws_backup_selection.uploads"]["resources"] == [
        "${aws_efs_file_system.uploads.arn}",
        "${aws_db_instance.wordpress.arn}",
    ]
    vault = stack.blocks["aws_backup_vault.copies"]
    assert vault["kms_key_arn"] == "${aws_kms_key.copies.arn}"
    there = [address for address, block in stack.blocks.items() if "copies" in address]
    assert {stack.blocks[address]["provider"] for address in there} == {"aws.eu_west_1"}
    locks = stack.all("aws_backup_vault_lock_configuration")
    assert {name: lock["min_retention_days"] for name, lock in locks.items()} == {
        "uploads": 7,
        "copies": 7,
    }


# --- encryption_keys.py


EVERYTHING_ENCRYPTED = {
    "customer_managed_keys": ["logs", "database", "alerts", "secrets", "uploads"],
    "network.flow_log_retention_days": 14,
    "load_balancer.waf": {},
    "container.shared_keys": True,
    "container.shared_uploads": True,
    "database.password": "managed",
    "database.performance_insights": True,
    "database.instance_class": "db.t3.medium",
    "resilience.fault_injection": True,
}


def test_each_purpose_has_its_own_rotated_key(synth: Synthesizer) -> None:
    stack = synth(**nested(EVERYTHING_ENCRYPTED))
    keys = stack.all("aws_kms_key")
    assert set(keys) == {"logs", "database", "alerts", "secrets", "uploads"}
    assert all(key["enable_key_rotation"] is True for key in keys.values())
    for address, attribute, purpose in (
        ("aws_cloudwatch_log_group.ecs", "kms_key_id", "logs"),
        ("aws_cloudwatch_log_group.flow_logs", "kms_key_id", "logs"),
        ("aws_cloudwatch_log_group.waf", "kms_key_id", "logs"),
        ("aws_cloudwatch_log_group.fault_injection", "kms_key_id", "logs"),
        ("aws_db_instance.wordpress", "kms_key_id", "database"),
        ("aws_db_instance.wordpress", "performance_insights_kms_key_id", "database"),
        ("aws_db_instance.wordpress", "master_user_secret_kms_key_id", "secrets"),
        ("aws_sns_topic.alerts", "kms_master_key_id", "alerts"),
        ("aws_efs_file_system.uploads", "kms_key_id", "uploads"),
        ("aws_backup_vault.uploads", "kms_key_arn", "uploads"),
    ):
        assert stack.blocks[address][attribute] == f"${{aws_kms_key.{purpose}.arn}}", address
    secrets = "${aws_kms_key.secrets.arn}"
    template = stack.blocks["aws_cloudformation_stack.wordpress_keys"]["template_body"]
    for secret in template["Resources"].values():
        assert secret["Properties"]["KmsKeyId"] == secrets
    read, decrypt = stack.statements("aws_iam_role_policy.ecs_task_execution_secrets")
    assert read["Action"] == ["secretsmanager:GetSecretValue"]
    assert len(read["Resource"]) == 9
    assert decrypt == {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": secrets}


def test_the_publishers_of_alerts_may_use_the_topics_key(synth: Synthesizer) -> None:
    """Without that, alarms go off and nobody hears of it."""
    stack = synth(customer_managed_keys=["alerts"])
    _, *publishers = stack.statements("aws_kms_key.alerts")
    assert {statement["Principal"]["Service"] for statement in publishers} == {
        f"{name}.amazonaws.com" for name in ("cloudwatch", "budgets", "costalerts", "events.rds")
    }
    for statement in publishers:
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_the_logs_key_is_for_the_accounts_own_logs(synth: Synthesizer) -> None:
    _, logs = synth(customer_managed_keys=["logs"]).statements("aws_kms_key.logs")
    assert logs["Principal"]["Service"].startswith("logs.")
    assert list(logs["Condition"]) == ["ArnLike"]
