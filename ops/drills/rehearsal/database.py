"""The rehearsal's database: answers tasks over TCP, fails over, and can be restored."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.responses import RDSResponse

from ops.drills.rehearsal.world import Stage


class Database:
    """A line server that stands for MySQL."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._away = False
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self.markers: set[str] = set()  # what drills have written and not taken away
        self._copies: dict[str, frozenset[str]] = {}
        self._history = [(stage.clock.utc(), frozenset[str]())]

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._query, sock=self._socket)

    async def _query(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a line in, a line out; nothing while it is away."""
        with contextlib.suppress(OSError):
            asked = (await reader.readline()).decode().split()
            if not self._away:
                writer.write(self._execute(*asked).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _execute(self, action: str, marker: str = "", host: str = "") -> str:
        if action == "read":
            held = self._copies.get(host.partition(".")[0], self.markers)
            return "found" if marker in held else "missing"
        if action == "write":
            self.markers.add(marker)
        elif action == "drop":
            self.markers.clear()
        self._history.append((self._stage.clock.utc(), frozenset(self.markers)))
        return "done"

    def reboot(self, response: RDSResponse) -> ActionResult:
        """In place of moto's RebootDBInstance, after which nothing is any different."""
        name = response.params["DBInstanceIdentifier"]
        instance = response.backend.describe_db_instances(name)[0]
        if response.params.get("ForceFailover"):
            if not instance.multi_az:
                raise InvalidParameterCombination(
                    "Cannot perform a forced failover of an instance that is not Multi-AZ."
                )
            self.fail_over(instance)
        return ActionResult({"DBInstance": instance})

    def fail_over(self, instance: Any) -> None:
        """Take the database away, and bring it back in the other zone."""
        instance.status = "rebooting"
        self._away = True
        self._stage.note("failover", instance.db_instance_identifier)
        self._stage.later(self._stage.world.failover_seconds, lambda: self._failed_over(instance))

    @property
    def restorable(self) -> datetime:
        """The latest point in time; none is before the rehearsal."""
        clock = self._stage.clock
        age = min(self._stage.world.backup_seconds, clock.now())
        return clock.utc() - timedelta(seconds=age)

    def restore(
        self, original: Callable[[RDSResponse], ActionResult], response: RDSResponse
    ) -> ActionResult:
        """moto's copy, which takes its time and holds what there was at the time asked for."""
        answer = original(response)
        name = response.params["TargetDBInstanceIdentifier"]
        copy = response.backend.describe_db_instances(name)[0]
        copy.status = "creating"
        point = response.params["RestoreTime"].replace(tzinfo=UTC)
        world = self._stage.world
        held = [held for at, held in self._history if at <= point]
        self._copies[name] = held[-1] if world.restore_keeps_data else frozenset()
        self._stage.later(world.restore_seconds, lambda: self._restored(copy))
        return answer

    def _restored(self, copy: Any) -> None:
        copy.status = "available"
        self._stage.note("restored", copy.db_instance_identifier)

    def _failed_over(self, instance: Any) -> None:
        subnets = instance.db_subnet_group.subnets
        zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets}
        instance.availability_zone = min(zones - {instance.availability_zone})
        instance.status = "available"
        if not self._stage.world.failover_keeps_data:
            self.markers.clear()
        self._away = False
        self._stage.note("failed over", instance.db_instance_identifier)
