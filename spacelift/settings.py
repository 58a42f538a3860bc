"""What shapes the `spacelift` stack: `context.spacelift` of cdktf.json.

The limits that policies check are not repeated here: they come from each platform stack's own
settings, see `labels`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from constructs_lib.settings import Group, SettingsError, StackSettings, read_context, validated
from constructs_lib.settings.backend import Backend, LocalBackendSettings
from constructs_lib.settings.types import ListOf, Timezone, setting, text

STACK_ID = "spacelift"

PUBLIC_REGISTRIES = (
    r"[^/]+\.azurecr\.io|[^/]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com|docker\.io|([a-z0-9-]+-)?docker\.pkg\.dev|"
    r"([a-z]+\.)?gcr\.io|ghcr\.io|public\.ecr\.aws|quay\.io|registry\.gitlab\.com|"
    r"registry\.hub\.docker\.com"
)
"""Where a public worker may pull the runner image from.
https://docs.spacelift.io/integrations/docker#allowed-registries-on-public-worker-pools"""

RUNNER_IMAGE = text(
    "an image with a digest, or with a tag other than latest, like ghcr.io/me/runner:sha-0123abc",
    r"^[a-z0-9.:-]+/[^\s:@]+(:[\w.-]+|(:[\w.-]+)?@sha256:[0-9a-f]{64})$",
    never=r"^[^@]*:latest$",
)

LAST_FREE_TERRAFORM = (1, 5, 7)
"""The last version that Spacelift offers as Terraform; later ones are OpenTofu.
https://docs.spacelift.io/vendors/terraform/version-management"""

_FIVE_FIELDS = r"^[^ ]+( [^ ]+){4}$"
_UnixCron = Annotated[str, text("a cron expression of five fields, like 0 6 * * *", _FIVE_FIELDS)]

APPROVALS_LABEL = r"approvals:[1-9][0-9]?"

OTHERS_LABEL = "approval-by-others"
"""Takes the label author-may-approve off a stack, where the settings give it to all."""

_ID = text("text that is not empty", r"^.+$")
_GROUP = text("a group's name of letters, digits, spaces and . / _ -", r"^[A-Za-z_][\w ./-]*$")
_SLACK_CHANNEL = text("a channel's id, like C0123456789", r"^[CG][A-Z0-9]{8,}$")
_REPOSITORY = text("a repository's name without its owner", r"^[A-Za-z0-9._-]+$")
_VERSION = text("a version, like 1.10.3", r"^[0-9]+\.[0-9]+\.[0-9]+$")


class VcsSettings(Group):
    """Where the code is: GitHub, through Spacelift's own app or one of yours, or GitLab.

    https://docs.spacelift.io/integrations/source-control
    """

    type: Literal["github", "github_app", "gitlab"] = setting(
        "github", "github: Spacelift's app; github_app: a custom app of the account"
    )
    namespace: Annotated[str, _ID] | None = setting(
        None, "owner or group; with github_app and gitlab only"
    )
    repository: Annotated[str, _REPOSITORY] = setting(
        "opsfolio-resilience-platform", "its name, without the owner"
    )
    branch: Annotated[str, text("a branch, like main", r"^[^\s]+$")] = setting(
        "main", "tracked: a push there is applied"
    )

    def contradictions(self) -> Iterator[str]:
        if (self.namespace is None) != (self.type == "github"):
            fix = "leave it out" if self.type == "github" else "name the owner of the repository"
            yield f"namespace = {self.namespace!r} with type = {self.type!r}; {fix}"


class DriftSettings(Group):
    """When a stack is compared with AWS. By Spacelift, with a private worker pool and a paid plan.

    https://docs.spacelift.io/concepts/stack/drift-detection
    """

    schedule: Annotated[ListOf[_UnixCron], Field(min_length=1)] = setting(("0 6 * * *",), "when")
    timezone: Timezone = setting("UTC", "of the schedule")
    reconcile: bool = setting(
        True, "drift starts a tracked run, which waits for approval like any other"
    )
    ignore_state: bool = setting(
        False, "also where the last run failed or was discarded, so that drift is looked for again"
    )
    external_state: bool = setting(
        False, "the state can be fetched from outside runs, as the workflow drift does"
    )


