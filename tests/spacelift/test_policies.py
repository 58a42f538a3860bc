"""The approval, push and notification policies, and what holds for every policy."""

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.delivery.inputs import (
    Run,
    RunType,
    Stack,
    approval_input,
    notification_input,
    plan_input,
    push_input,
    sanitized,
)
from ops.delivery.policies import (
    OUTPUTS,
    POLICIES,
    PRELUDES,
    Policy,
    review,
    rules,
)
from ops.errors import OpsError
from tests.spacelift.plans import Plan, hashed, infracost, resource

STACK = Stack()

APPROVED = {"approve": True, "reject": False}
UNDECIDED = {"approve": False, "reject": False}
REJECTED = {"approve": False, "reject": True}

TRACKED_STATES = (
    "PENDING_REVIEW",
    "QUEUED",
    "READY",
    "PREPARING",
    "INITIALIZING",
    "PLANNING",
    "CONFIRMED",
    "PREPARING_APPLY",
    "APPLYING",
    "FINISHED",
    "FAILED",
)


def approval(
    run: Run,
    approvals: Sequence[str] = (),
    rejections: Sequence[str] = (),
    older_approvals: Sequence[str] = (),
    labels: Sequence[str] = ("approvals:2",),
) -> dict[str, Any]:
    """The verdict, by default on a stack where two people other than the author approve."""
    return review(
        "approval",
        approval_input(
            run=run,
            stack=Stack(labels=tuple(labels)),
            approvals=approvals,
            rejections=rejections,
            older_approvals=older_approvals,
        ),
    )


TRACKED = Run(type="TRACKED", state="UNCONFIRMED", author="Ann")
DRIFT = Run(type="TRACKED", state="UNCONFIRMED", author="Ann", drift_detection=True)
DESTROY = Run(type="DESTROY", state="UNCONFIRMED", author="Ann")
QUEUED_DESTROY = Run(type="DESTROY", state="QUEUED", author="Ann")
DESTROY_TASK = Run(type="TASK", state="QUEUED", author="Ann", command="terraform destroy")


@pytest.mark.parametrize(
    "run", [TRACKED, DRIFT, DESTROY, QUEUED_DESTROY, DESTROY_TASK], ids=lambda run: run.type
)
@pytest.mark.parametrize(
    ("approvals", "rejections", "labels", "expected"),
    [
        # without labels somebody else approves
        ([], [], [], UNDECIDED),
        (["bob"], [], [], APPROVED),
        (["bob", "cid"], [], [], APPROVED),
        (["Ann"], [], [], UNDECIDED),
        (["ANN"], [], [], UNDECIDED),
        (["Ann", "bob"], [], [], APPROVED),
        ([], ["bob"], [], REJECTED),
        (["bob", "cid"], ["dan"], [], REJECTED),
        ([], ["Ann"], [], REJECTED),
        # two people
        (["bob"], [], ["approvals:2"], UNDECIDED),
        (["bob", "Ann"], [], ["approvals:2"], UNDECIDED),
        (["bob", "Bob"], [], ["approvals:2"], UNDECIDED),
        (["bob", "cid"], [], ["approvals:2"], APPROVED),
        (["bob", "cid"], ["dan"], ["approvals:2"], REJECTED),
        (["bob", "cid"], [], ["approvals:3", "approvals:1"], UNDECIDED),
        (["bob", "cid", "dan"], [], ["approvals:3", "approvals:1"], APPROVED),
        # a person alone
        ([], [], ["author-may-approve"], UNDECIDED),
        (["Ann"], [], ["author-may-approve"], APPROVED),
        (["Ann", "ann"], [], ["author-may-approve", "approvals:2"], UNDECIDED),
        (["Ann", "bob"], [], ["author-may-approve", "approvals:2"], APPROVED),
        (["Ann"], ["Ann"], ["author-may-approve"], REJECTED),
        # a number that cannot be read asks for two
        *[
            (people, [], [label], expected)
            for label in ("approvals:0", "approvals:", "approvals:one", "approvals:-1")
            for people, expected in ((["bob"], UNDECIDED), (["bob", "cid"], APPROVED))
        ],
    ],
)
def test_who_may_let_a_run_go_on(
    run: Run,
    approvals: list[str],
    rejections: list[str],
    labels: list[str],
    expected: dict[str, Any],
) -> None:
    assert approval(run, approvals, rejections, labels=labels) == expected


