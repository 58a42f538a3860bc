"""Every variable: a bad value gets its one-line message. For good ones see test_lifecycle.py."""

import re

import pytest

from ops.sandbox.deployed import Deployed
from ops.terraform import CommandFailed

Case = tuple[dict[str, object], str]

BAD: dict[str, dict[str, Case]] = {
    # what checks the value, since one plan shows all that one checker rejects
    "no value at all": {
        "password missing": (
            {"db_password": None},
            'No value for required variable.*input variable "db_password" is not set',
        ),
    },
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
    "preconditions of aws_vpc.main": {
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
    "preconditions of aws_db_instance.wordpress": {
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
    "precondition of aws_ecs_task_definition.wordpress": {
        "Fargate pair": (
            {"task_cpu": 512, "task_memory": 512},
            "task_cpu = 512 with task_memory = 512: Fargate does not offer this pair",
        ),
    },
}


def _rounds() -> dict[str, dict[str, Case]]:
    """The cases of each checker, packed so that no plan sets one variable twice."""
    rounds: dict[str, dict[str, Case]] = {}
    for checker, cases in BAD.items():
        for case, (values, message) in cases.items():
            # the rules of the VPC look at several variables: one case at a time
            number = 1 if "aws_vpc" not in checker else list(cases).index(case) + 1
            while any(
                values.keys() & other.keys()
                for other, _ in rounds.get(f"{checker} {number}", {}).values()
            ):
                number += 1
            rounds.setdefault(f"{checker} {number}", {})[case] = values, message
    return rounds


@pytest.mark.parametrize("round_", _rounds().values(), ids=_rounds())
def test_bad_values_get_their_messages(deployment: Deployed, round_: dict[str, Case]) -> None:
    """terraform plan fails with our sentences, and never shows a password."""
    values = {name: value for given, _ in round_.values() for name, value in given.items()}
    with pytest.raises(CommandFailed) as failure:
        deployment.terraform(values).plan()
    error = " ".join(failure.value.error.split())
    for case, (_, message) in round_.items():
        pattern = message if ".*" in message else re.escape(message)
        assert re.search(pattern, error), f"{case}: {error}"
    if values.get("db_password"):
        assert str(values["db_password"]) not in error


def test_another_region_works_with_its_zones(deployment: Deployed) -> None:
    zones = ["us-east-1a", "us-east-1b"]
    there = deployment.terraform({"aws_region": "us-east-1", "availability_zones": zones})
    here = deployment.changes(deployment.terraform())
    assert deployment.changes(there) == here
    assert set(map(tuple, here.values())) == {("create",)}
