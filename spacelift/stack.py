"""The `spacelift` stack: everything in Spacelift that delivers the platform stacks.

For each platform stack that is delivered a Spacelift stack of the same id, with its secrets, its
drift detection and its limits as labels; for all of them one context, the AWS integrations, the
four policies, and the space they stand in.

What the stacks are judged by and run with stands in another space than they do, in `root`, so that
a role in theirs reaches none of it.

https://docs.spacelift.io/vendors/terraform/terraform-provider
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cdktf import TerraformVariable, TerraformVariableValidationConfig
from constructs import Construct

from constructs_lib.addresses import AddressedStack
from constructs_lib.providers import declare_backend
from constructs_lib.settings import StackSettings
from constructs_lib.settings.types import matches
from spacelift import hooks
from spacelift.resources import Argument, Resource, SpaceliftProvider, literal
from spacelift.settings import (
    PUBLIC_REGISTRIES,
    RUNNER_IMAGE,
    STACK_ID,
    SpaceliftSettings,
    address_name,
    labels,
    notification_routes,
    who_approves,
)

TERRAFORM_VERSION = "1.11.0"
"""At least. Write-only arguments and ephemeral variables keep the secrets out of the state."""

POLICIES = Path(__file__).parent / "policies"

_POLICIES = {
    "plan": ("PLAN", "What no plan may do, and what a human must see."),
    "approval": ("APPROVAL", "Who may let a run go on."),
    "push": ("GIT_PUSH", "What a push or a pull request starts."),
    "notification": ("NOTIFICATION", "Who is told that a run needs a human."),
}
"""File name to the policy's type and what it decides."""

_ADMIN_LABELS = ("feature:ignore_runtime_config", "tracked-only")

