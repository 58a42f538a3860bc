"""The documents that Spacelift feeds its policies.

A Terraform plan becomes the input of the plan policy, with sensitive strings hashed, which is
Spacelift's smart sanitization.

https://docs.spacelift.io/concepts/policy
https://docs.spacelift.io/vendors/terraform/resource-sanitization
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, repeat
from typing import Any, Literal, TypeAlias

from ops.errors import OpsError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Document: TypeAlias = Mapping[str, Json]

RunType = Literal["PROPOSED", "TRACKED", "DESTROY", "TASK", "TESTING"]
HASH_DIGITS = 8


@dataclass(frozen=True)
class Stack:
    """A Spacelift stack, as policies see it. `labels` hold the limits that policies read."""

    id: str = "resilience-platform"
    labels: tuple[str, ...] = ()
    branch: str = "main"
    repository: str = "opsfolio-resilience-platform"
    administrative: bool = False
    autodeploy: bool = False
    project_root: str | None = None
    state: str = "NONE"
    terraform_version: str | None = None

    def document(self) -> dict[str, Json]:
        return {**asdict(self), "labels": list(self.labels), "name": self.id}


@dataclass(frozen=True)
class Run:
    """A Spacelift run, as policies see it."""

    type: RunType = "PROPOSED"
    state: str = "PLANNING"
    author: str | None = "author"
    branch: str = "main"
    drift_detection: bool = False
    command: str | None = None
    creator: str | None = None
    id: str = "01RUN"
    based_on_local_workspace: bool = False
    created_at: int = 0
    triggered_by: str | None = None
    updated_at: int = 0

    def commit(self) -> dict[str, Json]:
        fixed: dict[str, Json] = {"created_at": 0, "hash": "0" * 40, "message": ""}
        return {**fixed, "author": self.author, "branch": self.branch}

    def document(self, changes: Sequence[Document] = ()) -> dict[str, Json]:
        """`author` is the commit's, and `creator` a session's."""
        found = asdict(self)
        del found["author"]
        login = found.pop("creator")
        return {
            **found,
            "changes": list(changes),
            "commit": self.commit(),
            "creator_session": login and {"login": login, "machine": False},
            "flags": [],
            "user_provided_metadata": [],
        }


def sanitized(text: str) -> str:
    """`text` as Spacelift's sanitization leaves it: the end of its SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()[-HASH_DIGITS:]


def plan_input(
    plan: Document, *, run: Run, stack: Stack, third_party_metadata: Document | None = None
) -> dict[str, Json]:
    """The input of a plan policy."""
    changes = plan.get("resource_changes", [])
    if "terraform_version" not in plan or not isinstance(changes, Sequence):
        raise OpsError(
            "the document is not a Terraform plan: it needs terraform_version and "
            "resource_changes; make one with terraform show -json <plan file>"
        )
    return {
        "spacelift": {
            "commit": run.commit(),
            "request": {"timestamp_ns": 0},
            "run": run.document(),
            "stack": stack.document(),
        },
        "terraform": {
            "resource_changes": [_resource_change(change) for change in changes],
            "terraform_version": plan["terraform_version"],
        },
        "third_party_metadata": third_party_metadata or {},
    }


def _resource_change(change: Any) -> Json:
    inner = change["change"]
    values: dict[str, Json] = {"actions": inner["actions"]}
    for side in ("before", "after"):
        values[side] = _hashed(inner.get(side), inner.get(f"{side}_sensitive", False))
    kept = ("address", "type", "name", "provider_name")
    return {**{key: change[key] for key in kept}, "change": values}


def _hashed(value: Json, mask: Json) -> Json:
    """`value` with each string hashed that `mask`, Terraform's tree of sensitive places, covers."""
    if mask is False or mask is None:
        return value
    if isinstance(value, str):
        return sanitized(value) if mask is True else value
    if isinstance(value, Mapping):
        return {
            key: _hashed(item, mask.get(key) if isinstance(mask, Mapping) else mask)
            for key, item in value.items()
        }
    if isinstance(value, Sequence):
        masks = chain(mask, repeat(False)) if isinstance(mask, (list, tuple)) else repeat(mask)
        return [_hashed(item, each) for item, each in zip(value, masks, strict=False)]
    return value


def approval_input(
    *,
    run: Run,
    stack: Stack,
    approvals: Sequence[str] = (),
    rejections: Sequence[str] = (),
    older_approvals: Sequence[str] = (),
) -> dict[str, Json]:
    """The input of an approval policy: logins of reviewers, older ones in an earlier state."""

    def reviews(logins: Sequence[str]) -> list[Json]:
        return [
            {"author": login, "session": {"login": login, "name": login, "teams": []}}
            for login in logins
        ]

    older: Json = {"approvals": reviews(older_approvals), "rejections": []}
    return {
        "reviews": {
            "current": {"approvals": reviews(approvals), "rejections": reviews(rejections)},
            "older": [older] if older_approvals else [],
        },
        "run": run.document(),
        "stack": stack.document(),
    }


def push_input(
    *,
    stack: Stack,
    branch: str,
    files: Sequence[str] = (),
    tag: str = "",
    pull_request: Document | None = None,
    in_progress: Sequence[Run] = (),
) -> dict[str, Json]:
    """The input of a push policy: `files` changed on `branch`, maybe seen as a pull request.

    `in_progress` are the stack's runs that wait for a worker or for people.
    """
    return {
        "in_progress": [run.document() for run in in_progress],
        "pull_request": pull_request,
        "push": {
            "affected_files": list(files),
            "author": "author",
            "branch": branch,
            "created_at": 0,
            "message": "",
            "tag": tag,
        },
        "stack": stack.document(),
    }


def notification_input(
    *, run: Run, stack: Stack, changes: Sequence[Document] = (), webhooks: Sequence[str] = ()
) -> dict[str, Json]:
    """The input of a notification policy about a run that changed its state."""
    return {
        "account": {"name": "opsfolio"},
        "run_updated": {
            "state": run.state,
            "username": "",
            "note": "",
            "run": run.document(changes),
            "stack": stack.document(),
            "timing": [],
            "urls": {"run": f"https://opsfolio.app.spacelift.io/stack/{stack.id}/run/{run.id}"},
        },
        "webhook_endpoints": [{"id": webhook, "labels": []} for webhook in webhooks],
    }
