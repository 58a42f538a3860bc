"""Spacelift's provider and its resources, as CDKTF elements.

Bindings made by `cdktf get` would need the provider's schema from the network and would slow every
synth down. So one class serves for all types, with the provider's own argument names, and a test
compares what comes out with the provider's schema.

https://registry.terraform.io/providers/spacelift-io/spacelift/latest/docs
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cdktf import TerraformProvider, TerraformProviderGeneratorMetadata, TerraformResource
from constructs import Construct

PROVIDER_SOURCE = "spacelift-io/spacelift"
PROVIDER_VERSION = "~> 1.53"

Argument: TypeAlias = str | bool | int | Sequence[str] | Sequence[Mapping[str, str]] | None


def literal(text: str) -> str:
    """`text` with everything escaped that Terraform would read as a template."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _metadata() -> TerraformProviderGeneratorMetadata:
    return TerraformProviderGeneratorMetadata(
        provider_name="spacelift", provider_version=PROVIDER_VERSION
    )


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


class Resource(TerraformResource):
    """A resource of Spacelift's provider.

    Args:
        address: its Terraform address, `spacelift_stack.<slug>`, which says the type too.
        arguments: as the provider names them. None leaves one out; a string is written as it is,
            so that `${...}` in it is Terraform's; a nested block is a list of its arguments.

    Attributes:
        reference: the resource's id, for another resource's argument.
    """

    def __init__(self, scope: Construct, address: str, **arguments: Argument) -> None:
        super().__init__(
            scope,
            address,
            terraform_resource_type=address.partition(".")[0],
            terraform_generator_metadata=_metadata(),
        )
        # jsii takes lists, no other sequences
        self._arguments: dict[str, object] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in arguments.items()
            if value is not None
        }
        self.reference = f"${{{address}.id}}"

    def _synthesize_attributes(self) -> dict[str, object]:
        return self._arguments
