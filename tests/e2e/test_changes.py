"""What a change does to what is there: a managed password, and a key of our own."""

from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.deployed import Deployed
from tests.e2e.deployment import NO_REFRESH
from tests.synth.synthesized import synthesize

STACK = "resilience-platform"
TASK = "aws_ecs_task_definition.wordpress"
ROTATION = "aws_secretsmanager_secret_rotation.password"
TARGETS = (f"-target={TASK}", f"-target={ROTATION}")
"""With all that they refer to, the database among it; the rest is not needed here."""


@pytest.fixture(scope="module")
def applied(deployment: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """With the uploads in EFS."""
    deployment.replace(with_uploads(tmp_path_factory.mktemp("synth")))
    deployment.terraform().apply(*TARGETS)
    return deployment


def with_uploads(outdir: Path, **settings: Any) -> str:
    shared = {"container": {"shared_uploads": True}, **settings}
    return synthesize(shared, stack_id=STACK, outdir=outdir).text


@pytest.mark.slow(10)
def test_a_new_key_replaces_the_uploads(applied: Deployed, tmp_path: Path) -> None:
    """So docs/adopting.md says to choose it before the first deploy."""
    applied.replace(with_uploads(tmp_path, customer_managed_keys=["uploads"]))
    only = "-target=aws_efs_file_system.uploads"
    changes = applied.changes(applied.terraform(), NO_REFRESH, only)
    assert changes["aws_efs_file_system.uploads"] == ["delete", "create"]


@pytest.mark.slow(200)
def test_the_tasks_stay_while_their_database_changes(applied: Deployed, tmp_path: Path) -> None:
    """Switched over to a managed password they are replaced, and by no change after that."""
    managed: dict[str, Any] = {"password": "managed", "rotation": {}}
    applied.replace(with_uploads(tmp_path, database=managed))
    terraform = applied.terraform()
    changes = applied.changes(terraform, *TARGETS)
    assert (changes[TASK], changes[ROTATION]) == (["delete", "create"], ["create"])
    terraform.apply(plan=applied.plan)
    assert applied.changes(terraform, *TARGETS) == {}

    applied.replace(with_uploads(tmp_path, database={**managed, "backup_window": "01:00-02:00"}))
    terraform = applied.terraform()
    changes = applied.changes(terraform, *TARGETS)
    assert changes == {"aws_db_instance.wordpress": ["update"]}
