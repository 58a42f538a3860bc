"""WordPress' keys and salts: made by AWS, kept in Secrets Manager, shared by all tasks.

Without them the image invents a set in every container, and a login made on one task is unknown to
the next.

Terraform never sees the values. Its own ways to make them (a random password as a resource or a
data source) put them into the state, and write-only arguments need Terraform 1.11. So a
CloudFormation stack holds the eight secrets: Secrets Manager generates a value for each, and the
stack returns their ARNs only.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
"""

from cdktf import Fn
from cdktf_cdktf_provider_aws.cloudformation_stack import CloudformationStack
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.kms import Keys
from constructs_lib.variables import Variables

NAMES = tuple(
    f"{scheme}_{part}"
    for part in ("KEY", "SALT")
    for scheme in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
)
"""https://developer.wordpress.org/advanced-administration/wordpress/wp-config/#security-keys"""

VALUE_LENGTH = 64


class WordpressKeys(Construct):
    """The eight secrets.

    Attributes:
        arns: variable of the container (WORDPRESS_AUTH_KEY, …) to the ARN of its secret.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        variables: Variables,
        keys: Keys,
        alerts_topic_arn: str | None,
    ) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        key_arn = keys.arn("secrets")
        template = {
            "Description": "Keys and salts of WordPress, which no one needs to know",
            "Resources": {
                _logical_id(name): {
                    "Type": "AWS::SecretsManager::Secret",
                    "Properties": {
                        "Description": f"{name} of WordPress, {project}",
                        "GenerateSecretString": {
                            "PasswordLength": VALUE_LENGTH,
                            "ExcludePunctuation": True,
                        },
                        **({"KmsKeyId": key_arn} if key_arn else {}),
                    },
                }
                for name in NAMES
            },
            "Outputs": {_logical_id(name): {"Value": {"Ref": _logical_id(name)}} for name in NAMES},
        }
        stack = pinned(
            "wordpress_keys",
            CloudformationStack(
                self,
                "stack",
                name=f"{project}-wordpress-keys",
                template_body=Fn.jsonencode(template),
                on_failure="DELETE",
                notification_arns=[alerts_topic_arn] if alerts_topic_arn else None,
                tags={"Name": f"{project}-wordpress-keys"},
            ),
        )
        self.arns = {
            f"WORDPRESS_{name}": Fn.lookup(stack.outputs, _logical_id(name)) for name in NAMES
        }


def _logical_id(name: str) -> str:
    """`SECURE_AUTH_KEY` as CloudFormation wants it: SecureAuthKey."""
    return name.replace("_", " ").title().replace(" ", "")
