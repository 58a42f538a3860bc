"""sg.tf: defence in depth, each tier reachable from the tier before it only.

Internet -> load balancer (80) -> tasks (80) -> database (3306). Below the load balancer rules name
security groups, never address ranges. Rules are inline, as in the original, so Terraform removes
any rule that somebody adds by hand.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
"""

from cdktf_cdktf_provider_aws.security_group import (
    SecurityGroup,
    SecurityGroupEgress,
    SecurityGroupIngress,
)
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.variables import Variables

HTTP = 80
MYSQL = 3306
ANYWHERE = "0.0.0.0/0"


class SecurityGroups(Construct):
    """The three security groups.

    Attributes:
        alb_id: admits HTTP from anywhere.
        ecs_id: admits HTTP from the load balancer; all outbound (image pulls, logs, database).
        rds_id: admits MySQL from the tasks; nothing outbound.
    """

    def __init__(self, scope: Construct, id: str, *, variables: Variables, vpc_id: str) -> None:
        super().__init__(scope, id)
        self._project = variables.project_name
        self._vpc_id = vpc_id
        all_outbound = SecurityGroupEgress(
            from_port=0,
            to_port=0,
            protocol="-1",
            cidr_blocks=[ANYWHERE],
            description="Allow all outbound",
        )
        self.alb_id = self._group(
            "alb",
            "Allow HTTP inbound from internet",
            SecurityGroupIngress(
                from_port=HTTP,
                to_port=HTTP,
                protocol="tcp",
                cidr_blocks=[ANYWHERE],
                description="HTTP from anywhere",
            ),
            [all_outbound],
        )
        self.ecs_id = self._group(
            "ecs",
            "Allow traffic from ALB and outbound internet",
            _from_group(HTTP, self.alb_id, "HTTP from ALB"),
            [all_outbound],
        )
        self.rds_id = self._group(
            "rds",
            "Allow MySQL inbound from ECS only",
            _from_group(MYSQL, self.ecs_id, "MySQL from ECS"),
            [],
        )

    def _group(
        self,
        tier: str,
        description: str,
        ingress: SecurityGroupIngress,
        egress: list[SecurityGroupEgress],
    ) -> str:
        group = SecurityGroup(
            self,
            tier,
            name=f"{self._project}-{tier}-sg",
            description=description,
            vpc_id=self._vpc_id,
            ingress=[ingress],
            egress=egress,
        )
        return pinned(f"{tier}_sg", group).id


def _from_group(port: int, group_id: str, description: str) -> SecurityGroupIngress:
    """A rule that admits one TCP port from the members of a security group."""
    return SecurityGroupIngress(
        from_port=port,
        to_port=port,
        protocol="tcp",
        security_groups=[group_id],
        description=description,
    )
