"""What moto lacks, added to it: calls it does not have, and values it takes but does not return.

`install()` puts the functions below onto moto's own classes, in this process. Each does what AWS
does with the same call, as far as a client can see it; none exists to please one tool. A call that
neither moto nor this module has is refused by the sandbox, never answered wrongly.

Where the emulator still differs from AWS:

| subject            | AWS                                   | here                                |
| ------------------ | ------------------------------------- | ----------------------------------- |
| accounts           | keys belong to accounts               | every key is the one account        |
| permissions        | IAM decides                           | everything is allowed               |
| waiting            | minutes to create or delete           | at once; what waits is the provider |
| capacity, limits   | quotas, zones without capacity        | none                                |
| machine images     | thousands                             | none                                |
| combinations       | many are refused                      | most are taken; refused as there:   |
|                    |                                       | Performance Insights on small       |
|                    |                                       | MySQL classes, a second DIMENSIONAL |
|                    |                                       | anomaly monitor, SNS not IMMEDIATE  |
| dependencies       | a resource in use cannot be deleted   | checked in places only              |
| ECS services       | tasks start, fail, are replaced; a    | what is desired counts as running   |
|                    | broken one is rolled back             | at once, and there are no tasks;    |
|                    |                                       | a deployment never fails            |
| target health      | follows the health check              | never changes                       |
| Auto Scaling       | acts on its alarms and schedules      | never acts                          |
| CloudWatch         | metrics flow, alarms change           | no metrics, alarms stay as they are |
| SNS, e-mail        | subscriptions wait to be confirmed,   | stored, nothing is sent             |
|                    | messages are sent                     |                                     |
| budgets, anomalies | spending is counted                   | stored; spending is 0; all          |
|                    |                                       | subscribers count as confirmed      |
| RDS failover       | another zone after 60 to 120 s        | a reboot changes nothing            |
| RDS versions       | "8.0" becomes the newest 8.0.x        | becomes one fixed 8.0.x             |
| RDS parameters     | some 400 with the engine's values;    | only those that were set, with any  |
|                    | values and apply methods are checked  | value                               |
| RDS secrets        | rotate every 7 days                   | never rotate                        |
| RDS snapshots      | the final one stays                   | likewise: it is a leftover          |
| Lambda, Batch      | code runs                             | is stored, never run (no Docker)    |
| Step Functions     | a definition is checked as a language | JSON with a known StartAt           |
| EventBridge        | rules fire                            | stored                              |
| WAF, flow logs,    | act and write                         | stored                              |
| backups, EFS       |                                       |                                     |
| KMS                | keys and policies are enforced        | any key id is taken                 |
| ACM                | a certificate waits for its proof     | is issued after a minute            |
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

import moto.iam.models
import moto.rds.models
from botocore import xform_name
from moto.applicationautoscaling.models import FakeScalableTarget
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.responses import BackupResponse
from moto.budgets.exceptions import DuplicateRecordException, NotFoundException
from moto.budgets.models import Budget, BudgetsBackend, Notification
from moto.budgets.responses import BudgetsResponse
from moto.ce.models import CostExplorerBackend
from moto.ce.responses import CostExplorerResponse
from moto.core.common_models import BaseModel, CloudFormationModel
from moto.core.config import default_user_config
from moto.core.exceptions import JsonRESTError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.core.utils import iso_8601_datetime_without_milliseconds, unix_time, utcnow
from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPC
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.efs.exceptions import FileSystemNotFound
from moto.efs.models import FileSystem
from moto.efs.responses import EFSResponse
from moto.kms.responses import KmsResponse
from moto.logs.exceptions import ResourceNotFoundException as LogGroupNotFound
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse
from moto.rds.exceptions import DBParameterGroupNotFoundError, InvalidParameterCombination
from moto.rds.models import DBInstance, DBParameterGroup, EventSubscription
from moto.rds.responses import RDSResponse
from moto.route53.models import route53_backends
from moto.s3.responses import S3Response
from moto.secretsmanager.models import secretsmanager_backends
from moto.servicediscovery.models import ServiceDiscoveryBackend
from moto.stepfunctions.responses import StepFunctionResponse
from moto.utilities.tagging_service import TaggingService

Function = TypeVar("Function", bound=Callable[..., Any])

_Owner = type | ModuleType
_additions: list[tuple[_Owner, str, Callable[..., Any]]] = []
_extensions: list[tuple[_Owner, str, Callable[..., Any]]] = []


def install() -> None:
    """Adds everything below to moto, once per process; calling it again changes nothing.

    Raises:
        RuntimeError: moto has one of the calls by now, and ours would hide it.
    """
    while _additions:
        owner, name, function = _additions[-1]
        if hasattr(owner, name):
            raise RuntimeError(f"moto has {owner.__name__}.{name} now: remove ours")
        setattr(owner, name, function)
        _additions.pop()
    while _extensions:
        owner, name, function = _extensions.pop()
        setattr(owner, name, _extended(getattr(owner, name), function))
    # moto only has AWS's managed policies when told to; every account has them.
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    # And it would start containers for functions and jobs on a machine that has Docker.
    default_user_config["lambda"] = default_user_config["batch"] = {"use_docker": False}


def _adds(owner: type) -> Callable[[Function], Function]:
    """The function becomes a method that moto's class does not have."""

    def register(function: Function) -> Function:
        _additions.append((owner, function.__name__, function))
        return function

    return register


