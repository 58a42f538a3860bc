"""Where Terraform keeps the state."""

from typing import Annotated, Literal

from pydantic import Field

from constructs_lib.settings.types import Group, Region, setting, text

_BUCKET = text(
    "3 to 63 lower-case letters, digits, dots and hyphens",
    r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    verb="have",
)
_KEY = text("an object's name without / at its ends", r"^[^/](.*[^/])?$")


class S3BackendSettings(Group):
    """State in S3 with its native lock file; needs Terraform or OpenTofu >= 1.10."""

    type: Literal["s3"] = Field(description="in S3, with its native lock file")
    bucket: Annotated[str, _BUCKET] = Field(description="with type s3; must exist")
    region: Region = Field(description="of the bucket")
    key: Annotated[str, _KEY] | None = setting(None, "default: <stack id>/terraform.tfstate")


class LocalBackendSettings(Group):
    """State in a file beside cdktf.json, as CDKTF's own default, but not as an absolute path."""

    type: Literal["local"] = setting("local", "in terraform.<stack id>.tfstate beside cdktf.json")


Backend = Annotated[LocalBackendSettings | S3BackendSettings, Field(discriminator="type")]
