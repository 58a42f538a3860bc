"""vpc.py and what leaves the VPC: ways out of the private subnets, endpoints, flow logs."""

import pytest

from tests.synth.options import settings_of
from tests.synth.synthesized import Synthesized, Synthesizer

PRIVATE = ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"]


def test_rules_across_variables_are_checked_before_the_vpc_is_made(platform: Synthesized) -> None:
    """Zones of the region, subnets inside the VPC, subnets apart: in this order."""
    rules = platform.blocks["aws_vpc.main"]["lifecycle"]["precondition"]
    assert [
        [name for name in ("aws_region", "vpc_cidr", "subnet_cidrs") if name in rule["condition"]]
        for rule in rules
    ] == [["aws_region"], ["vpc_cidr", "subnet_cidrs"], ["subnet_cidrs"]]
    assert [rule["error_message"].split(":")[0].split(" ")[0] for rule in rules] == [
        "availability_zones",
        "Subnets",
        "Subnets",
    ]


def test_the_hint_at_plan_time_proposes_no_zone(platform: Synthesized) -> None:
    """Which are open depends on the region that is given at plan time, and on the account."""
    usual = platform.blocks["aws_vpc.main"]["lifecycle"]["precondition"][0]
    assert "aws_region}b" not in usual["error_message"]
    assert "describe-availability-zones --region ${var.aws_region}" in usual["error_message"]


def test_zones_that_are_not_used_are_not_checked(platform: Synthesized, synth: Synthesizer) -> None:
    vpc = synth(**settings_of("network.zones")).blocks["aws_vpc.main"]
    checked = platform.blocks["aws_vpc.main"]["lifecycle"]["precondition"]
    assert vpc["lifecycle"]["precondition"] == checked[1:]


@pytest.mark.parametrize(
    ("private_egress", "gateways"), [("single_nat", [""]), ("nat_per_zone", ["", "_2"])]
)
def test_a_nat_gateway_is_the_way_out_of_its_zone(
    synth: Synthesizer, private_egress: str, gateways: list[str]
) -> None:
    """A single one serves both zones."""
    blocks = synth(network={"private_egress": private_egress}).blocks
    assert sum(address.startswith("aws_nat_gateway.") for address in blocks) == len(gateways)
    for number, name in ((1, gateways[0]), (2, gateways[-1])):
        association = blocks[f"aws_route_table_association.private_{number}"]
        assert association["route_table_id"] == f"${{aws_route_table.private{name}.id}}"
    for number, name in enumerate(gateways, start=1):
        assert blocks[f"aws_nat_gateway.main{name}"] == {
            "allocation_id": f"${{aws_eip.nat{name}.id}}",
            "subnet_id": f"${{aws_subnet.public_{number}.id}}",
            "tags": {"Name": f"${{var.project_name}}-nat{name.replace('_', '-')}"},
            "depends_on": ["aws_internet_gateway.igw"],
        }
        assert blocks[f"aws_route_table.private{name}"]["route"] == [
            {
                "cidr_block": "0.0.0.0/0",
                "nat_gateway_id": f"${{aws_nat_gateway.main{name}.id}}",
            }
        ]


def test_endpoints_are_those_that_the_tasks_need(synth: Synthesizer) -> None:
    endpoints = {"network": {"private_egress": "vpc_endpoints"}}
    stack = synth(**endpoints)
    few = dict(stack.all("aws_vpc_endpoint"))
    assert set(few) == {"s3", "ecr_api", "ecr_dkr", "logs"}
    gateway = few.pop("s3")
    assert gateway["vpc_endpoint_type"] == "Gateway"
    assert gateway["route_table_ids"] == ["${aws_route_table.private.id}"]
    before_the_service = stack.blocks["aws_ecs_service.wordpress"]["depends_on"]
    for name, endpoint in few.items():
        assert f"aws_vpc_endpoint.{name}" in before_the_service
        assert endpoint["private_dns_enabled"] is True
        assert endpoint["subnet_ids"] == PRIVATE
        assert endpoint["security_group_ids"] == ["${aws_security_group.endpoints_sg.id}"]
    more = synth(**endpoints, container={"execute_command": True, "shared_keys": True})
    added = more.all("aws_vpc_endpoint").keys() - few.keys()
    assert added == {"s3", "secretsmanager", "ssmmessages"}


def test_flow_logs_hold_all_traffic(synth: Synthesizer) -> None:
    blocks = synth(**settings_of("network.flow_log_retention_days")).blocks
    assert blocks["aws_flow_log.main"]["traffic_type"] == "ALL"
    assert blocks["aws_cloudwatch_log_group.flow_logs"]["retention_in_days"] == 14
