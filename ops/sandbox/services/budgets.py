"""Budgets: changes, tags, and the subscribers of a notification.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.budgets.exceptions import DuplicateRecordException, NotFoundException
from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse
from moto.utilities.tagging_service import TaggingService

from ops.sandbox.services import adds, extends


def _budget(response: BudgetsResponse, name: str) -> Budget:
    budgets = response.backend.budgets[response._get_param("AccountId")]
    if name not in budgets:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _notification(response: BudgetsResponse, parameter: str) -> Notification:
    wanted = _identity(response._get_param(parameter))
    for notification in _budget(response, response._get_param("BudgetName")).notifications:
        if _identity(notification.details) == wanted:
            return notification
    raise NotFoundException("Unable to find the notification of the budget.")


def _identity(details: dict[str, Any]) -> dict[str, Any]:
    """What a notification is known by: AWS's defaults count, its state does not."""
    return {
        "ThresholdType": "PERCENTAGE",
        **{key: value for key, value in details.items() if key != "NotificationState"},
        "Threshold": float(details["Threshold"]),
    }


def _subscribers(response: BudgetsResponse) -> list[dict[str, str]]:
    return _notification(response, "Notification").subscribers  # type: ignore[return-value]


def _place(subscribers: list[dict[str, str]], subscriber: dict[str, str]) -> int:
    if subscriber not in subscribers:
        raise NotFoundException("Unable to find the subscriber.")
    return subscribers.index(subscriber)


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
def update_notification(self: BudgetsResponse) -> str:
    _notification(self, "OldNotification").details = self._get_param("NewNotification")
    return "{}"


@adds(BudgetsResponse)
def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    return json.dumps({"Subscribers": _subscribers(self)})


@adds(BudgetsResponse)
def create_subscriber(self: BudgetsResponse) -> str:
    subscribers, new = _subscribers(self), self._get_param("Subscriber")
    if new in subscribers:
        raise DuplicateRecordException("subscriber", new["Address"])
    subscribers.append(new)
    return "{}"


@adds(BudgetsResponse)
def update_subscriber(self: BudgetsResponse) -> str:
    subscribers = _subscribers(self)
    place = _place(subscribers, self._get_param("OldSubscriber"))
    subscribers[place] = self._get_param("NewSubscriber")
    return "{}"


@adds(BudgetsResponse)
def delete_subscriber(self: BudgetsResponse) -> str:
    subscribers = _subscribers(self)
    del subscribers[_place(subscribers, self._get_param("Subscriber"))]
    return "{}"


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
