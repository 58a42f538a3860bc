"""`.venv/bin/python -m ops preflight`: verdicts as a table, exit code 1 when a policy denies."""

import json
import os
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops import CDKTF_JSON, ROOT
from ops.delivery import preflight
from ops.delivery.preflight import Kind
from ops.delivery.workspace import copy_checkout
from ops.errors import OpsError
from tests.programs import python, run, skip_without_terraform
from tests.spacelift.plans import Plan, PlanDocuments, change, infracost
from tests.spacelift.test_plan_policy import DATABASE

STACK_ID = "resilience-platform"
HARDENED = "resilience-platform-hardened"


def commit(folder: Path, branch: str = "main") -> None:
    """Makes a repository of the folder, all its files committed on a branch."""
    run("git", "init", "-q", "-b", branch, cwd=folder, check=True)
    run("git", "add", "--all", cwd=folder, check=True)
    me = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    run("git", *me, "commit", "-q", "-m", "all", cwd=folder, check=True)


def change_settings(file: Path, changed: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(file.read_text())
    changed(document["context"])
    file.write_text(json.dumps(document))


def in_one_zone(context: dict[str, Any]) -> None:
    context["stacks"][STACK_ID]["database"] = {"multi_az": False}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cdktf.json of a checkout that has nothing else, committed on main."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    file = Path(shutil.copy(CDKTF_JSON, folder))
    commit(folder)
    monkeypatch.setattr(preflight, "ROOT", folder)
    monkeypatch.setattr(preflight, "CDKTF_JSON", file)
    return file


def judge(
    settings: Path, plan: Any, kind: Kind = "PROPOSED", stack_id: str = STACK_ID, **more: Any
) -> tuple[bool, str]:
    """Whether the plan document passes in the checkout of these settings, and what is printed."""
    file = settings.parent.parent / "plan.json"
    file.write_text(json.dumps(plan))
    out = StringIO()
    passed = preflight.run(stack_id, Console(file=out, width=240), kind=kind, plan=file, **more)
    return passed, out.getvalue()


def rows(output: str, about: str) -> list[str]:
    """The verdicts and texts of the table's rows about something."""
    cells = [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]
    return [" ".join(row[1:]) for row in cells if row[0] == about]


def single_zone(plan: Plan) -> Plan:
    """The plan of the checkout whose database stands in one zone."""
    copied: Plan = json.loads(json.dumps(plan))
    change(copied, DATABASE)["after"]["multi_az"] = False
    return copied


@pytest.mark.e2e
def test_an_unchanged_checkout_passes(settings: Path, plans: PlanDocuments) -> None:
    passed, output = judge(settings, plans.create)
    assert passed
    assert rows(output, "limits") == []
    assert rows(output, "plan") == ["ok nothing to object to"]
    assert rows(output, "costs") == ["not checked no report by Infracost was given (--infracost)"]
    adds = len([c for c in plans.create["resource_changes"] if c["change"]["actions"] != ["read"]])
    assert rows(output, "changes") == [
        f"planned {adds} to add, 0 to change, 0 to destroy, from an empty state"
    ]
    page = (ROOT / "docs" / "spacelift.md").read_text()
    assert f"planned        {adds} to add, 0 to change, 0 to destroy, from an empty state" in page
    assert rows(output, "approval") == ["not asked the run is FINISHED after the plan"]
    assert rows(output, "push") == [
        "proposed run a push to another branch; files changed: 0; cancels an older one that waits",
        "proposed run a pull request, maybe besides the run of the push; cancels an older one "
        "that waits",
        "tracked run a push to main",
    ]
    assert rows(output, "notification") == ["tells pull_request: FINISHED"]
    version = re.escape(plans.create["terraform_version"])
    (tool,) = rows(output, "tool")
    planned = rf"(ok|differs) planned with (Terraform|OpenTofu) {version}; the stack uses "
    assert re.fullmatch(planned + r"OpenTofu [\d.]+", tool)


@pytest.mark.e2e
def test_limits_are_those_that_spacelift_has(settings: Path, plans: PlanDocuments) -> None:
    """A limit that only the checkout has does not count; once it is on main, it does."""
    one_zone = single_zone(plans.create)
    change_settings(settings, in_one_zone)
    passed, output = judge(settings, one_zone)
    assert not passed
    assert rows(output, "plan") == [
        f"deny {DATABASE}: multi_az is false and must be true; a stack that wants one zone is "
        "labelled single-az"
    ]
    assert rows(output, "limits") == [
        "changed +single-az: Spacelift still has those of main; apply the spacelift stack first"
    ]
    assert rows(output, "push")[0].startswith(
        "proposed run a push to another branch; files changed: 1;"
    )

    commit(settings.parent)
    passed, output = judge(settings, one_zone)
    assert passed
    assert rows(output, "limits") == []


@pytest.mark.e2e
def test_what_main_has_is_what_was_pushed_of_it(settings: Path, plans: PlanDocuments) -> None:
    """A commit on the local main is not there yet, either."""
    run("git", "update-ref", "refs/remotes/origin/main", "HEAD", cwd=settings.parent, check=True)
    change_settings(settings, in_one_zone)
    commit(settings.parent)
    passed, output = judge(settings, single_zone(plans.create))
    assert (passed, len(rows(output, "limits"))) == (False, 1)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("branch", "stacks", "said"),
    [
        ("other", {}, "not checked git cannot show the cdktf.json of main, so "),
        ("main", {"new": {}}, "changed main: stack 'new' is not in cdktf.json, which declares "),
    ],
)
def test_where_main_says_nothing_the_checkouts_limits_count_and_that_is_said(
    branch: str, stacks: dict[str, Any], said: str, settings: Path, plans: PlanDocuments
) -> None:
    shutil.rmtree(settings.parent / ".git")
    commit(settings.parent, branch)
    change_settings(settings, lambda context: context["stacks"].update(stacks))
    passed, output = judge(settings, plans.create, stack_id=next(iter(stacks), STACK_ID))
    assert passed
    (limits,) = rows(output, "limits")
    assert limits.startswith(said)


