"""The Fargate task and the service that runs it."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import JsonValue

from constructs_lib.settings.types import (
    SECRET,
    Accepted,
    Group,
    RetentionDays,
    one_of,
    setting,
    text,
    whole,
)

IMAGE = text("an image, like wordpress:latest", r"^[^ ]+$")
IMAGE_DIGEST = r"@sha256:[0-9a-f]{64}$"
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
_KEYS = {
    f"{scheme}_{part}": "keys and salts are secrets, which all tasks share with shared_keys"
    for scheme in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
    for part in ("KEY", "SALT")
}
_OURS = ("DB_HOST", "DB_USER", "DB_PASSWORD", "DB_NAME", "CONFIG_EXTRA")
_PLATFORMS_ENVIRONMENT = {
    **{f"WORDPRESS_{name}": "the platform sets it" for name in _OURS},
    **{f"WORDPRESS_{name}": why for name, why in _KEYS.items()},
}

_PLATFORMS_CONSTANTS = {
    **dict.fromkeys(
        ("DB_HOST", "DB_USER", "DB_PASSWORD", "DB_NAME"),
        "the database and its user come from the stack",
    ),
    **dict.fromkeys(
        ("WP_HOME", "WP_SITEURL"), "the address comes from load_balancer; set fixed_site_url"
    ),
    "MYSQL_CLIENT_FLAGS": "TLS to the database comes with database.require_tls",
    **_KEYS,
    # the image defines them before ours, and PHP keeps the first definition
    **{
        name: f"the image sets it; set {variable} in environment"
        for name, variable in {
            "DB_CHARSET": "WORDPRESS_DB_CHARSET",
            "DB_COLLATE": "WORDPRESS_DB_COLLATE",
            "WP_DEBUG": "WORDPRESS_DEBUG",
        }.items()
    },
    "ABSPATH": "WordPress sets it",
}
"""Constants of wp-config.php that are set already, and why or by what.
https://github.com/docker-library/wordpress/blob/master/wp-config-docker.php"""


_WORD = r"[A-Za-z_][A-Za-z0-9_]*"


def _object(
    values: str, name: str, reserved: Mapping[str, str] | None = None, pattern: str = _WORD
) -> Accepted:
    """An object of names and values.

    Args:
        values: what they may be, in words.
        name: what a name is, in words.
        reserved: names that cannot be set, and why.
        pattern: regular expression of a name.
    """

    def fits(given: Mapping[str, JsonValue]) -> bool:
        for key, value in given.items():
            if not re.fullmatch(pattern, key):
                raise ValueError(f"{key!r} is not {name}")
            if reason := (reserved or {}).get(key):
                raise ValueError(f"{key} cannot be set here: {reason}")
            if SECRET.search(key) and key.lower() != "servertokens":  # Apache's: how much it tells
                raise ValueError(
                    f"{key} looks like a secret, which would stand in the task definition for "
                    "everyone to read; leave it out"
                )
            if not isinstance(value, (str, int, float)):
                raise ValueError(f"{key} must be text, a number, true or false")
        return True

    return Accepted(f"an object of {values}", "", fits)


_SCALARS = "texts, numbers, true and false"
_CONSTANT = "a constant's name, like DISALLOW_FILE_MODS"
_Constants = Annotated[dict[str, JsonValue], _object(_SCALARS, _CONSTANT, _PLATFORMS_CONSTANTS)]
_VARIABLE = "a variable's name, like WORDPRESS_DEBUG"
_Environment = Annotated[dict[str, str], _object("texts", _VARIABLE, _PLATFORMS_ENVIRONMENT)]
_DIRECTIVE = _object(_SCALARS, "a directive's name", pattern=r"[A-Za-z][A-Za-z0-9_.]*")
_Directives = Annotated[dict[str, JsonValue], _DIRECTIVE]


class ContainerSettings(Group):
    """The Fargate task and the service that runs it."""

    escaped: ClassVar = frozenset({"wordpress_constants", "apache_conf", "php_ini"})

    image: Annotated[str, IMAGE] | None = setting(
        "wordpress:latest", "with tag or digest; null: the variable container_image must be set"
    )
    require_digest: bool = setting(False, "images by digest only: what was reviewed is what runs")
    name: Annotated[str, _NAME] = setting("app", "container name")
    cpu: Annotated[int, FARGATE_CPU] = setting(512, "CPU units, 1024 = 1 vCPU")
    memory_mib: int = setting(1024, "as Fargate offers with cpu", accepts=FARGATE_MEMORY.accepts)
    desired_count: int = setting(
        2, "tasks at the first deploy; autoscaling changes it later", ge=0, le=5000
    )
    capacity: Literal["FARGATE", "FARGATE_SPOT"] = setting(
        "FARGATE", "FARGATE_SPOT is cheaper, and AWS may stop a task with two minutes' notice"
    )
    on_demand_base: int = setting(
        0, "with FARGATE_SPOT: the first tasks that run on FARGATE", ge=0, le=5000
    )
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
    zone_rebalancing: bool = setting(False, "ECS spreads the tasks again after a zone failed")
    log_retention_days: RetentionDays = setting(7, "of the tasks' logs")
    container_insights: bool = setting(True, "without it AWS has no metric of running tasks")
    task_role: bool = setting(
        False,
        "for the application itself; execute_command and shared_uploads bring it anyway",
        only="wp-ecs",
    )
    execute_command: bool = setting(False, "`aws ecs execute-command` opens a shell in a task")
    fixed_site_url: bool | None = setting(
        None, "WP_HOME and WP_SITEURL are set to application_url; default: with a domain"
    )
    service_discovery: bool = setting(
        False, "the VPC finds the tasks as wordpress.<project_name>.local", only="wp-ecs"
    )
    shared_keys: bool = setting(False, "one set of keys and salts for all tasks (Secrets Manager)")
    shared_uploads: bool = setting(False, "wp-content/uploads on EFS, which all tasks share")
    environment: _Environment = setting({}, "further variables of the container")
    wordpress_constants: _Constants = setting(
        {}, "constants of wp-config.php, like DISALLOW_FILE_MODS"
    )
    apache_conf: _Directives = setting(
        {}, "directives of Apache, like MaxRequestWorkers, that take the place of the image's"
    )
    php_ini: _Directives = setting(
        {}, "directives of php.ini, like upload_max_filesize, that take the place of the image's"
    )

    def contradictions(self) -> Iterator[str]:
        offered = FARGATE_MEMORY_MIB[self.cpu]
        if self.memory_mib not in offered:
            yield (
                f"memory_mib = {self.memory_mib}: with cpu = {self.cpu}, Fargate accepts "
                f"{', '.join(map(str, offered))}"
            )
        if self.zone_rebalancing and self.maximum_percent == 100:
            yield (
                "zone_rebalancing = true starts a task before it stops one, which maximum_percent "
                "= 100 forbids; raise it or switch rebalancing off"
            )
        if self.capacity == "FARGATE_SPOT" and not self.capacity_providers:
            yield (
                "capacity = FARGATE_SPOT needs capacity_providers = true, which attaches it to the "
                "cluster"
            )
        if self.capacity == "FARGATE" and self.on_demand_base:
            yield (
                f"on_demand_base = {self.on_demand_base} has no effect with capacity = FARGATE, "
                "where every task is on demand; leave it out or choose FARGATE_SPOT"
            )
        if self.require_digest and self.image and not re.search(IMAGE_DIGEST, self.image):
            yield (
                f"require_digest = true with image = {self.image}: a tag can be moved to another "
                "image; name it as repository@sha256:<64 hexadecimal digits>"
            )
