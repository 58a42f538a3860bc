"""Copies by AWS Backup, beside RDS's own backups."""

from constructs_lib.settings.types import Group, Region, setting

RETENTION_DAYS = 35
"""Of each daily copy."""


class BackupSettings(Group):
    """Copies of the database and the uploads that outlive their region, and a mistake."""

    copy_region: Region | None = setting(
        None, "another region, to which database and uploads are copied every day; default: none"
    )
    vault_lock_days: int | None = setting(
        None,
        "for which nobody deletes a copy unless the lock is taken off first; default: no lock",
        ge=1,
        le=RETENTION_DAYS,
    )
