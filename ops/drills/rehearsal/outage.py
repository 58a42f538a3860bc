"""The rehearsal's AWS Fault Injection Service: it plays an experiment that cuts a zone off."""

import asyncio
import re
from typing import Any

from moto.fis.models import Experiment, FISBackend
from moto.moto_api import state_manager
from moto.rds.models import RDSBackend

from ops.drills.rehearsal.database import Database
from ops.drills.rehearsal.world import Stage

BEGIN_SECONDS = 15
"""From the start of an experiment until its first actions run."""


class Outage:
    """Experiments that do something, and the calls that start and stop them, which are moto's."""

    def __init__(self, stage: Stage, fis: FISBackend, rds: RDSBackend, database: Database) -> None:
        self._stage = stage
        self._rds = rds
        self._database = database
        self._experiments = fis.experiments
        self._start, self._stop = fis.start_experiment, fis.stop_experiment
        # moto's experiments are over when somebody looks; here they take their time
        state_manager.set_transition("fis::experiment", {"progression": "manual", "times": 2**31})

    def close(self) -> None:
        state_manager.unset_transition("fis::experiment")

    def start_experiment(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        described = self._start(*arguments, **options)
        play = self._play(self._experiments[described["id"]])
        asyncio.run_coroutine_threadsafe(play, self._stage.loop)
        return described

    def stop_experiment(self, id: str) -> dict[str, Any]:
        described = self._stop(id)
        self._end(self._experiments[id], "stopped")
        return described

    async def _play(self, experiment: Experiment) -> None:
        """The cut and the failover; what the template does later comes after any drill here."""
        cut = experiment.actions["disrupt-connectivity"]["parameters"]
        minutes = int(re.sub(r"\D", "", cut["duration"]))
        seconds, status = self._stage.world.experiment_ends or (60 * minutes, "completed")
        zone = experiment.targets["Subnets"]["filters"][0]["values"][0]
        await asyncio.sleep(self._stage.clock.real(BEGIN_SECONDS))
        if seconds and experiment.status == "pending":
            experiment.status = "running"
            with self._stage.lock:
                self._stage.cut.add(zone)
                self._stage.note("cut", zone)
                for instance in self._rds.databases.values():
                    if instance.availability_zone == zone and instance.multi_az:
                        self._database.fail_over(instance)
            await asyncio.sleep(self._stage.clock.real(seconds))
        self._end(experiment, status)

    def _end(self, experiment: Experiment, status: str) -> None:
        with self._stage.lock:
            if experiment.status not in Experiment.TERMINAL_STATUSES:
                experiment.status = status
                self._stage.cut.clear()
                self._stage.note("cut over", experiment.id)
