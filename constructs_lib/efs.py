"""Uploads that all tasks share: a file system, reached through one access point and with TLS only.

Only wp-content/uploads is there. WordPress' own code stays in the image: PHP is slow on network
files, and code that tasks can change survives them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html
"""

from cdktf import Fn, TerraformElement
from cdktf_cdktf_provider_aws.backup_plan import (
    BackupPlan,
    BackupPlanRule,
    BackupPlanRuleLifecycle,
)
from cdktf_cdktf_provider_aws.backup_selection import BackupSelection
from cdktf_cdktf_provider_aws.backup_vault import BackupVault
from cdktf_cdktf_provider_aws.efs_access_point import (
    EfsAccessPoint,
    EfsAccessPointPosixUser,
    EfsAccessPointRootDirectory,
    EfsAccessPointRootDirectoryCreationInfo,
)
from cdktf_cdktf_provider_aws.efs_file_system import EfsFileSystem, EfsFileSystemLifecyclePolicy
from cdktf_cdktf_provider_aws.efs_file_system_policy import EfsFileSystemPolicy
from cdktf_cdktf_provider_aws.efs_mount_target import EfsMountTarget
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from constructs_lib import iam
from constructs_lib.addresses import pinned
from constructs_lib.kms import Keys
from constructs_lib.variables import Variables

WWW_DATA = 33
"""User and group id of www-data in the WordPress image (Debian; the Alpine variant has 82)."""
BACKUP_RETENTION_DAYS = 35
MOUNT = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]


class Uploads(Construct):
    """The file system with a mount target in each zone, its policy, and its daily backup.

    Attributes:
        file_system_id, access_point_id: what a task mounts.
        mount_statement: what the task's role must allow.
        ready: what a task must not start before.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        variables: Variables,
        subnet_ids: list[str],
        security_group_id: str,
        keys: Keys,
    ) -> None:
        super().__init__(scope, id)
        self._project = variables.project_name
        files = pinned(
            "uploads",
            EfsFileSystem(
                self,
                "files",
                encrypted=True,
                kms_key_id=keys.arn("uploads"),
                throughput_mode="elastic",
                lifecycle_policy=[
                    EfsFileSystemLifecyclePolicy(transition_to_ia="AFTER_30_DAYS"),
                    EfsFileSystemLifecyclePolicy(
                        transition_to_primary_storage_class="AFTER_1_ACCESS"
                    ),
                ],
                tags={"Name": f"{self._project}-uploads"},
            ),
        )
        self.ready: list[TerraformElement] = [
            pinned(
                f"uploads_{number}",
                EfsMountTarget(
                    self,
                    f"mount-{number}",
                    file_system_id=files.id,
                    subnet_id=subnet_id,
                    security_groups=[security_group_id],
                ),
            )
            for number, subnet_id in enumerate(subnet_ids, start=1)
        ]
        point = pinned(
            "uploads",
            EfsAccessPoint(
                self,
                "access-point",
                file_system_id=files.id,
                posix_user=EfsAccessPointPosixUser(uid=WWW_DATA, gid=WWW_DATA),
                root_directory=EfsAccessPointRootDirectory(
                    path="/uploads",
                    creation_info=EfsAccessPointRootDirectoryCreationInfo(
                        owner_uid=WWW_DATA, owner_gid=WWW_DATA, permissions="0755"
                    ),
                ),
                tags={"Name": f"{self._project}-uploads"},
            ),
        )
        self.file_system_id = files.id
        self.access_point_id = point.id
        through_the_point = {"StringEquals": {"elasticfilesystem:AccessPointArn": point.arn}}
        self.mount_statement = iam.allow(MOUNT, files.arn, through_the_point)
        pinned(
            "uploads",
            EfsFileSystemPolicy(
                self,
                "policy",
                file_system_id=files.id,
                policy=Fn.jsonencode(
                    iam.document(
                        {
                            # Nothing allowed here: who may mount is up to the roles' own policies.
                            "Sid": "TlsOnly",
                            "Effect": "Deny",
                            "Principal": {"AWS": "*"},
                            "Action": "*",
                            "Resource": files.arn,
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        },
                    )
                ),
            ),
        )
        self._backup(files.arn, keys)

    def _backup(self, file_system_arn: str, keys: Keys) -> None:
        """A copy every night: the database has its own backups, and uploads are worth as much."""
        vault = pinned(
            "uploads",
            BackupVault(
                self,
                "vault",
                name=f"{self._project}-uploads",
                kms_key_arn=keys.arn("uploads"),
            ),
        )
        plan = pinned(
            "uploads",
            BackupPlan(
                self,
                "plan",
                name=f"{self._project}-uploads",
                rule=[
                    BackupPlanRule(
                        rule_name="daily",
                        target_vault_name=vault.name,
                        schedule="cron(0 2 * * ? *)",
                        lifecycle=BackupPlanRuleLifecycle(delete_after=BACKUP_RETENTION_DAYS),
                    )
                ],
            ),
        )
        role = pinned(
            "backup",
            IamRole(
                self,
                "backup-role",
                name=f"{self._project}-backup",
                assume_role_policy=iam.trust("backup"),
            ),
        )
        pinned(
            "backup",
            IamRolePolicyAttachment(
                self,
                "backup-policy",
                role=role.name,
                policy_arn=iam.service_role_policy("AWSBackupServiceRolePolicyForBackup"),
            ),
        )
        pinned(
            "uploads",
            BackupSelection(
                self,
                "selection",
                name=f"{self._project}-uploads",
                plan_id=plan.id,
                iam_role_arn=role.arn,
                resources=[file_system_arn],
            ),
        )
