"""IAM documents as plain functions: who may assume a role, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

Statement: TypeAlias = dict[str, object]
"""One statement of a policy document."""


def trust(*services: str) -> str:
    """The trust policy that lets AWS services assume a role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    principals = [f"{service}.amazonaws.com" for service in services]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principals[0] if len(principals) == 1 else principals},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(
    actions: list[str], resource: str | list[str], condition: Mapping[str, object] | None = None
) -> Statement:
    """A statement that allows actions on a resource, or on several."""
    statement: Statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return statement if condition is None else {**statement, "Condition": condition}


def allow_service(
    sid: str, service: str, action: str | list[str], resource: str, **condition: Mapping[str, str]
) -> Statement:
    """A statement of a resource's own policy, which lets an AWS service use it."""
    statement = {"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": action}
    allowed: Statement = {"Sid": sid, "Effect": "Allow", **statement, "Resource": resource}
    return {**allowed, "Condition": condition} if condition else allowed


def tls_only(principal: object, action: str, resource: str | list[str]) -> Statement:
    """A statement of a resource's own policy that refuses what is not encrypted on its way."""
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {"Principal": principal, "Action": action, "Resource": resource}
    return {"Sid": "TlsOnly", "Effect": "Deny", **statement, "Condition": plain}


def document(*statements: Statement) -> dict[str, object]:
    """A policy document; give it to Fn.jsonencode, since it may hold references."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def literal(text: str) -> str:
    """A text that `Fn.jsonencode` writes into Terraform's language, so that it arrives as it is.

    CDKTF escapes `${` in it, and nothing else.
    """
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%{", "%%{")