@pytest.mark.parametrize(
    ("labels", "expected"), [([], UNDECIDED), (["author-may-approve"], APPROVED)]
)
def test_an_author_who_is_not_known_counts_as_the_author(
    labels: list[str], expected: dict[str, Any]
) -> None:
    run = Run(type="TRACKED", state="UNCONFIRMED", author=None)
    assert approval(run, ["bob"], labels=labels) == expected


def test_whoever_starts_a_task_is_not_somebody_else() -> None:
    """Its commit is whatever was pushed last, by anybody."""
    task = replace(DESTROY_TASK, creator="bob")
    assert approval(task, ["Bob"], labels=[]) == UNDECIDED
    assert approval(task, ["cid"], labels=[]) == APPROVED
    assert approval(replace(TRACKED, creator="bob"), ["bob"], labels=[]) == APPROVED


@pytest.mark.parametrize("state", TRACKED_STATES)
@pytest.mark.parametrize("run_type", ["PROPOSED", "TRACKED"])
def test_a_run_in_any_other_state_is_approved_or_it_would_hang(
    run_type: RunType, state: str
) -> None:
    assert approval(Run(type=run_type, state=state)) == APPROVED
    assert approval(Run(type=run_type, state=state), rejections=["bob"]) == APPROVED


@pytest.mark.parametrize(
    "command",
    [
        "terraform output",
        "tofu output -no-color",
        "tofu validate",
        "terraform version",
        "terraform state list module.x",
        "terraform state list",
    ],
)
def test_a_task_that_only_reads_is_approved(command: str) -> None:
    assert approval(Run(type="TASK", state="QUEUED", command=command)) == APPROVED


@pytest.mark.parametrize(
    "command",
    [
        None,
        "",
        "terraform apply -destroy",
        "tofu destroy -auto-approve",
        "tofu apply -auto-approve",
        "tofu state rm aws_db_instance.wordpress",
        "aws rds delete-db-instance --db-instance-identifier x --skip-final-snapshot",
        "sh -c 'tofu apply -auto-approve -dest\"\"roy'",
        "terraform show",
        "tofu state show aws_sns_topic_subscription.email[0]",
        "tofu state show -show-sensitive aws_db_instance.wordpress",
        "tofu state list -state=other",
        'tofu state list "-state=other"',
        "tofu show -json",
        "terraform output -json",
        "tofu output -raw db_password",
        "tofu output db_password",
        "terraform output -state=other",
        "terraform output; tofu destroy",
        "terraform output && tofu destroy",
        "terraform output $(tofu destroy)",
        "terraform output\ntofu destroy",
        "terraform output > cdk.tf.json",
        "my-terraform output",
    ],
)
def test_any_other_task_needs_people(command: str | None) -> None:
    task = Run(type="TASK", state="QUEUED", command=command)
    assert approval(task, ["bob"]) == UNDECIDED
    assert approval(task, ["bob", "cid"]) == APPROVED


@pytest.mark.parametrize("run", [QUEUED_DESTROY, DESTROY_TASK], ids=lambda run: run.type)
def test_what_waits_in_pending_review_is_asked_for_and_told(run: Run) -> None:
    """One of the three states in which Spacelift takes reviews."""
    pending = replace(run, state="PENDING_REVIEW")
    assert approval(pending) == UNDECIDED
    assert approval(pending, ["bob", "cid"]) == APPROVED
    (told,) = notified(pending, ("notify:inbox",))["inbox"]
    assert told["title"] == "resilience-platform: waits for approval"


def test_people_who_approved_a_queued_destroy_run_are_not_asked_again() -> None:
    assert approval(DESTROY, older_approvals=["bob", "cid"]) == APPROVED
    assert approval(DESTROY, ["bob"], older_approvals=["bob"]) == UNDECIDED
    assert approval(DESTROY, ["cid"], older_approvals=["bob"]) == APPROVED


