"""The topic that alarms, budgets and AWS's own events go to, and who hears of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from hashlib import sha256

from cdktf import Fn

from constructs_lib import aws, iam
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings import StackSettings

PUBLISHERS = {
    "CloudWatch": "cloudwatch",
    "Budgets": "budgets",
    "CostAnomalyDetection": "costalerts",
    "RdsEvents": "events.rds",
}
"""Statement id to the service principal that publishes alerts (RDS: with `database_events`).
CloudFormation publishes as whoever calls it, so it needs no statement.
https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html"""


def publishers(settings: StackSettings) -> dict[str, str]:
    """Those of a stack: EventBridge has something to tell where AWS Backup works."""
    return PUBLISHERS | ({"FailedBackups": "events"} if settings.backed_up else {})


def alarm_name(project: str, alarm: str) -> str:
    """What AWS calls an alarm, here so that what the alarms are about may name them too."""
    return f"{project}-{alarm.replace('_', '-')}"


class Alerts(Part):
    """The SNS topic, who may publish to it, and the e-mail subscription if there is an address.

    Attributes:
        topic_arn: what alarms, budgets and the anomaly detection publish to.
        policy: must exist before a publisher checks that it may publish.
    """

    def __init__(self, stack: PlatformStack) -> None:
        super().__init__(stack)
        topic = aws.SnsTopic(
            self,
            "aws_sns_topic.alerts",
            name=f"{self.project}-alerts",
            kms_master_key_id=stack.keys.arn("alerts"),
        )
        self.topic_arn = topic.arn
        ours = {"StringEquals": {"aws:SourceAccount": stack.account_id}}
        # EventBridge names the rule, not the account
        rule = f"arn:aws:events:*:{stack.account_id}:rule/{self.project}-*"
        rules = {"ArnLike": {"aws:SourceArn": rule}}
        statements = [
            iam.allow_service(
                name, who, "sns:Publish", topic.arn, **(rules if who == "events" else ours)
            )
            for name, who in publishers(stack.settings).items()
        ]
        self.policy = aws.SnsTopicPolicy(
            self,
            "aws_sns_topic_policy.alerts",
            arn=topic.arn,
            policy=Fn.jsonencode(iam.document(*statements)),
        )
        email = aws.SnsTopicSubscription(
            self,
            "aws_sns_topic_subscription.email",
            topic_arn=topic.arn,
            protocol="email",
            endpoint=stack.variables.alarm_email,
        )
        # Whether there is an address is known at plan time only, and count takes a number in Python
        address = stack.variables.expression("alarm_email")
        email.add_override("count", f'${{{address} == "" ? 0 : 1}}')
        monitoring = stack.settings.monitoring
        for endpoint in monitoring.subscriptions if monitoring else ():
            aws.SnsTopicSubscription(
                self,
                # not numbered: a list in another order would replace them
                f"aws_sns_topic_subscription.to_{sha256(endpoint.encode()).hexdigest()[:8]}",
                topic_arn=topic.arn,
                protocol="https" if "://" in endpoint else "email",
                endpoint=endpoint,
            )
