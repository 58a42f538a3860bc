"""The cost model: every expected figure is worked out by hand in the test."""

from typing import Any

import pytest

from constructs_lib.settings import load_stacks
from ops import CDKTF_JSON
from ops.errors import OpsError
from ops.model import cost
from ops.model.cost import Item
from ops.model.stack import Stack, read_stack


def platform(**changes: Any) -> Stack:
    """Two half-vCPU tasks behind a load balancer, and a Multi-AZ database; some values changed."""
    values: dict[str, Any] = {
        "cpu": "512",
        "internal": False,
        "public_tasks": True,
        "gateways": 0,
        "instance_class": "db.t3.micro",
        "multi_az": True,
        "engine_version": "8.4",
        "insights": "enabled",
        "strategy": [],
        "architecture": "X86_64",
        "actions": {},
        "more": {},
    }
    values.update(changes)
    return Stack(
        {
            "variable": {"desired_count": {"default": 2}},
            "resource": {
                "aws_ecs_task_definition": {
                    "wordpress": {
                        **{"cpu": values["cpu"], "memory": "1024"},
                        "runtime_platform": {"cpu_architecture": values["architecture"]},
                    }
                },
                "aws_ecs_service": {
                    "wordpress": {
                        "desired_count": "${var.desired_count}",
                        "network_configuration": {"assign_public_ip": values["public_tasks"]},
                        "capacity_provider_strategy": values["strategy"],
                    }
                },
                "aws_lb": {"main": {"internal": values["internal"], "subnets": ["a", "b"]}},
                "aws_nat_gateway": {str(n): {} for n in range(values["gateways"])},
                "aws_eip": {str(n): {} for n in range(values["gateways"])},
                "aws_db_instance": {
                    "wordpress": {
                        "instance_class": values["instance_class"],
                        "allocated_storage": 20,
                        "storage_type": "gp2",
                        "multi_az": values["multi_az"],
                        "engine_version": values["engine_version"],
                    }
                },
                "aws_ecs_cluster": {
                    "main": {
                        "setting": [{"name": "containerInsights", "value": values["insights"]}]
                    }
                },
                "aws_cloudwatch_metric_alarm": {
                    "simple": {"metric_name": "CPUUtilization"},
                    "expression": {
                        "metric_query": [
                            {"expression": "a - b"},
                            {"metric": {"metric_name": "a"}},
                            {"metric": {"metric_name": "b"}},
                        ]
                    },
                },
                "aws_appautoscaling_policy": {"cpu": {}, "memory": {}},
                "aws_appautoscaling_scheduled_action": values["actions"],
                "aws_cloudwatch_dashboard": {"main": {}},
                **values["more"],
            },
        }
    )


def line(name: str, **changes: Any) -> Item:
    (item,) = [item for item in cost.items(platform(**changes)) if item.name.startswith(name)]
    return item


@pytest.mark.parametrize(
    ("name", "usd"),
    [
        ("Fargate: vCPU", 33.9888),  # 2 x 0.5 x 730 x 0.04656
        ("Fargate: memory", 7.4606),  # 2 x 1 x 730 x 0.00511
        ("Load balancer", 19.71),  # 730 x 0.027
        ("Public IPv4", 14.6),  # 2 for the load balancer, 2 tasks: 4 x 730 x 0.005
        ("RDS instances", 29.2),  # 2 x 730 x 0.020
        ("RDS storage", 5.48),  # 2 x 20 x 0.137
        ("Container Insights", 7.5),  # 25 x 0.30
        ("Alarms", 0.7),  # 1 + 2 metrics, 2 x 2 of autoscaling: 7 x 0.10
        ("Dashboard", 3.0),
    ],
)
def test_monthly_cost(name: str, usd: float) -> None:
    """Quantity times hours times price."""
    items = [item for item in cost.items(platform()) if item.name.startswith(name)]
    assert items[0].usd == pytest.approx(usd)


def test_the_total_is_the_sum_of_the_lines() -> None:
    """Lines without a price are left out of it."""
    # the nine above, 0.1 x 730 x 0.008 for capacity units, 0.63 for logs
    assert cost.total(cost.items(platform())) == pytest.approx(122.8534)
    assert cost.total([Item("a", "", 1, 1.5), Item("b", "", None, None)]) == 1.5


@pytest.mark.parametrize(
    "stack_id", ["resilience-platform-staging", "resilience-platform-hardened"]
)
def test_a_budget_of_ours_does_not_alert_of_the_usual_bill(stack_id: str) -> None:
    """At 80 %, with a MySQL in standard support. The original's budget is too small, and stays."""
    limits = load_stacks(CDKTF_JSON)[stack_id].cost
    assert limits
    bill = [item for item in cost.items(read_stack(stack_id)) if "Extended" not in item.name]
    assert cost.total(bill) < 0.8 * limits.monthly_budget_usd


def test_extended_support_is_charged_for_each_vcpu_of_each_copy() -> None:
    """2 vCPU x 2 x 730 x 0.10 for a version out of standard support, nothing for others."""
    extended = line("RDS Extended Support", engine_version="8.0")
    assert extended.usd == pytest.approx(292)
    assert line("RDS Extended Support", engine_version="8.0.40", multi_az=False).usd == 146
    assert not [i for i in cost.items(platform()) if "Extended" in i.name]


