"""The rehearsal's tasks: real processes, which the services' scheduler starts and replaces."""

import contextlib
import ipaddress
import itertools
import os
import signal
import socket
import subprocess
import sys
import uuid
from dataclasses import InitVar, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Service

from ops.drills.rehearsal import task_program
from ops.drills.rehearsal.balancer import Balancer
from ops.drills.rehearsal.world import Stage

STOPPING_SECONDS = 2.0
"""From the moment a task gets no more requests until its process is ended."""

IMAGE_COMMAND = ["apache2-foreground"]
"""What the WordPress image runs unless it is told otherwise; its entry point comes before.
https://github.com/docker-library/wordpress/blob/master/Dockerfile.template"""

_IMAGE = Path(__file__).with_name("image")
"""The programs of the WordPress image that a task's command may name."""


@dataclass
class Task:
    """A task: what DescribeTasks tells of it, and its process."""

    arn: str
    service: str
    started_by: str
    subnet: Any  # moto's Subnet; moto has no types
    address: str
    command: list[str]
    environment: dict[str, str]
    ordered: float
    process: subprocess.Popen[bytes] | None = None
    status: str = "PENDING"
    desired: str = "RUNNING"
    running_since: float = 0
    end_at: float | None = None
    reason: str = ""

    def described(self) -> dict[str, Any]:
        """As in the answer of DescribeTasks, as far as a drill reads it."""
        code = self.process.poll() if self.process and self.status == "STOPPED" else None
        address = {"name": "privateIPv4Address", "value": self.address}
        return {
            "taskArn": self.arn,
            "availabilityZone": self.subnet.availability_zone,
            "lastStatus": self.status,
            "stoppedReason": self.reason or None,
            "attachments": [{"type": "ElasticNetworkInterface", "details": [address]}],
            "containers": [{"exitCode": code}],
        }


