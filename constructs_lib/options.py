"""What a stack has only where its settings say so; each option works alone, in any stack.

Every method makes its part, or returns None. The parts' modules are imported inside, because most
stacks need few of them, and what they load of the provider costs start-up time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

if TYPE_CHECKING:
    from constructs_lib.access_logs import AccessLogs
    from constructs_lib.account import Account
    from constructs_lib.alb import LoadBalancer
    from constructs_lib.discovery import Discovery
    from constructs_lib.ecs import Containers
    from constructs_lib.efs import Uploads
    from constructs_lib.endpoints import ServiceEndpoints
    from constructs_lib.kms import Keys
    from constructs_lib.monitoring import Alerts
    from constructs_lib.rds import Database
    from constructs_lib.secrets import WordpressKeys
    from constructs_lib.settings import StackSettings
    from constructs_lib.sg import SecurityGroups
    from constructs_lib.variables import Variables
    from constructs_lib.vpc import Network


class Options:
    """Makes the optional parts of one stack, as children of it."""

    def __init__(
        self,
        stack: Construct,
        *,
        settings: StackSettings,
        variables: Variables,
        account: Account,
        keys: Keys,
    ) -> None:
        self._stack = stack
        self._settings = settings
        self._variables = variables
        self._account = account
        self._keys = keys

    def s3_endpoint(self, network: Network) -> str | None:
        """The gateway endpoint for S3; the prefix list of S3's addresses."""
        if self._settings.network.private_egress != "vpc_endpoints":
            return None
        from constructs_lib.endpoints import S3Endpoint

        endpoint = S3Endpoint(
            self._stack, "s3-endpoint", variables=self._variables, network=network
        )
        return endpoint.prefix_list_id

    def service_endpoints(
        self, network: Network, groups: SecurityGroups
    ) -> ServiceEndpoints | None:
        """Interface endpoints for the services that this stack's tasks call."""
        if groups.endpoints_id is None:
            return None
        from constructs_lib.endpoints import ServiceEndpoints

        services = ["ecr.api", "ecr.dkr", "logs"]
        container = self._settings.container
        if container.shared_keys or self._settings.database.password == "managed":
            services.append("secretsmanager")
        if container.execute_command:
            services.append("ssmmessages")
        return ServiceEndpoints(
            self._stack,
            "service-endpoints",
            variables=self._variables,
            network=network,
            security_group_id=groups.endpoints_id,
            services=services,
        )

    def network_protection(self, network: Network) -> None:
        """Flow logs, and no rules in the VPC's default security group."""
        settings = self._settings.network
        if settings.flow_log_retention_days is not None:
            from constructs_lib.flow_logs import FlowLogs

            FlowLogs(
                self._stack,
                "flow-logs",
                variables=self._variables,
                vpc_id=network.vpc_id,
                retention_days=settings.flow_log_retention_days,
                keys=self._keys,
            )
        if settings.default_security_group_closed:
            from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup

            from constructs_lib.addresses import pinned

            # Terraform adopts the group that AWS made, and takes its rules out
            closed = DefaultSecurityGroup(
                self._stack,
                "default-security-group",
                vpc_id=network.vpc_id,
                ingress=[],
                egress=[],
                tags={"Name": f"{self._variables.project_name}-default-closed"},
            )
            pinned("closed", closed)

    def access_logs(self) -> AccessLogs | None:
        """The bucket for the load balancer's access logs."""
        settings = self._settings.load_balancer
        if settings.access_log_retention_days is None:
            return None
        from constructs_lib.access_logs import AccessLogs

        return AccessLogs(
            self._stack,
            "access-logs",
            variables=self._variables,
            account=self._account,
            retention_days=settings.access_log_retention_days,
            deletion_protection=settings.deletion_protection,
        )

    def firewall(self, load_balancer: LoadBalancer) -> None:
        """The web application firewall before the load balancer."""
        if self._settings.load_balancer.waf is None:
            return
        from constructs_lib.waf import Firewall

        Firewall(
            self._stack,
            "firewall",
            settings=self._settings.load_balancer.waf,
            variables=self._variables,
            load_balancer_arn=load_balancer.arn,
            keys=self._keys,
        )

    def wordpress_keys(self, alerts: Alerts | None) -> WordpressKeys | None:
        """WordPress' keys and salts in Secrets Manager."""
        if not self._settings.container.shared_keys:
            return None
        from constructs_lib.secrets import WordpressKeys

        return WordpressKeys(
            self._stack,
            "wordpress-keys",
            variables=self._variables,
            keys=self._keys,
            alerts_topic_arn=alerts.topic_arn if alerts else None,
        )

    def uploads(self, network: Network, groups: SecurityGroups) -> Uploads | None:
        """The file system for uploads."""
        if groups.efs_id is None:
            return None
        from constructs_lib.efs import Uploads

        return Uploads(
            self._stack,
            "uploads",
            variables=self._variables,
            subnet_ids=network.private_subnet_ids,
            security_group_id=groups.efs_id,
            keys=self._keys,
        )

    def discovery(self, network: Network) -> Discovery | None:
        """The tasks' name in a private DNS zone."""
        if not self._settings.container.service_discovery:
            return None
        from constructs_lib.discovery import Discovery

        return Discovery(self._stack, "discovery", variables=self._variables, vpc_id=network.vpc_id)

    def redeploy_after_rotation(self, containers: Containers, database: Database) -> None:
        """New tasks when RDS has rotated the password it manages."""
        if database.secret_arn is None:
            return
        from constructs_lib.rotation import RedeployAfterRotation

        RedeployAfterRotation(
            self._stack,
            "redeploy-after-rotation",
            variables=self._variables,
            account=self._account,
            containers=containers,
            database_arn=database.arn,
            secret_arn=database.secret_arn,
        )