def _extends(owner: _Owner) -> Callable[[Function], Function]:
    """The function replaces moto's of the same name, and gets that one as its first argument."""

    def register(function: Function) -> Function:
        _extensions.append((owner, function.__name__, function))
        return function

    return register


def _extended(original: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def replacement(*args: Any, **kwargs: Any) -> Any:
        return function(original, *args, **kwargs)

    return replacement


def _state(backend: object, name: str) -> dict[str, Any]:
    """A dictionary kept on moto's backend, where moto's reset finds and clears it."""
    state: dict[str, Any] = vars(backend).setdefault(name, {})
    return state


# --- Budgets ----------------------------------------------------------------------------------
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html


def _budget(response: BudgetsResponse) -> Budget:
    name = response._get_param("BudgetName")
    budgets = response.backend.budgets[response._get_param("AccountId")]
    if name not in budgets:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _notification(response: BudgetsResponse) -> Notification:
    wanted = _with_notification_defaults(response._get_param("Notification"))
    for notification in _budget(response).notifications:
        if _with_notification_defaults(notification.details) == wanted:
            return notification
    raise NotFoundException("Unable to find the notification of the budget.")


def _with_notification_defaults(details: dict[str, Any]) -> dict[str, Any]:
    """As AWS returns it; the state is not part of what identifies a notification."""
    return {
        "ThresholdType": "PERCENTAGE",
        **{key: value for key, value in details.items() if key != "NotificationState"},
        "Threshold": float(details["Threshold"]),
    }


@_extends(BudgetsResponse)
def create_budget(original: Callable[..., str], self: BudgetsResponse) -> str:
    answer = original(self)
    name = self._get_param("Budget")["BudgetName"]
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{name}"
    _budget_tagger(self.backend).tag_resource(arn, self._get_param("ResourceTags") or [])
    return answer


@_adds(BudgetsResponse)
def update_budget(self: BudgetsResponse) -> str:
    new = self._get_param("NewBudget")
    budgets = self.backend.budgets[self._get_param("AccountId")]
    old = budgets.get(new["BudgetName"])
    if old is None:
        raise NotFoundException("Unable to update budget - the budget doesn't exist.")
    updated = Budget({"TimePeriod": old.budget["TimePeriod"], **new}, [])
    updated.notifications = old.notifications
    budgets[new["BudgetName"]] = updated
    return "{}"


@_extends(BudgetsResponse)
def describe_notifications_for_budget(original: Callable[..., str], self: BudgetsResponse) -> str:
    _budget(self)
    answer: dict[str, Any] = json.loads(original(self))
    for notification in answer["Notifications"]:
        notification.setdefault("ThresholdType", "PERCENTAGE")
        notification.setdefault("NotificationState", "OK")
    return json.dumps(answer)


@_adds(BudgetsResponse)
def update_notification(self: BudgetsResponse) -> str:
    notifications = _budget(self).notifications
    wanted = _with_notification_defaults(self._get_param("OldNotification"))
    for notification in notifications:
        if _with_notification_defaults(notification.details) == wanted:
            notification.details = self._get_param("NewNotification")
            return "{}"
    raise NotFoundException("Unable to update notification - it doesn't exist.")


@_adds(BudgetsResponse)
def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    return json.dumps({"Subscribers": _notification(self).subscribers})


@_adds(BudgetsResponse)
def create_subscriber(self: BudgetsResponse) -> str:
    subscribers: list[dict[str, str]] = _notification(self).subscribers  # type: ignore[assignment]
    new = self._get_param("Subscriber")
    if new in subscribers:
        raise DuplicateRecordException("subscriber", new["Address"])
    subscribers.append(new)
    return "{}"


@_adds(BudgetsResponse)
def update_subscriber(self: BudgetsResponse) -> str:
    subscribers: list[dict[str, str]] = _notification(self).subscribers  # type: ignore[assignment]
    old = self._get_param("OldSubscriber")
    if old not in subscribers:
        raise NotFoundException("Unable to update subscriber - it doesn't exist.")
    subscribers[subscribers.index(old)] = self._get_param("NewSubscriber")
    return "{}"


@_adds(BudgetsResponse)
def delete_subscriber(self: BudgetsResponse) -> str:
    subscribers: list[dict[str, str]] = _notification(self).subscribers  # type: ignore[assignment]
    old = self._get_param("Subscriber")
    if old not in subscribers:
        raise NotFoundException("Unable to delete subscriber - it doesn't exist.")
    subscribers.remove(old)
    return "{}"


def _budget_tagger(backend: BudgetsBackend) -> TaggingService:
    tagger: TaggingService = vars(backend).setdefault(
        "tagger", TaggingService(tag_name="ResourceTags")
    )
    return tagger


def _budgets_list_tags(self: BudgetsResponse) -> str:
    tagger = _budget_tagger(self.backend)
    return json.dumps(tagger.list_tags_for_resource(self._get_param("ResourceARN")))


def _budgets_tag(self: BudgetsResponse) -> str:
    tagger = _budget_tagger(self.backend)
    tagger.tag_resource(self._get_param("ResourceARN"), self._get_param("ResourceTags"))
    return "{}"


def _budgets_untag(self: BudgetsResponse) -> str:
    tagger = _budget_tagger(self.backend)
    tagger.untag_resource_using_names(
        self._get_param("ResourceARN"), self._get_param("ResourceTagKeys")
    )
    return "{}"


_additions += [
    (BudgetsResponse, "list_tags_for_resource", _budgets_list_tags),
    (BudgetsResponse, "tag_resource", _budgets_tag),
    (BudgetsResponse, "untag_resource", _budgets_untag),
]


# --- Cost Anomaly Detection -------------------------------------------------------------------
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalyMonitor.html


class UnknownMonitor(JsonRESTError):
    def __init__(self) -> None:
        super().__init__("UnknownMonitorException", "Unable to find the monitor.")


class UnknownSubscription(JsonRESTError):
    def __init__(self) -> None:
        super().__init__("UnknownSubscriptionException", "Unable to find the subscription.")


class AnomalyMonitor(BaseModel):
    def __init__(self, details: dict[str, Any]) -> None:
        self.details = details


class AnomalySubscription(BaseModel):
    def __init__(self, details: dict[str, Any]) -> None:
        self.details = details


def _monitors(backend: CostExplorerBackend) -> dict[str, AnomalyMonitor]:
    return _state(backend, "anomaly_monitors")


def _subscriptions(backend: CostExplorerBackend) -> dict[str, AnomalySubscription]:
    return _state(backend, "anomaly_subscriptions")


def _cost_arn(backend: CostExplorerBackend, kind: str) -> str:
    return f"arn:aws:ce::{backend.account_id}:{kind}/{uuid.uuid4()}"


@_adds(CostExplorerResponse)
def create_anomaly_monitor(self: CostExplorerResponse) -> str:
    monitor = self._get_param("AnomalyMonitor")
    if monitor["MonitorType"] == "DIMENSIONAL":
        # The one that an account may have is in every account already.
        raise JsonRESTError(
            "LimitExceededException", "Limit exceeded on dimensional spend monitor creation"
        )
    arn = _cost_arn(self.ce_backend, "anomalymonitor")
    now = iso_8601_datetime_without_milliseconds(utcnow())
    _monitors(self.ce_backend)[arn] = AnomalyMonitor(
        {
            **monitor,
            "MonitorArn": arn,
            "CreationDate": now,
            "LastUpdatedDate": now,
            "DimensionalValueCount": 0,
        }
    )
    self.ce_backend.tag_resource(arn, self._get_param("ResourceTags") or [])
    return json.dumps({"MonitorArn": arn})


@_adds(CostExplorerResponse)
def get_anomaly_monitors(self: CostExplorerResponse) -> str:
    monitors = _monitors(self.ce_backend)
    wanted = self._get_param("MonitorArnList") or list(monitors)
    if any(arn not in monitors for arn in wanted):
        raise UnknownMonitor
    return json.dumps({"AnomalyMonitors": [monitors[arn].details for arn in wanted]})


@_adds(CostExplorerResponse)
def update_anomaly_monitor(self: CostExplorerResponse) -> str:
    arn = self._get_param("MonitorArn")
    if arn not in _monitors(self.ce_backend):
        raise UnknownMonitor
    if self._get_param("MonitorName"):
        _monitors(self.ce_backend)[arn].details["MonitorName"] = self._get_param("MonitorName")
    return json.dumps({"MonitorArn": arn})


@_adds(CostExplorerResponse)
def delete_anomaly_monitor(self: CostExplorerResponse) -> str:
    if _monitors(self.ce_backend).pop(self._get_param("MonitorArn"), None) is None:
        raise UnknownMonitor
    return "{}"


def _check_subscription(backend: CostExplorerBackend, subscription: dict[str, Any]) -> None:
    for arn in subscription["MonitorArnList"]:
        if arn not in _monitors(backend):
            raise UnknownMonitor
    immediate = subscription["Frequency"] == "IMMEDIATE"
    for subscriber in subscription["Subscribers"]:
        if immediate != (subscriber["Type"] == "SNS"):
            raise JsonRESTError(
                "ValidationException",
                "Invalid frequency for the type of subscriber: "
                "SNS takes IMMEDIATE, EMAIL takes DAILY or WEEKLY",
            )


@_adds(CostExplorerResponse)
def create_anomaly_subscription(self: CostExplorerResponse) -> str:
    subscription = self._get_param("AnomalySubscription")
    _check_subscription(self.ce_backend, subscription)
    arn = _cost_arn(self.ce_backend, "anomalysubscription")
    _subscriptions(self.ce_backend)[arn] = AnomalySubscription(
        {
            **subscription,
            "SubscriptionArn": arn,
            "AccountId": self.ce_backend.account_id,
            "Subscribers": [{"Status": "CONFIRMED", **one} for one in subscription["Subscribers"]],
        }
    )
    self.ce_backend.tag_resource(arn, self._get_param("ResourceTags") or [])
    return json.dumps({"SubscriptionArn": arn})


@_adds(CostExplorerResponse)
def get_anomaly_subscriptions(self: CostExplorerResponse) -> str:
    subscriptions = _subscriptions(self.ce_backend)
    wanted = self._get_param("SubscriptionArnList") or list(subscriptions)
    if any(arn not in subscriptions for arn in wanted):
        raise UnknownSubscription
    monitor = self._get_param("MonitorArn")
    found = [
        subscriptions[arn].details
        for arn in wanted
        if monitor is None or monitor in subscriptions[arn].details["MonitorArnList"]
    ]
    return json.dumps({"AnomalySubscriptions": found})


@_adds(CostExplorerResponse)
def update_anomaly_subscription(self: CostExplorerResponse) -> str:
    arn = self._get_param("SubscriptionArn")
    if arn not in _subscriptions(self.ce_backend):
        raise UnknownSubscription
    changes = {
        name: value
        for name in (
            "Frequency",
            "MonitorArnList",
            "Subscribers",
            "SubscriptionName",
            "Threshold",
            "ThresholdExpression",
        )
        if (value := self._get_param(name)) is not None
    }
    subscription = _subscriptions(self.ce_backend)[arn]
    _check_subscription(self.ce_backend, {**subscription.details, **changes})
    subscription.details.update(changes)
    return json.dumps({"SubscriptionArn": arn})


@_adds(CostExplorerResponse)
def delete_anomaly_subscription(self: CostExplorerResponse) -> str:
    if _subscriptions(self.ce_backend).pop(self._get_param("SubscriptionArn"), None) is None:
        raise UnknownSubscription
    return "{}"


# --- Application Auto Scaling -----------------------------------------------------------------
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html


def _scalable_target(response: ApplicationAutoScalingResponse) -> FakeScalableTarget:
    arn = response._get_param("ResourceARN")
    for targets in response.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"The resource {arn} doesn't exist.")