class AwsSettings(Group):
    """How runs get AWS credentials; the roles are the variables aws_role_arn, aws_read_role_arn.

    https://docs.spacelift.io/integrations/cloud-providers/aws
    """

    read_role: bool = setting(
        True,
        "plans take a role of their own that only reads; false: plans have the role that applies, "
        "and with it whoever may push a branch",
    )
    duration_seconds: int = setting(
        3600, "an apply with a database takes longer than 15 minutes", ge=900, le=3600
    )
    generate_credentials_in_worker: bool = setting(
        False, "a private worker assumes the role, not Spacelift"
    )


class NotificationSettings(Group):
    """Where failures, pending approvals and drift are told; see policies/notification.rego."""

    inbox: bool = setting(True, "Spacelift's own inbox")
    pull_request: bool = setting(True, "what a pull request would do, as a comment on it")
    slack_channel_id: Annotated[str, _SLACK_CHANNEL] | None = setting(
        None, "of a linked Slack workspace"
    )
    webhook_endpoint: Annotated[str, text("an https:// address", r"^https://[^\s]+$")] | None = (
        setting(None, "not for addresses that are secret")
    )


class RoleSettings(Group):
    """Who may do what with the stacks: groups of the identity provider, like teams of GitHub.

    https://docs.spacelift.io/concepts/authorization/rbac-system
    """

    reader: ListOf[Annotated[str, _GROUP]] = setting((), "groups that see stacks and runs")
    approver: ListOf[Annotated[str, _GROUP]] = setting(
        (), "groups that also review and confirm runs"
    )

    def contradictions(self) -> Iterator[str]:
        groups = [*self.reader, *self.approver]
        for group in dict.fromkeys(group for group in groups if groups.count(group) > 1):
            yield f"the group {group!r} stands twice; name it once, an approver reads, too"
        names = [address_name(group) for group in dict.fromkeys(groups)]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            alike = " and ".join(repr(group) for group in groups if address_name(group) == name)
            yield f"the groups {alike} would have the same Terraform address; rename one of them"


def address_name(group: str) -> str:
    """A group's name in Terraform addresses."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", group)


class SpaceliftSettings(Group):
    """Everything that shapes the `spacelift` stack."""

    stacks: Annotated[ListOf[str], Field(min_length=1)] | None = setting(
        None, "ids of the stacks that are delivered; default: all of cdktf.json"
    )
    vcs: VcsSettings = VcsSettings()
    space_id: Annotated[str, _ID] | None = setting(
        None,
        "where stacks, policies and all else stand, like root; default: the stacks in a "
        "space of their own, the rest in root",
    )
    roles: RoleSettings = RoleSettings()
    self_managed: bool = setting(
        False, "Spacelift runs this stack, too; see docs/spacelift.md for its state"
    )
    runner_image: Annotated[str, RUNNER_IMAGE] | None = setting(
        None, "built from spacelift/Dockerfile; default: the variable runner_image"
    )
    tool: Literal["OPEN_TOFU", "TERRAFORM_FOSS"] = setting("OPEN_TOFU", "what plans and applies")
    tool_version: Annotated[str, _VERSION] = setting(
        "1.10.3", "the original's stack ran OpenTofu 1.10.3"
    )
    worker_pool_id: Annotated[str, _ID] | None = setting(
        None, "a private worker pool; default: the public one"
    )
    drift: DriftSettings = DriftSettings()
    aws: AwsSettings = AwsSettings()
    notification: NotificationSettings = NotificationSettings()
    approvals: int = setting(1, "how many people have to approve a run", ge=1, le=99)
    author_may_approve: bool = setting(
        True,
        "whether the commit's author is one of them; the label approval-by-others of a stack says "
        "no",
    )
    infracost: bool = setting(True, "cost estimates; needs the variable infracost_api_key")
    protect_from_deletion: bool = setting(True, "a stack cannot be deleted, nor its state with it")
    secrets_version: int = setting(1, "raise it after changing a secret's value", ge=1)
    labels: dict[str, ListOf[str]] = setting(
        {}, "more labels for a stack, by stack id, like allow-destroy:<address>"
    )
    backend: Backend = LocalBackendSettings()

    def contradictions(self) -> Iterator[str]:
        registry = (self.runner_image or "ghcr.io").split("/")[0]
        if self.worker_pool_id is None and not re.fullmatch(PUBLIC_REGISTRIES, registry):
            yield (
                f"runner_image = {self.runner_image!r}: public workers do not pull from "
                f"{registry}; push the image to ghcr.io, or set worker_pool_id"
            )
        version = tuple(int(part) for part in self.tool_version.split("."))
        if self.tool == "TERRAFORM_FOSS" and version > LAST_FREE_TERRAFORM:
            yield (
                f"tool_version = {self.tool_version!r} with tool = 'TERRAFORM_FOSS': Spacelift "
                "offers Terraform up to 1.5.7; take that, or tool = 'OPEN_TOFU'"
            )
        if self.aws.generate_credentials_in_worker and self.worker_pool_id is None:
            yield (
                "aws.generate_credentials_in_worker = true needs a private worker; "
                "set worker_pool_id, or leave it out"
            )
        for stack_id, label in ((i, label) for i, extra in self.labels.items() for label in extra):
            if label.startswith("approvals:") and not re.fullmatch(APPROVALS_LABEL, label):
                yield (
                    f"labels.{stack_id} = {label!r}: a number from 1 to 99 has to follow the "
                    "colon, like approvals:2"
                )

    def delivers(self, stack_id: str) -> bool:
        """Whether a stack of cdktf.json is delivered."""
        return self.stacks is None or stack_id in self.stacks


def who_approves(settings: SpaceliftSettings, extra: Sequence[str]) -> list[str]:
    """The labels that say who approves a stack's runs, but for those among the `extra` ones."""
    found = []
    if not any(label.startswith("approvals:") for label in extra):
        found.append(f"approvals:{settings.approvals}")
    if settings.author_may_approve and OTHERS_LABEL not in extra:
        found.append("author-may-approve")
    return found


