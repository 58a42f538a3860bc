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


def test_the_anomaly_monitor_names_every_key_that_aws_returns(platform: Synthesized) -> None:
    """Or each plan would replace it."""
    (monitor,) = platform.document["resource"]["aws_ce_anomaly_monitor"].values()
    specification = encoded(monitor["monitor_specification"])
    assert {key for key, value in specification.items() if value is None} == {
        *("And", "CostCategories", "Dimensions", "Not", "Or")
    }
    assert specification["Tags"]["MatchOptions"] is None
