"""Every variable: a bad value gets its one-line message. For good ones see test_lifecycle.py."""

import re
from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.sandbox.deployed import Deployed
from tests.e2e.modules import Module, as_modules
from tests.programs import made_once

Case = tuple[dict[str, object], str]

BAD: dict[str, dict[str, Case]] = {
    # what checks the value: Terraform itself, or a precondition of the resource
    "validations": {
        "password empty": ({"db_password": ""}, "db_password: must not be empty."),
        "database name": ({"db_name": "word-press"}, 'db_name = "word-press": must have 1 to 64'),
        "region": ({"aws_region": "Paris"}, 'aws_region = "Paris": must be a region\'s code, like'),
        "one zone": (
            {"availability_zones": ["eu-central-1a"]},
            'availability_zones = ["eu-central-1a"]: must name at least two different zones',
        ),
        "the same zone twice": (
            {"availability_zones": ["eu-central-1a", "eu-central-1a", "eu-central-1b"]},
            "must name at least two different zones",
        ),
        "project name too long": ({"project_name": "a" * 29}, "must have at most 28 lower-case"),
        "project name in capitals": ({"project_name": "Blog"}, 'project_name = "Blog": must have'),
        "VPC no CIDR": ({"vpc_cidr": "10.0.0.0"}, 'vpc_cidr = "10.0.0.0": must be an IPv4 network'),
        "VPC with host bits": ({"vpc_cidr": "10.0.0.1/16"}, "without host bits"),
        "VPC too large": ({"vpc_cidr": "10.0.0.0/15"}, "from /16 to /28"),
        "VPC IPv6": ({"vpc_cidr": "2001:db8::/56"}, "must be an IPv4 network"),
        "three public subnets": (
            {"public_subnet_cidrs": ["10.0.1.0/24", "10.0.2.0/24", "10.0.5.0/24"]},
            "public_subnet_cidrs = .*: must be two IPv4 networks",
        ),
        "Fargate CPU": ({"task_cpu": 300}, "task_cpu = 300: must be one of 256, 512"),
        "memory": ({"task_memory": 1024.5}, "task_memory = 1024.5: must be a whole number"),
        "desired above the maximum": (
            {"desired_count": 5},
            "desired_count = 5: must be a whole number from 2 to 4, the bounds of autoscaling",
        ),
        "desired below the minimum": ({"desired_count": 1}, "a whole number from 2 to 4"),
        "image with a space": ({"container_image": "word press"}, "must be an image, like"),
        "instance class": ({"db_instance_class": "t3.micro"}, "must be an RDS instance class"),
        "storage too small": ({"db_allocated_storage": 19}, "whole number of GiB from 20 to 65536"),
        "e-mail": ({"alarm_email": "a"}, 'alarm_email = "a": must be empty or an e-mail address'),
        "budget": ({"monthly_budget_usd": 0}, "monthly_budget_usd = 0: must be above 0"),
    },
    "aws_vpc": {
        "region without matching zones": (
            {"aws_region": "us-east-1"},
            "availability_zones = eu-central-1a, eu-central-1b: not zones of aws_region = "
            '"us-east-1". Set availability_zones to two of its zones, as `aws ec2 '
            "describe-availability-zones --region us-east-1` lists them.",
        ),
        "overlapping subnets": (
            {"private_subnet_cidrs": ["10.0.2.0/24", "10.0.4.0/24"]},
            "Subnets 10.0.1.0/24, 10.0.2.0/24, 10.0.2.0/24, 10.0.4.0/24 overlap. "
            "Give each of public_subnet_cidrs and private_subnet_cidrs its own addresses",
        ),
        "subnet inside another": (
            {"private_subnet_cidrs": ["10.0.2.128/25", "10.0.4.0/24"]},
            "overlap. Give each",
        ),
        "subnet outside the VPC": (
            {"public_subnet_cidrs": ["10.0.1.0/24", "10.1.2.0/24"]},
            'not all inside vpc_cidr = "10.0.0.0/16"',
        ),
        "small VPC": ({"vpc_cidr": "10.0.0.0/24"}, 'not all inside vpc_cidr = "10.0.0.0/24"'),
    },
    "aws_db_instance": {
        "password of 7": (
            {"db_password": "Short-7"},
            "db_password: RDS accepts 8 to 41 printable ASCII characters",
        ),
        "password with a slash": ({"db_password": "with/slash"}, 'other than / @ " and space'),
        "username reserved": (
            {"db_username": "rdsadmin"},
            "db_username: RDS accepts 1 to 16 letters",
        ),
        "username too long": (
            {"db_username": "a" * 17},
            "db_username: RDS accepts 1 to 16 letters",
        ),
    },
    "aws_ecs_task_definition": {
        "Fargate pair": (
            {"task_cpu": 512, "task_memory": 512},
            "task_cpu = 512 with task_memory = 512: Fargate does not offer this pair",
        ),
    },
}


