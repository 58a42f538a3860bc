"""IAM: every key is of the one account, and AWS's own policies are read once."""

from collections.abc import Callable
from copy import copy
from typing import Any

import moto.iam.models
from moto.core.models import DEFAULT_ACCOUNT_ID

from ops.sandbox.services import extends

_OF_AWS: list[Any] = []


@extends(moto.iam.models)
def get_account_id_from(original: Callable[..., str], access_key: str) -> str:
    """Whatever the key, it is the one account: moto would search five partitions for its owner."""
    return DEFAULT_ACCOUNT_ID


@extends(moto.iam.models.IAMBackend)
def _init_aws_policies(original: Callable[..., list[Any]], backend: object) -> list[Any]:
    """Each account has its own, which count by how many roles they are attached to."""
    _OF_AWS[:] = _OF_AWS or original(backend)
    return [copy(policy) for policy in _OF_AWS]
