"""The plan documents, as the policies' tests have them."""

from tests.spacelift.conftest import plans

__all__ = ["plans"]