@dataclass
class Scheduler:
    """Keeps as many tasks as each service wants, and the calls about tasks that moto leaves
    without effect; their signatures are moto's.
    """

    _stage: Stage
    _ecs: EC2ContainerServiceBackend
    _ec2: EC2Backend
    _balancer: Balancer
    database_port: InitVar[int]

    def __post_init__(self, database_port: int) -> None:
        self._tasks: dict[str, Task] = {}
        self._started: set[str] = set()
        # whose tasks end when this process does, see `task_program`
        self._lifeline, self._lifeline_end = os.pipe()
        self._environment = {
            "PATH": f"{_IMAGE}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            task_program.DATABASE_PORT: str(database_port),
            task_program.LIFELINE: str(self._lifeline),
            "STANDIN_PROGRAM": task_program.__file__,
            "STANDIN_PYTHON": sys.executable,
            "STANDIN_SPEED": str(self._stage.clock.speed),
        }

    def close(self) -> None:
        """End all tasks."""
        os.close(self._lifeline_end)
        for task in self._tasks.values():
            _end(task.process)
        os.close(self._lifeline)

    # --- the calls ----------------------------------------------------------------------------

    def list_tasks(self, *filters: str | None) -> list[Any]:
        _, _, _, started_by, service, desired = filters or (None,) * 6
        with self._stage.lock:
            return [
                SimpleNamespace(task_arn=task.arn)
                for task in self._tasks.values()
                if task.desired == (desired or "RUNNING")
                and (not service or task.service == service.split("/")[-1])
                and (not started_by or task.started_by == started_by)
            ]

    def describe_tasks(self, cluster: str, tasks: list[str]) -> list[dict[str, Any]]:
        with self._stage.lock:
            return [self._tasks[arn].described() for arn in tasks if arn in self._tasks]

    def run_task(
        self, cluster: str, definition: str, count: int, *options: Any
    ) -> list[dict[str, Any]]:
        overrides, started_by, _, _, network, *_ = options
        if not network:
            raise InvalidParameterException("Network Configuration must be provided.")
        override = ((overrides or {}).get("containerOverrides") or [{}])[0]
        with self._stage.lock:
            return [
                self._start(
                    self._ecs._get_cluster(cluster).arn,
                    definition,
                    network["awsvpcConfiguration"]["subnets"][0],
                    started_by=started_by or "",
                    command=override.get("command"),
                    environment=_named(override.get("environment", [])),
                ).described()
                for _ in range(count)
            ]

    def stop_task(self, cluster: str, task: str, reason: str) -> dict[str, Any]:
        with self._stage.lock:
            wanted = task.split("/")[-1]
            found = [known for arn, known in self._tasks.items() if arn.endswith(wanted)]
            if not found:
                raise InvalidParameterException("The referenced task was not found.")
            self._give_up(found[0], reason)
            return found[0].described()

    # --- scheduling ---------------------------------------------------------------------------

    def schedule(self) -> None:
        """One look at all tasks and services."""
        with self._stage.lock:
            now = self._stage.clock.now()
            services = [known for known in self._ecs.services.values() if known.status == "ACTIVE"]
            active = {service.name: service for service in services}
            for task in list(self._tasks.values()):
                self._advance(task, active.get(task.service), now)
            for service in services:
                self._keep_desired(service)

    def _advance(self, task: Task, service: Service | None, now: float) -> None:
        if task.status == "STOPPED":
            return
        if task.service and service is None:
            self._give_up(task, "the service was deleted")
            task.end_at = now
        if task.process and task.process.poll() is not None:
            self._give_up(task, "Essential container in task exited")
        if task.end_at is not None:
            self._wind_down(task, _groups(service), now, task.end_at)
        elif (
            task.status == "PENDING"
            and now >= task.ordered + self._stage.world.start_seconds
            # its image does not come through
            and task.subnet.availability_zone not in self._stage.cut
        ):
            if task.process is None:
                self._launch(task)
            task.status, task.running_since = "RUNNING", now
            self._stage.note("running", task.arn)
            for group in _groups(service):
                self._balancer.register(group, task.address, 80)
        elif service is not None and self._is_to_blame(task, service, now):
            self._give_up(task, "Task failed ELB health checks")

    def _wind_down(self, task: Task, groups: list[str], now: float, end_at: float) -> None:
        """Take a task off the load balancer, let it answer what it was asked, and end it."""
        if task.status != "STOPPING" and now >= end_at:
            task.status = "STOPPING"
            for group in groups:
                self._balancer.deregister(group, task.address)
        if now >= end_at + STOPPING_SECONDS and not self._balancer.is_busy(task.address):
            _end(task.process)
            self._stage.ports.pop(task.address)
            task.status = "STOPPED"
            self._stage.note("stopped", task.arn)

    def _is_to_blame(self, task: Task, service: Service, now: float) -> bool:
        """Whether ECS replaces the task because of its target's health."""
        grace = getattr(service, "health_check_grace_period_seconds", None) or 0
        if task.status != "RUNNING" or now < task.running_since + grace:
            return False
        return any(self._balancer.fails(group, task.address) for group in _groups(service))

    def _keep_desired(self, service: Service) -> None:
        mine = [task for task in self._tasks.values() if task.service == service.name]
        # ECS comes to a stopped task's replacement when it comes to the task itself
        kept = [task for task in mine if task.status not in ("STOPPING", "STOPPED")]
        wanted = [task for task in kept if task.desired == "RUNNING"]
        if service.arn not in self._started or self._stage.world.replaces:
            network = service.network_configuration["awsvpcConfiguration"]
            for _ in range(service.desired_count - len(kept)):
                subnets = sorted(
                    network["subnets"],
                    key=lambda subnet: (
                        self._ec2.get_subnet(subnet).availability_zone in self._stage.cut,
                        sum(task.subnet.id == subnet for task in wanted),
                    ),
                )
                wanted.append(
                    self._start(
                        service.cluster_arn,
                        str(service.task_definition),
                        subnets[0],
                        service=service.name,
                        started_by=f"ecs-svc/{service.name}",
                    )
                )
        self._started.add(service.arn)
        for task in wanted[service.desired_count :]:
            self._give_up(task, "Scaling activity")
        service.running_count = sum(task.status == "RUNNING" for task in wanted)
        service.pending_count = len(wanted) - service.running_count
        for deployment in service.deployments:
            deployment.update(
                runningCount=service.running_count, pendingCount=service.pending_count
            )

    # --- one task -----------------------------------------------------------------------------

    def _start(
        self,
        cluster_arn: str,
        definition_name: str,
        subnet_id: str,
        *,
        service: str = "",
        started_by: str = "",
        command: list[str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Task:
        definition = self._ecs.describe_task_definition(definition_name)
        subnet = self._ec2.get_subnet(subnet_id)
        taken = {task.address for task in self._tasks.values()}
        hosts = itertools.islice(ipaddress.ip_network(subnet.cidr_block).hosts(), 9, None)
        address = next(str(host) for host in hosts if str(host) not in taken)
        container: dict[str, Any] = definition.container_definitions[0]
        task = Task(
            arn=f"{cluster_arn.replace(':cluster/', ':task/')}/{uuid.uuid4().hex}",
            service=service,
            started_by=started_by,
            subnet=subnet,
            address=address,
            command=command or IMAGE_COMMAND,
            environment={**_named(container.get("environment", [])), **(environment or {})},
            ordered=self._stage.clock.now(),
        )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._stage.ports[address] = free.getsockname()[1]
        if command is None:
            self._launch(task)  # so that it serves when the task is due
        self._stage.zones[address] = subnet.availability_zone
        self._tasks[task.arn] = task
        self._stage.note("start", task.arn)
        return task

    def _launch(self, task: Task) -> None:
        """Start the task's process."""
        python = [sys.executable, "-I", "-S", task_program.__file__]
        task.process = subprocess.Popen(
            [*python, "init", "docker-entrypoint.sh", *task.command],
            env={
                **task.environment,
                **self._environment,
                task_program.WEB_PORT: str(self._stage.ports[task.address]),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[self._lifeline],
            start_new_session=True,
        )

    def _give_up(self, task: Task, reason: str) -> None:
        """The task is to end, once ECS has come to it."""
        if task.desired == "STOPPED":
            return
        task.desired, task.status, task.reason = "STOPPED", "DEACTIVATING", reason
        wait = self._stage.world.react_seconds if task.service else 0
        task.end_at = self._stage.clock.now() + wait
        self._stage.note("stop", task.arn)


def _named(environment: list[dict[str, str]]) -> dict[str, str]:
    """A container definition's environment."""
    return {variable["name"]: variable["value"] for variable in environment}


def _groups(service: Service | None) -> list[str]:
    """The target groups that a service registers its tasks with."""
    return [attached["targetGroupArn"] for attached in service.load_balancers] if service else []


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """End a task's process and all that it started."""
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
