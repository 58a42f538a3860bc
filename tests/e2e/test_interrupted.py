"""An apply that is stopped half-way converges when it is run again."""

import pytest

from ops.sandbox.deployed import deployed
from tests.e2e.deployment import assert_granted, one_provider


class _Stop(Exception):
    """Stands for Ctrl-C, a cancelled CI job, a worker that is shut down."""


@pytest.mark.slow(250)
def test_interrupted_apply_converges() -> None:
    """Stopped while the database and the load balancer are being created, then run again.

    The life of the staging stack besides: nothing to do after the apply, nothing left in the end.
    """
    begun: set[str] = set()

    def stop_half_way(line: str) -> None:
        for slow in ("aws_db_instance.wordpress", "aws_lb.main"):
            if line.startswith(f"{slow}: Still creating"):
                begun.add(slow)
        if len(begun) == 2:
            raise _Stop

    with deployed("resilience-platform-staging") as stack:
        stack.terraform().init()
        with pytest.raises(_Stop):
            stack.terraform(on_line=stop_half_way).apply()
        resources = stack.terraform().show()["values"]["root_module"]["resources"]
        assert "aws_vpc.main" in {resource["address"] for resource in resources}

        with one_provider(stack.terraform()) as running:
            stack.environment |= running
            terraform = stack.terraform()
            terraform.apply()
            assert stack.changes(terraform) == {}
            assert not stack.sandbox.refused
            terraform.destroy()
        assert stack.sandbox.leftovers() == []
        assert_granted(stack.sandbox)
