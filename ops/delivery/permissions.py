"""The IAM policies that deploying needs, derived from what Terraform calls.

What it calls, `ops.delivery.recording` sees. Together with what no call shows, which stands in
unseen.yaml and linked_roles.yaml with its reasons, that makes three policies: the calls of the
stacks that share the contract's services, those that the hardened stack needs on top of them, and
all that has to do with roles, which has their names and so belongs to the stacks of cdktf.json.
What of it only reads makes a policy of its own, for those who plan and may not apply.

IAM's limits and conditions:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from ops import ROOT, files
from ops.errors import OpsError
from ops.model.stack import Stack, declared, read_stacks

POLICIES: dict[str, tuple[str, ...]] = {
    "deployer-policy.json": ("wp-ecs", "resilience-platform", "resilience-platform-staging"),
    "deployer-policy-hardened.json": ("resilience-platform-hardened",),
}
"""File below docs/ to the stacks whose calls it grants, but for those that the file before grants.

The last is for all other stacks of cdktf.json too."""
ROLES = "deployer-policy-roles.json"
"""The file below docs/ that every stack needs besides."""
FILES = (*POLICIES, ROLES)
READER = "reader-policy.json"
"""The file below docs/ that is enough to plan any stack: what only reads, of all the others."""

SIZE_LIMIT = 6144
"""Of a managed policy, in characters other than white space."""


class Unseen(NamedTuple):
    """What AWS checks though Terraform does not call it in the sandbox: a row of unseen.yaml."""

    needed_by: str
    reason: str
    actions: list[str]


UNSEEN = files.data(list[Unseen], Path(__file__).with_name("unseen.yaml"))
LINKED_ROLES = files.data(dict[str, str], Path(__file__).with_name("linked_roles.yaml"))

READING = re.compile(
    r"(?!secretsmanager:GetRandomPassword|s3:ListBucketVersions)\w+(-\w+)*:(Describe|Get|List|View)"
)
"""What a plan may call. Those that it does not are for an apply, see unseen.yaml."""

_ATTACH = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
_PASS = ["iam:PassRole"]
_LINK = ["iam:CreateServiceLinkedRole"]

_OF_STACKS = ("Calls", "Grants")
"""The statements of a stack's own policy; the others are about roles, which have its name."""

Grant = tuple[str, str]
"""The id of a policy's statement, and one thing that it allows: an action or, where the statement's
condition says what is allowed, a value of the condition: a managed policy, a service."""


def needs(stack: Stack, called: Iterable[str]) -> set[Grant]:
    """What deploying a stack takes, of which these actions were called in its life."""
    unseen = [row.actions for row in UNSEEN if _declares(stack, row.needed_by)]
    found = calls(chain(called, *unseen))
    for attachment in stack.all("aws_iam_role_policy_attachment").values():
        found.add(("ManagedPolicies", attachment["policy_arn"]))
    for role in stack.all("aws_iam_role").values():
        for statement in json.loads(role["assume_role_policy"])["Statement"]:
            named = statement["Principal"]["Service"]
            services = [named] if isinstance(named, str) else named
            found |= {("PassRoles", service) for service in services}
    for service, kind in LINKED_ROLES.items():
        if _declares(stack, kind):
            found.add(("ServiceLinkedRoles", service))
    if _declares(stack, "aws_kms_key"):
        found.add(("Grants", "kms:CreateGrant"))
    return found


def calls(called: Iterable[str]) -> set[Grant]:
    """What calls need: those on roles are limited to the project's own."""
    return {
        ("Roles" if action.startswith("iam:") else "Calls", action)
        for action in called
        if action not in _ATTACH
    }


def _declares(stack: Stack, what: str) -> bool:
    """Whether it has such a resource, with that attribute if one is named."""
    kind, _, attribute = what.partition(".")
    return any(not attribute or block.get(attribute) for block in stack.all(kind).values())


def document(granted: Iterable[Grant], projects: Collection[str] = ()) -> dict[str, Any]:
    """The policy that grants exactly this, on roles of these projects, if IAM takes its length."""
    longer = tuple(f"{project}-" for project in projects)
    shortest = [project for project in sorted(projects) if not project.startswith(longer)]
    roles = [f"arn:aws:iam::*:role/{project}-*" for project in shortest]
    found: dict[str, list[str]] = defaultdict(list)
    for sid, what in sorted(granted):
        found[sid].append(what)
    services = ["arn:aws:iam::*:role/aws-service-role/*"]
    attached, passed = found["ManagedPolicies"], found["PassRoles"]
    linked = found["ServiceLinkedRoles"]
    statements: tuple[tuple[str, list[str], str | list[str], dict[str, Any]], ...] = (
        ("Calls", found["Calls"], "*", {}),
        ("Roles", found["Roles"], roles, {}),
        ("ManagedPolicies", _ATTACH, roles, {"ArnEquals": {"iam:PolicyARN": attached}}),
        ("PassRoles", _PASS, roles, {"StringEquals": {"iam:PassedToService": passed}}),
        ("ServiceLinkedRoles", _LINK, services, {"StringEquals": {"iam:AWSServiceName": linked}}),
        ("Grants", found["Grants"], "*", {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Sid": sid, "Action": actions, "Resource": resource}
            | ({"Condition": condition} if condition else {})
            for sid, actions, resource, condition in statements
            if found[sid]
        ],
    }
    size = len(re.sub(r"\s", "", json.dumps(policy)))
    if size > SIZE_LIMIT:
        raise OpsError(
            f"a policy for the deployer has {size} characters and IAM takes {SIZE_LIMIT}: take "
            "stacks out of cdktf.json, or give them names that begin alike (`<name>-`)"
        )
    return policy


def stacks() -> dict[str, list[str]]:
    """Each policy file's stacks, as cdktf.json declares them now."""
    now = declared()
    named = {stack_id for stack_ids in POLICIES.values() for stack_id in stack_ids}
    found = {name: [i for i in stack_ids if i in now] for name, stack_ids in POLICIES.items()}
    found[[*POLICIES][-1]] += [stack_id for stack_id in now if stack_id not in named]
    return found


def documents(called: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Any]]:
    """The policies by file name.

    Args:
        called: by file name, what was called in the lives of its stacks; what has to do with roles
            may stand at any.
    """
    made = {}
    total = calls(called.get(ROLES, ()))
    for name, stack_ids in stacks().items():
        needed = calls(called[name])
        for stack_id in stack_ids:
            needed |= needs(read_stacks()[stack_id], ())
        made[name] = document(each for each in needed - total if each[0] in _OF_STACKS)
        total |= needed
    projects = {str(settings.project_name) for settings in declared().values()}
    made[ROLES] = document((each for each in total if each[0] not in _OF_STACKS), projects)
    made[READER] = document((each for each in total if READING.match(each[1])), projects)
    return made


def recorded() -> dict[str, set[str]]:
    """What the files say was called, by file name."""
    calls = ("Calls", "Roles")
    return {name: set().union(*(_statements(name).get(c, ()) for c in calls)) for name in FILES}


def _statements(name: str) -> dict[str, list[str]]:
    """The actions of a policy file by the ids of its statements."""
    policy = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
    return {statement["Sid"]: statement["Action"] for statement in policy["Statement"]}


def as_text(policy: Mapping[str, Any]) -> str:
    """The content of a policy's file."""
    return json.dumps(policy, indent=2) + "\n"


def granted(name: str) -> set[str]:
    """The actions that a policy file grants, whatever to."""
    return {action for actions in _statements(name).values() for action in actions}
