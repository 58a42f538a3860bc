"""The IAM policies that deploying needs, derived from what Terraform calls.

What it calls, `ops.delivery.recording` sees. Together with what no call shows, which stands in
tables here with its reasons, that makes three policies: the calls of the stacks that share the
contract's services, those that the hardened stack needs on top of them, and all that has to do with
roles, which has their names and so belongs to the stacks of cdktf.json.

IAM's limits and conditions:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from ops import ROOT
from ops.errors import OpsError
from ops.model.stack import Stack, declared, read_stack

POLICIES: dict[str, tuple[str, ...]] = {
    "deployer-policy.json": ("wp-ecs", "resilience-platform", "resilience-platform-staging"),
    "deployer-policy-hardened.json": ("resilience-platform-hardened",),
}
"""File below docs/ to the stacks whose calls it grants, but for those that the file before grants.

The last is for all other stacks of cdktf.json too."""
ROLES = "deployer-policy-roles.json"
"""The file below docs/ that every stack needs besides."""
FILES = (*POLICIES, ROLES)

SIZE_LIMIT = 6144
"""Of a managed policy, in characters other than white space."""


class Unseen(NamedTuple):
    """What AWS checks though Terraform does not call it in the sandbox.

    Attributes:
        needed_by: resource type, or resource type and attribute, like `aws_lb.web_acl`.
        reason: who does it, with whose permissions.
        actions: as IAM names them, with spaces between.
    """

    needed_by: str
    reason: str
    actions: str


UNSEEN = (
    Unseen(
        "aws_efs_mount_target",
        "EFS puts the mount target's network interface into the subnet as the caller",
        "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeSubnets",
    ),
    Unseen(
        "aws_service_discovery_private_dns_namespace",
        "Cloud Map makes the private hosted zone as the caller",
        "ec2:DescribeRegions route53:CreateHostedZone route53:DeleteHostedZone "
        "route53:GetHostedZone route53:ListHostedZonesByName",
    ),
    Unseen(
        "aws_flow_log",
        "VPC sets the delivery of flow logs up as the caller",
        "logs:CreateLogDelivery logs:DeleteLogDelivery",
    ),
    Unseen(
        "aws_wafv2_web_acl_logging_configuration",
        "WAF lets itself write to the log group as the caller",
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeResourcePolicies "
        "logs:PutResourcePolicy",
    ),
    Unseen(
        "aws_wafv2_web_acl_association",
        "a permission of its own on the load balancer that is protected",
        "elasticloadbalancing:SetWebAcl",
    ),
    Unseen(
        "aws_backup_vault",
        "AWS Backup mounts the vault's storage as the caller",
        "backup-storage:MountCapsule",
    ),
    Unseen(
        "aws_s3_bucket",
        "Terraform empties a bucket that it destroys; in the sandbox it is empty",
        "s3:DeleteObject s3:DeleteObjectVersion s3:ListBucketVersions",
    ),
    Unseen(
        "aws_db_instance.manage_master_user_password",
        "RDS makes the secret of the master user as the caller",
        "secretsmanager:CreateSecret secretsmanager:TagResource",
    ),
    Unseen(
        "aws_cloudformation_stack",
        "CloudFormation makes the secrets of its template as the caller",
        "secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:DescribeSecret "
        "secretsmanager:GetRandomPassword secretsmanager:TagResource "
        "secretsmanager:UntagResource secretsmanager:UpdateSecret",
    ),
    Unseen(
        "aws_cloudformation_stack",
        "CloudFormation tells the topic what it does as the caller",
        "sns:Publish",
    ),
    Unseen(
        "aws_kms_key",
        "RDS, EFS, Secrets Manager and AWS Backup try the key as the caller",
        "kms:Decrypt kms:DescribeKey kms:GenerateDataKey",
    ),
    Unseen(
        "aws_kms_key",
        "KMS makes no key whose policy the caller could not change afterwards",
        "kms:PutKeyPolicy",
    ),
    Unseen(
        "aws_db_instance.final_snapshot_identifier",
        "RDS makes the final snapshot as the caller",
        "rds:CreateDBSnapshot",
    ),
    Unseen(
        "aws_acm_certificate",
        "a domain, which none of the stacks that live here has",
        "acm:AddTagsToCertificate acm:DeleteCertificate acm:DescribeCertificate "
        "acm:ListTagsForCertificate acm:RemoveTagsFromCertificate acm:RequestCertificate "
        "route53:ChangeResourceRecordSets route53:GetChange route53:GetHostedZone "
        "route53:ListHostedZones route53:ListResourceRecordSets route53:ListTagsForResource",
    ),
    Unseen(
        "aws_iam_role.permissions_boundary",
        "a boundary for roles that are there, or another one",
        "iam:DeleteRolePermissionsBoundary iam:PutRolePermissionsBoundary",
    ),
    # what another value of a setting or variable calls, which no life here changes
    Unseen(
        "aws_lb",
        "a change of subnets or security groups",
        "elasticloadbalancing:SetSecurityGroups elasticloadbalancing:SetSubnets",
    ),
    Unseen("aws_db_subnet_group", "a change of subnets", "rds:ModifyDBSubnetGroup"),
    Unseen("aws_ce_anomaly_subscription", "another threshold", "ce:UpdateAnomalySubscription"),
    Unseen(
        "aws_cloudwatch_log_group.kms_key_id",
        "a key for a log group that is there",
        "logs:AssociateKmsKey logs:DisassociateKmsKey",
    ),
    Unseen(
        "aws_nat_gateway",
        "a subnet that gets a route table of its own",
        "ec2:ReplaceRouteTableAssociation",
    ),
    Unseen("aws_wafv2_web_acl", "another rate limit", "wafv2:UpdateWebACL"),
    Unseen(
        "aws_ssm_document",
        "a new version of the runbook",
        "ssm:UpdateDocument ssm:UpdateDocumentDefaultVersion",
    ),
    Unseen("aws_backup_plan", "another schedule", "backup:UpdateBackupPlan"),
    Unseen(
        "aws_db_event_subscription",
        "other events, another database",
        "rds:AddSourceIdentifierToSubscription rds:ModifyEventSubscription "
        "rds:RemoveSourceIdentifierFromSubscription",
    ),
)

LINKED_ROLES = {
    "backup.amazonaws.com": "aws_backup_vault",
    "ecs.amazonaws.com": "aws_ecs_cluster",
    "ecs.application-autoscaling.amazonaws.com": "aws_appautoscaling_target",
    "elasticfilesystem.amazonaws.com": "aws_efs_mount_target",
    "elasticloadbalancing.amazonaws.com": "aws_lb",
    "rds.amazonaws.com": "aws_db_instance",
    "wafv2.amazonaws.com": "aws_wafv2_web_acl_logging_configuration",
}
"""Services that make a role of their own, once for each account, when the caller may: and the
resource with which they do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

