"""What deploying is granted, and that the files grant it."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ops import ROOT
from ops.delivery import permissions
from ops.delivery.permissions import (
    FILES,
    POLICIES,
    READER,
    as_text,
    document,
    documents,
    granted,
    needs,
    recorded,
)
from ops.errors import OpsError
from ops.model.stack import Stack, read_stacks
from ops.sandbox.server import Sandbox
from tests.e2e.deployment import assert_granted
from tests.synth.options import OPTIONS

STACKS = [stack_id for stack_ids in POLICIES.values() for stack_id in stack_ids]


def policy(name: str) -> dict[str, dict[str, Any]]:
    """The statements of a policy below docs/, by their ids."""
    content = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
    return {statement["Sid"]: statement for statement in content["Statement"]}


def trust(*services: str) -> str:
    return json.dumps({"Statement": [{"Principal": {"Service": list(services)}}]})


SMALL = Stack(
    {
        "variable": {"project_name": {"default": "shop"}},
        "resource": {
            "aws_lb": {"main": {}},
            "aws_db_instance": {"main": {"manage_master_user_password": None}},
            "aws_iam_role": {"task": {"assume_role_policy": trust("ecs-tasks.amazonaws.com")}},
            "aws_iam_role_policy_attachment": {"task": {"policy_arn": "arn:aws:iam::aws:policy/P"}},
            "aws_kms_key": {"main": {}},
        },
    }
)


def allow(sid: str, actions: list[str], resource: object = "*", **condition: object) -> Any:
    statement = {"Effect": "Allow", "Sid": sid, "Action": actions, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def test_a_policy_grants_calls_and_what_no_call_shows() -> None:
    called = ["ec2:CreateVpc", "iam:CreateRole", "iam:AttachRolePolicy", "ec2:CreateSubnet"]
    roles, linked = ["arn:aws:iam::*:role/shop-*"], ["arn:aws:iam::*:role/aws-service-role/*"]
    services = ["elasticloadbalancing.amazonaws.com", "rds.amazonaws.com"]
    calls = [
        *("ec2:CreateSubnet", "ec2:CreateVpc"),
        *("elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets"),
        *("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:PutKeyPolicy"),
        # an upgrade, which no life here makes
        *("rds:CreateBlueGreenDeployment", "rds:CreateDBInstanceReadReplica"),
        *("rds:DeleteBlueGreenDeployment", "rds:DescribeBlueGreenDeployments"),
        *("rds:PromoteReadReplica", "rds:SwitchoverBlueGreenDeployment"),
    ]
    assert document(needs(SMALL, called), ["shop"])["Statement"] == [
        allow("Calls", calls),
        allow("Roles", ["iam:CreateRole"], roles),
        allow(
            "ManagedPolicies",
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            roles,
            ArnEquals={"iam:PolicyARN": ["arn:aws:iam::aws:policy/P"]},
        ),
        allow(
            "PassRoles",
            ["iam:PassRole"],
            roles,
            StringEquals={"iam:PassedToService": ["ecs-tasks.amazonaws.com"]},
        ),
        allow(
            "ServiceLinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            linked,
            StringEquals={"iam:AWSServiceName": services},
        ),
        allow("Grants", ["kms:CreateGrant"], Bool={"kms:GrantIsForAWSResource": "true"}),
    ]


def test_a_further_policy_grants_only_what_is_missing() -> None:
    before = needs(SMALL, ["ec2:CreateVpc", "iam:CreateRole"])
    more = needs(SMALL, ["ec2:CreateVpc", "iam:CreateRole", "s3:CreateBucket"])
    (statement,) = document(more - before)["Statement"]
    assert statement["Action"] == ["s3:CreateBucket"]


def test_one_pattern_is_enough_for_names_that_begin_alike() -> None:
    grants, projects = [("Roles", "iam:GetRole")], ["shop", "shop-test", "shopper"]
    (statement,) = document(grants, projects)["Statement"]
    patterns = [f"arn:aws:iam::*:role/{project}-*" for project in ("shop", "shopper")]
    assert statement["Resource"] == patterns


def test_what_is_longer_than_iam_takes_is_refused() -> None:
    needed = needs(SMALL, [f"ec2:Action{number:04}" for number in range(500)])
    with pytest.raises(OpsError, match=r"^a policy .* has \d+ characters and IAM takes 6144: "):
        document(needed)


def test_each_permission_that_no_call_shows_is_needed_by_a_stack_or_an_option() -> None:
    declared = {address.split(".")[0] for option in OPTIONS.values() for address in option.adds}
    changed = {place for option in OPTIONS.values() for place in option.changes}
    declared |= {".".join(place.split(".")[:3:2]) for place in changed}
    for stack_id in STACKS:
        for kind, blocks in read_stacks()[stack_id].document["resource"].items():
            declared |= {kind, *(f"{kind}.{key}" for block in blocks.values() for key in block)}
    assert {row.needed_by for row in permissions.UNSEEN} <= declared
    assert set(permissions.LINKED_ROLES.values()) <= declared


def test_the_stacks_of_cdktf_json_name_the_roles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack under another name, one that no table has, and one that is gone.

    What was recorded stays, whatever cdktf.json declares.
    """
    stacks: dict[str, object] = {"resilience-platform": {"project_name": "blog"}, "shop": {}}
    file = tmp_path / "cdktf.json"
    file.write_text(json.dumps({"context": {"stacks": stacks}}))
    monkeypatch.setattr("ops.model.stack.CDKTF_JSON", file)
    monkeypatch.setattr(
        "ops.delivery.permissions.read_stacks", lambda: dict.fromkeys(stacks, SMALL)
    )
    called = {
        "deployer-policy.json": {"ec2:CreateVpc", "iam:CreateRole"},
        "deployer-policy-hardened.json": {"ec2:CreateVpc", "iam:TagRole", "s3:CreateBucket"},
    }
    first, hardened, roles, reader = (made["Statement"] for made in documents(called).values())
    assert [statement["Sid"] for statement in first] == ["Calls", "Grants"]
    assert [statement["Action"] for statement in hardened] == [["s3:CreateBucket"]]
    theirs = ["arn:aws:iam::*:role/blog-*", "arn:aws:iam::*:role/shop-*"]
    assert {statement["Sid"]: statement["Resource"] for statement in roles} == {
        "Roles": theirs,
        "ManagedPolicies": theirs,
        "PassRoles": theirs,
        "ServiceLinkedRoles": ["arn:aws:iam::*:role/aws-service-role/*"],
    }
    assert roles[0]["Action"] == ["iam:CreateRole", "iam:TagRole"]
    assert reader == [allow("Calls", ["kms:DescribeKey", "rds:DescribeBlueGreenDeployments"])]


