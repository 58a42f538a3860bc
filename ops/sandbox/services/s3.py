"""S3: notifications to EventBridge, who pays, and no guesses about the rest.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

from ops.sandbox.services import extends

_UNKNOWN = {
    *("abac", "analytics", "intelligent-tiering", "metadataConfiguration", "metadataTable"),
    *("metrics", "session"),
}


@extends(S3Response)
def get_bucket_notification(original: Callable[..., Any], self: S3Response) -> Any:
    configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if configuration and configuration.event_bridge is not None:
        serialize = self.serialized

        def with_event_bridge(answer: ActionResult) -> Any:
            answer.result["EventBridgeConfiguration"] = {}  # type: ignore[index]
            return serialize(answer)

        self.serialized = with_event_bridge  # type: ignore[method-assign,assignment]
    return original(self)


@extends(S3Response)
def list_objects(original: Callable[..., Any], self: S3Response) -> Any:
    """moto lists the objects whenever it does not know what of the bucket is asked for."""
    asked = set(parse_qs(self.parsed_url.query, keep_blank_values=True))
    if "requestPayment" in asked:
        self.data["Action"] = "GetBucketRequestPayment"
        return self.serialized(ActionResult({"Payer": "BucketOwner"}))
    if unknown := asked & _UNKNOWN:
        raise NotImplementedError(f"a bucket's {unknown.pop()} is not there")
    return original(self)