def test_an_approval_of_an_earlier_state_does_not_count_for_a_tracked_run() -> None:
    assert approval(TRACKED, older_approvals=["bob", "cid"]) == UNDECIDED


def test_a_reviewer_whose_login_is_the_authors_is_the_author() -> None:
    document = copy.deepcopy(approval_input(run=TRACKED, stack=STACK, approvals=["Ann Other"]))
    reviews: Any = document["reviews"]
    reviews["current"]["approvals"][0]["session"]["login"] = "ann"
    assert review("approval", document) == UNDECIDED


def pull_request(
    action: str = "synchronize", files: Sequence[str] = ("main.py",), **more: Any
) -> Any:
    return {
        "action": action,
        "base": {"branch": "main"},
        "head": {"branch": "feature"},
        "closed": action in ("closed", "merged"),
        "diff": list(files),
        "draft": False,
        "id": 1,
        "labels": [],
        **more,
    }


def push(
    branch: str,
    files: Sequence[str] = ("main.py",),
    tag: str = "",
    pull: Any = None,
    labels: Sequence[str] = ("ignore-documentation",),
    in_progress: Sequence[Run] = (),
) -> dict[str, Any]:
    return review(
        "push",
        push_input(
            stack=Stack(labels=tuple(labels)),
            branch=branch,
            files=files,
            tag=tag,
            pull_request=pull,
            in_progress=in_progress,
        ),
    )


DECIDES: dict[str, Any] = {
    **{"track": False, "propose": False, "ignore": False, "notify": False},
    "cancel": [],
}
NOTHING = {**DECIDES, "ignore": True}
TRACKS = {**DECIDES, "track": True}
PROPOSES = {**DECIDES, "propose": True}


@pytest.mark.parametrize(
    ("branch", "files", "pull", "expected"),
    [
        ("main", ["main.py"], None, TRACKS),
        ("feature", ["main.py"], None, PROPOSES),
        ("feature", [], None, PROPOSES),
        ("", ["main.py"], None, NOTHING),  # no branch
        ("main", [], None, TRACKS),  # no files known
        ("feature", ["main.py"], pull_request("opened"), PROPOSES),
        ("main", ["main.py"], pull_request("opened"), PROPOSES),  # a pull request never tracks
        ("feature", ["main.py"], pull_request("merged"), NOTHING),  # the push tracks
        ("feature", ["main.py"], pull_request("closed"), NOTHING),
        ("feature", ["main.py"], pull_request("labeled", closed=True), NOTHING),
        ("feature", ["main.py"], pull_request(draft=True), PROPOSES),
        # the last push is documentation, the pull request is not
        ("feature", ["README.md"], pull_request(), PROPOSES),
        ("feature", ["main.py"], pull_request(files=[]), PROPOSES),  # no diff known
    ],
)
def test_what_an_event_starts(
    branch: str, files: list[str], pull: Any, expected: dict[str, Any]
) -> None:
    assert push(branch, files, pull=pull) == expected


@pytest.mark.parametrize(
    "files",
    [["README.md"], ["docs/spacelift.md", "docs/architecture.svg"], ["LICENSE"], ["a/b/C.md"]],
)
def test_documentation_only_starts_nothing_and_says_so(files: list[str]) -> None:
    for verdict in (
        push("main", files=files),
        push("feature", files=files, pull=pull_request(files=files)),
    ):
        assert verdict["ignore"]
        assert verdict["notify"]


@pytest.mark.parametrize(
    "file",
    [
        "docs/deployer-policy.json",
        "spacelift/policies/plan.rego",
        "README.md.py",
        "cdktf.json",
        "Pipfile.lock",
        "LICENSE.py",
        ".spacelift/config.yml",
    ],
)
def test_one_other_file_among_the_documentation_starts_a_run(file: str) -> None:
    assert push("main", files=["README.md", file]) == TRACKS
    pull = pull_request(files=["README.md", file])
    assert push("feature", files=[file], pull=pull) == PROPOSES


