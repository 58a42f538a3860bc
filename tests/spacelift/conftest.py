"""Fixtures of the Spacelift tests."""

import os

import pytest

from tests.programs import skip_without_terraform
from tests.spacelift import plans as documents
from tests.spacelift.plans import PlanDocuments


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> PlanDocuments:
    """The plan documents, made once for all test processes."""
    skip_without_terraform()
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "spacelift-plans"
    folder.mkdir(exist_ok=True)
    return documents.make(folder)
