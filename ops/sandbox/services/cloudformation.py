"""CloudFormation: stacks that make a secret.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends


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
    ) -> StackSecret:
        properties = cloudformation_json["Properties"]
        backend = secretsmanager_backends[account_id][region_name]
        how = properties["GenerateSecretString"]
        generated = json.loads(
            backend.get_random_password(
                password_length=int(how.get("PasswordLength", 32)),
                exclude_characters=how.get("ExcludeCharacters", ""),
                exclude_numbers=how.get("ExcludeNumbers", False),
                exclude_punctuation=how.get("ExcludePunctuation", False),
                exclude_uppercase=how.get("ExcludeUppercase", False),
                exclude_lowercase=how.get("ExcludeLowercase", False),
                include_space=how.get("IncludeSpace", False),
                require_each_included_type=how.get("RequireEachIncludedType", True),
            )
        )
        secret = json.loads(
            backend.create_secret(
                name=resource_name,
                secret_string=generated["RandomPassword"],
                secret_binary=None,
                description=properties.get("Description"),
                tags=[],
                kms_key_id=properties.get("KmsKeyId"),
                client_request_token=None,
                replica_regions=[],
                force_overwrite=False,
            )
        )
        return cls(secret["ARN"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: StackSecret,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> StackSecret:
        """The value stays: AWS makes another one only when GenerateSecretString changes."""
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        backend = secretsmanager_backends[account_id][region_name]
        backend.delete_secret(resource_name, None, True)

    def is_created(self) -> bool:
        return True
