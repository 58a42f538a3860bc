"""The base of the platform's stack and of its parts, which find on the stack what they share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from constructs import Construct

from constructs_lib import aws
from constructs_lib.addresses import AddressedStack
from constructs_lib.settings import StackSettings

if TYPE_CHECKING:  # both import this module
    from constructs_lib.options.encryption_keys import EncryptionKeys
    from constructs_lib.variables import Variables


class PlatformStack(AddressedStack):
    """The stack as its parts see it.

    Attributes:
        settings: what shapes the stack.
        variables: what a user changes at plan time.
        keys: the customer-managed keys, where the settings ask for them.
    """

    settings: StackSettings
    variables: Variables
    keys: EncryptionKeys

    @cached_property
    def account_id(self) -> str:
        """Id of the AWS account that the stack is deployed to, looked up where it is needed."""
        return aws.DataAwsCallerIdentity(self, "data.aws_caller_identity.current").account_id


class Part(Construct):
    """A part of the platform, one of each in a stack.

    Attributes:
        stack: the stack it belongs to, with settings, variables and keys.
        project: what every name begins with.
    """

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack, type(self).__name__)
        self.stack = stack
        self.project = stack.variables.project_name
