"""When an alarm goes off, and who is told."""

from typing import Annotated

from constructs_lib.settings.types import Accepted, Group, ListOf, Percent, setting, text

_ADDRESS_PATTERN = r"[^@ ]+@[^@ ]+\.[^@ .]+"
_ADDRESS = text("an e-mail address, like ops@example.com", f"^{_ADDRESS_PATTERN}$")
EMAIL = Accepted(
    f"empty or {_ADDRESS.accepts}",
    f'VALUE == "" || {_ADDRESS.condition}',
    lambda value: value == "" or _ADDRESS.fits(value),
)
_ENDPOINT = text(
    "an e-mail address or an address that begins with https://",
    rf"^({_ADDRESS_PATTERN}|https://[^ /]+(/[^ ]*)?)$",
)


class MonitoringSettings(Group):
    """When an alarm goes off. Every threshold is compared with 5-minute or 1-minute statistics."""

    alarm_email: Annotated[str, EMAIL] = setting("", "subscribed to the alerts; empty: nobody")
    subscriptions: ListOf[Annotated[str, _ENDPOINT]] = setting(
        (),
        "who else is told, a pager for instance: e-mail addresses and HTTPS endpoints, which AWS "
        "asks to confirm",
    )
    db_cpu_percent: Percent = setting(80, "alarm above this, for 15 minutes")
    db_free_storage_gib: float = setting(2, "alarm below this", gt=0)
    db_connections: int = setting(60, "alarm above this, whatever the class allows", ge=1)
    db_connections_percent: Percent = setting(
        80, "of what the class allows, 60 for each GiB of memory; alarm above this, for 3 minutes"
    )
    db_replica_lag_seconds: int = setting(30, "has data on read replicas only", ge=1)
    service_cpu_percent: Percent = setting(85, "alarm above this, for 3 minutes")
    service_memory_percent: Percent = setting(85, "alarm above this, for 3 minutes")
    response_time_seconds: float = setting(2, "average of the target group", gt=0)
    server_errors_per_5_minutes: int = setting(10, "HTTP 5xx of targets or load balancer", ge=1)
    database_events: bool = setting(False, "RDS tells of failovers, failures and recoveries")
