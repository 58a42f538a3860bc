"""Everything that shapes one platform stack, and the rules that span its groups."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import JsonValue, WithJsonSchema

from constructs_lib.settings.autoscaling import AutoscalingSettings
from constructs_lib.settings.backend import Backend, LocalBackendSettings
from constructs_lib.settings.backup import BackupSettings
from constructs_lib.settings.container import ECR_IMAGE, ContainerSettings, ImageSettings
from constructs_lib.settings.cost import CostSettings
from constructs_lib.settings.database import DatabaseSettings
from constructs_lib.settings.load_balancer import LoadBalancerSettings
from constructs_lib.settings.monitoring import MonitoringSettings
from constructs_lib.settings.network import NetworkSettings, open_zones
from constructs_lib.settings.types import Group, ListOf, Region, arn, named, setting, text
from constructs_lib.settings.wordpress import HEALTH_CHECK_PATH

PROJECT_NAME_MAX = 28
"""An ALB's name holds 32 characters and ours is `<project_name>-alb`."""
PROJECT_NAME = text(
    f"at most {PROJECT_NAME_MAX} lower-case letters, digits and single hyphens, and start with a "
    "letter, but not with internal- or sg- (AWS's own)",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    never=r"^(internal|sg)(-|$)",
    longest=PROJECT_NAME_MAX,
    verb="have",
)
"""AWS refuses a load balancer called `internal-…` and a security group called `sg-…`.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"""

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

