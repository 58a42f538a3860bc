"""The stack: reads like the architecture diagram, from the internet down to the database."""

from cdktf import TerraformStack
from constructs import Construct

from constructs_lib.account import Account
from constructs_lib.alb import LoadBalancer
from constructs_lib.autoscaling import Autoscaling
from constructs_lib.cost import Cost
from constructs_lib.ecs import Containers
from constructs_lib.kms import Keys
from constructs_lib.monitoring import Alarms, Alerts, Dashboard
from constructs_lib.options import Options
from constructs_lib.outputs import Outputs
from constructs_lib.providers import Providers
from constructs_lib.rds import Database
from constructs_lib.settings import StackSettings
from constructs_lib.sg import SecurityGroups
from constructs_lib.variables import Variables
from constructs_lib.vpc import Network


class ResiliencePlatform(TerraformStack):
    """The whole platform of one environment.

    Args:
        id: the stack id; also the Spacelift slug and the Stack tag.
        settings: what shapes the stack; `StackSettings()` with a project name is the contract.
    """

    def __init__(self, scope: Construct, id: str, *, settings: StackSettings) -> None:
        super().__init__(scope, id)
        variables = Variables(self, "variables", settings=settings)
        Providers(
            self, "providers", stack=self, stack_id=id, settings=settings, variables=variables
        )
        account = Account()
        keys = Keys(
            self,
            "keys",
            purposes=settings.customer_managed_keys,
            variables=variables,
            account=account,
        )
        options = Options(self, settings=settings, variables=variables, account=account, keys=keys)

        network = Network(self, "network", settings=settings.network, variables=variables)
        groups = SecurityGroups(
            self,
            "security-groups",
            settings=settings,
            variables=variables,
            network=network,
            s3_prefix_list_id=options.s3_endpoint(network),
        )
        options.network_protection(network)
        endpoints = options.service_endpoints(network, groups)

        load_balancer = LoadBalancer(
            self,
            "load-balancer",
            settings=settings.load_balancer,
            variables=variables,
            vpc_id=network.vpc_id,
            subnet_ids=network.public_subnet_ids,
            security_group_id=groups.alb_id,
            internet_gateway=network.internet_gateway,
            access_logs=options.access_logs(),
        )
        options.firewall(load_balancer)

        alerts = None
        if settings.monitoring or settings.cost:
            alerts = Alerts(self, "alerts", variables=variables, account=account, keys=keys)

        database = Database(
            self,
            "database",
            settings=settings.database,
            variables=variables,
            subnet_ids=network.private_subnet_ids,
            security_group_id=groups.rds_id,
            keys=keys,
        )
        containers = Containers(
            self,
            "containers",
            settings=settings,
            variables=variables,
            network=network,
            security_group_id=groups.ecs_id,
            load_balancer=load_balancer,
            database=database,
            keys=keys,
            wordpress_keys=options.wordpress_keys(alerts),
            uploads=options.uploads(network, groups),
            discovery=options.discovery(network),
            endpoints=endpoints,
        )
        options.redeploy_after_rotation(containers, database)
        if settings.autoscaling:
            Autoscaling(
                self,
                "autoscaling",
                settings=settings.autoscaling,
                variables=variables,
                containers=containers,
            )

        if alerts and settings.monitoring:
            Alarms(
                self,
                "alarms",
                settings=settings.monitoring,
                container_insights=settings.container.container_insights is True,
                variables=variables,
                alerts=alerts,
                load_balancer=load_balancer,
                containers=containers,
                database=database,
            )
            Dashboard(
                self,
                "dashboard",
                variables=variables,
                load_balancer=load_balancer,
                containers=containers,
                database=database,
            )
        if alerts and settings.cost:
            Cost(self, "cost", settings=settings.cost, variables=variables, alerts=alerts)

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
