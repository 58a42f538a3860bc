"""vpc.tf: the network foundation, one public and one private subnet in each of two zones.

The public subnets hold the load balancer and route to the internet gateway; the private ones hold
the database. Where the tasks run, and what the private subnets reach beyond the VPC, is set:
by default the tasks are in the public subnets, and there is no NAT gateway.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-example-private-subnets-nat.html
"""

from __future__ import annotations

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack
from constructs_lib.variables import layout_rules, zones_rule

ANYWHERE = "0.0.0.0/0"


class Network(Part):
    """VPC, subnets, internet gateway, routes and, where set, NAT gateways.

    Attributes:
        vpc_id: id of the VPC.
        internet_gateway: what the load balancer and the tasks' public addresses need first.
        public_subnet_ids, private_subnet_ids: one subnet in each zone, in the zones' order.
        task_subnet_ids, task_subnet_cidrs: the subnets of the tasks, and their addresses.
        private_route_table_ids: the route tables of the private subnets, one or one for each.
    """

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack)
        settings, variables = stack.settings.network, stack.variables
        rules = (zones_rule, *layout_rules) if settings.zones == "listed" else layout_rules
        vpc = aws.Vpc(
            self,
            "aws_vpc.main",
            cidr_block=variables.vpc_cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": f"{self.project}-vpc"},
            lifecycle=variables.checks(*rules),
        )
        self.vpc_id = vpc.id
        self.internet_gateway = aws.InternetGateway(
            self,
            "aws_internet_gateway.igw",
            vpc_id=self.vpc_id,
            tags={"Name": f"{self.project}-igw"},
        )
        out = aws.RouteTableRoute(cidr_block=ANYWHERE, gateway_id=self.internet_gateway.id)
        public = self._route_table("public", [out])
        self.public_subnet_ids = self._subnets(
            "public", variables.public_subnet_cidrs, [public, public], settings.public_ip_on_launch
        )
        self.private_route_table_ids = self._private_route_tables(settings.private_egress)
        first, last = self.private_route_table_ids[0], self.private_route_table_ids[-1]
        self.private_subnet_ids = self._subnets(
            "private", variables.private_subnet_cidrs, [first, last], False
        )
        self.task_subnet_ids, self.task_subnet_cidrs = (
            (self.private_subnet_ids, variables.private_subnet_cidrs)
            if settings.task_subnets == "private"
            else (self.public_subnet_ids, variables.public_subnet_cidrs)
        )

    def _private_route_tables(self, egress: str) -> list[str]:
        """The route tables of the private subnets; with a way out through NAT, where one is set."""
        if egress not in ("single_nat", "nat_per_zone"):
            # An empty list, not an absent one: Terraform then also removes routes added by hand.
            return [self._route_table("private", [])]
        # the first zone keeps the names of a single gateway, so that a second one can be added
        return [
            self._route_table(f"private{suffix}", self._through_nat(suffix, zone))
            for zone, suffix in enumerate(("",) if egress == "single_nat" else ("", "_2"))
        ]

    def _through_nat(self, suffix: str, zone: int) -> list[aws.RouteTableRoute]:
        """The default route through a new NAT gateway in the public subnet of a zone."""
        number = suffix.replace("_", "-")
        eip = aws.Eip(
            self,
            f"aws_eip.nat{suffix}",
            domain="vpc",
            tags={"Name": f"{self.project}-nat-eip{number}"},
        )
        nat = aws.NatGateway(
            self,
            f"aws_nat_gateway.main{suffix}",
            allocation_id=eip.id,
            subnet_id=self.public_subnet_ids[zone],
            tags={"Name": f"{self.project}-nat{number}"},
            depends_on=[self.internet_gateway],
        )
        return [aws.RouteTableRoute(cidr_block=ANYWHERE, nat_gateway_id=nat.id)]

    def _route_table(self, name: str, routes: list[aws.RouteTableRoute]) -> str:
        table = aws.RouteTable(
            self,
            f"aws_route_table.{name}",
            vpc_id=self.vpc_id,
            route=routes,
            tags={"Name": f"{self.project}-{name.replace('_', '-')}-rt"},
        )
        return table.id

    def _subnets(
        self, kind: str, cidrs: tuple[str, str], route_tables: list[str], public_ip: bool
    ) -> list[str]:
        """One subnet of a kind in each zone, with its route table; their ids."""
        ids = []
        for number, (cidr, zone, table) in enumerate(
            zip(cidrs, self.stack.variables.availability_zones, route_tables, strict=True), start=1
        ):
            name = f"{kind}_{number}"
            subnet = aws.Subnet(
                self,
                f"aws_subnet.{name}",
                vpc_id=self.vpc_id,
                cidr_block=cidr,
                availability_zone=zone,
                map_public_ip_on_launch=public_ip,
                tags={"Name": f"{self.project}-{kind}-{number}"},
            )
            aws.RouteTableAssociation(
                self,
                f"aws_route_table_association.{name}",
                subnet_id=subnet.id,
                route_table_id=table,
            )
            ids.append(subnet.id)
        return ids
