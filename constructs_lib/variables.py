"""variables.tf: what a user changes at plan time (`TF_VAR_*`, terraform.tfvars, `-var`).

Each variable's default comes from the settings, and each has a validation where a bad value can be
recognised. A validation sees its own variable only (others need Terraform 1.9), so rules that span
variables are preconditions on the resource they protect (the module-level rules below). What the
settings do not declare as a variable is a literal everywhere.

https://developer.hashicorp.com/terraform/language/values/variables
https://developer.hashicorp.com/terraform/language/expressions/custom-conditions
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from cdktf import (
    Precondition,
    TerraformResourceLifecycle,
    TerraformVariable,
    TerraformVariableValidationConfig,
)
from constructs import Construct

from constructs_lib.settings import (
    CERTIFICATE_ARN,
    DB_INSTANCE_CLASS,
    DB_NAME,
    DB_STORAGE_GIB,
    DB_USERNAME,
    DB_USERNAMES_RESERVED,
    ECR_IMAGE,
    EMAIL,
    FARGATE_MEMORY_MIB,
    IMAGE,
    IMAGE_DIGEST,
    NO_PERFORMANCE_INSIGHTS,
    OTHER_PARTITIONS,
    PROJECT_NAME,
    PROJECT_NAME_MAX,
    PROJECT_NAMES_RESERVED,
    REGION,
    VPC_PREFIXES,
    StackSettings,
)

DB_PASSWORD = r"^[!#-.0-?A-~]{8,41}$"
"""8 to 41 printable ASCII characters without / @ " and space.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"""


@dataclass(frozen=True)
class Rule:
    """A condition in Terraform's language, and the sentence shown when it does not hold."""

    condition: str
    message: str


def _matches(name: str, pattern: str) -> str:
    return f"can(regex({json.dumps(pattern)}, var.{name}))"


def _is_network(value: str) -> str:
    """Whether `value` is an IPv4 network with no host bits and a prefix AWS accepts."""
    prefix = f'tonumber(split("/", {value})[1])'
    return (
        f'can(cidrnetmask({value})) && try(cidrhost({value}, 0) == split("/", {value})[0] '
        f"&& {prefix} >= {VPC_PREFIXES[0]} && {prefix} <= {VPC_PREFIXES[-1]}, false)"
    )


def _share_addresses(one: str, other: str) -> str:
    """Whether two networks overlap: equal, once both are cut to the shorter prefix."""
    prefix = f'min(tonumber(split("/", {one})[1]), tonumber(split("/", {other})[1]))'
    cut = 'cidrhost(format("%s/%d", split("/", {})[0], {}), 0)'
    return f"{cut.format(one, prefix)} == {cut.format(other, prefix)}"


_SUBNETS = "concat(var.public_subnet_cidrs, var.private_subnet_cidrs)"

zones_rule = Rule(
    '${alltrue([for z in var.availability_zones : can(regex("^${var.aws_region}[a-z]$", z))])}',
    'availability_zones = ${join(", ", var.availability_zones)}: not zones of aws_region = '
    '"${var.aws_region}". Set availability_zones to two of its zones, for example '
    '["${var.aws_region}a", "${var.aws_region}b"].',
)

layout_rules = (
    Rule(
        f"${{alltrue([for cidr in {_SUBNETS} : "
        'tonumber(split("/", cidr)[1]) >= tonumber(split("/", var.vpc_cidr)[1]) '
        f"&& {_share_addresses('cidr', 'var.vpc_cidr')}])}}",
        f'Subnets ${{join(", ", {_SUBNETS})}}: not all inside vpc_cidr = "${{var.vpc_cidr}}". '
        "Choose public_subnet_cidrs and private_subnet_cidrs inside the VPC.",
    ),
    Rule(
        f"${{alltrue(flatten([for i, one in {_SUBNETS} : "
        f"[for j, other in {_SUBNETS} : i >= j || !({_share_addresses('one', 'other')})]]))}}",
        f'Subnets ${{join(", ", {_SUBNETS})}} overlap. '
        "Give each of public_subnet_cidrs and private_subnet_cidrs its own addresses.",
    ),
)

