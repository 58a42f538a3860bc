"""The `spacelift` stack: what it declares for each platform stack, checked against the schema."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.settings import SettingsError, load_stacks, parse_stack, validated
from ops import CDKTF_JSON, ROOT
from ops.model import cost
from ops.model.stack import read_stacks
from spacelift import hooks
from spacelift.settings import SpaceliftSettings, labels, load_spacelift, who_approves
from tests.programs import python
from tests.spacelift.schema import SCHEMA, findings

ONE: dict[str, object] = {"resilience-platform": {}}
SEVERAL: dict[str, dict[str, object]] = {
    "resilience-platform": {},
    "cheap": {"database": {"multi_az": False}, "cost": {"monthly_budget_usd": 12345.67}},
    "wp-ecs": {"database": {"storage_encrypted": False}},
}
MAXIMAL: dict[str, object] = {
    "stacks": ["resilience-platform", "cheap", "wp-ecs"],
    "vcs": {"type": "gitlab", "namespace": "group", "repository": "site", "branch": "trunk"},
    "space_id": "platform-01",
    "roles": {"reader": ["acme/all staff"], "approver": ["acme/platform"]},
    "self_managed": True,
    "runner_image": "registry.example.com/runner:1.2",
    "tool": "TERRAFORM_FOSS",
    "tool_version": "1.5.7",
    "worker_pool_id": "01WORKERS",
    "drift": {
        "schedule": ["0 */4 * * *"],
        "timezone": "Europe/Berlin",
        "reconcile": False,
        "ignore_state": True,
        "external_state": True,
    },
    "aws": {"read_role": False, "duration_seconds": 900, "generate_credentials_in_worker": True},
    "notification": {
        "inbox": False,
        "pull_request": False,
        "slack_channel_id": "C0123456789",
        "webhook_endpoint": "https://example.com/hook",
    },
    "infracost": False,
    "protect_from_deletion": False,
    "secrets_version": 7,
    "labels": {"wp-ecs": ["allow-destroy:aws_lb.main"]},
    "backend": {"type": "s3", "bucket": "states.example.com", "region": "eu-west-1"},
}

Resources = dict[str, dict[str, Any]]


class Synthesized:
    """A synthesized `spacelift` stack."""

    def __init__(self, document: dict[str, Any], notes: list[str]) -> None:
        self.document = document
        self.notes = notes

    def all(self, type_: str) -> Resources:
        """Every resource of a type, by name."""
        assert type_ in SCHEMA["resources"], f"{type_} is no resource in use"
        resources: Resources = self.document["resource"].get(type_, {})
        return resources


def synthesize(
    folder: Path, stacks: Mapping[str, object] = ONE, settings: Mapping[str, object] | None = None
) -> Synthesized:
    # Imported late: collecting the tests must not wait for Node.js.
    from spacelift.stack import SpaceliftStack  # isort: skip
    from cdktf import Testing

    stack = SpaceliftStack(
        Testing.app(outdir=str(folder)),
        stacks={id: parse_stack(id, values) for id, values in stacks.items()},
        settings=validated(SpaceliftSettings, "spacelift", settings or {}),
    )
    return Synthesized(json.loads(Testing.synth(stack, True)), stack.notes)


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize(tmp_path_factory.mktemp("cdktf"))


@pytest.fixture(scope="module")
def maximal(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize(tmp_path_factory.mktemp("cdktf"), SEVERAL, MAXIMAL)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize(tmp_path_factory.mktemp("cdktf"), SEVERAL)


def test_the_providers_schema_finds_nothing_wrong(
    default: Synthesized, several: Synthesized, maximal: Synthesized
) -> None:
    for synthesized in (default, several, maximal):
        assert findings(synthesized.document) == []


def test_every_type_of_the_schema_is_in_use(several: Synthesized, maximal: Synthesized) -> None:
    """What is cut out for the check is what there is to check."""
    declared = several.document["resource"].keys() | maximal.document["resource"].keys()
    assert declared == SCHEMA["resources"].keys()


def platform_stacks(synthesized: Synthesized) -> Resources:
    """The stacks that deliver, without the one that manages them."""
    stacks = synthesized.all("spacelift_stack")
    return {name: stack for name, stack in stacks.items() if name != "spacelift"}


def test_each_platform_stack_has_a_spacelift_stack_whose_slug_is_its_id(
    several: Synthesized,
) -> None:
    slugs = {name: stack["slug"] for name, stack in several.all("spacelift_stack").items()}
    assert slugs == {id: id for id in SEVERAL}


def test_a_stack_waits_for_a_human_keeps_its_state_and_cannot_be_deleted(
    several: Synthesized,
) -> None:
    on = (
        *("manage_state", "protect_from_deletion", "terraform_smart_sanitization"),
        "enable_well_known_secret_masking",
    )
    off = ("autodeploy", "enable_local_preview", "allow_run_promotion")
    for stack in several.all("spacelift_stack").values():
        assert {stack[name] for name in on} == {True}
        assert {stack[name] for name in off} == {False}
        assert stack["terraform_workflow_tool"] == "OPEN_TOFU"
        assert stack["terraform_version"] == "1.10.3"
        assert stack["runner_image"] == "${var.runner_image}"
        assert stack["branch"] == "main"
        assert not stack.keys() & {"worker_pool_id", "project_root"}


def test_labels_carry_the_limits_of_the_stacks_own_settings(several: Synthesized) -> None:
    labels = {name: stack["labels"] for name, stack in several.all("spacelift_stack").items()}
    common = {
        *("approvals:1", "author-may-approve"),
        *("feature:ignore_runtime_config", "infracost"),
        *("notify:inbox", "notify:pull-request"),
    }
    assert {name: set(given) for name, given in labels.items()} == {
        "resilience-platform": {*common, "budget:100"},
        "cheap": {*common, "budget:12345.67", "single-az"},
        "wp-ecs": {*common, "budget:100", "allow-unencrypted"},
    }


def test_no_stack_of_cdktf_json_is_denied_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget label is above what the cost model says, or pull requests would be denied."""
    monkeypatch.setenv("CDKTF_JSON", str(ROOT / "cdktf.json"))
    monkeypatch.setattr("ops.model.stack.CDKTF_JSON", ROOT / "cdktf.json")
    settings = load_spacelift(ROOT / "cdktf.json", load_stacks(ROOT / "cdktf.json"))
    stacks = read_stacks.__wrapped__()
    for stack_id, extra in (settings.labels if settings else {}).items():
        for label in extra:
            if label.startswith("budget:"):
                total = cost.total(cost.items(stacks[stack_id]))
                assert float(label.removeprefix("budget:")) > total, stack_id


