"""ecs.tf: the cluster, the task and the service that keeps two tasks running on Fargate.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html
"""

from cdktf import Fn, Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import EcsClusterCapacityProviders
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from constructs_lib import iam
from constructs_lib.addresses import pinned
from constructs_lib.alb import LoadBalancer
from constructs_lib.rds import Database
from constructs_lib.settings import ContainerSettings
from constructs_lib.sg import HTTP
from constructs_lib.variables import Variables, fargate_rule


class Containers(Construct):
    """Cluster, execution role, logs, task definition and service.

    Attributes:
        cluster_name, cluster_arn, service_name: for outputs, alarms and autoscaling.
        service: what autoscaling must wait for.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: ContainerSettings,
        variables: Variables,
        subnet_ids: list[str],
        security_group_id: str,
        load_balancer: LoadBalancer,
        database: Database,
    ) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        cluster = pinned(
            "main",
            EcsCluster(
                self,
                "cluster",
                name=f"{project}-cluster",
                setting=[
                    EcsClusterSetting(
                        name="containerInsights",
                        value="enabled" if settings.container_insights else "disabled",
                    )
                ],
            ),
        )
        providers = pinned(
            "main",
            EcsClusterCapacityProviders(
                self,
                "capacity-providers",
                cluster_name=cluster.name,
                capacity_providers=["FARGATE", "FARGATE_SPOT"],
            ),
        )
        role = pinned(
            "ecs_task_execution_role",
            IamRole(
                self,
                "execution-role",
                name=f"{project}-ecs-task-execution-role",
                assume_role_policy=iam.trust("ecs-tasks"),
            ),
        )
        role_policy = pinned(
            "ecs_task_execution_attach",
            IamRolePolicyAttachment(
                self,
                "execution-policy",
                role=role.name,
                policy_arn=iam.service_role_policy("AmazonECSTaskExecutionRolePolicy"),
            ),
        )
        logs = pinned(
            "ecs",
            CloudwatchLogGroup(
                self,
                "logs",
                name=f"/ecs/{project}",
                retention_in_days=settings.log_retention_days,
                tags={"Name": f"{project}-logs"},
            ),
        )
        container = {
            "name": settings.name,
            "image": variables.container_image,
            "essential": True,
            "portMappings": [{"containerPort": HTTP, "hostPort": HTTP, "protocol": "tcp"}],
            "environment": [
                {"name": "WORDPRESS_DB_HOST", "value": database.address},
                {"name": "WORDPRESS_DB_USER", "value": variables.db_username},
                {"name": "WORDPRESS_DB_PASSWORD", "value": variables.db_password},
                {"name": "WORDPRESS_DB_NAME", "value": variables.db_name},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": logs.name,
                    "awslogs-region": variables.aws_region,
                    "awslogs-stream-prefix": "ecs",
                },
            },
        }
        task = pinned(
            "wordpress",
            EcsTaskDefinition(
                self,
                "task",
                family=f"{project}-task",
                network_mode="awsvpc",
                requires_compatibilities=["FARGATE"],
                cpu=variables.task_cpu,
                memory=variables.task_memory,
                execution_role_arn=role.arn,
                container_definitions=Fn.jsonencode([container]),
                lifecycle=TerraformResourceLifecycle(precondition=[fargate_rule.precondition()]),
            ),
        )
        self.service = pinned(
            "wordpress",
            EcsService(
                self,
                "service",
                name=f"{project}-service",
                cluster=cluster.id,
                task_definition=task.arn,
                desired_count=variables.desired_count,
                launch_type="FARGATE",
                network_configuration=EcsServiceNetworkConfiguration(
                    subnets=subnet_ids, security_groups=[security_group_id], assign_public_ip=True
                ),
                load_balancer=[
                    EcsServiceLoadBalancer(
                        target_group_arn=load_balancer.target_group_arn,
                        container_name=settings.name,
                        container_port=HTTP,
                    )
                ],
                deployment_minimum_healthy_percent=settings.minimum_healthy_percent,
                deployment_maximum_percent=settings.maximum_percent,
                deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(
                    enable=True, rollback=True
                ),
                # AWS switches it on for services that do not say; the provider would switch it off
                availability_zone_rebalancing="DISABLED",
                health_check_grace_period_seconds=settings.health_check_grace_period_seconds,
                wait_for_steady_state=True,
                # Destroy runs in reverse: the service must be gone before the role's permissions
                # are, or its tasks cannot drain; and before the cluster loses its capacity.
                depends_on=[load_balancer.listener, role_policy, providers],
                lifecycle=TerraformResourceLifecycle(
                    ignore_changes=["desired_count"],
                    postcondition=[
                        Postcondition(
                            condition=(
                                "${self.task_definition == aws_ecs_task_definition.wordpress.arn}"
                            ),
                            error_message=(
                                "The circuit breaker rolled the deployment back: the service runs "
                                "${self.task_definition}, not the new "
                                "${aws_ecs_task_definition.wordpress.arn}. See the events of "
                                "service ${self.name} and the logs of its stopped tasks, then "
                                "apply again."
                            ),
                        )
                    ],
                ),
            ),
        )
        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        self.service_name = self.service.name
