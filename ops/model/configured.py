"""What the recovery model needs of a stack, read from its Terraform JSON."""

import re
from collections.abc import Sequence
from functools import partial

from constructs_lib.settings.database import connections
from constructs_lib.settings.wordpress import DATABASE_ENVIRONMENT
from ops.errors import OpsError
from ops.model import recovery
from ops.model.stack import Stack, block


def configuration(stack: Stack) -> recovery.Configuration:
    """Read what the model needs from a stack."""
    service, database, balancer = (
        stack.one(kind) for kind in ("aws_ecs_service", "aws_db_instance", "aws_lb")
    )
    attached = block(service.get("load_balancer"))
    if not attached:
        raise OpsError(
            "aws_ecs_service has no load_balancer: no request reaches its tasks and no health "
            "check of a target group replaces them, so there is no recovery to compute"
        )
    group = stack.referred(attached["target_group_arn"])
    check = block(group.get("health_check"))
    network = block(service.get("network_configuration"))
    breaker = block(service.get("deployment_circuit_breaker"))

    number = partial(_number, stack)
    tasks, most, cooldown = _scaling(stack, number(service, "desired_count", 0))
    task = stack.referred(service["task_definition"])
    container = str(task.get("container_definitions"))
    workers = re.search(r"(?i)MaxRequestWorkers (\d+)", container)
    told = all(f'"{name}"' in container for name in DATABASE_ENVIRONMENT.values())
    path = str(stack.value(check.get("path", "/")))
    has_database = "aws_db_instance." in container
    needed = recovery.needs_database(path, wordpress=told, has_database=has_database)
    return recovery.Configuration(
        tasks=tasks,
        task_zones=_zones(stack, network["subnets"]),
        balancer_zones=_zones(stack, balancer["subnets"]),
        interval=number(check, "interval", 30),
        timeout=number(check, "timeout", 5),
        healthy_threshold=number(check, "healthy_threshold", 3),
        unhealthy_threshold=number(check, "unhealthy_threshold", 3),
        check_needs_database=needed,
        grace_period=number(service, "health_check_grace_period_seconds", 0),
        deregistration_delay=number(
            group, "deregistration_delay", recovery.DEREGISTRATION_DELAY_SECONDS
        ),
        minimum_healthy_percent=number(service, "deployment_minimum_healthy_percent", 100),
        maximum_percent=number(service, "deployment_maximum_percent", 200),
        rollback=bool(breaker.get("rollback")) if breaker.get("enable") else None,
        scale_out_cooldown=cooldown,
        multi_az=bool(stack.value(database.get("multi_az", False))),
        backup_retention_days=number(database, "backup_retention_period", 0),
        shared_files=bool(task.get("volume")),
        most_tasks=most,
        workers=int(workers[1]) if workers else recovery.APACHE_WORKERS * told,
        connections=connections(str(stack.value(database["instance_class"]))),
        rotation=_rotation(stack, database),
        copy_region=_copy_region(stack),
    )


def _number(stack: Stack, holder: dict[str, object], key: str, default: int) -> int:
    value = stack.value(holder.get(key))
    return default if value is None else int(value)


def _scaling(stack: Stack, tasks: int) -> tuple[int, int, int | None]:
    """The fewest and the most tasks, and the cool-down of autoscaling if it can add one."""
    most, cooldown = tasks, None
    for target in stack.all("aws_appautoscaling_target").values():
        tasks = _number(stack, target, "min_capacity", tasks)
        most = _number(stack, target, "max_capacity", tasks)
        if most > tasks:
            tracking = "target_tracking_scaling_policy_configuration"
            cooldown = max(
                _number(stack, block(policy.get(tracking)), "scale_out_cooldown", 300)
                for policy in stack.all("aws_appautoscaling_policy").values()
            )
    return tasks, most, cooldown


def _copy_region(stack: Stack) -> str:
    """The region of the vault that a backup plan copies to."""
    for plan in stack.all("aws_backup_plan").values():
        for copy in block(plan["rule"]).get("copy_action", []):
            vault = stack.referred(copy["destination_vault_arn"])
            return str(vault["provider"]).removeprefix("aws.").replace("_", "-")
    return ""


def _rotation(stack: Stack, database: dict[str, object]) -> str | None:
    """When the password is rotated, in words."""
    if not database.get("manage_master_user_password"):
        return None
    for schedule in stack.all("aws_secretsmanager_secret_rotation").values():
        rules = block(schedule["rotation_rules"])
        return f"{rules['schedule_expression']}, within {rules['duration']}"
    return "every 7 days, at any hour"


def _zones(stack: Stack, subnets: Sequence[str]) -> int:
    """How many zones these subnets lie in."""
    return len({stack.value(stack.referred(s)["availability_zone"]) for s in subnets})
