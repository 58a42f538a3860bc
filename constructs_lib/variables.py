"""variables.tf: what a user changes at plan time (`TF_VAR_*`, terraform.tfvars, `-var`).

Their names, defaults and validations are a table, `settings/variables.py`. A validation sees its
own variable only (others need Terraform 1.9), so rules that span variables are preconditions on the
resource they protect (the module-level rules below). What the settings do not declare as a variable
is a literal everywhere.

https://developer.hashicorp.com/terraform/language/values/variables
https://developer.hashicorp.com/terraform/language/expressions/custom-conditions
"""

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

from constructs_lib.part import PlatformStack
from constructs_lib.settings.container import FARGATE_MEMORY_MIB
from constructs_lib.settings.database import DB_USERNAME, NO_PERFORMANCE_INSIGHTS, RESERVED_USERS
from constructs_lib.settings.types import Accepted
from constructs_lib.settings.variables import DB_PASSWORD, Variable, variables_of


@dataclass(frozen=True)
class Rule:
    """A condition in Terraform's language, and the sentence shown when it does not hold."""

    condition: str
    message: str


def _rule(variable: str, accepted: Accepted) -> Rule:
    """That a variable is what is accepted."""
    return Rule(accepted.condition.replace("VALUE", f"var.{variable}"), accepted.message)


def _share_addresses(first: str, second: str) -> str:
    """Whether two networks overlap: equal, once both are cut to the shorter prefix."""
    prefix = f'min(tonumber(split("/", {first})[1]), tonumber(split("/", {second})[1]))'
    cut = 'cidrhost(format("%s/%d", split("/", {})[0], {}), 0)'
    return f"{cut.format(first, prefix)} == {cut.format(second, prefix)}"


_SUBNETS = "concat(var.public_subnet_cidrs, var.private_subnet_cidrs)"

zones_rule = Rule(
    '${alltrue([for z in var.availability_zones : can(regex("^${var.aws_region}[a-z]$", z))])}',
    'availability_zones = ${join(", ", var.availability_zones)}: not zones of aws_region = '
    '"${var.aws_region}". Set availability_zones to two of its zones, as '
    "`aws ec2 describe-availability-zones --region ${var.aws_region}` lists them.",
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

credential_rules = (
    Rule(
        f"${{{_rule('db_username', DB_USERNAME).condition} "
        f"&& !contains({json.dumps(RESERVED_USERS)}, lower(var.db_username))}}",
        f"db_username: RDS accepts {DB_USERNAME.accepts}.",
    ),
    Rule(
        f"${{{_rule('db_password', DB_PASSWORD).condition}}}",
        f"db_password: RDS accepts {DB_PASSWORD.accepts}.",
    ),
)

insights_rule = Rule(
    f"${{!can(regex({json.dumps(f'^({NO_PERFORMANCE_INSIGHTS.pattern})$')}, "
    "var.db_instance_class))}",
    'db_instance_class = "${var.db_instance_class}" has no Performance Insights, which the '
    "settings switch on. Choose db.t3.medium or larger.",
)

certificate_rule = Rule(
    '${split(":", var.certificate_arn)[3] == var.aws_region}',
    'certificate_arn = "${var.certificate_arn}": not of aws_region = "${var.aws_region}", and a '
    "load balancer takes certificates of its own region only. Request one there.",
)

registry_rule = Rule(
    '${split(".", var.container_image)[3] == var.aws_region}',
    'container_image = "${var.container_image}": not of aws_region = "${var.aws_region}", and the '
    "VPC endpoints lead to the registry of their own region only. Copy the image there.",
)

_VARIABLE = re.compile(r"\bvar\.(\w+)")


class Variables(Construct):
    """Declares the variables; each attribute is the value to use in a construct.

    That is a reference to the variable or, where the settings do not declare one, a literal.
    """

    aws_region: str
    project_name: str
    availability_zones: tuple[str, str]
    vpc_cidr: str
    public_subnet_cidrs: tuple[str, str]
    private_subnet_cidrs: tuple[str, str]
    certificate_arn: str
    container_image: str
    task_cpu: str
    task_memory: str
    desired_count: float
    db_username: str
    db_password: str
    db_name: str
    db_instance_class: str
    db_allocated_storage: float
    alarm_email: str
    monthly_budget_usd: str

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack, type(self).__name__)
        self._table = {v.name: v for v in variables_of(stack.settings)}
        self._declared = frozenset(stack.settings.declared_variables)
        for variable in self._table.values():
            declared = variable.name in self._declared
            value = self._reference(variable) if declared else _literal(variable)
            setattr(self, variable.name, value)
        if stack.settings.network.zones == "a_and_b":
            self.availability_zones = (f"{self.aws_region}a", f"{self.aws_region}b")

    def expression(self, name: str) -> str:
        """`name` in Terraform's language: the variable, or the literal it is fixed to."""
        return f"var.{name}" if name in self._declared else json.dumps(self._table[name].default)

    def checks(self, *rules: Rule) -> TerraformResourceLifecycle | None:
        """The rules as preconditions, in the lifecycle of the resource that they protect.

        A rule over literals alone is left out: the settings have been checked already.
        """

        def filled_in(text: str) -> str:
            return _VARIABLE.sub(lambda found: self.expression(found[1]), text)

        found = [
            Precondition(condition=filled_in(rule.condition), error_message=filled_in(rule.message))
            for rule in rules
            if self._declared & set(_VARIABLE.findall(rule.condition))
        ]
        return TerraformResourceLifecycle(precondition=found) if found else None

    def _reference(self, variable: Variable) -> str | float | tuple[str, str]:
        """Declares a variable, and refers to it."""
        name, default = variable.name, variable.default
        rule = _rule(name, variable.accepted)
        if variable.checked_later:
            rule = Rule(f'var.{name} != ""', "must not be empty")
        came = name if variable.sensitive else f"{name} = ${{jsonencode(var.{name})}}"
        is_list, is_number = isinstance(default, tuple), isinstance(default, (int, float))
        declared = TerraformVariable(
            self,
            name,
            type="list(string)" if is_list else "number" if is_number else "string",
            description=f"{variable.what}.",
            default=[*default] if isinstance(default, tuple) else default,
            sensitive=variable.sensitive or None,
            nullable=False,
            validation=[
                TerraformVariableValidationConfig(
                    condition=f"${{{rule.condition}}}", error_message=f"{came}: {rule.message}."
                )
            ],
        )
        if is_list:
            return f"${{var.{name}[0]}}", f"${{var.{name}[1]}}"
        if is_number and not variable.as_text:
            return declared.number_value
        return declared.string_value


def _literal(variable: Variable) -> str | float | tuple[str, str]:
    """What a variable is fixed to. One without a default is always declared (`StackSettings`)."""
    if isinstance(variable.default, tuple):
        return variable.default[0], variable.default[1]
    if variable.as_text:
        return str(variable.default).removesuffix(".0")
    return "" if variable.default is None else variable.default
