"""ECS: services return what they were given, and are steady at once.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

import uuid
from collections.abc import Callable
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse

from ops.sandbox.services import DEFAULTS, extends


@extends(EC2ContainerServiceResponse)
def create_service(
    original: Callable[..., ActionResult], self: EC2ContainerServiceResponse
) -> ActionResult:
    answer = original(self)
    service: Service = answer.result["service"]  # type: ignore[index]
    for name, default in DEFAULTS["Service"].items():
        setattr(service, xform_name(name), self._get_param(name, default))
    _fill_deployment_configuration(service)
    if service.capacity_provider_strategy:  # type: ignore[attr-defined]
        service.launch_type = None
    _settle(self.ecs_backend, service)
    return answer


@extends(EC2ContainerServiceBackend)
def update_service(
    original: Callable[..., Service],
    self: EC2ContainerServiceBackend,
    service_properties: dict[str, Any],
) -> Service:
    deploys = service_properties.get("force_new_deployment") or any(
        service_properties.get(name) is not None
        for name in ("task_definition", "network_configuration", "load_balancers")
    )
    # moto counts desired tasks as running from now on, on top of those it counted before.
    service = original(self, service_properties)
    if service.task_definition:
        service.task_definition = self.describe_task_definition(service.task_definition).arn
    _fill_deployment_configuration(service)
    if deploys and service.deployments:
        service.deployments[0]["id"] = f"ecs-svc/{uuid.uuid4().int % 10**19}"
        service.deployments[0]["createdAt"] = utcnow()
    _settle(self, service)
    return service


def _fill_deployment_configuration(service: Service) -> None:
    given = service.deployment_configuration or {}  # type: ignore[attr-defined]
    defaults = DEFAULTS["DeploymentConfiguration"]
    service.deployment_configuration = {**defaults, **given}  # type: ignore[attr-defined]


def _settle(backend: EC2ContainerServiceBackend, service: Service) -> None:
    """The service reaches its steady state at once: what is desired, runs."""
    service.running_count = service.desired_count
    service.pending_count = 0
    for deployment in service.deployments:
        deployment.update(
            desiredCount=service.desired_count,
            runningCount=service.desired_count,
            pendingCount=0,
            taskDefinition=service.task_definition,
            rolloutState="COMPLETED",
            rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
            updatedAt=utcnow(),
            capacityProviderStrategy=service.capacity_provider_strategy,  # type: ignore[attr-defined]
        )
    cluster = backend._get_cluster(service.cluster_name)
    cluster.running_tasks_count = sum(
        other.running_count
        for other in backend.services.values()
        if other.cluster_arn == cluster.arn and other.status == "ACTIVE"
    )
    cluster.pending_tasks_count = 0
