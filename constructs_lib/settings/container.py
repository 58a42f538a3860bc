"""The Fargate task and the service that runs it."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from constructs_lib.settings import wordpress
from constructs_lib.settings.types import (
    WORD,
    Group,
    ListOf,
    RetentionDays,
    Tasks,
    named,
    one_of,
    setting,
    text,
    whole,
)
from constructs_lib.settings.wordpress import WordpressSettings

IMAGE = text(f"an image, like {wordpress.IMAGE}", r"^[^ ]+$")
DIGEST = r"@sha256:[0-9a-f]{64}$"
ECR_IMAGE = r"^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9-]+[.]amazonaws[.]com/"

FARGATE_MEMORY_MIB: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""CPU units to the memory sizes Fargate accepts with them.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
FARGATE_CPU = one_of(*FARGATE_MEMORY_MIB)
FARGATE_MEMORY = whole(512, 122880, "a whole number of MiB from {} to {}")

_NAME = text("1 to 255 letters, digits, - and _", r"^[A-Za-z0-9_-]{1,255}$", verb="have")
_COMMAND = text("a shell command", r"^.+$")
_VARIABLE = "a variable's name, like LOG_LEVEL"
_SHARED = {wordpress.key_variable(key): wordpress.KEYS_ARE_SECRETS for key in wordpress.KEYS}
_Environment = Annotated[dict[str, str], named("texts", _VARIABLE, _SHARED)]
_PARTS = tuple(wordpress.DATABASE_ENVIRONMENT)
_DatabaseEnvironment = Annotated[
    dict[str, str],
    named(
        f"{', '.join(_PARTS)}, each with a variable's name",
        f"one of {', '.join(_PARTS)}",
        pattern="|".join(_PARTS),
        takes=text(_VARIABLE, f"^{WORD}$"),
        readable=False,
    ),
]
_SECRET_ARN = text(
    "the ARN of a secret, like arn:aws:secretsmanager:eu-central-1:123456789012:secret:name-AbCdEf "
    "(:key:: after it is one value of several), or of a parameter, like "
    "arn:aws:ssm:eu-central-1:123456789012:parameter/name",
    r"^arn:aws:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}"
    r"(:[^:\"\\]*:[^:]*:[^:]*)?|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+)$",
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"""
_Secrets = Annotated[
    dict[str, str], named("names and ARNs", _VARIABLE, takes=_SECRET_ARN, readable=False)
]
_ACTION = text("an action, like s3:GetObject or s3:Get*", r"^[a-z0-9-]+:[A-Za-z0-9*]+$")
_RESOURCE = text("* or an ARN, like arn:aws:s3:::bucket/*", r"^(\*|arn:aws:[^\s\"\\]+)$")


class ImageSettings(Group):
    """Where images of one's own are kept."""

    repository: bool = setting(
        False, "one in Amazon ECR, named as the project: no tag moves, each image is scanned"
    )


class PermissionSettings(Group):
    """A statement of what the application may do in AWS."""

    actions: ListOf[Annotated[str, _ACTION]] = Field(min_length=1, description="that are allowed")
    resources: ListOf[Annotated[str, _RESOURCE]] = Field(min_length=1, description="on which")

    def contradictions(self) -> Iterator[str]:
        every = any(re.fullmatch(r"\*|arn:aws:[:*]*", resource) for resource in self.resources)
        for action in self.actions if every else ():
            if action.rstrip("*").endswith(":"):
                yield f"actions has {action} on every resource; name its actions, or the resources"


