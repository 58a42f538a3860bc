"""What moto leaves out of a deployment, for the rehearsal of the drills: that anything happens.

moto answers API calls and schedules nothing. The stand-in runs beside it, in the same process, and
does what AWS does with the resources that Terraform made:

- for each ECS service it keeps the desired number of tasks, each a real process that serves HTTP,
  and replaces those that stop or that fail their target group's health check;
- a load balancer on a loopback port sends requests to the healthy targets in turn; it makes the
  health checks of the target group as the stack declares them;
- a database answers the tasks over TCP; a reboot with failover takes it away for a while and
  brings it back in the other zone.

How long each takes is told by a `World`, in seconds of the clock that the drills have too. A world
can also be a bad one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import Service, ecs_backends
from moto.elbv2.exceptions import InvalidTargetError, TargetGroupNotFoundError
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.responses import RDSResponse

from ops.drills.clock import Clock
from ops.drills.rehearsal import standin_task
from ops.sandbox.server import ACCOUNT_ID

TICK_SECONDS = 0.03
"""Real time between two looks of the scheduler."""

STOPPING_SECONDS = 2.0
"""From the moment a task gets no more requests until its process is ended."""

IMAGE_COMMAND = ["apache2-foreground"]
"""What the WordPress image runs unless it is told otherwise; its entry point comes before.
https://github.com/docker-library/wordpress/blob/master/Dockerfile.template"""

_PROGRAM = Path(standin_task.__file__)


@dataclass(frozen=True)
class World:
    """How AWS behaves, times in seconds of the clock.

    Attributes:
        react_seconds: from the stop or the failure of a task until ECS takes it off the load
            balancer, ends it and starts another.
        start_seconds: from the start of a task until it is RUNNING and serves.
        failover_seconds: how long a failover takes the database away.
        replaces: False: tasks are never replaced.
        balancer_notices: False: the load balancer keeps sending to tasks that are gone.
        failover_keeps_data: False: what was written is gone after a failover.
    """

    react_seconds: float = 25
    start_seconds: float = 25
    failover_seconds: float = 45
    replaces: bool = True
    balancer_notices: bool = True
    failover_keeps_data: bool = True


@dataclass
class Task:
    """A task: what DescribeTasks tells of it, and its process."""

    arn: str
    cluster_arn: str
    definition: Any  # moto's TaskDefinition; moto has no types
    service: str
    started_by: str
    subnet: Any
    address: str
    port: int
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
        """As in the answer of DescribeTasks."""
        container = self.definition.container_definitions[0]
        code = self.process.poll() if self.process else None
        return {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition.arn,
            "availabilityZone": self.subnet.availability_zone,
            "lastStatus": self.status,
            "desiredStatus": self.desired,
            "startedBy": self.started_by,
            "stoppedReason": self.reason or None,
            "group": f"service:{self.service}" if self.service else "family:drill",
            "attachments": [
                {
                    "type": "ElasticNetworkInterface",
                    "status": "ATTACHED",
                    "details": [
                        {"name": "subnetId", "value": self.subnet.id},
                        {"name": "privateIPv4Address", "value": self.address},
                    ],
                }
            ],
            "containers": [
                {
                    "name": container["name"],
                    "lastStatus": self.status,
                    "exitCode": code if self.status == "STOPPED" else None,
                }
            ],
        }


@dataclass
class Target:
    """A registered address, and what its health checks found."""

    group: FakeTargetGroup
    address: str
    port: int
    state: str = "initial"
    passed: int = 0
    failed: int = 0
    drained_at: float | None = None

    def health(self) -> FakeHealthStatus:
        reasons = {
            "initial": "Elb.RegistrationInProgress",
            "unhealthy": "Target.FailedHealthChecks",
            "draining": "Target.DeregistrationInProgress",
        }
        return FakeHealthStatus(
            self.address, str(self.port), "traffic-port", self.state, reasons.get(self.state)
        )


@dataclass(frozen=True)
class Done:
    """Something that the stand-in did; times in seconds of the clock."""

    at: float
    what: str
    whom: str


@dataclass
class _Database:
    """The line server that stands for MySQL; `rows` are the markers written."""

    port: int
    rows: set[str] = field(default_factory=set)
    away: bool = False


