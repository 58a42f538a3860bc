"""What AWS Fault Injection Service may break: a zone, when a drill starts the experiment.

The zone's subnets are cut off, and the database fails over if its primary is there. ECS is told
nothing, as the load balancer has to find out by itself; the zone's tasks are stopped minutes later,
since AWS in the end sees the machines of a lost zone die.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
https://docs.aws.amazon.com/fis/latest/userguide/targets.html
https://docs.aws.amazon.com/fis/latest/userguide/monitoring-logging.html
"""

from __future__ import annotations

from constructs_lib import aws, iam
from constructs_lib.alb import LoadBalancer
from constructs_lib.part import Part, PlatformStack

TARGETS = {"Subnets": "aws:ec2:subnet", "DBInstances": "aws:rds:db", "Tasks": "aws:ecs:task"}

READS_AND_LOGS = (
    "ec2:DescribeManagedPrefixLists ec2:DescribeNetworkAcls ec2:DescribeSubnets ec2:DescribeVpcs "
    "ec2:GetManagedPrefixListEntries ecs:DescribeTasks ecs:ListTasks rds:DescribeDBInstances "
    "tag:GetResources logs:CreateLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies "
    "logs:PutResourcePolicy"
)


class FaultInjection(Part):
    """An experiment template for each zone, its role and log group, and what ends it early."""

    def __init__(self, stack: PlatformStack, load_balancer: LoadBalancer) -> None:
        super().__init__(stack)
        name = f"{self.project}-fault-injection"
        days = stack.settings.container.log_retention_days
        group = self.log_group("fault_injection", f"/fis/{self.project}", days)
        role = self.role("fault_injection", "fis")
        self.grant("fault_injection", role, "cut-a-zone-off", *_permissions(self.project))
        alarm = aws.CloudwatchMetricAlarm(
            self,
            "aws_cloudwatch_metric_alarm.fault_injection",
            alarm_name=name,
            alarm_description="No task is healthy: ends a fault injection, and tells nobody.",
            namespace="AWS/ApplicationELB",
            metric_name="HealthyHostCount",
            dimensions=load_balancer.dimensions,
            statistic="Maximum",
            comparison_operator="LessThanThreshold",
            threshold=1,
            evaluation_periods=5,  # a failover replaces all tasks in less
            period=60,
            treat_missing_data="breaching",
        )
        for number, zone in enumerate(stack.variables.availability_zones, start=1):
            aws.FisExperimentTemplate(
                self,
                f"aws_fis_experiment_template.zone_{number}",
                description=f"Cuts zone {number} of {self.project} off.",
                role_arn=role.arn,
                action=[
                    # longer than any recovery that the model computes for a stack of cdktf.json
                    _action(
                        "network:disrupt-connectivity", "Subnets", scope="all", duration="PT10M"
                    ),
                    _action("rds:reboot-db-instances", "DBInstances", forceFailover="true"),
                    _action("fis:wait", duration="PT5M"),
                    _action("ecs:stop-task", "Tasks", after=["wait"]),
                ],
                target=[
                    aws.FisExperimentTemplateTarget(
                        name=target,
                        resource_type=kind,
                        resource_tag=[{"key": "Project", "value": self.project}],
                        filter=[{"path": "AvailabilityZone", "values": [zone]}],
                        selection_mode="ALL",
                    )
                    for target, kind in TARGETS.items()
                ],
                # such as the database, when its primary is in another zone
                experiment_options={"empty_target_resolution_mode": "skip"},
                stop_condition=[{"source": "aws:cloudwatch:alarm", "value": alarm.arn}],
                log_configuration={
                    "log_schema_version": 2,
                    "cloudwatch_logs_configuration": {"log_group_arn": f"{group.arn}:*"},
                },
                tags={"Name": f"{name}-{number}", "Zone": zone},  # drills find it by its zone
            )


def _action(
    kind: str, target: str = "", after: list[str] | None = None, **parameters: str
) -> aws.FisExperimentTemplateAction:
    """An action, called as in AWS's list; its target is called as AWS calls it."""
    return aws.FisExperimentTemplateAction(
        name=kind.partition(":")[2],
        action_id=f"aws:{kind}",
        parameter=[{"key": key, "value": value} for key, value in parameters.items()] or None,
        target={"key": target, "value": target} if target else None,
        start_after=after,
    )


def _permissions(project: str) -> list[iam.Statement]:
    """What an experiment may do: it changes only what has the project's tag.

    The network ACL that FIS puts in the place of a subnet's own is FIS's, and tagged so; the
    subnet's own is the VPC's default, which has no tag.
    """
    acls, swap = "arn:aws:ec2:*:*:network-acl/*", "ec2:ReplaceNetworkAclAssociation"
    changes = f"ecs:StopTask rds:RebootDBInstance ec2:CreateNetworkAcl {swap}"

    def when(key: str, value: str) -> dict[str, object]:
        return {"StringEquals": {key: value}}

    edit = ["ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAcl"]
    return [
        iam.allow(changes.split(), "*", when("aws:ResourceTag/Project", project)),
        iam.allow([swap], acls),
        iam.allow(["ec2:CreateNetworkAcl"], acls, when("aws:RequestTag/managedByFIS", "true")),
        iam.allow(["ec2:CreateTags"], acls, when("ec2:CreateAction", "CreateNetworkAcl")),
        iam.allow(edit, acls, when("aws:ResourceTag/managedByFIS", "true")),
        iam.allow(READS_AND_LOGS.split(), "*"),
    ]
