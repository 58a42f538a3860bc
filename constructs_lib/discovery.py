"""Service discovery: the tasks' addresses as a private DNS name inside the VPC.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
"""

from cdktf_cdktf_provider_aws.service_discovery_private_dns_namespace import (
    ServiceDiscoveryPrivateDnsNamespace,
)
from cdktf_cdktf_provider_aws.service_discovery_service import (
    ServiceDiscoveryService,
    ServiceDiscoveryServiceDnsConfig,
    ServiceDiscoveryServiceDnsConfigDnsRecords,
    ServiceDiscoveryServiceHealthCheckCustomConfig,
)
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.variables import Variables


class Discovery(Construct):
    """The namespace <project_name>.local, and the name `wordpress` in it.

    Attributes:
        service_arn: the registry that the ECS service enters its tasks in.
    """

    def __init__(self, scope: Construct, id: str, *, variables: Variables, vpc_id: str) -> None:
        super().__init__(scope, id)
        namespace = pinned(
            "main",
            ServiceDiscoveryPrivateDnsNamespace(
                self,
                "namespace",
                name=f"{variables.project_name}.local",
                description="Service discovery namespace for WordPress",
                vpc=vpc_id,
            ),
        )
        service = pinned(
            "wordpress",
            ServiceDiscoveryService(
                self,
                "service",
                name="wordpress",
                dns_config=ServiceDiscoveryServiceDnsConfig(
                    namespace_id=namespace.id,
                    routing_policy="MULTIVALUE",
                    dns_records=[ServiceDiscoveryServiceDnsConfigDnsRecords(ttl=10, type="A")],
                ),
                health_check_custom_config=ServiceDiscoveryServiceHealthCheckCustomConfig(
                    failure_threshold=1
                ),
            ),
        )
        self.service_arn = service.arn
