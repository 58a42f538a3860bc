"""New tasks whenever RDS has rotated the master password.

Tasks read secrets at their start only, so from a rotation on, running tasks cannot log in to the
database. An event starts an Automation runbook, which makes ECS replace them. There are two events
for the same rotation, because Secrets Manager's reaches EventBridge only in accounts with a
CloudTrail trail; a second replacement does no harm. Should both be lost, the health check fails
(it needs the database) and ECS replaces the tasks too, some minutes later.

A runbook, not a function: no code of ours runs, and nothing has to be patched.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-eventbridge.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-executeawsapi.html
"""

from cdktf import Fn
from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.ssm_document import SsmDocument
from constructs import Construct

from constructs_lib import iam
from constructs_lib.account import Account
from constructs_lib.addresses import pinned
from constructs_lib.ecs import Containers
from constructs_lib.variables import Variables

PASSWORD_RESET = "RDS-EVENT-0016"


class RedeployAfterRotation(Construct):
    """The events, the runbook they start, and the role it works with."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        variables: Variables,
        account: Account,
        containers: Containers,
        database_arn: str,
        secret_arn: str,
    ) -> None:
        super().__init__(scope, id)
        name = f"{variables.project_name}-redeploy"
        role = pinned(
            "redeploy",
            IamRole(self, "role", name=name, assume_role_policy=iam.trust("events", "ssm")),
        )
        runbook = pinned(
            "redeploy",
            SsmDocument(
                self,
                "runbook",
                name=name,
                document_type="Automation",
                document_format="JSON",
                content=Fn.jsonencode(
                    {
                        "schemaVersion": "0.3",
                        "description": "Replaces the tasks, which then read their secrets anew",
                        "assumeRole": role.arn,
                        "mainSteps": [
                            {
                                "name": "redeploy",
                                "action": "aws:executeAwsApi",
                                "maxAttempts": 5,
                                "inputs": {
                                    "Service": "ecs",
                                    "Api": "UpdateService",
                                    "cluster": containers.cluster_name,
                                    "service": containers.service_name,
                                    "forceNewDeployment": True,
                                },
                            }
                        ],
                    }
                ),
                tags={"Name": name},
            ),
        )
        region, account_id = variables.aws_region, account.id_for(self)
        definition = f"arn:aws:ssm:{region}:{account_id}:automation-definition/{runbook.name}"
        pinned(
            "redeploy",
            IamRolePolicy(
                self,
                "policy",
                name="redeploy",
                role=role.name,
                policy=Fn.jsonencode(
                    iam.document(
                        iam.allow(["ecs:UpdateService"], containers.service.id),
                        iam.allow(["ssm:StartAutomationExecution"], f"{definition}:*"),
                        iam.allow(
                            ["iam:PassRole"],
                            role.arn,
                            {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
                        ),
                    )
                ),
            ),
        )
        rule = pinned(
            "password_rotated",
            CloudwatchEventRule(
                self,
                "rotated",
                name=f"{variables.project_name}-password-rotated",
                description="RDS has rotated the database's master password.",
                event_pattern=Fn.jsonencode(
                    {
                        "$or": [
                            {
                                "source": ["aws.secretsmanager"],
                                "detail": {
                                    "eventName": ["RotationSucceeded"],
                                    "additionalEventData": {"SecretId": [secret_arn]},
                                },
                            },
                            {
                                "source": ["aws.rds"],
                                "resources": [database_arn],
                                "detail": {"EventID": [PASSWORD_RESET]},
                            },
                        ]
                    }
                ),
            ),
        )
        pinned(
            "password_rotated",
            CloudwatchEventTarget(
                self,
                "target",
                rule=rule.name,
                arn=f"{definition}:$DEFAULT",
                role_arn=role.arn,
            ),
        )
