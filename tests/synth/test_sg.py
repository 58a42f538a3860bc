"""sg.py: three security groups, each reachable from the tier before it only."""

import pytest

from tests.synth.synthesized import Synthesized

EVERYTHING_OUT = {
    "from_port": 0,
    "to_port": 0,
    "protocol": "-1",
    "cidr_blocks": ["0.0.0.0/0"],
    "description": "Allow all outbound",
}


def test_each_group_admits_one_port_from_one_source(platform: Synthesized) -> None:
    groups = platform.all("aws_security_group")
    source = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups", "self")
    admitted = {
        name: [
            (
                rule["protocol"],
                rule["from_port"],
                rule["to_port"],
                {key: rule[key] for key in source if key in rule},
            )
            for rule in group["ingress"]
        ]
        for name, group in groups.items()
    }
    assert admitted == {
        "alb_sg": [("tcp", 80, 80, {"cidr_blocks": ["0.0.0.0/0"]})],
        "ecs_sg": [("tcp", 80, 80, {"security_groups": ["${aws_security_group.alb_sg.id}"]})],
        "rds_sg": [("tcp", 3306, 3306, {"security_groups": ["${aws_security_group.ecs_sg.id}"]})],
    }


def test_the_database_opens_no_connection_and_the_others_any(platform: Synthesized) -> None:
    egress = {name: group["egress"] for name, group in platform.all("aws_security_group").items()}
    assert egress == {"alb_sg": [EVERYTHING_OUT], "ecs_sg": [EVERYTHING_OUT], "rds_sg": []}


def test_no_outbound_rule_is_an_empty_list(platform: Synthesized) -> None:
    """Absent, it would leave AWS's own rule in place, which allows everything."""
    assert platform.raw("aws_security_group.rds_sg")["egress"] == []


def test_all_groups_are_in_the_vpc(platform: Synthesized) -> None:
    groups = platform.all("aws_security_group").values()
    assert [group["vpc_id"] for group in groups] == ["${aws_vpc.main.id}"] * 3


@pytest.mark.parametrize(
    "type",
    [
        "aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
        "aws_default_security_group",
    ],
)
def test_rules_are_inline_only(platform: Synthesized, type: str) -> None:
    """Both kinds together would fight: Terraform removes what is not inline."""
    assert platform.all(type) == {}


def test_names_follow_the_project(maximal: Synthesized) -> None:
    names = {name: group["name"] for name, group in maximal.all("aws_security_group").items()}
    assert names == {f"{tier}_sg": f"everything-else-{tier}-sg" for tier in ("alb", "ecs", "rds")}
