"""The stack: a line for each part of the architecture diagram, in the order of their needs."""

from constructs import Construct

from constructs_lib.alb import LoadBalancer
from constructs_lib.alerts import Alerts
from constructs_lib.autoscaling import Autoscaling
from constructs_lib.cost import Cost
from constructs_lib.ecs import Containers
from constructs_lib.monitoring import Alarms, Dashboard
from constructs_lib.options.access_logs import AccessLogs
from constructs_lib.options.backups import Backups
from constructs_lib.options.discovery import Discovery
from constructs_lib.options.domain import Domain
from constructs_lib.options.encryption_keys import EncryptionKeys
from constructs_lib.options.endpoints import S3Endpoint, ServiceEndpoints
from constructs_lib.options.fault_injection import FaultInjection
from constructs_lib.options.firewall import Firewall
from constructs_lib.options.flow_logs import FlowLogs
from constructs_lib.options.repository import Repository
from constructs_lib.options.rotation import RedeployAfterRotation, RotationSchedule
from constructs_lib.options.uploads import Uploads
from constructs_lib.options.wordpress_keys import WordpressKeys
from constructs_lib.outputs import Outputs
from constructs_lib.part import PlatformStack
from constructs_lib.providers import Providers
from constructs_lib.rds import Database
from constructs_lib.settings import StackSettings
from constructs_lib.sg import SecurityGroups
from constructs_lib.variables import Variables
from constructs_lib.vpc import Network


class ResiliencePlatform(PlatformStack):
    """The whole platform of one environment.

    Args:
        id: the stack id; also the Spacelift slug and the Stack tag.
        settings: what shapes the stack; `{}` in cdktf.json gives the `resilience-platform`.

    Raises:
        SettingsError: an override names an address that the stack does not have.
    """

    def __init__(self, scope: Construct, id: str, *, settings: StackSettings) -> None:
        super().__init__(scope, id)
        self.settings = settings  # what every part asks for, so it comes first
        self.variables = Variables(self)
        self.keys = EncryptionKeys(self)
        Providers(self, id)
        if settings.image.repository:
            Repository(self)

        network = Network(self)
        through_endpoints = settings.network.private_egress == "vpc_endpoints"
        s3 = S3Endpoint(self, network) if through_endpoints else None
        groups = SecurityGroups(self, network, s3)
        group_id = groups.endpoints_id
        endpoints = ServiceEndpoints(self, network, group_id) if group_id else None
        if days := settings.network.flow_log_retention_days:
            FlowLogs(self, network, days)

        days = settings.load_balancer.access_log_retention_days
        access_logs = AccessLogs(self, days) if days else None
        domain = Domain(self, named) if (named := settings.load_balancer.domain) else None
        load_balancer = LoadBalancer(self, network, groups, access_logs, domain)
        if settings.load_balancer.waf:
            Firewall(self, settings.load_balancer.waf, load_balancer)

        alerts = Alerts(self) if settings.monitoring or settings.cost else None
        database = Database(self, network, groups)
        uploads = Uploads(self, network, groups.efs_id) if groups.efs_id else None
        containers = Containers(
            self,
            network,
            groups,
            load_balancer,
            database,
            shared_keys=WordpressKeys(self, alerts) if settings.container.shared_keys else None,
            uploads=uploads,
            discovery=Discovery(self, network) if settings.container.service_discovery else None,
            endpoints=endpoints,
        )
        saved = [uploads.arn] if uploads else []
        saved += [database.arn] if settings.backup.copy_region else []
        backups = Backups(self, saved) if saved else None
        if database.secret_arn:
            RedeployAfterRotation(self, containers, database)
            if settings.database.rotation:
                RotationSchedule(self, settings.database.rotation, database.secret_arn)
        if settings.autoscaling:
            Autoscaling(self, settings.autoscaling, containers)

        if settings.resilience.fault_injection:
            FaultInjection(self, load_balancer)

        if alerts and settings.monitoring:
            served = load_balancer, containers, database
            Alarms(self, settings.monitoring, alerts, *served, uploads, backups)
            Dashboard(self, *served)
        if alerts and settings.cost:
            Cost(self, settings.cost, alerts)

        Outputs(self, network, load_balancer, containers, database, alerts)
        self.override(settings.overrides)
