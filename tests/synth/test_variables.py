"""variables.py: what a user changes at plan time, each with a default and a rule.

Whether the rules accept and refuse the right values is Terraform's to say: see tests/e2e.
"""

import re

import pytest

from tests.synth.synthesized import Synthesized, Synthesizer

# name: type, default, default with the maximal settings
VARIABLES: dict[str, tuple[str, object, object]] = {
    "alarm_email": ("string", "", "ops@example.com"),
    "availability_zones": (
        "list(string)",
        ["eu-central-1a", "eu-central-1b"],
        ["us-east-1c", "us-east-1f"],
    ),
    "aws_region": ("string", "eu-central-1", "us-east-1"),
    "container_image": (
        "string",
        "wordpress:latest",
        "registry.example.com/team/wordpress@sha256:0123",
    ),
    "db_allocated_storage": ("number", 20, 400),
    "db_instance_class": ("string", "db.t3.micro", "db.m6g.large"),
    "db_name": ("string", "wordpress", "site"),
    "db_password": ("string", None, None),
    "db_username": ("string", "admin", "writer"),
    "desired_count": ("number", 2, 5000),
    "monthly_budget_usd": ("number", 100, 2500.5),
    "private_subnet_cidrs": (
        "list(string)",
        ["10.0.3.0/24", "10.0.4.0/24"],
        ["172.16.8.0/22", "172.16.12.0/22"],
    ),
    "project_name": ("string", "resilience-platform", "everything-else"),
    "public_subnet_cidrs": (
        "list(string)",
        ["10.0.1.0/24", "10.0.2.0/24"],
        ["172.16.0.0/22", "172.16.4.0/22"],
    ),
    "task_cpu": ("number", 512, 16384),
    "task_memory": ("number", 1024, 122880),
    "vpc_cidr": ("string", "10.0.0.0/16", "172.16.0.0/20"),
}
SENSITIVE = {"db_username", "db_password"}


def test_every_variable_has_its_type_and_its_default_from_the_settings(
    platform: Synthesized, maximal: Synthesized
) -> None:
    for stack, index in ((platform, 1), (maximal, 2)):
        found = {
            name: (block["type"], block.get("default")) for name, block in stack.variables.items()
        }
        assert found == {name: (row[0], row[index]) for name, row in VARIABLES.items()}


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
    assert rule["error_message"].endswith(".")
    assert "\n" not in rule["error_message"]
    assert set(re.findall(r"\bvar\.(\w+)", rule["error_message"])) <= {name} - SENSITIVE


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_is_used(platform: Synthesized, name: str) -> None:
    """Beyond its own rule: the original declared availability_zones and used none."""
    uses = {key: part for key, part in platform.document.items() if key != "variable"}
    assert re.search(rf"\bvar\.{name}\b", str(uses))


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