def test_documentation_is_planned_like_anything_else_unless_a_label_says_no() -> None:
    assert push("main", files=["README.md"], labels=()) == TRACKS
    assert push("feature", files=["README.md"], labels=()) == PROPOSES
    pull = pull_request(files=["README.md"])
    assert push("feature", files=["README.md"], pull=pull, labels=()) == PROPOSES


def test_a_stack_can_have_tracked_runs_only() -> None:
    stack = Stack(labels=("tracked-only",))
    for document in (
        push_input(stack=stack, branch="feature", files=["a.py"]),
        push_input(stack=stack, branch="main", files=["a.py"], pull_request=pull_request()),
    ):
        answers = review("push", document)
        assert [answers[name] for name in ("track", "propose", "ignore")] == [False, False, True]
    assert review("push", push_input(stack=stack, branch="main", files=["a.py"]))["track"]


def test_a_tag_starts_nothing() -> None:
    assert push("main", tag="v1")["ignore"]
    assert push("feature", tag="v1")["ignore"]


WAITING = (
    Run(id="01OLD", type="PROPOSED", state="QUEUED", branch="feature"),
    Run(id="02OLD", type="PROPOSED", state="READY", branch="feature"),
    Run(id="03OTHER", type="PROPOSED", state="QUEUED", branch="other"),
    Run(id="04TRACKED", type="TRACKED", state="UNCONFIRMED", branch="feature"),
    Run(id="05DRIFT", type="PROPOSED", state="QUEUED", branch="main", drift_detection=True),
)


@pytest.mark.parametrize(
    ("branch", "pull", "files", "cancelled"),
    [
        ("feature", None, ["main.py"], ["01OLD", "02OLD"]),
        ("feature", pull_request(), ["main.py"], ["01OLD", "02OLD"]),
        # a merge commit's branch is another one
        ("main", pull_request(), ["main.py"], ["01OLD", "02OLD"]),
        ("other", None, ["main.py"], ["03OTHER"]),
        ("new", None, ["main.py"], []),
        ("main", None, ["main.py"], []),
        ("feature", pull_request("closed"), ["main.py"], []),
        # what starts nothing leaves the others alone
        ("feature", None, ["README.md"], []),
        # somebody else's main is not ours
        ("main", pull_request(head={"branch": "main"}), ["main.py"], []),
    ],
)
def test_a_proposed_run_cancels_those_it_supersedes(
    branch: str, pull: Any, files: list[str], cancelled: list[str]
) -> None:
    assert push(branch, files, pull=pull, in_progress=WAITING)["cancel"] == cancelled


def test_a_tag_cancels_nothing() -> None:
    assert push("feature", tag="v1", in_progress=WAITING)["cancel"] == []


def notified(
    run: Run, labels: tuple[str, ...], changes: int = 0, webhooks: Sequence[str] = ()
) -> dict[str, Any]:
    return review(
        "notification",
        notification_input(
            run=run,
            stack=Stack(labels=labels),
            changes=[{"action": "changed", "phase": "plan"}] * changes,
            webhooks=webhooks,
        ),
    )


ALL_ROUTES = ("notify:inbox", "notify:slack:C0123456789", "notify:webhook:platform")
SILENCE: dict[str, Any] = {"inbox": [], "slack": [], "webhook": [], "pull_request": []}
FOUND_DRIFT = Run(type="PROPOSED", state="FINISHED", drift_detection=True)


