"""ELBv2: how long a cookie ties a client to a target.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from collections.abc import Callable
from typing import Any

from moto.elbv2.models import FakeTargetGroup

from ops.sandbox.services import extends


@extends(FakeTargetGroup)
def __init__(
    original: Callable[..., None], self: FakeTargetGroup, *args: Any, **kwargs: Any
) -> None:
    """A day, also while stickiness is off: the AWS provider plans to set it where it is not."""
    original(self, *args, **kwargs)
    if self.protocol in ("HTTP", "HTTPS"):
        self.attributes["stickiness.lb_cookie.duration_seconds"] = "86400"