@_extends(ApplicationAutoScalingResponse)
def register_scalable_target(
    original: Callable[..., str], self: ApplicationAutoScalingResponse
) -> str:
    answer = original(self)
    tags = self._get_param("Tags") or {}
    for targets in self.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == json.loads(answer)["ScalableTargetARN"]:
                _state(target, "tags").update(tags)
    return answer


def _scaling_list_tags(self: ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": _state(_scalable_target(self), "tags")})


def _scaling_tag(self: ApplicationAutoScalingResponse) -> str:
    _state(_scalable_target(self), "tags").update(self._get_param("Tags"))
    return "{}"


def _scaling_untag(self: ApplicationAutoScalingResponse) -> str:
    tags = _state(_scalable_target(self), "tags")
    for key in self._get_param("TagKeys"):
        tags.pop(key, None)
    return "{}"


_additions += [
    (ApplicationAutoScalingResponse, "list_tags_for_resource", _scaling_list_tags),
    (ApplicationAutoScalingResponse, "tag_resource", _scaling_tag),
    (ApplicationAutoScalingResponse, "untag_resource", _scaling_untag),
]


# --- ECS --------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html

_SERVICE_DEFAULTS: dict[str, object] = {
    "availabilityZoneRebalancing": "ENABLED",
    "capacityProviderStrategy": None,
    "deploymentConfiguration": {},
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
    "placementConstraints": [],
    "placementStrategy": [],
    "serviceConnectConfiguration": None,
    "volumeConfigurations": None,
}

_DEPLOYMENT_DEFAULTS = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}


