"""The AWS account that a stack is deployed to, looked up at most once."""

from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib.addresses import pinned


class Account:
    """Knows the account's id; the data source belongs to the first construct that asks."""

    def __init__(self) -> None:
        self._id: str | None = None

    def id_for(self, scope: Construct) -> str:
        """The account's id, as a reference."""
        if self._id is None:
            self._id = pinned("current", DataAwsCallerIdentity(scope, "account")).account_id
        return self._id