@pytest.mark.e2e
def test_a_stack_that_spacelift_does_not_deliver_is_told(
    settings: Path, plans: PlanDocuments
) -> None:
    change_settings(settings, lambda context: context["spacelift"].update(stacks=[STACK_ID]))
    commit(settings.parent)
    assert rows(judge(settings, plans.create)[1], "limits") == []
    (limits,) = rows(judge(settings, plans.create, stack_id=HARDENED)[1], "limits")
    assert limits.startswith(f"changed spacelift.stacks of main leaves {HARDENED} out: list it")


APPROVALS = {
    STACK_ID: [
        "waits nobody approved",
        "approved the author alone approved",
    ],
    HARDENED: [
        "waits nobody approved",
        "waits the author alone approved",
        "approved somebody else approved",
    ],
}


@pytest.mark.e2e
@pytest.mark.parametrize("stack_id", APPROVALS)
def test_a_tracked_run_waits_for_whom_its_stack_asks(
    stack_id: str, settings: Path, plans: PlanDocuments
) -> None:
    labels = {HARDENED: ["approval-by-others"]}
    change_settings(settings, lambda context: context["spacelift"]["labels"].update(labels))
    commit(settings.parent)
    passed, output = judge(settings, plans.create, "TRACKED", stack_id)
    assert passed
    assert rows(output, "approval") == APPROVALS[stack_id]
    assert rows(output, "notification") == ["tells inbox: UNCONFIRMED"]


@pytest.mark.e2e
def test_a_tracked_run_that_changes_nothing_waits_for_nobody(
    settings: Path, plans: PlanDocuments
) -> None:
    passed, output = judge(settings, plans.unchanged, "TRACKED")
    assert passed
    assert rows(output, "changes") == ["planned 0 to add, 0 to change, 0 to destroy"]
    assert rows(output, "approval") == ["not asked the run is FINISHED after the plan"]
    assert rows(output, "notification") == ["tells nobody: FINISHED"]


