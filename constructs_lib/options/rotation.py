"""When RDS rotates the master password, and new tasks whenever it has.

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

from constructs_lib import aws, iam
from constructs_lib.ecs import Containers
from constructs_lib.part import Part, PlatformStack
from constructs_lib.rds import Database
from constructs_lib.settings.database import RotationSettings

PASSWORD_RESET = "RDS-EVENT-0016"


class RotationSchedule(Part):
    """The hours in which RDS may rotate, instead of every 7 days at any hour.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_managed.html
    """

    def __init__(self, stack: PlatformStack, settings: RotationSettings, secret_arn: str) -> None:
        super().__init__(stack)
        aws.SecretsmanagerSecretRotation(
            self,
            "aws_secretsmanager_secret_rotation.password",
            secret_id=secret_arn,
            # the password is new when this is made: no need to end it at once
            rotate_immediately=False,
            rotation_rules=aws.SecretsmanagerSecretRotationRotationRules(
                schedule_expression=settings.cron, duration=f"{settings.window_hours}h"
            ),
        )


class RedeployAfterRotation(Part):
    """The events, the runbook they start, and the role it works with."""

    def __init__(self, stack: PlatformStack, containers: Containers, database: Database) -> None:
        super().__init__(stack)
        name = f"{self.project}-redeploy"
        role = self.role("redeploy", "events", "ssm")
        step = {
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
        does = "Replaces the tasks, which then read their secrets anew"
        about = {"schemaVersion": "0.3", "description": does}
        runbook = aws.SsmDocument(
            self,
            "aws_ssm_document.redeploy",
            name=name,
            document_type="Automation",
            document_format="JSON",
            content=Fn.jsonencode({**about, "assumeRole": role.arn, "mainSteps": [step]}),
            tags={"Name": name},
        )
        region, account = stack.variables.aws_region, stack.account_id
        definition = f"arn:aws:ssm:{region}:{account}:automation-definition/{runbook.name}"
        to_ssm = {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
        self.grant(
            "redeploy",
            role,
            "redeploy",
            iam.allow(["ecs:UpdateService"], containers.service.id),
            iam.allow(["ssm:StartAutomationExecution"], f"{definition}:*"),
            iam.allow(["iam:PassRole"], role.arn, to_ssm),
        )
        secret = {"SecretId": [database.secret_arn]}
        success = {"eventName": ["RotationSucceeded"], "additionalEventData": secret}
        rotated = {"source": ["aws.secretsmanager"], "detail": success}
        event = {"EventID": [PASSWORD_RESET]}
        reset = {"source": ["aws.rds"], "resources": [database.arn], "detail": event}
        rule = aws.CloudwatchEventRule(
            self,
            "aws_cloudwatch_event_rule.password_rotated",
            name=f"{self.project}-password-rotated",
            description="RDS has rotated the database's master password.",
            event_pattern=Fn.jsonencode({"$or": [rotated, reset]}),
        )
        aws.CloudwatchEventTarget(
            self,
            "aws_cloudwatch_event_target.password_rotated",
            rule=rule.name,
            arn=f"{definition}:$DEFAULT",
            role_arn=role.arn,
        )
