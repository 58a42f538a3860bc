"""Stacks of cdktf.json beside the contract's: apply, an empty second plan, destroy.

For staging see test_interrupted.py.
"""

import json
import shutil
from pathlib import Path

import pytest

from ops.sandbox.deployed import Deployed
from tests.e2e.deployment import NO_REFRESH, prepared, settings, synthesized
from tests.programs import skip_without_cdktn
from tests.synth.synthesized import synthesize

ORIGINAL = Path(__file__).with_name("fixtures") / "wp-ecs.tf"


@pytest.mark.slow(210)
def test_a_deployment_of_the_original_is_taken_over_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wp-ecs` plans nothing over a state that the original's code made, and can destroy it.

    Nor does either engine over a state that the other has written.
    """
    skip_without_cdktn()
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

        with monkeypatch.context() as other:
            other.setenv("CDK_ENGINE", "cdktn")
            stack.replace(synthesized("wp-ecs"))
        assert stack.changes(terraform, NO_REFRESH) == {}
        terraform.apply(plan=stack.plan)
        stack.replace(synthesized("wp-ecs"))
        assert stack.changes(terraform, NO_REFRESH) == {}
        assert not stack.sandbox.refused

        terraform.destroy(NO_REFRESH)
        assert stack.sandbox.leftovers() == []


@pytest.mark.slow(290)
def test_the_hardened_stack_applies_plans_empty_and_destroys(tmp_path: Path) -> None:
    """Protected until the protection is taken away; then only the final snapshot stays.

    Each run of Terraform takes four times as long as for another stack, for its firewall has one
    of the provider's largest schemas: what `refresh` would read is read by the second plan alone,
    and the protection is taken away in AWS; by an apply it is in test_demo.py.
    """
    stack_id = "resilience-platform-hardened"
    with prepared(stack_id) as stack:
        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}
        assert not stack.sandbox.refused

        # as docs/settings.md says: the other region is left before its provider goes
        elsewhere = ("aws_backup_vault.copies", "aws_kms_key.copies")
        stack.terraform().destroy(NO_REFRESH, *(f"-target={address}" for address in elsewhere))
        without = settings(stack_id, backup={"copy_region": None})
        stack.replace(synthesize(without, stack_id=stack_id, outdir=tmp_path).text)
        take_protection_away(stack)
        stack.terraform().destroy(NO_REFRESH)
        certificate, snapshot = stack.sandbox.leftovers()
        assert certificate.startswith("acm "), "the test's own"
        assert "resilience-platform-hardened-db-final" in snapshot


def take_protection_away(stack: Deployed) -> None:
    """From deletion: AWS refuses it until then."""
    rds, elb = (stack.sandbox.client(name) for name in ("rds", "elbv2"))
    (database,) = rds.describe_db_instances()["DBInstances"]
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    name, arn = database["DBInstanceIdentifier"], balancer["LoadBalancerArn"]
    with pytest.raises(rds.exceptions.ClientError, match="protection"):
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    with pytest.raises(elb.exceptions.OperationNotPermittedException):
        elb.delete_load_balancer(LoadBalancerArn=arn)
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}]
    )
