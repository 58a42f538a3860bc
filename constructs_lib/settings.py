"""What shapes a stack: typed, validated settings with the contract as their defaults.

A *setting* is read at synth time from `cdktf.json` (`context.stacks.<stack id>`) and decides which
resources exist and how they are wired. What a user changes at plan time is a Terraform variable
(`variables.py`) whose default comes from here. Every rule below is one that AWS enforces only at
apply, or not at all until something breaks, so it is checked before anything is written.
"""

import json
import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, TypeGuard, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

VPC_PREFIXES = range(16, 29)
"""Prefix lengths AWS accepts for a VPC and for a subnet.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""

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

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

MONITORING_INTERVAL_SECONDS = (0, 1, 5, 10, 15, 30, 60)
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html"""

DB_STORAGE_GIB = (20, 65536)
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html"""

GP3_BASELINE_GIB = 400
"""Below this size gp3 has a fixed baseline and RDS rejects iops and throughput."""

NO_PERFORMANCE_INSIGHTS = re.compile(r"db\.(t2|t3|t4g)\.(micro|small)")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html"""

CERTIFICATE_ARN = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$"
IMAGE_DIGEST = r"@sha256:[0-9a-f]{64}$"
ECR_IMAGE = r"^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9-]+[.]amazonaws[.]com/"
CRON = r"^cron\([^ ()]+( [^ ()]+){5}\)$"
"""https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html"""

PROJECT_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
PROJECT_NAME_MAX = 28
"""An ALB's name holds 32 characters and ours is `<project_name>-alb`."""
PROJECT_NAMES_RESERVED = r"^(internal|sg)(-|$)"
"""What comes before the first hyphen of our names: AWS refuses a load balancer called `internal-…`
and a security group called `sg-…`.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"""

REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
OTHER_PARTITIONS = r"^(cn|us-gov|us-iso[a-z]*|eu-isoe)-"
DB_USERNAME = r"^[A-Za-z][A-Za-z0-9_]{0,15}$"
DB_USERNAMES_RESERVED = ("rdsadmin", "mysql", "root")
DB_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
DB_INSTANCE_CLASS = r"^db\.[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+$"
EMAIL = r"^[^@ ]+@[^@ ]+\.[^@ .]+$"
IMAGE = r"^[^ ]+$"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ENVIRONMENT_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
RESERVED_ENVIRONMENT = (
    "WORDPRESS_DB_HOST",
    "WORDPRESS_DB_USER",
    "WORDPRESS_DB_PASSWORD",
    "WORDPRESS_DB_NAME",
    "WORDPRESS_CONFIG_EXTRA",
)
_SECRET = re.compile(r"password|secret|token|credential|key$", re.IGNORECASE)


class SettingsError(Exception):
    """A setting that cannot be used; `str()` is the one line for the user."""

    def __init__(self, message: str) -> None:
        # a key or a value may hold line breaks and what a terminal would obey
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


def _one_of(name: str, value: int, allowed: tuple[int, ...]) -> int:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}")
    return value


def _network(cidr: str) -> IPv4Network:
    """`cidr` as a network; a ValueError that says how to mend it when it is not one."""
    try:
        network = IPv4Network(cidr)
    except ValueError:
        try:
            fix = f"; did you mean {IPv4Network(cidr, strict=False)}?"
        except ValueError:
            fix = ", like 10.0.0.0/16"
        raise ValueError(f"{cidr} is not an IPv4 network in CIDR notation{fix}") from None
    if network.prefixlen not in VPC_PREFIXES or str(network) != cidr:
        raise ValueError(
            f"{cidr}: AWS accepts networks from /{VPC_PREFIXES[0]} to /{VPC_PREFIXES[-1]}, "
            "written as address/prefix"
        )
    return network


def check_layout(vpc_cidr: str, subnet_cidrs: tuple[str, ...]) -> None:
    """Raise ValueError unless every subnet lies inside the VPC and no two overlap."""
    vpc = _network(vpc_cidr)
    subnets = [_network(cidr) for cidr in subnet_cidrs]
    for subnet in subnets:
        if not subnet.subnet_of(vpc):
            raise ValueError(
                f"subnet {subnet} lies outside vpc_cidr = {vpc}; choose one inside, "
                f"like {next(vpc.subnets(new_prefix=max(24, vpc.prefixlen)))}"
            )
    for one, other in combinations(subnets, 2):
        if one.overlaps(other):
            raise ValueError(f"subnets {one} and {other} overlap; give each its own addresses")


def check_fargate(cpu: int, memory_mib: int) -> None:
    """Raise ValueError unless Fargate runs tasks of `cpu` units with `memory_mib`."""
    if cpu not in FARGATE_MEMORY_MIB:
        raise ValueError(f"cpu = {cpu}: {_among(FARGATE_MEMORY_MIB)}")
    if memory_mib not in FARGATE_MEMORY_MIB[cpu]:
        raise ValueError(
            f"memory_mib = {memory_mib}: with cpu = {cpu}, {_among(FARGATE_MEMORY_MIB[cpu])}"
        )


