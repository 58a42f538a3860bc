"""What moto lacks, added to it: one module for each AWS service, named as boto3 names it.

A module adds calls that moto does not have, and values that it takes but does not return. Each
addition does what AWS does with the same call, as far as a client can see it; none exists to please
one tool. A call that neither moto nor this package has is refused by the sandbox, never answered
wrongly.

docs/limits.md lists where the emulator still differs from AWS.
"""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from moto.core.common_models import BaseModel
from moto.core.config import default_user_config

from ops import files
from ops.aws import aws_settings_hidden

DEFAULTS = files.data(dict[str, dict[str, Any]], Path(__file__).with_name("defaults.yaml"))
"""What a shape of the API has where nothing else is asked for, by the shape's name."""

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
