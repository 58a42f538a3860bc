"""What stands between moto and the socket.

The gateway

- records every call, so that a deployer policy can be derived from what Terraform really does;
- refuses a call that AWS's own model of its APIs refuses, see `ops.sandbox.refusals`;
- answers a call that is repeated, because its answer got lost, with that answer. On a busy machine
  the AWS provider loses one now and then, and what was revoked cannot be revoked again;
- answers a call that the emulator does not have with an error that names it, in the service's own
  format and with a status that no SDK retries. Left alone, moto answers such a call with a
  server error, which the AWS provider repeats for minutes before it gives up.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, NoReturn
from xml.sax.saxutils import escape

from flask import Flask
from moto.backends import SERVICE_NAMES
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException
from werkzeug.test import run_wsgi_app

from ops.sandbox.calls import Call, identify
from ops.sandbox.refusals import refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ops.sandbox.server import Sandbox  # which starts the gateway

UNSUPPORTED = "SandboxUnsupported"
"""Error code of a call that the emulator does not have. It is nobody else's, so no provider reads
it as "this region lacks the feature" and carries on without."""

REMEMBERED_ANSWERS = 500
"""More than are under way at any time; an SDK repeats a call within seconds."""

_Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status, headers and body."""

_log = logging.getLogger(__name__)
_one_call_at_a_time = threading.Lock()
"""moto is not made for threads: it walks through dictionaries that other calls are changing."""


class Gateway:
    """The WSGI application in front of moto: records calls, answers what moto cannot."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._moto = _Dispatcher(_create_app)
        self._sandbox = sandbox
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = identify(environ)
        if call is not None:
            self._sandbox.actions.add(call.iam_action)
            if "terraform-provider-aws" in environ.get("HTTP_USER_AGENT", ""):
                self._sandbox.terraform_actions.add(call.iam_action)
            code = self._sandbox.fault(call)
            if code is not None:
                return _refuse(call, code, "the sandbox was told to", environ, start_response)
            if refused := refusal(call):
                self._sandbox.refused[f"{call.service}:{call.operation}"] = refused[1]
                return _refuse(call, *refused, environ, start_response)
        try:
            with _one_call_at_a_time:
                status, headers, body = self._answer(environ)
            start_response(status, headers)
            return [body]
        except Exception as error:
            call = call or Call("unsigned", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            reason = f"the sandbox cannot do this: {error or type(error).__name__}"
            _log.debug("%s:%s", call.service, call.operation, exc_info=True)
            self._sandbox.refused[f"{call.service}:{call.operation}"] = reason
            return _refuse(call, UNSUPPORTED, reason, environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> _Answer:
        """moto's answer; of a call that succeeded before, which an SDK gives an id, the same."""
        attempt_of = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        if attempt_of in self._answers:
            return self._answers[attempt_of]
        body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        answer = status, headers.to_wsgi_list(), b"".join(body)
        if attempt_of and status.startswith("2"):
            self._answers[attempt_of] = answer
            if len(self._answers) > REMEMBERED_ANSWERS:
                self._answers.popitem(last=False)
        return answer


class _Dispatcher(DomainDispatcherApplication):
    @cache  # noqa: B019  # moto lists its folder for every call; dispatchers and hosts are few
    def get_backend_for_host(self, host: str | None) -> str | None:
        """Refuses a service that moto does not know; moto would print a line and fail later."""
        known = (pattern.match(f"http://{host}") for _, pattern in self.backend_url_patterns)
        if host is not None and host.endswith(".amazonaws.com") and not any(known):
            raise NotImplementedError(f"no service at {host}")
        backend: str | None = super().get_backend_for_host(host)
        return backend


@cache
def _create_app(service: SERVICE_NAMES) -> Flask:
    """moto's application for one service, which raises for a path it does not route.

    It holds no state, so every sandbox of a process can have the same: making one takes 0.2 s.

    moto would answer 404, which a provider reads as "does not exist".
    """
    app = create_backend_app(service)

    def unrouted(error: HTTPException) -> NoReturn:
        raise NotImplementedError(str(error))

    app.register_error_handler(404, unrouted)
    app.register_error_handler(405, unrouted)
    return app


def _refuse(
    call: Call, code: str, reason: str, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """An error as the service itself would send one. 400, because 5xx would be tried again."""
    message = f"{call.service}:{call.operation}: {reason}"
    headers = [("x-amzn-ErrorType", code), ("x-amzn-RequestId", "sandbox")]
    content_type = environ.get("CONTENT_TYPE", "")
    is_form = content_type.startswith("application/x-www-form-urlencoded")
    if is_form or call.service in ("s3", "route53", "cloudfront"):
        error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
        if call.service in ("ec2", "s3"):
            body = f"<Error>{error}</Error>"
        if call.service == "ec2":
            body = f"<Response><Errors>{body}</Errors></Response>"
        headers.append(("Content-Type", "text/xml"))
    else:
        body = json.dumps({"__type": code, "message": message})
        headers.append(("Content-Type", content_type or "application/json"))
    encoded = body.encode()
    headers.append(("Content-Length", str(len(encoded))))
    start_response("400 Bad Request", headers)
    return [encoded]
