"""The VPC, its four subnets, and what may leave them (the original's "Network Foundation")."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field

from constructs_lib.settings.types import REGIONS, Accepted, Group, ListOf, RetentionDays, setting

TWO_ZONES = Accepted(
    'at least two different zones, the first two are used, like ["eu-central-1a", "eu-central-1b"]',
    "try(VALUE[0] != VALUE[1], false)",
    lambda zones: len(set(zones[:2])) == 2,
    verb="name",
)

OPEN_ZONES = {**dict.fromkeys(REGIONS.split(), "ab"), "ap-northeast-1": "ac"}
del OPEN_ZONES["us-west-1"]
"""Region to two zones that are open to every account. In ap-northeast-1, b is closed to new
accounts; in us-west-1 each account has two of three.
https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html"""


def open_zones(region: str) -> tuple[str, str] | None:
    """Two zones of a region that every account has; None where none are known."""
    letters = OPEN_ZONES.get(region)
    return (region + letters[0], region + letters[1]) if letters else None


VPC_PREFIXES = range(16, 29)
"""Prefix lengths AWS accepts for a VPC and for a subnet.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
NETWORK = f"IPv4 network{{}} from /{VPC_PREFIXES[0]} to /{VPC_PREFIXES[-1]} without host bits"


def is_network(value: str) -> str:
    """Whether `value` is a network that AWS accepts, in Terraform's language."""
    prefix = f'tonumber(split("/", {value})[1])'
    return (
        f'can(cidrnetmask({value})) && try(cidrhost({value}, 0) == split("/", {value})[0] '
        f"&& {prefix} >= {VPC_PREFIXES[0]} && {prefix} <= {VPC_PREFIXES[-1]}, false)"
    )


def _is_network(cidr: str) -> bool:
    """Whether a setting is such a network; a ValueError says which one is meant."""
    try:
        nearest = IPv4Network(cidr, strict=False)
    except ValueError:
        return False
    if nearest.prefixlen in VPC_PREFIXES and str(nearest) != cidr:
        raise ValueError(f"must be an {NETWORK.format('')}, like {nearest}")
    return nearest.prefixlen in VPC_PREFIXES


CIDR = Accepted(f"an {NETWORK.format('')}, like 10.0.0.0/16", is_network("VALUE"), _is_network)


def two_networks(example: tuple[str, str]) -> Accepted:
    """The ranges of two subnets."""
    return Accepted(
        f"two {NETWORK.format('s')}, like {json.dumps(example)}",
        f"length(VALUE) == 2 && alltrue([for c in VALUE : {is_network('c')}])",
    )


_PORTS = Accepted(
    "a list of ports from 1 to 65535, each once, other than 443, which is open",
    "",
    lambda ports: len({*ports}) == len(ports) and all(0 < p < 65536 and p != 443 for p in ports),
)
_Cidr = Annotated[str, CIDR]
_Pair = Annotated[tuple[_Cidr, _Cidr], Field(strict=False)]
_PUBLIC, _PRIVATE = ("10.0.1.0/24", "10.0.2.0/24"), ("10.0.3.0/24", "10.0.4.0/24")


class NetworkSettings(Group):
    """The VPC, its subnets, and what may leave them."""

    vpc_cidr: _Cidr = setting("10.0.0.0/16", "of the VPC")
    public_subnet_cidrs: Annotated[_Pair, two_networks(_PUBLIC)] = setting(
        _PUBLIC, "one inside the VPC for each zone"
    )
    private_subnet_cidrs: Annotated[_Pair, two_networks(_PRIVATE)] = setting(
        _PRIVATE, "one inside the VPC for each zone"
    )
    availability_zones: Annotated[ListOf[str], TWO_ZONES] | None = setting(
        None,
        "zones of the region; default: a and b; in ap-northeast-1, where b is closed to new "
        "accounts, a and c; in us-west-1, and in regions that are not known here, none",
    )
    zones: Literal["listed", "a_and_b"] = setting(
        "listed", "those in availability_zones; or always a and b of aws_region", only="wp-ecs"
    )
    public_ip_on_launch: bool = setting(True, "for whatever starts in the public subnets")
    private_egress: Literal["none", "single_nat", "nat_per_zone", "vpc_endpoints"] = setting(
        "none",
        "what the private subnets reach beyond the VPC: nothing; the internet through one NAT "
        "gateway, or one in each zone; only the AWS services that the tasks need",
    )
    task_subnets: Literal["public", "private"] = setting(
        "public", "where the tasks run; in public subnets they have public addresses"
    )
    allowed_egress: Literal["all", "all_but_database", "least"] = setting(
        "all_but_database",
        "outbound rules of the security groups: everything from every group; nothing from the "
        "database's; from each group only what it needs",
    )
    outbound_ports: Annotated[ListOf[int], _PORTS] = setting(
        (), "with allowed_egress = least: further TCP ports on the internet, like 587 for mail"
    )
    flow_log_retention_days: RetentionDays | None = setting(None, "default: no VPC flow logs")
    default_security_group_closed: bool = setting(False, "the VPC's default group has no rules")

    def contradictions(self) -> Iterator[str]:
        vpc = IPv4Network(self.vpc_cidr)
        subnets = [IPv4Network(c) for c in self.public_subnet_cidrs + self.private_subnet_cidrs]
        for subnet in subnets:
            if not subnet.subnet_of(vpc):
                inside = next(vpc.subnets(new_prefix=max(24, vpc.prefixlen)))
                yield f"subnet {subnet} lies outside vpc_cidr = {vpc}; choose one like {inside}"
        for first, second in combinations(subnets, 2):
            if first.overlaps(second):
                yield f"subnets {first} and {second} overlap; give each its own addresses"
        if self.task_subnets == "private" and self.private_egress == "none":
            yield (
                "task_subnets = private with private_egress = none: the tasks could not pull their "
                "image; choose single_nat, nat_per_zone or vpc_endpoints"
            )
        if self.outbound_ports and self.allowed_egress != "least":
            yield (
                f"outbound_ports has no effect with allowed_egress = {self.allowed_egress}, which "
                "lets the tasks reach every port; leave it out or choose least"
            )
        behind_endpoints = (self.task_subnets, self.private_egress) == ("private", "vpc_endpoints")
        if self.outbound_ports and behind_endpoints:
            yield (
                "outbound_ports with task_subnets = private and private_egress = vpc_endpoints: no "
                "way leads to the internet; leave it out, or choose single_nat or nat_per_zone"
            )
