"""Cost Anomaly Detection: its monitors and subscriptions, of which moto has nothing.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalyMonitor.html
"""

import json
import uuid
from typing import Any

from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import iso_8601_datetime_without_milliseconds, utcnow

from ops.sandbox.services import Record, adds, state


def _found(response: CostExplorerResponse, kind: str, arn: str) -> dict[str, Any]:
    record: Record | None = state(response.ce_backend, kind).get(arn)
    if record is None:
        raise JsonRESTError(f"Unknown{kind}Exception", f"Unable to find the {kind.lower()}.")
    return record.details


def _create(response: CostExplorerResponse, kind: str, details: dict[str, Any]) -> str:
    account = response.ce_backend.account_id
    arn = f"arn:aws:ce::{account}:anomaly{kind.lower()}/{uuid.uuid4()}"
    state(response.ce_backend, kind)[arn] = Record({**details, f"{kind}Arn": arn})
    response.ce_backend.tag_resource(arn, response._get_param("ResourceTags") or [])
    return json.dumps({f"{kind}Arn": arn})


def _delete(response: CostExplorerResponse, kind: str) -> str:
    arn = response._get_param(f"{kind}Arn")
    _found(response, kind, arn)
    del state(response.ce_backend, kind)[arn]
    return "{}"


def _listed(response: CostExplorerResponse, kind: str) -> list[dict[str, Any]]:
    wanted = response._get_param(f"{kind}ArnList") or list(state(response.ce_backend, kind))
    return [_found(response, kind, arn) for arn in wanted]


@adds(CostExplorerResponse)
def create_anomaly_monitor(self: CostExplorerResponse) -> str:
    monitor = self._get_param("AnomalyMonitor")
    if monitor["MonitorType"] == "DIMENSIONAL":
        # The one that an account may have is in every account already.
        raise JsonRESTError(
            "LimitExceededException", "Limit exceeded on dimensional spend monitor creation"
        )
    now = iso_8601_datetime_without_milliseconds(utcnow())
    facts = {"CreationDate": now, "LastUpdatedDate": now, "DimensionalValueCount": 0}
    return _create(self, "Monitor", {**monitor, **facts})


@adds(CostExplorerResponse)
def get_anomaly_monitors(self: CostExplorerResponse) -> str:
    return json.dumps({"AnomalyMonitors": _listed(self, "Monitor")})


@adds(CostExplorerResponse)
def delete_anomaly_monitor(self: CostExplorerResponse) -> str:
    return _delete(self, "Monitor")


@adds(CostExplorerResponse)
def create_anomaly_subscription(self: CostExplorerResponse) -> str:
    subscription = self._get_param("AnomalySubscription")
    _check_subscription(self, subscription)
    facts = {
        "AccountId": self.ce_backend.account_id,
        "Subscribers": [{"Status": "CONFIRMED", **who} for who in subscription["Subscribers"]],
    }
    return _create(self, "Subscription", {**subscription, **facts})


@adds(CostExplorerResponse)
def get_anomaly_subscriptions(self: CostExplorerResponse) -> str:
    monitor = self._get_param("MonitorArn")
    found = [
        subscription
        for subscription in _listed(self, "Subscription")
        if monitor is None or monitor in subscription["MonitorArnList"]
    ]
    return json.dumps({"AnomalySubscriptions": found})


@adds(CostExplorerResponse)
def update_anomaly_subscription(self: CostExplorerResponse) -> str:
    changes = {name: value for name, value in json.loads(self.body).items() if value is not None}
    subscription = _found(self, "Subscription", changes["SubscriptionArn"])
    _check_subscription(self, {**subscription, **changes})
    subscription.update(changes)
    return json.dumps({"SubscriptionArn": subscription["SubscriptionArn"]})


@adds(CostExplorerResponse)
def delete_anomaly_subscription(self: CostExplorerResponse) -> str:
    return _delete(self, "Subscription")


def _check_subscription(response: CostExplorerResponse, subscription: dict[str, Any]) -> None:
    for arn in subscription["MonitorArnList"]:
        _found(response, "Monitor", arn)
    immediate = subscription["Frequency"] == "IMMEDIATE"
    for subscriber in subscription["Subscribers"]:
        if immediate != (subscriber["Type"] == "SNS"):
            raise JsonRESTError(
                "ValidationException",
                "Invalid frequency for the type of subscriber: "
                "SNS takes IMMEDIATE, EMAIL takes DAILY or WEEKLY",
            )