@_extends(EC2ContainerServiceResponse)
def create_service(
    original: Callable[..., ActionResult], self: EC2ContainerServiceResponse
) -> ActionResult:
    answer = original(self)
    service: Service = answer.result["service"]  # type: ignore[index]
    for name, default in _SERVICE_DEFAULTS.items():
        setattr(service, xform_name(name), self._get_param(name, default))
    _fill_deployment_configuration(service)
    if service.capacity_provider_strategy:  # type: ignore[attr-defined]
        service.launch_type = None
    _settle(self.ecs_backend, service)
    return answer


@_extends(EC2ContainerServiceBackend)
def update_service(
    original: Callable[..., Service],
    self: EC2ContainerServiceBackend,
    service_properties: dict[str, Any],
) -> Service:
    before = self._get_service(
        service_properties.get("cluster", "default"), service_properties["service"].split("/")[-1]
    )
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
    assert before is service
    return service


def _fill_deployment_configuration(service: Service) -> None:
    given = service.deployment_configuration or {}  # type: ignore[attr-defined]
    service.deployment_configuration = {**_DEPLOYMENT_DEFAULTS, **given}  # type: ignore[attr-defined]


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
    alive = [one for one in backend.services.values() if one.cluster_arn == cluster.arn]
    cluster.running_tasks_count = sum(one.running_count for one in alive if one.status == "ACTIVE")
    cluster.pending_tasks_count = 0


