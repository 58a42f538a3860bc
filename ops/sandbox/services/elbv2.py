"""ELBv2: how long a cookie ties a client to a target, and protection from deletion.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from collections.abc import Callable
from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from ops.sandbox.services import extends


@extends(FakeTargetGroup)
def __init__(
    original: Callable[..., None], self: FakeTargetGroup, *args: Any, **kwargs: Any
) -> None:
    """A day, also while stickiness is off: the AWS provider plans to set it where it is not."""
    original(self, *args, **kwargs)
    if self.protocol in ("HTTP", "HTTPS"):
        self.attributes["stickiness.lb_cookie.duration_seconds"] = "86400"


@extends(ELBv2Backend)
def delete_load_balancer(original: Callable[..., None], backend: ELBv2Backend, arn: str) -> None:
    """Not one that is protected: `terraform destroy` fails as in AWS, and can be practised."""
    balancer = backend.load_balancers.get(arn)
    if balancer and balancer.attrs["deletion_protection.enabled"] == "true":
        raise ELBClientError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    original(backend, arn)
