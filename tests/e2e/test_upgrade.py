"""What docs/restore.md and docs/upgrade.md say to do about the database, done."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ops import ROOT
from ops.terraform import Terraform
from tests import aws_cli
from tests.e2e.deployment import prepared
from tests.programs import run
from tests.synth.synthesized import synthesize

STACK = "resilience-platform"

IN_PLACE = {
    "db_password": "Another-horse-8-battery",
    "db_instance_class": "db.t3.small",
    "db_allocated_storage": 30,
}
"""Variables of the database with a new value, by which it is not replaced."""

PATIENCE = pytest.mark.skipif(
    "BLUE_GREEN" not in os.environ,
    reason="the provider waits for seven minutes; BLUE_GREEN=1 waits with it",
)


def database(outdir: Path, **settings: Any) -> str:
    """The contract's stack with other settings of the database, as Terraform JSON."""
    return synthesize({"database": settings}, stack_id=STACK, outdir=outdir).text


def commands(name: str) -> list[str]:
    """The shell blocks of a page in docs/."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.slow(200)
@pytest.mark.parametrize("way", ["in_place", pytest.param("blue_green", marks=PATIENCE)])
def test_mysql_is_restored_and_upgraded_with_its_parameters(way: str, tmp_path: Path) -> None:
    """As docs/restore.md and docs/upgrade.md say, command by command: in the end there is the one
    database, and nothing left to do. One apply does for both, and for the other values that change
    a database in place; each takes a minute and a half.
    """
    address, group = "aws_db_instance.wordpress", "aws_db_parameter_group.main"
    only = (f"-target={address}", f"-target={group}")
    restore, drop, rename, bring_in, tidy, *_ = commands("restore.md")
    save, *_, forget = commands("upgrade.md")
    with prepared(STACK) as stack:
        stack.replace(database(tmp_path, slow_query_log=True))
        terraform = stack.terraform()
        terraform.apply(*only)
        rds = stack.sandbox.client("rds")
        (lost,) = rds.describe_db_instances()["DBInstances"]

        run_as_written(terraform, tmp_path, restore, drop, restore, rename, bring_in, tidy)
        assert stack.changes(terraform, *only) == {address: ["update"]}

        run_as_written(terraform, tmp_path, save)
        stack.replace(database(tmp_path, slow_query_log=True, engine_version="8.4", upgrade=way))
        terraform = stack.terraform(IN_PLACE if way == "in_place" else {})
        changes = stack.changes(terraform, *only)
        assert changes == {address: ["update"], group: ["create", "delete"]}
        terraform.apply(plan=stack.plan)
        assert stack.changes(terraform, *only) == {}
        run_as_written(terraform, tmp_path, forget)

        (found,) = rds.describe_db_instances()["DBInstances"]
        assert found["DbiResourceId"] != lost["DbiResourceId"]
        name, version = found["DBInstanceIdentifier"], found["EngineVersion"]
        assert (name, version, found["MultiAZ"]) == (f"{STACK}-db", "8.4.5", True)
        if way == "in_place":
            assert (found["DBInstanceClass"], found["AllocatedStorage"]) == ("db.t3.small", 30)
        (used,) = found["DBParameterGroups"]
        groups = rds.describe_db_parameter_groups()["DBParameterGroups"]
        (kept,) = [g for g in groups if not g["DBParameterGroupName"].startswith("default.")]
        assert used["DBParameterGroupName"] == kept["DBParameterGroupName"]
        assert kept["DBParameterGroupFamily"] == "mysql8.4"
        assert rds.describe_blue_green_deployments()["BlueGreenDeployments"] == []


def run_as_written(terraform: Terraform, folder: Path, *codes: str) -> None:
    """Shell code where Terraform runs, with the AWS CLI's commands on the sandbox."""
    programs = {
        "aws": f'{shlex.quote(sys.executable)} {shlex.quote(aws_cli.__file__)} "$@"',
        "terraform": f'{terraform.binary} "$@"',
    }
    path = folder / "bin"
    path.mkdir(exist_ok=True)
    for name, script in programs.items():
        (path / name).write_text(f"#!/bin/sh\nexec {script}\n")
        (path / name).chmod(0o755)
    environment = {**terraform.environment, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
    for code in codes:
        done = run("sh", "-eu", "-c", code, cwd=terraform.folder, env=environment)
        assert done.returncode == 0, code + done.stdout + done.stderr
