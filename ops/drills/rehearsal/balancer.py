"""The rehearsal's load balancer: health checks as the stack declares them, requests in turn."""

import asyncio
import contextlib
import itertools
import socket
from dataclasses import dataclass
from typing import Any

from moto.elbv2.exceptions import InvalidTargetError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from ops.drills.rehearsal.world import Stage


@dataclass
class Target:
    """A registered address, and what its health checks found."""

    group: FakeTargetGroup
    address: str
    port: int
    state: str = "initial"
    passed: int = 0
    failed: int = 0
    under_way: int = 0
    drained_at: float = 0

    def health(self) -> FakeHealthStatus:
        return FakeHealthStatus(self.address, str(self.port), "traffic-port", self.state)


class Balancer:
    """A load balancer on a loopback port, and the calls about targets that moto leaves without
    effect; their signatures are moto's.
    """

    def __init__(self, stage: Stage, backend: ELBv2Backend) -> None:
        self._stage = stage
        self._backend = backend
        self._targets: dict[tuple[str, str], Target] = {}
        self._turn = itertools.count()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._balance, sock=self._socket)

    # --- the calls ----------------------------------------------------------------------------

    def _group(self, arn: str) -> FakeTargetGroup:
        group = self._backend.target_groups.get(arn)
        if group is None:
            raise TargetGroupNotFoundError
        return group

    def register_targets(self, group: str, instances: list[dict[str, Any]]) -> None:
        with self._stage.lock:
            for instance in instances:
                self.register(group, instance["Id"], int(instance.get("Port") or 80))

    def deregister_targets(self, group: str, instances: list[dict[str, Any]]) -> None:
        with self._stage.lock:
            self._group(group)
            for instance in instances:
                if (group, instance["Id"]) not in self._targets:
                    raise InvalidTargetError
                self.deregister(group, instance["Id"])

    def describe_target_health(
        self, group: str, targets: list[dict[str, Any]]
    ) -> list[FakeHealthStatus]:
        with self._stage.lock:
            gone = Target(self._group(group), "", 80, state="unused")
            known = {t.address: t for (arn, _), t in self._targets.items() if arn == group}
            if not targets:
                return [target.health() for target in known.values()]
            return [known.get(target["Id"], gone).health() for target in targets]

    # --- targets ------------------------------------------------------------------------------

    def register(self, group: str, address: str, port: int) -> None:
        """Check a target's health from now on."""
        target = self._targets[group, address] = Target(self._group(group), address, port)
        asyncio.run_coroutine_threadsafe(self._check(target), self._stage.loop)

    def deregister(self, group: str, address: str) -> None:
        """Send a target no more requests; harmless if it is not one."""
        target = self._targets.get((group, address))
        notices = self._stage.world.balancer_notices
        if target is None or not notices or target.state == "draining":
            return
        delay = float(str(target.group.attributes["deregistration_delay.timeout_seconds"]))
        target.state, target.drained_at = "draining", self._stage.clock.now() + delay
        self._stage.note("draining", address)

    def fails(self, group: str, address: str) -> bool:
        """Whether a target has failed its health checks."""
        target = self._targets.get((group, address))
        return target is not None and target.state == "unhealthy"

    def is_busy(self, address: str) -> bool:
        """Whether a target that gets no more requests still answers one."""
        return any(
            target.under_way and target.state == "draining"
            for target in self._targets.values()
            if target.address == address
        )

    async def _check(self, target: Target) -> None:
        """The health checks of one target, as its target group wants them."""
        group, clock, loop = target.group, self._stage.clock, self._stage.loop
        interval = clock.real(float(group.health_check_interval_seconds))
        # not of the clock: a timeout that is shortened would measure how busy this machine is
        timeout = float(group.health_check_timeout_seconds)
        path, accepted = group.health_check_path or "/", _statuses(group.matcher["HttpCode"])
        due = loop.time()
        while target.state != "draining":
            try:
                async with asyncio.timeout(timeout):
                    status, _ = await self._ask(target.address, path, timeout)
            except OSError:  # a timeout too
                status = 0
            with self._stage.lock:
                self._judge(target, status in accepted)
            due += interval
            await asyncio.sleep(due - loop.time())
        await asyncio.sleep(clock.real(max(0.0, target.drained_at - clock.now())))
        with self._stage.lock:
            for key in [key for key, known in self._targets.items() if known is target]:
                del self._targets[key]

    def _judge(self, target: Target, passed: bool) -> None:
        """One passed check makes a new target healthy, later ones have to come in a row.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        """
        if target.state == "draining" or (not self._stage.world.balancer_notices and not passed):
            return
        if not passed:
            self._stage.note("failed check", target.address)
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
            self._stage.note(target.state, target.address)

    # --- requests -----------------------------------------------------------------------------

    def _next_target(self) -> Target | None:
        with self._stage.lock:
            targets = [known for known in self._targets.values() if known.state != "draining"]
        healthy = [target for target in targets if target.state == "healthy"]
        # with no healthy target a load balancer sends requests to all of them
        choice = healthy or targets
        return choice[next(self._turn) % len(choice)] if choice else None

    async def _balance(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection to the load balancer."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                status, body = await self._forward(head.split(b" ", 2)[1].decode("latin-1"))
                writer.write(
                    f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
                await writer.drain()
        writer.close()

    async def _forward(self, path: str) -> tuple[int, bytes]:
        target = self._next_target()
        if target is None:
            return 503, b""
        target.under_way += 1
        try:
            return await self._ask(target.address, path, 10)  # how long AWS tries to connect
        except OSError:
            return 502, b""
        finally:
            target.under_way -= 1

    async def _ask(self, address: str, path: str, patience: float) -> tuple[int, bytes]:
        """One request to a task; its status and body.

        Raises:
            OSError: nobody listens at the address, or nothing reaches it for `patience` seconds.
        """
        if self._stage.zones.get(address) in self._stage.cut:
            await asyncio.sleep(self._stage.clock.real(patience))
            raise TimeoutError(address)
        if address not in self._stage.ports:
            raise ConnectionRefusedError(address)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._stage.ports[address])
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


def _statuses(matcher: str) -> set[int]:
    """The HTTP statuses of a health check's matcher, like `200-399` or `200,302`."""
    found: set[int] = set()
    for part in matcher.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found
