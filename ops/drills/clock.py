"""The time that drills live in."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Seconds as AWS counts them.

    In the rehearsal, where nothing takes minutes, the same clock runs faster: drills, objectives
    and reports speak of AWS's seconds either way.

    Args:
        speed: seconds of this clock in a second of the world; 1 on AWS.
    """

    def __init__(self, speed: float = 1) -> None:
        self.speed = speed
        self._origin, self._day = time.monotonic(), datetime.now(UTC)

    def now(self) -> float:
        """Seconds since the clock was made."""
        return (time.monotonic() - self._origin) * self.speed

    def utc(self) -> datetime:
        """The time of day, in which AWS says to what point a database can be restored."""
        return self._day + timedelta(seconds=self.now())

    def real(self, seconds: float) -> float:
        """How long `seconds` of this clock take, for sockets and other things of the world."""
        return seconds / self.speed

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock."""
        time.sleep(max(0.0, self.real(seconds)))
