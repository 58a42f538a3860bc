"""How many tasks run, and when."""

from collections.abc import Iterator

from constructs_lib.settings.types import AwsCron, Group, Percent, Tasks, Timezone, setting


class SleepSettings(Group):
    """Times at which no task runs, for what nobody uses at night and at weekends."""

    from_cron: AwsCron = setting("cron(0 20 ? * MON-FRI *)", "when the tasks stop")
    until_cron: AwsCron = setting("cron(0 6 ? * MON-FRI *)", "when they start again")
    timezone: Timezone = setting("Europe/Berlin", "of both times")


class AutoscalingSettings(Group):
    """Target tracking of the service on CPU and memory."""

    min_capacity: Tasks = setting(2, "tasks; 2 keeps one in each zone")
    max_capacity: int = setting(4, "tasks", ge=1, le=5000)
    cpu_target_percent: Percent = setting(60, "average of the service to keep")
    memory_target_percent: Percent = setting(75, "average of the service to keep")
    scale_out_cooldown_seconds: int = setting(60, "between two additions of tasks", ge=0, le=3600)
    scale_in_cooldown_seconds: int = setting(300, "between two removals of tasks", ge=0, le=3600)
    sleep: SleepSettings | None = setting(None, "default: tasks run around the clock")

    def contradictions(self) -> Iterator[str]:
        if self.max_capacity < self.min_capacity:
            yield (
                f"max_capacity = {self.max_capacity} is below min_capacity = {self.min_capacity}; "
                "raise the maximum or lower the minimum"
            )
