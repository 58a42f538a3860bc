"""Names an AWS request as IAM names it, from the HTTP request alone.

The sandbox records what Terraform calls, so that a deployer policy can be derived from facts.
Policies do not always use the API's names: the IAM prefix of CloudWatch is not its signing name,
S3's `HeadBucket` is granted by `s3:ListBucket`, every budget call by two actions. The differences
stand in tables here, each row from the service's page of the Service Authorization Reference.

What is *not* visible in a request, and so is never recorded: `iam:PassRole`, the service-linked
roles a service creates by itself, `kms:CreateGrant` made on the caller's behalf, and the
`TagResource` kind of action that some services check when a creation carries tags.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

UNKNOWN = "Unknown"

# Signing name -> IAM prefix, where the two differ.
_IAM_PREFIX = {
    "monitoring": "cloudwatch",
    "tagging": "tag",
    "email": "ses",
    "cloudcontrolapi": "cloudformation",
}

# Signing name -> botocore's name of the service, where the two differ. Only the services with a
# REST protocol are needed: they name the operation by method and path, the others in plain text.
_MODEL_NAME = {"elasticfilesystem": "efs"}

_S3_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "DeleteObjects": "DeleteObject",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
}


@dataclass(frozen=True)
class Call:
    """One API call: the service's signing name, and the operation as the API names it."""

    service: str
    operation: str

    @property
    def iam_action(self) -> str:
        """The action that a policy has to allow, for example `cloudwatch:PutMetricAlarm`."""
        prefix = _IAM_PREFIX.get(self.service, self.service)
        operation = self.operation
        if prefix == "s3":
            operation = _S3_ACTIONS.get(operation, operation)
        elif prefix == "budgets" and not operation.endswith(("Resource", "Action", "Actions")):
            operation = "ViewBudget" if operation.startswith("Describe") else "ModifyBudget"
        return f"{prefix}:{operation}"


def identify(environ: WSGIEnvironment) -> Call | None:
    """The call that a request makes, or None if it is not a signed AWS request.

    A body that has to be read for it is put back, so the request can be handled afterwards.
    """
    scope = re.search(
        r"Credential=[^/,\s]+/\d+/[^/,\s]+/(?P<service>[^/,\s]+)/aws4_request",
        environ.get("HTTP_AUTHORIZATION", ""),
    )
    if scope is None:
        return None
    service = scope["service"].lower()
    return Call(service, _operation(service, environ) or UNKNOWN)


def _operation(service: str, environ: WSGIEnvironment) -> str | None:
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).rpartition(".")[2]
    rpc = re.fullmatch(r"/service/[^/]+/operation/(\w+)", environ.get("PATH_INFO", ""))
    if rpc:
        return rpc[1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        action = re.search(rb"(?:^|&)Action=(\w+)", body)
        if action:
            return action[1].decode()
    return _rest_operation(_MODEL_NAME.get(service, service), environ)


def _rest_operation(model: str, environ: WSGIEnvironment) -> str | None:
    if model == "s3" and environ.get("PATH_INFO", "").startswith("/v20180820/"):
        model = "s3control"
    request: Any = Request(environ, populate_request=False)
    try:
        operation, _ = get_service_router(model).match(request)
    except (UnknownServiceError, HTTPException, NotImplementedError):
        return None
    return str(operation.name)
