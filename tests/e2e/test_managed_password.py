"""A database whose password RDS keeps: what a change of the database does to the tasks."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.deployment import prepared
from tests.synth.synthesized import synthesize

STACK = "resilience-platform"
TASK = "aws_ecs_task_definition.wordpress"
ONLY_THE_TASK = f"-target={TASK}"
"""With all that it refers to, the database among it; the rest of the stack is not needed here."""


def database(outdir: Path, **settings: Any) -> str:
    """The contract's stack with other settings of the database, as Terraform JSON."""
    return synthesize({"database": settings}, stack_id=STACK, outdir=outdir).text


@pytest.mark.slow(200)
def test_the_tasks_stay_while_their_database_changes(tmp_path: Path) -> None:
    """Switched over to a managed password they are replaced, and by no change after that."""
    with prepared(STACK) as stack:
        terraform = stack.terraform()
        terraform.apply(ONLY_THE_TASK)

        stack.replace(database(tmp_path, password="managed"))
        terraform = stack.terraform()
        assert stack.changes(terraform, ONLY_THE_TASK)[TASK] == ["delete", "create"]
        terraform.apply(plan=stack.plan)
        assert stack.changes(terraform, ONLY_THE_TASK) == {}

        stack.replace(database(tmp_path, password="managed", backup_window="01:00-02:00"))
        terraform = stack.terraform()
        changes = stack.changes(terraform, ONLY_THE_TASK)
        assert changes == {"aws_db_instance.wordpress": ["update"]}