def test_what_the_files_say_was_called_makes_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the stacks that they are for: the user's."""
    called, file = recorded(), ROOT / "cdktf.json"
    assert [len(called[name]) > 5 for name in FILES] == [True, True, True]
    monkeypatch.setenv("CDKTF_JSON", str(file))
    monkeypatch.setattr("ops.model.stack.CDKTF_JSON", file)
    monkeypatch.setattr("ops.delivery.permissions.read_stacks", cache(read_stacks.__wrapped__))
    for name, made in documents(called).items():
        assert as_text(made) == (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_who_plans_may_read_all_that_is_deployed_and_change_nothing() -> None:
    """Nor see what is secret: neither a secret's value, nor an object, nor what a key hides."""
    deployed = set().union(*map(granted, FILES))
    read = re.compile(r"[\w-]+:(Describe|Get|List|View)\w+")
    applied = {"secretsmanager:GetRandomPassword", "s3:ListBucketVersions"}
    assert granted(READER) == {a for a in deployed - applied if read.fullmatch(a)}
    assert not granted(READER) & {
        *("secretsmanager:GetSecretValue", "ssm:GetParameter", "s3:GetObject", "kms:Decrypt"),
        *("logs:GetLogEvents", "iam:PassRole", "sts:AssumeRole"),
    }
    statements = policy(READER)
    assert statements.keys() == {"Calls", "Roles"}
    assert statements["Roles"]["Resource"] == policy(permissions.ROLES)["Roles"]["Resource"]


@pytest.mark.parametrize("name", [*FILES, READER])
def test_no_action_is_a_pattern_and_no_role_is_just_any(name: str) -> None:
    assert not any("*" in action for action in granted(name))
    for statement in policy(name).values():
        if any(action.startswith("iam:") for action in statement["Action"]):
            resources = statement["Resource"]
            assert "*" not in resources, statement["Sid"]
            assert all(action.startswith("iam:") for action in statement["Action"])


def test_iam_takes_the_policies() -> None:
    """As far as the emulator checks a policy document, which is its grammar."""
    with Sandbox() as sandbox:
        iam = sandbox.client("iam")
        for name in (*FILES, READER):
            text = (ROOT / "docs" / name).read_text(encoding="utf-8")
            iam.create_policy(PolicyName=Path(name).stem, PolicyDocument=text)


def test_the_commands_in_the_documentation_name_the_files() -> None:
    text = (ROOT / "docs" / "spacelift.md").read_text(encoding="utf-8")
    assert set(re.findall(r"file://docs/(\S+)", text)) == {*FILES, READER}
    created = re.findall(r"--policy-name (\S+)", text)
    attached = re.findall(r":policy/(\S+?)[\"\s]", text)
    assert created == attached == [Path(name).stem for name in (*FILES, READER)]


def test_a_call_that_is_not_granted_fails_the_end_to_end_tests() -> None:
    with Sandbox() as sandbox:
        sandbox.terraform_actions.add("ec2:DescribeVpcs")
        assert_granted(sandbox)
        sandbox.terraform_actions.add("ec2:RunInstances")
        with pytest.raises(AssertionError, match=r"grant no ec2:RunInstances: "):
            assert_granted(sandbox)
