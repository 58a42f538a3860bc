"""VPC endpoints: the AWS services that tasks in private subnets need, without a NAT gateway.

The tasks then reach these services and the database, and nothing on the internet.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.variables import Variables
from constructs_lib.vpc import Network


class S3Endpoint(Construct):
    """The way to S3, where ECR keeps image layers; costs nothing.

    Attributes:
        prefix_list_id: S3's addresses, for outbound rules.
    """

    def __init__(
        self, scope: Construct, id: str, *, variables: Variables, network: Network
    ) -> None:
        super().__init__(scope, id)
        endpoint = pinned(
            "s3",
            VpcEndpoint(
                self,
                "s3",
                vpc_id=network.vpc_id,
                vpc_endpoint_type="Gateway",
                service_name=f"com.amazonaws.{variables.aws_region}.s3",
                route_table_ids=network.private_route_table_ids,
                tags={"Name": f"{variables.project_name}-s3"},
            ),
        )
        self.prefix_list_id = endpoint.prefix_list_id


class ServiceEndpoints(Construct):
    """One interface endpoint, in both zones, for each service.

    Attributes:
        endpoints: what a task must not start before.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        variables: Variables,
        network: Network,
        security_group_id: str,
        services: list[str],
    ) -> None:
        super().__init__(scope, id)
        self.endpoints = [
            pinned(
                service.replace(".", "_"),
                VpcEndpoint(
                    self,
                    service.replace(".", "-"),
                    vpc_id=network.vpc_id,
                    vpc_endpoint_type="Interface",
                    service_name=f"com.amazonaws.{variables.aws_region}.{service}",
                    private_dns_enabled=True,
                    subnet_ids=network.private_subnet_ids,
                    security_group_ids=[security_group_id],
                    tags={"Name": f"{variables.project_name}-{service.replace('.', '-')}"},
                ),
            )
            for service in services
        ]
