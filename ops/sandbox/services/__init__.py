"""What moto lacks, added to it: one module for each AWS service, named as boto3 names it.

A module adds calls that moto does not have, and values that it takes but does not return. Each
addition does what AWS does with the same call, as far as a client can see it; none exists to please
one tool. A call that neither moto nor this package has is refused by the sandbox, never answered
wrongly.

Where the emulator still differs from AWS:

| subject            | AWS                                   | here                                |
| ------------------ | ------------------------------------- | ----------------------------------- |
| accounts           | keys belong to accounts               | every key is the one account        |
| permissions        | IAM decides                           | everything is allowed               |
| waiting            | minutes to create or delete           | at once; what waits is the provider |
| capacity, limits   | quotas, zones without capacity        | none                                |
| machine images     | thousands                             | none                                |
| single values      | what the API's model does not allow   | likewise, but for patterns that     |
|                    | is refused                            | Python cannot read (tags)           |
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
| RDS secrets        | rotate every 7 days, or as they are   | never rotate                        |
|                    | told                                  |                                     |
| RDS snapshots      | the final one stays                   | likewise: it is a leftover          |
| Lambda, Batch      | code runs                             | is stored, never run (no Docker)    |
| EventBridge        | rules fire                            | stored                              |
| WAF, flow logs,    | act and write                         | stored                              |
| backups, EFS       |                                       |                                     |
| KMS                | keys and policies are enforced        | any key id is taken                 |
| ACM                | a certificate waits for its proof     | is issued after a minute            |
"""

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from moto.core.common_models import BaseModel
from moto.core.config import default_user_config

from ops.aws import aws_settings_hidden

Function = TypeVar("Function", bound=Callable[..., Any])


def install() -> None:
    """Adds everything in this package to moto, once per process: importing a module adds it.

    Raises:
        RuntimeError: moto has one of the calls by now, and ours would hide it.
    """
    with aws_settings_hidden():  # moto's modules open boto3 sessions
        for module in pkgutil.iter_modules(__path__):
            importlib.import_module(f"{__name__}.{module.name}")
    # moto only has AWS's managed policies when told to; every account has them.
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    # And it would start containers for functions and jobs on a machine that has Docker.
    default_user_config["lambda"] = default_user_config["batch"] = {"use_docker": False}


def adds(owner: type) -> Callable[[Function], Function]:
    """The function becomes a method that moto's class does not have."""

    def add(function: Function) -> Function:
        if hasattr(owner, function.__name__):
            raise RuntimeError(f"moto has {owner.__name__}.{function.__name__} now: remove ours")
        setattr(owner, function.__name__, function)
        return function

    return add


def extends(owner: type | ModuleType) -> Callable[[Function], Function]:
    """The function replaces moto's of the same name, and gets that one as its first argument."""

    def extend(function: Function) -> Function:
        original = getattr(owner, function.__name__)

        def replacement(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        setattr(owner, function.__name__, replacement)
        return function

    return extend


class Record(BaseModel):
    """A resource that moto does not know; being moto's model, it is a leftover until deleted."""

    def __init__(self, details: dict[str, Any]) -> None:
        self.details = details


def state(backend: object, name: str) -> dict[str, Any]:
    """A dictionary kept on one of moto's objects, where moto's reset finds and clears it."""
    kept: dict[str, Any] = vars(backend).setdefault(name, {})
    return kept
