"""The rehearsal's AWS Fault Injection Service: it plays an experiment that cuts a zone off."""

import asyncio
from dataclasses import dataclass
from typing import Any

from moto.fis.models import Experiment, FISBackend
from moto.moto_api import state_manager
from moto.rds.models import RDSBackend

from ops.drills.rehearsal.database import Database
from ops.drills.rehearsal.world import Stage

BEGIN_SECONDS = 15
"""From the start of an experiment until its first actions run."""

# moto's experiments are over when somebody looks; here they take their time
state_manager.set_transition("fis::experiment", {"progression": "manual", "times": 2**31})


@dataclass
class Outage:
    """The calls that start and stop experiments, which in moto do nothing."""

    stage: Stage
    fis: FISBackend
    rds: RDSBackend
    database: Database

    def start_experiment(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        described = FISBackend.start_experiment(self.fis, *arguments, **options)
        play = self._play(self.fis.experiments[described["id"]])
        asyncio.run_coroutine_threadsafe(play, self.stage.loop)
        return described

    def stop_experiment(self, id: str) -> dict[str, Any]:
        self._end(self.fis.experiments[id], "stopped")
        return self.fis.get_experiment(id)

    async def _play(self, experiment: Experiment) -> None:
        """The cut and the failover; what the template does later comes after any drill here."""
        real, (seconds, status) = self.stage.clock.real, self.stage.world.experiment_ends
        zone = experiment.targets["Subnets"]["filters"][0]["values"][0]
        await asyncio.sleep(real(BEGIN_SECONDS))
        if seconds and experiment.status == "pending":
            experiment.status = "running"
            with self.stage.lock:
                self.stage.cut.add(zone)
                self.stage.note("cut", zone)
                for instance in self.rds.databases.values():
                    if instance.availability_zone == zone and instance.multi_az:
                        self.database.fail_over(instance)
            await asyncio.sleep(real(seconds))
        self._end(experiment, status)

    def _end(self, experiment: Experiment, status: str) -> None:
        with self.stage.lock:
            if experiment.status not in Experiment.TERMINAL_STATUSES:
                experiment.status = status
                self.stage.cut.clear()
                self.stage.note("cut over", experiment.id)
