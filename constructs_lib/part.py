"""What every construct of the platform starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

if TYPE_CHECKING:
    from constructs_lib.platform import ResiliencePlatform


class Part(Construct):
    """A part of the platform.

    Attributes:
        variables: what a user changes at plan time.
        project: prefix of every name.
    """

    def __init__(self, stack: ResiliencePlatform) -> None:
        super().__init__(stack, type(self).__name__)
        self.variables = stack.variables
        self.project = stack.project
