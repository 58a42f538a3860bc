"""Spacelift's policies, evaluated on this machine.

Spacelift runs the files of `spacelift/policies/` in its own Open Policy Agent. This module builds
the documents that it feeds them (a Terraform plan becomes the input of the plan policy, with
strings hashed as Spacelift hashes them) and evaluates a policy in two other Rego engines, which
have to agree: rego-cpp takes a misspelt variable for "undefined", regorus does not; each has
mistakes that the other has not.

https://docs.spacelift.io/concepts/policy
https://docs.spacelift.io/vendors/terraform/resource-sanitization
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import opa_eval
import regopy
import yaml

from ops import ROOT
from ops.errors import OpsError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Document: TypeAlias = Mapping[str, Json]

POLICIES = ROOT / "spacelift" / "policies"

PACKAGE = "data.spacelift"

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "plan": ("deny", "warn"),
    "approval": ("approve", "reject"),
    "push": ("track", "propose", "ignore", "notify"),
    "notification": ("inbox", "slack", "webhook"),
}
"""The rules that Spacelift asks for, by policy (the file's name without `.rego`)."""

RunType = Literal["PROPOSED", "TRACKED", "DESTROY", "TASK", "TESTING"]
HASH_DIGITS = 8


# ------------------------------------------------------------------ what Spacelift feeds a policy


@dataclass(frozen=True)
class Stack:
    """A Spacelift stack, as policies see it. `labels` hold the limits that policies read."""

    id: str = "resilience-platform"
    labels: tuple[str, ...] = ()
    branch: str = "main"
    repository: str = "opsfolio-resilience-platform"

    def document(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "name": self.id,
            "administrative": False,
            "autodeploy": False,
            "branch": self.branch,
            "labels": list(self.labels),
            "project_root": None,
            "repository": self.repository,
            "state": "NONE",
            "terraform_version": None,
        }


@dataclass(frozen=True)
class Run:
    """A Spacelift run, as policies see it."""

    type: RunType = "PROPOSED"
    state: str = "PLANNING"
    author: str | None = "author"
    branch: str = "main"
    drift_detection: bool = False
    command: str | None = None
    id: str = "01RUN"

    def commit(self) -> dict[str, Json]:
        return {
            "author": self.author,
            "branch": self.branch,
            "created_at": 0,
            "hash": "0" * 40,
            "message": "",
        }

    def document(self, changes: Sequence[Document] = ()) -> dict[str, Json]:
        return {
            "based_on_local_workspace": False,
            "branch": self.branch,
            "changes": list(changes),
            "command": self.command,
            "commit": self.commit(),
            "created_at": 0,
            "creator_session": None,
            "drift_detection": self.drift_detection,
            "flags": [],
            "id": self.id,
            "state": self.state,
            "triggered_by": None,
            "type": self.type,
            "updated_at": 0,
            "user_provided_metadata": [],
        }


class Sanitization(Enum):
    """How much of a plan's strings Spacelift hashes before a policy reads them."""

    DEFAULT = "every string"
    SMART = "what Terraform marks as sensitive"


def sanitized(text: str) -> str:
    """`text` as Spacelift's sanitization leaves it: the end of its SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()[-HASH_DIGITS:]


def plan_input(
    plan: Document,
    *,
    run: Run,
    stack: Stack,
    sanitization: Sanitization = Sanitization.SMART,
    third_party_metadata: Document | None = None,
) -> dict[str, Json]:
    """The input of a plan policy.

    Args:
        plan: `terraform show -json` of a plan file.
        run: the run that planned.
        stack: the stack it belongs to.
        sanitization: the stack's setting.
        third_party_metadata: reports of other tools; see `infracost`.

    Raises:
        OpsError: `plan` is no plan document.
    """
    changes = plan.get("resource_changes", [])
    if "terraform_version" not in plan or not isinstance(changes, Sequence):
        raise OpsError(
            "the document is no Terraform plan: it needs terraform_version and resource_changes; "
            "make one with terraform show -json <plan file>"
        )
    return {
        "spacelift": {
            "commit": run.commit(),
            "request": {"timestamp_ns": 0},
            "run": run.document(),
            "stack": stack.document(),
        },
        "terraform": {
            "resource_changes": [_resource_change(change, sanitization) for change in changes],
            "terraform_version": plan["terraform_version"],
        },
        "third_party_metadata": third_party_metadata or {},
    }


def _resource_change(change: Json, sanitization: Sanitization) -> Json:
    assert isinstance(change, Mapping)
    inner = change["change"]
    assert isinstance(inner, Mapping)
    values: dict[str, Json] = {"actions": inner["actions"]}
    for side in ("before", "after"):
        everything = sanitization is Sanitization.DEFAULT
        mask = True if everything else inner.get(f"{side}_sensitive", False)
        values[side] = _hashed(inner.get(side), mask)
    return {
        "address": change["address"],
        "type": change["type"],
        "name": change["name"],
        "provider_name": change["provider_name"],
        "change": values,
    }


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
        by_item = isinstance(mask, Sequence) and not isinstance(mask, str)
        return [
            _hashed(item, _at(mask, index) if by_item else mask) for index, item in enumerate(value)
        ]
    return value


def _at(mask: Json, index: int) -> Json:
    assert isinstance(mask, Sequence)
    return mask[index] if index < len(mask) else False


def infracost(monthly_usd: str | None, *, past_usd: str | None = None) -> dict[str, Json]:
    """The part of an Infracost report that policies read; totals are strings, as Infracost's."""
    project: dict[str, Json] = {"breakdown": {"totalMonthlyCost": monthly_usd}}
    if past_usd is not None:
        project["pastBreakdown"] = {"totalMonthlyCost": past_usd}
    return {"version": "0.2", "currency": "USD", "projects": [project]}


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

    older: list[Json] = []
    if older_approvals:
        older.append({"approvals": reviews(older_approvals), "rejections": []})
    return {
        "reviews": {
            "current": {"approvals": reviews(approvals), "rejections": reviews(rejections)},
            "older": older,
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
) -> dict[str, Json]:
    """The input of a push policy: `files` changed on `branch`, maybe seen as a pull request."""
    return {
        "in_progress": [],
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
    *,
    run: Run,
    stack: Stack,
    changes: Sequence[Document] = (),
    webhooks: Sequence[str] = (),
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


# ------------------------------------------------------------------ what a policy answers


@dataclass(frozen=True)
class PlanVerdict:
    """What a plan policy says: a message under `deny` fails the run, one under `warn` is shown."""

    deny: tuple[str, ...]
    warn: tuple[str, ...]


@dataclass(frozen=True)
class ApprovalVerdict:
    """What an approval policy says; neither means that it waits for more reviews."""

    approve: bool
    reject: bool


@dataclass(frozen=True)
class PushVerdict:
    """What a push policy says; `ignore` outdoes the others."""

    track: bool
    propose: bool
    ignore: bool
    notify: bool


@dataclass(frozen=True)
class NotificationVerdict:
    """Which messages a notification policy sends where."""

    inbox: tuple[Json, ...]
    slack: tuple[Json, ...]
    webhook: tuple[Json, ...]


class Policy:
    """One policy file, ready in both engines.

    Args:
        path: a `.rego` file whose name is a key of `OUTPUTS`.

    Raises:
        OpsError: the file is missing, or an engine cannot read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stem not in OUTPUTS:
            raise OpsError(f"{path.name}: unknown policy; known are {', '.join(OUTPUTS)}")
        try:
            source = path.read_text(encoding="utf-8")
            self._rego_cpp = regopy.Interpreter()
            self._rego_cpp.add_module(path.name, source)
            self._regorus = {
                rule: opa_eval.OpaEval(str(path), query=f"{PACKAGE}.{rule}")
                for rule in OUTPUTS[path.stem]
            }
        except (OSError, RuntimeError, regopy.RegoError) as error:
            raise OpsError(f"{path.name}: {_one_line(error)}") from None

    def evaluate(self, document: Document) -> dict[str, Json]:
        """The value of each rule that Spacelift asks for, sets as sorted lists.

        Raises:
            OpsError: an engine fails, or the two answer differently.
        """
        text = json.dumps(document)
        try:
            self._rego_cpp.set_input(document)
            strict = {
                rule: _ordered(json.loads(engine.evaluate(text)))
                for rule, engine in self._regorus.items()
            }
            lax = dict(zip(strict, self._ask_rego_cpp(list(strict)), strict=True))
        except (RuntimeError, ValueError, regopy.RegoError) as error:
            raise OpsError(f"{self._path.name}: {_one_line(error)}") from None
        for rule, value in strict.items():
            if lax[rule] != value:
                raise OpsError(
                    f"{self._path.name}: the engines disagree about {rule}: "
                    f"regorus says {json.dumps(value)}, rego-cpp says {json.dumps(lax[rule])}"
                )
        return strict

    def _ask_rego_cpp(self, rules: Sequence[str]) -> list[Json]:
        # Asked for a rule alone, rego-cpp answers the same to "false" and to "undefined".
        wanted = ", ".join(f"{PACKAGE}.{rule}" for rule in rules)
        answer = self._rego_cpp.query(f"answers := [{wanted}]")
        if not answer.ok() or not answer.results or "answers" not in answer[0].bindings:
            raise RuntimeError(f"rego-cpp has no value for one of {', '.join(rules)}: {answer}")
        return [_ordered(value) for value in answer[0].bindings["answers"]]


def _ordered(value: Json) -> Json:
    """A set arrives as a list in an order of the engine's own."""
    if isinstance(value, list):
        return sorted(value, key=json.dumps)
    return value


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


_policy = cache(Policy)  # reading a policy takes as long as evaluating it


def review_plan(document: Document, *, policies: Path = POLICIES) -> PlanVerdict:
    """The plan policy's verdict. Raises OpsError as `Policy` does, like the functions below."""
    answer = _policy(policies / "plan.rego").evaluate(document)
    return PlanVerdict(deny=_texts(answer["deny"]), warn=_texts(answer["warn"]))


def review_approval(document: Document, *, policies: Path = POLICIES) -> ApprovalVerdict:
    """The approval policy's verdict."""
    answer = _policy(policies / "approval.rego").evaluate(document)
    return ApprovalVerdict(approve=answer["approve"] is True, reject=answer["reject"] is True)


def review_push(document: Document, *, policies: Path = POLICIES) -> PushVerdict:
    """The push policy's verdict."""
    answer = _policy(policies / "push.rego").evaluate(document)
    return PushVerdict(**{rule: answer[rule] is True for rule in OUTPUTS["push"]})


def route_notification(document: Document, *, policies: Path = POLICIES) -> NotificationVerdict:
    """What the notification policy sends."""
    answer = _policy(policies / "notification.rego").evaluate(document)
    return NotificationVerdict(
        **{route: tuple(_list(answer[route])) for route in OUTPUTS["notification"]}
    )


def _list(value: Json) -> Sequence[Json]:
    assert isinstance(value, list), f"a rule that should be a set is {value!r}"
    return value


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(value))


# ------------------------------------------------------------------ what rules say of themselves


@dataclass(frozen=True)
class Rule:
    """A rule and its METADATA block."""

    policy: str
    name: str
    title: str
    description: str


_METADATA = re.compile(
    r"^# METADATA\n(?P<yaml>(?:^#[^\n]*\n)+)(?P<head>[^\n#][^\n]*)$", re.MULTILINE
)


def rules(path: Path) -> list[Rule]:
    """The rules of a policy file that have a METADATA block, in the file's order.

    Raises:
        OpsError: a block is not YAML, or lacks its title or description.
    """
    found = []
    for block in _METADATA.finditer(path.read_text(encoding="utf-8")):
        head = block["head"]
        if head.startswith("package "):
            continue
        name = head.split()[0]
        try:
            metadata = yaml.safe_load(re.sub(r"^# ?", "", block["yaml"], flags=re.MULTILINE))
            title, description = str(metadata["title"]), str(metadata["description"])
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise OpsError(f"{path.name}: METADATA of {name}: {_one_line(error)}") from None
        found.append(Rule(path.stem, name, title, " ".join(description.split())))
    return found