@pytest.mark.parametrize(
    ("run", "changes", "what", "severity"),
    [
        (Run(type="TRACKED", state="FAILED"), 0, "failed", "ERROR"),
        (Run(type="PROPOSED", state="FAILED"), 0, "failed", "ERROR"),
        (Run(type="PROPOSED", state="FAILED", drift_detection=True), 0, "failed", "ERROR"),
        (Run(type="DESTROY", state="FAILED"), 0, "failed", "ERROR"),
        (Run(type="TRACKED", state="UNCONFIRMED"), 3, "waits for approval", "WARNING"),
        (Run(type="DESTROY", state="UNCONFIRMED"), 3, "waits for approval", "WARNING"),
        (QUEUED_DESTROY, 0, "waits for approval", "WARNING"),
        (DESTROY_TASK, 0, "waits for approval", "WARNING"),
        (FOUND_DRIFT, 2, "found drift in 2 resources", "WARNING"),
    ],
)
def test_who_is_told_what(run: Run, changes: int, what: str, severity: str) -> None:
    said = notified(run, ALL_ROUTES, changes, webhooks=["platform", "somebody-elses"])
    url = f"https://opsfolio.app.spacelift.io/stack/resilience-platform/run/{run.id}"
    text = f"resilience-platform: {run.type.lower()} run {run.id} {what} {url}"
    assert said["inbox"] == [
        {"title": f"resilience-platform: {what}", "body": text, "severity": severity}
    ]
    assert said["slack"] == [{"channel_id": "C0123456789", "message": text}]
    (webhook,) = said["webhook"]
    assert isinstance(webhook, dict)
    assert webhook["endpoint_id"] == "platform"
    assert webhook["payload"]["text"] == text
    assert webhook["payload"]["url"] == url


@pytest.mark.parametrize(
    ("run", "changes"),
    [
        (Run(type="TRACKED", state="FINISHED"), 3),
        (Run(type="TRACKED", state="PLANNING"), 0),
        (Run(type="TRACKED", state="QUEUED"), 0),
        (Run(type="TASK", state="QUEUED", command="tofu state list"), 0),
        (Run(type="PROPOSED", state="FINISHED"), 3),
        (FOUND_DRIFT, 0),
        (Run(type="TRACKED", state="FINISHED", drift_detection=True), 3),
    ],
)
def test_what_nobody_needs_to_know_is_not_told(run: Run, changes: int) -> None:
    assert notified(run, ALL_ROUTES, changes, ["platform"]) == SILENCE


def test_a_stack_without_a_label_is_left_alone() -> None:
    failed = Run(type="TRACKED", state="FAILED")
    assert notified(failed, ("infracost",), webhooks=["platform"]) == SILENCE


def test_a_task_that_is_told_is_one_that_waits() -> None:
    """Both policies know the same tasks that only read."""
    notification, approval = (
        re.findall(r"`\^\(terraform\|tofu\).*`", (POLICIES / f"{name}.rego").read_text())
        for name in ("notification", "approval")
    )
    assert len(approval) == 1
    assert notification == approval


def commented(run: Run, labels: tuple[str, ...] = ("notify:pull-request",), **more: Any) -> Any:
    resource, output = {"entity_type": "resource"}, {"entity_type": "output"}
    changes: list[dict[str, Any]] = [
        *[{"phase": "plan", "action": "added", "entity": resource}] * 3,
        {"phase": "plan", "action": "changed", "entity": resource},
        {"phase": "plan", "action": "destroy-Before-create-replaced", "entity": resource},
        *[{"phase": "plan", "action": "forget", "entity": resource}] * 2,
        {"phase": "plan", "action": "added", "entity": output},
        {"phase": "apply", "action": "deleted", "entity": resource},
    ]
    document: Any = notification_input(run=run, stack=Stack(labels=labels), changes=changes)
    document["run_updated"]["run"].update(more)
    return review("notification", document)


def test_a_pull_request_is_told_in_one_comment_what_it_would_do() -> None:
    """Counts without outputs, the estimate that the plan policy passed on, and the verdicts."""
    receipts = [
        {"name": "opsfolio-plan", "outcome": "deny", "type": "PLAN", "flags": []},
        {"name": "opsfolio-push", "outcome": "propose", "type": "GIT_PUSH", "flags": []},
    ]
    estimate = plan_flags(infracost("415.65"))
    failed = Run(state="FAILED")
    told = commented(failed, policy_receipts=receipts, flags=[*estimate, "somebody-elses"])
    url = "https://opsfolio.app.spacelift.io/stack/resilience-platform/run/01RUN"
    body = f"""**resilience-platform**: [run 01RUN]({url}) failed

- plan: 4 to add, 1 to change, 1 to destroy, 2 to forget
- cost: 416 USD a month
- opsfolio-plan: deny
- opsfolio-push: propose"""
    key = "opsfolio/resilience-platform"
    comment = {"commit": "0" * 40, "body": body, "deduplication_key": key}
    assert told == {**SILENCE, "pull_request": [comment]}
    (later,) = commented(Run(state="FINISHED", id="02RUN"))["pull_request"]
    assert later["deduplication_key"] == key
    assert "- cost: not estimated" in later["body"]