def _among(values: Mapping[int, object] | tuple[int, ...]) -> str:
    return f"Fargate accepts {', '.join(map(str, values))}"


def _clock(text: str) -> int:
    """Minutes since midnight of `hh:mm`."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _windows_overlap(daily: str, weekly: str) -> bool:
    """Whether a daily backup window and a weekly maintenance window share a minute (UTC)."""
    start, end = (_clock(part) for part in daily.split("-"))
    first, last = weekly.split("-")
    opening = _DAYS.index(first[:3]) * 1440 + _clock(first[4:])
    closing = _DAYS.index(last[:3]) * 1440 + _clock(last[4:])
    week = 7 * 1440
    maintenance = {minute % week for minute in range(opening, opening + (closing - opening) % week)}
    length = (end - start) % 1440
    backup = {(day * 1440 + start + minute) % week for day in range(7) for minute in range(length)}
    return bool(maintenance & backup)


Model = TypeVar("Model", bound=BaseModel)


class Group(BaseModel):
    """Base of every settings group: immutable, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _plain_text(cls, value: object) -> object:
        """CDKTF writes strings as they are, and Terraform evaluates the templates in them."""
        for text in value.values() if isinstance(value, dict) else (value,):
            if isinstance(text, str):
                if "${" in text or "%{" in text:
                    raise ValueError("must not contain ${ or %{, which Terraform would evaluate")
                if not text.isprintable():
                    raise ValueError("must be one line of printable characters")
        return value


_Cidr = Annotated[str, AfterValidator(lambda cidr: str(_network(cidr)))]
_Pair = Annotated[tuple[_Cidr, _Cidr], Field(strict=False)]
_Percent = Annotated[int, Field(ge=1, le=100)]