# --- RDS --------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html


_DATABASE_DEFAULTS = {
    "DatabaseInsightsMode": "standard",
    "DedicatedLogVolume": False,
    "EngineLifecycleSupport": "open-source-rds-extended-support",
    "NetworkType": "IPV4",
    "PerformanceInsightsKMSKeyId": None,
    "PerformanceInsightsRetentionPeriod": None,
}

# What a version without its last part turns into: the newest of its kind when this was written.
_ENGINE_VERSIONS = {("mysql", "8.0"): "8.0.42", ("mysql", "8.4"): "8.4.5"}

_WITHOUT_PERFORMANCE_INSIGHTS = re.compile(r"db\.t(2|3|4g)\.(micro|small)")


@_extends(RDSResponse)
def create_db_instance(original: Callable[..., ActionResult], self: RDSResponse) -> ActionResult:
    _check_performance_insights(
        self.params.get("EnablePerformanceInsights"),
        self.params["DBInstanceClass"],
        self.params["Engine"],
    )
    answer = original(self)
    database: DBInstance = answer.result["DBInstance"]  # type: ignore[index]
    database.engine_version = _ENGINE_VERSIONS.get(
        (database.engine, database.engine_version), database.engine_version
    )
    for name, default in _DATABASE_DEFAULTS.items():
        setattr(database, xform_name(name), self.params.get(name, default))
    _set_performance_insights(database, bool(self.params.get("EnablePerformanceInsights")))
    return answer


@_extends(RDSResponse)
def modify_db_instance(original: Callable[..., ActionResult], self: RDSResponse) -> ActionResult:
    enable = self.params.get("EnablePerformanceInsights")
    database = self.backend.describe_db_instances(self.params["DBInstanceIdentifier"])[0]
    _check_performance_insights(
        enable, self.params.get("DBInstanceClass") or database.db_instance_class, database.engine
    )
    answer = original(self)
    if enable is not None:
        _set_performance_insights(database, enable)
    return answer


def _check_performance_insights(enable: bool | None, instance_class: str, engine: str) -> None:
    small = _WITHOUT_PERFORMANCE_INSIGHTS.fullmatch(instance_class)
    if enable and small and engine in ("mysql", "mariadb"):
        raise InvalidParameterCombination(
            "Performance Insights not supported for this configuration."
        )


def _set_performance_insights(database: DBInstance, enabled: bool) -> None:
    """7 days is what is kept, and free, when nothing else is asked for."""
    state = vars(database)
    state["performance_insights_enabled"] = enabled
    if enabled:
        state["performance_insights_retention_period"] = (
            state.get("performance_insights_retention_period") or 7
        )
        state["performance_insights_kms_key_id"] = (
            state.get("performance_insights_kms_key_id")
            or f"arn:aws:kms:{database.region}:{database.account_id}:key/{uuid.uuid4()}"
        )


@_extends(DBParameterGroup)
def update_parameters(
    original: Callable[..., None], self: DBParameterGroup, new_parameters: list[dict[str, Any]]
) -> None:
    """A changed parameter is told apart from the engine's own by its source."""
    original(self, new_parameters)
    for new in new_parameters:
        self.parameters[new["ParameterName"]].update(Source="user", IsModifiable=True)


@_adds(RDSResponse)
def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    name = self.params["DBParameterGroupName"]
    groups = self.backend.db_parameter_groups
    if name not in groups:
        raise DBParameterGroupNotFoundError(name)
    if self.params.get("ResetAllParameters"):
        groups[name].parameters.clear()
    for parameter in self.params.get("Parameters") or []:
        groups[name].parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"DBParameterGroupName": name})


def _event_subscription(response: RDSResponse) -> EventSubscription:
    name = response.params["SubscriptionName"]
    return next(iter(response.backend.describe_event_subscriptions(name)))


@_extends(RDSResponse)
def create_event_subscription(
    original: Callable[..., ActionResult], self: RDSResponse
) -> ActionResult:
    answer = original(self)
    _event_subscription(self).enabled = self.params.get("Enabled", True)
    return answer


