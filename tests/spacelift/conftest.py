"""Fixtures of the Spacelift tests."""

import pytest

from tests.programs import skip_without_terraform
from tests.spacelift import plans as documents
from tests.spacelift.plans import PlanDocuments


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> PlanDocuments:
    """The plan documents, made once for all test processes."""
    skip_without_terraform()
    return documents.made(tmp_path_factory)
