"""RDS: ids, Performance Insights, versions, parameters, event subscriptions, windows.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
"""

import uuid
from collections.abc import Callable
from typing import Any

import moto.rds.models
from botocore import xform_name
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.rds.exceptions import DBParameterGroupNotFoundError, InvalidParameterCombination
from moto.rds.models import DBInstance, DBParameterGroup, EventSubscription
from moto.rds.responses import RDSResponse

from constructs_lib.settings.database import (
    BACKUP_WINDOW,
    MAINTENANCE_WINDOW,
    NO_PERFORMANCE_INSIGHTS,
    overlap,
)
from ops.sandbox.services import DEFAULTS, adds, extends

Original = Callable[..., ActionResult]
"""moto's method for a call."""

_LOST_ON_A_COPY = (
    *("enable_iam_database_authentication", "monitoring_interval", "monitoring_role_arn"),
    "performance_insights_enabled",
)

# What a version without its last part turns into: the newest of its kind when this was written.
_ENGINE_VERSIONS = {("mysql", "8.0"): "8.0.42", ("mysql", "8.4"): "8.4.5"}


@extends(RDSResponse)
def create_db_instance(original: Original, self: RDSResponse) -> ActionResult:
    asked, enable = self.params, self.params.get("EnablePerformanceInsights")
    _check_performance_insights(enable, asked["DBInstanceClass"], asked["Engine"])
    answer = original(self)
    database: DBInstance = answer.result["DBInstance"]  # type: ignore[index]
    # moto gives all the same; with it AWS tells a new one from an older one of the same name
    database.dbi_resource_id = _resource_id()
    _set_version(database)
    for name, default in DEFAULTS["DBInstance"].items():
        setattr(database, xform_name(name), asked.get(name, default))
    _set_performance_insights(database, bool(enable))
    return answer


@extends(RDSResponse)
def modify_db_instance(original: Original, self: RDSResponse) -> ActionResult:
    asked, enable = self.params, self.params.get("EnablePerformanceInsights")
    database = self.backend.describe_db_instances(asked["DBInstanceIdentifier"])[0]
    key, managed = asked.get("MasterUserSecretKmsKeyId"), "master_user_secret" in vars(database)
    if key and managed and key != database.master_user_secret.secret.kms_key_id:
        raise InvalidParameterCombination(
            "You can't change the KMS key of a master user secret that RDS already manages."
        )
    instance_class = asked.get("DBInstanceClass") or database.db_instance_class
    _check_performance_insights(enable, instance_class, database.engine)
    if version := asked.get("EngineVersion"):
        is_major = _major(version) != _major(database.engine_version)
        if is_major and not asked.get("AllowMajorVersionUpgrade"):
            raise InvalidParameterCombination(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major "
                "version."
            )
        _check_family(self, database.engine, version)
    answer = original(self)
    _set_version(database)
    if enable is not None:
        _set_performance_insights(database, enable)
    return answer


def _resource_id() -> str:
    return f"db-{mock_random.get_random_string(26).upper()}"


def _set_version(database: DBInstance) -> None:
    asked = database.engine_version
    database.engine_version = _ENGINE_VERSIONS.get((database.engine, asked), asked)


