"""Service discovery: the tasks' addresses as a private DNS name inside the VPC.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib import aws
from constructs_lib.part import Part

if TYPE_CHECKING:
    from constructs_lib.platform import ResiliencePlatform
    from constructs_lib.vpc import Network


class Discovery(Part):
    """The namespace <project_name>.local, and the name `wordpress` in it.

    Attributes:
        service_arn: the registry that the ECS service enters its tasks in.
    """

    def __init__(self, stack: ResiliencePlatform, network: Network) -> None:
        super().__init__(stack)
        variables = stack.variables
        namespace = aws.ServiceDiscoveryPrivateDnsNamespace(
            self,
            "aws_service_discovery_private_dns_namespace.main",
            name=f"{variables.project_name}.local",
            description="Service discovery namespace for WordPress",
            vpc=network.vpc_id,
        )
        service = aws.ServiceDiscoveryService(
            self,
            "aws_service_discovery_service.wordpress",
            name="wordpress",
            dns_config=aws.ServiceDiscoveryServiceDnsConfig(
                namespace_id=namespace.id,
                routing_policy="MULTIVALUE",
                dns_records=[aws.ServiceDiscoveryServiceDnsConfigDnsRecords(ttl=10, type="A")],
            ),
            health_check_custom_config=aws.ServiceDiscoveryServiceHealthCheckCustomConfig(
                failure_threshold=1
            ),
        )
        self.registries = aws.EcsServiceServiceRegistries(registry_arn=service.arn)
