"""Encryption keys of our own, where the settings ask for them: one for each purpose.

One for each, not one for all: their policies differ (which AWS services may use them), and the use
of one can be audited or revoked without the others. Every key is rotated each year.

A key that is destroyed is deleted 30 days later, and with it whatever it encrypted, a final
snapshot of the database included: cancel the deletion to keep that.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf import Fn

from constructs_lib import aws, iam
from constructs_lib.part import Part
from constructs_lib.settings import Purpose

if TYPE_CHECKING:
    from constructs_lib.platform import ResiliencePlatform

DELETION_WINDOW_DAYS = 30

ALERT_PUBLISHERS = {
    "CloudWatch": "cloudwatch",
    "Budgets": "budgets",
    "CostAnomalyDetection": "costalerts",
    "RdsEvents": "events.rds",
}
"""Statement id to the service principal that publishes alerts.
https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html"""


class Keys(Part):
    """The customer-managed keys of a stack, each made when the first resource asks for it."""

    def __init__(self, stack: ResiliencePlatform) -> None:
        super().__init__(stack)
        self._purposes = stack.settings.customer_managed_keys
        self._account = stack.account
        self._arns: dict[Purpose, str] = {}

    def arn(self, purpose: Purpose) -> str | None:
        """ARN of the key for a purpose; None where AWS's own key is to be used."""
        if purpose not in self._purposes:
            return None
        if purpose not in self._arns:
            self._arns[purpose] = self._create(purpose)
        return self._arns[purpose]

    def _create(self, purpose: Purpose) -> str:

        project = self.variables.project_name
        account = self._account.id_for(self)
        statements: list[dict[str, object]] = [
            {
                # IAM decides who in the account may use and manage the key, RDS and EFS included,
                # which act for whoever creates the database and the file system.
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]
        if purpose == "logs":
            statements.append(self._for_logs(account))
        if purpose == "alerts":
            statements += _for_publishers()
        key = aws.KmsKey(
            self,
            f"aws_kms_key.{purpose}",
            description=f"{project}: {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=Fn.jsonencode(iam.document(*statements)),
            tags={"Name": f"{project}-{purpose}"},
        )
        aws.KmsAlias(
            self,
            f"aws_kms_alias.{purpose}",
            name=f"alias/{project}-{purpose}",
            target_key_id=key.key_id,
        )
        return key.arn

    def _for_logs(self, account: str) -> dict[str, object]:
        """Lets CloudWatch Logs encrypt the account's log groups.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        region = self.variables.aws_region
        return {
            "Sid": "CloudWatchLogs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": [
                "kms:Encrypt*",
                "kms:Decrypt*",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ],
            "Resource": "*",
            "Condition": {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:*"
                }
            },
        }


def _for_publishers() -> list[dict[str, object]]:
    """Lets the services publish to an encrypted topic; without this, no alert arrives.

    No condition on the account: not every service sends it to KMS, and the topic's own policy has
    it already.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    return [
        {
            "Sid": name,
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        }
        for name, service in ALERT_PUBLISHERS.items()
    ]
