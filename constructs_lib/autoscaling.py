"""Autoscaling: the service grows and shrinks with its CPU and memory, and sleeps where set.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
"""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle

from constructs_lib import aws
from constructs_lib.ecs import Containers
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.autoscaling import AutoscalingSettings


class Autoscaling(Part):
    """The scaling bounds, one target-tracking policy each for CPU and memory, and a timetable."""

    def __init__(
        self, stack: PlatformStack, settings: AutoscalingSettings, containers: Containers
    ) -> None:
        super().__init__(stack)
        sleep = settings.sleep
        # the timetable moves the bounds: an apply at night must not wake the service up
        moved = TerraformResourceLifecycle(ignore_changes=["min_capacity", "max_capacity"])
        target = aws.AppautoscalingTarget(
            self,
            "aws_appautoscaling_target.ecs",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{containers.cluster_name}/{containers.service_name}",
            min_capacity=settings.min_capacity,
            max_capacity=settings.max_capacity,
            lifecycle=moved if sleep else None,
        )
        for name, metric, percent in (
            ("cpu", "ECSServiceAverageCPUUtilization", settings.cpu_target_percent),
            ("memory", "ECSServiceAverageMemoryUtilization", settings.memory_target_percent),
        ):
            aws.AppautoscalingPolicy(
                self,
                f"aws_appautoscaling_policy.{name}",
                name=f"{self.project}-{name}",
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                target_tracking_scaling_policy_configuration={
                    "predefined_metric_specification": {"predefined_metric_type": metric},
                    "target_value": percent,
                    "scale_out_cooldown": settings.scale_out_cooldown_seconds,
                    "scale_in_cooldown": settings.scale_in_cooldown_seconds,
                },
            )
        if not sleep:
            return
        # no tasks from one time on, and the usual bounds from another
        for name, cron, low, high in (
            ("sleep", sleep.from_cron, 0, 0),
            ("wake", sleep.until_cron, settings.min_capacity, settings.max_capacity),
        ):
            aws.AppautoscalingScheduledAction(
                self,
                f"aws_appautoscaling_scheduled_action.{name}",
                name=f"{self.project}-{name}",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                schedule=cron,
                timezone=sleep.timezone,
                scalable_target_action={"min_capacity": str(low), "max_capacity": str(high)},
            )