@pytest.mark.parametrize(
    ("state", "receipts", "plan"),
    [
        ("FAILED", [], "not planned"),
        ("FAILED", [{"name": "p", "outcome": "propose", "type": "GIT_PUSH"}], "not planned"),
        ("FAILED", [{"name": "p", "outcome": "deny", "type": "PLAN"}], "0 to add, 0 to change"),
        ("FINISHED", [], "0 to add, 0 to change, 0 to destroy"),
    ],
)
def test_a_run_that_failed_before_its_plan_counts_nothing(
    state: str, receipts: list[Any], plan: str
) -> None:
    told = commented(Run(state=state), changes=[], policy_receipts=receipts)
    assert f"- plan: {plan}" in told["pull_request"][0]["body"]


def plan_flags(report: Any) -> list[str]:
    document = plan_input(
        SMALL_PLAN, run=Run(), stack=STACK, third_party_metadata={"infracost": report}
    )
    flags: list[str] = review("plan", document)["flag"]
    return flags


def test_what_could_not_be_estimated_passes_no_cost_on() -> None:
    assert plan_flags(infracost(None)) == []


@pytest.mark.parametrize(
    ("run", "labels"),
    [
        (Run(state="PLANNING"), ["notify:pull-request"]),
        (Run(type="TRACKED", state="FINISHED"), ["notify:pull-request"]),
        (FOUND_DRIFT, ["notify:pull-request"]),
        (Run(state="FINISHED"), ["notify:inbox"]),
    ],
)
def test_no_other_run_comments(run: Run, labels: list[str]) -> None:
    assert commented(run, tuple(labels))["pull_request"] == []


def test_an_event_that_is_no_run_says_nothing() -> None:
    event: dict[str, Any] = {"internal_error": {"error": "e"}, "webhook_endpoints": []}
    assert review("notification", event) == SILENCE


# ------------------------------------------------------------------ every policy

RULE_HEAD = re.compile(r"^(?!package |import |default )(?P<name>[a-z_]+)\b[^\n]*", re.MULTILINE)
SPOKEN = {name: {*outputs, "never", "needs_human", "notice"} for name, outputs in OUTPUTS.items()}


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_rule_that_speaks_has_metadata(name: str) -> None:
    path = POLICIES / f"{name}.rego"
    lines = path.read_text().splitlines()
    heads = [
        i
        for i, line in enumerate(lines)
        if (m := RULE_HEAD.match(line)) and m["name"] in SPOKEN[name]
    ]
    described = rules(path)
    assert len(heads) == len(described) > 0
    for head in heads:
        block = head
        while lines[block - 1].startswith("#"):
            block -= 1
        assert lines[block] == "# METADATA", lines[head]
    assert all(rule.title and rule.description.endswith(".") for rule in described)
    assert set(OUTPUTS[name]) <= {rule.name for rule in described}
    if name == "plan":
        assert len({rule.title for rule in described}) == len(described)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_policy_describes_itself_and_imports_nothing(name: str) -> None:
    """Spacelift puts its definitions in front, and an import behind those is refused."""
    text = (POLICIES / f"{name}.rego").read_text()
    head, rest = text.split("package spacelift\n", 1)
    metadata = yaml.safe_load(re.sub(r"^# ?", "", head.removeprefix("# METADATA\n"), flags=re.M))
    assert metadata["title"]
    assert metadata["description"]
    assert not re.search(r"^\s*import\b", rest, re.MULTILINE)
    # a longer body than Spacelift's editor shows at once is fine, a template in it is not
    assert "${" not in text
    assert "%{" not in text


def test_no_policy_uses_what_spacelift_switches_off() -> None:
    switched_off = re.compile(r"http\.send|opa\.runtime|rego\.parse_module|time\.now_ns|\btrace\(")
    for path in POLICIES.glob("*.rego"):
        assert not switched_off.search(path.read_text()), path.name


