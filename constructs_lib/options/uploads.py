"""Uploads that all tasks share: a file system, reached through one access point and with TLS only.

Only the uploads are there. The application's own code stays in the image: PHP is slow on network
files, and code that a task has changed would outlive the task.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html
"""

from cdktf import Fn, TerraformElement

from constructs_lib import aws, iam
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.wordpress import UPLOADS_PATH, WWW_DATA
from constructs_lib.vpc import Network

VOLUME = "uploads"
OWNER = {"owner_uid": WWW_DATA, "owner_gid": WWW_DATA}
MOUNT = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]


class Uploads(Part):
    """The file system with a mount target in each zone, and its policy.

    Attributes:
        volume, mount_point: for the task and its container.
        mount_statement: what the task's role must allow.
        ready: what the service must depend on.
        file_system_id, arn: for alarms and backups.
    """

    def __init__(self, stack: PlatformStack, network: Network, security_group_id: str) -> None:
        super().__init__(stack)
        files = aws.EfsFileSystem(
            self,
            "aws_efs_file_system.uploads",
            encrypted=True,
            kms_key_id=stack.keys.arn("uploads"),
            throughput_mode="elastic",
            lifecycle_policy=[
                aws.EfsFileSystemLifecyclePolicy(transition_to_ia="AFTER_30_DAYS"),
                aws.EfsFileSystemLifecyclePolicy(
                    transition_to_primary_storage_class="AFTER_1_ACCESS"
                ),
            ],
            tags={"Name": f"{self.project}-uploads"},
        )
        self.ready: list[TerraformElement] = [
            aws.EfsMountTarget(
                self,
                f"aws_efs_mount_target.uploads_{number}",
                file_system_id=files.id,
                subnet_id=subnet_id,
                security_groups=[security_group_id],
            )
            for number, subnet_id in enumerate(network.private_subnet_ids, start=1)
        ]
        point = aws.EfsAccessPoint(
            self,
            "aws_efs_access_point.uploads",
            file_system_id=files.id,
            posix_user={"uid": WWW_DATA, "gid": WWW_DATA},
            root_directory={"path": "/uploads", "creation_info": {**OWNER, "permissions": "0755"}},
            tags={"Name": f"{self.project}-uploads"},
        )
        self.mount_point = {"sourceVolume": VOLUME, "containerPath": UPLOADS_PATH}
        self.volume = aws.EcsTaskDefinitionVolume(
            name=VOLUME,
            efs_volume_configuration={
                "file_system_id": files.id,
                "transit_encryption": "ENABLED",
                "authorization_config": {"access_point_id": point.id, "iam": "ENABLED"},
            },
        )
        through_the_point = {"StringEquals": {"elasticfilesystem:AccessPointArn": point.arn}}
        self.mount_statement = iam.allow(MOUNT, files.arn, through_the_point)
        # Nothing allowed here: who may mount is up to the roles' own policies.
        tls_only = iam.tls_only({"AWS": "*"}, "*", files.arn)
        aws.EfsFileSystemPolicy(
            self,
            "aws_efs_file_system_policy.uploads",
            file_system_id=files.id,
            policy=Fn.jsonencode(iam.document(tls_only)),
        )
        self.file_system_id, self.arn = files.id, files.arn
