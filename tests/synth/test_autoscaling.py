"""autoscaling.py: one scalable target, two target-tracking policies on it."""

import pytest

from tests.synth.synthesized import Block, Synthesized

TRACKING = "target_tracking_scaling_policy_configuration"


def test_the_service_is_the_only_scalable_target(platform: Synthesized) -> None:
    assert platform.only("aws_appautoscaling_target") == {
        "service_namespace": "ecs",
        "scalable_dimension": "ecs:service:DesiredCount",
        "resource_id": ("service/${aws_ecs_cluster.main.name}/${aws_ecs_service.wordpress.name}"),
        "min_capacity": 2,
        "max_capacity": 4,
    }


def test_both_policies_scale_that_target(platform: Synthesized) -> None:
    """By reference, so that they come after it and go before it."""
    policies = platform.all("aws_appautoscaling_policy")
    assert sorted(policies) == ["cpu", "memory"]
    for policy in policies.values():
        assert policy["policy_type"] == "TargetTrackingScaling"
        for key in ("service_namespace", "scalable_dimension", "resource_id"):
            assert policy[key] == f"${{aws_appautoscaling_target.ecs.{key}}}"


@pytest.mark.parametrize(
    ("name", "metric", "target"),
    [
        ("cpu", "ECSServiceAverageCPUUtilization", 60),
        ("memory", "ECSServiceAverageMemoryUtilization", 75),
    ],
)
def test_a_policy_tracks_its_metric(
    platform: Synthesized, name: str, metric: str, target: int
) -> None:
    policy: Block = platform.all("aws_appautoscaling_policy")[name]
    assert policy["name"] == f"resilience-platform-{name}"
    assert policy[TRACKING] == {
        "predefined_metric_specification": {"predefined_metric_type": metric},
        "target_value": target,
        "scale_out_cooldown": 60,
        "scale_in_cooldown": 300,
    }


def test_every_autoscaling_setting_reaches_the_stack(maximal: Synthesized) -> None:
    target = maximal.only("aws_appautoscaling_target")
    assert (target["min_capacity"], target["max_capacity"]) == (5000, 5000)
    policies = maximal.all("aws_appautoscaling_policy")
    tracked = {
        name: [
            policy[TRACKING][key]
            for key in ("target_value", "scale_out_cooldown", "scale_in_cooldown")
        ]
        for name, policy in policies.items()
    }
    assert tracked == {"cpu": [100, 0, 3600], "memory": [1, 0, 3600]}


def test_nothing_scales_on_a_schedule(platform: Synthesized) -> None:
    assert platform.all("aws_appautoscaling_scheduled_action") == {}
