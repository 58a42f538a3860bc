"""What shapes the `spacelift` stack: `context.spacelift` of cdktf.json.

The limits that policies check are not repeated here: they come from each platform stack's own
settings, see `labels`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from constructs_lib.settings import (
    Group,
    LocalBackendSettings,
    SettingsError,
    StackSettings,
    read_context,
    validated,
)
from constructs_lib.settings.backend import Backend
from constructs_lib.settings.types import ListOf, Timezone, UnixCron, text

STACK_ID = "spacelift"

PUBLIC_REGISTRIES = (
    r"[^/]+\.azurecr\.io|[^/]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com|docker\.io|([a-z0-9-]+-)?docker\.pkg\.dev|"
    r"([a-z]+\.)?gcr\.io|ghcr\.io|public\.ecr\.aws|quay\.io|registry\.gitlab\.com|"
    r"registry\.hub\.docker\.com"
)
"""Where a public worker may pull the runner image from.
https://docs.spacelift.io/integrations/docker#allowed-registries-on-public-worker-pools"""

LAST_FREE_TERRAFORM = (1, 5, 7)
"""The last version that Spacelift offers as Terraform; later ones are OpenTofu.
https://docs.spacelift.io/vendors/terraform/version-management"""


APPROVALS_LABEL = r"approvals:[1-9][0-9]?"

OTHERS_LABEL = "approval-by-others"
"""On a stack where the author of a commit may not approve it."""

SLACK_CHANNEL = text("a channel's id, like C0123456789", r"^[CG][A-Z0-9]{8,}$")


class VcsSettings(Group):
    """Where the code is: GitHub, through Spacelift's own app or one of yours, or GitLab.

    https://docs.spacelift.io/integrations/source-control
    """

    type: Literal["github", "github_app", "gitlab"] = Field(
        "github", description="github: Spacelift's app; github_app: a custom app of the account"
    )
    namespace: str | None = Field(
        None, min_length=1, description="owner or group; with github_app and gitlab only"
    )
    repository: Annotated[
        str, text("a repository's name without its owner", r"^[A-Za-z0-9._-]+$")
    ] = Field("opsfolio-resilience-platform", description="its name, without the owner")
    branch: Annotated[str, text("a branch, like main", r"^[^\s]+$")] = Field(
        "main", description="tracked: a push there is applied"
    )

    @model_validator(mode="after")
    def _namespace_where_needed(self) -> "VcsSettings":
        if (self.namespace is None) != (self.type == "github"):
            fix = "leave it out" if self.type == "github" else "name the owner of the repository"
            raise ValueError(f"namespace = {self.namespace!r} with type = {self.type!r}; {fix}")
        return self


class DriftSettings(Group):
    """When a stack is compared with AWS. It takes a private worker pool and a paid plan.

    https://docs.spacelift.io/concepts/stack/drift-detection
    """

    schedule: Annotated[ListOf[UnixCron], Field(min_length=1)] = Field(
        ("0 6 * * *",), description="when"
    )
    timezone: Timezone = Field("UTC", description="of the schedule")
    reconcile: bool = Field(
        True, description="drift starts a tracked run, which waits for approval like any other"
    )


class AwsSettings(Group):
    """How runs get AWS credentials; the role itself is the variable aws_role_arn.

    https://docs.spacelift.io/integrations/cloud-providers/aws
    """

    duration_seconds: int = Field(
        3600, ge=900, le=43200, description="an apply with a database takes longer than 15 minutes"
    )
    generate_credentials_in_worker: bool = Field(
        False, description="a private worker assumes the role, not Spacelift"
    )


class NotificationSettings(Group):
    """Where failures, pending approvals and drift are told; see policies/notification.rego."""

    inbox: bool = Field(True, description="Spacelift's own inbox")
    slack_channel_id: Annotated[str, SLACK_CHANNEL] | None = Field(
        None, description="of a linked Slack workspace"
    )
    webhook_endpoint: Annotated[str, text("an https:// address", r"^https://[^\s]+$")] | None = (
        Field(None, description="not for addresses that are secret")
    )


