"""Service discovery: the tasks' addresses as a private DNS name inside the VPC.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
"""

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings import wordpress
from constructs_lib.vpc import Network


class Discovery(Part):
    """The namespace <project_name>.local, and the application's name in it.

    Attributes:
        registries: where the ECS service enters its tasks.
    """

    def __init__(self, stack: PlatformStack, network: Network) -> None:
        super().__init__(stack)
        namespace = aws.ServiceDiscoveryPrivateDnsNamespace(
            self,
            "aws_service_discovery_private_dns_namespace.main",
            name=f"{self.project}.local",
            description=f"Service discovery namespace for {wordpress.TITLE}",
            vpc=network.vpc_id,
        )
        service = aws.ServiceDiscoveryService(
            self,
            "aws_service_discovery_service.wordpress",
            name=wordpress.NAME,
            dns_config={
                "namespace_id": namespace.id,
                "routing_policy": "MULTIVALUE",
                "dns_records": [{"ttl": 10, "type": "A"}],
            },
            health_check_custom_config={"failure_threshold": 1},
        )
        self.registries = aws.EcsServiceServiceRegistries(registry_arn=service.arn)
