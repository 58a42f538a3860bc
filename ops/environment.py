"""What of the inherited environment a part of this program may see.

A developer's shell carries credentials, profiles and Terraform arguments of real accounts. What
runs in the sandbox must not find them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

_OF_REAL_ACCOUNTS = ("AWS_", "TF_", "TOFU_")


def clean_environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without anything that names an AWS account or steers Terraform."""
    inherited = os.environ if inherited is None else inherited
    return {
        name: value for name, value in inherited.items() if not name.startswith(_OF_REAL_ACCOUNTS)
    }


@contextlib.contextmanager
def aws_settings_hidden() -> Iterator[None]:
    """Takes the `AWS_*` variables out of this process, and puts them back."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
