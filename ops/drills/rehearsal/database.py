"""The rehearsal's database: answers tasks over TCP, and fails over to the other zone."""

import asyncio
import contextlib
import socket
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

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._query, sock=self._socket)

    async def _query(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a line in, a line out; nothing while it is away."""
        with contextlib.suppress(OSError):
            action, _, marker = (await reader.readline()).decode().strip().partition(" ")
            if not self._away:
                writer.write(self._execute(action, marker).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _execute(self, action: str, marker: str) -> str:
        if action == "read":
            return "found" if marker in self.markers else "missing"
        if action == "write":
            self.markers.add(marker)
        elif action == "drop":
            self.markers.clear()
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
        wait = self._stage.clock.real(self._stage.world.failover_seconds)
        loop = self._stage.loop
        loop.call_soon_threadsafe(loop.call_later, wait, self._failed_over, instance)

    def _failed_over(self, instance: Any) -> None:
        subnets = instance.db_subnet_group.subnets
        zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets}
        instance.availability_zone = min(zones - {instance.availability_zone})
        instance.status = "available"
        if not self._stage.world.failover_keeps_data:
            self.markers.clear()
        self._away = False
        self._stage.note("failed over", instance.db_instance_identifier)
