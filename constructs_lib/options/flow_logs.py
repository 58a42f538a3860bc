"""VPC flow logs: who talked to whom, accepted or rejected, in a log group of their own.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
"""

from constructs_lib import aws, iam
from constructs_lib.part import Part, PlatformStack
from constructs_lib.vpc import Network


class FlowLogs(Part):
    """The flow log, its log group, and the role that may write there."""

    def __init__(self, stack: PlatformStack, network: Network, retention_days: int) -> None:
        super().__init__(stack)
        group = self.log_group("flow_logs", f"/vpc/{self.project}", retention_days, "flow-logs")
        role = self.role("flow_logs", "vpc-flow-logs")
        write = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        self.grant("flow_logs", role, "write-flow-logs", iam.allow(write, f"{group.arn}:*"))
        aws.FlowLog(
            self,
            "aws_flow_log.main",
            vpc_id=network.vpc_id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": f"{self.project}-flow-log"},
        )
