"""providers.tf: the versions Terraform must have, the state backend and the AWS provider."""

import os

from cdktf import LocalBackend, S3Backend, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags

from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.backend import LocalBackendSettings, S3BackendSettings

TERRAFORM_VERSION = ">= 1.3.0"
S3_LOCKFILE_TERRAFORM_VERSION = ">= 1.10.0"
"""The first version whose S3 backend locks without DynamoDB (OpenTofu too).
https://developer.hashicorp.com/terraform/language/backend/s3#state-locking"""


def declare_backend(
    stack: TerraformStack, stack_id: str, backend: LocalBackendSettings | S3BackendSettings
) -> str:
    """Says where `stack` keeps its state, and returns which versions of Terraform can do that."""
    # https://docs.spacelift.io/concepts/configuration/environment#computed-values
    if "TF_VAR_spacelift_run_id" in os.environ:
        # Spacelift writes its own backend file and fails if there is another; CDKTF adds a local
        # one to every stack that has none, which this takes out again.
        stack.add_override("terraform.backend", None)
        return TERRAFORM_VERSION
    if isinstance(backend, S3BackendSettings):
        S3Backend(
            stack,
            bucket=backend.bucket,
            key=backend.key or f"{stack_id}/terraform.tfstate",
            region=backend.region,
            encrypt=True,
        )
        stack.add_override("terraform.backend.s3.use_lockfile", True)
        return S3_LOCKFILE_TERRAFORM_VERSION
    # cdktf runs Terraform in cdktf.out/stacks/<id>, which is disposable: the state goes beside
    # cdktf.json, where CDKTF itself would put it with an absolute path.
    LocalBackend(stack, path=f"../../../terraform.{stack_id}.tfstate")
    return TERRAFORM_VERSION


def default_tags(stack: PlatformStack) -> list[AwsProviderDefaultTags] | None:
    """Of every resource, in every region."""
    ours = {"Project": stack.variables.project_name, "Stack": stack.node.id, "ManagedBy": "cdktf"}
    tags = {**stack.settings.tags, **(ours if stack.settings.default_tags else {})}
    return [AwsProviderDefaultTags(tags=tags)] if tags else None


class Providers(Part):
    """The terraform block and the AWS provider; every resource gets the default tags, if set.

    The tags are what the budget, the anomaly monitor and the clean-up check find the project by:
    Project (the project's name), Stack (the stack id) and ManagedBy.
    """

    def __init__(self, stack: PlatformStack, stack_id: str) -> None:
        super().__init__(stack)
        settings = stack.settings
        region, tags = stack.variables.aws_region, default_tags(stack)
        AwsProvider(self, "aws", region=region, default_tags=tags)
        versions = declare_backend(stack, stack_id, settings.backend)
        stack.add_override("terraform.required_version", versions)
        stack.add_override("terraform.required_providers.aws.source", "hashicorp/aws")
        version = f"~> {settings.provider_version}.0"
        stack.add_override("terraform.required_providers.aws.version", version)
