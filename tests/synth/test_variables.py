"""variables.py: what a user changes at plan time, each with a default and a rule.

Whether the rules accept and refuse the right values is Terraform's to say: see tests/e2e.
"""

import re
from typing import Any, get_args

import pytest

from constructs_lib.settings import StackSettings
from constructs_lib.settings.stack import VariableName
from constructs_lib.settings.words import accepted, described
from tests.synth.options import MAXIMAL, settings_of
from tests.synth.synthesized import Synthesized, Synthesizer

VARIABLES = {
    "aws_region": ("string", "region"),
    "project_name": ("string", "project_name"),
    "availability_zones": ("list(string)", "network.availability_zones"),
    "vpc_cidr": ("string", "network.vpc_cidr"),
    "public_subnet_cidrs": ("list(string)", "network.public_subnet_cidrs"),
    "private_subnet_cidrs": ("list(string)", "network.private_subnet_cidrs"),
    "container_image": ("string", "container.image"),
    "task_cpu": ("number", "container.cpu"),
    "task_memory": ("number", "container.memory_mib"),
    "desired_count": ("number", "container.desired_count"),
    "db_username": ("string", "database.username"),
    "db_password": ("string", ""),
    "db_name": ("string", "database.name"),
    "db_instance_class": ("string", "database.instance_class"),
    "db_allocated_storage": ("number", "database.allocated_storage_gib"),
    "alarm_email": ("string", "monitoring.alarm_email"),
    "monthly_budget_usd": ("number", "cost.monthly_budget_usd"),
}
"""Type, and the setting that is the default. The contract's defaults: test_contract.py."""

SENSITIVE = {"db_username", "db_password"}


def setting(path: str) -> Any:
    """What the maximal stack's settings say."""
    found: Any = MAXIMAL
    for key in path.split("."):
        found = found[key] if key else None
    return found


def test_every_variable_has_its_type_and_its_default_from_the_settings(
    maximal: Synthesized,
) -> None:
    found = {
        name: (block["type"], block.get("default")) for name, block in maximal.variables.items()
    }
    assert found == {name: (kind, setting(path)) for name, (kind, path) in VARIABLES.items()}
    assert {*found, "certificate_arn"} == set(get_args(VariableName))


@pytest.mark.parametrize("name", sorted({*VARIABLES} - SENSITIVE - {"desired_count", "aws_region"}))
def test_a_setting_and_its_variable_are_refused_in_the_same_words(
    platform: Synthesized, name: str
) -> None:
    """Of the others, the variable's bounds are narrower, or the setting's (regions that are known),
    or a precondition has the words."""
    (rule,) = platform.variables[name]["validation"]
    words = accepted(dict(described(StackSettings))[VARIABLES[name][1]])
    assert rule["error_message"].endswith(f" {words}.")


def test_only_the_password_has_no_default_so_terraform_asks_for_it(platform: Synthesized) -> None:
    without = [name for name, block in platform.variables.items() if "default" not in block]
    assert without == ["db_password"]


def test_only_the_credentials_are_sensitive(platform: Synthesized) -> None:
    sensitive = {name for name, block in platform.variables.items() if block.get("sensitive")}
    assert sensitive == SENSITIVE


def test_no_variable_accepts_null(platform: Synthesized) -> None:
    """Null in a tfvars file would otherwise reach AWS as the value that is not there."""
    assert {block["nullable"] for block in platform.variables.values()} == {False}


def test_every_variable_is_described(platform: Synthesized) -> None:
    descriptions = [block["description"] for block in platform.variables.values()]
    assert len(set(descriptions)) == len(VARIABLES)
    assert all(re.fullmatch(r"[A-Z].{10,}\.", description) for description in descriptions)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_has_one_rule_about_itself_alone(platform: Synthesized, name: str) -> None:
    """A validation that sees another variable needs Terraform 1.9; ours start at 1.3."""
    (rule,) = platform.variables[name]["validation"]
    assert set(re.findall(r"\bvar\.(\w+)", rule["condition"])) == {name}
    assert "local." not in rule["condition"]
    assert "data." not in rule["condition"]


@pytest.mark.parametrize("name", VARIABLES)
def test_a_message_names_the_variable_and_what_came_unless_it_is_sensitive(
    platform: Synthesized, name: str
) -> None:
    (rule,) = platform.variables[name]["validation"]
    shown = "" if name in SENSITIVE else f" = ${{jsonencode(var.{name})}}"
    assert rule["error_message"].startswith(f"{name}{shown}: ")
    assert re.fullmatch(r".*\.", rule["error_message"])
    if name in SENSITIVE:  # Terraform prints what a validation rejects: a precondition says more
        assert rule["error_message"] == f"{name}: must not be empty."
    assert set(re.findall(r"\bvar\.(\w+)", rule["error_message"])) <= {name} - SENSITIVE


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_is_used(platform: Synthesized, name: str) -> None:
    """Beyond its own rule: the original declared availability_zones and used none."""
    uses = {key: part for key, part in platform.document.items() if key != "variable"}
    assert re.search(rf"\bvar\.{name}\b", str(uses))


def test_a_name_that_aws_reserves_is_refused_where_something_would_have_it(
    platform: Synthesized, synth: Synthesizer
) -> None:
    """An SSM document has the project's name with a managed password, a bucket with access logs."""
    (usual,) = platform.variables["project_name"]["validation"]
    for path, prefix in (
        ("database.password", "aws|amazon|amzn"),
        ("load_balancer.access_log_retention_days", "sthree|amzn-s3-demo"),
    ):
        (rule,) = synth(**settings_of(path)).variables["project_name"]["validation"]
        added = rule["condition"].removesuffix("}").removeprefix(usual["condition"][:-1])
        assert added.startswith(f' && !can(regex("^({prefix})')
        assert prefix.split("|")[0] in rule["error_message"]


def test_a_project_is_named_after_its_stack_unless_it_has_a_name(
    synth: Synthesizer, maximal: Synthesized
) -> None:
    assert synth("another-stack").variables["project_name"]["default"] == "another-stack"
    assert maximal.variables["project_name"]["default"] == "everything-else"


def test_the_bounds_of_desired_count_are_those_of_autoscaling(
    platform: Synthesized, maximal: Synthesized
) -> None:
    for stack, bounds in ((platform, (2, 4)), (maximal, (5000, 5000))):
        (rule,) = stack.variables["desired_count"]["validation"]
        low, high = bounds
        assert f"var.desired_count >= {low} && var.desired_count <= {high} " in rule["condition"]
        assert f"from {low} to {high}" in rule["error_message"]