def test_a_budget_for_plans_can_differ_from_the_one_that_alerts(tmp_path: Path) -> None:
    """Two budget labels would leave the lower one in force."""
    settings = {"labels": {"resilience-platform": ["budget:150"]}}
    stack = synthesize(tmp_path, ONE, settings).all("spacelift_stack")["resilience-platform"]
    assert [label for label in stack["labels"] if label.startswith("budget:")] == ["budget:150"]


@pytest.mark.parametrize(
    ("settings", "extra", "expected"),
    [
        ({}, [], {"approvals:1", "author-may-approve"}),
        ({}, ["approval-by-others"], {"approvals:1", "approval-by-others"}),
        ({}, ["approvals:2"], {"approvals:2", "author-may-approve"}),
        ({"author_may_approve": False}, [], {"approvals:1"}),
        ({"approvals": 3}, [], {"approvals:3", "author-may-approve"}),
        ({"approvals": 3}, ["approvals:2"], {"approvals:2", "author-may-approve"}),
    ],
)
def test_who_approves_is_a_setting_and_a_label_can_ask_for_something_else(
    settings: dict[str, object], extra: list[str], expected: set[str]
) -> None:
    wanted = validated(
        SpaceliftSettings, "spacelift", {**settings, "labels": {"resilience-platform": extra}}
    )
    given = labels("resilience-platform", parse_stack("resilience-platform", {}), wanted)
    assert {label for label in given if "appro" in label} == expected


def test_the_hardened_stack_asks_for_somebody_else() -> None:
    """In the tests' settings, and in the project's as long as they have it."""
    stack_id = "resilience-platform-hardened"
    contexts = [json.loads(f.read_text())["context"] for f in (CDKTF_JSON, ROOT / "cdktf.json")]
    theirs = [context["spacelift"] for context in contexts if stack_id in context["stacks"]]
    assert theirs
    for values in theirs:
        wanted = validated(SpaceliftSettings, "spacelift", values)
        given = labels(stack_id, parse_stack(stack_id, {}), wanted)
        assert "approval-by-others" in given
        assert "author-may-approve" not in given


