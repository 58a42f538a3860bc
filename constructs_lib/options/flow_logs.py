"""VPC flow logs: who talked to whom, accepted or rejected, in a log group of their own.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
"""

from __future__ import annotations

from cdktf import Fn

from constructs_lib import aws, iam
from constructs_lib.part import Part, PlatformStack
from constructs_lib.vpc import Network


class FlowLogs(Part):
    """The flow log, its log group, and the role that may write there."""

    def __init__(self, stack: PlatformStack, network: Network, retention_days: int) -> None:
        super().__init__(stack)
        group = aws.CloudwatchLogGroup(
            self,
            "aws_cloudwatch_log_group.flow_logs",
            name=f"/vpc/{self.project}",
            retention_in_days=retention_days,
            kms_key_id=stack.keys.arn("logs"),
            tags={"Name": f"{self.project}-flow-logs"},
        )
        role = aws.IamRole(
            self,
            "aws_iam_role.flow_logs",
            name=f"{self.project}-flow-logs",
            assume_role_policy=iam.trust("vpc-flow-logs"),
        )
        write = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        aws.IamRolePolicy(
            self,
            "aws_iam_role_policy.flow_logs",
            name="write-flow-logs",
            role=role.name,
            policy=Fn.jsonencode(iam.document(iam.allow(write, f"{group.arn}:*"))),
        )
        aws.FlowLog(
            self,
            "aws_flow_log.main",
            vpc_id=network.vpc_id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": f"{self.project}-flow-log"},
        )
