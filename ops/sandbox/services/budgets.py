"""Budgets: changes, tags, and the subscribers of a notification.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse
from moto.utilities.tagging_service import TaggingService

from ops.sandbox.services import adds, extends


def _budget(response: BudgetsResponse, name: str) -> Budget:
    budgets = response.backend.budgets[response._get_param("AccountId")]
    if name not in budgets:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _identity(details: dict[str, Any]) -> dict[str, Any]:
    """What a notification is known by: AWS's defaults count, its state does not."""
    return {
        "ThresholdType": "PERCENTAGE",
        **{key: value for key, value in details.items() if key != "NotificationState"},
        "Threshold": float(details["Threshold"]),
    }


def _tagger(response: BudgetsResponse) -> TaggingService:
    tagger: TaggingService = vars(response.backend).setdefault(
        "tagger", TaggingService(tag_name="ResourceTags")
    )
    return tagger


@extends(BudgetsResponse)
def create_budget(original: Callable[..., str], self: BudgetsResponse) -> str:
    answer = original(self)
    name = self._get_param("Budget")["BudgetName"]
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{name}"
    _tagger(self).tag_resource(arn, self._get_param("ResourceTags") or [])
    return answer


@adds(BudgetsResponse)
def update_budget(self: BudgetsResponse) -> str:
    new = self._get_param("NewBudget")
    old = _budget(self, new["BudgetName"])
    updated = Budget({"TimePeriod": old.budget["TimePeriod"], **new}, [])
    updated.notifications = old.notifications
    self.backend.budgets[self._get_param("AccountId")][new["BudgetName"]] = updated
    return "{}"


@extends(BudgetsResponse)
def describe_notifications_for_budget(original: Callable[..., str], self: BudgetsResponse) -> str:
    _budget(self, self._get_param("BudgetName"))
    answer: dict[str, Any] = json.loads(original(self))
    for notification in answer["Notifications"]:
        notification.setdefault("ThresholdType", "PERCENTAGE")
        notification.setdefault("NotificationState", "OK")
    return json.dumps(answer)


@adds(BudgetsResponse)
def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    wanted = _identity(self._get_param("Notification"))
    for notification in _budget(self, self._get_param("BudgetName")).notifications:
        if _identity(notification.details) == wanted:
            return json.dumps({"Subscribers": notification.subscribers})
    raise NotFoundException("Unable to find the notification of the budget.")


@adds(BudgetsResponse)
def list_tags_for_resource(self: BudgetsResponse) -> str:
    return json.dumps(_tagger(self).list_tags_for_resource(self._get_param("ResourceARN")))


@adds(BudgetsResponse)
def tag_resource(self: BudgetsResponse) -> str:
    _tagger(self).tag_resource(self._get_param("ResourceARN"), self._get_param("ResourceTags"))
    return "{}"


@adds(BudgetsResponse)
def untag_resource(self: BudgetsResponse) -> str:
    _tagger(self).untag_resource_using_names(
        self._get_param("ResourceARN"), self._get_param("ResourceTagKeys")
    )
    return "{}"