_ATTACHING = {"iam:AttachRolePolicy", "iam:DetachRolePolicy"}


@dataclass
class Needs:
    """What a stack's deployment has to be granted.

    Attributes:
        actions: all but those on roles; on any resource, whose names AWS makes up.
        role_actions: on the project's own roles.
        attached: AWS's managed policies that the roles get.
        passed_to: services that the roles are passed to.
        linked: services that make a role of their own.
        granting: services that are granted the use of a key: one marker, since the condition is
            the same for all of them.
        projects: prefixes of the roles' names.
    """

    actions: set[str] = field(default_factory=set)
    role_actions: set[str] = field(default_factory=set)
    attached: set[str] = field(default_factory=set)
    passed_to: set[str] = field(default_factory=set)
    linked: set[str] = field(default_factory=set)
    granting: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)

    def __or__(self, other: Needs) -> Needs:
        return Needs(*(getattr(self, f.name) | getattr(other, f.name) for f in fields(self)))

    def beyond(self, other: Needs) -> Needs:
        """What `other` lacks."""
        return Needs(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))


def needs(stack: Stack, called: Iterable[str]) -> Needs:
    """What deploying a stack takes.

    Args:
        stack: as synthesized; says what no call shows.
        called: actions that Terraform called in its life.
    """
    roles = stack.all("aws_iam_role").values()
    trusts = [json.loads(role["assume_role_policy"]) for role in roles]
    principals = [
        statement["Principal"]["Service"] for trust in trusts for statement in trust["Statement"]
    ]
    attachments = stack.all("aws_iam_role_policy_attachment").values()
    unseen = {
        action
        for row in UNSEEN
        if _declares(stack, row.needed_by)
        for action in row.actions.split()
    }
    return _calls((*called, *unseen)) | Needs(
        attached={attachment["policy_arn"] for attachment in attachments},
        passed_to={
            service
            for named in principals
            for service in ([named] if isinstance(named, str) else named)
        },
        linked={service for service, kind in LINKED_ROLES.items() if _declares(stack, kind)},
        granting={"kms:CreateGrant"} if _declares(stack, "aws_kms_key") else set(),
    )


