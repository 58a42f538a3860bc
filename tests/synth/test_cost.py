"""cost.py: a monthly budget and the detection of anomalies, both of this project's costs only."""

import pytest

from tests.synth.synthesized import Synthesized, encoded

TOPIC = "${aws_sns_topic.alerts.arn}"


def test_the_budget_is_monthly_and_in_dollars(platform: Synthesized) -> None:
    budget = platform.only("aws_budgets_budget")
    assert (budget["budget_type"], budget["time_unit"]) == ("COST", "MONTHLY")
    assert (budget["limit_amount"], budget["limit_unit"]) == (100, "USD")


def test_the_budget_counts_what_carries_the_projects_tag(platform: Synthesized) -> None:
    """`user:Project$name` is the only form that AWS matches; any other counts 0 dollars."""
    assert platform.only("aws_budgets_budget")["cost_filter"] == [
        {"name": "TagKeyValue", "values": ['${format("user:Project$%s", var.project_name)}']}
    ]
    tags = platform.document["provider"]["aws"][0]["default_tags"][0]["tags"]
    assert tags["Project"] == "${var.project_name}"


def test_the_budget_warns_before_and_at_its_limit(platform: Synthesized) -> None:
    """AWS takes at most five notifications for a budget."""
    notifications = platform.only("aws_budgets_budget")["notification"]
    warned = [(each["notification_type"], each["threshold"]) for each in notifications]
    assert warned == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for each in notifications:
        assert each["comparison_operator"] == "GREATER_THAN"
        assert each["threshold_type"] == "PERCENTAGE"
        assert each["subscriber_sns_topic_arns"] == [TOPIC]
        assert each["subscriber_email_addresses"] == (
            '${var.alarm_email == "" ? [] : [var.alarm_email]}'
        )


def test_the_monitor_watches_the_projects_tag(platform: Synthesized) -> None:
    """CUSTOM: an account holds one service-wide monitor, and new accounts have it already.

    With every key that AWS returns, or each plan would replace the monitor.
    """
    monitor = platform.raw("aws_ce_anomaly_monitor.platform")
    assert monitor["monitor_type"] == "CUSTOM"
    assert "monitor_dimension" not in monitor
    assert encoded(monitor["monitor_specification"]) == {
        "And": None,
        "CostCategories": None,
        "Dimensions": None,
        "Not": None,
        "Or": None,
        "Tags": {"Key": "Project", "MatchOptions": None, "Values": ["${var.project_name}"]},
    }


def test_anomalies_are_told_at_once_to_the_topic(platform: Synthesized) -> None:
    """SNS takes no other frequency, and an e-mail subscriber would need another."""
    subscription = platform.only("aws_ce_anomaly_subscription")
    assert subscription["frequency"] == "IMMEDIATE"
    assert subscription["subscriber"] == [{"type": "SNS", "address": TOPIC}]
    assert subscription["monitor_arn_list"] == ["${aws_ce_anomaly_monitor.platform.arn}"]
    assert subscription["threshold_expression"] == {
        "dimension": {
            "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "match_options": ["GREATER_THAN_OR_EQUAL"],
            "values": ["10"],
        }
    }


@pytest.mark.parametrize("type", ["aws_budgets_budget", "aws_ce_anomaly_subscription"])
def test_publishers_wait_for_the_topics_policy(platform: Synthesized, type: str) -> None:
    """AWS checks that it may publish when they are made."""
    assert platform.only(type)["depends_on"] == ["aws_sns_topic_policy.alerts"]


def test_every_cost_setting_reaches_the_stack_with_all_its_digits(maximal: Synthesized) -> None:
    assert maximal.only("aws_budgets_budget")["limit_amount"] == 2500.5
    subscription = maximal.only("aws_ce_anomaly_subscription")
    threshold = subscription["threshold_expression"]["dimension"]["values"]
    assert threshold == ["1234567.89"]