def test_additional_labels_are_for_their_stack_only(maximal: Synthesized) -> None:
    stacks = maximal.all("spacelift_stack")
    with_it = [name for name, s in stacks.items() if "allow-destroy:aws_lb.main" in s["labels"]]
    assert with_it == ["wp-ecs"]


def test_secrets_are_write_only_variables_whose_values_terraform_never_stores(
    several: Synthesized,
) -> None:
    variables = several.all("spacelift_environment_variable")
    for stack_id in SEVERAL:
        for part in ("username", "password"):
            variable = variables[f"{stack_id}-db_{part}"]
            assert variable == {
                "name": f"TF_VAR_db_{part}",
                "stack_id": f"${{spacelift_stack.{stack_id}.id}}",
                "value_wo": f'${{var.db_credentials["{stack_id}"].{part}}}',
                "value_wo_version": "1",
                "write_only": True,
            }
    for name in ("db_credentials", "infracost_api_key"):
        declared = several.document["variable"][name]
        assert declared["sensitive"] is True
        assert declared["ephemeral"] is True
        assert "default" not in declared
    assert several.document["terraform"]["required_version"] == ">= 1.11.0"


def test_credentials_must_be_given_for_every_stack(several: Synthesized) -> None:
    (validation,) = several.document["variable"]["db_credentials"]["validation"]
    assert '["resilience-platform", "cheap", "wp-ecs"]' in validation["condition"]
    assert "resilience-platform, cheap, wp-ecs" in validation["error_message"]


def test_a_stack_without_a_password_variable_gets_no_credentials(tmp_path: Path) -> None:
    """RDS keeps a managed password; what else has no default comes from `inputs`, in the clear."""
    hardened = {
        "container": {"image": None},
        "load_balancer": {"https": True},
        "database": {"password": "managed"},
    }
    synthesized = synthesize(tmp_path, {**ONE, "hardened": hardened})
    assert findings(synthesized.document) == []
    variables = synthesized.all("spacelift_environment_variable")
    mine = {name: v for name, v in variables.items() if name.startswith("hardened-")}
    assert mine == {
        f"hardened-{name}": {
            "name": f"TF_VAR_{name}",
            "stack_id": "${spacelift_stack.hardened.id}",
            "value": f'${{var.inputs["hardened"].{name}}}',
            "write_only": False,
        }
        for name in ("container_image", "certificate_arn")
    }
    declared = synthesized.document["variable"]
    (validation,) = declared["db_credentials"]["validation"]
    assert "hardened" not in validation["condition"]
    (validation,) = declared["inputs"]["validation"]
    assert "value for container_image, certificate_arn of hardened" in validation["error_message"]
    assert "sensitive" not in declared["inputs"]


def test_nothing_is_asked_for_that_no_stack_needs(default: Synthesized, tmp_path: Path) -> None:
    assert "inputs" not in default.document["variable"]
    managed = {"only": {"database": {"password": "managed"}}}
    declared = synthesize(tmp_path, managed).document["variable"]
    assert declared.keys() == {
        *("aws_role_arn", "aws_read_role_arn", "infracost_api_key", "runner_image"),
    }


def test_a_raised_secrets_version_makes_spacelift_take_new_values(maximal: Synthesized) -> None:
    variables = maximal.all("spacelift_environment_variable").values()
    assert {v["value_wo_version"] for v in variables if "value_wo" in v} == {"7"}


def test_the_context_has_the_hooks_and_the_infracost_key(default: Synthesized) -> None:
    (context,) = default.all("spacelift_context").values()
    assert context["before_init"] == list(hooks.BEFORE_INIT)
    variables = {
        v["name"]: v
        for v in default.all("spacelift_environment_variable").values()
        if v.get("context_id") == "${spacelift_context.platform.id}"
    }
    assert variables.keys() == {"INFRACOST_API_KEY", "INFRACOST_WARN_ON_FAILURE"}
    assert variables["INFRACOST_API_KEY"]["write_only"] is True
    assert variables["INFRACOST_WARN_ON_FAILURE"]["value"] == "true"


