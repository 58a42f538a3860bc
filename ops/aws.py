"""The AWS that a command talks to, and what its refusals mean to a user."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from ops import files
from ops.errors import OpsError

Clients = Callable[..., Any]
"""Makes a client of a service; boto3 has no types."""

ATTEMPTS = 8
"""How often a throttled call is tried: a minute in all, with AWS's standard back-off.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""

_LINES = files.data(dict[str, str], Path(__file__).with_suffix(".yaml"))
"""What a user is told, by error code."""

AwsError = (BotoCoreError, ClientError)


def clients(region: str | None = None) -> Clients:
    """Clients for the credentials and the region that boto3 finds.

    Args:
        region: instead of the one that is configured; boto3 itself does not know AWS_REGION.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=10,
        read_timeout=30,
    )
    try:
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
    except ProfileNotFound as error:
        raise explained(error) from error

    def client(service: str) -> Any:
        try:
            return session.client(service, config=config)
        except BotoCoreError as error:
            raise explained(error) from error

    return client


def explained(error: Exception) -> OpsError:
    """The line that a user gets for an error of boto3's."""
    if isinstance(error, (NoCredentialsError, PartialCredentialsError, ProfileNotFound)):
        return OpsError(
            f"no AWS credentials ({error}): set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`"
        )
    if isinstance(error, NoRegionError):
        return OpsError("no AWS region is configured: set AWS_REGION, like eu-central-1")
    if not isinstance(error, ClientError):
        return OpsError(f"AWS cannot be reached: {error}")
    code = error.response.get("Error", {}).get("Code", "")
    call = error.operation_name
    if code in _LINES:
        return OpsError(_LINES[code].format(call=call, code=code))
    reason = error.response.get("Error", {}).get("Message", "")
    return OpsError(f"AWS refuses {call} ({code}): {reason}")


@contextlib.contextmanager
def explaining() -> Iterator[None]:
    """Makes boto3's errors the line that a user gets."""
    try:
        yield
    except AwsError as error:
        raise explained(error) from error


@contextlib.contextmanager
def aws_settings_hidden() -> Iterator[None]:
    """Takes the `AWS_*` variables out of this process, and puts them back."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
