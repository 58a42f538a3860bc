"""What a change does to what is there: a managed password, and keys of our own."""

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
