"""`.venv/bin/python -m ops preflight`: verdicts as a table, exit code 1 when a policy denies."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops.delivery import preflight
from ops.delivery.inputs import RunType, infracost
from ops.errors import OpsError
from tests.programs import python, run
from tests.spacelift.plans import PlanDocuments
from tests.spacelift.test_plan_policy import DATABASE

STACK_ID = "resilience-platform"


def judge(
    tmp_path: Path, plan: Any, run_type: RunType = "PROPOSED", **more: Any
) -> tuple[bool, str]:
    """Whether the plan document passes, and what is printed."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    out = StringIO()
    passed = preflight.run(
        STACK_ID, Console(file=out, width=220), run_type=run_type, plan=file, **more
    )
    return passed, out.getvalue()


def rows(output: str, policy: str) -> list[str]:
    """The verdicts and texts of the table's rows about a policy."""
    cells = [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]
    return [" ".join(row[1:]) for row in cells if row[0] == policy]


@pytest.mark.e2e
def test_a_clean_plan_passes(tmp_path: Path, plans: PlanDocuments) -> None:
    passed, output = judge(tmp_path, plans.create)
    assert passed
    assert rows(output, "plan") == ["ok nothing to object to"]
    assert rows(output, "approval") == [
        "waits for more with 0 approvals by others",
        "approved with 1 approval by others",
        "approved with 2 approvals by others",
    ]
    assert len(rows(output, "push")) == 2
    assert rows(output, "notification") == ["tells inbox: UNCONFIRMED"]


@pytest.mark.e2e
@pytest.mark.parametrize("run_type", ["PROPOSED", "TRACKED"])
def test_a_plan_that_deletes_the_database_is_denied_with_the_rule(
    run_type: RunType, tmp_path: Path, plans: PlanDocuments
) -> None:
    passed, output = judge(tmp_path, plans.with_changes(plans.destroy, DATABASE), run_type)
    assert not passed
    assert rows(output, "plan") == [
        f"deny {DATABASE}: the plan would destroy the database; undo the change, or label the "
        f"stack allow-destroy:{DATABASE} for this one run",
        f"warn {DATABASE}: the plan would destroy it",
    ]
    assert rows(output, "notification") == ["tells inbox: FAILED"]


@pytest.mark.e2e
def test_a_destroy_run_is_warned_and_asks_for_approval(
    tmp_path: Path, plans: PlanDocuments
) -> None:
    passed, output = judge(tmp_path, plans.destroy, "DESTROY")
    assert passed
    assert rows(output, "plan")[0].startswith("warn destroy run: ")
    assert rows(output, "approval") == [
        "waits for more with 0 approvals by others",
        "approved with 1 approval by others",
        "approved with 2 approvals by others",
    ]


@pytest.mark.e2e
def test_an_infracost_report_is_judged(tmp_path: Path, plans: PlanDocuments) -> None:
    report = tmp_path / "infracost.json"
    report.write_text(json.dumps(infracost("150.01", past_usd="70")))
    passed, output = judge(tmp_path, plans.unchanged, infracost=report)
    assert not passed
    assert "above the budget of 150.00 USD" in output
    assert "the estimate rises from 70.00 to 150.01 USD" in output


@pytest.mark.parametrize(
    ("stack_id", "plan", "message"),
    [
        ("nope", "{}", r"^stack 'nope' is not in cdktf.json, which declares "),
        (STACK_ID, "[]", r"plan.json: must be a JSON object$"),
        (STACK_ID, "{", r"plan.json: Expecting property name"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_line(
    stack_id: str, plan: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan)
    with pytest.raises(OpsError, match=message):
        preflight.run(stack_id, Console(file=StringIO()), plan=file)


def test_an_error_ends_the_command_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    done = python("-m", "ops", "preflight", "--plan", file)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: the document is not a Terraform plan")


@pytest.mark.slow(20)
@pytest.mark.e2e
def test_a_stack_with_inputs_of_its_own_can_be_planned_on_the_sandbox() -> None:
    """The hardened stack wants a certificate and an image, and no password."""
    done = python("-m", "ops", "preflight", "resilience-platform-hardened")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(done.stdout, "plan") == ["ok nothing to object to"]


@pytest.mark.slow(30)
@pytest.mark.e2e
def test_on_the_sandbox_the_whole_run_passes_and_leaves_the_checkout_alone(
    plans: PlanDocuments,
) -> None:
    """Hooks, init, plan, policies; `plans` only asks for Terraform here."""

    def status() -> str:
        done = run("git", "status", "--porcelain", "--ignored")
        # What the tests beside this one may write at any time: their tools' caches.
        theirs = ("__pycache__/", "_cache/", ".hypothesis/", ".build/")
        return "\n".join(line for line in done.stdout.splitlines() if not line.endswith(theirs))

    before = status()
    done = python("-m", "ops", "preflight", "--run", "tracked")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(done.stdout, "plan") == ["ok nothing to object to"]
    assert status() == before