class StandIn:
    """The moving parts of the resources in a running sandbox. Use it as a context manager.

    Attributes:
        url: where the load balancer listens.
        log: what was done and when, to hold a report against.
    """

    def __init__(self, world: World, clock: Clock, *, region: str = "eu-central-1") -> None:
        self._world = world
        self._clock = clock
        self._ecs = ecs_backends[ACCOUNT_ID][region]
        self._elb = elbv2_backends[ACCOUNT_ID][region]
        self._ec2 = ec2_backends[ACCOUNT_ID][region]
        self._lock = threading.RLock()
        self._tasks: dict[str, Task] = {}
        self._targets: dict[tuple[str, str], Target] = {}
        self._started: set[str] = set()
        self._turn = itertools.count()
        self._balancer_socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._database_socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._database = _Database(self._database_socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._ready = threading.Event()
        self._patches = contextlib.ExitStack()
        self.url = f"http://127.0.0.1:{self._balancer_socket.getsockname()[1]}"
        self.log: list[Done] = []

    def __enter__(self) -> StandIn:
        self._folder = tempfile.TemporaryDirectory(prefix="opsfolio-")
        self._lifeline, self._lifeline_end = os.pipe()
        self._image = _image(Path(self._folder.name))
        self._patch()
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        os.close(self._lifeline_end)
        for task in self._tasks.values():
            _end(task.process)
        os.close(self._lifeline)
        self._folder.cleanup()

    def _patch(self) -> None:
        """The calls that moto answers as if nothing ever happened."""
        self._replace(self._ecs, "list_tasks", self._list_tasks)
        self._replace(self._ecs, "describe_tasks", self._describe_tasks)
        self._replace(self._ecs, "run_task", self._run_task)
        self._replace(self._ecs, "stop_task", self._stop_task)
        self._replace(self._elb, "register_targets", self._register_targets)
        self._replace(self._elb, "deregister_targets", self._deregister_targets)
        self._replace(self._elb, "describe_target_health", self._describe_target_health)
        stand_in = self

        def reboot_db_instance(response: RDSResponse) -> ActionResult:
            return stand_in._reboot(response)

        self._replace(RDSResponse, "reboot_db_instance", reboot_db_instance)

    def _replace(self, owner: object, name: str, function: Callable[..., Any]) -> None:
        mine = vars(owner).get(name)
        setattr(owner, name, function)
        if mine is None:
            self._patches.callback(delattr, owner, name)
        else:
            self._patches.callback(setattr, owner, name, mine)

    def _note(self, what: str, whom: str) -> None:
        self.log.append(Done(self._clock.now(), what, whom))

    # --- ECS ----------------------------------------------------------------------------------

    def _list_tasks(
        self,
        cluster: str | None = None,
        instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service: str | None = None,
        desired: str | None = None,
    ) -> list[Any]:
        with self._lock:
            return [
                _Arn(task.arn)
                for task in self._tasks.values()
                if task.desired == (desired or "RUNNING")
                and (not service or task.service == service.split("/")[-1])
                and (not started_by or task.started_by == started_by)
            ]

    def _describe_tasks(self, cluster: str, tasks: list[str]) -> list[dict[str, Any]]:
        with self._lock:
            return [self._tasks[arn].described() for arn in tasks if arn in self._tasks]

    def _run_task(
        self,
        cluster: str,
        definition: str,
        count: int,
        overrides: dict[str, Any] | None,
        started_by: str | None,
        tags: object,
        launch_type: str | None,
        network: dict[str, Any] | None = None,
        *rest: object,
    ) -> list[dict[str, Any]]:
        if not network:
            raise InvalidParameterException("Network Configuration must be provided.")
        override = ((overrides or {}).get("containerOverrides") or [{}])[0]
        environment = {one["name"]: one["value"] for one in override.get("environment", [])}
        with self._lock:
            return [
                self._start(
                    self._ecs._get_cluster(cluster).arn,
                    self._ecs.describe_task_definition(definition),
                    network["awsvpcConfiguration"]["subnets"][0],
                    started_by=started_by or "",
                    command=override.get("command"),
                    environment=environment,
                ).described()
                for _ in range(count)
            ]

    def _stop_task(self, cluster: str, task: str, reason: str) -> dict[str, Any]:
        with self._lock:
            found = [one for one in self._tasks.values() if one.arn.endswith(task.split("/")[-1])]
            if not found:
                raise InvalidParameterException("The referenced task was not found.")
            self._give_up(found[0], reason)
            return found[0].described()

    def _give_up(self, task: Task, reason: str) -> None:
        """The task is to end, once ECS has come to it."""
        if task.desired == "STOPPED":
            return
        task.desired, task.status, task.reason = "STOPPED", "DEACTIVATING", reason
        wait = self._world.react_seconds if task.service else 0
        task.end_at = self._clock.now() + wait
        self._note("stop", task.arn)

    def _start(
        self,
        cluster_arn: str,
        definition: Any,
        subnet_id: str,
        *,
        service: str = "",
        started_by: str = "",
        command: list[str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Task:
        subnet = self._ec2.get_subnet(subnet_id)
        container = definition.container_definitions[0]
        given = {one["name"]: one["value"] for one in container.get("environment", [])}
        taken = {task.address for task in self._tasks.values()}
        hosts = itertools.islice(ipaddress.ip_network(subnet.cidr_block).hosts(), 9, None)
        address = next(str(host) for host in hosts if str(host) not in taken)
        task = Task(
            arn=f"{cluster_arn.replace(':cluster/', ':task/')}/{uuid.uuid4().hex}",
            cluster_arn=cluster_arn,
            definition=definition,
            service=service,
            started_by=started_by,
            subnet=subnet,
            address=address,
            port=_free_port(),
            command=command or IMAGE_COMMAND,
            environment={**given, **(environment or {})},
            ordered=self._clock.now(),
        )
        if command is None:
            self._launch(task)  # so that it serves when the task is due
        self._tasks[task.arn] = task
        self._note("start", task.arn)
        return task

    def _launch(self, task: Task) -> None:
        """Start the task's process."""
        task.process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(_PROGRAM), "init", "docker-entrypoint.sh"),
                *task.command,
            ],
            env={
                **task.environment,
                "PATH": f"{self._image}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                standin_task.WEB_PORT: str(task.port),
                standin_task.DATABASE_PORT: str(self._database.port),
                standin_task.LIFELINE: str(self._lifeline),
                "STANDIN_SPEED": str(self._clock.speed),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[self._lifeline],
            start_new_session=True,
        )

    def _schedule(self) -> None:
        """One look at all tasks and services."""
        now = self._clock.now()
        services = [one for one in self._ecs.services.values() if one.status == "ACTIVE"]
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
        if task.process and task.process.poll() is not None and task.desired == "RUNNING":
            self._give_up(task, "Essential container in task exited")
        if task.end_at is not None:
            if task.status != "STOPPING" and now >= task.end_at:
                task.status = "STOPPING"
                for group in _groups(service):
                    self._deregister(group, task.address)
            if now >= task.end_at + STOPPING_SECONDS:
                _end(task.process)
                task.status = "STOPPED"
                self._note("stopped", task.arn)
            return
        if task.status == "PENDING" and now >= task.ordered + self._world.start_seconds:
            if task.process is None:
                self._launch(task)
            task.status, task.running_since = "RUNNING", now
            self._note("running", task.arn)
            for group in _groups(service):
                self._register(group, task.address, 80)
        elif service is not None and self._is_to_blame(task, service, now):
            self._give_up(task, "Task failed ELB health checks")

    def _is_to_blame(self, task: Task, service: Service, now: float) -> bool:
        """Whether ECS replaces the task because of its target's health."""
        grace = getattr(service, "health_check_grace_period_seconds", None) or 0
        if task.status != "RUNNING" or now < task.running_since + grace:
            return False
        targets = [self._targets.get((arn, task.address)) for arn in _groups(service)]
        return any(target is not None and target.state == "unhealthy" for target in targets)

    def _keep_desired(self, service: Service) -> None:
        mine = [task for task in self._tasks.values() if task.service == service.name]
        # ECS comes to a stopped task's replacement when it comes to the task itself
        kept = [task for task in mine if task.status not in ("STOPPING", "STOPPED")]
        wanted = [task for task in kept if task.desired == "RUNNING"]
        definition = self._ecs.describe_task_definition(str(service.task_definition))
        first = service.arn not in self._started
        if first or self._world.replaces:
            network = service.network_configuration["awsvpcConfiguration"]
            for _ in range(service.desired_count - len(kept)):
                subnets = sorted(
                    network["subnets"],
                    key=lambda subnet: sum(task.subnet.id == subnet for task in wanted),
                )
                wanted.append(
                    self._start(
                        service.cluster_arn,
                        definition,
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

    # --- load balancer ------------------------------------------------------------------------

    def _group(self, arn: str) -> FakeTargetGroup:
        group = self._elb.target_groups.get(arn)
        if group is None:
            raise TargetGroupNotFoundError
        return group

    def _register_targets(self, group: str, instances: list[dict[str, Any]]) -> None:
        with self._lock:
            self._group(group)
            for one in instances:
                self._register(group, one["Id"], int(one.get("Port") or 80))

    def _deregister_targets(self, group: str, instances: list[dict[str, Any]]) -> None:
        with self._lock:
            self._group(group)
            for one in instances:
                if (group, one["Id"]) not in self._targets:
                    raise InvalidTargetError
                self._deregister(group, one["Id"])

    def _describe_target_health(
        self, group: str, targets: list[dict[str, Any]]
    ) -> list[FakeHealthStatus]:
        with self._lock:
            self._group(group)
            known = {t.address: t for (arn, _), t in self._targets.items() if arn == group}
            if not targets:
                return [target.health() for target in known.values()]
            gone = Target(self._group(group), "", 80, state="unused")
            return [known.get(one["Id"], gone).health() for one in targets]

    def _register(self, group: str, address: str, port: int) -> None:
        target = Target(self._group(group), address, port)
        self._targets[group, address] = target
        asyncio.run_coroutine_threadsafe(self._check(target), self._loop)

    def _deregister(self, group: str, address: str) -> None:
        target = self._targets.get((group, address))
        if target is None or not self._world.balancer_notices or target.state == "draining":
            return
        delay = float(str(target.group.attributes["deregistration_delay.timeout_seconds"]))
        target.state, target.drained_at = "draining", self._clock.now() + delay
        self._note("draining", address)

    async def _check(self, target: Target) -> None:
        """The health checks of one target, as its target group wants them."""
        group = target.group
        interval = self._clock.real(float(group.health_check_interval_seconds))
        timeout = self._clock.real(float(group.health_check_timeout_seconds))
        accepted = _statuses(group.matcher["HttpCode"])
        due = self._loop.time()
        while target.state != "draining":
            try:
                status, _ = await asyncio.wait_for(
                    self._ask(target.address, group.health_check_path or "/"), timeout
                )
            except (OSError, asyncio.TimeoutError):
                status = 0
            with self._lock:
                self._judge(target, status in accepted)
            due += interval
            await asyncio.sleep(due - self._loop.time())
        wait = (target.drained_at or 0) - self._clock.now()
        await asyncio.sleep(self._clock.real(max(0.0, wait)))
        with self._lock:
            for key in [key for key, one in self._targets.items() if one is target]:
                del self._targets[key]

    def _judge(self, target: Target, passed: bool) -> None:
        """One passed check makes a new target healthy, later ones have to come in a row.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        """
        if target.state == "draining" or (not self._world.balancer_notices and not passed):
            return
        target.passed = target.passed + 1 if passed else 0
        target.failed = 0 if passed else target.failed + 1
        before = target.state
        if passed and (
            before == "initial" or target.passed >= int(target.group.healthy_threshold_count)
        ):
            target.state = "healthy"
        elif target.failed >= int(target.group.unhealthy_threshold_count):
            target.state = "unhealthy"
        if target.state != before:
            self._note(target.state, target.address)

    def _next_target(self) -> Target | None:
        with self._lock:
            targets = [one for one in self._targets.values() if one.state != "draining"]
        healthy = [one for one in targets if one.state == "healthy"]
        # with no healthy target a load balancer sends requests to all of them
        choice = healthy or targets
        return choice[next(self._turn) % len(choice)] if choice else None

    async def _ask(self, address: str, path: str) -> tuple[int, bytes]:
        """One request to a task; its status and body.

        Raises:
            OSError: nobody listens at the address.
        """
        with self._lock:
            ports = {task.address: task.port for task in self._tasks.values()}
        if address not in ports:
            raise ConnectionRefusedError(address)
        reader, writer = await asyncio.open_connection("127.0.0.1", ports[address])
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: task\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        if len(words) < 2:
            raise ConnectionResetError(address)
        return int(words[1]), body

    async def _balance(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection to the load balancer."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                status, body = 503, b""
                target = self._next_target()
                if target is not None:
                    try:
                        path = head.split(b" ", 2)[1].decode("latin-1")
                        status, body = await self._ask(target.address, path)
                    except OSError:
                        status = 502
                writer.write(
                    f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
                await writer.drain()
        writer.close()

    # --- database -----------------------------------------------------------------------------

    def _reboot(self, response: RDSResponse) -> ActionResult:
        database = response.backend.describe_db_instances(response.params["DBInstanceIdentifier"])[
            0
        ]
        if response.params.get("ForceFailover"):
            if not database.multi_az:
                raise InvalidParameterCombination(
                    "Cannot perform a forced failover of an instance that is not Multi-AZ."
                )
            database.status = "rebooting"
            self._database.away = True
            self._note("failover", database.db_instance_identifier)
            self._loop.call_soon_threadsafe(
                self._loop.call_later,
                self._clock.real(self._world.failover_seconds),
                self._fail_over,
                database,
            )
        return ActionResult({"DBInstance": database})

    def _fail_over(self, database: Any) -> None:
        subnets = database.db_subnet_group.subnets
        zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets}
        database.availability_zone = min(zones - {database.availability_zone})
        database.status = "available"
        if not self._world.failover_keeps_data:
            self._database.rows.clear()
        self._database.away = False
        self._note("failed over", database.db_instance_identifier)

    async def _query(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to the database: a line in, a line out; nothing while it is away."""
        with contextlib.suppress(OSError):
            action, _, marker = (await reader.readline()).decode().strip().partition(" ")
            if not self._database.away:
                writer.write(self._execute(action, marker).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _execute(self, action: str, marker: str) -> str:
        rows = self._database.rows
        if action == "read":
            return "found" if marker in rows else "missing"
        if action == "write":
            rows.add(marker)
        elif action == "drop":
            rows.clear()
        return "done"

    @property
    def markers(self) -> set[str]:
        """What drills have written to the database and not taken away."""
        return set(self._database.rows)

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _main(self) -> None:
        self._stopping = asyncio.Event()
        balancer = await asyncio.start_server(self._balance, sock=self._balancer_socket)
        database = await asyncio.start_server(self._query, sock=self._database_socket)
        self._ready.set()
        try:
            while not self._stopping.is_set():
                with self._lock:
                    self._schedule()
                await asyncio.sleep(TICK_SECONDS)
        finally:
            balancer.close()
            database.close()


@dataclass(frozen=True)
class _Arn:
    """What moto reads of the tasks that ListTasks finds."""

    task_arn: str


def _groups(service: Service | None) -> list[str]:
    """The target groups that a service registers its tasks with."""
    return [one["targetGroupArn"] for one in service.load_balancers] if service else []


def _statuses(matcher: str) -> set[int]:
    """The HTTP statuses of a health check's matcher, like `200-399` or `200,302`."""
    found: set[int] = set()
    for part in matcher.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _image(folder: Path) -> Path:
    """A folder with the programs of the WordPress image that a task's command may name."""
    run = f"exec {shlex.quote(sys.executable)} -I -S {shlex.quote(str(_PROGRAM))}"
    programs = {
        "docker-entrypoint.sh": 'exec "$@"',
        "apache2-foreground": f"{run} serve",
        "php": f'{run} php "$@"',
        # a container's seconds are the clock's
        "sleep": 'exec "$(command -pv sleep)" "$(awk "BEGIN {print $1 / $STANDIN_SPEED}")"',
    }
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """End a task's process and all that it started."""
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
