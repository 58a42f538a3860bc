"""alerts.py, monitoring.py and cost.py: what they say in words, and what AWS needs of them."""

import pytest

from constructs_lib.settings.database import connections
from tests.synth.options import settings_of
from tests.synth.synthesized import Synthesized, Synthesizer, encoded


def test_every_alarm_says_what_is_wrong(platform: Synthesized) -> None:
    alarms = platform.all("aws_cloudwatch_metric_alarm").values()
    descriptions = {alarm["alarm_description"] for alarm in alarms}
    assert len(descriptions) == len(alarms)
    assert all(description.endswith(".") for description in descriptions)


@pytest.mark.parametrize(
    ("instance_class", "allowed"),
    [
        *(("db.t3.micro", 60), ("db.t4g.small", 120), ("db.t3.medium", 240), ("db.m5.large", 480)),
        *(("db.r6g.2xlarge", 3840), ("db.x2iedn.xlarge", 3840), ("db.new.metal", 30)),
    ],
)
def test_a_class_allows_connections_by_its_memory(instance_class: str, allowed: int) -> None:
    """60 for each GiB; what is not known counts as the smallest. In Terraform: tests/e2e."""
    assert connections(instance_class) == allowed


def test_the_share_of_connections_is_of_the_class_at_plan_time(synth: Synthesizer) -> None:
    stack = synth(monitoring={"db_connections_percent": 50})
    alarm = stack.blocks["aws_cloudwatch_metric_alarm.rds_connections_share"]
    assert alarm["threshold"].startswith("${floor(30 * lookup({")
    assert 'split(".", var.db_instance_class)[2]' in alarm["threshold"]
    assert alarm["alarm_description"].startswith("More than 50 % of the connections")


def test_rds_reports_failovers_to_the_alerts_topic(synth: Synthesizer) -> None:
    """Which no metric shows; and only once the topic lets RDS publish."""
    stack = synth(**settings_of("monitoring.database_events"))
    subscription = stack.blocks["aws_db_event_subscription.database"]
    assert subscription["source_ids"] == ["${aws_db_instance.wordpress.identifier}"]
    assert subscription["sns_topic"] == "${aws_sns_topic.alerts.arn}"
    assert {"failover", "failure"} <= set(subscription["event_categories"])
    assert subscription["depends_on"] == ["aws_sns_topic_policy.alerts"]


def test_eventbridge_reports_failed_backups_of_the_uploads(synth: Synthesizer) -> None:
    """Which it may, and may decrypt for, where there are backups only."""
    stack = synth(**settings_of("container.shared_uploads", customer_managed_keys=["alerts"]))
    rule = stack.blocks["aws_cloudwatch_event_rule.failed_backups"]
    assert rule["event_pattern"]["detail"] == {
        "state": ["ABORTED", "EXPIRED", "FAILED"],
        "$or": [
            {"backupVaultName": ["${aws_backup_vault.uploads.name}"]},
            {"sourceBackupVaultArn": ["${aws_backup_vault.uploads.arn}"]},
        ],
    }
    target = stack.blocks["aws_cloudwatch_event_target.failed_backups"]
    assert (target["rule"], target["arn"]) == (
        "${aws_cloudwatch_event_rule.failed_backups.name}",
        "${aws_sns_topic.alerts.arn}",
    )
    *_, publish = stack.statements("aws_sns_topic_policy.alerts")
    *_, decrypt = stack.statements("aws_kms_key.alerts")
    for statement in (publish, decrypt):
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    (source,) = publish["Condition"]["ArnLike"].values()
    assert source.endswith(":rule/${var.project_name}-*")
    assert rule["name"].startswith("${var.project_name}-")


def test_further_addresses_hear_of_alerts_whatever_their_order(synth: Synthesizer) -> None:
    both = ["a@example.com", "https://events.example.com/1"]
    stack = synth(monitoring={"subscriptions": both})
    found = stack.all("aws_sns_topic_subscription")
    assert [(found[name]["protocol"], found[name]["endpoint"]) for name in found][1:] == [
        ("email", both[0]),
        ("https", both[1]),
    ]
    turned = synth(monitoring={"subscriptions": both[::-1]})
    assert turned.all("aws_sns_topic_subscription") == found


def test_the_file_system_is_watched_where_there_is_one(synth: Synthesizer) -> None:
    stack = synth(**settings_of("container.shared_uploads"))
    for name, metric in (("efs_io_limit", "PercentIOLimit"), ("efs_burst_credits", "BurstCredit")):
        alarm = stack.blocks[f"aws_cloudwatch_metric_alarm.{name}"]
        assert alarm["metric_name"].startswith(metric)
        assert alarm["dimensions"] == {"FileSystemId": "${aws_efs_file_system.uploads.id}"}
        assert alarm["alarm_actions"] == ["${aws_sns_topic.alerts.arn}"]


def test_the_anomaly_monitor_names_every_key_that_aws_returns(platform: Synthesized) -> None:
    """Or each plan would replace it."""
    (monitor,) = platform.document["resource"]["aws_ce_anomaly_monitor"].values()
    specification = encoded(monitor["monitor_specification"])
    assert {key for key, value in specification.items() if value is None} == {
        *("And", "CostCategories", "Dimensions", "Not", "Or")
    }
    assert specification["Tags"]["MatchOptions"] is None
