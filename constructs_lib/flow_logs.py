"""VPC flow logs: who talked to whom, accepted or rejected, in a log group of their own.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
"""

from cdktf import Fn
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.flow_log import FlowLog
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from constructs_lib import iam
from constructs_lib.addresses import pinned
from constructs_lib.kms import Keys
from constructs_lib.variables import Variables


class FlowLogs(Construct):
    """The flow log, its log group, and the role that may write there."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        variables: Variables,
        vpc_id: str,
        retention_days: int,
        keys: Keys,
    ) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        group = pinned(
            "flow_logs",
            CloudwatchLogGroup(
                self,
                "log-group",
                name=f"/vpc/{project}",
                retention_in_days=retention_days,
                kms_key_id=keys.arn("logs"),
                tags={"Name": f"{project}-flow-logs"},
            ),
        )
        role = pinned(
            "flow_logs",
            IamRole(
                self,
                "role",
                name=f"{project}-flow-logs",
                assume_role_policy=iam.trust("vpc-flow-logs"),
            ),
        )
        write = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        pinned(
            "flow_logs",
            IamRolePolicy(
                self,
                "policy",
                name="write-flow-logs",
                role=role.name,
                policy=Fn.jsonencode(iam.document(iam.allow(write, f"{group.arn}:*"))),
            ),
        )
        pinned(
            "main",
            FlowLog(
                self,
                "flow-log",
                vpc_id=vpc_id,
                traffic_type="ALL",
                log_destination=group.arn,
                iam_role_arn=role.arn,
                tags={"Name": f"{project}-flow-log"},
            ),
        )