def _modules() -> dict[str, dict[str, Case]]:
    """The cases, packed into modules so that none sets one variable twice."""
    modules: dict[str, dict[str, Case]] = {}
    for checker, cases in BAD.items():
        for case, (values, message) in cases.items():
            # the rules of the VPC look at several variables: one case at a time
            number = 1 if "aws_vpc" not in checker else list(cases).index(case) + 1
            while any(
                values.keys() & other.keys()
                for other, _ in modules.get(f"{checker}_{number}", {}).values()
            ):
                number += 1
            modules.setdefault(f"{checker}_{number}", {})[case] = values, message
    return modules


MODULES = _modules()


@pytest.fixture(scope="module")
def errors(deployment: Deployed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Terraform says against each module: the stack, with the values of its cases."""
    return made_once(tmp_path_factory, "bad-values", lambda made: _errors(deployment, made))


def _errors(stack: Deployed, made: Path) -> dict[str, str]:
    """A value that a module gets is checked as one from a variable file is, by `validate`
    already; preconditions are checked by `plan`."""
    said = dict.fromkeys(MODULES, "")
    document = (stack.folder / "cdk.tf.json").read_text()
    for checked in ("validations", "aws_"):
        folder = made / checked
        folder.mkdir()
        modules: dict[str, Module] = {}
        for name in MODULES:
            if name.startswith(checked):
                given = {k: v for values, _ in MODULES[name].values() for k, v in values.items()}
                modules[name] = document, {**stack.variables, **given}
        terraform = as_modules(folder, modules, stack.environment)
        with pytest.raises(OpsError) as failure:
            terraform.run("validate" if checked == "validations" else "plan")
        for error in str(failure.value).split("Error: ")[1:]:
            module = re.search(r"\n *on (?:main\.tf\.json line \d+, in module\.)?(\w+)", error)
            assert module, error
            said[module[1]] += " ".join(error.split()) + " "
    return said


@pytest.mark.slow(1)
@pytest.mark.parametrize("module", MODULES)
def test_bad_values_get_their_messages(errors: dict[str, str], module: str) -> None:
    """Terraform fails with our sentences, and never shows a password."""
    for case, (values, message) in MODULES[module].items():
        pattern = message if ".*" in message else re.escape(message)
        assert re.search(pattern, errors[module]), f"{case}: {errors[module]}"
        if password := values.get("db_password"):
            assert str(password) not in errors[module]


def test_a_missing_password_is_asked_for(deployment: Deployed) -> None:
    """terraform plan says that it has no value: `TF_INPUT=0` keeps it from asking nobody."""
    with pytest.raises(OpsError) as failure:
        deployment.terraform({"db_password": None}).plan()
    error = " ".join(str(failure.value).split())
    assert re.search(
        'No value for required variable.*input variable "db_password" is not set', error
    )


@pytest.mark.slow(10)
def test_another_region_works_with_its_zones(deployment: Deployed) -> None:
    zones = ["us-east-1a", "us-east-1b"]
    there = deployment.terraform({"aws_region": "us-east-1", "availability_zones": zones})
    here = deployment.changes(deployment.terraform())
    assert deployment.changes(there) == here
    assert set(map(tuple, here.values())) == {("create",)}
