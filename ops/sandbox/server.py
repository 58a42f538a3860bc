"""An AWS to practise on: moto's server in this process, on a loopback port, forgetful.

Real Terraform with the real AWS provider, the AWS CLI and boto3 work against it unchanged: only
the environment differs (`Sandbox.environment`), and nothing in that environment can reach a real
account. Between moto and the socket stands a gateway, which

- records every call, so that a deployer policy can be derived from what Terraform really does;
- answers a call that is repeated, because its answer got lost, with that answer. On a busy machine
  the AWS provider loses one now and then, and what was revoked cannot be revoked again;
- answers a call that the emulator does not have with an error that names it, in the service's own
  format and with a status that no SDK retries. Left alone, moto answers such a call with a
  server error, which the AWS provider repeats for minutes before it gives up.

What the emulator does differently from AWS is listed in `ops.sandbox.services`.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn
from xml.sax.saxutils import escape

from ops.aws import aws_settings_hidden
from ops.errors import OpsError

# moto opens a boto3 session when it is imported, which fails on an AWS_PROFILE that is not there.
with aws_settings_hidden():
    from flask import Flask
    from moto import settings
    from moto.backends import SERVICE_NAMES
    from moto.core.base_backend import AccountSpecificBackend, BackendDict, backend_lock
    from moto.core.model_instances import reset_model_data
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.exceptions import HTTPException
    from werkzeug.serving import BaseWSGIServer, make_server
    from werkzeug.test import run_wsgi_app

    from ops.sandbox import leftovers, services
    from ops.sandbox.calls import Call, identify

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ACCOUNT_ID = "123456789012"
"""The account that everything in the sandbox belongs to: moto's default, AWS's example."""

UNSUPPORTED = "SandboxUnsupported"
"""Error code of a call that the emulator does not have. It is nobody else's, so no provider reads
it as "this region lacks the feature" and carries on without."""

# 1,300 machine images: no stack uses one, and every sandbox would take half a second to make them
settings.ec2_load_default_amis = lambda: False

REMEMBERED_ANSWERS = 500
"""More than are under way at any time; an SDK repeats a call within seconds."""

_Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status, headers and body."""

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()
_one_call_at_a_time = threading.Lock()
"""moto is not made for threads: it walks through dictionaries that other calls are changing."""


class Sandbox:
    """A running emulator. Use it as a context manager, or `start()` and `stop()` it.

    Args:
        region: what `AWS_REGION` names in `environment`; every region exists.
        port: loopback port to listen on; 0 takes a free one.

    Attributes:
        endpoint: URL of every AWS service, while running.
        environment: variables that make Terraform's AWS provider, the AWS CLI and boto3 use it,
            and keep them from finding anything else. Replace, do not merge, the `AWS_*` that a
            process inherits (`ops.terraform.Terraform` does).
        actions: what was called so far, as IAM names it, for example `ec2:DescribeVpcs`.
        terraform_actions: those of them that Terraform's AWS provider called.
        unsupported: what was called and refused, because the emulator does not have it, or failed
            inside it; each with the reason.
        fault: asked before each call for an error code to answer with instead, like `Throttling`;
            None lets the call through. For rehearsals of a bad day.
    """

    def __init__(self, *, region: str = "eu-central-1", port: int = 0) -> None:
        self._region = region
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self.actions: set[str] = set()
        self.terraform_actions: set[str] = set()
        self.unsupported: dict[str, str] = {}
        self.fault: Callable[[Call], str | None] = lambda call: None

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts with an empty account.

        Raises:
            OpsError: one runs in this process already.
            OSError: the port asked for is taken.
        """
        if not _one_at_a_time.acquire(blocking=False):
            raise OpsError("a sandbox runs in this process already: stop it first")
        try:
            services.install()
            leftovers.install()
            _forget_everything()
            self.actions.clear()
            self.terraform_actions.clear()
            self.unsupported.clear()
            self._server = make_server(
                "127.0.0.1",
                self._port,
                _Gateway(self),
                threaded=True,
                request_handler=_QuietHandler,
            )
        except BaseException:
            _one_at_a_time.release()
            raise
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="sandbox",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and frees the port. Harmless when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None
        _one_at_a_time.release()

    @property
    def endpoint(self) -> str:
        if self._server is None:
            raise RuntimeError("the sandbox is not running")
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            # Without these, a profile or the role of the machine would be looked for.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # A loopback server that errs will err again; the provider would try 25 times.
            "AWS_MAX_ATTEMPTS": "2",
            "AWS_PAGER": "",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def leftovers(self) -> list[str]:
        """What exists beyond a fresh account's defaults, see `ops.sandbox.leftovers`."""
        return leftovers.leftovers()


def _forget_everything() -> None:
    """Empties moto."""
    with aws_settings_hidden():
        AccountSpecificBackend.get_session()  # opened once, and kept
    with backend_lock:
        # moto's own reset builds every backend anew before it drops them all: seconds.
        for backends in BackendDict._instances:  # type: ignore[misc]
            if backends.service_name == "s3":
                for account in backends.values():
                    account.reset()  # closes its files
            backends.clear()
        BackendDict._instances.clear()  # type: ignore[misc]
        reset_model_data()


class _QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Requests are recorded, not printed: the terminal belongs to the demo."""


class _Gateway:
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
        try:
            with _one_call_at_a_time:
                status, headers, body = self._answer(environ)
            start_response(status, headers)
            return [body]
        except Exception as error:
            call = call or Call("unsigned", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            reason = f"the sandbox cannot do this: {error or type(error).__name__}"
            _log.debug("%s:%s", call.service, call.operation, exc_info=True)
            self._sandbox.unsupported[f"{call.service}:{call.operation}"] = reason
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
    if content_type.startswith("application/x-www-form-urlencoded") or call.service in (
        "s3",
        "route53",
        "cloudfront",
    ):
        error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        body = {
            "ec2": f"<Response><Errors><Error>{error}</Error></Errors></Response>",
            "s3": f"<Error>{error}</Error>",
        }.get(
            call.service,
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>",
        )
        headers.append(("Content-Type", "text/xml"))
    else:
        body = json.dumps({"__type": code, "message": message})
        headers.append(("Content-Type", content_type or "application/json"))
    encoded = body.encode()
    headers.append(("Content-Length", str(len(encoded))))
    start_response("400 Bad Request", headers)
    return [encoded]
