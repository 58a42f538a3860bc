"""Spacelift's Terraform resources, as far as the `spacelift` stack uses them.

Thin typed wrappers over CDKTF's generic resource, one class for each type, with the provider's own
argument names. Bindings made by `cdktf get` would need the provider's schema from the network and
would slow every synth down; here a test compares what comes out with the schema instead.

An argument left out is not written. A string is written as it is: `${...}` in it is Terraform's.

https://registry.terraform.io/providers/spacelift-io/spacelift/latest/docs
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from cdktf import TerraformProvider, TerraformProviderGeneratorMetadata, TerraformResource
from constructs import Construct

PROVIDER_SOURCE = "spacelift-io/spacelift"
PROVIDER_VERSION = "~> 1.53"

WorkflowTool = Literal["OPEN_TOFU", "TERRAFORM_FOSS", "CUSTOM"]
PolicyType = Literal["PLAN", "APPROVAL", "GIT_PUSH", "NOTIFICATION"]
Argument: TypeAlias = str | bool | int | Sequence[str] | Sequence[Mapping[str, str]] | None


def literal(text: str) -> str:
    """`text` with everything escaped that Terraform would read as a template."""
    return text.replace("${", "$${").replace("%{", "%%{")


class SpaceliftProvider(TerraformProvider):
    """The provider; its credentials come from the environment.

    In a Spacelift run that may manage its space they are there; elsewhere an API key is needed
    (SPACELIFT_API_KEY_ENDPOINT, _ID, _SECRET).
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(
            scope,
            id,
            terraform_resource_type="spacelift",
            terraform_generator_metadata=_metadata(),
            terraform_provider_source=PROVIDER_SOURCE,
        )


def _metadata() -> TerraformProviderGeneratorMetadata:
    return TerraformProviderGeneratorMetadata(
        provider_name="spacelift", provider_version=PROVIDER_VERSION
    )


class _Resource(TerraformResource):
    """A resource whose address is `<type>.<id>`.

    Attributes:
        id_reference: the resource's id, for another resource's argument.
    """

    def __init__(
        self, scope: Construct, id: str, type: str, arguments: Mapping[str, Argument]
    ) -> None:
        super().__init__(
            scope,
            f"{type}.{id}",
            terraform_resource_type=type,
            terraform_generator_metadata=_metadata(),
        )
        for name, value in arguments.items():
            if value is not None:
                # jsii takes lists, no other sequences
                self.add_override(name, list(value) if isinstance(value, tuple) else value)
        self.id_reference = f"${{{type}.{id}.id}}"


class Stack(_Resource):
    """A stack: source code, settings and state.

    Args:
        slug: its id for ever; also what Terraform calls it here.
        vcs: the block that names the version control system, with its arguments; without one,
            Spacelift's own GitHub App.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        slug: str,
        name: str,
        description: str,
        repository: str,
        branch: str,
        vcs: tuple[str, Mapping[str, str]] | None,
        autodeploy: bool,
        manage_state: bool,
        enable_local_preview: bool,
        protect_from_deletion: bool,
        terraform_smart_sanitization: bool,
        terraform_workflow_tool: WorkflowTool,
        terraform_version: str,
        runner_image: str,
        labels: Sequence[str],
        space_id: str,
        worker_pool_id: str | None,
    ) -> None:
        super().__init__(
            scope,
            slug,
            "spacelift_stack",
            {
                "slug": slug,
                "name": name,
                "description": description,
                "repository": repository,
                "branch": branch,
                **({vcs[0]: [vcs[1]]} if vcs else {}),
                "autodeploy": autodeploy,
                "manage_state": manage_state,
                "enable_local_preview": enable_local_preview,
                "protect_from_deletion": protect_from_deletion,
                "terraform_smart_sanitization": terraform_smart_sanitization,
                "terraform_workflow_tool": terraform_workflow_tool,
                "terraform_version": terraform_version,
                "runner_image": runner_image,
                "labels": labels,
                "space_id": space_id,
                "worker_pool_id": worker_pool_id,
            },
        )


class DriftDetection(_Resource):
    """A schedule (cron expressions) on which a stack is compared with the cloud."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stack_id: str,
        schedule: Sequence[str],
        timezone: str,
        reconcile: bool,
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_drift_detection",
            {
                "stack_id": stack_id,
                "schedule": schedule,
                "timezone": timezone,
                "reconcile": reconcile,
            },
        )


class EnvironmentVariable(_Resource):
    """A variable of a stack's or a context's runs.

    Args:
        value: for what everybody may read.
        secret: for what nobody may: a reference, whose value stays out of the state. Spacelift
            takes a new one when `secret_version` changes.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        stack_id: str | None = None,
        context_id: str | None = None,
        value: str | None = None,
        secret: str | None = None,
        secret_version: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_environment_variable",
            {
                "name": name,
                "stack_id": stack_id,
                "context_id": context_id,
                "value": value,
                "value_wo": secret,
                "value_wo_version": secret_version,
                "write_only": secret is not None,
            },
        )


class Context(_Resource):
    """Hooks and variables that several stacks share.

    Args:
        before_init: commands of the initialization phase, before `terraform init`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        description: str,
        before_init: Sequence[str],
        space_id: str,
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_context",
            {
                "name": name,
                "description": description,
                "before_init": before_init,
                "space_id": space_id,
            },
        )


class ContextAttachment(_Resource):
    """A context on a stack."""

    def __init__(self, scope: Construct, id: str, *, context_id: str, stack_id: str) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_context_attachment",
            {"context_id": context_id, "stack_id": stack_id},
        )


class AwsIntegration(_Resource):
    """A role in AWS whose credentials runs get.

    Args:
        generate_credentials_in_worker: a private worker assumes the role, not Spacelift.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        role_arn: str,
        duration_seconds: int,
        generate_credentials_in_worker: bool,
        space_id: str,
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_aws_integration",
            {
                "name": name,
                "role_arn": role_arn,
                "duration_seconds": duration_seconds,
                "generate_credentials_in_worker": generate_credentials_in_worker,
                "space_id": space_id,
            },
        )


class AwsIntegrationAttachment(_Resource):
    """An AWS integration on a stack, for plans (`read`) and applies (`write`)."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        integration_id: str,
        stack_id: str,
        read: bool,
        write: bool,
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_aws_integration_attachment",
            {"integration_id": integration_id, "stack_id": stack_id, "read": read, "write": write},
        )


class Policy(_Resource):
    """A Rego v1 policy; `body` is its text."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        type: PolicyType,
        description: str,
        body: str,
        space_id: str,
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_policy",
            {
                "name": name,
                "type": type,
                "engine_type": "REGO_V1",
                "description": description,
                "body": literal(body),
                "space_id": space_id,
            },
        )


class PolicyAttachment(_Resource):
    """A policy on a stack."""

    def __init__(self, scope: Construct, id: str, *, policy_id: str, stack_id: str) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_policy_attachment",
            {"policy_id": policy_id, "stack_id": stack_id},
        )


class NamedWebhook(_Resource):
    """An address that the notification policy can send messages to."""

    def __init__(
        self, scope: Construct, id: str, *, name: str, endpoint: str, space_id: str
    ) -> None:
        super().__init__(
            scope,
            id,
            "spacelift_named_webhook",
            {
                "name": name,
                "endpoint": endpoint,
                "enabled": True,
                "retry_on_failure": True,
                "space_id": space_id,
            },
        )
