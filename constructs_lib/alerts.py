"""The topic that alarms, budgets and AWS's own events go to, and who hears of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

from cdktf import Fn

from constructs_lib import aws, iam
from constructs_lib.part import Part, PlatformStack

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
        ours = {"aws:SourceAccount": stack.account_id}
        statements = [
            iam.allow_service(name, service, "sns:Publish", topic.arn, StringEquals=ours)
            for name, service in PUBLISHERS.items()
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
