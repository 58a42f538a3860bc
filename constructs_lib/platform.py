"""The stack: reads like the architecture diagram, from the internet down to the database."""

from constructs import Construct

from constructs_lib.access_logs import AccessLogs
from constructs_lib.account import Account
from constructs_lib.addresses import AddressedStack
from constructs_lib.alb import LoadBalancer
from constructs_lib.autoscaling import Autoscaling
from constructs_lib.cost import Cost
from constructs_lib.discovery import Discovery
from constructs_lib.ecs import Containers
from constructs_lib.efs import Uploads
from constructs_lib.endpoints import S3Endpoint, ServiceEndpoints
from constructs_lib.flow_logs import FlowLogs
from constructs_lib.kms import Keys
from constructs_lib.monitoring import Alarms, Alerts, Dashboard
from constructs_lib.outputs import Outputs
from constructs_lib.providers import Providers
from constructs_lib.rds import Database
from constructs_lib.rotation import RedeployAfterRotation
from constructs_lib.secrets import WordpressKeys
from constructs_lib.settings import StackSettings
from constructs_lib.sg import SecurityGroups
from constructs_lib.variables import Variables
from constructs_lib.vpc import Network
from constructs_lib.waf import Firewall


class ResiliencePlatform(AddressedStack):
    """The whole platform of one environment.

    Args:
        id: the stack id; also the Spacelift slug and the Stack tag.
        settings: what shapes the stack; `StackSettings()` with a project name is the contract.

    Attributes:
        settings, variables, account, keys: what every part may use.
    """

    def __init__(self, scope: Construct, id: str, *, settings: StackSettings) -> None:
        super().__init__(scope, id)
        self.settings = settings
        self.variables = Variables(self, "variables", settings=settings)
        self.project = self.variables.project_name
        self.account = Account()
        self.keys = Keys(self)
        Providers(
            self, "providers", stack=self, stack_id=id, settings=settings, variables=self.variables
        )

        network = Network(self)
        s3 = None
        if settings.network.private_egress == "vpc_endpoints":
            s3 = S3Endpoint(self, network)
        groups = SecurityGroups(self, network, s3)
        endpoints = None
        if groups.endpoints_id:
            endpoints = ServiceEndpoints(self, network, groups.endpoints_id)
        if days := settings.network.flow_log_retention_days:
            FlowLogs(self, network, days)

        days = settings.load_balancer.access_log_retention_days
        access_logs = AccessLogs(self, days) if days else None
        load_balancer = LoadBalancer(self, network, groups, access_logs)
        if settings.load_balancer.waf:
            Firewall(self, settings.load_balancer.waf, load_balancer)

        alerts = Alerts(self) if settings.monitoring or settings.cost else None
        database = Database(self, network, groups)
        containers = Containers(
            self,
            network,
            groups,
            load_balancer,
            database,
            wordpress_keys=WordpressKeys(self, alerts) if settings.container.shared_keys else None,
            uploads=Uploads(self, network, groups.efs_id) if groups.efs_id else None,
            discovery=Discovery(self, network) if settings.container.service_discovery else None,
            endpoints=endpoints,
        )
        if database.secret_arn:
            RedeployAfterRotation(self, containers, database)
        if settings.autoscaling:
            Autoscaling(self, settings.autoscaling, containers)

        if alerts and settings.monitoring:
            Alarms(self, settings.monitoring, alerts, load_balancer, containers, database)
            Dashboard(self, load_balancer, containers, database)
        if alerts and settings.cost:
            Cost(self, settings.cost, alerts)

        Outputs(
            self,
            "outputs",
            chosen=settings.outputs,
            network=network,
            load_balancer=load_balancer,
            containers=containers,
            database=database,
            alerts=alerts,
        )
        self.override(settings.overrides)
