"""Encryption keys of our own, where the settings ask for them: one for each purpose.

One for each, not one for all: their policies differ (which AWS services may use them), and the use
of one can be audited or revoked without the others. Every key is rotated each year.

A key that is destroyed is deleted 30 days later, and with it whatever it encrypted, a final
snapshot of the database included: cancel the deletion to keep that.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from typing import Literal

from cdktf import Fn
from cdktf_cdktf_provider_aws.provider import AwsProvider

from constructs_lib import aws, iam
from constructs_lib.alerts import publishers
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings import StackSettings
from constructs_lib.settings.stack import Purpose

DELETION_WINDOW_DAYS = 30


class EncryptionKeys(Part):
    """The customer-managed keys of a stack, each made when the first resource asks for it."""

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack)
        self._arns: dict[Purpose, str] = {}

    def arn(self, purpose: Purpose) -> str | None:
        """ARN of the key for a purpose; None where AWS's own key is to be used."""
        if purpose in self.stack.settings.customer_managed_keys and purpose not in self._arns:
            self._arns[purpose] = self.create(purpose)
        return self._arns.get(purpose)

    def create(
        self, purpose: Purpose | Literal["copies"], provider: AwsProvider | None = None
    ) -> str:
        """A key, in the provider's region."""
        # The account's IAM policies decide who may use and manage the key. RDS and EFS use it as
        # whoever creates the database and the file system.
        account = {"AWS": f"arn:aws:iam::{self.stack.account_id}:root"}
        anything = {"Principal": account, "Action": "kms:*", "Resource": "*"}
        statements: list[iam.Statement] = [{"Sid": "Account", "Effect": "Allow", **anything}]
        if purpose == "logs":
            statements.append(self._for_logs())
        if purpose == "alerts":
            statements += _for_publishers(self.stack.settings)
        key = aws.KmsKey(
            self,
            f"aws_kms_key.{purpose}",
            description=f"{self.project}: {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=Fn.jsonencode(iam.document(*statements)),
            tags={"Name": f"{self.project}-{purpose}"},
            provider=provider,
        )
        aws.KmsAlias(
            self,
            f"aws_kms_alias.{purpose}",
            name=f"alias/{self.project}-{purpose}",
            target_key_id=key.key_id,
            provider=provider,
        )
        return key.arn

    def _for_logs(self) -> iam.Statement:
        """Lets CloudWatch Logs encrypt the account's log groups.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        region = self.stack.variables.aws_region
        groups = f"arn:aws:logs:{region}:{self.stack.account_id}:*"
        verbs = ("Encrypt*", "Decrypt*", "ReEncrypt*", "GenerateDataKey*", "Describe*")
        actions = [f"kms:{verb}" for verb in verbs]
        only = {"kms:EncryptionContext:aws:logs:arn": groups}
        return iam.allow_service("CloudWatchLogs", f"logs.{region}", actions, "*", ArnLike=only)


def _for_publishers(settings: StackSettings) -> list[iam.Statement]:
    """Lets the services publish to an encrypted topic; without this, no alert arrives.

    No condition on the account: not every service sends it to KMS, and the topic's own policy has
    it already.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    actions, services = ["kms:Decrypt", "kms:GenerateDataKey*"], publishers(settings)
    return [iam.allow_service(name, who, actions, "*") for name, who in services.items()]