@pytest.mark.e2e
@pytest.mark.parametrize("kind", ["PROPOSED", "TRACKED", "DRIFT"])
def test_a_plan_that_deletes_the_database_is_denied_with_the_rule(
    kind: Kind, settings: Path, plans: PlanDocuments
) -> None:
    passed, output = judge(settings, plans.with_changes(plans.destroy, DATABASE), kind)
    assert not passed
    assert rows(output, "plan")[:2] == [
        f"deny {DATABASE}: the plan would destroy the database; undo the change, or label the "
        f"stack allow-destroy:{DATABASE} for this one run",
        f"warn {DATABASE}: the plan would destroy it",
    ]
    assert rows(output, "changes") == ["planned 0 to add, 0 to change, 1 to destroy"]
    assert rows(output, "approval") == ["not asked the run is FAILED after the plan"]
    told = "inbox, pull_request" if kind == "PROPOSED" else "inbox"
    assert rows(output, "notification") == [f"tells {told}: FAILED"]


@pytest.mark.e2e
def test_a_destroy_run_is_warned_and_asks_for_approval(
    settings: Path, plans: PlanDocuments
) -> None:
    passed, output = judge(settings, plans.destroy, "DESTROY")
    assert passed
    assert rows(output, "plan")[0].startswith("warn destroy run: ")
    assert rows(output, "approval") == APPROVALS[STACK_ID]


@pytest.mark.e2e
def test_a_drift_run_is_warned_of_and_told(settings: Path, plans: PlanDocuments) -> None:
    """What a proposed run would be denied, because a human decides when drift is reconciled."""
    one_zone = single_zone(plans.unchanged)
    change(one_zone, DATABASE)["actions"] = ["update"]
    assert not judge(settings, one_zone)[0]
    passed, output = judge(settings, one_zone, "DRIFT")
    assert passed
    assert any(row.startswith("warn drift run: ") for row in rows(output, "plan"))
    assert rows(output, "approval") == ["approved nobody approved"]
    assert rows(output, "notification") == ["tells inbox: FINISHED"]


@pytest.mark.e2e
def test_an_infracost_report_is_judged(settings: Path, plans: PlanDocuments) -> None:
    report = settings.parent.parent / "infracost.json"
    report.write_text(json.dumps(infracost("150.01", past_usd="70")))
    passed, output = judge(settings, plans.unchanged, infracost=report)
    assert not passed
    assert "above the budget of 150.00 USD" in output
    assert "the estimate rises from 70.00 to 150.01 USD" in output
    assert rows(output, "costs") == []


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


def test_a_drift_run_needs_something_deployed() -> None:
    with pytest.raises(OpsError, match=r"^a drift run looks at what is deployed: name its --state"):
        preflight.run(STACK_ID, Console(file=StringIO()), kind="DRIFT")


def test_an_error_ends_the_command_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    done = python("-m", "ops", "preflight", "--plan", file)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: the document is not a Terraform plan")


@pytest.mark.slow(30)
@pytest.mark.e2e
def test_the_whole_run_on_the_sandbox_says_why_it_fails_and_leaves_the_checkout_alone(
    tmp_path: Path,
) -> None:
    """Hooks, init, plan and policies."""
    skip_without_terraform()
    copy_checkout(tmp_path)
    shutil.copy(CDKTF_JSON, tmp_path / "cdktf.json")
    commit(tmp_path)
    change_settings(tmp_path / "cdktf.json", in_one_zone)
    # one cache for all, and Terraform where it was brought along
    for name in ("terraform-plugins", "terraform-plugins.lock", "terraform"):
        (tmp_path / ".build").mkdir(exist_ok=True)
        (tmp_path / ".build" / name).symlink_to(ROOT / ".build" / name)

    def status() -> list[str]:
        done = run("git", "status", "--porcelain", "--ignored", cwd=tmp_path)
        return [line for line in done.stdout.splitlines() if not line.endswith("__pycache__/")]

    before = status()
    environment = {k: v for k, v in os.environ.items() if k != "CDKTF_JSON"}
    done = python("-m", "ops", "preflight", cwd=tmp_path, env={**environment, "COLUMNS": "240"})
    assert done.returncode == 1, done.stdout + done.stderr
    (denied,) = rows(done.stdout, "plan")
    assert denied.startswith(f"deny {DATABASE}: multi_az is false and must be true;")
    assert rows(done.stdout, "limits")[0].startswith("changed +single-az: ")
    assert status() == before
