"""monitoring.py: ten alarms, one topic they all tell, and one dashboard."""

from typing import Any

import pytest

from tests.synth.synthesized import Synthesized

TOPIC = "${aws_sns_topic.alerts.arn}"
RDS = {"DBInstanceIdentifier": "${aws_db_instance.wordpress.identifier}"}
SERVICE = {
    "ClusterName": "${aws_ecs_cluster.main.name}",
    "ServiceName": "${aws_ecs_service.wordpress.name}",
}
TARGETS = {
    "LoadBalancer": "${aws_lb.main.arn_suffix}",
    "TargetGroup": "${aws_lb_target_group.main.arn_suffix}",
}
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
WAIT, FINE = "missing", "notBreaching"

# name, metric, dimensions, statistic, comparison, threshold, the maximal settings' threshold,
# periods and their seconds, missing data
ALARMS = [
    ("rds_cpu", "CPUUtilization", RDS, "Average", ABOVE, 80, 1, 3, 300, WAIT),
    (
        "rds_free_storage",
        "FreeStorageSpace",
        RDS,
        "Minimum",
        BELOW,
        2**31,
        2**29,
        1,
        300,
        WAIT,
    ),
    ("rds_connections", "DatabaseConnections", RDS, "Maximum", ABOVE, 60, 1000, 3, 60, WAIT),
    ("rds_replica_lag", "ReplicaLag", RDS, "Maximum", ABOVE, 30, 1, 3, 60, FINE),
    ("ecs_cpu", "CPUUtilization", SERVICE, "Average", ABOVE, 85, 100, 3, 60, WAIT),
    ("ecs_memory", "MemoryUtilization", SERVICE, "Average", ABOVE, 85, 100, 3, 60, WAIT),
    *(
        (f"alb_{name}", metric, TARGETS, statistic, ABOVE, *numbers, FINE)
        for name, metric, statistic, numbers in (
            ("unhealthy_hosts", "UnHealthyHostCount", "Maximum", (0, 0, 2, 60)),
            ("response_time", "TargetResponseTime", "Average", (2, 0.25, 3, 60)),
            ("5xx", "HTTPCode_Target_5XX_Count", "Sum", (10, 1, 1, 300)),
        )
    ),
]
NAMESPACES = {"rds": "AWS/RDS", "ecs": "AWS/ECS", "alb": "AWS/ApplicationELB"}


@pytest.mark.parametrize("row", ALARMS, ids=[row[0] for row in ALARMS])
def test_an_alarm_watches_its_metric(platform: Synthesized, row: tuple[Any, ...]) -> None:
    """All of the alarm, with its wording left to the next tests."""
    name, metric, dimensions, statistic, comparison, threshold, _, periods, seconds, missing = row
    alarm = platform.all("aws_cloudwatch_metric_alarm")[name]
    assert alarm.pop("alarm_name")
    assert alarm.pop("alarm_description")
    assert alarm == {
        "namespace": NAMESPACES[name[:3]],
        "metric_name": metric,
        "dimensions": dimensions,
        "statistic": statistic,
        "comparison_operator": comparison,
        "threshold": threshold,
        "evaluation_periods": periods,
        "period": seconds,
        "treat_missing_data": missing,
        "alarm_actions": [TOPIC],
        "ok_actions": [TOPIC],
    }


def test_there_are_no_other_alarms(platform: Synthesized) -> None:
    alarms = platform.all("aws_cloudwatch_metric_alarm")
    assert sorted(alarms) == sorted([*(row[0] for row in ALARMS), "ecs_running_tasks"])
    assert platform.all("aws_cloudwatch_composite_alarm") == {}


def test_every_threshold_follows_its_setting(maximal: Synthesized) -> None:
    alarms = maximal.all("aws_cloudwatch_metric_alarm")
    thresholds = {row[0]: alarms[row[0]]["threshold"] for row in ALARMS}
    assert thresholds == {row[0]: row[6] for row in ALARMS}


def test_all_alarms_tell_the_topic_when_they_go_off_and_when_it_is_over(
    platform: Synthesized,
) -> None:
    alarms = platform.all("aws_cloudwatch_metric_alarm").values()
    assert len(alarms) == 10
    for alarm in alarms:
        assert alarm["alarm_actions"] == alarm["ok_actions"] == [TOPIC]
        assert alarm.get("actions_enabled", True) is True


def test_all_alarms_are_named_after_the_project_and_say_what_is_wrong(
    maximal: Synthesized,
) -> None:
    for name, alarm in maximal.all("aws_cloudwatch_metric_alarm").items():
        assert alarm["alarm_name"] == f"everything-else-{name.replace('_', '-')}"
        assert alarm["alarm_description"].endswith(".")


