"""Fixtures of the exercise code: a fresh sandbox, and clients that see it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ops.sandbox.server import Sandbox

# A developer's profile must neither help nor hinder a test.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]

Client = Callable[..., Any]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    from ops.sandbox.server import Sandbox  # takes a second, which not every test here needs

    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Makes a boto3 client of a service in the sandbox, which never retries."""
    return partial(sandbox.client, attempts=1)
