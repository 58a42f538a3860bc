"""The rehearsal's load balancer ends when it is told to."""

import asyncio
from unittest.mock import Mock, patch

import pytest

from ops.drills.clock import Clock
from ops.drills.rehearsal.balancer import Balancer, Target
from ops.drills.rehearsal.world import Stage, World


@pytest.mark.parametrize("moments", range(8))
def test_a_health_check_that_is_answered_while_it_is_cancelled_ends(moments: int) -> None:
    """Or the rehearsal never ended: Python 3.11's `wait_for` forgets that it was cancelled then."""
    group = Mock(health_check_interval_seconds=5, health_check_timeout_seconds=5)
    group.matcher = {"HttpCode": "200"}

    async def cancelled() -> bool:
        stage = Stage(World(), Clock())
        stage.loop = asyncio.get_running_loop()
        answered, balancer = asyncio.Event(), Balancer(stage, Mock())

        async def answer(*_: object) -> tuple[int, bytes]:
            await answered.wait()
            return 200, b""

        balancer._socket.close()
        with patch.object(balancer, "_ask", answer):
            check = asyncio.create_task(balancer._check(Target(group, "10.0.0.1", 80)))
            await asyncio.sleep(0.01)
            answered.set()
            for _ in range(moments):
                await asyncio.sleep(0)
            check.cancel()
            done, _ = await asyncio.wait([check], timeout=2)
            check.cancel()
        return bool(done)

    assert asyncio.run(cancelled())
