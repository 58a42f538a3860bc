"""IAM: every key is of the one account."""

from collections.abc import Callable

import moto.iam.models
from moto.core.models import DEFAULT_ACCOUNT_ID

from ops.sandbox.services import extends


@extends(moto.iam.models)
def get_account_id_from(original: Callable[..., str], access_key: str) -> str:
    """Whatever the key, it is the one account: moto would search five partitions for its owner."""
    return DEFAULT_ACCOUNT_ID
