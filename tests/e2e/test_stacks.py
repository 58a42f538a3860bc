"""Each stack of cdktf.json beside the contract's: apply, an empty second plan, destroy."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.deployment import NO_REFRESH, prepared, settings
from tests.synth.options import BOUNDARY, DOMAIN, OPTIONS
from tests.synth.synthesized import synthesize

ORIGINAL = Path(__file__).with_name("fixtures") / "wp-ecs.tf"


SHOP: dict[str, dict[str, object]] = {
    "load_balancer": {"domain": DOMAIN, "health_check_path": "/health"},
    "container": {
        **{"image": "registry.example.com/shop:1", "port": 8080, "command": ["serve", "${x}"]},
        "database_environment": None,
        "secrets": OPTIONS["container.secrets"].value,
        "task_permissions": OPTIONS["container.task_permissions"].value,
    },
}
"""Another application, with a domain."""


@pytest.mark.slow(300)
def test_staging_becomes_another_application_with_a_domain_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to do after an apply, and nothing left after a destroy; between them the container is
    another one, with secrets, under a name of its own and an organisation's rules."""
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 0)
    with prepared("resilience-platform-staging") as stack:
        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}

        shop = settings("resilience-platform-staging", **SHOP)
        shop |= {"tags": {"Owner": "web"}, "permissions_boundary_arn": BOUNDARY}
        made = synthesize(shop, stack_id="resilience-platform-staging", outdir=tmp_path)
        stack.replace(made.text)
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
            role = client("iam").get_role(RoleName=f"resilience-platform-staging-{name}")["Role"]
            assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
        records = client("route53").list_resource_record_sets(HostedZoneId=DOMAIN["hosted_zone_id"])
        kinds = {r["Type"] for r in records["ResourceRecordSets"] if DOMAIN["name"] in r["Name"]}
        assert kinds == {"A", "CNAME"}

        terraform.destroy()
        zone = f"route53 aws zones/{DOMAIN['hosted_zone_id']} (FakeZone)"
        assert stack.sandbox.leftovers() == [zone], "the account's own"
        records = client("route53").list_resource_record_sets(HostedZoneId=DOMAIN["hosted_zone_id"])
        assert {r["Type"] for r in records["ResourceRecordSets"]} == {"NS", "SOA"}


@pytest.mark.slow(210)
def test_a_deployment_of_the_original_is_taken_over_unchanged(tmp_path: Path) -> None:
    """`wp-ecs` plans nothing over a state that the original's code made, and can destroy it."""
    with prepared("wp-ecs") as stack:
        ours, aside = stack.folder / "cdk.tf.json", tmp_path / "cdk.tf.json"
        path = json.loads(ours.read_text())["terraform"]["backend"]["local"]["path"]
        backend = f'terraform {{\n  backend "local" {{\n    path = "{path}"\n  }}\n}}\n'
        theirs = stack.folder / "main.tf"
        terraform = stack.terraform()

        shutil.move(ours, aside)
        theirs.write_text(f"{ORIGINAL.read_text()}\n{backend}")
        terraform.apply()
        before = terraform.show()["values"]
        assert len(before["root_module"]["resources"]) == 31

        theirs.unlink()
        shutil.move(aside, ours)
        assert stack.changes(terraform) == {}
        outputs = terraform.show(stack.plan)["output_changes"]
        assert {name: change["actions"] for name, change in outputs.items()} == {
            "alb_dns_name": ["no-op"],
            "rds_endpoint": ["no-op"],
            "ecs_cluster_name": ["no-op"],
        }
        terraform.apply()
        after = terraform.show()["values"]
        assert after["outputs"] == before["outputs"]
        assert not stack.sandbox.refused

        terraform.destroy()
        assert stack.sandbox.leftovers() == []


@pytest.mark.slow(390)
def test_the_hardened_stack_applies_plans_empty_and_destroys(tmp_path: Path) -> None:
    """Protected until the settings take the protection away; then only the final snapshot stays.

    Each run of Terraform takes four times as long as for another stack, for its firewall has one
    of the provider's largest schemas: what `refresh` would read is read by the second plan alone.
    """
    stack_id = "resilience-platform-hardened"
    with prepared(stack_id) as stack:
        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}
        assert not stack.sandbox.refused

        changed = settings(
            stack_id,
            load_balancer={"deletion_protection": False},
            database={"deletion_protection": False},
        )
        stack.replace(synthesize(changed, stack_id=stack_id, outdir=tmp_path).text)
        stack.terraform().apply(NO_REFRESH)
        stack.terraform().destroy(NO_REFRESH)
        certificate, snapshot = stack.sandbox.leftovers()
        assert certificate.startswith("acm "), "the test's own"
        assert "resilience-platform-hardened-db-final" in snapshot