_ROLES = {
    "reader": ("Sees stacks and runs.", ("SPACE_READ",)),
    "approver": ("Reviews and confirms runs.", ("SPACE_READ", "RUN_REVIEW", "RUN_CONFIRM")),
}
"""The roles of the space. The provider refuses an action that Spacelift does not have, and names
those that it has. Who may trigger a run or a task can run any command, so no role here may."""


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
        self._aws_roles = _aws_roles(settings.aws.read_role)
        self._declared: dict[str, tuple[str, bool]] = {}
        self.notes: list[str] = []
        declare_backend(self, STACK_ID, settings.backend)
        self.add_override("terraform.required_version", f">= {TERRAFORM_VERSION}")
        SpaceliftProvider(self, "provider")
        stacks = {id: platform for id, platform in stacks.items() if settings.delivers(id)}
        self._declare_variables(stacks)

        self._shared_space = settings.space_id or "root"
        self._space = settings.space_id or self._own_space()
        self._roles()
        self._context_id = self._context()
        self._policies = {name: self._policy(name) for name in _POLICIES}
        for suffix, role in self._aws_roles.items():
            self._integration(suffix, role.variable)
        routes = self._notification_routes()
        limits = {id: labels(id, platform, settings) for id, platform in stacks.items()}
        for stack_id, platform in stacks.items():
            self._platform_stack(stack_id, platform, [*limits[stack_id], *routes])
        if settings.self_managed:
            self._this_stack([who_approves(settings, ()), *limits.values()], routes)
        if settings.worker_pool_id is None:
            self.notes.append(
                "spacelift: no drift detection, because it needs a private worker pool; "
                "set spacelift.worker_pool_id in cdktf.json to have it"
            )

    def _declare_variables(self, stacks: Mapping[str, StackSettings]) -> None:
        """The variables of this stack; secrets are ephemeral, so no plan or state holds them."""
        with_password = [id for id, platform in stacks.items() if _has_password(platform)]
        inputs = {id: _inputs(platform) for id, platform in stacks.items() if _inputs(platform)}
        for name, plans, applies in self._aws_roles.values():
            runs = " and ".join(word for word, it in (("plan", plans), ("apply", applies)) if it)
            self._variable(
                name,
                f"IAM role of runs that {runs}; it trusts Spacelift's account with external ids.",
                "string",
                f'can(regex("^arn:aws[a-z-]*:iam::[0-9]{{12}}:role/.+$", var.{name}))',
                "must be the ARN of a role, like arn:aws:iam::123456789012:role/spacelift",
            )
        if self._settings.runner_image is None:
            condition, message = RUNNER_IMAGE.condition, RUNNER_IMAGE.message
            if self._settings.worker_pool_id is None:
                condition += f" && {matches(f'^({PUBLIC_REGISTRIES})/')}"
                message += ", from where public workers pull, as from ghcr.io"
            self._variable(
                "runner_image",
                "The image that runs use, built from spacelift/Dockerfile.",
                "string",
                condition.replace("VALUE", "var.runner_image"),
                message,
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
        self._declared[name] = type, secret
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

    def _own_space(self) -> str:
        """The stacks' own space, which may use what stands in `root`; its id."""
        return Resource(
            self,
            "spacelift_space.platform",
            name="opsfolio-platform",
            description="The stacks of the platform.",
            parent_space_id=self._shared_space,
            inherit_entities=True,
        ).reference

    def _roles(self) -> None:
        """The roles that somebody gets, for the groups that get them."""
        for name, (description, actions) in _ROLES.items():
            groups: Sequence[str] = getattr(self._settings.roles, name)
            if not groups:
                continue
            role = Resource(
                self,
                f"spacelift_role.{name}",
                name=f"opsfolio-{name}",
                description=description,
                actions=actions,
            )
            for group in groups:
                slug = address_name(group)
                mapping = Resource(self, f"spacelift_idp_group_mapping.{slug}", name=group)
                Resource(
                    self,
                    f"spacelift_role_attachment.{name}-{slug}",
                    role_id=role.reference,
                    space_id=self._space,
                    idp_group_mapping_id=mapping.reference,
                )

    def _integration(self, suffix: str, role: str) -> None:
        aws = self._settings.aws
        Resource(
            self,
            f"spacelift_aws_integration.platform{suffix}",
            name=f"opsfolio-platform{suffix}",
            role_arn=f"${{var.{role}}}",
            duration_seconds=aws.duration_seconds,
            generate_credentials_in_worker=aws.generate_credentials_in_worker,
            space_id=self._shared_space,
        )

    def _context(self) -> str:
        """The context with the hooks and Infracost's settings; its id."""
        context_id = Resource(
            self,
            "spacelift_context.platform",
            name="opsfolio-platform",
            description="Synthesizes the stack before Terraform starts; estimates its cost.",
            before_init=hooks.BEFORE_INIT,
            space_id=self._shared_space,
        ).reference
        if self._settings.infracost:
            # A run without an estimate goes on, and the plan policy says that it has none.
            for name, value in (
                ("API_KEY", "${var.infracost_api_key}"),
                ("WARN_ON_FAILURE", "true"),
            ):
                self._environment(
                    f"infracost_{name.lower()}",
                    f"INFRACOST_{name}",
                    value,
                    secret=name == "API_KEY",
                    context_id=context_id,
                )
        return context_id

    def _environment(
        self, address: str, name: str, value: str, *, secret: bool = False, **of: str
    ) -> None:
        """A variable of a stack's or a context's runs.

        A secret nobody may read, and its value, a reference, stays out of the state: Spacelift
        takes a new one when `secrets_version` changes.
        """
        version = str(self._settings.secrets_version)
        Resource(
            self,
            f"spacelift_environment_variable.{address}",
            name=name,
            **({"value_wo": value, "value_wo_version": version} if secret else {"value": value}),
            write_only=secret,
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
            space_id=self._shared_space,
        ).reference

    def _notification_routes(self) -> list[str]:
        """The labels that say where messages about a stack go."""
        wanted, webhook = self._settings.notification, ""
        if wanted.webhook_endpoint:
            webhook = Resource(
                self,
                "spacelift_named_webhook.platform",
                name="opsfolio-platform",
                endpoint=wanted.webhook_endpoint,
                enabled=True,
                retry_on_failure=True,
                space_id=self._shared_space,
            ).reference
        return notification_routes(wanted, webhook)

    def _stack(self, slug: str, labels: Sequence[str], **arguments: Argument) -> str:
        """A stack of this repository, with hooks and policies; its id."""
        settings = self._settings
        vcs = settings.vcs
        # without a block that names one, Spacelift's own GitHub App
        owner = [{"namespace": vcs.namespace}] if vcs.namespace else None
        stack_id = Resource(
            self,
            f"spacelift_stack.{slug}",
            slug=slug,
            name=slug,
            repository=vcs.repository,
            branch=vcs.branch,
            github_enterprise=owner if vcs.type == "github_app" else None,
            gitlab=owner if vcs.type == "gitlab" else None,
            autodeploy=False,
            manage_state=True,
            # Whoever may start one could read every secret of the stack.
            enable_local_preview=False,
            # It would make a tracked run of a branch that nobody has merged.
            allow_run_promotion=False,
            enable_well_known_secret_masking=True,
            protect_from_deletion=settings.protect_from_deletion,
            terraform_smart_sanitization=True,
            runner_image=settings.runner_image or "${var.runner_image}",
            labels=labels,
            worker_pool_id=settings.worker_pool_id,
            **arguments,
        ).reference
        Resource(
            self,
            f"spacelift_context_attachment.{slug}",
            context_id=self._context_id,
            stack_id=stack_id,
        )
        for name, policy_id in self._policies.items():
            if name == "notification":
                continue  # works on its space and those below, on stacks with a notify: label
            Resource(
                self,
                f"spacelift_policy_attachment.{slug}-{name}",
                policy_id=policy_id,
                stack_id=stack_id,
            )
        return stack_id

    def _platform_stack(
        self, slug: str, platform: StackSettings, stack_labels: Sequence[str]
    ) -> None:
        settings = self._settings
        stack_id = self._stack(
            slug,
            stack_labels,
            description=f"CDKTF stack {slug}: planned on every push, applied after approval.",
            terraform_workflow_tool=settings.tool,
            terraform_version=settings.tool_version,
            terraform_external_state_access=settings.drift.external_state or None,
            space_id=self._space,
        )
        for name in ("username", "password") if _has_password(platform) else ():
            value = f'${{var.db_credentials["{slug}"].{name}}}'
            self._environment(
                f"{slug}-db_{name}", f"TF_VAR_db_{name}", value, secret=True, stack_id=stack_id
            )
        for name in _inputs(platform):
            value = f'${{var.inputs["{slug}"].{name}}}'
            self._environment(f"{slug}-{name}", f"TF_VAR_{name}", value, stack_id=stack_id)
        if settings.worker_pool_id is not None:
            Resource(
                self,
                f"spacelift_drift_detection.{slug}",
                stack_id=stack_id,
                schedule=settings.drift.schedule,
                timezone=settings.drift.timezone,
                reconcile=settings.drift.reconcile,
                ignore_state=settings.drift.ignore_state,
            )
        for suffix, role in self._aws_roles.items():
            Resource(
                self,
                f"spacelift_aws_integration_attachment.{slug}{suffix}",
                integration_id=f"${{spacelift_aws_integration.platform{suffix}.id}}",
                stack_id=stack_id,
                read=role.plans,
                write=role.applies,
            )

    def _this_stack(self, limits: Sequence[Sequence[str]], routes: Sequence[str]) -> None:
        """The stack whose runs apply this one.

        Its runs administer the space, so none is for a branch that nobody has merged, and it takes
        the people that the strictest of the stacks takes, whose labels it could change: of several
        numbers of approvals the largest counts.
        """
        people = {label for each in limits for label in each if label.startswith("approvals:")}
        people |= {"author-may-approve"}.intersection(*limits)
        stack_id = self._stack(
            STACK_ID,
            sorted({*people, *routes, *_ADMIN_LABELS}),
            description="This account's stacks, policies and roles for the platform, as code.",
            terraform_workflow_tool="OPEN_TOFU",
            terraform_version=TERRAFORM_VERSION,
            space_id=self._shared_space,
        )
        self.add_override("data.spacelift_role.space_admin.slug", "space-admin")
        Resource(
            self,
            f"spacelift_role_attachment.{STACK_ID}",
            role_id="${data.spacelift_role.space_admin.id}",
            space_id=self._shared_space,
            stack_id=stack_id,
        )
        for name, (type, secret) in self._declared.items():
            value = f"${{var.{name}}}" if type == "string" else f"${{jsonencode(var.{name})}}"
            address = f"{STACK_ID}-{name}"
            self._environment(address, f"TF_VAR_{name}", value, secret=secret, stack_id=stack_id)


class _AwsRole(NamedTuple):
    """A role that runs take: the variable with its ARN, and what for."""

    variable: str
    plans: bool
    applies: bool


def _aws_roles(read_role: bool) -> dict[str, _AwsRole]:
    """The roles, by the ending of the names of what has to do with them.

    Spacelift asks for the read role when it plans and for the write role when it applies, and ends
    the external id in that word.
    """
    reads = {"-read": _AwsRole("aws_read_role_arn", plans=True, applies=False)}
    return {
        "": _AwsRole("aws_role_arn", plans=not read_role, applies=True),
        **(reads if read_role else {}),
    }


def _has_password(platform: StackSettings) -> bool:
    """Whether the database's password is a variable, not RDS' own secret."""
    return "db_password" in platform.required_variables


def _inputs(platform: StackSettings) -> list[str]:
    """The variables without a default that are not secrets."""
    return [name for name in platform.required_variables if name != "db_password"]


def _sentence(inputs: Mapping[str, Sequence[str]]) -> str:
    return " and ".join(f"{', '.join(names)} of {id}" for id, names in inputs.items())
