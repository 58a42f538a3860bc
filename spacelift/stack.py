"""The `spacelift` stack: everything in Spacelift that delivers the platform stacks.

For each platform stack of cdktf.json a Spacelift stack of the same id, with its secrets, its drift
detection and its limits as labels; for all of them one context, one AWS integration and the four
policies.

https://docs.spacelift.io/vendors/terraform/terraform-provider
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf import TerraformVariable, TerraformVariableValidationConfig
from constructs import Construct

from constructs_lib.addresses import AddressedStack
from constructs_lib.providers import declare_backend
from constructs_lib.settings import StackSettings
from spacelift import hooks
from spacelift.resources import Resource, SpaceliftProvider, literal
from spacelift.settings import STACK_ID, SpaceliftSettings, labels

TERRAFORM_VERSION = ">= 1.11.0"
"""Write-only arguments and ephemeral variables keep the secrets out of the state."""

POLICIES = Path(__file__).parent / "policies"

_POLICIES = {
    "plan": ("PLAN", "What no plan may do, and what a human must see."),
    "approval": ("APPROVAL", "Who may let a run go on."),
    "push": ("GIT_PUSH", "What a push or a pull request starts."),
    "notification": ("NOTIFICATION", "Who is told that a run needs a human."),
}
"""File name to the policy's type and what it decides."""


