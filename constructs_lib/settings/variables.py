"""The Terraform variables as data: for each its default, what it is, and what it accepts.

`constructs_lib/variables.py` declares them; the documentation lists them.
"""

from dataclasses import dataclass, replace

from constructs_lib.settings import wordpress
from constructs_lib.settings.container import DIGEST, ECR_IMAGE, FARGATE_CPU, FARGATE_MEMORY, IMAGE
from constructs_lib.settings.database import DB_INSTANCE_CLASS, DB_NAME, DB_USERNAME, STORAGE_GIB
from constructs_lib.settings.load_balancer import CERTIFICATE
from constructs_lib.settings.monitoring import EMAIL
from constructs_lib.settings.network import CIDR, TWO_ZONES, two_networks
from constructs_lib.settings.stack import PROJECT_NAME, StackSettings
from constructs_lib.settings.types import REGION, Accepted, matches, text, whole

DB_PASSWORD = text(
    '8 to 41 printable ASCII characters other than / @ " and space', r"^[!#-.0-?A-~]{8,41}$"
)
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"""


@dataclass(frozen=True)
class Variable:
    """One variable.

    Attributes:
        default: from the settings; None: every plan needs a value.
        sensitive: whether Terraform hides the value.
        checked_later: whether a precondition checks it. Terraform prints what a validation
            rejects, sensitive or not, and a rejected password is one character away from the next.
        as_text: whether the provider takes the number as a text.
    """

    name: str
    default: str | float | tuple[str, ...] | None
    what: str
    accepted: Accepted
    sensitive: bool = False
    checked_later: bool = False
    as_text: bool = False


def variables_of(settings: StackSettings) -> list[Variable]:
    """Every variable that could exist, declared or not."""
    network, container, database = settings.network, settings.container, settings.database
    scaling, monitoring, cost = settings.autoscaling, settings.monitoring, settings.cost
    tagged = ", and the Project tag" if settings.default_tags else ""
    zones = (
        "Two zones of aws_region, for the first and second subnet of each kind; choose before the "
        "first deploy, since subnets in use cannot be replaced"
        if network.zones == "listed"
        else "Without effect: the zones are a and b of aws_region"
    )
    subnets = "IPv4 ranges of the two {} subnets, inside vpc_cidr; choose before the first deploy"
    public, private = network.public_subnet_cidrs, network.private_subnet_cidrs
    tasks, counts = "Tasks to run", whole(0, 5000)
    if scaling:
        tasks = "Tasks to start with; autoscaling adjusts it afterwards"
        bounds = "a whole number from {} to {}, the bounds of autoscaling"
        counts = whole(scaling.min_capacity, scaling.max_capacity, bounds)
    email = monitoring.alarm_email if monitoring else ""
    budget = cost.monthly_budget_usd if cost else 0
    # a variable reads as a row
    # fmt: off
    return [
        Variable("aws_region", settings.region,
                 "AWS region to deploy in; another one is another deployment", REGION),
        Variable("project_name", settings.project_name,
                 f"Prefix of every resource's name{tagged}; a later change replaces all, the data "
                 "too", _project_name(settings)),
        Variable("availability_zones", settings.availability_zones, zones, TWO_ZONES),
        Variable("vpc_cidr", network.vpc_cidr,
                 "IPv4 range of the VPC, /16 to /28; choose before the first deploy", CIDR),
        Variable("public_subnet_cidrs", public, subnets.format("public"), two_networks(public)),
        Variable("private_subnet_cidrs", private, subnets.format("private"), two_networks(private)),
        Variable("certificate_arn", settings.load_balancer.certificate_arn,
                 "ACM certificate of the load balancer, in aws_region", CERTIFICATE),
        Variable("container_image", container.image,
                 "Image of the application container", _image(settings)),
        Variable("task_cpu", container.cpu,
                 "CPU units of a task, 1024 = 1 vCPU", FARGATE_CPU, as_text=True),
        Variable("task_memory", container.memory_mib,
                 "Memory of a task in MiB; must fit task_cpu", FARGATE_MEMORY, as_text=True),
        Variable("desired_count", container.desired_count, tasks, counts),
        Variable("db_username", database.username,
                 "Master user of the database; a later change replaces the database and its data",
                 DB_USERNAME, sensitive=database.username_sensitive, checked_later=True),
        Variable("db_password", None,
                 "Password of the database's master user; has no default on purpose",
                 DB_PASSWORD, sensitive=True, checked_later=True),
        Variable("db_name", database.name,
                 "Database that is created for the application; a later change replaces it and its "
                 "data", DB_NAME),
        Variable("db_instance_class", database.instance_class,
                 "Instance class of the database", DB_INSTANCE_CLASS),
        Variable("db_allocated_storage", database.allocated_storage_gib,
                 "Storage of the database in GiB", STORAGE_GIB),
        Variable("alarm_email", email,
                 "Address that alarms and cost alerts are mailed to; empty for none", EMAIL),
        Variable("monthly_budget_usd", budget,
                 "Monthly budget in US dollars for what is tagged with the project",
                 Accepted("above 0", "VALUE > 0"), as_text=True),
    ]
    # fmt: on


def _project_name(settings: StackSettings) -> Accepted:
    """Which names all resources can have."""
    accepted = PROJECT_NAME
    for pattern, what in settings.reserved_prefixes.items():
        accepted = replace(
            accepted,
            accepts=f"{accepted.accepts}; nor may it begin with {what}",
            condition=f"{accepted.condition} && !{matches(pattern)}",
        )
    return accepted


def _image(settings: StackSettings) -> Accepted:
    """Which images the tasks can run, and may."""
    wanted, example, condition = "an image", wordpress.IMAGE, IMAGE.condition
    if settings.pulls_through_endpoints:
        condition += f" && {matches(ECR_IMAGE)}"
        example = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{wordpress.IMAGE}"
        wanted = "an image in Amazon ECR, since the tasks reach no other registry"
    if settings.container.require_digest:
        condition += f" && {matches(DIGEST)}"
        example = f"{example.removesuffix(':latest')}@sha256:<64 hexadecimal digits>"
        wanted = f"{wanted}, by digest" if wanted == "an image" else f"{wanted}; by digest"
    return Accepted(f"{wanted}, like {example}", condition)
