"""Names an AWS request as IAM names it, and decodes it, from the HTTP request alone.

AWS's own model of its APIs is botocore's; moto finds the operation in it and decodes the request.

The sandbox records what Terraform calls, so that a deployer policy can be derived from facts.
Policies do not always use the API's names: the IAM prefix of CloudWatch is not its signing name,
S3's `HeadBucket` is granted by `s3:ListBucket`, every budget call by two actions. The differences
stand in iam_names.yaml.

What is *not* visible in a request, and so is never recorded: `iam:PassRole`, the service-linked
roles a service creates by itself, `kms:CreateGrant` made on the caller's behalf, and the
`TagResource` kind of action that some services check when a creation carries tags.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

from ops import files

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

UNKNOWN = "Unknown"

_NAMES = files.data(dict[str, dict[str, str]], Path(__file__).with_name("iam_names.yaml"))


@dataclass(frozen=True)
class Call:
    """One API call: the service's signing name, and the operation as the API names it.

    Attributes:
        model: the operation, as AWS's model has it; None if it is not there, or the request cannot
            be read: one in CBOR, which boto3 alone speaks, or one that does not keep its types.
        parameters: what the request asks for, by the model's names.
    """

    service: str
    operation: str
    model: OperationModel | None = field(default=None, repr=False, compare=False)
    parameters: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def iam_action(self) -> str:
        """The action that a policy has to allow, for example `cloudwatch:PutMetricAlarm`."""
        action = f"{_NAMES['prefixes'].get(self.service, self.service)}:{self.operation}"
        return _NAMES["actions"].get(action, action)


# of a request that has a list where the model has a number, or the like
_UNREADABLE = (RequestParserError, ValueError, TypeError, AttributeError)


def identify(environ: WSGIEnvironment) -> Call | None:
    """The call that a request makes, or None if it is not a signed AWS request.

    The body, which has to be read for it, is put back, so the request can be handled afterwards.
    """
    scope = re.search(
        r"Credential=[^/,\s]+/\d+/[^/,\s]+/(?P<service>[^/,\s]+)/aws4_request",
        environ.get("HTTP_AUTHORIZATION", ""),
    )
    if scope is None:
        return None
    service = scope["service"].lower()
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    request: Any = Request(environ, populate_request=False)
    try:
        return _modelled(service, request)
    except (UnknownServiceError, HTTPException, NotImplementedError, *_UNREADABLE):
        named = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        named = named or request.form.get("Action") or UNKNOWN
        rpc = re.fullmatch(r"/service/[^/]+/operation/(\w+)", request.path)
        return Call(service, rpc[1] if rpc else named)
    finally:
        environ["wsgi.input"] = io.BytesIO(body)


def _modelled(service: str, request: Any) -> Call:
    name = _NAMES["models"].get(service, service)
    if name == "s3" and request.path.startswith("/v20180820/"):
        name = "s3control"
    model, labels = get_service_router(name).match(request)
    protocol = determine_request_protocol(model.service_model, request.content_type)
    parameters = PROTOCOL_PARSERS[protocol](model).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": labels,
        }
    )
    return Call(service, str(model.name), model, parameters)
