"""KMS: how often a key rotates.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from moto.core.utils import unix_time, utcnow
from moto.kms.responses import KmsResponse

from ops.sandbox.services import extends


@extends(KmsResponse)
def enable_key_rotation(original: Callable[..., str], self: KmsResponse) -> str:
    answer = original(self)
    key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
    vars(key)["rotation_period_in_days"] = self._get_param("RotationPeriodInDays") or 365
    return answer


@extends(KmsResponse)
def get_key_rotation_status(original: Callable[..., str], self: KmsResponse) -> str:
    answer: dict[str, Any] = json.loads(original(self))
    key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
    answer["KeyId"] = key.id
    if answer["KeyRotationEnabled"]:
        days = vars(key)["rotation_period_in_days"]
        answer["RotationPeriodInDays"] = days
        answer["NextRotationDate"] = unix_time(utcnow() + timedelta(days=days))
    return json.dumps(answer)