def test_private_tasks_need_gateways_instead_of_addresses() -> None:
    """Two gateways with an address each, and the load balancer's two: 2 x 730 x 0.052."""
    assert line("NAT", public_tasks=False, gateways=2).usd == pytest.approx(75.92)
    assert line("Public IPv4", public_tasks=False, gateways=2).quantity.startswith("4 ")
    inside = [item.name for item in cost.items(platform(public_tasks=False, internal=True))]
    assert "Load balancer" in inside
    assert "Public IPv4 addresses" not in inside, "nor is there a line without a quantity"


SPOT = {"capacity_provider": "FARGATE_SPOT", "weight": 1}


def test_spot_is_cheaper_but_for_the_first_tasks() -> None:
    """2 x 0.5 x 730 x 0.04656 x 0.3; with a base, half of it at the full price."""
    assert line("Fargate Spot: vCPU", strategy=[SPOT]).usd == pytest.approx(10.19664)
    base = {"capacity_provider": "FARGATE", "base": 1, "weight": 0}
    assert line("Fargate Spot: vCPU", strategy=[SPOT, base]).usd == pytest.approx(5.09832)
    assert line("Fargate: vCPU", strategy=[SPOT, base]).usd == pytest.approx(16.9944)


def test_arm_is_cheaper_and_spot_with_it() -> None:
    """2 x 0.5 x 730 x 0.03725 and 2 x 730 x 0.00409; with Spot 0.3 of that."""
    assert line("Fargate ARM64: vCPU", architecture="ARM64").usd == pytest.approx(27.1925)
    assert line("Fargate ARM64: memory", architecture="ARM64").usd == pytest.approx(5.9714)
    spot = line("Fargate ARM64 Spot: vCPU", architecture="ARM64", strategy=[SPOT])
    assert spot.usd == pytest.approx(8.15775)


@pytest.mark.parametrize(
    ("sleep", "wake", "awake_hours"),
    [
        ("0 20 ? * MON-FRI *", "0 6 ? * MON-FRI *", 5 * 14),
        ("0 20 ? * 2-6 *", "0 6 ? * 2-6 *", 5 * 14),
        ("30 22 ? * * *", "0 6 ? * * *", 7 * 16.5),
        ("0 20 ? * FRI *", "0 6 ? * MON *", 4 * 24 + 14),
        ("0 20 ? * SUN *", "0 6 ? * SAT,SUN *", 24 + 14),
        ("0 20 1 * ? *", "0 6 2 * ? *", 7 * 24),  # not weekly: not counted
    ],
)
def test_tasks_that_sleep_cost_nothing(sleep: str, wake: str, awake_hours: float) -> None:
    """Neither do their addresses; the load balancer's two stay."""

    def action(cron: str, tasks: str) -> dict[str, Any]:
        return {"schedule": f"cron({cron})", "scalable_target_action": [{"max_capacity": tasks}]}

    actions = {"sleep": action(sleep, "0"), "wake": action(wake, "4")}
    share = awake_hours / (7 * 24)
    assert line("Fargate: vCPU", actions=actions).usd == pytest.approx(33.9888 * share)
    assert line("Public IPv4", actions=actions).usd == pytest.approx(7.3 + 7.3 * share)


@pytest.mark.parametrize(
    ("name", "more", "usd"),
    [
        ("Keys", {"aws_kms_key": {"a": {}, "b": {}}}, 2.0),
        ("Firewall: rules", {"aws_wafv2_web_acl": {"main": {"rule": [{}, {}, {}]}}}, 3.0),
        ("Firewall", {"aws_wafv2_web_acl": {"main": {"rule": []}}}, 5.0),
        ("Shared uploads", {"aws_efs_file_system": {"uploads": {}}}, 0.36),
        ("Secrets", {"aws_secretsmanager_secret": {"a": {}}}, 0.4),
        (
            "Secrets",
            {
                "aws_cloudformation_stack": {
                    "a": {"template_body": '"AWS::SecretsManager::Secret" ' * 2}
                }
            },
            0.8,
        ),
        # the gateway endpoint is free; 2 zones x 730 x 0.012
        (
            "VPC endpoints",
            {"aws_vpc_endpoint": {"s3": {}, "ecr": {"subnet_ids": ["a", "b"]}}},
            17.52,
        ),
        ("CloudWatch logs", {"aws_cloudwatch_log_group": {"a": {}, "b": {}}}, 1.26),
    ],
)
def test_what_options_add(name: str, more: dict[str, Any], usd: float) -> None:
    assert line(name, more=more).usd == pytest.approx(usd)


def test_an_instance_class_without_a_known_price_is_not_invented() -> None:
    """It stands in the table, without a figure."""
    assert line("RDS instance", instance_class="db.r6g.large").usd is None


def test_what_is_switched_off_is_not_on_the_bill() -> None:
    off = {"insights": "disabled", "more": {"aws_cloudwatch_dashboard": {}}}
    names = {item.name for item in cost.items(platform(**off))}
    assert {item.name for item in cost.items(platform())} - names == {
        "Container Insights",
        "Dashboard",
    }


def test_one_of_something_is_not_several() -> None:
    assert line("NAT", public_tasks=False, gateways=1).quantity == "1 gateway x 730 h"
    assert line("NAT", public_tasks=False, gateways=2).quantity == "2 gateways x 730 h"
    assert cost.items(platform())[2].quantity == "1 load balancer x 730 h"
    assert line("Dashboard").quantity == "1 dashboard"


def test_a_stack_without_database_has_no_bill() -> None:
    """One line that says what is missing."""
    stack = platform()
    del stack.document["resource"]["aws_db_instance"]
    with pytest.raises(OpsError, match="the stack has 0 aws_db_instance"):
        cost.items(stack)
