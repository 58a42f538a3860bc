"""Fixtures of the Spacelift tests."""

import os
import shutil
from pathlib import Path

import pytest

from tests.spacelift import plans as plan_documents
from tests.spacelift.plans import PlanDocuments


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> PlanDocuments:
    """The plan documents, made once for all test processes."""
    if shutil.which("terraform") is None and shutil.which("tofu") is None:
        message = "needs terraform or tofu on PATH, to make plan documents"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    shared: Path = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "spacelift-plans"
    folder.mkdir(exist_ok=True)
    return plan_documents.make(folder)