def sub_paths(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        yield (*at, key)
        yield from sub_paths(value, (*at, key))


IDENTITIES = {"address", "id", "name", "type"}
UNREAD = {
    *("commit", "created_at", "flags", "hash"),
    *("message", "request", "updated_at"),
}
"""What no rule looks at: leaving it out would only take time."""


def damaged(document: Any) -> Iterator[Any]:
    """The document with each of its parts missing, and with each null that may be null."""
    for path in sub_paths(document):
        if UNREAD & set(path) and path[-1] != "author":
            continue
        for null in (False, True):
            if null and path[-1] in IDENTITIES:
                continue
            copied = copy.deepcopy(document)
            parent = copied
            for key in path[:-1]:
                parent = parent[key]
            if null:
                parent[path[-1]] = None
            else:
                del parent[path[-1]]
            yield copied


def changed(address: str, **after: Any) -> dict[str, Any]:
    return resource(address, after, actions=("update",), before={})


WORLD = ["0.0.0.0/0"]
SMALL_PLAN: dict[str, Any] = {
    "terraform_version": "1.11.4",
    "resource_changes": [
        changed("aws_db_instance.a", publicly_accessible=True, multi_az=False),
        changed(
            "aws_security_group.b",
            ingress=[{"from_port": 1, "to_port": 2, "protocol": "tcp", "cidr_blocks": WORLD}],
        ),
        changed(
            "aws_vpc_security_group_ingress_rule.c",
            **{"ip_protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_ipv4": "10.0.0.0/8"},
        ),
        changed("aws_ecs_task_definition.d", container_definitions="[]"),
    ],
}

DOCUMENTS: dict[str, dict[str, Any]] = {
    "plan": plan_input(
        SMALL_PLAN,
        run=Run(type="TRACKED", drift_detection=True),
        stack=Stack(labels=("budget:9", "infracost")),
        third_party_metadata={"infracost": infracost("12.5", past_usd="10")},
    ),
    "approval": approval_input(
        run=QUEUED_DESTROY,
        stack=Stack(labels=("approvals:2",)),
        approvals=["a"],
        rejections=["b"],
        older_approvals=["c"],
    ),
    "push": push_input(
        stack=Stack(labels=("ignore-documentation",)),
        branch="feature",
        files=["a.md"],
        pull_request=pull_request(files=["b.py"]),
        in_progress=WAITING[:1],
    ),
    "notification": notification_input(
        run=FOUND_DRIFT,
        stack=Stack(labels=ALL_ROUTES),
        changes=[{"phase": "plan"}],
        webhooks=["platform"],
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_policy_answers_whatever_is_missing_or_null(name: str) -> None:
    """`evaluate` raises where the engine fails, on a wrong type for one."""
    policy = Policy(POLICIES / f"{name}.rego")
    whole = policy.evaluate(DOCUMENTS[name])
    answers = [policy.evaluate(document) for document in damaged(DOCUMENTS[name])]
    assert any(answer != whole for answer in answers)


def test_a_destroyed_run_type_is_judged_as_a_proposed_one() -> None:
    document = copy.deepcopy(DOCUMENTS["plan"])
    del document["spacelift"]["run"]["type"]
    assert any("multi_az" in message for message in review("plan", document)["deny"])


# ------------------------------------------------------------------ the evaluation itself


def test_sanitization_hashes_as_spacelift_does() -> None:
    """The examples of Spacelift's documentation."""
    assert sanitized("exampledb") == "59832d41"
    assert sanitized("db.t3.micro") == "4f8189cd"


@pytest.mark.parametrize(
    ("sanitize", "a", "c"),
    [(lambda plan: plan, "a", "c"), (hashed, sanitized("a"), sanitized("c"))],
)
def test_sanitization_covers_what_terraform_marks_or_everything(
    sanitize: Callable[[Plan], Plan], a: str, c: str
) -> None:
    masked = changed("aws_a.b", plain="a", secret="b", list=["c", "d"], n=1)
    masked["change"]["after_sensitive"] = {"secret": True, "list": [False, True]}
    plan: dict[str, Any] = {"terraform_version": "1", "resource_changes": [masked]}
    document = plan_input(sanitize(plan), run=Run(), stack=STACK)
    terraform: Any = document["terraform"]
    after = {"plain": a, "secret": sanitized("b"), "list": [c, sanitized("d")], "n": 1}
    assert terraform["resource_changes"][0]["change"]["after"] == after


def test_a_document_that_is_no_plan_is_refused() -> None:
    with pytest.raises(OpsError, match=r"^the document is not a Terraform plan: .*terraform show"):
        plan_input({"values": {}}, run=Run(), stack=STACK)


@pytest.fixture
def push_policy(tmp_path: Path) -> Path:
    """A copy of a policy to spoil."""
    return Path(shutil.copy(POLICIES / "push.rego", tmp_path))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("track if {", "track if (", r"^push\.rego: "),
        ("not pull_request\n", "not pull_rquest\n", r"^push\.rego: .*pull_rquest"),
        ("package spacelift\n", "package spacelift\n\nimport rego.v1\n", r"^push\.rego: .*import"),
        ("package spacelift\n", "package push\n", r"^push\.rego: the package has to be spacelift$"),
        ("track if {", "track {", r"^push\.rego: "),
        ("track if {", "result := 1\n\ntrack if {", r"^push\.rego: "),
    ],
    ids=["syntax", "unknown variable", "import", "package", "not v1", "Spacelift's own name"],
)
def test_a_policy_that_does_not_parse_is_refused_in_one_line(
    push_policy: Path, before: str, after: str, message: str
) -> None:
    text = push_policy.read_text()
    assert before in text
    push_policy.write_text(text.replace(before, after, 1))
    with pytest.raises(OpsError, match=message) as refused:
        Policy(push_policy).evaluate(DOCUMENTS["push"])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_default_that_spacelift_defines_is_refused(name: str, tmp_path: Path) -> None:
    """OPA refuses two defaults of a rule, so Spacelift would not save the policy."""
    text = (POLICIES / f"{name}.rego").read_text()
    for rule in PRELUDES[name]:
        assert not re.search(rf"default\s+{rule}\b", text)
        spoiled = tmp_path / f"{name}.rego"
        spoiled.write_text(f"{text}\ndefault {rule} := true\n")
        with pytest.raises(OpsError, match=rf"^{name}\.rego: default of {rule} is defined twice"):
            Policy(spoiled)


def test_a_rule_that_says_nothing_is_false_as_in_spacelift() -> None:
    assert review("approval", {}) == APPROVED
    nobody = {"run": {"state": "UNCONFIRMED"}}
    assert review("approval", nobody) == UNDECIDED
    assert review("push", {}) == NOTHING


@pytest.mark.parametrize(
    "rule",
    [
        "helper if inptu.run",
        "helper if not inptu.run",
        "helper if { input.never == 1; inptu.run }",
        "helper if { some rule in input.rules; not ruel.open }",
        "helper if count([rule | some rule in inptu.rules]) == 0",
        "helper if every rule in input.rules { ruel.open }",
        "notify if unknown_function(input.stack)",
        "notify if startswith(input.stack)",
        "cancel contains name if input.stack",
        "helper { input.run }",
        "input := 1",
    ],
)
def test_the_engine_refuses_what_opa_refuses(rule: str, push_policy: Path) -> None:
    """A misspelt name also in a rule that nothing asks for."""
    push_policy.write_text(f"{push_policy.read_text()}\n{rule}\n")
    with pytest.raises(OpsError, match=r"^push\.rego: "):
        Policy(push_policy).evaluate(DOCUMENTS["push"])


def test_an_unknown_policy_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match=r"^login\.rego: unknown policy; known are plan, "):
        Policy(tmp_path / "login.rego")
    with pytest.raises(OpsError, match=r"^plan\.rego: .*No such file"):
        Policy(tmp_path / "plan.rego")


def test_the_inputs_are_json() -> None:
    for document in DOCUMENTS.values():
        assert json.loads(json.dumps(document)) == document
