"""outputs.tf: what a user, a drill or another stack needs to know after apply."""

from cdktf import TerraformOutput

from constructs_lib.alb import LoadBalancer
from constructs_lib.alerts import Alerts
from constructs_lib.ecs import Containers
from constructs_lib.part import Part, PlatformStack
from constructs_lib.rds import Database
from constructs_lib.settings.stack import OutputName
from constructs_lib.vpc import Network


class Outputs(Part):
    """Declares the outputs, or those that are chosen; their names are part of the contract."""

    def __init__(
        self,
        stack: PlatformStack,
        network: Network,
        load_balancer: LoadBalancer,
        containers: Containers,
        database: Database,
        alerts: Alerts | None,
    ) -> None:
        super().__init__(stack)
        dns_name = load_balancer.dns_name
        self._output("alb_dns_name", dns_name, "DNS name of the load balancer")
        answers, balancer = "Where the application answers", stack.settings.load_balancer
        if balancer.https and not balancer.site_name:
            answers += "; browsers warn, as no certificate has this name: use the certificate's"
        self._output("application_url", load_balancer.url, answers)
        self._output("ecs_cluster_name", containers.cluster_name, "Name of the ECS cluster")
        self._output("ecs_cluster_arn", containers.cluster_arn, "ARN of the ECS cluster")
        self._output("ecs_service_name", containers.service_name, "Name of the ECS service")
        host = "Host name of the database, reachable inside the VPC only"
        self._output("rds_endpoint", database.address, host, sensitive=True)
        self._output("rds_identifier", database.identifier, "Name of the database instance")
        self._output("vpc_id", network.vpc_id, "Id of the VPC")
        self._output("public_subnet_ids", network.public_subnet_ids, "The public subnets")
        self._output("private_subnet_ids", network.private_subnet_ids, "The private subnets")
        if alerts:
            self._output("alerts_topic_arn", alerts.topic_arn, "SNS topic all alarms publish to")

    def _output(
        self, name: OutputName, value: str | list[str], description: str, sensitive: bool = False
    ) -> None:
        chosen = self.stack.settings.outputs
        if chosen is None or name in chosen:
            TerraformOutput(
                self,
                name,
                value=value,
                description=f"{description}.",
                sensitive=sensitive or None,
                static_id=True,  # names it without asking for the name, which saves messages
            )
