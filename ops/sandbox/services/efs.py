"""EFS: backups, and removing a policy.

https://docs.aws.amazon.com/efs/latest/ug/API_PutBackupPolicy.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.efs.exceptions import FileSystemNotFound
from moto.efs.models import FileSystem
from moto.efs.responses import EFSResponse

from ops.sandbox.services import adds, extends


def _file_system(response: EFSResponse) -> FileSystem:
    name = response._get_param("FileSystemId")
    systems = response.efs_backend.file_systems_by_id
    if name not in systems:
        raise FileSystemNotFound(name)
    return systems[name]


@adds(EFSResponse)
def put_backup_policy(self: EFSResponse) -> str:
    policy = self._get_param("BackupPolicy")
    vars(_file_system(self))["backup_status"] = policy["Status"]
    return json.dumps({"BackupPolicy": policy})


@extends(EFSResponse)
def describe_backup_policy(original: Callable[..., Any], self: EFSResponse) -> Any:
    status = vars(_file_system(self)).get("backup_status")
    return json.dumps({"BackupPolicy": {"Status": status}}) if status else original(self)


@adds(EFSResponse)
def delete_file_system_policy(self: EFSResponse) -> str:
    _file_system(self).file_system_policy = None
    return "{}"
