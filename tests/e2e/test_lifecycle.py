"""Apply, second plan, drift, rolled-back deployment, destroy: the platform's whole life."""

import pytest
from moto.ecs.models import EC2ContainerServiceBackend

from ops.terraform import CommandFailed
from tests.e2e.deployment import Deployment


@pytest.mark.slow(370)
def test_apply_drift_rollback_destroy(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything a deployment goes through, in order, on one applied stack."""
    terraform = deployment.terraform()
    terraform.apply()
    assert deployment.changes(terraform) == {}, "the plan right after apply must be empty"
    assert not deployment.sandbox.unsupported

    outputs = terraform.output()
    assert outputs["application_url"] == f"http://{outputs['alb_dns_name']}"
    assert ":" not in outputs["rds_endpoint"], "the endpoint is the address, without the port"
    assert len(outputs["public_subnet_ids"]) == len(outputs["private_subnet_ids"]) == 2

    _drift_is_found_and_reconciled(deployment)
    _rolled_back_deployment_fails_the_apply(deployment, monkeypatch)

    terraform.destroy()
    assert deployment.sandbox.leftovers() == []


def _drift_is_found_and_reconciled(deployment: Deployment) -> None:
    """Hand-made changes in three services show in the plan and are gone after apply."""
    terraform = deployment.terraform()
    ec2, rds, logs = (deployment.client(name) for name in ("ec2", "rds", "logs"))
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["resilience-platform-rds-sg"]}]
    )["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=groups[0]["GroupId"],
        IpProtocol="tcp",
        FromPort=3306,
        ToPort=3306,
        CidrIp="0.0.0.0/0",
    )
    tables = ec2.describe_route_tables(
        Filters=[{"Name": "tag:Name", "Values": ["resilience-platform-private-rt"]}]
    )["RouteTables"]
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    ec2.create_route(
        RouteTableId=tables[0]["RouteTableId"],
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateways[0]["InternetGatewayId"],
    )
    rds.modify_db_instance(
        DBInstanceIdentifier="resilience-platform-db",
        BackupRetentionPeriod=1,
        ApplyImmediately=True,
    )
    logs.put_retention_policy(logGroupName="/ecs/resilience-platform", retentionInDays=1)

    assert deployment.changes(terraform) == {
        "aws_security_group.rds_sg": ["update"],
        "aws_route_table.private": ["update"],
        "aws_db_instance.wordpress": ["update"],
        "aws_cloudwatch_log_group.ecs": ["update"],
    }
    terraform.apply()
    assert deployment.changes(terraform) == {}

    ecs = deployment.client("ecs")
    ecs.update_service(
        cluster="resilience-platform-cluster", service="resilience-platform-service", desiredCount=3
    )
    assert deployment.changes(terraform) == {}, "what autoscaling does is no drift"


def _rolled_back_deployment_fails_the_apply(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the circuit breaker puts the old task definition back, apply says so and fails."""
    real = EC2ContainerServiceBackend.update_service

    def roll_back(self: EC2ContainerServiceBackend, properties: dict[str, object]) -> object:
        result: object = real(self, {**properties, "task_definition": None})
        return result

    with monkeypatch.context() as patch:
        patch.setattr(EC2ContainerServiceBackend, "update_service", roll_back)
        with pytest.raises(CommandFailed, match="The circuit breaker rolled the deployment back"):
            deployment.terraform({"container_image": "wordpress:broken"}).apply()
    working = deployment.terraform({"container_image": "wordpress:6.5"})
    working.apply()
    assert deployment.changes(working) == {}
