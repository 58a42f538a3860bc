"""The MySQL instance on RDS (the original's "Database Layer")."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from constructs_lib.settings.types import Group, ListOf, one_of, setting, text, whole
from constructs_lib.settings.wordpress import NAME, TITLE

STORAGE_GIB = whole(20, 65536, "a whole number of GiB from {} to {}")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html"""

GP3_BASELINE_GIB = 400
"""Below this size gp3 has a fixed baseline and RDS rejects iops and throughput."""

NO_PERFORMANCE_INSIGHTS = re.compile(r"db\.(t2|t3|t4g)\.(micro|small)")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html"""

_GIB_OF_LARGE = {"c": 4, "m": 8, "r": 16, "t": 8, "x": 32, "z": 16}
"""Memory of an instance class of the size `large`, by the first letter of its family.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html"""
_LARGES = {
    **{"micro": 0.125, "small": 0.25, "medium": 0.5, "large": 1, "xlarge": 2},
    **{f"{n}xlarge": 2 * n for n in (2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 48)},
}
"""How many times as much another size has. What is not known here counts as the smallest."""
_CONNECTIONS_PER_GIB = 60
"""RDS takes 85 for each GiB that its own processes leave; users read 60 to 75 from their servers.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"""


def connections(instance_class: str) -> int:
    """About how many connections the database of a class allows, rather too few."""
    family, size = instance_class.split(".")[1:]
    gib = _GIB_OF_LARGE.get(family[0], 4) * _LARGES.get(size, 0.125)
    return int(_CONNECTIONS_PER_GIB * gib)


def connections_of(instance_class: str, percent: int) -> str:
    """A part of them, in Terraform's language; so is `instance_class`."""
    parts = f'split(".", {instance_class})'
    return (
        f"floor({percent / 100 * _CONNECTIONS_PER_GIB:g} "
        f"* lookup({json.dumps(_GIB_OF_LARGE)}, substr({parts}[1], 0, 1), 4) "
        f"* lookup({json.dumps(_LARGES)}, {parts}[2], 0.125))"
    )


RESERVED_USERS = ("rdsadmin", "mysql", "root")


def _free(name: str) -> bool:
    if name.lower() in RESERVED_USERS:
        *others, last = RESERVED_USERS
        raise ValueError(f"RDS reserves {', '.join(others)} and {last}; choose another name")
    return True


