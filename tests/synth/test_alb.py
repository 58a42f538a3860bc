"""alb.py: one internet-facing load balancer with one listener and one target group."""

import pytest

from tests.synth.synthesized import Synthesized


def test_the_load_balancer_spans_both_public_subnets(platform: Synthesized) -> None:
    balancer = platform.only("aws_lb")
    assert balancer["internal"] is False
    assert balancer["subnets"] == ["${aws_subnet.public_1.id}", "${aws_subnet.public_2.id}"]
    assert balancer["security_groups"] == ["${aws_security_group.alb_sg.id}"]
    assert balancer["enable_cross_zone_load_balancing"] is True
    assert "enable_deletion_protection" not in balancer  # the documented destroy works


def test_the_listener_forwards_to_the_target_group(platform: Synthesized) -> None:
    assert platform.only("aws_lb_listener") == {
        "load_balancer_arn": "${aws_lb.main.arn}",
        "port": 80,
        "protocol": "HTTP",
        "default_action": [
            {"type": "forward", "target_group_arn": "${aws_lb_target_group.main.arn}"}
        ],
    }


def test_tasks_are_checked_with_the_default_settings(platform: Synthesized) -> None:
    assert platform.only("aws_lb_target_group")["health_check"] == {
        "enabled": True,
        "path": "/wp-admin/install.php",
        "protocol": "HTTP",
        "interval": 30,
        "timeout": 5,
        "healthy_threshold": 2,
        "unhealthy_threshold": 3,
        "matcher": "200-399",
    }


def test_every_health_check_setting_reaches_the_target_group(maximal: Synthesized) -> None:
    group = maximal.only("aws_lb_target_group")
    assert group["health_check"] == {
        "enabled": True,
        "path": "/health",
        "protocol": "HTTP",
        "interval": 300,
        "timeout": 120,
        "healthy_threshold": 10,
        "unhealthy_threshold": 10,
        "matcher": "200,302",
    }
    assert group["stickiness"]["cookie_duration"] == 604800


def test_a_cookie_keeps_a_session_on_its_task(platform: Synthesized) -> None:
    assert platform.only("aws_lb_target_group")["stickiness"] == {
        "enabled": True,
        "type": "lb_cookie",
        "cookie_duration": 86400,
    }


def test_targets_are_registered_by_address(platform: Synthesized) -> None:
    """Fargate tasks in awsvpc mode have no instance to register."""
    group = platform.only("aws_lb_target_group")
    assert (group["target_type"], group["protocol"], group["port"]) == ("ip", "HTTP", 80)
    assert group["vpc_id"] == "${aws_vpc.main.id}"


@pytest.mark.parametrize("type", ["aws_lb_listener_rule", "aws_lb_target_group_attachment"])
def test_nothing_else_decides_where_traffic_goes(platform: Synthesized, type: str) -> None:
    assert platform.all(type) == {}


def test_the_longest_project_name_fits_the_names_of_the_load_balancer(
    platform: Synthesized,
) -> None:
    """AWS allows 32 characters for a load balancer and a target group."""
    from constructs_lib.settings import PROJECT_NAME_MAX

    project = "x" * PROJECT_NAME_MAX
    names = [
        platform.raw(address)["name"].replace("${var.project_name}", project)
        for address in ("aws_lb.main", "aws_lb_target_group.main")
    ]
    assert max(map(len, names)) == 32