fargate_rule = Rule(
    f"${{contains(lookup({json.dumps({str(k): list(v) for k, v in FARGATE_MEMORY_MIB.items()})}, "
    "tostring(var.task_cpu), []), var.task_memory)}",
    "task_cpu = ${var.task_cpu} with task_memory = ${var.task_memory}: Fargate does not offer this "
    "pair. With 256 CPU units it accepts 512, 1024 or 2048 MiB, with 512 units 1024 to 4096, "
    "with 1024 units 2048 to 8192, in steps of 1024.",
)

# Not validations: Terraform prints the value that a validation rejects, sensitive or not, and a
# rejected password is one character away from the next one. It hides it in a precondition.
credential_rules = (
    Rule(
        f"${{{_matches('db_username', DB_USERNAME)} "
        f"&& !contains({json.dumps(DB_USERNAMES_RESERVED)}, lower(var.db_username))}}",
        "db_username: RDS accepts 1 to 16 letters, digits and underscores, a letter first, "
        "and no reserved name.",
    ),
    Rule(
        f"${{{_matches('db_password', DB_PASSWORD)}}}",
        'db_password: RDS accepts 8 to 41 printable ASCII characters other than / @ " and space.',
    ),
)

insights_rule = Rule(
    f"${{!can(regex({json.dumps('^(' + NO_PERFORMANCE_INSIGHTS.pattern + ')$')}, "
    "var.db_instance_class))}",
    'db_instance_class = "${var.db_instance_class}" has no Performance Insights, which the '
    "settings switch on. Choose db.t3.medium or larger.",
)


_VARIABLE = re.compile(r"\bvar\.(\w+)")


def _image_rule(settings: StackSettings) -> Rule:
    """Which images the tasks can run, and may."""
    conditions = [_matches("container_image", IMAGE)]
    wanted, example = "an image", "wordpress:latest"
    if settings.pulls_through_endpoints:
        conditions.append(_matches("container_image", ECR_IMAGE))
        example = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/wordpress:latest"
        wanted = "an image in Amazon ECR, since the tasks reach no other registry"
    if settings.container.require_digest:
        conditions.append(_matches("container_image", IMAGE_DIGEST))
        example = f"{example.removesuffix(':latest')}@sha256:<64 hexadecimal digits>"
        wanted = f"{wanted}, by digest" if wanted == "an image" else f"{wanted}; by digest"
    return Rule(" && ".join(conditions), f"must be {wanted}, like {example}")


