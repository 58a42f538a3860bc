"""ecs.tf: the cluster, the task and the service that keeps two tasks running on Fargate.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html
"""

from __future__ import annotations

from cdktf import Fn, Postcondition, TerraformElement, TerraformResourceLifecycle

from constructs_lib import aws, iam
from constructs_lib.alb import LoadBalancer
from constructs_lib.alerts import alarm_name
from constructs_lib.options.discovery import Discovery
from constructs_lib.options.endpoints import ServiceEndpoints
from constructs_lib.options.uploads import Uploads
from constructs_lib.options.wordpress_keys import WordpressKeys
from constructs_lib.part import Part, PlatformStack
from constructs_lib.rds import Database
from constructs_lib.settings import wordpress
from constructs_lib.settings.container import ContainerSettings
from constructs_lib.sg import SecurityGroups
from constructs_lib.variables import fargate_rule, registry_rule
from constructs_lib.vpc import Network

EXECUTE_COMMAND = [
    *("ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"),
    *("ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"),
]
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"""

ROLLBACK_ALARMS = ("alb_5xx", "alb_own_5xx", "alb_response_time")
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"""

SECRET_STORES = (
    ("secretsmanager", "GetSecretValue", "SecretARN"),
    ("ssm", "GetParameters", "PARAMETER_ARN"),
)
"""Where secrets are kept, how they are read, and what decryption names them by.
https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html"""

HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60}
"""Of a check that ECS makes inside the container, in seconds but for the retries.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_healthcheck"""

