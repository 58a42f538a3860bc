"""vpc.tf: the network foundation, one public and one private subnet in each of two zones.

The public subnets hold the load balancer and the tasks and route to the internet gateway; the
private ones hold the database and route inside the VPC only. There is no NAT gateway.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-example-private-subnets-nat.html
"""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.variables import Variables, layout_rules, zones_rule


class Network(Construct):
    """VPC, subnets, internet gateway and routes.

    Attributes:
        vpc_id: id of the VPC.
        public_subnet_ids, private_subnet_ids: one subnet in each zone, in the zones' order.
    """

    def __init__(self, scope: Construct, id: str, *, variables: Variables) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        vpc = pinned(
            "main",
            Vpc(
                self,
                "vpc",
                cidr_block=variables.vpc_cidr,
                enable_dns_hostnames=True,
                enable_dns_support=True,
                tags={"Name": f"{project}-vpc"},
                lifecycle=TerraformResourceLifecycle(
                    precondition=[rule.precondition() for rule in (zones_rule, *layout_rules)]
                ),
            ),
        )
        self.vpc_id = vpc.id
        gateway = pinned(
            "igw",
            InternetGateway(self, "igw", vpc_id=self.vpc_id, tags={"Name": f"{project}-igw"}),
        )
        self.public_subnet_ids = self._subnets(
            "public",
            variables,
            variables.public_subnet_cidrs,
            routes=[RouteTableRoute(cidr_block="0.0.0.0/0", gateway_id=gateway.id)],
        )
        # An empty list, not an absent one: Terraform then also removes routes added by hand.
        self.private_subnet_ids = self._subnets(
            "private", variables, variables.private_subnet_cidrs, routes=[]
        )

    def _subnets(
        self,
        kind: str,
        variables: Variables,
        cidrs: tuple[str, str],
        *,
        routes: list[RouteTableRoute],
    ) -> list[str]:
        """One subnet of a kind in each zone, with the route table they share; their ids."""
        project = variables.project_name
        table = pinned(
            kind,
            RouteTable(
                self,
                f"{kind}-routes",
                vpc_id=self.vpc_id,
                route=routes,
                tags={"Name": f"{project}-{kind}-rt"},
            ),
        )
        ids = []
        for number, (cidr, zone) in enumerate(
            zip(cidrs, variables.availability_zones, strict=True), start=1
        ):
            name = f"{kind}_{number}"
            subnet = pinned(
                name,
                Subnet(
                    self,
                    f"{kind}-{number}",
                    vpc_id=self.vpc_id,
                    cidr_block=cidr,
                    availability_zone=zone,
                    map_public_ip_on_launch=kind == "public",
                    tags={"Name": f"{project}-{kind}-{number}"},
                ),
            )
            pinned(
                name,
                RouteTableAssociation(
                    self,
                    f"{kind}-{number}-routes",
                    subnet_id=subnet.id,
                    route_table_id=table.id,
                ),
            )
            ids.append(subnet.id)
        return ids
