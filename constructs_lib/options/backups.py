"""Daily copies by AWS Backup: of the uploads, and of the database where they go to another region.

RDS's own backups are beside the database: they do not outlive its region. Each region's vault has
a key of its own, since keys stay in their region, and may be locked against deletion.

https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-region-backup.html
https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

from __future__ import annotations

from cdktf_cdktf_provider_aws.provider import AwsProvider

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack
from constructs_lib.providers import default_tags
from constructs_lib.settings.backup import RETENTION_DAYS


class Backups(Part):
    """The vault, the plan with its role and, where the settings say so, the vault elsewhere.

    All are named for the uploads, which they held first: another name would replace the vault.

    Attributes:
        vault_name, vault_arn: for the events of failed backups.
    """

    def __init__(self, stack: PlatformStack, resource_arns: list[str]) -> None:
        super().__init__(stack)
        region = stack.settings.backup.copy_region
        vault = self._vault("uploads", f"{self.project}-uploads", stack.keys.arn("uploads"))
        kept = {"delete_after": RETENTION_DAYS}
        copies = [self._copies(region)] if region else []
        plan = aws.BackupPlan(
            self,
            "aws_backup_plan.uploads",
            name=f"{self.project}-uploads",
            rule=[
                aws.BackupPlanRule(
                    rule_name="daily",
                    target_vault_name=vault.name,
                    schedule="cron(0 2 * * ? *)",
                    lifecycle=kept,
                    copy_action=[
                        aws.BackupPlanRuleCopyAction(destination_vault_arn=arn, lifecycle=kept)
                        for arn in copies
                    ]
                    or None,
                )
            ],
        )
        role = self.role("backup", "backup")
        self.attach("backup", role, "AWSBackupServiceRolePolicyForBackup")
        self.attach("restore", role, "AWSBackupServiceRolePolicyForRestores")
        aws.BackupSelection(
            self,
            "aws_backup_selection.uploads",
            name=f"{self.project}-uploads",
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=resource_arns,
        )
        self.vault_name, self.vault_arn = vault.name, vault.arn

    def _vault(
        self, id: str, name: str, key_arn: str | None, provider: AwsProvider | None = None
    ) -> aws.BackupVault:
        vault = aws.BackupVault(
            self, f"aws_backup_vault.{id}", name=name, kms_key_arn=key_arn, provider=provider
        )
        if days := self.stack.settings.backup.vault_lock_days:
            aws.BackupVaultLockConfiguration(
                self,
                f"aws_backup_vault_lock_configuration.{id}",
                backup_vault_name=vault.name,
                min_retention_days=days,
                provider=provider,
            )
        return vault

    def _copies(self, region: str) -> str:
        """The ARN of the vault in the other region; its alias is the region's name."""
        provider = AwsProvider(
            self,
            "copies",
            alias=region.replace("-", "_"),
            region=region,
            default_tags=default_tags(self.stack),
        )
        key = self.stack.keys.create("copies", provider)
        return self._vault("copies", f"{self.project}-copies", key, provider).arn