class NetworkSettings(Group):
    """The VPC, its four subnets, and what may leave them (the seed's "Network Foundation")."""

    vpc_cidr: _Cidr = Field("10.0.0.0/16", description="IPv4 network, /16 to /28")
    public_subnet_cidrs: _Pair = Field(
        ("10.0.1.0/24", "10.0.2.0/24"), description="one inside the VPC for each zone"
    )
    private_subnet_cidrs: _Pair = Field(
        ("10.0.3.0/24", "10.0.4.0/24"), description="one inside the VPC for each zone"
    )
    availability_zones: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        None, description="two zones of the region; default: its zones a and b"
    )
    zones: Literal["listed", "a_and_b"] = Field(
        "listed",
        description="take the zones from availability_zones, or a and b of aws_region whatever "
        "availability_zones lists",
    )
    public_ip_on_launch: bool = Field(
        True, description="public addresses for whatever starts in the public subnets"
    )
    private_egress: Literal["none", "single_nat", "nat_per_zone", "vpc_endpoints"] = Field(
        "none",
        description="what the private subnets reach beyond the VPC: nothing; the internet through "
        "one NAT gateway, or one in each zone; only the AWS services that the tasks need",
    )
    task_subnets: Literal["public", "private"] = Field(
        "public", description="where the tasks run; in public subnets they have public addresses"
    )
    allowed_egress: Literal["all", "all_but_database", "least"] = Field(
        "all_but_database",
        description="outbound rules of the security groups: everything from every group; nothing "
        "from the database's; from each group only what it needs",
    )
    flow_log_retention_days: int | None = Field(
        None, description="VPC flow logs, kept this long; default: none are written"
    )
    default_security_group_closed: bool = Field(
        False, description="take all rules from the group that AWS gives every VPC"
    )

    @field_validator("flow_log_retention_days")
    @classmethod
    def _known_retention(cls, days: int | None) -> int | None:
        if days is None:
            return None
        return _one_of("flow_log_retention_days", days, LOG_RETENTION_DAYS)

    @field_validator("availability_zones")
    @classmethod
    def _two_zones(cls, zones: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if zones is not None and len(set(zones[:2])) < 2:
            raise ValueError(
                "at least two zones are needed, the first two different, "
                "like eu-central-1a and eu-central-1b"
            )
        return zones

    @model_validator(mode="after")
    def _layout(self) -> "NetworkSettings":
        check_layout(self.vpc_cidr, self.public_subnet_cidrs + self.private_subnet_cidrs)
        return self

    @model_validator(mode="after")
    def _private_tasks_get_out(self) -> "NetworkSettings":
        if self.task_subnets == "private" and self.private_egress == "none":
            raise ValueError(
                "task_subnets = private with private_egress = none: the tasks could not pull their "
                "image; choose single_nat, nat_per_zone or vpc_endpoints"
            )
        return self


class WafSettings(Group):
    """The web application firewall: AWS's managed rules, and a limit for each address.

    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
    """

    requests_per_5_minutes: int = Field(
        2000, ge=10, le=2_000_000_000, description="an address that sends more is blocked"
    )
    log_retention_days: int = Field(365, description="of the firewall's log")

    @field_validator("log_retention_days")
    @classmethod
    def _known_retention(cls, days: int) -> int:
        return _one_of("log_retention_days", days, LOG_RETENTION_DAYS)


class LoadBalancerSettings(Group):
    """The load balancer: its listener, health checks and session persistence, and its protection.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """

    health_check_path: str = Field(
        "/wp-admin/install.php",
        pattern=r"^/[^\s]{0,1023}$",
        description="answers 200 before and after WordPress is installed, fails without database",
    )
    interval_seconds: int = Field(30, ge=5, le=300, description="between two checks of a task")
    timeout_seconds: int = Field(
        5, ge=2, le=120, description="for the answer to a check, below the interval"
    )
    healthy_threshold: int = Field(2, ge=2, le=10, description="successes until in rotation")
    unhealthy_threshold: int = Field(3, ge=2, le=10, description="failures until out of rotation")
    matcher: str = Field(
        "200-399",
        pattern=r"^[2-4][0-9]{2}(-[2-4][0-9]{2}|(,[2-4][0-9]{2})*)$",
        description="HTTP codes that count as healthy",
    )
    stickiness_seconds: int | None = Field(
        86400,
        ge=1,
        le=604800,
        description="how long the session cookie binds a user to a task; null: no such cookie",
    )
    deregistration_delay_seconds: int | None = Field(
        None,
        ge=0,
        le=3600,
        description="how long a stopping task may finish its requests; default: AWS's, 300",
    )
    deletion_protection: bool = Field(
        False, description="must be switched off in an earlier apply before destroy"
    )
    https: bool = Field(
        False, description="serve HTTPS with the certificate and redirect HTTP to it"
    )
    certificate_arn: str | None = Field(
        None,
        pattern=CERTIFICATE_ARN,
        description="ACM certificate of the same region, for https; default: the variable "
        "certificate_arn must be set",
    )
    host_name: str | None = Field(
        None,
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        description="name that users call, a CNAME or alias to the load balancer; default: the "
        "load balancer's own",
    )
    access_log_retention_days: int | None = Field(
        None, ge=1, description="access logs in a bucket, kept this long; default: none are written"
    )
    waf: WafSettings | None = Field(None, description="default: no firewall")

    @model_validator(mode="after")
    def _timeout_below_interval(self) -> "LoadBalancerSettings":
        if self.timeout_seconds >= self.interval_seconds:
            raise ValueError(
                f"timeout_seconds = {self.timeout_seconds} must be below interval_seconds = "
                f"{self.interval_seconds}; lower the timeout or raise the interval"
            )
        return self


class ContainerSettings(Group):
    """The Fargate task and the service that runs it."""

    image: str | None = Field(
        "wordpress:latest",
        pattern=IMAGE,
        description="with its tag or digest; null: the variable container_image must be set",
    )
    require_digest: bool = Field(
        False, description="accept an image by digest only: what was reviewed is what runs"
    )
    name: str = Field("app", pattern=r"^[A-Za-z0-9_-]{1,255}$", description="container name")
    cpu: int = Field(512, description="CPU units, 1024 = 1 vCPU")
    memory_mib: int = Field(1024, description="one that Fargate offers with the CPU units")
    desired_count: int = Field(2, ge=0, le=5000, description="tasks at first; then autoscaling's")
    capacity: Literal["FARGATE", "FARGATE_SPOT"] = Field(
        "FARGATE",
        description="FARGATE_SPOT is cheaper, and AWS may stop a task with two minutes' notice",
    )
    on_demand_base: int = Field(
        0, ge=0, le=5000, description="with FARGATE_SPOT: the first tasks that run on FARGATE"
    )
    capacity_providers: bool = Field(
        True, description="FARGATE and FARGATE_SPOT are attached to the cluster"
    )
    health_check_command: str | None = Field(
        None,
        min_length=1,
        description="shell command by which ECS itself checks the container; default: none",
    )
    health_check_grace_period_seconds: int = Field(
        60, ge=0, le=2147483647, description="failing health checks are ignored for a new task"
    )
    minimum_healthy_percent: int = Field(
        100, ge=0, le=100, description="of the desired count, kept running by a deployment"
    )
    maximum_percent: int = Field(
        200, ge=100, le=200, description="of the desired count, running at most meanwhile"
    )
    wait_for_steady_state: bool = Field(
        True, description="apply ends when the new tasks serve, and fails if they were rolled back"
    )
    zone_rebalancing: bool = Field(
        False, description="ECS spreads the tasks evenly again after a zone failed"
    )
    log_retention_days: int = Field(7, description="of the tasks' logs")
    container_insights: bool = Field(
        True, description="without it AWS has no metric of running tasks"
    )
    task_role: bool = Field(
        False,
        description="a role for the application itself; execute_command and "
        "shared_uploads bring it anyway",
    )
    execute_command: bool = Field(
        False, description="`aws ecs execute-command` opens a shell in a task"
    )
    fixed_site_url: bool = Field(
        False, description="WP_HOME and WP_SITEURL are set to application_url"
    )
    service_discovery: bool = Field(
        False, description="the tasks are found as wordpress.<project_name>.local inside the VPC"
    )
    shared_keys: bool = Field(
        False,
        description="one set of authentication keys and salts for all tasks, from Secrets Manager",
    )
    shared_uploads: bool = Field(
        False, description="wp-content/uploads on a file system (EFS) that all tasks share"
    )
    environment: dict[str, str] = Field({}, description="further variables of the container")

    @field_validator("log_retention_days")
    @classmethod
    def _known_retention(cls, days: int) -> int:
        return _one_of("log_retention_days", days, LOG_RETENTION_DAYS)

    @model_validator(mode="after")
    def _fargate_pair(self) -> "ContainerSettings":
        check_fargate(self.cpu, self.memory_mib)
        return self

    @field_validator("environment")
    @classmethod
    def _own_names(cls, environment: dict[str, str]) -> dict[str, str]:
        for name in environment:
            if not re.fullmatch(ENVIRONMENT_NAME, name):
                raise ValueError(f"{name!r} is not a variable's name, like WORDPRESS_DEBUG")
            if name in RESERVED_ENVIRONMENT:
                raise ValueError(f"{name} is set by the platform; leave it out")
            if _SECRET.search(name):
                raise ValueError(
                    f"{name} looks like a secret, which would stand in the task definition for "
                    "everyone to read; leave it out"
                )
        return environment

    @model_validator(mode="after")
    def _rebalancing_needs_room(self) -> "ContainerSettings":
        if self.zone_rebalancing and self.maximum_percent == 100:
            raise ValueError(
                "zone_rebalancing = true starts a task before it stops one, which maximum_percent "
                "= 100 forbids; raise it or switch rebalancing off"
            )
        return self

    @model_validator(mode="after")
    def _spot_needs_providers(self) -> "ContainerSettings":
        if self.capacity == "FARGATE_SPOT" and not self.capacity_providers:
            raise ValueError(
                "capacity = FARGATE_SPOT needs capacity_providers = true, which attaches it to the "
                "cluster"
            )
        if self.capacity == "FARGATE" and self.on_demand_base:
            raise ValueError(
                f"on_demand_base = {self.on_demand_base} has no effect with capacity = FARGATE, "
                "where every task is on demand; leave it out or choose FARGATE_SPOT"
            )
        return self

    @model_validator(mode="after")
    def _digest(self) -> "ContainerSettings":
        if self.require_digest and self.image and not re.search(IMAGE_DIGEST, self.image):
            raise ValueError(
                f"require_digest = true with image = {self.image}: a tag can be moved to another "
                "image; name it as repository@sha256:<64 hexadecimal digits>"
            )
        return self


class SleepSettings(Group):
    """Times at which no task runs, for what nobody uses at night and at weekends.

    https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
    """

    from_cron: str = Field("cron(0 20 ? * MON-FRI *)", description="when the tasks stop")
    until_cron: str = Field("cron(0 6 ? * MON-FRI *)", description="when they start again")
    timezone: str = Field(
        "Europe/Berlin",
        pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$",
        description="of both times, as in the IANA database",
    )

    @field_validator("from_cron", "until_cron")
    @classmethod
    def _six_fields(cls, cron: str) -> str:
        if not re.fullmatch(CRON, cron):
            raise ValueError("must be cron(...) with six fields, like cron(0 20 ? * MON-FRI *)")
        return cron


class AutoscalingSettings(Group):
    """Target tracking of the service on CPU and memory."""

    min_capacity: int = Field(2, ge=0, le=5000, description="tasks; 2 keeps one in each zone")
    max_capacity: int = Field(4, ge=1, le=5000, description="tasks")
    cpu_target_percent: _Percent = Field(60, description="average of the service to keep")
    memory_target_percent: _Percent = Field(75, description="average of the service to keep")
    scale_out_cooldown_seconds: int = Field(
        60, ge=0, le=3600, description="after adding tasks, until more are added"
    )
    scale_in_cooldown_seconds: int = Field(
        300, ge=0, le=3600, description="after removing tasks, until more are removed"
    )
    sleep: SleepSettings | None = Field(None, description="default: tasks run around the clock")

    @model_validator(mode="after")
    def _min_below_max(self) -> "AutoscalingSettings":
        if self.max_capacity < self.min_capacity:
            raise ValueError(
                f"max_capacity = {self.max_capacity} is below min_capacity = {self.min_capacity}; "
                "raise the maximum or lower the minimum"
            )
        return self


class DatabaseSettings(Group):
    """The MySQL instance on RDS (the seed's "Database Layer")."""

    engine_version: str = Field("8.0", pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?$", description="MySQL")
    instance_class: str = Field(
        "db.t3.micro", pattern=DB_INSTANCE_CLASS, description="of the primary and the standby"
    )
    allocated_storage_gib: int = Field(
        20, ge=DB_STORAGE_GIB[0], le=DB_STORAGE_GIB[1], description="of each copy"
    )
    storage_type: Literal["gp2", "gp3"] = Field("gp2", description="General Purpose SSD")
    iops: int | None = Field(
        None, ge=12000, le=64000, description="gp3 from 400 GiB on; default: AWS's baseline"
    )
    storage_throughput_mibps: int | None = Field(
        None, ge=500, le=4000, description="gp3 from 400 GiB on; default: AWS's baseline"
    )
    name: str = Field("wordpress", pattern=DB_NAME, description="of the application's database")
    username: str = Field("admin", pattern=DB_USERNAME, description="of the master user")
    username_sensitive: bool = Field(True, description="Terraform hides the user's name")
    password: Literal["variable", "managed"] = Field(
        "variable",
        description="set it as db_password, which Terraform's state then holds; or let RDS make, "
        "keep and rotate it in Secrets Manager",
    )
    multi_az: bool = Field(True, description="a synchronous standby in the other zone")
    backup_retention_days: int = Field(7, ge=0, le=35, description="0 switches backups off")
    backup_window: str = Field("03:00-04:00", description="hh:mm-hh:mm in UTC, at least 30 minutes")
    maintenance_window: str = Field(
        "Mon:04:00-Mon:05:00",
        description="ddd:hh:mm-ddd:hh:mm in UTC, at least 30 minutes, not during the backup",
    )
    storage_encrypted: bool = Field(True, description="at rest")
    require_tls: bool = Field(
        False, description="the database refuses connections without TLS, and WordPress uses it"
    )
    slow_query_log: bool = Field(
        False, description="write the slow-query log, which log_exports then finds"
    )
    iam_authentication: bool = Field(
        False, description="people may log in with IAM instead of the master password"
    )
    deletion_protection: bool = Field(
        False, description="must be switched off in an earlier apply before destroy"
    )
    monitoring_interval_seconds: int = Field(60, description="Enhanced Monitoring; 0 is off")
    log_exports: Annotated[
        tuple[Literal["audit", "error", "general", "slowquery"], ...], Field(strict=False)
    ] = Field(
        ("error", "slowquery"),
        description="logs sent to CloudWatch; slow queries need slow_query_log = 1 too",
    )
    performance_insights: bool = Field(
        False, description="not available on t2, t3 and t4g micro and small"
    )
    apply_immediately: bool | None = Field(
        None,
        description="changes of class, storage or multi_az interrupt the database at once; "
        "default: in the maintenance window, and until then each plan shows them again",
    )
    skip_final_snapshot: bool = Field(
        True, description="false leaves a snapshot <project_name>-db-final behind at destroy"
    )

    @field_validator("username")
    @classmethod
    def _free_username(cls, name: str) -> str:
        if name.lower() in DB_USERNAMES_RESERVED:
            *others, last = DB_USERNAMES_RESERVED
            raise ValueError(f"RDS reserves {', '.join(others)} and {last}; choose another name")
        return name

    @field_validator("monitoring_interval_seconds")
    @classmethod
    def _known_interval(cls, seconds: int) -> int:
        return _one_of("monitoring_interval_seconds", seconds, MONITORING_INTERVAL_SECONDS)

    @field_validator("backup_window")
    @classmethod
    def _daily_window(cls, window: str) -> str:
        clock = r"([01][0-9]|2[0-3]):[0-5][0-9]"
        if not re.fullmatch(f"{clock}-{clock}", window):
            raise ValueError(f"{window!r} is not a daily window, like 03:00-04:00 (UTC)")
        start, end = (_clock(part) for part in window.split("-"))
        if (end - start) % 1440 < 30:
            raise ValueError(f"{window!r} is shorter than 30 minutes; RDS needs that at least")
        return window

    @field_validator("maintenance_window")
    @classmethod
    def _weekly_window(cls, window: str) -> str:
        point = rf"({'|'.join(_DAYS)}):([01][0-9]|2[0-3]):[0-5][0-9]"
        if not re.fullmatch(f"{point}-{point}", window):
            raise ValueError(f"{window!r} is not a weekly window, like Mon:04:00-Mon:05:00 (UTC)")
        first, last = window.split("-")
        begin = _DAYS.index(first[:3]) * 1440 + _clock(first[4:])
        end = _DAYS.index(last[:3]) * 1440 + _clock(last[4:])
        if not 30 <= (end - begin) % (7 * 1440) <= 1440:
            raise ValueError(f"{window!r} must last between 30 minutes and 24 hours")
        return window

    @model_validator(mode="after")
    def _windows_apart(self) -> "DatabaseSettings":
        if _windows_overlap(self.backup_window, self.maintenance_window):
            raise ValueError(
                f"backup_window = {self.backup_window} and maintenance_window = "
                f"{self.maintenance_window} overlap, which RDS rejects; move one of them"
            )
        return self

    @model_validator(mode="after")
    def _insights_need_a_class(self) -> "DatabaseSettings":
        if self.performance_insights and NO_PERFORMANCE_INSIGHTS.fullmatch(self.instance_class):
            raise ValueError(
                f"performance_insights = true does not exist on instance_class = "
                f"{self.instance_class}; choose db.t3.medium or larger, or switch it off"
            )
        return self

    @model_validator(mode="after")
    def _provisioned_needs_gp3(self) -> "DatabaseSettings":
        asked = self.iops is not None or self.storage_throughput_mibps is not None
        if asked and not (
            self.storage_type == "gp3" and self.allocated_storage_gib >= GP3_BASELINE_GIB
        ):
            raise ValueError(
                "iops and storage_throughput_mibps need storage_type = gp3 with "
                f"allocated_storage_gib >= {GP3_BASELINE_GIB} (here {self.storage_type}, "
                f"{self.allocated_storage_gib}); leave them out for the baseline"
            )
        return self


class MonitoringSettings(Group):
    """When an alarm goes off. Every threshold is compared with 5-minute or 1-minute statistics."""

    alarm_email: str = Field("", description="subscribed to the alerts topic; empty: nobody")
    db_cpu_percent: _Percent = Field(80, description="alarm above this, for 15 minutes")
    db_free_storage_gib: float = Field(2, gt=0, description="alarm below this")
    db_connections: int = Field(60, ge=1, description="db.t3.micro accepts about 85")
    db_replica_lag_seconds: int = Field(30, ge=1, description="has data on read replicas only")
    service_cpu_percent: _Percent = Field(85, description="alarm above this, for 3 minutes")
    service_memory_percent: _Percent = Field(85, description="alarm above this, for 3 minutes")
    response_time_seconds: float = Field(2, gt=0, description="average of the target group")
    server_errors_per_5_minutes: int = Field(10, ge=1, description="HTTP 5xx of the targets")
    database_events: bool = Field(
        False,
        description="RDS tells the alerts topic of failovers, failures, recoveries and downtime",
    )

    @field_validator("alarm_email")
    @classmethod
    def _looks_like_email(cls, address: str) -> str:
        if address and not re.fullmatch(EMAIL, address):
            raise ValueError(f"{address!r} is not an e-mail address, like ops@example.com")
        return address


class CostSettings(Group):
    """Monthly budget and anomaly detection for the costs tagged with the project."""

    monthly_budget_usd: float = Field(100, gt=0, description="US dollars a month")
    anomaly_threshold_usd: float = Field(10, gt=0, description="smallest total impact reported")


class S3BackendSettings(Group):
    """State in S3 with its native lock file; needs Terraform or OpenTofu >= 1.10."""

    type: Literal["s3"] = Field(description="in S3, with its native lock file")
    bucket: str = Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="with type s3; must exist"
    )
    region: str = Field(pattern=REGION, description="of the bucket")
    key: str | None = Field(
        None,
        pattern=r"^[^/](.*[^/])?$",
        description="object name; default: <stack id>/terraform.tfstate",
    )


class LocalBackendSettings(Group):
    """State in a file beside cdktf.json, as CDKTF's own default, but not as an absolute path."""

    type: Literal["local"] = Field(
        "local", description="in terraform.<stack id>.tfstate beside cdktf.json"
    )


VariableName = Literal[
    "aws_region", "project_name", "availability_zones", "vpc_cidr", "public_subnet_cidrs",
    "private_subnet_cidrs", "certificate_arn", "container_image", "task_cpu", "task_memory",
    "desired_count", "db_username", "db_password", "db_name", "db_instance_class",
    "db_allocated_storage", "alarm_email", "monthly_budget_usd",
]  # fmt: skip
OutputName = Literal[
    "alb_dns_name", "application_url", "ecs_cluster_name", "ecs_cluster_arn", "ecs_service_name",
    "rds_endpoint", "rds_identifier", "vpc_id", "public_subnet_ids", "private_subnet_ids",
    "alerts_topic_arn",
]  # fmt: skip
Purpose = Literal["logs", "database", "alerts", "secrets", "uploads"]


class StackSettings(Group):
    """Everything that shapes one platform stack; the defaults are the `resilience-platform`."""

    project_name: str | None = Field(
        None,
        pattern=PROJECT_NAME,
        max_length=PROJECT_NAME_MAX,
        description="prefix of every name; default: the stack id",
    )
    region: str = Field("eu-central-1", pattern=REGION, description="AWS region")
    variables: Annotated[tuple[VariableName, ...], Field(strict=False)] | None = Field(
        None,
        description="what can be changed at plan time, everything else is as set here; default: "
        "all that have an effect",
    )
    outputs: Annotated[tuple[OutputName, ...], Field(strict=False)] | None = Field(
        None, description="default: all that exist"
    )
    default_tags: bool = Field(
        True, description="every resource is tagged with Project, Stack and ManagedBy"
    )
    customer_managed_keys: Annotated[tuple[Purpose, ...], Field(strict=False)] = Field(
        (),
        description="what is encrypted with a key of our own (KMS, rotated every year) instead of "
        "AWS's; changing it for the database replaces the database",
    )
    network: NetworkSettings = NetworkSettings()
    load_balancer: LoadBalancerSettings = LoadBalancerSettings()
    container: ContainerSettings = ContainerSettings()
    autoscaling: AutoscalingSettings | None = Field(
        AutoscalingSettings(), description="null: the service keeps its desired count"
    )
    database: DatabaseSettings = DatabaseSettings()
    monitoring: MonitoringSettings | None = Field(
        MonitoringSettings(), description="null: no alarms and no dashboard"
    )
    cost: CostSettings | None = Field(
        CostSettings(), description="null: no budget and no anomaly detection"
    )
    backend: Annotated[LocalBackendSettings | S3BackendSettings, Field(discriminator="type")] = (
        LocalBackendSettings()
    )
    overrides: dict[str, dict[str, JsonValue]] = Field(
        {},
        description="arguments by address and path, as Terraform has them, in the place of what "
        "the settings make; null leaves one out",
    )

    @field_validator("project_name")
    @classmethod
    def _free_name(cls, name: str | None) -> str | None:
        if name is not None and re.match(PROJECT_NAMES_RESERVED, name):
            raise ValueError("AWS reserves names that begin with internal- or sg-; choose another")
        return name

    @field_validator("region")
    @classmethod
    def _commercial_region(cls, region: str) -> str:
        if re.match(OTHER_PARTITIONS, region):
            raise ValueError(
                f"{region} belongs to a partition of its own, and the platform's policies name "
                "ARNs of the partition aws; choose a commercial region"
            )
        return region

    @property
    def availability_zones(self) -> tuple[str, ...]:
        """The zones to use: the chosen ones, or a and b of the region."""
        return self.network.availability_zones or (f"{self.region}a", f"{self.region}b")

    @model_validator(mode="after")
    def _zones_of_the_region(self) -> "StackSettings":
        zone = re.compile(f"{self.region}[a-z]")
        strangers = [z for z in self.availability_zones if not zone.fullmatch(z)]
        if strangers:
            raise ValueError(
                f"network.availability_zones: {', '.join(strangers)} not in region = "
                f"{self.region}; name two of its zones, like {self.region}a and {self.region}b"
            )
        return self

    @property
    def declared_variables(self) -> tuple[str, ...]:
        """The Terraform variables of the stack."""
        if self.variables is not None:
            return self.variables
        without = {
            "certificate_arn": not self.load_balancer.https,
            "db_password": self.database.password == "managed",
            "alarm_email": not self.monitoring and not self.cost,
            "monthly_budget_usd": not self.cost,
        }
        return tuple(name for name in get_args(VariableName) if not without.get(name))

    @property
    def _without_default(self) -> dict[VariableName, str]:
        """What the settings give no value, and how they could."""
        https, certificate = self.load_balancer.https, self.load_balancer.certificate_arn
        fixes: tuple[tuple[VariableName, bool, str], ...] = (
            ("db_password", self.database.password == "variable", "database.password = managed"),
            ("container_image", self.container.image is None, "container.image"),
            ("certificate_arn", https and certificate is None, "load_balancer.certificate_arn"),
        )
        return {name: fix for name, missing, fix in fixes if missing}

    @property
    def required_variables(self) -> tuple[VariableName, ...]:
        """The Terraform variables that have no default, so that every plan needs a value."""
        return tuple(self._without_default)

    @model_validator(mode="after")
    def _nothing_left_open(self) -> "StackSettings":
        """What has no value in the settings must be a variable."""
        for name, fix in self._without_default.items():
            if name not in self.declared_variables:
                raise ValueError(
                    f"variables leaves out {name}, which has no value then; add it, or set {fix}"
                )
        return self

    @model_validator(mode="after")
    def _endpoints_reach_the_image(self) -> "StackSettings":
        image = self.container.image
        if self.pulls_through_endpoints and image and not re.search(ECR_IMAGE, image):
            raise ValueError(
                f"network.private_egress = vpc_endpoints with container.image = {image}: tasks in "
                "private subnets then reach Amazon ECR only; copy the image there and name it as "
                "<account>.dkr.ecr.<region>.amazonaws.com/<name>"
            )
        return self

    @property
    def pulls_through_endpoints(self) -> bool:
        """Whether the tasks reach nothing but AWS's services, so that their image must be there."""
        network = self.network
        return network.task_subnets == "private" and network.private_egress == "vpc_endpoints"

    @property
    def services_of_the_tasks(self) -> list[str]:
        """The AWS services that the tasks call, as endpoints name them."""
        services = ["ecr.api", "ecr.dkr", "logs"]
        if self.container.shared_keys or self.database.password == "managed":
            services.append("secretsmanager")
        if self.container.execute_command:
            services.append("ssmmessages")
        return services

    @model_validator(mode="after")
    def _costs_are_found_by_tag(self) -> "StackSettings":
        if self.cost and not self.default_tags:
            raise ValueError(
                "cost counts what is tagged with the project, and default_tags = false leaves "
                "nothing tagged; switch the tags on or set cost to null"
            )
        return self

    @model_validator(mode="after")
    def _key_needs_encryption(self) -> "StackSettings":
        if "database" in self.customer_managed_keys and not self.database.storage_encrypted:
            raise ValueError(
                "customer_managed_keys names database, and database.storage_encrypted = false; "
                "encrypt the storage or take the key out"
            )
        return self

    @model_validator(mode="after")
    def _desired_within_bounds(self) -> "StackSettings":
        if self.autoscaling is None:
            return self
        low, high = self.autoscaling.min_capacity, self.autoscaling.max_capacity
        if not low <= self.container.desired_count <= high:
            raise ValueError(
                f"container.desired_count = {self.container.desired_count} is outside "
                f"autoscaling.min_capacity = {low} to max_capacity = {high}; adjust one of them"
            )
        return self

    @model_validator(mode="after")
    def _can_deploy(self) -> "StackSettings":
        """ECS rounds the least number of tasks up and the largest down."""
        container = self.container
        tasks = self.autoscaling.min_capacity if self.autoscaling else container.desired_count
        low, high = container.minimum_healthy_percent, container.maximum_percent
        least, most = -(-tasks * low // 100), tasks * high // 100
        if tasks and least >= tasks >= most:
            raise ValueError(
                f"container.minimum_healthy_percent = {low} and maximum_percent = {high} of "
                f"{tasks} tasks leave no room to replace one; lower the one or raise the other"
            )
        return self


_STACK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def load_stacks(path: Path) -> dict[str, StackSettings]:
    """The stacks that `context.stacks` of the cdktf.json at `path` declares, by stack id.

    Raises:
        SettingsError: the file cannot be read, is not JSON, or holds a setting that cannot be used.
    """
    stacks = read_context(path).get("stacks")
    if not isinstance(stacks, dict) or not stacks:
        raise SettingsError(
            f"{path.name}: context.stacks must map stack ids to their settings, "
            'like {"context": {"stacks": {"resilience-platform": {}}}}'
        )
    return {stack_id: parse_stack(stack_id, values) for stack_id, values in stacks.items()}


def parse_stack(stack_id: str, values: object) -> StackSettings:
    """The settings of one stack, with `project_name` filled in from the stack id.

    Raises:
        SettingsError: the id or a setting cannot be used; says which, and what is accepted.
    """
    if not _STACK_ID.fullmatch(stack_id):
        raise SettingsError(
            f"stack {stack_id!r}: a stack id has 1 to 63 lower-case letters, digits and hyphens "
            "(it is the Spacelift slug too); rename it in cdktf.json"
        )
    if not isinstance(values, dict):
        raise SettingsError(f"stack {stack_id}: settings must be an object, like {{}}")
    if values.get("project_name") is None:
        values = {**values, "project_name": stack_id}
    return validated(StackSettings, f"stack {stack_id}", values)


def validated(model: type[Model], where: str, values: object) -> Model:
    """`values` as the settings group `model`.

    Raises:
        SettingsError: a value cannot be used; begins with `where`.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(f"{where}: {_first_problem(model, error)}") from None
    except UnicodeEncodeError as error:  # a message of ours repeats a string that is no text
        half = error.object[error.start]
        raise SettingsError(f"{where}: {half!r} is half a character; write the whole one") from None


def read_context(path: Path) -> dict[str, object]:
    """The context object of the cdktf.json at `path`; empty where it has none.

    Raises:
        SettingsError: the file cannot be read or is not JSON.
    """
    document = _read_json(path)
    context = document.get("context") if isinstance(document, dict) else None
    return context if isinstance(context, dict) else {}


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name}: is not UTF-8 text; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{path.name}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}"
        ) from None
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond Python's limits
        raise SettingsError(f"{path.name}: not valid JSON: {error}") from None


def _first_problem(model: type[BaseModel], error: ValidationError) -> str:
    """One line for the first problem found: key, value, what is accepted; and how many follow."""
    problems = error.errors(include_url=False)
    first = problems[0]
    path = [str(part) for part in first["loc"]]
    # pydantic names the member of the union too ("backend.s3.bucket"); the file has no such level
    backend = path.pop(1) if path[:1] == ["backend"] and len(path) > 1 else None
    key = ".".join(path)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        choice = f" with type = {backend}" if backend else ""
        known = ", ".join(_keys_beside(model, path, backend))
        return f"{key}: unknown setting; accepted{choice} are {known}{more}"
    message = first["msg"].removeprefix("Value error, ")
    if path and not isinstance(first["input"], (dict, BaseModel)):
        shown = "…" if _SECRET.search(path[-1]) else json.dumps(first["input"], default=str)
        key = f"{key} = {shown}"
    return f"{key}: {message}{more}" if key else f"{message}{more}"


def _keys_beside(model: type[BaseModel], path: list[str], backend: str | None) -> list[str]:
    """The keys that are accepted where the one at `path` stands."""
    group: type[BaseModel] = model
    if backend is not None:
        group = LocalBackendSettings if backend == "local" else S3BackendSettings
    else:
        for part in path[:-1]:
            annotation = group.model_fields[part].annotation
            group = next(g for g in (annotation, *get_args(annotation)) if _is_group(g))
    return sorted(group.model_fields)


def _is_group(annotation: object) -> TypeGuard[type[Group]]:
    return isinstance(annotation, type) and issubclass(annotation, Group)