def test_missing_tasks_are_desired_minus_running(platform: Synthesized) -> None:
    """No figures at all means that the service is gone, so that is an alarm as well."""
    alarm = platform.all("aws_cloudwatch_metric_alarm")["ecs_running_tasks"]
    shown, *inputs = alarm["metric_query"]
    assert (shown["expression"], shown["return_data"]) == ("desired - running", True)
    assert {query["id"]: query["metric"] for query in inputs} == {
        id: {
            "namespace": "ECS/ContainerInsights",
            "metric_name": name,
            "dimensions": SERVICE,
            "period": 60,
            "stat": "Minimum",
        }
        for id, name in (("desired", "DesiredTaskCount"), ("running", "RunningTaskCount"))
    }
    assert not any(query.get("return_data") for query in inputs)
    assert (alarm["comparison_operator"], alarm["threshold"]) == (ABOVE, 0)
    assert alarm["evaluation_periods"] == 3
    assert alarm["treat_missing_data"] == "breaching"
    assert "metric_name" not in alarm  # AWS takes one or the other


def test_there_is_one_topic_and_one_policy_for_it(platform: Synthesized) -> None:
    assert platform.only("aws_sns_topic")["name"] == "resilience-platform-alerts"
    assert platform.only("aws_sns_topic_policy")["arn"] == TOPIC


def test_only_four_services_may_publish_and_only_for_this_account(platform: Synthesized) -> None:
    policy = platform.only("aws_sns_topic_policy")["policy"]
    principals = [statement["Principal"] for statement in policy["Statement"]]
    assert principals == [
        {"Service": f"{service}.amazonaws.com"}
        for service in ("cloudwatch", "budgets", "costalerts", "events.rds")
    ]
    for statement in policy["Statement"]:
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
        assert statement["Resource"] == TOPIC
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "${data.aws_caller_identity.current.account_id}"}
        }


def test_somebody_is_subscribed_only_if_there_is_an_address(platform: Synthesized) -> None:
    """Decided at plan time, because the address is a variable."""
    assert platform.raw("aws_sns_topic_subscription.email") == {
        "count": '${var.alarm_email == "" ? 0 : 1}',
        "topic_arn": TOPIC,
        "protocol": "email",
        "endpoint": "${var.alarm_email}",
    }


def test_the_address_of_the_settings_is_the_variables_default(maximal: Synthesized) -> None:
    assert maximal.only("aws_sns_topic_subscription")["endpoint"] == "ops@example.com"


def test_the_dashboards_graphs_fill_its_rows_without_overlap(platform: Synthesized) -> None:
    widgets = platform.only("aws_cloudwatch_dashboard")["dashboard_body"]["widgets"]
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert set(cells) == {(x, y) for x in range(24) for y in range(18)}
    assert len({widget["properties"]["title"] for widget in widgets}) == len(widgets) == 9


def test_every_graph_shows_these_metrics_as_lines_of_one_minute(platform: Synthesized) -> None:
    alb, insights = "AWS/ApplicationELB", "ECS/ContainerInsights"
    shown = []
    for widget in platform.only("aws_cloudwatch_dashboard")["dashboard_body"]["widgets"]:
        properties = widget["properties"]
        assert (widget["type"], properties["view"]) == ("metric", "timeSeries")
        assert properties["period"] == 60
        shown.append((properties["stat"], [tuple(line[:2]) for line in properties["metrics"]]))
    assert shown == [
        ("Average", [("AWS/ECS", "CPUUtilization"), ("AWS/ECS", "MemoryUtilization")]),
        ("Average", [(insights, "DesiredTaskCount"), (insights, "RunningTaskCount")]),
        ("Average", [(alb, "HealthyHostCount"), (alb, "UnHealthyHostCount")]),
        ("Sum", [(alb, "RequestCount")]),
        ("Average", [(alb, "TargetResponseTime"), (alb, "TargetResponseTime")]),
        ("Sum", [(alb, "HTTPCode_Target_5XX_Count"), (alb, "HTTPCode_ELB_5XX_Count")]),
        ("Average", [("AWS/RDS", "CPUUtilization")]),
        ("Average", [("AWS/RDS", "DatabaseConnections")]),
        ("Average", [("AWS/RDS", "FreeStorageSpace")]),
    ]


def test_response_times_are_shown_as_average_and_95th_percentile(platform: Synthesized) -> None:
    widgets = platform.only("aws_cloudwatch_dashboard")["dashboard_body"]["widgets"]
    lines = [line for widget in widgets for line in widget["properties"]["metrics"]]
    times = [line[6:] for line in lines if line[1] == "TargetResponseTime"]
    assert times == [[], [{"stat": "p95"}]]


def test_every_graph_shows_this_stacks_metrics_in_its_region(maximal: Synthesized) -> None:
    widgets = maximal.only("aws_cloudwatch_dashboard")["dashboard_body"]["widgets"]
    allowed = {
        *(tuple(RDS.items()), tuple(SERVICE.items()), tuple(TARGETS.items())),
        tuple(list(TARGETS.items())[:1]),
    }
    for widget in widgets:
        properties = widget["properties"]
        assert properties["region"] == "us-east-1"
        for line in properties["metrics"]:
            names = [part for part in line[2:] if isinstance(part, str)]
            dimensions = zip(names[::2], names[1::2], strict=True)
            assert tuple(sorted(dimensions)) in allowed, properties["title"]