@_adds(RDSResponse)
def modify_event_subscription(self: RDSResponse) -> ActionResult:
    subscription = _event_subscription(self)
    for name in ("SnsTopicArn", "SourceType", "EventCategories", "Enabled"):
        if self.params.get(name) is not None:
            setattr(subscription, xform_name(name), self.params[name])
    return ActionResult({"EventSubscription": subscription})


@_adds(RDSResponse)
def add_source_identifier_to_subscription(self: RDSResponse) -> ActionResult:
    subscription = _event_subscription(self)
    subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
    return ActionResult({"EventSubscription": subscription})


@_adds(RDSResponse)
def remove_source_identifier_from_subscription(self: RDSResponse) -> ActionResult:
    subscription = _event_subscription(self)
    removed = self.params["SourceIdentifier"]
    subscription.source_ids = [one for one in subscription.source_ids if one != removed]
    return ActionResult({"EventSubscription": subscription})


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_TIME = "([01][0-9]|2[0-3]):([0-5][0-9])"
_WEEKLY_WINDOW = re.compile(f"({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}")
_DAILY_WINDOW = re.compile(f"{_TIME}-{_TIME}")


@_extends(moto.rds.models)
def valid_preferred_maintenance_window(
    original: Callable[..., str | None], maintenance_window: str, backup_window: str | None
) -> str | None:
    """What is wrong with a database's windows, or None.

    moto takes windows that touch for overlapping ones, looks at no day of the week, and refuses a
    window over the week's end.
    """
    weekly = _WEEKLY_WINDOW.fullmatch(maintenance_window)
    if weekly is None:
        return original(maintenance_window, None)
    first_day, hour, minute, last_day, last_hour, last_minute = weekly.groups()
    starts = _DAYS.index(first_day) * _DAY + int(hour) * 60 + int(minute)
    ends = _DAYS.index(last_day) * _DAY + int(last_hour) * 60 + int(last_minute)
    length = (ends - starts) % _WEEK
    if length < 30:
        return "The maintenance window must be at least 30 minutes."
    if length > _DAY:
        return "Maintenance window must be less than 24 hours."
    if not backup_window:
        return None
    daily = _DAILY_WINDOW.fullmatch(backup_window)
    if daily is None:
        return f"Invalid backup window format: {backup_window}. Example: 03:00-04:00"
    opens, opens_minute, closes, closes_minute = (int(part) for part in daily.groups())
    opens = opens * 60 + opens_minute
    closes = closes * 60 + closes_minute
    if closes <= opens:
        closes += _DAY
    # A maintenance window of up to a day, against the backups of the days around it.
    starts %= _DAY
    for day in (-1, 0, 1):
        if max(starts, opens + day * _DAY) < min(starts + length, closes + day * _DAY):
            return "The backup window and maintenance window must not overlap."
    return None


# --- Identity ---------------------------------------------------------------------------------


@_extends(moto.iam.models)
def get_account_id_from(original: Callable[..., str], access_key: str) -> str:
    """Whatever the key, it is the one account: moto would search five partitions for its owner."""
    return DEFAULT_ACCOUNT_ID


# --- EC2 --------------------------------------------------------------------------------------


@_extends(EC2Backend)
def delete_vpc(original: Callable[..., VPC], self: EC2Backend, vpc_id: str) -> VPC:
    """A VPC's default network ACL goes with it."""
    vpc = original(self, vpc_id)
    for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
        del self.network_acls[acl.id]
    return vpc


@_extends(EC2Backend)
def delete_nat_gateway(
    original: Callable[..., NatGateway], self: EC2Backend, nat_gateway_id: str
) -> NatGateway:
    """The gateway's network interface goes with it, and its address is free again."""
    gateway = original(self, nat_gateway_id)
    for address in self.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    self.enis.pop(gateway._eni.id, None)
    return gateway


# --- KMS --------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html


@_extends(KmsResponse)
def enable_key_rotation(original: Callable[..., str], self: KmsResponse) -> str:
    answer = original(self)
    key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
    vars(key)["rotation_period_in_days"] = self._get_param("RotationPeriodInDays") or 365
    return answer


@_extends(KmsResponse)
def get_key_rotation_status(original: Callable[..., str], self: KmsResponse) -> str:
    answer: dict[str, Any] = json.loads(original(self))
    key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
    answer["KeyId"] = key.id
    if answer["KeyRotationEnabled"]:
        days = vars(key)["rotation_period_in_days"]
        answer["RotationPeriodInDays"] = days
        answer["NextRotationDate"] = unix_time(utcnow() + timedelta(days=days))
    return json.dumps(answer)


# --- EFS --------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/efs/latest/ug/API_PutBackupPolicy.html