def test_without_infracost_nothing_of_it_is_left(maximal: Synthesized) -> None:
    variables = maximal.all("spacelift_environment_variable").values()
    assert not [v for v in variables if v["name"].startswith("INFRACOST")]
    assert "infracost_api_key" not in maximal.document["variable"]
    for stack in platform_stacks(maximal).values():
        assert "infracost" not in stack["labels"]


def test_everything_is_attached_to_every_stack(several: Synthesized) -> None:
    for kind, argument, names in (
        ("spacelift_context", "context_id", ["platform"]),
        ("spacelift_aws_integration", "integration_id", ["platform", "platform-read"]),
        ("spacelift_policy", "policy_id", ["plan", "approval", "push"]),
    ):
        attached = several.all(f"{kind}_attachment").values()
        assert {(a["stack_id"], a[argument]) for a in attached} == {
            (f"${{spacelift_stack.{stack_id}.id}}", f"${{{kind}.{name}.id}}")
            for stack_id in SEVERAL
            for name in names
        }


def test_the_policies_are_the_files_in_rego_v1(default: Synthesized) -> None:
    policies = default.all("spacelift_policy")
    assert {name: policy["type"] for name, policy in policies.items()} == {
        "plan": "PLAN",
        "approval": "APPROVAL",
        "push": "GIT_PUSH",
        "notification": "NOTIFICATION",
    }
    for name, policy in policies.items():
        assert policy["engine_type"] == "REGO_V1"
        assert policy["body"] == (ROOT / "spacelift" / "policies" / f"{name}.rego").read_text()


def test_a_template_in_a_policy_reaches_spacelift_as_it_is_written() -> None:
    from spacelift.resources import literal

    assert literal("a ${b} %{c} $d") == "a $${b} %%{c} $d"


def test_plans_take_a_role_that_reads_and_applies_the_one_that_writes(
    default: Synthesized, maximal: Synthesized
) -> None:
    """Or, with `aws.read_role` false, one role does both."""

    def roles(synthesized: Synthesized, slug: str) -> set[tuple[str, bool, bool]]:
        integrations = synthesized.all("spacelift_aws_integration")
        return {
            (
                integrations[attached["integration_id"].split(".")[1]]["role_arn"],
                attached["read"],
                attached["write"],
            )
            for attached in synthesized.all("spacelift_aws_integration_attachment").values()
            if attached["stack_id"] == f"${{spacelift_stack.{slug}.id}}"
        }

    assert roles(default, "resilience-platform") == {
        ("${var.aws_role_arn}", False, True),
        ("${var.aws_read_role_arn}", True, False),
    }
    for integration in default.all("spacelift_aws_integration").values():
        assert integration["duration_seconds"] == 3600
    assert roles(maximal, "wp-ecs") == {("${var.aws_role_arn}", True, True)}
    assert "aws_read_role_arn" not in maximal.document["variable"]


def test_only_what_is_listed_is_delivered(tmp_path: Path) -> None:
    settings = {"stacks": ["wp-ecs"], "labels": {"cheap": ["budget:1"]}}
    synthesized = synthesize(tmp_path, SEVERAL, settings)
    assert synthesized.all("spacelift_stack").keys() == {"wp-ecs"}
    assert '["wp-ecs"]' in json.dumps(
        synthesized.document["variable"]["db_credentials"]["validation"]
    ).replace("\\", "")


def test_the_stacks_stand_in_a_space_of_their_own_and_what_judges_them_does_not(
    default: Synthesized, tmp_path: Path
) -> None:
    (space,) = default.all("spacelift_space").values()
    assert (space["parent_space_id"], space["inherit_entities"]) == ("root", True)

    def spaces(synthesized: Synthesized) -> dict[str, set[str]]:
        return {
            kind: {resource["space_id"] for resource in resources.values()}
            for kind, resources in synthesized.document["resource"].items()
            if any("space_id" in resource for resource in resources.values())
        }

    own = {"${spacelift_space.platform.id}"}
    shared = ("spacelift_policy", "spacelift_context", "spacelift_aws_integration")
    assert spaces(default) == {"spacelift_stack": own, **{kind: {"root"} for kind in shared}}
    in_root = synthesize(tmp_path, ONE, {"space_id": "root"})
    assert in_root.all("spacelift_space") == {}
    assert set().union(*spaces(in_root).values()) == {"root"}


