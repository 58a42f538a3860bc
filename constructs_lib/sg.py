"""sg.tf: defence in depth, each tier reachable from the tier before it only.

Internet -> load balancer (80, 443) -> tasks (80, or their port) -> database (3306). Below the load
balancer inbound rules name security groups, never address ranges. Outbound rules name address
ranges: two groups that name each other would be a cycle, which Terraform cannot create. Rules are
inline, as in the original, so Terraform removes any rule that somebody adds by hand.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
"""

from __future__ import annotations

from constructs_lib import aws
from constructs_lib.options.endpoints import S3Endpoint
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.wordpress import TITLE
from constructs_lib.vpc import ANYWHERE, Network

HTTP = 80
HTTPS = 443
MYSQL = 3306
NFS = 2049


class SecurityGroups(Part):
    """The security groups of the three tiers and, where set, of the endpoints and the uploads.

    Attributes:
        alb_id: admits HTTP (and HTTPS, where it is served) from anywhere.
        ecs_id: admits HTTP from the load balancer.
        rds_id: admits MySQL from the tasks.
        endpoints_id: admits HTTPS from the tasks; None without endpoints.
        efs_id: admits NFS from the tasks; None without shared uploads.
    """

    def __init__(self, stack: PlatformStack, network: Network, s3: S3Endpoint | None) -> None:
        super().__init__(stack)
        settings = stack.settings
        self._vpc_id = network.vpc_id
        everything = aws.SecurityGroupEgress(
            from_port=0,
            to_port=0,
            protocol="-1",
            cidr_blocks=[ANYWHERE],
            description="Allow all outbound",
        )
        alb_egress = ecs_egress = rds_egress = [everything]
        if settings.network.allowed_egress != "all":
            rds_egress = []
        if settings.network.allowed_egress == "least":
            port, tasks = settings.container.port, network.task_subnet_cidrs
            alb_egress = [_to(port, tasks, "HTTP to the tasks")]
            ecs_egress = self._least_for_tasks(s3)

        public_ports = [(HTTP, "HTTP")]
        if settings.load_balancer.serves_https:
            public_ports.append((HTTPS, "HTTPS"))
        self.alb_id: str = self._group(
            "alb",
            "Allow HTTP inbound from internet",
            [_in(port, f"{name} from anywhere", [ANYWHERE]) for port, name in public_ports],
            alb_egress,
        )
        self.ecs_id: str = self._group(
            "ecs",
            "Allow traffic from ALB and outbound internet",
            [_in(settings.container.port, "HTTP from ALB", group_id=self.alb_id)],
            ecs_egress,
        )
        self.rds_id = self._from_tasks("rds", MYSQL, "MySQL", rds_egress)
        self.endpoints_id = self.efs_id = None
        if settings.network.private_egress == "vpc_endpoints":
            self.endpoints_id = self._from_tasks("endpoints", HTTPS, "HTTPS", [])
        if settings.container.shared_uploads:
            self.efs_id = self._from_tasks("efs", NFS, "NFS", [])
        if settings.network.default_security_group_closed:
            # Terraform adopts the group that AWS made, and takes its rules out
            aws.DefaultSecurityGroup(
                self,
                "aws_default_security_group.closed",
                vpc_id=network.vpc_id,
                ingress=[],
                egress=[],
                tags={"Name": f"{self.project}-default-closed"},
            )

    def _least_for_tasks(self, s3: S3Endpoint | None) -> list[aws.SecurityGroupEgress]:
        """What the tasks need: the database, AWS and the image registry over HTTPS, the uploads.

        Names are resolved by the VPC's own resolver, which security groups do not restrict.
        """
        settings, private = self.stack.settings, self.stack.variables.private_subnet_cidrs
        rules = [_to(MYSQL, private, "MySQL to the database")]
        if settings.pulls_through_endpoints and s3:
            rules.append(_to(HTTPS, private, "HTTPS to the VPC endpoints"))
            rules.append(_to(HTTPS, None, "Image layers from S3", s3.prefix_list_id))
        else:
            site = settings.container.runs_wordpress
            https = f"HTTPS to AWS, the image registry and {TITLE if site else 'elsewhere'}"
            rules.append(_to(HTTPS, (ANYWHERE,), https))
            ports = {port: "Outbound as set" for port in settings.network.outbound_ports}
            if site and settings.load_balancer.scheme == "http":
                # it calls itself for scheduled work, by the name that users call
                ports = {HTTP: "HTTP to the site itself", **ports}
            rules += [_to(port, (ANYWHERE,), what) for port, what in ports.items()]
        if settings.container.shared_uploads:
            rules.append(_to(NFS, private, "NFS to the uploads"))
        return rules

    def _from_tasks(
        self, tier: str, port: int, name: str, egress: list[aws.SecurityGroupEgress]
    ) -> str:
        """A group that only the tasks reach, on one port."""
        rule = _in(port, f"{name} from ECS", group_id=self.ecs_id)
        return self._group(tier, f"Allow {name} inbound from ECS only", [rule], egress)

    def _group(
        self,
        tier: str,
        description: str,
        ingress: list[aws.SecurityGroupIngress],
        egress: list[aws.SecurityGroupEgress],
    ) -> str:
        group = aws.SecurityGroup(
            self,
            f"aws_security_group.{tier}_sg",
            name=f"{self.project}-{tier}-sg",
            description=description,
            vpc_id=self._vpc_id,
            ingress=ingress,
            egress=egress,
        )
        return group.id


def _to(
    port: int, cidrs: tuple[str, ...] | None, description: str, prefix_list_id: str | None = None
) -> aws.SecurityGroupEgress:
    """A rule that lets one TCP port out, to address ranges or a prefix list."""
    return aws.SecurityGroupEgress(
        from_port=port,
        to_port=port,
        protocol="tcp",
        cidr_blocks=list(cidrs) if cidrs else None,
        prefix_list_ids=[prefix_list_id] if prefix_list_id else None,
        description=description,
    )


def _in(
    port: int, description: str, cidrs: list[str] | None = None, group_id: str | None = None
) -> aws.SecurityGroupIngress:
    """A rule that lets one TCP port in, from address ranges or from a group's members."""
    return aws.SecurityGroupIngress(
        from_port=port,
        to_port=port,
        protocol="tcp",
        cidr_blocks=cidrs,
        security_groups=[group_id] if group_id else None,
        description=description,
    )
