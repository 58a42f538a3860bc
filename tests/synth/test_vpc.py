"""vpc.py: two zones, a public and a private subnet in each, and no way out of the private ones."""

import pytest

from tests.synth.synthesized import Synthesized

NAMES = ["private_1", "private_2", "public_1", "public_2"]


def test_there_is_one_vpc_with_dns(platform: Synthesized) -> None:
    vpc = platform.only("aws_vpc")
    assert vpc["enable_dns_hostnames"] is True
    assert vpc["enable_dns_support"] is True


def test_each_zone_has_one_subnet_of_each_kind(platform: Synthesized) -> None:
    subnets = platform.all("aws_subnet")
    assert sorted(subnets) == NAMES
    zones = [(name[:-2], subnet["availability_zone"]) for name, subnet in subnets.items()]
    assert sorted(zones) == [
        (kind, f"eu-central-1{zone}") for kind in ("private", "public") for zone in "ab"
    ]


def test_all_subnets_are_in_the_vpc_and_their_ranges_differ(platform: Synthesized) -> None:
    subnets = platform.all("aws_subnet").values()
    assert [subnet["vpc_id"] for subnet in subnets] == ["${aws_vpc.main.id}"] * 4
    assert len({subnet["cidr_block"] for subnet in subnets}) == 4


def test_only_public_subnets_give_public_addresses(platform: Synthesized) -> None:
    public = {
        name
        for name, subnet in platform.all("aws_subnet").items()
        if subnet["map_public_ip_on_launch"]
    }
    assert public == {"public_1", "public_2"}


def test_each_subnet_follows_the_route_table_of_its_kind(platform: Synthesized) -> None:
    assert platform.all("aws_route_table_association") == {
        name: {
            "subnet_id": f"${{aws_subnet.{name}.id}}",
            "route_table_id": f"${{aws_route_table.{name[:-2]}.id}}",
        }
        for name in NAMES
    }


def test_the_only_route_is_the_public_one_to_the_internet_gateway(platform: Synthesized) -> None:
    """The private list is empty rather than absent, so that routes added by hand are removed."""
    routes = {name: table["route"] for name, table in platform.all("aws_route_table").items()}
    internet = {"cidr_block": "0.0.0.0/0", "gateway_id": "${aws_internet_gateway.igw.id}"}
    assert routes == {"public": [internet], "private": []}
    assert platform.raw("aws_route_table.private")["route"] == []
    assert len(platform.all("aws_internet_gateway")) == 1


@pytest.mark.parametrize(
    "type",
    [
        "aws_nat_gateway",
        "aws_eip",
        "aws_route",
        "aws_egress_only_internet_gateway",
        "aws_vpn_gateway",
        "aws_vpc_peering_connection",
        "aws_vpc_endpoint",
        "aws_main_route_table_association",
        "aws_default_route_table",
        "aws_ec2_transit_gateway_vpc_attachment",
    ],
)
def test_nothing_else_routes(platform: Synthesized, type: str) -> None:
    assert platform.all(type) == {}


def test_addresses_and_zones_come_from_the_variables(platform: Synthesized) -> None:
    assert platform.raw("aws_vpc.main")["cidr_block"] == "${var.vpc_cidr}"
    for name in NAMES:
        kind, number = name.split("_")
        subnet, index = platform.raw(f"aws_subnet.{name}"), int(number) - 1
        assert subnet["cidr_block"] == f"${{var.{kind}_subnet_cidrs[{index}]}}"
        assert subnet["availability_zone"] == f"${{var.availability_zones[{index}]}}"


def test_the_network_settings_place_everything(maximal: Synthesized) -> None:
    assert maximal.only("aws_vpc")["cidr_block"] == "172.16.0.0/20"
    placed = {
        name: (subnet["cidr_block"], subnet["availability_zone"])
        for name, subnet in maximal.all("aws_subnet").items()
    }
    assert placed == {
        "public_1": ("172.16.0.0/22", "us-east-1c"),
        "public_2": ("172.16.4.0/22", "us-east-1f"),
        "private_1": ("172.16.8.0/22", "us-east-1c"),
        "private_2": ("172.16.12.0/22", "us-east-1f"),
    }


def test_rules_across_variables_are_checked_before_the_vpc_is_made(platform: Synthesized) -> None:
    """Zones of the region, subnets inside the VPC, subnets apart: in this order."""
    rules = platform.raw("aws_vpc.main")["lifecycle"]["precondition"]
    assert [
        [name for name in ("aws_region", "vpc_cidr", "subnet_cidrs") if name in rule["condition"]]
        for rule in rules
    ] == [["aws_region"], ["vpc_cidr", "subnet_cidrs"], ["subnet_cidrs"]]
    assert [rule["error_message"].split(":")[0].split(" ")[0] for rule in rules] == [
        "availability_zones",
        "Subnets",
        "Subnets",
    ]