class ContainerSettings(WordpressSettings):
    """The Fargate task and the service that runs it."""

    escaped: ClassVar = WordpressSettings.escaped | {"command"}

    image: Annotated[str, IMAGE] | None = setting(
        wordpress.IMAGE, "with tag or digest; null: the variable container_image must be set"
    )
    require_digest: bool = setting(False, "images by digest only: what was reviewed is what runs")
    name: Annotated[str, _NAME] = setting("app", "container name")
    port: int = setting(80, "that the container listens on, for HTTP", ge=1, le=65535)
    command: Annotated[ListOf[str], Field(min_length=1)] | None = setting(
        None, "in the place of the image's own; default: that"
    )
    architecture: Literal["X86_64", "ARM64"] = setting(
        "X86_64", "of the processor, for which the image has to be; ARM64 is cheaper"
    )
    cpu: Annotated[int, FARGATE_CPU] = setting(512, "CPU units, 1024 = 1 vCPU")
    memory_mib: int = setting(1024, "as Fargate offers with cpu", accepts=FARGATE_MEMORY.accepts)
    desired_count: Tasks = setting(2, "tasks at the first deploy; autoscaling changes it later")
    capacity: Literal["FARGATE", "FARGATE_SPOT"] = setting(
        "FARGATE", "FARGATE_SPOT is cheaper, and AWS may stop a task with two minutes' notice"
    )
    on_demand_base: Tasks = setting(0, "with FARGATE_SPOT: the first tasks that run on FARGATE")
    capacity_providers: bool = setting(True, "FARGATE and FARGATE_SPOT attached", only="wp-ecs")
    health_check_command: Annotated[str, _COMMAND] | None = setting(
        None, "by which ECS itself checks the container; default: none"
    )
    health_check_grace_period_seconds: int = setting(
        60, "for which a new task's failed health checks are ignored", ge=0, le=2147483647
    )
    minimum_healthy_percent: int = setting(100, "of the tasks, during a deployment", ge=0, le=100)
    maximum_percent: int = setting(200, "of the tasks, during a deployment", ge=100, le=200)
    wait_for_steady_state: bool = setting(
        True, "apply ends when the new tasks serve, and fails if they were rolled back"
    )
    rollback_alarms: bool = setting(
        False, "a deployment is rolled back when the alarms for errors or slow answers go off too"
    )
    zone_rebalancing: bool = setting(False, "ECS spreads the tasks again after a zone failed")
    log_retention_days: RetentionDays = setting(7, "of the tasks' logs")
    container_insights: bool = setting(True, "without it AWS has no metric of running tasks")
    task_role: bool = setting(
        False, "the application's own; execute_command and shared_uploads bring it", only="wp-ecs"
    )
    execute_command: bool = setting(False, "`aws ecs execute-command` opens a shell in a task")
    service_discovery: bool = setting(
        False, f"the VPC finds the tasks as {wordpress.NAME}.<project_name>.local", only="wp-ecs"
    )
    environment: _Environment = setting({}, "further variables of the container")
    database_environment: _DatabaseEnvironment | None = setting(
        wordpress.DATABASE_ENVIRONMENT,
        f"which variables tell where the database is; others than these, or null for none, are "
        f"those of another application than {wordpress.TITLE}",
    )
    secrets: _Secrets = setting(
        {}, "variables whose values ECS reads from Secrets Manager or Parameter Store at the start"
    )
    task_permissions: ListOf[PermissionSettings] = setting(
        (), 'what the application may do in AWS: {"actions": […], "resources": […]}'
    )

    @property
    def runs_wordpress(self) -> bool:
        """Whether the container is the default application."""
        return self.database_environment == wordpress.DATABASE_ENVIRONMENT

    def database_variable(self, part: str) -> str | None:
        """The variable that tells the container a part of the database's address; None: none."""
        return (self.database_environment or {}).get(part)

    @property
    def own_variables(self) -> set[str]:
        """The variables that the platform sets."""
        names = {*(self.database_environment or {}).values()}
        if self.runs_wordpress:
            names.add(wordpress.CONFIG_EXTRA)
        return names.union(map(wordpress.key_variable, wordpress.KEYS if self.shared_keys else ()))

    def contradictions(self) -> Iterator[str]:
        offered = FARGATE_MEMORY_MIB[self.cpu]
        if self.memory_mib not in offered:
            sizes = ", ".join(map(str, offered))
            yield f"memory_mib = {self.memory_mib}: with cpu = {self.cpu}, Fargate accepts {sizes}"
        if self.zone_rebalancing and self.maximum_percent == 100:
            yield (
                "zone_rebalancing = true starts a task before it stops one, which maximum_percent "
                "= 100 forbids; raise it or switch rebalancing off"
            )
        if self.capacity == "FARGATE_SPOT" and not self.capacity_providers:
            yield "capacity = FARGATE_SPOT needs capacity_providers = true; switch it on"
        if self.capacity == "FARGATE" and self.on_demand_base:
            yield (
                f"on_demand_base = {self.on_demand_base} has no effect with capacity = FARGATE, "
                "where every task is on demand; leave it out or choose FARGATE_SPOT"
            )
        if self.require_digest and self.image and not re.search(DIGEST, self.image):
            yield (
                f"require_digest = true with image = {self.image}: a tag can be moved to another "
                "image; name it as repository@sha256:<64 hexadecimal digits>"
            )
        for group in ("environment", "secrets"):
            for name in sorted(self.own_variables.intersection(getattr(self, group))):
                yield f"{group}: {name} cannot be set here: the platform sets it"
        for name in sorted({*self.environment}.intersection(self.secrets)):
            yield f"environment and secrets both have {name}; take one of them out"
        used = [*(self.database_environment or {}).values()]
        if len(used) != len({*used}):
            yield "database_environment names a variable twice; give each part its own"
        if self.command and self.startup:
            yield "command takes the place of apache_conf and php_ini; leave it or them out"
        if self.runs_wordpress:
            return
        for name in WordpressSettings.model_fields:
            if getattr(self, name):
                yield f"{name} is for {wordpress.TITLE}, not for another application; leave it out"
        if self.image == wordpress.IMAGE:
            yield f"image = {self.image} is not of another application; name its image"