class SpaceliftSettings(Group):
    """Everything that shapes the `spacelift` stack."""

    vcs: VcsSettings = VcsSettings()
    space_id: str = Field("root", min_length=1, description="where the stacks and policies stand")
    runner_image: Annotated[
        str, text("an image with its tag, like ghcr.io/me/runner:1", r"^[^\s:]+:[^\s:]+$")
    ] = Field(
        "ghcr.io/opsfolio/opsfolio-resilience-platform-runner:latest",
        description="built from spacelift/Dockerfile, with its tag",
    )
    tool: Literal["OPEN_TOFU", "TERRAFORM_FOSS"] = Field(
        "OPEN_TOFU", description="what plans and applies"
    )
    tool_version: Annotated[str, text("a version, like 1.10.3", r"^[0-9]+\.[0-9]+\.[0-9]+$")] = (
        Field("1.10.3", description="the original's stack ran OpenTofu 1.10.3")
    )
    worker_pool_id: str | None = Field(
        None, min_length=1, description="a private worker pool; default: the public one"
    )
    drift: DriftSettings = DriftSettings()
    aws: AwsSettings = AwsSettings()
    notification: NotificationSettings = NotificationSettings()
    approvals: int = Field(1, ge=1, le=99, description="how many people have to approve a run")
    author_may_approve: bool = Field(
        True,
        description="whether the commit's author is one of them; the label approval-by-others of a "
        "stack says no",
    )
    infracost: bool = Field(
        True, description="cost estimates; needs the variable infracost_api_key"
    )
    protect_from_deletion: bool = Field(
        True, description="a stack cannot be deleted, nor its state with it"
    )
    secrets_version: int = Field(1, ge=1, description="raise it after changing a secret's value")
    labels: dict[str, ListOf[str]] = Field(
        {}, description="more labels for a stack, by stack id, like allow-destroy:<address>"
    )
    backend: Backend = LocalBackendSettings()

    @model_validator(mode="after")
    def _image_can_be_pulled(self) -> "SpaceliftSettings":
        registry = self.runner_image.split("/")[0]
        if self.worker_pool_id is None and not re.fullmatch(PUBLIC_REGISTRIES, registry):
            raise ValueError(
                f"runner_image = {self.runner_image!r}: public workers do not pull from "
                f"{registry}; push the image to ghcr.io, or set worker_pool_id"
            )
        return self

    @model_validator(mode="after")
    def _version_exists(self) -> "SpaceliftSettings":
        version = tuple(int(part) for part in self.tool_version.split("."))
        if self.tool == "TERRAFORM_FOSS" and version > LAST_FREE_TERRAFORM:
            raise ValueError(
                f"tool_version = {self.tool_version!r} with tool = 'TERRAFORM_FOSS': Spacelift "
                "offers Terraform up to 1.5.7; take that, or tool = 'OPEN_TOFU'"
            )
        return self

    @model_validator(mode="after")
    def _approvals_can_be_read(self) -> "SpaceliftSettings":
        for stack_id, extra in self.labels.items():
            for label in extra:
                if label.startswith("approvals:") and not re.fullmatch(APPROVALS_LABEL, label):
                    raise ValueError(
                        f"labels.{stack_id} = {label!r}: a number from 1 to 99 has to follow the "
                        "colon, like approvals:2"
                    )
        return self

    @model_validator(mode="after")
    def _worker_for_credentials(self) -> "SpaceliftSettings":
        if self.aws.generate_credentials_in_worker and self.worker_pool_id is None:
            raise ValueError(
                "aws.generate_credentials_in_worker = true needs a private worker; "
                "set worker_pool_id, or leave it out"
            )
        return self


def labels(stack_id: str, platform: StackSettings, settings: SpaceliftSettings) -> list[str]:
    """The labels of a stack: what the policies may read about its limits, and what is extra.

    A budget among the extra ones takes the place of the stack's own, which only alerts; a number of
    approvals takes the place of everybody's.
    """
    extra = settings.labels.get(stack_id, ())
    limits = []
    if not any(label.startswith("approvals:") for label in extra):
        limits.append(f"approvals:{settings.approvals}")
    if settings.author_may_approve and OTHERS_LABEL not in extra:
        limits.append("author-may-approve")
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
    strangers = sorted(settings.labels.keys() - stacks.keys())
    if strangers:
        raise SettingsError(
            f"{STACK_ID}: labels: {', '.join(strangers)} is not a stack of cdktf.json, "
            f"which declares {', '.join(stacks)}"
        )
    return settings
