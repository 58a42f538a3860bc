"""rds.py: one Multi-AZ MySQL instance in the private subnets, encrypted and monitored."""

from tests.synth.synthesized import Synthesized, Synthesizer


def test_the_whole_instance_is_as_specified(platform: Synthesized) -> None:
    """Nothing else is set: no snapshot to restore, no replica source, no public access."""
    instance = platform.only("aws_db_instance")
    assert sorted(instance.pop("lifecycle")) == ["precondition"]
    assert instance == {
        "identifier": "resilience-platform-db",
        "engine": "mysql",
        "engine_version": "8.0",
        "instance_class": "db.t3.micro",
        "allocated_storage": 20,
        "storage_type": "gp2",
        "storage_encrypted": True,
        "db_name": "wordpress",
        "username": "admin",
        "password": "${var.db_password}",
        "multi_az": True,
        "db_subnet_group_name": "${aws_db_subnet_group.main.name}",
        "vpc_security_group_ids": ["${aws_security_group.rds_sg.id}"],
        "publicly_accessible": False,
        "backup_retention_period": 7,
        "backup_window": "03:00-04:00",
        "maintenance_window": "Mon:04:00-Mon:05:00",
        "auto_minor_version_upgrade": True,
        "copy_tags_to_snapshot": True,
        "monitoring_interval": 60,
        "monitoring_role_arn": "${aws_iam_role.rds_monitoring.arn}",
        "enabled_cloudwatch_logs_exports": ["error", "slowquery"],
        "performance_insights_enabled": False,
        "skip_final_snapshot": True,
        "tags": {"Name": "resilience-platform-rds"},
        "depends_on": ["aws_iam_role_policy_attachment.rds_monitoring"],
    }


def test_every_database_setting_reaches_the_instance(maximal: Synthesized) -> None:
    instance = maximal.only("aws_db_instance")
    instance.pop("lifecycle")
    assert instance == {
        "identifier": "everything-else-db",
        "engine": "mysql",
        "engine_version": "8.4.5",
        "instance_class": "db.m6g.large",
        "allocated_storage": 400,
        "storage_type": "gp3",
        "iops": 12000,
        "storage_throughput": 500,
        "storage_encrypted": False,
        "db_name": "site",
        "username": "writer",
        "password": "${var.db_password}",
        "multi_az": False,
        "db_subnet_group_name": "${aws_db_subnet_group.main.name}",
        "vpc_security_group_ids": ["${aws_security_group.rds_sg.id}"],
        "publicly_accessible": False,
        "backup_retention_period": 35,
        "backup_window": "23:30-00:30",
        "maintenance_window": "Sun:12:00-Sun:23:30",
        "auto_minor_version_upgrade": True,
        "copy_tags_to_snapshot": True,
        "monitoring_interval": 0,
        "enabled_cloudwatch_logs_exports": ["audit", "error", "general", "slowquery"],
        "performance_insights_enabled": True,
        "skip_final_snapshot": False,
        "final_snapshot_identifier": "everything-else-db-final",
        "tags": {"Name": "everything-else-rds"},
    }


def test_the_subnet_group_spans_both_private_subnets(platform: Synthesized) -> None:
    group = platform.only("aws_db_subnet_group")
    assert group["subnet_ids"] == ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]


def test_what_a_user_changes_at_plan_time_is_a_variable(platform: Synthesized) -> None:
    instance = platform.raw("aws_db_instance.wordpress")
    assert {key: instance[key] for key in ("allocated_storage", "instance_class", "db_name")} == {
        "allocated_storage": "${var.db_allocated_storage}",
        "instance_class": "${var.db_instance_class}",
        "db_name": "${var.db_name}",
    }
    assert instance["username"] == "${var.db_username}"


def test_enhanced_monitoring_brings_a_role_with_one_policy(platform: Synthesized) -> None:
    attached = {
        name: attachment["policy_arn"]
        for name, attachment in platform.all("aws_iam_role_policy_attachment").items()
        if attachment["role"] == "${aws_iam_role.rds_monitoring.name}"
    }
    assert attached == {
        "rds_monitoring": "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    }


def test_without_enhanced_monitoring_there_is_no_role(maximal: Synthesized) -> None:
    assert list(maximal.all("aws_iam_role")) == ["ecs_task_execution_role"]
    assert list(maximal.all("aws_iam_role_policy_attachment")) == ["ecs_task_execution_attach"]


def test_credentials_that_rds_rejects_are_refused_at_plan_time(platform: Synthesized) -> None:
    """In preconditions: of a validation that fails, Terraform prints the value."""
    username, password = platform.raw("aws_db_instance.wordpress")["lifecycle"]["precondition"]
    for rule, name in ((username, "db_username"), (password, "db_password")):
        assert f"var.{name}" in rule["condition"]
        assert rule["error_message"].startswith(f"{name}: RDS accepts ")
        assert "var." not in rule["error_message"]


def test_performance_insights_are_refused_on_a_class_without_them_at_plan_time(
    maximal: Synthesized,
) -> None:
    *_, rule = maximal.raw("aws_db_instance.wordpress")["lifecycle"]["precondition"]
    assert "t4g" in rule["condition"]
    assert "var.db_instance_class" in rule["condition"]
    assert rule["error_message"].startswith('db_instance_class = "${var.db_instance_class}" has no')


def test_there_are_no_replicas_and_no_clusters(platform: Synthesized) -> None:
    assert len(platform.all("aws_db_instance")) == 1
    assert platform.all("aws_rds_cluster") == {}
    assert platform.all("aws_db_snapshot") == {}


def test_no_exported_logs_is_an_empty_list(synth: Synthesizer) -> None:
    """Absent, Terraform would leave the exports that are on as they are."""
    assert (
        synth(database={"log_exports": []}).raw("aws_db_instance.wordpress")[
            "enabled_cloudwatch_logs_exports"
        ]
        == []
    )
