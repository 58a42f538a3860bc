"""ecs.tf: the cluster, the task and the service that keeps two tasks running on Fargate.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf import Fn, Postcondition, TerraformElement, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import EcsClusterCapacityProviders
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceCapacityProviderStrategy,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceDeploymentController,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
    EcsServiceServiceRegistries,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import (
    EcsTaskDefinition,
    EcsTaskDefinitionVolume,
    EcsTaskDefinitionVolumeEfsVolumeConfiguration,
    EcsTaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfig,
)
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from constructs_lib import iam, wordpress
from constructs_lib.addresses import pinned
from constructs_lib.alb import LoadBalancer
from constructs_lib.kms import Keys
from constructs_lib.rds import Database
from constructs_lib.settings import StackSettings
from constructs_lib.sg import HTTP
from constructs_lib.variables import Variables, fargate_rule
from constructs_lib.vpc import Network

if TYPE_CHECKING:  # options: their modules load parts of the provider that most stacks do not need
    from constructs_lib.discovery import Discovery
    from constructs_lib.efs import Uploads
    from constructs_lib.endpoints import ServiceEndpoints
    from constructs_lib.secrets import WordpressKeys

EXECUTE_COMMAND = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
]
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"""

UPLOADS = "uploads"
UPLOADS_PATH = "/var/www/html/wp-content/uploads"