def test_roles_are_given_to_groups_and_exist_only_for_them(
    default: Synthesized, maximal: Synthesized
) -> None:
    """Neither can start a run or a task, which runs any command with the stack's credentials."""
    assert default.all("spacelift_role") == default.all("spacelift_role_attachment") == {}
    roles = maximal.all("spacelift_role")
    assert roles["reader"]["actions"] == ["SPACE_READ"]
    assert roles["approver"]["actions"] == ["SPACE_READ", "RUN_REVIEW", "RUN_CONFIRM"]
    mappings = maximal.all("spacelift_idp_group_mapping")
    given = {
        (mappings[a["idp_group_mapping_id"].split(".")[1]]["name"], a["role_id"], a["space_id"])
        for a in maximal.all("spacelift_role_attachment").values()
        if "idp_group_mapping_id" in a
    }
    assert given == {
        ("acme/all staff", "${spacelift_role.reader.id}", "platform-01"),
        ("acme/platform", "${spacelift_role.approver.id}", "platform-01"),
    }


def test_spacelift_can_run_this_stack_too_but_for_no_branch(
    default: Synthesized, tmp_path: Path
) -> None:
    """It administers the space it stands in, and has its own variables.

    It waits for the same people as the stacks whose labels it could change.
    """
    assert "spacelift" not in default.all("spacelift_stack")
    labels = {"cheap": ["approval-by-others"], "wp-ecs": ["approvals:2", "budget:9"]}
    managed = synthesize(tmp_path, SEVERAL, {"self_managed": True, "labels": labels})
    assert findings(managed.document) == []
    stack = managed.all("spacelift_stack")["spacelift"]
    assert stack["space_id"] == "root"
    assert (stack["terraform_workflow_tool"], stack["terraform_version"]) == ("OPEN_TOFU", "1.11.0")
    assert {*stack["labels"]} == {
        *("feature:ignore_runtime_config", "tracked-only"),
        *("approvals:1", "approvals:2"),
        *("notify:inbox", "notify:pull-request"),
    }
    assert stack["autodeploy"] is stack["allow_run_promotion"] is False
    (role,) = managed.all("spacelift_role_attachment").values()
    assert role == {
        "role_id": "${data.spacelift_role.space_admin.id}",
        "space_id": "root",
        "stack_id": "${spacelift_stack.spacelift.id}",
    }
    assert managed.document["data"]["spacelift_role"]["space_admin"] == {"slug": "space-admin"}
    attached = managed.all("spacelift_policy_attachment")
    assert {"spacelift-push", "spacelift-approval"} <= attached.keys()
    variables = {
        v["name"].removeprefix("TF_VAR_"): v
        for v in managed.all("spacelift_environment_variable").values()
        if v.get("stack_id") == "${spacelift_stack.spacelift.id}"
    }
    assert variables.keys() == managed.document["variable"].keys()
    for name, declared in managed.document["variable"].items():
        assert ("value_wo" in variables[name]) is (declared.get("ephemeral", False))
    assert variables["db_credentials"]["value_wo"] == "${jsonencode(var.db_credentials)}"
    assert variables["aws_role_arn"]["value"] == "${var.aws_role_arn}"


def test_a_stack_that_is_not_delivered_locks_nobody_out_of_this_one(tmp_path: Path) -> None:
    """The repository's own settings, of which the hardened stack asks for somebody else."""
    context = json.loads((ROOT / "cdktf.json").read_text())["context"]
    settings = {**context["spacelift"], "self_managed": True}
    stacks: dict[str, object] = {id: {} for id in context["stacks"]}
    stack = synthesize(tmp_path, stacks, settings).all("spacelift_stack")["spacelift"]
    assert {*who_approves(validated(SpaceliftSettings, "spacelift", settings), ())} == {
        label for label in stack["labels"] if "appro" in label
    }
    assert "author-may-approve" in stack["labels"]