class Variables(Construct):
    """Declares the variables; each attribute is the value to use in a construct.

    That is a reference to the variable or, where the settings do not declare one, a literal.

    Attributes:
        aws_region, project_name, db_username, db_password, db_name, vpc_cidr, db_instance_class,
        task_cpu, task_memory, container_image, certificate_arn, alarm_email, monthly_budget_usd:
            strings.
        availability_zones, public_subnet_cidrs, private_subnet_cidrs: two strings each.
        desired_count, db_allocated_storage: numbers.
    """

    def __init__(self, scope: Construct, id: str, *, settings: StackSettings) -> None:
        super().__init__(scope, id)
        self._declared = frozenset(settings.declared_variables)
        self._literals: dict[str, str | float | list[str] | None] = {}
        network, container, database = settings.network, settings.container, settings.database
        scaling = settings.autoscaling
        low, high = (scaling.min_capacity, scaling.max_capacity) if scaling else (0, 5000)

        self.aws_region = self._string(
            "aws_region",
            "AWS region to deploy in; another one is another deployment",
            settings.region,
            Rule(
                f"{_matches('aws_region', REGION)} && !{_matches('aws_region', OTHER_PARTITIONS)}",
                "must be a region's code, like eu-central-1, of the partition aws",
            ),
        )
        self.project_name = self._string(
            "project_name",
            "Prefix of every resource's name"
            f"{', and the Project tag' if settings.default_tags else ''}; a later change replaces "
            "all, the data too",
            settings.project_name,
            Rule(
                f"{_matches('project_name', PROJECT_NAME)} "
                f"&& !{_matches('project_name', PROJECT_NAMES_RESERVED)} "
                f"&& length(var.project_name) <= {PROJECT_NAME_MAX}",
                f"must have at most {PROJECT_NAME_MAX} lower-case letters, digits and single "
                "hyphens, and start with a letter, but not with internal- or sg- (AWS's own)",
            ),
        )
        listed = self._pair(
            "availability_zones",
            "Two zones of aws_region, for the first and second subnet of each kind; choose before "
            "the first deploy, since subnets in use cannot be replaced"
            if network.zones == "listed"
            else "Without effect: the zones are a and b of aws_region",
            settings.availability_zones,
            Rule(
                "try(var.availability_zones[0] != var.availability_zones[1], false)",
                "must name at least two different zones, the first two are used, "
                'like ["eu-central-1a", "eu-central-1b"]',
            ),
        )
        self.availability_zones = (
            listed if network.zones == "listed" else (f"{self.aws_region}a", f"{self.aws_region}b")
        )
        self.vpc_cidr = self._string(
            "vpc_cidr",
            "IPv4 range of the VPC, /16 to /28; choose before the first deploy",
            network.vpc_cidr,
            Rule(
                _is_network("var.vpc_cidr"),
                "must be an IPv4 network from /16 to /28 without host bits, like 10.0.0.0/16",
            ),
        )
        self.public_subnet_cidrs = self._subnets("public", network.public_subnet_cidrs)
        self.private_subnet_cidrs = self._subnets("private", network.private_subnet_cidrs)

        self.certificate_arn = self._string(
            "certificate_arn",
            "ACM certificate of the load balancer, in aws_region",
            settings.load_balancer.certificate_arn,
            Rule(
                _matches("certificate_arn", CERTIFICATE_ARN),
                "must be the ARN of an ACM certificate, "
                "like arn:aws:acm:eu-central-1:123456789012:certificate/…",
            ),
        )
        self.container_image = self._string(
            "container_image",
            "Image of the application container",
            container.image,
            _image_rule(settings),
        )
        self.task_cpu = self._number_as_text(
            "task_cpu",
            "CPU units of a task, 1024 = 1 vCPU",
            container.cpu,
            Rule(
                f"contains({json.dumps(list(FARGATE_MEMORY_MIB))}, var.task_cpu)",
                f"must be one of {', '.join(map(str, FARGATE_MEMORY_MIB))}",
            ),
        )
        self.task_memory = self._number_as_text(
            "task_memory",
            "Memory of a task in MiB; must fit task_cpu",
            container.memory_mib,
            Rule(
                "var.task_memory >= 512 && var.task_memory <= 122880 "
                "&& floor(var.task_memory) == var.task_memory",
                "must be a whole number of MiB from 512 to 122880",
            ),
        )
        self.desired_count = self._number(
            "desired_count",
            "Tasks to start with; autoscaling adjusts it afterwards" if scaling else "Tasks to run",
            container.desired_count,
            Rule(
                f"var.desired_count >= {low} && var.desired_count <= {high} "
                "&& floor(var.desired_count) == var.desired_count",
                f"must be a whole number from {low} to {high}"
                f"{', the bounds of autoscaling' if scaling else ''}",
            ),
        )

        self.db_username = self._credential(
            "db_username",
            "Master user of the database; a later change replaces the database and its data",
            database.username,
            sensitive=database.username_sensitive,
        )
        self.db_password = self._credential(
            "db_password", "Password of the database's master user; has no default on purpose", None
        )
        self.db_name = self._string(
            "db_name",
            "Database that is created for the application; a later change replaces it and its data",
            database.name,
            Rule(
                _matches("db_name", DB_NAME),
                "must have 1 to 64 letters, digits and underscores, a letter first",
            ),
        )
        self.db_instance_class = self._string(
            "db_instance_class",
            "Instance class of the database",
            database.instance_class,
            Rule(
                _matches("db_instance_class", DB_INSTANCE_CLASS),
                "must be an RDS instance class, like db.t3.micro",
            ),
        )
        self.db_allocated_storage = self._number(
            "db_allocated_storage",
            "Storage of the database in GiB",
            database.allocated_storage_gib,
            Rule(
                f"var.db_allocated_storage >= {DB_STORAGE_GIB[0]} "
                f"&& var.db_allocated_storage <= {DB_STORAGE_GIB[1]} "
                "&& floor(var.db_allocated_storage) == var.db_allocated_storage",
                f"must be a whole number of GiB from {DB_STORAGE_GIB[0]} to {DB_STORAGE_GIB[1]}",
            ),
        )

        self.alarm_email = self._string(
            "alarm_email",
            "Address that alarms and cost alerts are mailed to; empty for none",
            settings.monitoring.alarm_email if settings.monitoring else "",
            Rule(
                f'var.alarm_email == "" || {_matches("alarm_email", EMAIL)}',
                "must be empty or an e-mail address, like ops@example.com",
            ),
        )
        self.monthly_budget_usd = self._number_as_text(
            "monthly_budget_usd",
            "Monthly budget in US dollars for what is tagged with the project",
            settings.cost.monthly_budget_usd if settings.cost else 0,
            Rule("var.monthly_budget_usd > 0", "must be above 0"),
        )

    def expression(self, name: str) -> str:
        """`name` in Terraform's language: the variable, or the literal it is fixed to."""
        return f"var.{name}" if name in self._declared else json.dumps(self._literals[name])

    def preconditions(self, *rules: Rule) -> list[Precondition] | None:
        """The rules as preconditions of a resource's lifecycle.

        A rule over literals alone is left out: the settings have been checked already.
        """

        def filled_in(text: str) -> str:
            return _VARIABLE.sub(lambda found: self.expression(found[1]), text)

        return [
            Precondition(condition=filled_in(rule.condition), error_message=filled_in(rule.message))
            for rule in rules
            if self._declared & set(_VARIABLE.findall(rule.condition))
        ] or None

    def checks(self, *rules: Rule) -> TerraformResourceLifecycle | None:
        """The lifecycle of a resource that the rules protect."""
        conditions = self.preconditions(*rules)
        return TerraformResourceLifecycle(precondition=conditions) if conditions else None

    def _string(self, name: str, description: str, default: str | None, rule: Rule) -> str:
        variable = self._declare(name, "string", description, default, rule)
        # without a default it is declared wherever it is used: StackSettings sees to that
        return variable.string_value if variable else default or ""

    def _credential(
        self, name: str, description: str, default: str | None, *, sensitive: bool = True
    ) -> str:
        """A string whose rule is in `credential_rules`, not in a validation."""
        rule = Rule(f'var.{name} != ""', "must not be empty")
        variable = self._declare(name, "string", description, default, rule, sensitive)
        return variable.string_value if variable else default or ""

    def _number(self, name: str, description: str, default: float, rule: Rule) -> float:
        variable = self._declare(name, "number", description, default, rule)
        return variable.number_value if variable else default

    def _number_as_text(self, name: str, description: str, default: float, rule: Rule) -> str:
        variable = self._declare(name, "number", description, default, rule)
        return variable.string_value if variable else str(default).removesuffix(".0")

    def _pair(
        self, name: str, description: str, default: tuple[str, ...], rule: Rule
    ) -> tuple[str, str]:
        if self._declare(name, "list(string)", description, list(default), rule):
            return f"${{var.{name}[0]}}", f"${{var.{name}[1]}}"
        return default[0], default[1]

    def _subnets(self, kind: str, default: tuple[str, str]) -> tuple[str, str]:
        name = f"{kind}_subnet_cidrs"
        return self._pair(
            name,
            f"IPv4 ranges of the two {kind} subnets, inside vpc_cidr; choose before the first "
            "deploy",
            default,
            Rule(
                f"length(var.{name}) == 2 && alltrue([for c in var.{name} : {_is_network('c')}])",
                "must be two IPv4 networks from /16 to /28 without host bits, "
                f'like ["{default[0]}", "{default[1]}"]',
            ),
        )

    def _declare(
        self,
        name: str,
        type: str,
        description: str,
        default: str | float | list[str] | None,
        rule: Rule,
        sensitive: bool = False,
    ) -> TerraformVariable | None:
        """The variable `name`, or None where the settings fix it to its default."""
        if name not in self._declared:
            self._literals[name] = default
            return None
        came = f"{name} = ${{jsonencode(var.{name})}}" if not sensitive else name
        return TerraformVariable(
            self,
            name,
            type=type,
            description=f"{description}.",
            default=default,
            sensitive=sensitive or None,
            nullable=False,
            validation=[
                TerraformVariableValidationConfig(
                    condition=f"${{{rule.condition}}}", error_message=f"{came}: {rule.message}."
                )
            ],
        )