class Containers(Construct):
    """Cluster, roles, logs, task definition and service.

    Attributes:
        cluster_name, cluster_arn, service_name: for outputs, alarms and autoscaling.
        service: what autoscaling must wait for.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: StackSettings,
        variables: Variables,
        network: Network,
        security_group_id: str,
        load_balancer: LoadBalancer,
        database: Database,
        keys: Keys,
        wordpress_keys: WordpressKeys | None,
        uploads: Uploads | None,
        discovery: Discovery | None,
        endpoints: ServiceEndpoints | None,
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings.container
        self._variables = variables
        self._project = variables.project_name
        self._keys = keys
        self._uploads = uploads

        secrets = dict(wordpress_keys.arns) if wordpress_keys else {}
        secret_arns = list(secrets.values())
        if database.secret_arn:
            secrets["WORDPRESS_DB_PASSWORD"] = f"{database.secret_arn}:password::"
            secret_arns.append(database.secret_arn)

        cluster, providers = self._cluster()
        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        execution_role, permissions = self._execution_role(secret_arns)
        container = self._container(settings, database, load_balancer, secrets)
        task = self._task(container, execution_role, self._task_role())

        # Destroy runs in reverse: the service must be gone before the role's permissions
        # are, or its tasks cannot drain; and before the cluster loses its capacity.
        needed: list[TerraformElement] = [load_balancer.listener, *permissions]
        needed += [providers] if providers else []
        needed += uploads.ready if uploads else []
        needed += endpoints.endpoints if endpoints else []
        self.service = self._service(
            cluster, task, network, settings, security_group_id, load_balancer, discovery, needed
        )
        self.service_name = self.service.name

    def _cluster(self) -> tuple[EcsCluster, EcsClusterCapacityProviders | None]:
        insights = self._settings.container_insights
        cluster = pinned(
            "main",
            EcsCluster(
                self,
                "cluster",
                name=f"{self._project}-cluster",
                setting=[
                    EcsClusterSetting(
                        name="containerInsights", value="enabled" if insights else "disabled"
                    )
                ]
                if insights is not None
                else None,
            ),
        )
        if not self._settings.capacity_providers:
            return cluster, None
        providers = pinned(
            "main",
            EcsClusterCapacityProviders(
                self,
                "capacity-providers",
                cluster_name=cluster.name,
                capacity_providers=["FARGATE", "FARGATE_SPOT"],
            ),
        )
        return cluster, providers

    def _execution_role(self, secret_arns: list[str]) -> tuple[IamRole, list[TerraformElement]]:
        """The role that starts tasks: it pulls the image, writes logs and reads the secrets."""
        role = pinned(
            "ecs_task_execution_role",
            IamRole(
                self,
                "execution-role",
                name=f"{self._project}-ecs-task-execution-role",
                assume_role_policy=iam.trust("ecs-tasks"),
            ),
        )
        permissions: list[TerraformElement] = [
            pinned(
                "ecs_task_execution_attach",
                IamRolePolicyAttachment(
                    self,
                    "execution-policy",
                    role=role.name,
                    policy_arn=iam.service_role_policy("AmazonECSTaskExecutionRolePolicy"),
                ),
            )
        ]
        if secret_arns:
            statements = [iam.allow(["secretsmanager:GetSecretValue"], secret_arns)]
            key = self._keys.arn("secrets")
            if key:
                statements.append(iam.allow(["kms:Decrypt"], key))
            permissions.append(
                self._role_policy(role, "ecs_task_execution_secrets", "read-secrets", statements)
            )
        return role, permissions

    def _task_role(self) -> IamRole | None:
        """The role of the application itself, which may do nothing unless an option needs it."""
        settings = self._settings
        statements = [self._uploads.mount_statement] if self._uploads else []
        if settings.execute_command:
            statements.append(iam.allow(EXECUTE_COMMAND, "*"))
        if not settings.task_role and not statements:
            return None
        role = pinned(
            "ecs_task_role",
            IamRole(
                self,
                "task-role",
                name=f"{self._project}-ecs-task-role",
                assume_role_policy=iam.trust("ecs-tasks"),
            ),
        )
        if statements:
            self._role_policy(role, "ecs_task", "task", statements)
        return role

    def _role_policy(
        self, role: IamRole, name: str, policy_name: str, statements: list[dict[str, object]]
    ) -> TerraformElement:
        # Imported here: the default stack has none, and each import costs start-up time.
        from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy

        return pinned(
            name,
            IamRolePolicy(
                self,
                f"{policy_name}-policy",
                name=policy_name,
                role=role.name,
                policy=Fn.jsonencode(iam.document(*statements)),
            ),
        )

    def _logs(self) -> CloudwatchLogGroup:
        return pinned(
            "ecs",
            CloudwatchLogGroup(
                self,
                "logs",
                name=f"/ecs/{self._project}",
                retention_in_days=self._settings.log_retention_days,
                kms_key_id=self._keys.arn("logs"),
                tags={"Name": f"{self._project}-logs"},
            ),
        )

    def _container(
        self,
        settings: StackSettings,
        database: Database,
        load_balancer: LoadBalancer,
        secrets: dict[str, str],
    ) -> dict[str, object]:
        """The container, as a task definition describes it."""
        variables = self._variables
        environment = {
            "WORDPRESS_DB_HOST": database.address,
            "WORDPRESS_DB_USER": variables.db_username,
            "WORDPRESS_DB_PASSWORD": variables.db_password,
            "WORDPRESS_DB_NAME": variables.db_name,
        }
        if database.secret_arn:
            del environment["WORDPRESS_DB_PASSWORD"]
        extra = wordpress.config_extra(
            site_url=load_balancer.url if self._settings.fixed_site_url else None,
            tls_to_database=settings.database.require_tls,
        )
        if extra:
            environment["WORDPRESS_CONFIG_EXTRA"] = extra
        environment |= self._settings.environment

        container: dict[str, object] = {
            "name": self._settings.name,
            "image": variables.container_image,
            "essential": True,
            "portMappings": [{"containerPort": HTTP, "hostPort": HTTP, "protocol": "tcp"}],
            "environment": wordpress.as_environment(environment),
        }
        if secrets:
            container["secrets"] = wordpress.as_secrets(secrets)
        if self._uploads:
            container["mountPoints"] = [{"sourceVolume": UPLOADS, "containerPath": UPLOADS_PATH}]
        if self._settings.health_check_command:
            container["healthCheck"] = wordpress.health_check(self._settings.health_check_command)
        container["logConfiguration"] = {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self._logs().name,
                "awslogs-region": variables.aws_region,
                "awslogs-stream-prefix": "ecs",
            },
        }
        return container

    def _task(
        self, container: dict[str, object], execution_role: IamRole, task_role: IamRole | None
    ) -> EcsTaskDefinition:
        preconditions = self._variables.preconditions(fargate_rule)
        return pinned(
            "wordpress",
            EcsTaskDefinition(
                self,
                "task",
                family=f"{self._project}-task",
                network_mode="awsvpc",
                requires_compatibilities=["FARGATE"],
                cpu=self._variables.task_cpu,
                memory=self._variables.task_memory,
                execution_role_arn=execution_role.arn,
                task_role_arn=task_role.arn if task_role else None,
                container_definitions=Fn.jsonencode([container]),
                volume=[self._volume(self._uploads)] if self._uploads else None,
                lifecycle=TerraformResourceLifecycle(precondition=preconditions)
                if preconditions
                else None,
            ),
        )

    def _volume(self, uploads: Uploads) -> EcsTaskDefinitionVolume:
        return EcsTaskDefinitionVolume(
            name=UPLOADS,
            efs_volume_configuration=EcsTaskDefinitionVolumeEfsVolumeConfiguration(
                file_system_id=uploads.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=EcsTaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfig(
                    access_point_id=uploads.access_point_id, iam="ENABLED"
                ),
            ),
        )

    def _service(
        self,
        cluster: EcsCluster,
        task: EcsTaskDefinition,
        network: Network,
        stack: StackSettings,
        security_group_id: str,
        load_balancer: LoadBalancer,
        discovery: Discovery | None,
        needed: list[TerraformElement],
    ) -> EcsService:
        settings = self._settings
        spot = settings.capacity == "FARGATE_SPOT"
        return pinned(
            "wordpress",
            EcsService(
                self,
                "service",
                name=f"{self._project}-service",
                cluster=cluster.id,
                task_definition=task.arn,
                desired_count=self._variables.desired_count,
                # one of the two; going from one to the other replaces the service
                launch_type=None if spot else "FARGATE",
                capacity_provider_strategy=_spot(settings.on_demand_base) if spot else None,
                network_configuration=EcsServiceNetworkConfiguration(
                    subnets=network.task_subnet_ids,
                    security_groups=[security_group_id],
                    assign_public_ip=stack.network.task_subnets == "public",
                ),
                load_balancer=[
                    EcsServiceLoadBalancer(
                        target_group_arn=load_balancer.target_group_arn,
                        container_name=settings.name,
                        container_port=HTTP,
                    )
                ],
                service_registries=EcsServiceServiceRegistries(registry_arn=discovery.service_arn)
                if discovery
                else None,
                deployment_minimum_healthy_percent=settings.minimum_healthy_percent,
                deployment_maximum_percent=settings.maximum_percent,
                deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(
                    enable=True, rollback=True
                ),
                deployment_controller=EcsServiceDeploymentController(
                    type=settings.deployment_controller
                )
                if settings.deployment_controller
                else None,
                # AWS switches it on for services that do not say; the provider would switch it off
                availability_zone_rebalancing=_enabled(settings.zone_rebalancing),
                # costs are counted by tag, and the costs are those of the tasks
                propagate_tags="SERVICE" if stack.cost else None,
                enable_execute_command=settings.execute_command or None,
                health_check_grace_period_seconds=settings.health_check_grace_period_seconds,
                wait_for_steady_state=settings.wait_for_steady_state or None,
                depends_on=needed,
                lifecycle=self._service_lifecycle(autoscaled=stack.autoscaling is not None),
            ),
        )

    def _service_lifecycle(self, *, autoscaled: bool) -> TerraformResourceLifecycle | None:
        waits = self._settings.wait_for_steady_state
        if not autoscaled and not waits:
            return None
        return TerraformResourceLifecycle(
            ignore_changes=["desired_count"] if autoscaled else None,
            postcondition=[_not_rolled_back()] if waits else None,
        )


def _enabled(on: bool | None) -> str | None:
    if on is None:
        return None
    return "ENABLED" if on else "DISABLED"


def _spot(on_demand_base: int) -> list[EcsServiceCapacityProviderStrategy]:
    """All tasks on FARGATE_SPOT but for the first `on_demand_base`."""
    strategy = [EcsServiceCapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)]
    if on_demand_base:
        strategy.append(
            EcsServiceCapacityProviderStrategy(
                capacity_provider="FARGATE", base=on_demand_base, weight=0
            )
        )
    return strategy


def _not_rolled_back() -> Postcondition:
    """With the circuit breaker an apply succeeds after a rollback, unless somebody looks."""
    return Postcondition(
        condition="${self.task_definition == aws_ecs_task_definition.wordpress.arn}",
        error_message=(
            "The circuit breaker rolled the deployment back: the service runs "
            "${self.task_definition}, not the new ${aws_ecs_task_definition.wordpress.arn}. "
            "See the events of service ${self.name} and the logs of its stopped tasks, then "
            "apply again."
        ),
    )