def test_drift_detection_exists_exactly_when_there_are_private_workers(
    several: Synthesized, maximal: Synthesized
) -> None:
    assert several.all("spacelift_drift_detection") == {}
    (note,) = several.notes
    assert re.match("spacelift: no drift detection, .* set spacelift.worker_pool_id", note)
    assert maximal.notes == []
    drift = maximal.all("spacelift_drift_detection")
    assert drift.keys() == SEVERAL.keys()
    for name, detection in drift.items():
        assert detection["stack_id"] == f"${{spacelift_stack.{name}.id}}"
        assert detection["schedule"] == ["0 */4 * * *"]
        assert detection["timezone"] == "Europe/Berlin"
        assert (detection["reconcile"], detection["ignore_state"]) == (False, True)
        assert maximal.all("spacelift_stack")[name]["worker_pool_id"] == "01WORKERS"


def test_the_state_can_be_fetched_from_outside_only_where_it_is_wanted(
    default: Synthesized, maximal: Synthesized
) -> None:
    key = "terraform_external_state_access"
    assert key not in default.all("spacelift_stack")["resilience-platform"]
    assert maximal.all("spacelift_stack")["resilience-platform"][key] is True
    assert key not in maximal.all("spacelift_stack")["spacelift"]


def test_messages_go_where_the_settings_say(default: Synthesized, maximal: Synthesized) -> None:
    assert default.all("spacelift_named_webhook") == {}
    (webhook,) = maximal.all("spacelift_named_webhook").values()
    assert webhook["endpoint"] == "https://example.com/hook"
    for stack in maximal.all("spacelift_stack").values():  # that of this stack, too
        assert {label for label in stack["labels"] if label.startswith("notify:")} == {
            "notify:slack:C0123456789",
            "notify:webhook:${spacelift_named_webhook.platform.id}",
        }


@pytest.mark.parametrize(
    ("vcs", "block"),
    [
        ({}, {}),
        ({"type": "github_app", "namespace": "me"}, {"github_enterprise": [{"namespace": "me"}]}),
        ({"type": "gitlab", "namespace": "me"}, {"gitlab": [{"namespace": "me"}]}),
    ],
)
def test_the_version_control_system_is_a_setting(
    vcs: dict[str, str], block: dict[str, Any], tmp_path: Path
) -> None:
    synthesized = synthesize(tmp_path, settings={"vcs": vcs})
    assert findings(synthesized.document) == []
    (stack,) = synthesized.all("spacelift_stack").values()
    assert {k: v for k, v in stack.items() if k in ("github_enterprise", "gitlab")} == block


