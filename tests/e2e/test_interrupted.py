"""An apply that is stopped half-way converges when it is run again."""

import pytest

from ops.sandbox.deployed import Deployed


class _Stop(Exception):
    """Stands for Ctrl-C, a cancelled CI job, a worker that is shut down."""


@pytest.mark.slow(310)
def test_interrupted_apply_converges(deployment: Deployed) -> None:
    """Stopped while the database and the load balancer are being created, then run again."""
    begun: set[str] = set()

    def stop_half_way(line: str) -> None:
        for slow in ("aws_db_instance.wordpress", "aws_lb.main"):
            if line.startswith(f"{slow}: Still creating"):
                begun.add(slow)
        if len(begun) == 2:
            raise _Stop

    with pytest.raises(_Stop):
        deployment.terraform(on_line=stop_half_way).apply()
    resources = deployment.terraform().show()["values"]["root_module"]["resources"]
    assert "aws_vpc.main" in {resource["address"] for resource in resources}

    terraform = deployment.terraform()
    terraform.apply()
    assert deployment.changes(terraform) == {}
    terraform.destroy()
    assert deployment.sandbox.leftovers() == []
