"""The base of the platform's stack and of its parts, which find on the stack what they share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cdktf import Fn
from constructs import Construct

from constructs_lib import aws, iam
from constructs_lib.addresses import AddressedStack
from constructs_lib.settings import StackSettings

if TYPE_CHECKING:  # both import this module
    from constructs_lib.options.encryption_keys import EncryptionKeys
    from constructs_lib.variables import Variables


class PlatformStack(AddressedStack):
    """The stack as its parts see it.

    Attributes:
        settings: what shapes the stack.
        variables: what a user changes at plan time.
        keys: the customer-managed keys, where the settings ask for them.
    """

    settings: StackSettings
    variables: Variables
    keys: EncryptionKeys

    @cached_property
    def account_id(self) -> str:
        """Id of the AWS account that the stack is deployed to, looked up where it is needed."""
        return aws.DataAwsCallerIdentity(self, "data.aws_caller_identity.current").account_id


class Part(Construct):
    """A part of the platform, one of each in a stack.

    Attributes:
        stack: the stack it belongs to, with settings, variables and keys.
        project: what every name begins with.
    """

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack, type(self).__name__)
        self.stack = stack
        self.project = stack.variables.project_name

    def role(self, id: str, *services: str) -> aws.IamRole:
        """A role for AWS services, within the permissions boundary that the settings name."""
        return aws.IamRole(
            self,
            f"aws_iam_role.{id}",
            name=f"{self.project}-{id.replace('_', '-')}",
            assume_role_policy=iam.trust(*services),
            permissions_boundary=self.stack.settings.permissions_boundary_arn,
        )

    def grant(
        self, id: str, role: aws.IamRole, name: str, *statements: iam.Statement
    ) -> aws.IamRolePolicy:
        """What a role may do."""
        policy = Fn.jsonencode(iam.document(*statements))
        return aws.IamRolePolicy(
            self, f"aws_iam_role_policy.{id}", name=name, role=role.name, policy=policy
        )

    def attach(self, id: str, role: aws.IamRole, name: str) -> aws.IamRolePolicyAttachment:
        """What a role may do by a policy of AWS's for service roles."""
        return aws.IamRolePolicyAttachment(
            self,
            f"aws_iam_role_policy_attachment.{id}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/service-role/{name}",
        )

    def log_group(
        self, id: str, name: str, days: int, tag: str | None = None
    ) -> aws.CloudwatchLogGroup:
        """A log group, encrypted with the key for logs where there is one."""
        return aws.CloudwatchLogGroup(
            self,
            f"aws_cloudwatch_log_group.{id}",
            name=name,
            retention_in_days=days,
            kms_key_id=self.stack.keys.arn("logs"),
            tags={"Name": f"{self.project}-{tag}"} if tag else None,
        )
