"""VPC endpoints: the AWS services that tasks in private subnets need, without a NAT gateway.

The tasks then reach these services and the database, and nothing on the internet.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack
from constructs_lib.vpc import Network


class S3Endpoint(Part):
    """The way to S3, where ECR keeps image layers; costs nothing.

    Attributes:
        prefix_list_id: S3's addresses, for outbound rules.
    """

    def __init__(self, stack: PlatformStack, network: Network) -> None:
        super().__init__(stack)
        endpoint = aws.VpcEndpoint(
            self,
            "aws_vpc_endpoint.s3",
            vpc_id=network.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{stack.variables.aws_region}.s3",
            route_table_ids=network.private_route_table_ids,
            tags={"Name": f"{self.project}-s3"},
        )
        self.prefix_list_id = endpoint.prefix_list_id


class ServiceEndpoints(Part):
    """One interface endpoint, in both zones, for each service.

    Attributes:
        endpoints: what the service must depend on.
    """

    def __init__(self, stack: PlatformStack, network: Network, security_group_id: str) -> None:
        super().__init__(stack)
        self.endpoints = [
            aws.VpcEndpoint(
                self,
                f"aws_vpc_endpoint.{service.replace('.', '_')}",
                vpc_id=network.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{stack.variables.aws_region}.{service}",
                private_dns_enabled=True,
                subnet_ids=network.private_subnet_ids,
                security_group_ids=[security_group_id],
                tags={"Name": f"{self.project}-{service.replace('.', '-')}"},
            )
            for service in stack.settings.services_of_the_tasks
        ]
