"""monitoring.py: ten alarms, one topic they all tell, and one dashboard."""

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

# name, metric, dimensions, statistic, comparison, threshold, the maximal settings', missing data
ALARMS = [
    ("rds_cpu", "CPUUtilization", RDS, "Average", ABOVE, 80, 1, "missing"),
    ("rds_free_storage", "FreeStorageSpace", RDS, "Minimum", BELOW, 2 << 30, 1 << 29, "missing"),
    ("rds_connections", "DatabaseConnections", RDS, "Maximum", ABOVE, 60, 1000, "missing"),
    ("rds_replica_lag", "ReplicaLag", RDS, "Maximum", ABOVE, 30, 1, "notBreaching"),
    ("ecs_cpu", "CPUUtilization", SERVICE, "Average", ABOVE, 85, 100, "missing"),
    ("ecs_memory", "MemoryUtilization", SERVICE, "Average", ABOVE, 85, 100, "missing"),
    ("alb_unhealthy_hosts", "UnHealthyHostCount", TARGETS, "Maximum", ABOVE, 0, 0, "notBreaching"),
    ("alb_response_time", "TargetResponseTime", TARGETS, "Average", ABOVE, 2, 0.25, "notBreaching"),
    ("alb_5xx", "HTTPCode_Target_5XX_Count", TARGETS, "Sum", ABOVE, 10, 1, "notBreaching"),
]
NAMESPACES = {"rds": "AWS/RDS", "ecs": "AWS/ECS", "alb": "AWS/ApplicationELB"}


@pytest.mark.parametrize(
    ("name", "metric", "dimensions", "statistic", "comparison", "threshold", "_", "missing"),
    ALARMS,
    ids=[row[0] for row in ALARMS],
)
def test_an_alarm_watches_its_metric(
    platform: Synthesized,
    name: str,
    metric: str,
    dimensions: dict[str, str],
    statistic: str,
    comparison: str,
    threshold: float,
    _: float,
    missing: str,
) -> None:
    alarm = platform.all("aws_cloudwatch_metric_alarm")[name]
    assert alarm["namespace"] == NAMESPACES[name[:3]]
    assert (alarm["metric_name"], alarm["dimensions"]) == (metric, dimensions)
    assert (alarm["statistic"], alarm["comparison_operator"]) == (statistic, comparison)
    assert alarm["threshold"] == threshold
    assert alarm["treat_missing_data"] == missing


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
    assert {x for x, _ in cells} == set(range(24))
    assert len({widget["properties"]["title"] for widget in widgets}) == len(widgets) == 9


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
