"""Application Auto Scaling: the tags of scalable targets.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from ops.sandbox.services import adds, extends, state


def _tags(response: ApplicationAutoScalingResponse, arn: str) -> dict[str, Any]:
    for targets in response.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return state(target, "tags")
    raise JsonRESTError("ResourceNotFoundException", f"The resource {arn} doesn't exist.")


@extends(ApplicationAutoScalingResponse)
def register_scalable_target(
    original: Callable[..., str], self: ApplicationAutoScalingResponse
) -> str:
    answer = original(self)
    tags = _tags(self, json.loads(answer)["ScalableTargetARN"])
    tags.update(self._get_param("Tags") or {})
    return answer


@adds(ApplicationAutoScalingResponse)
def list_tags_for_resource(self: ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": _tags(self, self._get_param("ResourceARN"))})


@adds(ApplicationAutoScalingResponse)
def tag_resource(self: ApplicationAutoScalingResponse) -> str:
    _tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags"))
    return "{}"


@adds(ApplicationAutoScalingResponse)
def untag_resource(self: ApplicationAutoScalingResponse) -> str:
    tags = _tags(self, self._get_param("ResourceARN"))
    for key in self._get_param("TagKeys"):
        tags.pop(key, None)
    return "{}"