def _major(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _check_family(response: RDSResponse, engine: str, version: str) -> None:
    """That the parameters which come with a version are of that version."""
    name = response.params.get("TargetDBParameterGroupName") or response.params.get(
        "DBParameterGroupName"
    )
    group = response.backend.db_parameter_groups.get(name or "")
    family = f"{engine}{_major(version)}"
    if group and group.family != family:
        raise InvalidParameterCombination(
            f"The parameter group {name} with DBParameterGroupFamily {group.family} can't be used "
            f"for this instance. Please use a parameter group with DBParameterGroupFamily {family}."
        )


@extends(RDSResponse)
def create_blue_green_deployment(original: Original, self: RDSResponse) -> ActionResult:
    source = self.params["Source"].rpartition(":")[2]
    blue = self.backend.describe_db_instances(source)[0]
    if "master_user_secret" in vars(blue):
        raise InvalidParameterCombination(
            "Blue/green deployments don't support managing master user passwords with Secrets "
            "Manager."
        )
    if version := self.params.get("TargetEngineVersion"):
        _check_family(self, blue.engine, version)
    answer = original(self)
    made = answer.result["BlueGreenDeployment"].target.rpartition(":")[2]  # type: ignore[index]
    green = self.backend.describe_db_instances(made)[0]
    _set_version(green)
    green.dbi_resource_id = _resource_id()
    for name in (*map(xform_name, DEFAULTS["DBInstance"]), *_LOST_ON_A_COPY):
        setattr(green, name, getattr(blue, name))
    return answer


@extends(RDSResponse)
def restore_db_instance_to_point_in_time(original: Original, self: RDSResponse) -> ActionResult:
    """A copy has an id of its own, no source and no standby; moto's has the original's."""
    answer = original(self)
    database: DBInstance = answer.result["DBInstance"]  # type: ignore[index]
    database.dbi_resource_id = _resource_id()
    database.source_db_instance_identifier = None
    database.multi_az = bool(self.params.get("MultiAZ"))
    for name, default in DEFAULTS["DBInstance"].items():
        setattr(database, xform_name(name), default)
    _set_performance_insights(database, False)
    return answer


def _check_performance_insights(enable: bool | None, instance_class: str, engine: str) -> None:
    small = NO_PERFORMANCE_INSIGHTS.fullmatch(instance_class)
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


@extends(DBParameterGroup)
def update_parameters(
    original: Callable[..., None], self: DBParameterGroup, new_parameters: list[dict[str, Any]]
) -> None:
    """A changed parameter is told apart from the engine's own by its source."""
    original(self, new_parameters)
    for new in new_parameters:
        self.parameters[new["ParameterName"]].update(Source="user", IsModifiable=True)


@adds(RDSResponse)
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


@extends(RDSResponse)
def create_event_subscription(original: Original, self: RDSResponse) -> ActionResult:
    answer = original(self)
    _event_subscription(self).enabled = self.params.get("Enabled", True)
    return answer


@adds(RDSResponse)
def modify_event_subscription(self: RDSResponse) -> ActionResult:
    subscription = _event_subscription(self)
    for name in ("SnsTopicArn", "SourceType", "EventCategories", "Enabled"):
        if self.params.get(name) is not None:
            setattr(subscription, xform_name(name), self.params[name])
    return ActionResult({"EventSubscription": subscription})


@adds(RDSResponse)
def add_source_identifier_to_subscription(self: RDSResponse) -> ActionResult:
    subscription = _event_subscription(self)
    subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
    return ActionResult({"EventSubscription": subscription})


@adds(RDSResponse)
def remove_source_identifier_from_subscription(self: RDSResponse) -> ActionResult:
    subscription = _event_subscription(self)
    removed = self.params["SourceIdentifier"]
    subscription.source_ids = [name for name in subscription.source_ids if name != removed]
    return ActionResult({"EventSubscription": subscription})


@extends(moto.rds.models)
def valid_preferred_maintenance_window(
    original: Callable[..., str | None], maintenance_window: str, backup_window: str | None
) -> str | None:
    """What is wrong with a database's windows, or None.

    moto takes windows that touch for overlapping ones, looks at no day of the week, and refuses a
    window over the week's end.
    """
    weekly = maintenance_window.title()  # AWS, and so moto, has the days in small letters
    if not MAINTENANCE_WINDOW.fits(weekly):
        return original(maintenance_window, None)
    if backup_window and not BACKUP_WINDOW.fits(backup_window):
        return f"Invalid backup window format: {backup_window}. Example: 03:00-04:00"
    if backup_window and overlap(backup_window, weekly):
        return "The backup window and maintenance window must not overlap."
    return None