def _calls(called: Iterable[str]) -> Needs:
    """What calls need: those on roles are limited to the project's own."""
    iam = {action for action in called if action.startswith("iam:")}
    return Needs(actions={*called} - iam, role_actions=iam - _ATTACHING)


def _declares(stack: Stack, what: str) -> bool:
    """Whether it has such a resource, with that attribute if one is named."""
    kind, _, attribute = what.partition(".")
    return any(not attribute or block.get(attribute) for block in stack.all(kind).values())


def document(needed: Needs) -> dict[str, Any]:
    """The policy that grants exactly this.

    Raises:
        OpsError: it is longer than IAM takes.
    """
    shortest = {
        project
        for project in needed.projects
        if not any(project.startswith(f"{other}-") for other in needed.projects)
    }
    roles = [f"arn:aws:iam::*:role/{project}-*" for project in sorted(shortest)]
    statements: list[dict[str, Any]] = [
        {"Sid": "Calls", "Action": sorted(needed.actions), "Resource": "*"},
        {"Sid": "Roles", "Action": sorted(needed.role_actions), "Resource": roles},
        {
            "Sid": "ManagedPolicies",
            "Action": sorted(_ATTACHING) if needed.attached else [],
            "Resource": roles,
            "Condition": {"ArnEquals": {"iam:PolicyARN": sorted(needed.attached)}},
        },
        {
            "Sid": "PassRoles",
            "Action": ["iam:PassRole"] if needed.passed_to else [],
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PassedToService": sorted(needed.passed_to)}},
        },
        {
            "Sid": "ServiceLinkedRoles",
            "Action": ["iam:CreateServiceLinkedRole"] if needed.linked else [],
            "Resource": ["arn:aws:iam::*:role/aws-service-role/*"],
            "Condition": {"StringEquals": {"iam:AWSServiceName": sorted(needed.linked)}},
        },
        {
            "Sid": "Grants",
            "Action": sorted(needed.granting),
            "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **grant} for grant in statements if grant["Action"]],
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

    Raises:
        OpsError: a stack cannot be synthesized, or a policy is longer than IAM takes.
    """
    made = {}
    total = _calls(called.get(ROLES, ()))
    for name, stack_ids in stacks().items():
        needed = _calls(called[name])
        for stack_id in stack_ids:
            needed |= needs(read_stack(stack_id), ())
        rest = needed.beyond(total)
        made[name] = document(Needs(actions=rest.actions, granting=rest.granting))
        total |= needed
    total.projects = {str(settings.project_name) for settings in declared().values()}
    made[ROLES] = document(replace(total, actions=set(), granting=set()))
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
