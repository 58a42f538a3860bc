"""What a change does to what is there: a managed password, and keys of our own."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.deployment import prepared
from tests.synth.synthesized import synthesize

STACK = "resilience-platform"
TASK = "aws_ecs_task_definition.wordpress"
ROTATION = "aws_secretsmanager_secret_rotation.password"
TARGETS = (f"-target={TASK}", f"-target={ROTATION}")
"""With all that they refer to, the database among it; the rest is not needed here."""

PATIENCE = pytest.mark.skipif(
    "BLUE_GREEN" not in os.environ,
    reason="the provider waits for seven minutes; BLUE_GREEN=1 waits with it",
)


def database(outdir: Path, **settings: Any) -> str:
    """The contract's stack with other settings of the database, as Terraform JSON."""
    return synthesize({"database": settings}, stack_id=STACK, outdir=outdir).text


@pytest.mark.slow(200)
def test_the_tasks_stay_while_their_database_changes(tmp_path: Path) -> None:
    """Switched over to a managed password they are replaced, and by no change after that."""
    with prepared(STACK) as stack:
        terraform = stack.terraform()
        terraform.apply(*TARGETS)

        managed: dict[str, Any] = {"password": "managed", "rotation": {}}
        stack.replace(database(tmp_path, **managed))
        terraform = stack.terraform()
        changes = stack.changes(terraform, *TARGETS)
        assert (changes[TASK], changes[ROTATION]) == (["delete", "create"], ["create"])
        terraform.apply(plan=stack.plan)
        assert stack.changes(terraform, *TARGETS) == {}

        stack.replace(database(tmp_path, **managed, backup_window="01:00-02:00"))
        terraform = stack.terraform()
        changes = stack.changes(terraform, *TARGETS)
        assert changes == {"aws_db_instance.wordpress": ["update"]}


@pytest.mark.slow(150)
@pytest.mark.parametrize("way", ["in_place", pytest.param("blue_green", marks=PATIENCE)])
def test_mysql_is_upgraded_with_its_parameters(way: str, tmp_path: Path) -> None:
    """As docs/upgrade.md says: in the end there is the one database, and nothing left to do."""
    address, group = "aws_db_instance.wordpress", "aws_db_parameter_group.main"
    only = (f"-target={address}", f"-target={group}")
    with prepared(STACK) as stack:
        stack.replace(database(tmp_path, slow_query_log=True))
        stack.terraform().apply(*only)

        stack.replace(database(tmp_path, slow_query_log=True, engine_version="8.4", upgrade=way))
        terraform = stack.terraform()
        changes = stack.changes(terraform, *only)
        assert changes == {address: ["update"], group: ["create", "delete"]}
        terraform.apply(plan=stack.plan)
        assert stack.changes(terraform, *only) == {}

        rds = stack.sandbox.client("rds")
        (found,) = rds.describe_db_instances()["DBInstances"]
        assert (found["DBInstanceIdentifier"], found["EngineVersion"]) == (f"{STACK}-db", "8.4.5")
        (used,) = found["DBParameterGroups"]
        groups = rds.describe_db_parameter_groups()["DBParameterGroups"]
        (kept,) = [g for g in groups if not g["DBParameterGroupName"].startswith("default.")]
        assert used["DBParameterGroupName"] == kept["DBParameterGroupName"]
        assert kept["DBParameterGroupFamily"] == "mysql8.4"
        assert rds.describe_blue_green_deployments()["BlueGreenDeployments"] == []


@pytest.mark.slow(60)
def test_a_new_key_replaces_the_uploads(tmp_path: Path) -> None:
    """So docs/adopting.md says to choose it before the first deploy."""
    only = "-target=aws_efs_file_system.uploads"
    shared: dict[str, Any] = {"container": {"shared_uploads": True}}
    with prepared(STACK) as stack:
        stack.replace(synthesize(shared, stack_id=STACK, outdir=tmp_path).text)
        stack.terraform().apply(only)
        keyed = {**shared, "customer_managed_keys": ["uploads"]}
        stack.replace(synthesize(keyed, stack_id=STACK, outdir=tmp_path).text)
        changes = stack.changes(stack.terraform(), only)
        assert changes["aws_efs_file_system.uploads"] == ["delete", "create"]
