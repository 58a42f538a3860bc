"""Checks of a security scanner that a resource fails on purpose, and why."""

from cdktf import TerraformElement


def skip_check(resource: TerraformElement, check: str, reason: str) -> None:
    """Record in the synthesized JSON that `check` (a Checkov id) does not apply to `resource`.

    Checkov reads no comments in Terraform JSON: it stands in the resource's comment key, which
    Terraform ignores, and tests/checkov reads it there.
    """
    resource.add_override(f"//.skip.{check}", reason)
