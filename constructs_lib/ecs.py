"""ecs.tf: the cluster, the task and the service that keeps two tasks running on Fargate.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html
"""

from __future__ import annotations

from cdktf import Fn, Postcondition, TerraformElement, TerraformResourceLifecycle

from constructs_lib import aws, iam, wordpress
from constructs_lib.alb import LoadBalancer
from constructs_lib.alerts import alarm_name
from constructs_lib.options.discovery import Discovery
from constructs_lib.options.endpoints import ServiceEndpoints
from constructs_lib.options.uploads import Uploads
from constructs_lib.options.wordpress_keys import WordpressKeys
from constructs_lib.part import Part, PlatformStack
from constructs_lib.rds import Database
from constructs_lib.settings.container import ContainerSettings
from constructs_lib.sg import HTTP, SecurityGroups
from constructs_lib.variables import fargate_rule, registry_rule
from constructs_lib.vpc import Network

EXECUTE_COMMAND = [
    f"ssmmessages:{verb}{channel}Channel"
    for verb in ("Create", "Open")
    for channel in ("Control", "Data")
]
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"""

ROLLBACK_ALARMS = ("alb_5xx", "alb_own_5xx", "alb_response_time")
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"""


class Containers(Part):
    """Cluster, roles, logs, task definition and service.

    Attributes:
        cluster_name, cluster_arn, service_name: for outputs, alarms and autoscaling.
        service: what new tasks are asked of after a rotation.
    """

    def __init__(
        self,
        stack: PlatformStack,
        network: Network,
        groups: SecurityGroups,
        load_balancer: LoadBalancer,
        database: Database,
        *,
        wordpress_keys: WordpressKeys | None,
        uploads: Uploads | None,
        discovery: Discovery | None,
        endpoints: ServiceEndpoints | None,
    ) -> None:
        super().__init__(stack)
        settings, variables = stack.settings, stack.variables
        wanted = settings.container
        insights = aws.EcsClusterSetting(
            name="containerInsights", value="enabled" if wanted.container_insights else "disabled"
        )
        cluster = aws.EcsCluster(
            self, "aws_ecs_cluster.main", name=f"{self.project}-cluster", setting=[insights]
        )
        secrets = wordpress.secrets(wordpress_keys, database)
        execution_role, permissions = self._execution_role(wordpress.arns(secrets))
        # Destroy runs in reverse: the service must be gone before the permissions of its tasks
        # are, or they cannot drain, and before the cluster loses its capacity.
        needed = [load_balancer.listener, *permissions]
        if wanted.capacity_providers:
            needed.append(
                aws.EcsClusterCapacityProviders(
                    self,
                    "aws_ecs_cluster_capacity_providers.main",
                    cluster_name=cluster.name,
                    capacity_providers=["FARGATE", "FARGATE_SPOT"],
                )
            )
        task_role = self._task_role([uploads.mount_statement] if uploads else [])
        container: dict[str, object] = {
            "name": wanted.name,
            "image": variables.container_image,
            "command": wordpress.command(wanted),
            "essential": True,
            "portMappings": [{"containerPort": HTTP, "hostPort": HTTP, "protocol": "tcp"}],
            "environment": wordpress.environment(settings, variables, database, load_balancer),
            "secrets": wordpress.as_secrets(secrets) or None,
            "mountPoints": [uploads.mount_point] if uploads else None,
            "healthCheck": wordpress.health_check(wanted.health_check_command),
            "logConfiguration": self._logs(),
        }
        rules = [fargate_rule, *([registry_rule] if settings.pulls_through_endpoints else [])]
        task = aws.EcsTaskDefinition(
            self,
            "aws_ecs_task_definition.wordpress",
            family=f"{self.project}-task",
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            cpu=variables.task_cpu,
            memory=variables.task_memory,
            execution_role_arn=execution_role.arn,
            task_role_arn=task_role.arn if task_role else None,
            container_definitions=Fn.jsonencode([iam.without_nulls(container)]),
            volume=[uploads.volume] if uploads else None,
            lifecycle=variables.checks(*rules),
        )
        needed += uploads.ready if uploads else []
        needed += endpoints.endpoints if endpoints else []
        spot = wanted.capacity == "FARGATE_SPOT"
        self.service = aws.EcsService(
            self,
            "aws_ecs_service.wordpress",
            name=f"{self.project}-service",
            cluster=cluster.id,
            task_definition=task.arn,
            desired_count=variables.desired_count,
            # one of the two; going from one to the other replaces the service
            launch_type=None if spot else "FARGATE",
            capacity_provider_strategy=_spot(wanted.on_demand_base) if spot else None,
            network_configuration=aws.EcsServiceNetworkConfiguration(
                subnets=network.task_subnet_ids,
                security_groups=[groups.ecs_id],
                assign_public_ip=settings.network.task_subnets == "public",
            ),
            load_balancer=[
                aws.EcsServiceLoadBalancer(
                    target_group_arn=load_balancer.target_group_arn,
                    container_name=wanted.name,
                    container_port=HTTP,
                )
            ],
            service_registries=discovery.registries if discovery else None,
            deployment_minimum_healthy_percent=wanted.minimum_healthy_percent,
            deployment_maximum_percent=wanted.maximum_percent,
            deployment_circuit_breaker=aws.EcsServiceDeploymentCircuitBreaker(
                enable=True, rollback=True
            ),
            alarms=self._alarms() if wanted.rollback_alarms else None,
            # AWS switches it on for services that do not say; the provider would switch it off
            availability_zone_rebalancing="ENABLED" if wanted.zone_rebalancing else "DISABLED",
            # budgets and fault injection find by tag, so the tasks need the service's tags
            propagate_tags="SERVICE"
            if settings.cost or settings.resilience.fault_injection
            else None,
            enable_execute_command=wanted.execute_command or None,
            health_check_grace_period_seconds=wanted.health_check_grace_period_seconds,
            wait_for_steady_state=wanted.wait_for_steady_state or None,
            depends_on=needed,
            lifecycle=_lifecycle(settings.autoscaling is not None, wanted),
        )
        self.cluster_name, self.cluster_arn = cluster.name, cluster.arn
        self.service_name = self.service.name

    def _execution_role(self, secret_arns: list[str]) -> tuple[aws.IamRole, list[TerraformElement]]:
        """What starts a task: pulls the image, writes logs, reads secrets; with its permissions."""
        role = self.role("ecs_task_execution_role", "ecs-task-execution-role", "ecs-tasks")
        permissions: list[TerraformElement] = [
            self.attach("ecs_task_execution_attach", role, "AmazonECSTaskExecutionRolePolicy")
        ]
        if secret_arns:
            read = [iam.allow(["secretsmanager:GetSecretValue"], secret_arns)]
            if key := self.stack.keys.arn("secrets"):
                read.append(iam.allow(["kms:Decrypt"], key))
            permissions.append(
                self.grant("ecs_task_execution_secrets", role, "read-secrets", *read)
            )
        return role, permissions

    def _task_role(self, allowed: list[iam.Statement]) -> aws.IamRole | None:
        """The application's own role, which may do nothing unless an option needs it."""
        wanted = self.stack.settings.container
        if wanted.execute_command:
            allowed = [*allowed, iam.allow(EXECUTE_COMMAND, "*")]
        if not wanted.task_role and not allowed:
            return None
        role = self.role("ecs_task_role", "ecs-task-role", "ecs-tasks")
        if allowed:
            self.grant("ecs_task", role, "task", *allowed)
        return role

    def _alarms(self) -> aws.EcsServiceAlarms:
        """By name, since the alarms refer to the service."""
        names = [alarm_name(self.project, name) for name in ROLLBACK_ALARMS]
        return aws.EcsServiceAlarms(alarm_names=names, enable=True, rollback=True)

    def _logs(self) -> dict[str, object]:
        """The log group, as a container names it."""
        days = self.stack.settings.container.log_retention_days
        group = self.log_group("ecs", f"/ecs/{self.project}", "logs", days)
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": group.name,
                "awslogs-region": self.stack.variables.aws_region,
                "awslogs-stream-prefix": "ecs",
            },
        }