DB_USERNAME = text(
    "1 to 16 letters, digits and underscores, a letter first, and no reserved name",
    r"^[A-Za-z][A-Za-z0-9_]{0,15}$",
    also=_free,
    verb="have",
)
DB_NAME = text(
    "1 to 64 letters, digits and underscores, a letter first",
    r"^[A-Za-z][A-Za-z0-9_]{0,63}$",
    verb="have",
)
DB_INSTANCE_CLASS = text(
    "an RDS instance class, like db.t3.micro", r"^db\.[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+$"
)
_VERSION = text(
    "8.0 or 8.4, with a patch level or without, like 8.0.40 (to allow one that RDS offers since 26 "
    "November 2026, add it to _VERSION in constructs_lib/settings/database.py)",
    r"^8\.[04](\.[0-9]+)?$",
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_POINT = f"({'|'.join(_DAYS)}):{_CLOCK}"


def _minute(point: str) -> int:
    """The minute of the day that `hh:mm` is, or of the week that `ddd:hh:mm` is."""
    *day, hours, minutes = point.split(":")
    return (_DAYS.index(day[0]) * _DAY if day else 0) + int(hours) * 60 + int(minutes)


def _minutes(window: str, period: int) -> range:
    """The minutes of a window, which may end after the day or week that it begins in."""
    first, last = map(_minute, window.split("-"))
    return range(first, first + (last - first) % period)


BACKUP_WINDOW = text(
    "hh:mm-hh:mm in UTC, at least 30 minutes, like 03:00-04:00",
    f"^{_CLOCK}-{_CLOCK}$",
    also=lambda window: len(_minutes(window, _DAY)) >= 30,
)
MAINTENANCE_WINDOW = text(
    "ddd:hh:mm-ddd:hh:mm in UTC, 30 minutes to 24 hours, like Mon:04:00-Mon:05:00",
    f"^{_POINT}-{_POINT}$",
    also=lambda window: 30 <= len(_minutes(window, _WEEK)) <= _DAY,
)


def overlap(daily: str, weekly: str) -> bool:
    """Whether a backup window and a maintenance window have a minute in common."""
    backups = {
        (day * _DAY + minute) % _WEEK for day in range(7) for minute in _minutes(daily, _DAY)
    }
    return any(minute % _WEEK in backups for minute in _minutes(weekly, _WEEK))


_FIELD = "[0-9A-Z*,/#-]+"
_ROTATION = text(
    "cron(0 hour day-of-month month day-of-week *) with ? for one of the two days, like "
    "cron(0 2 ? JAN SUN#1 *)",
    rf"^cron\(0 ([01]?[0-9]|2[0-3]) ({_FIELD} {_FIELD} \?|\? {_FIELD} {_FIELD}) \*\)$",
)
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html"""


class RotationSettings(Group):
    """When RDS gives a managed password a new value, which ends the old one at once.

    AWS takes no year in a cron expression, so once a year is the longest interval. Counted in days
    it may be longer, but then the window opens at midnight.
    """

    cron: Annotated[str, _ROTATION] = setting(
        "cron(0 2 ? JAN SUN#1 *)", "when the window opens, in UTC: once a year, on a Sunday night"
    )
    window_hours: int = setting(1, "RDS rotates within it; it ends on the same day", ge=1, le=24)

    def contradictions(self) -> Iterator[str]:
        hour = int(self.cron.split()[1])
        if hour + self.window_hours > 24:
            yield (
                f"window_hours = {self.window_hours} from {hour}:00 UTC extends into the next day, "
                "which AWS rejects; begin earlier or shorten the window"
            )


class DatabaseSettings(Group):
    """The MySQL instance and its standby."""

    engine_version: Annotated[str, _VERSION] = setting("8.0", "of MySQL")
    upgrade: Literal["none", "in_place", "blue_green"] = setting(
        "none",
        "how a plan may go to a higher 8.x: at once, some minutes without a database; or on a copy "
        "that then takes over, within a minute; see docs/upgrade.md",
    )
    instance_class: Annotated[str, DB_INSTANCE_CLASS] = setting("db.t3.micro", "of each copy")
    allocated_storage_gib: Annotated[int, STORAGE_GIB] = setting(20, "of each copy")
    storage_type: Literal["gp2", "gp3"] = setting("gp2", "General Purpose SSD")
    iops: int | None = setting(None, "gp3 from 400 GiB on; default: a baseline", ge=12000, le=64000)
    storage_throughput_mibps: int | None = setting(None, "as iops", ge=500, le=4000)
    name: Annotated[str, DB_NAME] = setting(NAME, "of the application's database")
    username: Annotated[str, DB_USERNAME] = setting("admin", "of the master user")
    username_sensitive: bool = setting(True, "Terraform hides the user's name", only="wp-ecs")
    password: Literal["variable", "managed"] = setting(
        "variable",
        "set it as db_password, which Terraform's state then holds; or let RDS make, keep and "
        "rotate it in Secrets Manager",
    )
    rotation: RotationSettings | None = setting(
        None,
        "of a managed password; default: RDS's own, every 7 days at any hour. Set, it can be "
        "changed; taking it out again ends all rotation",
    )
    multi_az: bool = setting(True, "a synchronous standby in the other zone")
    backup_retention_days: int = setting(7, "0 switches backups off", ge=0, le=35)
    backup_window: Annotated[str, BACKUP_WINDOW] = setting("03:00-04:00", "when backups are made")
    maintenance_window: Annotated[str, MAINTENANCE_WINDOW] = setting(
        "Mon:04:00-Mon:05:00", "when AWS may change it; not during the backup"
    )
    storage_encrypted: bool = setting(True, "at rest")
    require_tls: bool = setting(False, f"no connection without TLS; {TITLE} uses it")
    slow_query_log: bool = setting(False, "write the slow-query log, which log_exports then finds")
    iam_authentication: bool = setting(False, "people may log in with IAM, without a password")
    deletion_protection: bool = setting(False, "switch it off in an earlier apply before destroy")
    monitoring_interval_seconds: Annotated[int, one_of(0, 1, 5, 10, 15, 30, 60)] = setting(
        60, "Enhanced Monitoring; 0 is off"
    )
    log_exports: ListOf[Literal["audit", "error", "general", "slowquery"]] = setting(
        ("error", "slowquery"), "logs sent to CloudWatch; slow queries need slow_query_log too"
    )
    performance_insights: bool = setting(False, "not available on t2, t3 and t4g micro and small")
    apply_immediately: bool | None = setting(
        None,
        "changes of class, storage or multi_az interrupt the database at once; default: in the "
        "maintenance window, and until then each plan shows them again",
    )
    skip_final_snapshot: bool = setting(True, "false: destroy leaves <project_name>-db-final")

    def contradictions(self) -> Iterator[str]:
        daily, weekly = self.backup_window, self.maintenance_window
        if overlap(daily, weekly):
            yield (
                f"backup_window = {daily} and maintenance_window = {weekly} overlap, "
                "which RDS rejects; move one of them"
            )
        if self.performance_insights and NO_PERFORMANCE_INSIGHTS.fullmatch(self.instance_class):
            yield (
                f"performance_insights = true does not exist on instance_class = "
                f"{self.instance_class}; choose db.t3.medium or larger, or switch it off"
            )
        if self.rotation and self.password != "managed":
            yield "rotation is for password = managed; choose that, or leave rotation out"
        if self.upgrade == "blue_green" and self.password == "managed":
            yield "upgrade = blue_green cannot copy password = managed; choose in_place"
        if self.upgrade == "blue_green" and not self.backup_retention_days:
            yield (
                "upgrade = blue_green with backup_retention_days = 0, and RDS copies from backups; "
                "keep some, or choose in_place"
            )
        if self.upgrade == "in_place" and self.apply_immediately is False:
            yield (
                "upgrade = in_place with apply_immediately = false: the old parameters would go "
                "before the maintenance window comes; leave apply_immediately out"
            )
        storage, kind = self.allocated_storage_gib, self.storage_type
        asked = self.iops is not None or self.storage_throughput_mibps is not None
        if asked and not (kind == "gp3" and storage >= GP3_BASELINE_GIB):
            yield (
                "iops and storage_throughput_mibps need storage_type = gp3, allocated_storage_gib "
                f">= {GP3_BASELINE_GIB} (here {kind}, {storage}); leave them out for the baseline"
            )