class SpaceliftStack(AddressedStack):
    """Spacelift's resources for `stacks`.

    Args:
        stacks: the platform stacks of cdktf.json, by id, which is the slug in Spacelift too.
        settings: `context.spacelift` of cdktf.json.

    Attributes:
        notes: what the settings leave out, in sentences for whoever synthesizes.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        stacks: Mapping[str, StackSettings],
        settings: SpaceliftSettings,
    ) -> None:
        super().__init__(scope, STACK_ID)
        self._settings = settings
        self.notes: list[str] = []
        declare_backend(self, STACK_ID, settings.backend)
        self.add_override("terraform.required_version", TERRAFORM_VERSION)
        SpaceliftProvider(self, "provider")
        self._declare_variables(stacks)

        context_id = self._context()
        integration_id = Resource(
            self,
            "spacelift_aws_integration.platform",
            name="opsfolio-platform",
            role_arn="${var.aws_role_arn}",
            duration_seconds=settings.aws.duration_seconds,
            generate_credentials_in_worker=settings.aws.generate_credentials_in_worker,
            space_id=settings.space_id,
        ).reference
        policies = {name: self._policy(name) for name in _POLICIES}
        routes = self._notification_routes()
        for stack_id, platform in stacks.items():
            self._platform_stack(
                stack_id,
                platform,
                [*labels(stack_id, platform, settings), *routes],
                context_id=context_id,
                integration_id=integration_id,
                policies=policies,
            )
        if settings.worker_pool_id is None:
            self.notes.append(
                "spacelift: no drift detection, because it needs a private worker pool; "
                "set spacelift.worker_pool_id in cdktf.json to have it"
            )

    def _declare_variables(self, stacks: Mapping[str, StackSettings]) -> None:
        """The variables of this stack; secrets are ephemeral, so no plan or state holds them."""
        with_password = [id for id, platform in stacks.items() if _has_password(platform)]
        inputs = {id: _inputs(platform) for id, platform in stacks.items() if _inputs(platform)}
        self._variable(
            "aws_role_arn",
            "IAM role that runs assume; it trusts Spacelift's account with an external id.",
            "string",
            'can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.aws_role_arn))',
            "must be the ARN of a role, like arn:aws:iam::123456789012:role/spacelift",
        )
        if with_password:
            self._variable(
                "db_credentials",
                "User name and password of each stack's database, by stack id.",
                "map(object({ username = string, password = string }))",
                "alltrue([for id in "
                f"{json.dumps(with_password)} : contains(keys(var.db_credentials), id)])",
                f"must have the keys {', '.join(with_password)}, each with a username and a "
                "password",
                secret=True,
            )
        if inputs:
            wanted = json.dumps(inputs)
            self._variable(
                "inputs",
                "Values of the stacks' Terraform variables that have no default, by stack id.",
                "map(map(string))",
                f"alltrue(flatten([for id, names in {wanted} : [for name in names : "
                'try(var.inputs[id][name], "") != ""]]))',
                f"must have a value for {_sentence(inputs)}",
            )
        if self._settings.infracost:
            self._variable(
                "infracost_api_key",
                "API key of Infracost (infracost.io), which estimates the costs.",
                "string",
                'var.infracost_api_key != ""',
                "must not be empty; without Infracost set spacelift.infracost to false",
                secret=True,
            )

    def _variable(
        self,
        name: str,
        description: str,
        type: str,
        condition: str,
        requirement: str,
        *,
        secret: bool = False,
    ) -> None:
        variable = TerraformVariable(
            self,
            name,
            type=type,
            description=description,
            sensitive=secret or None,
            validation=[
                TerraformVariableValidationConfig(
                    condition=f"${{{condition}}}", error_message=f"{name}: {requirement}."
                )
            ],
        )
        if secret:
            variable.add_override("ephemeral", True)

    def _context(self) -> str:
        """The context with the hooks and Infracost's settings; its id."""
        context_id = Resource(
            self,
            "spacelift_context.platform",
            name="opsfolio-platform",
            description="Synthesizes the stack before Terraform starts; estimates its cost.",
            before_init=hooks.BEFORE_INIT,
            space_id=self._settings.space_id,
        ).reference
        if self._settings.infracost:
            self._secret(
                "infracost_api_key",
                "INFRACOST_API_KEY",
                "var.infracost_api_key",
                context_id=context_id,
            )
            # A run without an estimate goes on, and the plan policy says that it has none.
            Resource(
                self,
                "spacelift_environment_variable.infracost_warn_on_failure",
                name="INFRACOST_WARN_ON_FAILURE",
                context_id=context_id,
                value="true",
                write_only=False,
            )
        return context_id

    def _secret(self, address: str, name: str, value: str, **of: str) -> None:
        """A variable of a stack's or a context's runs that nobody may read.

        The value is a reference and stays out of the state. Spacelift takes a new one when
        `secrets_version` changes.
        """
        Resource(
            self,
            f"spacelift_environment_variable.{address}",
            name=name,
            value_wo=f"${{{value}}}",
            value_wo_version=str(self._settings.secrets_version),
            write_only=True,
            **of,
        )

    def _policy(self, name: str) -> str:
        """The policy of a file in policies/; its id."""
        type, description = _POLICIES[name]
        return Resource(
            self,
            f"spacelift_policy.{name}",
            name=f"opsfolio-{name}",
            type=type,
            engine_type="REGO_V1",
            description=description,
            body=literal((POLICIES / f"{name}.rego").read_text(encoding="utf-8")),
            space_id=self._settings.space_id,
        ).reference

    def _notification_routes(self) -> list[str]:
        """The labels that say where messages about a stack go."""
        wanted = self._settings.notification
        routes = ["notify:inbox"] if wanted.inbox else []
        if wanted.slack_channel_id:
            routes.append(f"notify:slack:{wanted.slack_channel_id}")
        if wanted.webhook_endpoint:
            webhook = Resource(
                self,
                "spacelift_named_webhook.platform",
                name="opsfolio-platform",
                endpoint=wanted.webhook_endpoint,
                enabled=True,
                retry_on_failure=True,
                space_id=self._settings.space_id,
            )
            routes.append(f"notify:webhook:{webhook.reference}")
        return routes

    def _platform_stack(
        self,
        slug: str,
        platform: StackSettings,
        stack_labels: Sequence[str],
        *,
        context_id: str,
        integration_id: str,
        policies: Mapping[str, str],
    ) -> None:
        settings = self._settings
        vcs = settings.vcs
        # without a block that names one, Spacelift's own GitHub App
        owner = [{"namespace": vcs.namespace}] if vcs.namespace else None
        stack_id = Resource(
            self,
            f"spacelift_stack.{slug}",
            slug=slug,
            name=slug,
            description=f"CDKTF stack {slug}: planned on every push, applied after approval.",
            repository=vcs.repository,
            branch=vcs.branch,
            github_enterprise=owner if vcs.type == "github_app" else None,
            gitlab=owner if vcs.type == "gitlab" else None,
            autodeploy=False,
            manage_state=True,
            # Whoever may start one could read every secret of the stack.
            enable_local_preview=False,
            protect_from_deletion=settings.protect_from_deletion,
            terraform_smart_sanitization=True,
            terraform_workflow_tool=settings.tool,
            terraform_version=settings.tool_version,
            runner_image=settings.runner_image,
            labels=stack_labels,
            space_id=settings.space_id,
            worker_pool_id=settings.worker_pool_id,
        ).reference
        for name in ("username", "password") if _has_password(platform) else ():
            value = f'var.db_credentials["{slug}"].{name}'
            self._secret(f"{slug}-db_{name}", f"TF_VAR_db_{name}", value, stack_id=stack_id)
        for name in _inputs(platform):
            Resource(
                self,
                f"spacelift_environment_variable.{slug}-{name}",
                name=f"TF_VAR_{name}",
                stack_id=stack_id,
                value=f'${{var.inputs["{slug}"].{name}}}',
                write_only=False,
            )
        if settings.worker_pool_id is not None:
            Resource(
                self,
                f"spacelift_drift_detection.{slug}",
                stack_id=stack_id,
                schedule=settings.drift.schedule,
                timezone=settings.drift.timezone,
                reconcile=settings.drift.reconcile,
            )
        Resource(
            self,
            f"spacelift_context_attachment.{slug}",
            context_id=context_id,
            stack_id=stack_id,
        )
        Resource(
            self,
            f"spacelift_aws_integration_attachment.{slug}",
            integration_id=integration_id,
            stack_id=stack_id,
            read=True,
            write=True,
        )
        for name, policy_id in policies.items():
            if name == "notification":
                continue  # works on its whole space, on stacks with a notify: label
            Resource(
                self,
                f"spacelift_policy_attachment.{slug}-{name}",
                policy_id=policy_id,
                stack_id=stack_id,
            )


def _has_password(platform: StackSettings) -> bool:
    """Whether the database's password is a variable, not RDS' own secret."""
    return "db_password" in platform.required_variables


def _inputs(platform: StackSettings) -> list[str]:
    """The variables without a default that are not secrets."""
    return [name for name in platform.required_variables if name != "db_password"]


def _sentence(inputs: Mapping[str, Sequence[str]]) -> str:
    return " and ".join(f"{', '.join(names)} of {id}" for id, names in inputs.items())
