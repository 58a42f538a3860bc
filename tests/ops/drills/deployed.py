"""What Terraform makes of a stack, as far as drills see it, in a moment instead of two minutes.

Only used where a test needs a world of its own; `tests/e2e` has drills on a real apply.
"""

import json
from typing import Any

from ops.drills.target import Outputs
from ops.model.stack import Stack, block
from ops.sandbox.server import Sandbox


def deploy(
    sandbox: Sandbox,
    stack: Stack,
    *,
    tagged: bool = True,
    multi_az: bool = True,
    application: str = "WORDPRESS",
) -> Outputs:
    """Network, load balancer, service and database with the stack's own values."""
    ec2, elb, ecs, rds = (sandbox.client(name) for name in ("ec2", "elbv2", "ecs", "rds"))
    project = stack.value("${var.project_name}")
    tags = {"Project": project, "ManagedBy": "cdktf", "Owner": "web"} if tagged else {}
    upper = [{"Key": key, "Value": value} for key, value in tags.items()]
    lower = [{"key": key, "value": value} for key, value in tags.items()]

    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in ((1, "a"), (2, "b"))
    ]
    security = ec2.create_security_group(GroupName="all", Description="all", VpcId=vpc)["GroupId"]

    balancer = elb.create_load_balancer(
        Name=f"{project}-alb", Subnets=subnets, **({"Tags": upper} if upper else {})
    )
    check = block(stack.one("aws_lb_target_group")["health_check"])
    group = elb.create_target_group(
        Name=f"{project}-tg",
        Protocol="HTTP",
        Port=80,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath=check["path"],
        HealthCheckIntervalSeconds=check["interval"],
        HealthCheckTimeoutSeconds=check["timeout"],
        HealthyThresholdCount=check["healthy_threshold"],
        UnhealthyThresholdCount=check["unhealthy_threshold"],
        Matcher={"HttpCode": check["matcher"]},
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )

    ecs.create_cluster(clusterName=f"{project}-cluster")
    task = ecs.register_task_definition(
        family=f"{project}-task",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        containerDefinitions=[
            {
                "name": "app",
                "image": "wordpress",
                "memory": 1024,
                "portMappings": [{"containerPort": 80}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": f"/ecs/{project}",
                        "awslogs-stream-prefix": "ecs",
                    },
                },
                "environment": [
                    {"name": f"{application}_DB_{name}", "value": "set"}
                    for name in ("HOST", "USER", "PASSWORD", "NAME")
                ],
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster=f"{project}-cluster",
        serviceName=f"{project}-service",
        taskDefinition=task,
        desiredCount=stack.value("${var.desired_count}"),
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": subnets, "securityGroups": [security]}
        },
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}],
        healthCheckGracePeriodSeconds=60,
        tags=lower,
    )

    rds.create_db_subnet_group(
        DBSubnetGroupName=project, DBSubnetGroupDescription="both", SubnetIds=subnets
    )
    rds.create_db_instance(
        DBInstanceIdentifier=f"{project}-db",
        Engine="mysql",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="admin",
        MasterUserPassword="not-a-secret",
        DBSubnetGroupName=project,
        MultiAZ=multi_az,
        AvailabilityZone="eu-central-1a",
        Tags=upper,
    )
    for template in stack.all("aws_fis_experiment_template").values():
        _cut_off(sandbox, stack, template, tags)
    return Outputs(
        application_url="http://nowhere.invalid",
        ecs_cluster_name=f"{project}-cluster",
        ecs_service_name=f"{project}-service",
        rds_identifier=f"{project}-db",
    )


def _cut_off(
    sandbox: Sandbox, stack: Stack, template: dict[str, Any], tags: dict[str, str]
) -> None:
    """An experiment template, from what Terraform gets."""
    sandbox.client("fis").create_experiment_template(
        description=template["description"],
        roleArn="arn:aws:iam::123456789012:role/fault-injection",
        stopConditions=[{"source": "none"}],
        targets={
            target["name"]: {
                "resourceType": target["resource_type"],
                "resourceTags": {"Project": tags.get("Project", "")},
                "filters": [
                    {"path": each["path"], "values": [stack.value(v) for v in each["values"]]}
                    for each in target["filter"]
                ],
                "selectionMode": target["selection_mode"],
            }
            for target in template["target"]
        },
        actions={
            action["name"]: {
                "actionId": action["action_id"],
                "parameters": {p["key"]: p["value"] for p in action.get("parameter", [])},
                "targets": {t["key"]: t["value"] for t in [action.get("target")] if t},
                "startAfter": action.get("start_after", []),
            }
            for action in template["action"]
        },
        tags={**tags, "Zone": stack.value(template["tags"]["Zone"])},
    )


def outputs_json(outputs: Outputs, url: str) -> str:
    """As `terraform output -json` writes them."""
    values = {**vars(outputs), "application_url": url}
    return json.dumps({name: {"value": value, "type": "string"} for name, value in values.items()})
