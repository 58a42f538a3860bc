"""An AWS to practise on: moto's server in this process, on a loopback port, forgetful.

Real Terraform with the real AWS provider, the AWS CLI and boto3 work against it unchanged: only
the environment differs (`Sandbox.environment`), and nothing in that environment can reach a real
account. `ops.sandbox.gateway` stands before moto, and `ops.sandbox.services` adds what moto lacks.
"""

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Self

import boto3
from botocore.config import Config

from ops.aws import aws_settings_hidden
from ops.errors import OpsError

# moto opens a boto3 session when it is imported, which fails on an AWS_PROFILE that is not there.
with aws_settings_hidden():
    from moto import settings
    from moto.core.base_backend import AccountSpecificBackend, BackendDict, backend_lock
    from moto.core.model_instances import reset_model_data
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import BaseWSGIServer, make_server

    from ops.sandbox import leftovers, services
    from ops.sandbox.calls import Call
    from ops.sandbox.gateway import Gateway

ACCOUNT_ID = "123456789012"
"""The account that everything in the sandbox belongs to: moto's default, AWS's example."""

# 1,300 machine images: no stack uses one, and every sandbox would take half a second to make them
settings.ec2_load_default_amis = lambda: False

_one_at_a_time = threading.Lock()


class Sandbox:
    """An emulator that runs as long as its `with` block.

    Args:
        region: what `AWS_REGION` names in `environment`; every region exists.
        port: loopback port to listen on; 0 takes a free one.

    Attributes:
        endpoint: URL of every AWS service.
        environment: variables that make Terraform's AWS provider, the AWS CLI and boto3 use it,
            and keep them from finding anything else. Replace, do not merge, the `AWS_*` that a
            process inherits (`ops.terraform.Terraform` does).
        actions: what was called so far, as IAM names it, for example `ec2:DescribeVpcs`.
        terraform_actions: those of them that Terraform's AWS provider called.
        refused: what was called and refused, because AWS's own API model does not allow it, the
            emulator does not have it, or failed inside it; each with the reason.
        fault: asked before each call for an error code to answer with instead, like `Throttling`;
            None lets the call through. For rehearsals of a bad day.
    """

    def __init__(self, *, region: str = "eu-central-1", port: int = 0) -> None:
        self._region = region
        self._port = port
        self._server: BaseWSGIServer
        self._thread: threading.Thread
        self.actions: set[str] = set()
        self.terraform_actions: set[str] = set()
        self.refused: dict[str, str] = {}
        self.fault: Callable[[Call], str | None] = lambda call: None

    def __enter__(self) -> Self:
        """Starts with an empty account; an OSError says that the port asked for is taken."""
        if not _one_at_a_time.acquire(blocking=False):
            raise OpsError("a sandbox runs in this process already: stop it first")
        try:
            services.install()
            leftovers.install()
            _forget_everything()
            self._server = make_server(
                "127.0.0.1", self._port, Gateway(self), threaded=True, request_handler=_QuietHandler
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
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server and frees the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        _one_at_a_time.release()

    @property
    def endpoint(self) -> str:
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

    def client(self, service: str, region: str | None = None, *, attempts: int = 2) -> Any:
        """A boto3 client that sees this account alone, whatever is configured for others."""
        with aws_settings_hidden():
            return _session().client(
                service,
                region_name=region or self._region,
                endpoint_url=self.endpoint,
                config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
            )

    def leftovers(self) -> list[str]:
        """What exists beyond a fresh account's defaults, see `ops.sandbox.leftovers`."""
        return leftovers.leftovers()


@cache
def _session() -> boto3.Session:
    """One for all sandboxes: it reads AWS's API models, which takes long, once."""
    return boto3.Session("sandbox", "sandbox")


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
