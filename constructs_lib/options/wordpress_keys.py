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

from constructs_lib import aws
from constructs_lib.alerts import Alerts
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.wordpress import KEYS, key_variable

VALUE_LENGTH = 64


class WordpressKeys(Part):
    """The eight secrets.

    Attributes:
        arns: variable of the container to the ARN of its secret.
    """

    def __init__(self, stack: PlatformStack, alerts: Alerts | None) -> None:
        super().__init__(stack)
        key_arn = stack.keys.arn("secrets")
        template = {
            "Description": "Keys and salts of WordPress, which no one needs to know",
            "Resources": {
                _logical_id(name): {
                    "Type": "AWS::SecretsManager::Secret",
                    "Properties": {
                        "Description": f"{name} of WordPress, {self.project}",
                        "GenerateSecretString": {
                            "PasswordLength": VALUE_LENGTH,
                            "ExcludePunctuation": True,
                        },
                        **({"KmsKeyId": key_arn} if key_arn else {}),
                    },
                }
                for name in KEYS
            },
            "Outputs": {_logical_id(name): {"Value": {"Ref": _logical_id(name)}} for name in KEYS},
        }
        secrets = aws.CloudformationStack(
            self,
            "aws_cloudformation_stack.wordpress_keys",
            name=f"{self.project}-wordpress-keys",
            template_body=Fn.jsonencode(template),
            on_failure="DELETE",
            notification_arns=[alerts.topic_arn] if alerts else None,
            tags={"Name": f"{self.project}-wordpress-keys"},
        )
        self.arns = {
            key_variable(name): Fn.lookup(secrets.outputs, _logical_id(name)) for name in KEYS
        }


def _logical_id(name: str) -> str:
    """`SECURE_AUTH_KEY` as CloudFormation wants it: SecureAuthKey."""
    return name.replace("_", " ").title().replace(" ", "")
