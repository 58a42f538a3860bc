"""An apply that is stopped half-way converges when it is run again."""

from pathlib import Path

import pytest

from ops.sandbox.deployed import deployed
from tests.e2e.deployment import NO_REFRESH, added, assert_granted, settings, with_domain
from tests.synth.options import BOUNDARY, DOMAIN, OPTIONS
from tests.synth.synthesized import synthesize

STAGING = "resilience-platform-staging"
SHOP: dict[str, dict[str, object]] = {
    "image": {"repository": True},
    "load_balancer": {"domain": DOMAIN, "health_check_path": "/health"},
    "container": {
        **{"image": "registry.example.com/shop:1", "port": 8080, "command": ["serve", "${x}"]},
        **{"architecture": "ARM64", "database_environment": None},
        "secrets": OPTIONS["container.secrets"].value,
        "task_permissions": OPTIONS["container.task_permissions"].value,
    },
}
"""Another application, with a domain and a repository for its images."""


class _Stop(Exception):
    """Stands for Ctrl-C, a cancelled CI job, a worker that is shut down."""


@pytest.mark.slow(350)
def test_interrupted_apply_converges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped while the database and the load balancer are being created, then run again.

    The life of the staging stack besides: nothing to do after an apply, and nothing left in the
    end. Between them the container becomes another application, with secrets, under a name of its
    own and an organisation's rules.
    """
    shop = settings(STAGING, **SHOP)
    shop |= {"tags": {"Owner": "web"}, "permissions_boundary_arn": BOUNDARY}
    with_domain(monkeypatch, STAGING, shop)
    begun: set[str] = set()

    def stop_half_way(line: str) -> None:
        for slow in ("aws_db_instance.wordpress", "aws_lb.main"):
            if line.startswith(f"{slow}: Still creating"):
                begun.add(slow)
        if len(begun) == 2:
            raise _Stop

    with deployed(STAGING) as stack:
        usual = stack.environment
        # so that Terraform starts a provider of its own, and has to end it
        stack.environment = stack.sandbox.environment
        with pytest.raises(_Stop):
            stack.terraform(on_line=stop_half_way).apply()
        stack.environment = usual
        resources = stack.terraform().show()["values"]["root_module"]["resources"]
        assert "aws_vpc.main" in {resource["address"] for resource in resources}

        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}

        stack.replace(synthesize(shop, stack_id=STAGING, outdir=tmp_path).text)
        terraform = stack.terraform()
        changes = stack.changes(terraform)
        assert [a for a, actions in changes.items() if "delete" in actions] == [
            "aws_ecs_task_definition.wordpress"
        ]
        terraform.apply(plan=stack.plan)
        assert stack.changes(terraform) == {}
        assert not stack.sandbox.refused
        client = stack.sandbox.client
        for name in ("ecs-task-role", "ecs-task-execution-role", "rds-monitoring"):
            role = client("iam").get_role(RoleName=f"{STAGING}-{name}")["Role"]
            assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
        zone = {"HostedZoneId": DOMAIN["hosted_zone_id"]}
        records = client("route53").list_resource_record_sets(**zone)["ResourceRecordSets"]
        assert {r["Type"] for r in records if DOMAIN["name"] in r["Name"]} == {"A", "CNAME"}

        terraform.destroy(NO_REFRESH)
        assert stack.sandbox.leftovers() == []
        records = client("route53").list_resource_record_sets(**zone)["ResourceRecordSets"]
        assert {r["Type"] for r in records} == {"NS", "SOA"}
        assert_granted(stack.sandbox, added(stack))
