"""CloudFormation: stacks that make a secret.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
"""

import json
from typing import Any, Self

from botocore import xform_name
from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends

from ops.sandbox.services import DEFAULTS


class StackSecret(CloudFormationModel):
    """A secret that a CloudFormation stack makes; moto finds it by being a subclass."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Self:
        properties = cloudformation_json["Properties"]
        defaults = DEFAULTS["GenerateSecretString"]
        how = {**defaults, **properties["GenerateSecretString"]}
        how["PasswordLength"] = int(how["PasswordLength"])  # a template may hold it as text
        backend = secretsmanager_backends[account_id][region_name]
        generated = backend.get_random_password(
            **{xform_name(name): how[name] for name in defaults}
        )
        secret = backend.create_secret(
            name=resource_name,
            secret_string=json.loads(generated)["RandomPassword"],
            secret_binary=None,
            description=properties.get("Description"),
            tags=[],
            kms_key_id=properties.get("KmsKeyId"),
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(secret)["ARN"])

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Self, *args: Any, **kwargs: Any
    ) -> Self:
        """The value stays: AWS makes another one only when GenerateSecretString changes."""
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        secretsmanager_backends[account_id][region_name].delete_secret(resource_name, None, True)