def load(folder: Path, context: dict[str, object], *stack_ids: str) -> SpaceliftSettings | None:
    file = folder / "cdktf.json"
    file.write_text(json.dumps({"context": context}))
    return load_spacelift(file, {id: parse_stack(id, {}) for id in stack_ids})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"colour": "red"},
            "colour: unknown setting; accepted are approvals, author_may_approve, aws, ",
        ),
        ({"vcs": {"owner": "me"}}, "vcs.owner: unknown setting; accepted are branch, namespace, "),
        ({"vcs": {"type": "gitlab"}}, "vcs: namespace = None with type = 'gitlab'; name the owner"),
        ({"vcs": {"namespace": "a"}}, "vcs: namespace = 'a' with type = 'github'; leave it out"),
        (
            {"runner_image": "example.com/a:1"},
            "runner_image = 'example.com/a:1': public workers do not pull from example.com",
        ),
        *[
            ({"runner_image": image}, f'runner_image = "{image}": must be an image with a digest')
            for image in (
                *("ghcr.io/me/runner", "ghcr.io/me/runner:latest", "ghcr.io/me/runner:"),
                *("runner:1", "ghcr.io/me/runner@sha256:abc", "ghcr.io:443/me/runner"),
            )
        ],
        ({"stacks": ["other"]}, "stacks: other is not a stack of cdktf.json, which"),
        ({"stacks": []}, "stacks = []: "),
        ({"roles": {"reader": ["a", "b"], "approver": ["a"]}}, "roles: the group 'a' stands twice"),
        (
            {"roles": {"reader": ["a b"], "approver": ["a-b"]}},
            "roles: the groups 'a b' and 'a-b' would have the same Terraform address; rename one",
        ),
        ({"aws": {"duration_seconds": 3601}}, "aws.duration_seconds = 3601: "),
        (
            {"tool": "TERRAFORM_FOSS", "tool_version": "1.6.0"},
            "tool_version = '1.6.0' with tool = 'TERRAFORM_FOSS': Spacelift offers Terraform up to",
        ),
        ({"tool": "terraform"}, 'tool = "terraform": '),
        ({"drift": {"schedule": ["daily"]}}, 'drift.schedule.0 = "daily": must be a cron'),
        ({"drift": {"schedule": []}}, "drift.schedule = []: "),
        ({"aws": {"duration_seconds": 60}}, "aws.duration_seconds = 60: "),
        (
            {"aws": {"generate_credentials_in_worker": True}},
            "aws.generate_credentials_in_worker = true needs a private worker; set worker_pool_id",
        ),
        ({"notification": {"slack_channel_id": "#a"}}, 'notification.slack_channel_id = "#a": '),
        ({"labels": {"other": ["a"]}}, "labels: other is not a stack of cdktf.json, which"),
        ({"approvals": 0}, "approvals = 0: "),
        (
            {"labels": {"resilience-platform": ["approvals:two"]}},
            "labels.resilience-platform = 'approvals:two': a number from 1 to 99 has to follow",
        ),
    ],
)
def test_a_wrong_setting_ends_in_one_line(
    settings: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as refused:
        load(tmp_path, {"spacelift": settings}, "resilience-platform")
    assert str(refused.value).startswith("spacelift: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "image",
    [
        *("ghcr.io/me/runner:sha-0123abc", "docker.io/me/runner:1.2", "ghcr.io/me/latest:1"),
        *(f"ghcr.io/me/runner{tag}@sha256:{'0' * 64}" for tag in ("", ":1", ":latest")),
    ],
)
def test_an_image_that_stays_what_it_is_can_run(image: str) -> None:
    assert validated(SpaceliftSettings, "spacelift", {"runner_image": image}).runner_image == image


def test_a_platform_stack_cannot_be_called_spacelift(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^stack 'spacelift': this id belongs to"):
        load(tmp_path, {"spacelift": {}}, "spacelift")


def test_without_the_setting_there_is_no_spacelift_stack(tmp_path: Path) -> None:
    assert load(tmp_path, {}) is None


def test_the_yaml_for_stacks_made_by_hand_has_the_same_hooks() -> None:
    config = yaml.safe_load((ROOT / ".spacelift" / "config.yml").read_text())
    defaults = {"before_init": list(hooks.BEFORE_INIT)}
    assert config == {"version": "2", "stack_defaults": defaults}


@pytest.mark.parametrize("command", hooks.BEFORE_INIT)
def test_a_hook_survives_being_joined(command: str) -> None:
    """Spacelift joins with `&&`: a newline or a semicolon would hide a failure."""
    assert "\n" not in command
    assert ";" not in command


def test_no_secret_reaches_cdktf_out(tmp_path: Path) -> None:
    """All stacks, synthesized with every secret in the environment, as in a run."""
    secrets = {
        "TF_VAR_db_username": "secret-sentinel-1",
        "TF_VAR_db_password": "secret-sentinel-2",
        "TF_VAR_db_credentials": '{"a": {"password": "secret-sentinel-3"}}',
        "TF_VAR_infracost_api_key": "secret-sentinel-4",
        "INFRACOST_API_KEY": "secret-sentinel-5",
        "SPACELIFT_API_TOKEN": "secret-sentinel-6",
        "AWS_SECRET_ACCESS_KEY": "secret-sentinel-7",
    }
    environment = {**os.environ, **secrets, "CDKTF_OUTDIR": str(tmp_path)}
    done = python("main.py", env=environment, check=True)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"spacelift", "resilience-platform"} <= {file.parent.name for file in files}
    for text in (done.stdout, done.stderr, *(file.read_text() for file in files)):
        assert "secret-sentinel" not in text


def test_on_spacelift_the_stack_has_no_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_spacelift_run_id", "01RUN")
    assert "backend" not in synthesize(tmp_path).document["terraform"]


def test_elsewhere_the_state_is_local_or_in_s3(default: Synthesized, maximal: Synthesized) -> None:
    local = default.document["terraform"]["backend"]["local"]
    assert local == {"path": "../../../terraform.spacelift.tfstate"}
    s3 = maximal.document["terraform"]["backend"]["s3"]
    assert s3["key"] == "spacelift/terraform.tfstate"
    assert s3["use_lockfile"] is True