_TAG = r"[\w .:/=+@-]"
_OWN_TAGS = ("Project", "Stack", "ManagedBy", "Name", "Zone")
_TAGS_MAX = 50 - len(_OWN_TAGS)
_TAGS = named(
    f"at most {_TAGS_MAX} names and texts that differ in more than case",
    "a tag's name: 1 to 128 letters, digits, spaces and _.:/=+-@, but not aws:…, which is AWS's, "
    f"or {', '.join(_OWN_TAGS)}, which are ours",
    pattern=f"(?!(?i:aws:|({'|'.join(_OWN_TAGS)})$)){_TAG}{{1,128}}",
    takes=text("at most 256 letters, digits, spaces and _.:/=+-@", f"^{_TAG}*$", longest=256),
    readable=False,
    also=lambda tags: len({tag.lower() for tag in tags}) == len(tags) <= _TAGS_MAX,
)
"""Two names that differ by case only are one to IAM.
https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""
_BOUNDARY = arn(
    "a policy", "iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+", "iam::123456789012:policy/…"
)
REMOVED_IN_PROVIDER_6 = {
    "aws_ecs_task_definition": {"inference_accelerator": "leave it out, AWS has ended it"},
    "aws_eip": {"vpc": "set domain to vpc instead"},
    "aws_flow_log": {"log_group_name": "set log_destination instead"},
}
"""Arguments of the resources in use, and what to do without them; nothing here writes one, so only
`overrides` can. tests/synth/test_provider_6.py holds the list against the bindings.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-6-upgrade"""

_ARGUMENTS = {"type": "object", "accepts": "an object of arguments' paths and their values"}
_Arguments = Annotated[dict[str, JsonValue], WithJsonSchema(_ARGUMENTS)]


class ResilienceSettings(Group):
    """What drills may do."""

    fault_injection: bool = setting(
        False, "AWS Fault Injection Service, with which `drill zone-outage` cuts a zone off"
    )


class StackSettings(Group):
    """Everything that shapes one platform stack; the defaults describe `resilience-platform`."""

    project_name: Annotated[str, PROJECT_NAME] | None = setting(
        None,
        "prefix of every name; default: the stack id; keep it once deployed: a plan to change it "
        "renames the database and replaces nearly all else, and AWS refuses some of that",
    )
    region: Region = setting("eu-central-1", "AWS region")
    provider_version: Literal["5", "6"] = setting(
        "5",
        "major version of the AWS provider; what is known of 6, with which no plan was made here: "
        "[provider 6](continuity.md#provider-6)",
    )
    variables: ListOf[VariableName] | None = setting(
        None, "what can be changed at plan time; default: all that have an effect", only="wp-ecs"
    )
    outputs: ListOf[OutputName] | None = setting(None, "default: all that exist", only="wp-ecs")
    tags: Annotated[dict[str, str], _TAGS] = setting(
        {}, "on everything, below Project, Stack, ManagedBy, Name and Zone, which are ours"
    )
    permissions_boundary_arn: Annotated[str, _BOUNDARY] | None = setting(
        None, "of the policy that limits what any role may do; default: none"
    )
    default_tags: bool = setting(True, "Project, Stack and ManagedBy on everything", only="wp-ecs")
    customer_managed_keys: ListOf[Purpose] = setting(
        (),
        "what is encrypted with a key of our own (KMS, rotated every year) instead of AWS's. "
        "Choose `database`, `uploads` and, with a managed password, `secrets` before the first "
        "deploy: a later change replaces the database, or the file system with all uploads; the "
        "key of the password's secret AWS does not change, and without it no task starts",
    )
    network: NetworkSettings = NetworkSettings()
    load_balancer: LoadBalancerSettings = LoadBalancerSettings()
    container: ContainerSettings = ContainerSettings()
    image: ImageSettings = ImageSettings()
    autoscaling: AutoscalingSettings | None = setting(
        AutoscalingSettings(), "null: the service keeps its desired count"
    )
    database: DatabaseSettings = DatabaseSettings()
    backup: BackupSettings = BackupSettings()
    monitoring: MonitoringSettings | None = setting(
        MonitoringSettings(), "null: no alarms and no dashboard"
    )
    cost: CostSettings | None = setting(CostSettings(), "null: no budget and no anomaly detection")
    resilience: ResilienceSettings = ResilienceSettings()
    backend: Backend = LocalBackendSettings()
    overrides: dict[str, _Arguments] = setting(
        {},
        "arguments of resources, by Terraform address and path; null takes one out",
        accepts="an object of addresses, each with arguments by path",
    )

    @property
    def fixed_site_url(self) -> bool:
        """Whether the site's address is set: as chosen, or where the stack brings its name."""
        chosen = self.container.fixed_site_url
        return self.load_balancer.domain is not None if chosen is None else chosen

    @property
    def availability_zones(self) -> tuple[str, ...]:
        """The zones to use: the chosen ones, or two that every account has; else none."""
        return self.network.availability_zones or open_zones(self.region) or ()

    @property
    def declared_variables(self) -> tuple[str, ...]:
        """The Terraform variables of the stack."""
        if self.variables is not None:
            return self.variables
        without = {
            "certificate_arn": not self.load_balancer.https,  # a domain has one
            "db_password": self.database.password == "managed",
            "alarm_email": not self.monitoring and not self.cost,
            "monthly_budget_usd": not self.cost,
        }
        return tuple(name for name in get_args(VariableName) if not without.get(name))

    @property
    def required_variables(self) -> dict[VariableName, str]:
        """Variables that every plan needs a value of, and the setting that would give a default."""
        https, certificate = self.load_balancer.https, self.load_balancer.certificate_arn
        fixes: tuple[tuple[VariableName, bool, str], ...] = (
            ("db_password", self.database.password == "variable", "database.password = managed"),
            ("container_image", self.container.image is None, "container.image"),
            ("certificate_arn", https and certificate is None, "load_balancer.certificate_arn"),
        )
        return {name: fix for name, missing, fix in fixes if missing}

    @property
    def pulls_through_endpoints(self) -> bool:
        """Whether the tasks reach AWS's services only, so that their image must be in ECR."""
        network = self.network
        return network.task_subnets == "private" and network.private_egress == "vpc_endpoints"

    @property
    def services_of_the_tasks(self) -> list[str]:
        """The AWS services that the tasks call, as endpoints name them."""
        services = ["ecr.api", "ecr.dkr", "logs"]
        stores = {secret.split(":")[2] for secret in self.container.secrets.values()}
        if self.container.shared_keys or self.database.password == "managed":
            stores.add("secretsmanager")
        services += sorted(stores)
        if self.container.execute_command:
            services.append("ssmmessages")
        return services

    @property
    def backed_up(self) -> bool:
        """Whether AWS Backup makes copies; RDS's own backups are apart from that."""
        return self.container.shared_uploads or self.backup.copy_region is not None

    @property
    def reserved_prefixes(self) -> dict[str, str]:
        """What `project_name` may not match, as AWS reserves it for the names of some resources.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        """
        found = {}
        if self.database.password == "managed":
            found["^(aws|amazon|amzn)"] = (
                "aws, amazon or amzn, which no SSM document may (database.password = managed)"
            )
        if self.load_balancer.access_log_retention_days:
            found["^(sthree|amzn-s3-demo)(-|$)"] = (
                "sthree- or amzn-s3-demo-, which no bucket may "
                "(load_balancer.access_log_retention_days)"
            )
        return found

    def contradictions(self) -> Iterator[str]:
        region, container, scaling = self.region, self.container, self.autoscaling
        for pattern, what in self.reserved_prefixes.items():
            if re.match(pattern, name := self.project_name or ""):
                yield f"project_name = {name} must not begin with {what}; choose another name"
        known, zone = open_zones(region), re.compile(f"{region}[a-z]")
        listed = f"as `aws ec2 describe-availability-zones --region {region}` lists them"
        example = f"like {' and '.join(known)}" if known else listed
        if not self.availability_zones:
            yield (
                f"network.availability_zones is missing: which zones of region = {region} are open "
                f"to an account is not known here; name two, {example}"
            )
        if self.network.zones == "a_and_b" and known != (f"{region}a", f"{region}b"):
            yield f"network.zones = a_and_b: not open to all in region = {region}; choose listed"
        outside = [z for z in self.availability_zones if not zone.fullmatch(z)]
        if outside:
            yield (
                f"network.availability_zones: {', '.join(outside)} not in region = {region}; "
                f"name two of its zones, {example}"
            )
        for name, fix in self.required_variables.items():
            if name not in self.declared_variables:
                yield f"variables leaves out {name}, which has no value then; add it, or set {fix}"
        image = container.image
        if self.pulls_through_endpoints and image and not re.search(ECR_IMAGE, image):
            yield (
                f"network.private_egress = vpc_endpoints with container.image = {image}: tasks in "
                "private subnets then reach Amazon ECR only; copy the image there and name it as "
                "<account>.dkr.ecr.<region>.amazonaws.com/<name>"
            )
        elif self.pulls_through_endpoints and image and image.split(".")[3] != region:
            yield (
                f"container.image = {image} is not of region = {region}, whose registry alone the "
                "VPC endpoints lead to; copy the image there"
            )
        certificate = self.load_balancer.certificate_arn
        if certificate and certificate.split(":")[3] != region:
            yield (
                f"load_balancer.certificate_arn = {certificate} is not of region = {region}, and a "
                "load balancer takes certificates of its own region only; request one there"
            )
        balancer = self.load_balancer
        if container.fixed_site_url and balancer.serves_https and not balancer.site_name:
            yield (
                "container.fixed_site_url = true with load_balancer.https = true pins the load "
                "balancer's own name, which no certificate matches; set load_balancer.host_name"
            )
        if self.backup.copy_region == region:
            yield f"backup.copy_region = {region} is the region of the stack; name another"
        if self.backup.vault_lock_days and not self.backed_up:
            yield (
                f"backup.vault_lock_days = {self.backup.vault_lock_days} without copies to lock; "
                "set backup.copy_region or container.shared_uploads, or leave it out"
            )
        if container.rollback_alarms and not self.monitoring:
            yield (
                "container.rollback_alarms = true with monitoring = null, which leaves no alarm to "
                "roll back on; keep monitoring or switch it off"
            )
        if not container.runs_wordpress and balancer.health_check_path == HEALTH_CHECK_PATH:
            yield (
                f"load_balancer.health_check_path = {HEALTH_CHECK_PATH} with another application's "
                "container.database_environment; set a path that it answers with 200"
            )
        if self.cost and not self.default_tags:
            yield "cost counts by tag, and default_tags = false; switch that on or set cost to null"
        if self.resilience.fault_injection and not self.default_tags:
            yield (
                "resilience.fault_injection finds by tag what it may break, and default_tags = "
                "false leaves nothing tagged; switch the tags on or the fault injection off"
            )
        if "database" in self.customer_managed_keys and not self.database.storage_encrypted:
            yield (
                "customer_managed_keys names database, and database.storage_encrypted = false; "
                "encrypt the storage or take the key out"
            )
        for address, arguments in self.overrides.items() if self.provider_version == "6" else ():
            removed = REMOVED_IN_PROVIDER_6.get(address.split(".")[0], {})
            for path, value in arguments.items():
                if value is not None and (instead := removed.get(path.split(".")[0])):
                    yield (
                        f"overrides: {address}: provider_version = 6 has no {path}; {instead}, or "
                        "choose provider_version = 5"
                    )
        low, high = (scaling.min_capacity, scaling.max_capacity) if scaling else (0, 5000)
        nearest = min(max(container.desired_count, low), high)
        if nearest != container.desired_count:
            yield (
                f"container.desired_count = {container.desired_count} is outside "
                f"autoscaling.min_capacity = {low} to max_capacity = {high}; set "
                f"container.desired_count = {nearest}, or choose other bounds"
            )
        # ECS rounds the least number of tasks up and the largest down
        tasks = scaling.min_capacity if scaling else container.desired_count
        low, high = container.minimum_healthy_percent, container.maximum_percent
        if tasks and -(-tasks * low // 100) >= tasks >= tasks * high // 100:
            yield (
                f"container.minimum_healthy_percent = {low} and maximum_percent = {high} of "
                f"{tasks} tasks leave no room to replace one; lower the one or raise the other"
            )
