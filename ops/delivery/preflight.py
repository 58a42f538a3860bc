"""What a Spacelift run would do and say, before anybody pushes: `ops preflight`.

`ops.delivery.workspace` plans, and every policy of `spacelift/policies/` judges. Spacelift has the
stack as the tracked branch describes it, so that is what its limits are taken from; what the
checkout changes about them counts only once somebody has applied the `spacelift` stack.

https://docs.spacelift.io/concepts/run
"""

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.text import Text

from constructs_lib.settings import SettingsError, StackSettings, load_stacks
from ops import CDKTF_JSON, ROOT
from ops.console import table
from ops.delivery import inputs, policies, workspace
from ops.delivery.inputs import Document, Run, RunType, Stack
from ops.errors import OpsError
from ops.terraform import changed
from spacelift.settings import SpaceliftSettings, labels, load_spacelift, notification_routes

Kind = Literal["PROPOSED", "TRACKED", "DESTROY", "DRIFT"]
"""What a user calls a run. Drift detection is a proposed one."""

WEBHOOK = "platform"
_APPLY_IT = "apply the spacelift stack first"
_COLOURS = {
    **{"deny": "bold red", "ok": "green"},
    **dict.fromkeys(("warn", "changed", "not checked", "differs"), "yellow"),
}


class Finding(NamedTuple):
    """One line of the result, about a policy or what it is given; `deny` ends the run."""

    about: str
    verdict: str
    text: str


Declared = tuple[StackSettings, SpaceliftSettings]
"""What a cdktf.json says about a stack, and about its delivery."""


def run(
    stack_id: str,
    console: Console,
    *,
    kind: Kind = "PROPOSED",
    aws: bool = False,
    state: Path | None = None,
    plan: Path | None = None,
    infracost: Path | None = None,
) -> bool:
    """Plan, judge, and print the verdicts; whether nothing was denied.

    Args:
        state: where to start from; default: nothing, and with `aws` the stack's local state.
        plan: a plan document (`terraform show -json`) to judge instead of planning.
        infracost: Infracost's report on it (`infracost breakdown --format json`).
    """
    here = _declared(stack_id, CDKTF_JSON)
    # the last commit that the checkout shares with the tracked branch, as it was pushed
    branch = here[1].vcs.branch
    base = _git("merge-base", "HEAD", f"origin/{branch}") or _git("merge-base", "HEAD", branch)
    there, findings = _limits(stack_id, here, base)
    run_type: RunType = "PROPOSED" if kind == "DRIFT" else kind
    if aws and state is None and workspace.local_state(stack_id).exists():
        state = workspace.local_state(stack_id)
    if kind == "DRIFT" and not (plan or state):
        raise OpsError("a drift run looks at what is deployed: name its --state, or a --plan")
    if plan:
        document: Document = _read_json(plan)
    else:
        document = workspace.planned(stack_id, console, run_type, aws=aws, state=state)
    costs = {"infracost": _read_json(infracost)} if infracost else None
    stack = _stack(stack_id, there, estimated=costs is not None)
    asked = Run(type=run_type, drift_detection=kind == "DRIFT")
    verdict = policies.review(
        "plan", inputs.plan_input(document, run=asked, stack=stack, third_party_metadata=costs)
    )
    findings += _facts(document, there[1], costs)
    findings += [Finding("plan", name, text) for name in ("deny", "warn") for text in verdict[name]]
    if not verdict["deny"] and not verdict["warn"]:
        findings.append(Finding("plan", "ok", "nothing to object to"))
    findings += _afterwards(asked, verdict, document, stack)
    findings += _pushes(stack, base)
    shown = table(f"{stack_id}, {kind.lower()} run", "about", "verdict", "")
    for finding in findings:
        colour = _COLOURS.get(finding.verdict, "default")
        text = Text(finding.text, style="default" if colour == "green" else colour)
        shown.add_row(finding.about, Text(finding.verdict, style=colour), text)
    console.print(shown)
    return not verdict["deny"]


def _declared(stack_id: str, path: Path) -> Declared:
    try:
        stacks = load_stacks(path)
        delivery = load_spacelift(path, stacks) or SpaceliftSettings()
    except SettingsError as error:
        raise OpsError(str(error)) from None
    if stack_id not in stacks:
        raise OpsError(
            f"stack {stack_id!r} is not in cdktf.json, which declares {', '.join(stacks)}"
        )
    return stacks[stack_id], delivery


def _stack(stack_id: str, declared: Declared, *, estimated: bool) -> Stack:
    """The stack in Spacelift, with a cost estimate to judge or without."""
    told, vcs = declared[1].notification, declared[1].vcs
    found = [*labels(stack_id, *declared), *notification_routes(told, WEBHOOK)]
    # Whether Spacelift would have an estimate cannot be known here.
    kept = tuple(label for label in found if label != "infracost" or estimated)
    return Stack(id=stack_id, labels=kept, branch=vcs.branch, repository=vcs.repository)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OpsError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise OpsError(f"{path}: must be a JSON object")
    return document