_ARM = {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}


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
        shared_keys: WordpressKeys | None,
        uploads: Uploads | None,
        discovery: Discovery | None,
        endpoints: ServiceEndpoints | None,
    ) -> None:
        super().__init__(stack)
        settings, variables = stack.settings, stack.variables
        wanted = settings.container
        state = "enabled" if wanted.container_insights else "disabled"
        insights = [aws.EcsClusterSetting(name="containerInsights", value=state)]
        called = f"{self.project}-cluster"
        cluster = aws.EcsCluster(self, "aws_ecs_cluster.main", name=called, setting=insights)
        environment = self._environment(database, load_balancer)
        secrets = dict(shared_keys.arns) if shared_keys else {}
        if (name := wanted.database_variable("password")) and database.secret_arn:
            secrets[name] = f"{database.secret_arn}:password::"
        own = [arn.removesuffix(":password::") for arn in secrets.values()]
        execution_role, permissions = self._execution_role(own)
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
        port, check = wanted.port, wanted.health_check_command
        checked = {"command": ["CMD-SHELL", iam.literal(check)], **HEALTH_CHECK} if check else None
        container: dict[str, object] = {
            "name": wanted.name,
            "image": variables.container_image,
            "command": [iam.literal(part) for part in wanted.command or wanted.startup or ()]
            or None,
            "essential": True,
            "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"}],
            "environment": _pairs("value", environment),
            "secrets": _pairs("valueFrom", {**secrets, **wanted.secrets}) or None,
            "mountPoints": [uploads.mount_point] if uploads else None,
            "healthCheck": checked,
            "logConfiguration": self._logs(),
        }
        given = {key: value for key, value in container.items() if value is not None}
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
            container_definitions=Fn.jsonencode([given]),
            volume=[uploads.volume] if uploads else None,
            runtime_platform=None if wanted.architecture == "X86_64" else _ARM,
            lifecycle=variables.checks(*rules),
        )
        needed += uploads.ready if uploads else []
        needed += endpoints.endpoints if endpoints else []
        spot = wanted.capacity == "FARGATE_SPOT"
        # by name, since the alarms refer to the service
        named = [alarm_name(self.project, name) for name in ROLLBACK_ALARMS]
        alarms = aws.EcsServiceAlarms(alarm_names=named, enable=True, rollback=True)
        found_by_tag = settings.cost or settings.tags or settings.resilience.fault_injection
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
                    container_port=port,
                )
            ],
            service_registries=discovery.registries if discovery else None,
            deployment_minimum_healthy_percent=wanted.minimum_healthy_percent,
            deployment_maximum_percent=wanted.maximum_percent,
            deployment_circuit_breaker={"enable": True, "rollback": True},
            alarms=alarms if wanted.rollback_alarms else None,
            # AWS switches it on for services that do not say; the provider would switch it off
            availability_zone_rebalancing="ENABLED" if wanted.zone_rebalancing else "DISABLED",
            # budgets and fault injection find by tag, so the tasks need the service's tags
            propagate_tags="SERVICE" if found_by_tag else None,
            enable_execute_command=wanted.execute_command or None,
            health_check_grace_period_seconds=wanted.health_check_grace_period_seconds,
            wait_for_steady_state=wanted.wait_for_steady_state or None,
            depends_on=needed,
            lifecycle=_lifecycle(settings.autoscaling is not None, wanted),
        )
        self.cluster_name, self.cluster_arn = cluster.name, cluster.arn
        self.service_name = self.service.name

    def _environment(self, database: Database, load_balancer: LoadBalancer) -> dict[str, str]:
        """The container's variables, but for those whose values are in Secrets Manager."""
        settings, variables = self.stack.settings, self.stack.variables
        wanted = settings.container
        parts = {
            "host": database.address,
            "user": variables.db_username,
            "password": None if database.secret_arn else variables.db_password,
            "name": variables.db_name,
        }
        told = {wanted.database_variable(part): value for part, value in parts.items()}
        if wanted.runs_wordpress:
            told[wordpress.CONFIG_EXTRA] = wordpress.config_extra(
                site_url=load_balancer.url if settings.fixed_site_url else None,
                https_at_cdn=settings.load_balancer.https_at_cdn,
                tls_to_database=settings.database.require_tls,
                further=wanted.wordpress_constants,
            )
        told |= {name: iam.literal(text) for name, text in wanted.environment.items()}
        return {name: text for name, text in told.items() if name and text is not None}

    def _execution_role(self, secret_arns: list[str]) -> tuple[aws.IamRole, list[TerraformElement]]:
        """What starts a task: pulls the image, writes logs, reads secrets; with its permissions."""
        role = self.role("ecs_task_execution_role", "ecs-tasks")
        permissions: list[TerraformElement] = [
            self.attach("ecs_task_execution_attach", role, "AmazonECSTaskExecutionRolePolicy")
        ]
        read: list[iam.Statement] = []
        if secret_arns:
            read.append(iam.allow(["secretsmanager:GetSecretValue"], secret_arns))
            if key := self.stack.keys.arn("secrets"):
                read.append(iam.allow(["kms:Decrypt"], key))
        given = self.stack.settings.container.secrets.values()
        for service, action, named in SECRET_STORES:
            # without the value that is read of several
            arns = sorted({":".join(a.split(":")[:7]) for a in given if f":{service}:" in a})
            if arns:
                # whichever key they are encrypted with
                of_these = {"StringEquals": {f"kms:EncryptionContext:{named}": arns}}
                read.append(iam.allow([f"{service}:{action}"], arns))
                read.append(iam.allow(["kms:Decrypt"], "*", of_these))
        if read:
            permissions += [self.grant("ecs_task_execution_secrets", role, "read-secrets", *read)]
        return role, permissions

    def _task_role(self, allowed: list[iam.Statement]) -> aws.IamRole | None:
        """The application's own role, which may do nothing unless an option needs it."""
        wanted = self.stack.settings.container
        allowed += [iam.allow([*p.actions], [*p.resources]) for p in wanted.task_permissions]
        if wanted.execute_command:
            allowed = [*allowed, iam.allow(EXECUTE_COMMAND, "*")]
        if not wanted.task_role and not allowed:
            return None
        role = self.role("ecs_task_role", "ecs-tasks")
        if allowed:
            self.grant("ecs_task", role, "task", *allowed)
        return role

    def _logs(self) -> dict[str, object]:
        """The log group, as a container names it."""
        days = self.stack.settings.container.log_retention_days
        group = self.log_group("ecs", f"/ecs/{self.project}", days, "logs")
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": group.name,
                "awslogs-region": self.stack.variables.aws_region,
                "awslogs-stream-prefix": "ecs",
            },
        }


def _pairs(key: str, values: dict[str, str]) -> list[dict[str, str]]:
    """Variables as a task definition lists them."""
    return [{"name": name, key: value} for name, value in values.items()]


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
