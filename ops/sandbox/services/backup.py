"""Backup: another version of a plan, and its selections.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html
"""

import json
import uuid
from collections.abc import Callable
from urllib.parse import unquote

from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import Plan
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time

from ops.sandbox.services import Record, adds, extends, state


def _selections(response: BackupResponse) -> tuple[dict[str, Record], str]:
    """Those of the plan in the request's path, and the path's own:
    /backup/plans/<plan>/selections/<selection>."""
    _, _, plan, _, *selection = response.path.strip("/").split("/")
    response.backup_backend.get_backup_plan(plan, None)
    selections = state(response.backup_backend, "selections").setdefault(plan, {})
    if selection and selection[0] not in selections:
        raise ResourceNotFoundException("Cannot find the backup selection.")
    return selections, "".join(selection)


@adds(BackupResponse)
def create_backup_selection(self: BackupResponse) -> str:
    selections, _ = _selections(self)
    body = json.loads(self.body)
    name = str(uuid.uuid4())
    facts = {
        "SelectionId": name,
        "BackupPlanId": self.path.split("/")[3],
        "CreationDate": unix_time(),
    }
    selections[name] = Record({**body, **facts})
    return json.dumps(facts)


@adds(BackupResponse)
def get_backup_selection(self: BackupResponse) -> str:
    selections, name = _selections(self)
    return json.dumps(selections[name].details)


@adds(BackupResponse)
def delete_backup_selection(self: BackupResponse) -> str:
    selections, name = _selections(self)
    del selections[name]
    return "{}"


@adds(BackupResponse)
def update_backup_plan(self: BackupResponse) -> str:
    """A plan's next version: it keeps its id and its selections."""
    plan = self.backup_backend.plans[self.path.strip("/").split("/")[2]]
    new = Plan(json.loads(self.body)["BackupPlan"], "", self.backup_backend)
    plan.backup_plan, plan.version_id = new.backup_plan, new.version_id
    return json.dumps(plan.to_dict())


@extends(BackupResponse)
def delete_backup_plan(original: Callable[..., str], self: BackupResponse) -> str:
    """Its name is free again; moto keeps it."""
    answer = original(self)
    self.backup_backend.plans.pop(self.path.strip("/").split("/")[2])
    return answer


@extends(BackupResponse)
def list_tags(original: Callable[..., str], self: BackupResponse) -> str:
    """moto misreads the path when it does not end in a slash."""
    arn = unquote(self.path).removeprefix("/tags/").rstrip("/")
    return json.dumps({"Tags": self.backup_backend.list_tags(arn)})
