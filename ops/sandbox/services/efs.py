"""EFS: removing a policy.

https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystemPolicy.html
"""

from moto.efs.exceptions import FileSystemNotFound
from moto.efs.responses import EFSResponse

from ops.sandbox.services import adds


@adds(EFSResponse)
def delete_file_system_policy(self: EFSResponse) -> str:
    name = self._get_param("FileSystemId")
    systems = self.efs_backend.file_systems_by_id
    if name not in systems:
        raise FileSystemNotFound(name)
    systems[name].file_system_policy = None
    return "{}"
