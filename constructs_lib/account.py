"""The AWS account that a stack is deployed to, looked up at most once."""

from __future__ import annotations

from constructs import Construct

from constructs_lib import aws


class Account:
    """Knows the account's id; the data source belongs to the first construct that asks."""

    def __init__(self) -> None:
        self._id: str | None = None

    def id_for(self, scope: Construct) -> str:
        """The account's id, as a reference."""
        if self._id is None:
            identity = aws.DataAwsCallerIdentity(scope, "data.aws_caller_identity.current")
            self._id = identity.account_id
        return self._id