def _file_system(response: EFSResponse) -> FileSystem:
    name = response._get_param("FileSystemId")
    systems = response.efs_backend.file_systems_by_id
    if name not in systems:
        raise FileSystemNotFound(name)
    return systems[name]


@_adds(EFSResponse)
def put_backup_policy(self: EFSResponse) -> str:
    policy = self._get_param("BackupPolicy")
    vars(_file_system(self))["backup_status"] = policy["Status"]
    return json.dumps({"BackupPolicy": policy})


@_extends(EFSResponse)
def describe_backup_policy(original: Callable[..., Any], self: EFSResponse) -> Any:
    status = vars(_file_system(self)).get("backup_status")
    return json.dumps({"BackupPolicy": {"Status": status}}) if status else original(self)


@_adds(EFSResponse)
def delete_file_system_policy(self: EFSResponse) -> str:
    _file_system(self).file_system_policy = None
    return "{}"


# --- S3 ---------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html


@_extends(S3Response)
def get_bucket_notification(original: Callable[..., Any], self: S3Response) -> Any:
    configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if configuration and configuration.event_bridge is not None:
        serialize = self.serialized

        def with_event_bridge(answer: ActionResult) -> Any:
            answer.result["EventBridgeConfiguration"] = {}  # type: ignore[index]
            return serialize(answer)

        self.serialized = with_event_bridge  # type: ignore[method-assign,assignment]
    return original(self)


@_extends(S3Response)
def list_objects(original: Callable[..., Any], self: S3Response) -> Any:
    """moto lists the objects whenever it does not know what of the bucket is asked for."""
    asked = set(parse_qs(self.parsed_url.query, keep_blank_values=True))
    if "requestPayment" in asked:
        self.data["Action"] = "GetBucketRequestPayment"
        return self.serialized(ActionResult({"Payer": "BucketOwner"}))
    unknown = asked & {
        "abac",
        "analytics",
        "intelligent-tiering",
        "metadataConfiguration",
        "metadataTable",
        "metrics",
        "session",
    }
    if unknown:
        raise NotImplementedError(f"a bucket's {unknown.pop()} is not there")
    return original(self)


# --- CloudWatch Logs --------------------------------------------------------------------------
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html


@_adds(LogsResponse)
def associate_kms_key(self: LogsResponse) -> str:
    _log_group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


@_adds(LogsResponse)
def disassociate_kms_key(self: LogsResponse) -> str:
    _log_group(self).kms_key_id = None
    return ""


def _log_group(response: LogsResponse) -> LogGroup:
    name = response._get_param("logGroupName")
    if name not in response.logs_backend.groups:
        raise LogGroupNotFound
    return response.logs_backend.groups[name]


# --- Backup -----------------------------------------------------------------------------------
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html


class BackupSelection(BaseModel):
    def __init__(self, details: dict[str, Any]) -> None:
        self.details = details


def _selections(response: BackupResponse) -> dict[str, BackupSelection]:
    """Those of the plan in the request's path: /backup/plans/<id>/selections/<id>."""
    plan_id = response.path.split("/")[3]
    response.backup_backend.get_backup_plan(plan_id, None)
    return _state(response.backup_backend, "selections").setdefault(plan_id, {})  # type: ignore[no-any-return]


@_adds(BackupResponse)
def create_backup_selection(self: BackupResponse) -> str:
    body = json.loads(self.body)
    facts = {
        "SelectionId": str(uuid.uuid4()),
        "BackupPlanId": self.path.split("/")[3],
        "CreationDate": unix_time(),
    }
    details = {"CreatorRequestId": body.get("CreatorRequestId"), **facts}
    details["BackupSelection"] = body["BackupSelection"]
    _selections(self)[facts["SelectionId"]] = BackupSelection(details)  # type: ignore[index]
    return json.dumps(facts)


@_adds(BackupResponse)
def get_backup_selection(self: BackupResponse) -> str:
    selection = _selections(self).get(self.path.rstrip("/").split("/")[-1])
    if selection is None:
        raise ResourceNotFoundException("Cannot find the backup selection.")
    return json.dumps(selection.details)


@_adds(BackupResponse)
def delete_backup_selection(self: BackupResponse) -> str:
    if _selections(self).pop(self.path.rstrip("/").split("/")[-1], None) is None:
        raise ResourceNotFoundException("Cannot find the backup selection.")
    return "{}"


@_extends(BackupResponse)
def list_tags(original: Callable[..., str], self: BackupResponse) -> str:
    """moto misreads the path when it does not end in a slash."""
    arn = unquote(self.path).removeprefix("/tags/").rstrip("/")
    return json.dumps({"Tags": self.backup_backend.list_tags(arn)})


# --- Lambda -----------------------------------------------------------------------------------
# https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html

_FUNCTION_SETTINGS = ("DeadLetterConfig", "FileSystemConfigs", "LoggingConfig")


