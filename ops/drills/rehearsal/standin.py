"""What moto leaves out of a deployment, for the rehearsal of the drills: that anything happens.

moto answers API calls and schedules nothing. The stand-in runs beside it, in the same process, and
does what AWS does with the resources that Terraform made: `tasks`, a `balancer`, a `database`, an
`outage`. How long each takes is told by a `World`, in seconds of the clock that the drills have.
"""

import asyncio
import contextlib
import threading
from typing import Self
from unittest import mock

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.fis.models import fis_backends
from moto.rds.models import DBInstance, rds_backends
from moto.rds.responses import RDSResponse

from ops.drills.clock import Clock
from ops.drills.rehearsal.balancer import Balancer
from ops.drills.rehearsal.database import Database
from ops.drills.rehearsal.outage import Outage
from ops.drills.rehearsal.tasks import Scheduler
from ops.drills.rehearsal.world import Stage, World
from ops.sandbox.server import ACCOUNT_ID

TICK_SECONDS = 0.03
"""Real time between two looks of the scheduler."""

_OF_TASKS = ("list_tasks", "describe_tasks", "run_task", "stop_task")
_OF_TARGETS = ("register_targets", "deregister_targets", "describe_target_health")
"""The calls that moto answers as if nothing ever happened."""


class StandIn:
    """The moving parts of the resources in a running sandbox. Use it as a context manager."""

    def __init__(self, world: World, clock: Clock, *, region: str = "eu-central-1") -> None:
        self._ecs = ecs_backends[ACCOUNT_ID][region]
        self._elb = elbv2_backends[ACCOUNT_ID][region]
        self._stage = Stage(world, clock)
        self._balancer = Balancer(self._stage, self._elb)
        self.database = Database(self._stage)
        ec2 = ec2_backends[ACCOUNT_ID][region]
        self._scheduler = Scheduler(self._stage, self._ecs, ec2, self._balancer, self.database.port)
        self._fis = fis_backends[ACCOUNT_ID][region]
        rds = rds_backends[ACCOUNT_ID][region]
        self._outage = Outage(self._stage, self._fis, rds, self.database)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main()), name="stand-in", daemon=True
        )
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._patches = contextlib.ExitStack()
        self.url = self._balancer.url
        self.log = self._stage.log

    def __enter__(self) -> Self:
        for name in _OF_TASKS:
            self._replace(self._ecs, name, getattr(self._scheduler, name))
        for name in _OF_TARGETS:
            self._replace(self._elb, name, getattr(self._balancer, name))
        for name in ("start_experiment", "stop_experiment"):
            self._replace(self._fis, name, getattr(self._outage, name))
        # moto makes a response object for each call, so its class is changed
        self._replace(
            RDSResponse, "reboot_db_instance", lambda response: self.database.reboot(response)
        )
        restored = RDSResponse.restore_db_instance_to_point_in_time
        self._replace(
            RDSResponse,
            "restore_db_instance_to_point_in_time",
            lambda response: self.database.restore(restored, response),
        )
        latest = property(lambda instance: self.database.restorable)
        self._replace(DBInstance, "latest_restorable_time", latest)
        self._thread.start()
        self._ready.wait()
        return self

    def _replace(self, owner: object, name: str, new: object) -> None:
        self._patches.enter_context(mock.patch.object(owner, name, new))

    def __exit__(self, *_: object) -> None:
        self._patches.close()
        self._stopping.set()
        self._thread.join()
        self._scheduler.close()

    async def _main(self) -> None:
        self._stage.loop = asyncio.get_running_loop()
        servers = [await self._balancer.start(), await self.database.start()]
        self._ready.set()
        try:
            while not self._stopping.is_set():
                self._scheduler.schedule()
                await asyncio.sleep(TICK_SECONDS)
        finally:
            for server in servers:
                server.close()