def labels(stack_id: str, platform: StackSettings, settings: SpaceliftSettings) -> list[str]:
    """The labels of a stack: what the policies may read about its limits, and what is extra.

    A budget among the extra ones takes the place of the stack's own, which only alerts; a number of
    approvals takes the place of everybody's.
    """
    extra = settings.labels.get(stack_id, ())
    limits = who_approves(settings, extra)
    if platform.cost and not any(label.startswith("budget:") for label in extra):
        limits.append(f"budget:{platform.cost.monthly_budget_usd:.15g}")
    if not platform.database.multi_az:
        limits.append("single-az")
    if not platform.database.storage_encrypted:
        limits.append("allow-unencrypted")
    # The hooks come from a context, where a pull request cannot change them.
    features = ["feature:ignore_runtime_config"]
    if settings.infracost:
        features.append("infracost")
    return sorted({*limits, *features, *extra})


def notification_routes(wanted: NotificationSettings, webhook: str) -> list[str]:
    """The labels that say where messages about a stack go; `webhook` is the id that it has."""
    routes = {
        "notify:inbox": wanted.inbox,
        "notify:pull-request": wanted.pull_request,
        f"notify:slack:{wanted.slack_channel_id}": wanted.slack_channel_id,
        f"notify:webhook:{webhook}": wanted.webhook_endpoint,
    }
    return [*filter(routes.get, routes)]


def load_spacelift(path: Path, stacks: Mapping[str, StackSettings]) -> SpaceliftSettings | None:
    """What `context.spacelift` of the cdktf.json at `path` says; None where it is not there.

    Raises:
        SettingsError: a setting cannot be used, or does not fit the platform `stacks`.
    """
    context = read_context(path)
    if STACK_ID not in context:
        return None
    if STACK_ID in stacks:
        raise SettingsError(
            f"stack {STACK_ID!r}: this id belongs to the stack with Spacelift's own resources; "
            "rename yours, or remove context.spacelift"
        )
    settings = validated(SpaceliftSettings, STACK_ID, context[STACK_ID])
    for key, named in (("stacks", settings.stacks or ()), ("labels", settings.labels)):
        for stranger in sorted({*named} - stacks.keys()):
            raise SettingsError(
                f"{STACK_ID}: {key}: {stranger} is not a stack of cdktf.json, "
                f"which declares {', '.join(stacks)}"
            )
    return settings