@_extends(LambdaBackend)
def create_function(
    original: Callable[..., LambdaFunction], self: LambdaBackend, spec: dict[str, Any]
) -> LambdaFunction:
    function = original(self, spec)
    _keep_function_settings(function, spec)
    return function


@_extends(LambdaFunction)
def update_configuration(
    original: Callable[..., dict[str, Any]], self: LambdaFunction, config_updates: dict[str, Any]
) -> dict[str, Any]:
    _keep_function_settings(self, config_updates)
    if "KMSKeyArn" in config_updates:
        self.kms_key_arn = config_updates["KMSKeyArn"]
    if "TracingConfig" in config_updates:
        self.tracing_config = config_updates["TracingConfig"]
    return original(self, config_updates)


@_extends(LambdaFunction)
def get_configuration(
    original: Callable[..., dict[str, Any]], self: LambdaFunction, on_create: bool = False
) -> dict[str, Any]:
    return {**original(self, on_create), **_state(self, "settings")}


def _keep_function_settings(function: LambdaFunction, given: dict[str, Any]) -> None:
    kept = {name: given[name] for name in _FUNCTION_SETTINGS if given.get(name)}
    _state(function, "settings").update(kept)


# --- Cloud Map --------------------------------------------------------------------------------
# https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteNamespace.html


@_extends(ServiceDiscoveryBackend)
def create_private_dns_namespace(
    original: Callable[..., str], self: ServiceDiscoveryBackend, *args: Any, **kwargs: Any
) -> str:
    """The namespace names its hosted zone by its id alone."""
    operation = original(self, *args, **kwargs)
    properties = self.namespaces[self.operations[operation].targets["NAMESPACE"]].dns_properties
    properties["HostedZoneId"] = properties["HostedZoneId"].removeprefix("/hostedzone/")
    return operation


@_extends(ServiceDiscoveryBackend)
def delete_namespace(
    original: Callable[..., str], self: ServiceDiscoveryBackend, namespace_id: str
) -> str:
    """The hosted zone that was made for the namespace goes with it."""
    namespace = self.namespaces.get(namespace_id)
    operation = original(self, namespace_id)
    zone = namespace.dns_properties.get("HostedZoneId") if namespace else None
    if zone:
        zones = route53_backends[self.account_id][self.partition].zones
        zones.pop(zone.removeprefix("/hostedzone/"), None)
    return operation


# --- Step Functions ---------------------------------------------------------------------------
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html


@_adds(StepFunctionResponse)
def validate_state_machine_definition(self: StepFunctionResponse) -> str:
    """Checks that the definition is JSON with states and a start; AWS checks the language."""
    problem = None
    try:
        definition = json.loads(self._get_param("definition"))
    except ValueError as error:
        problem = ("INVALID_JSON_DESCRIPTION", str(error))
    else:
        if definition.get("StartAt") not in definition.get("States", {}):
            problem = ("MISSING_TRANSITION_TARGET", "StartAt names no state")
    diagnostics = (
        [{"severity": "ERROR", "code": problem[0], "message": problem[1]}] if problem else []
    )
    return json.dumps(
        {"result": "FAIL" if problem else "OK", "diagnostics": diagnostics, "truncated": False}
    )


@_adds(StepFunctionResponse)
def list_state_machine_versions(self: StepFunctionResponse) -> str:
    """None: publishing a version is not there either."""
    self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    return json.dumps({"stateMachineVersions": []})


# --- CloudFormation ---------------------------------------------------------------------------
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html


class StackSecret(CloudFormationModel):
    """A secret that a CloudFormation stack makes; moto finds it by being a subclass."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> StackSecret:
        properties = cloudformation_json["Properties"]
        backend = secretsmanager_backends[account_id][region_name]
        how = properties["GenerateSecretString"]
        generated = json.loads(
            backend.get_random_password(
                password_length=int(how.get("PasswordLength", 32)),
                exclude_characters=how.get("ExcludeCharacters", ""),
                exclude_numbers=how.get("ExcludeNumbers", False),
                exclude_punctuation=how.get("ExcludePunctuation", False),
                exclude_uppercase=how.get("ExcludeUppercase", False),
                exclude_lowercase=how.get("ExcludeLowercase", False),
                include_space=how.get("IncludeSpace", False),
                require_each_included_type=how.get("RequireEachIncludedType", True),
            )
        )
        secret = json.loads(
            backend.create_secret(
                name=resource_name,
                secret_string=generated["RandomPassword"],
                secret_binary=None,
                description=properties.get("Description"),
                tags=[],
                kms_key_id=properties.get("KmsKeyId"),
                client_request_token=None,
                replica_regions=[],
                force_overwrite=False,
            )
        )
        return cls(secret["ARN"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: StackSecret,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> StackSecret:
        """The value stays: AWS makes another one only when GenerateSecretString changes."""
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        backend = secretsmanager_backends[account_id][region_name]
        backend.delete_secret(resource_name, None, True)

    def is_created(self) -> bool:
        return True