def _git(*arguments: str) -> str | None:
    """What git says about the checkout; None where it cannot."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()


def _limits(stack_id: str, here: Declared, base: str | None) -> tuple[Declared, list[Finding]]:
    """What Spacelift has: the tracked branch's settings; and how the checkout's differ."""
    branch = here[1].vcs.branch
    file = _git("show", f"{base}:./{os.path.relpath(CDKTF_JSON, ROOT)}") if base else None
    if file is None:
        why = f"git cannot show the cdktf.json of {branch}, so the checkout's limits are taken"
        return here, [Finding("limits", "not checked", why)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / CDKTF_JSON.name
        path.write_text(file, encoding="utf-8")
        try:
            there = _declared(stack_id, path)
        except OpsError as error:
            why = f"{branch}: {error}; {_APPLY_IT}"
            return here, [Finding("limits", "changed", why)]
    if not there[1].delivers(stack_id):
        why = f"spacelift.stacks of {branch} leaves {stack_id} out: list it and {_APPLY_IT}"
        return there, [Finding("limits", "changed", why)]
    new, old = (set(labels(stack_id, *declared)) for declared in (here, there))
    found = [f"-{label}" for label in sorted(old - new)]
    found += [f"+{label}" for label in sorted(new - old)]
    why = f"{' '.join(found)}: Spacelift still has those of {branch}; {_APPLY_IT}"
    return there, [Finding("limits", "changed", why)] if found else []


def _facts(
    document: Document, delivery: SpaceliftSettings, costs: Document | None
) -> Iterator[Finding]:
    """What the verdicts are about: by which tool, how much, and what was not looked at."""
    names = ("Terraform", "OpenTofu")
    used = names["registry.opentofu.org" in json.dumps(document)]
    used += f" {document['terraform_version']}"
    wanted = f"{names[delivery.tool == 'OPEN_TOFU']} {delivery.tool_version}"
    same = "ok" if used == wanted else "differs"
    yield Finding("tool", same, f"planned with {used}; the stack uses {wanted}")
    counts = Counter(action for each in changed(document) for action in each["change"]["actions"])
    words = (("create", "add"), ("update", "change"), ("delete", "destroy"))
    text = ", ".join(f"{counts[action]} to {word}" for action, word in words)
    if not workspace.compares(document):
        text += ", from an empty state"
    yield Finding("changes", "planned", text)
    if costs is None:
        yield Finding("costs", "not checked", "no report by Infracost was given (--infracost)")


def _afterwards(
    asked: Run, verdict: Mapping[str, Any], document: Document, stack: Stack
) -> Iterator[Finding]:
    """Who has to approve, and who is told."""
    changes = [{"phase": "plan"}] * len(changed(document))
    outputs: Any = document.get("output_changes") or {}
    if verdict["deny"]:
        state = "FAILED"
    elif asked.type == "PROPOSED":
        state = "PENDING_REVIEW" if verdict["warn"] else "FINISHED"
    else:
        idle = not changes and all(each["actions"] == ["no-op"] for each in outputs.values())
        state = "FINISHED" if idle else "UNCONFIRMED"
    run = replace(asked, state=state)
    if state in ("FAILED", "FINISHED"):
        yield Finding("approval", "not asked", f"the run is {state} after the plan")
    else:
        yield from _approvals(run, stack)
    if state == "PENDING_REVIEW":  # nobody is asked for a plan alone
        run = replace(asked, state="FINISHED")
    event = inputs.notification_input(run=run, stack=stack, changes=changes, webhooks=[WEBHOOK])
    told = policies.review("notification", event)
    routes = [route for route in policies.OUTPUTS["notification"] if told[route]]
    yield Finding("notification", "tells", f"{', '.join(routes) or 'nobody'}: {run.state}")


def _approvals(run: Run, stack: Stack) -> Iterator[Finding]:
    """Who does not suffice, up to the first who do."""
    for who, reviewers in (
        ("nobody", ()),
        ("the author alone", (str(run.author),)),
        ("somebody else", ("bob",)),
        ("the author and somebody else", (str(run.author), "bob")),
        ("two others", ("bob", "carol")),
    ):
        asked = inputs.approval_input(run=run, stack=stack, approvals=reviewers)
        if policies.review("approval", asked)["approve"]:
            yield Finding("approval", "approved", f"{who} approved")
            return
        yield Finding("approval", "waits", f"{who} approved")


def _pushes(stack: Stack, base: str | None) -> Iterator[Finding]:
    """What a push starts, to another branch and to the tracked one, and what it cancels."""
    files = ((base and _git("diff", "--name-only", base)) or "").splitlines()
    older = Run(type="PROPOSED", state="QUEUED", branch="preflight")
    pull: dict[str, Any] = {"action": "opened", "closed": False, "diff": files}
    pull["head"] = {"branch": older.branch}
    for branch, pull_request, text in (
        (older.branch, None, f"a push to another branch; files changed: {len(files)}"),
        (older.branch, pull, "a pull request, maybe besides the run of the push"),
        (stack.branch, None, f"a push to {stack.branch}"),
    ):
        event = inputs.push_input(
            stack=stack, branch=branch, files=files, pull_request=pull_request, in_progress=[older]
        )
        answer = policies.review("push", event)
        started = "tracked run" if answer["track"] else "proposed run"
        cancelled = "; cancels an older one that waits" if answer["cancel"] else ""
        yield Finding("push", "ignored" if answer["ignore"] else started, text + cancelled)