def _spot(on_demand_base: int) -> list[aws.EcsServiceCapacityProviderStrategy]:
    """The first `on_demand_base` tasks on FARGATE, all others on FARGATE_SPOT."""
    strategy = aws.EcsServiceCapacityProviderStrategy
    first = strategy(capacity_provider="FARGATE", base=on_demand_base, weight=0)
    spot = strategy(capacity_provider="FARGATE_SPOT", weight=1)
    return [spot, first] if on_demand_base else [spot]


def _lifecycle(autoscaled: bool, wanted: ContainerSettings) -> TerraformResourceLifecycle | None:
    """Makes an apply fail after a rollback, where it would succeed otherwise.

    https://github.com/hashicorp/terraform-provider-aws/issues/20858
    """
    who = "The circuit breaker, or an alarm," if wanted.rollback_alarms else "The circuit breaker"
    waits = wanted.wait_for_steady_state
    rolled_back = Postcondition(
        condition="${self.task_definition == aws_ecs_task_definition.wordpress.arn}",
        error_message=(
            f"{who} rolled the deployment back: the service runs "
            "${self.task_definition}, not the new ${aws_ecs_task_definition.wordpress.arn}. "
            "See the events of service ${self.name} and the logs of its stopped tasks, then "
            "apply again."
        ),
    )
    lifecycle = TerraformResourceLifecycle(
        ignore_changes=["desired_count"] if autoscaled else None,
        postcondition=[rolled_back] if waits else None,
    )
    return lifecycle if autoscaled or waits else None
