"""Secrets Manager: schedules of rotation, and secrets that another service rotates.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

from collections.abc import Callable
from typing import Any

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from ops.sandbox.services import extends


def _managed(backend: SecretsManagerBackend, secret_id: str) -> FakeSecret | None:
    """The secret, if it is one that another service, like RDS, owns and rotates."""
    secret = backend.describe_secret(secret_id)
    return secret if isinstance(secret, FakeSecret) and secret.owning_service else None


@extends(SecretsManagerBackend)
def rotate_secret(
    original: Callable[..., str], self: SecretsManagerBackend, secret_id: str, **arguments: Any
) -> str:
    secret = _managed(self, secret_id)
    rules = arguments.get("rotation_rules")
    if secret is None or not rules or arguments.get("rotate_immediately"):
        return original(self, secret_id, **arguments)
    # only the schedule: the owner rotates when it says
    vars(secret)["rotation_rules"] = rules
    secret.rotation_requested = secret.rotation_enabled = True
    return secret.to_short_dict()


@extends(SecretsManagerBackend)
def cancel_rotate_secret(
    original: Callable[..., str], self: SecretsManagerBackend, secret_id: str
) -> str:
    secret = _managed(self, secret_id)
    if secret is None:
        return original(self, secret_id)
    secret.rotation_enabled = False
    return secret.to_short_dict()


@extends(FakeSecret)
def to_dict(original: Callable[..., dict[str, Any]], self: FakeSecret) -> dict[str, Any]:
    """With the schedule as it was set, of which moto keeps the days only."""
    found = original(self)
    if rules := vars(self).get("rotation_rules"):
        found["RotationRules"] = rules
    return found
