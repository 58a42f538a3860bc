"""rds.tf: MySQL on RDS with a synchronous standby in the other zone.

The standby takes over by itself, with the same address, in 60 to 120 seconds. Which zone holds
the primary is AWS's choice: the subnet group spans both.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
"""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.db_instance import DbInstance
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from constructs_lib import iam
from constructs_lib.addresses import pinned
from constructs_lib.settings import DatabaseSettings
from constructs_lib.variables import Variables, credential_rules, insights_rule


class Database(Construct):
    """Subnet group, instance, and the role Enhanced Monitoring writes its metrics with.

    Attributes:
        address: host name of the instance; follows a failover.
        identifier: the instance's name, which CloudWatch's metrics use.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: DatabaseSettings,
        variables: Variables,
        subnet_ids: list[str],
        security_group_id: str,
    ) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        subnets = pinned(
            "main",
            DbSubnetGroup(
                self,
                "subnets",
                name=f"{project}-db-subnet-group",
                subnet_ids=subnet_ids,
                tags={"Name": f"{project}-db-subnet-group"},
            ),
        )
        final_snapshot = None if settings.skip_final_snapshot else f"{project}-db-final"
        rules = (*credential_rules, *([insights_rule] if settings.performance_insights else []))
        monitored = settings.monitoring_interval_seconds > 0
        instance = pinned(
            "wordpress",
            DbInstance(
                self,
                "instance",
                identifier=f"{project}-db",
                engine="mysql",
                engine_version=settings.engine_version,
                instance_class=variables.db_instance_class,
                allocated_storage=variables.db_allocated_storage,
                storage_type=settings.storage_type,
                iops=settings.iops,
                storage_throughput=settings.storage_throughput_mibps,
                storage_encrypted=settings.storage_encrypted,
                db_name=variables.db_name,
                username=variables.db_username,
                password=variables.db_password,
                multi_az=settings.multi_az,
                db_subnet_group_name=subnets.name,
                vpc_security_group_ids=[security_group_id],
                publicly_accessible=False,
                backup_retention_period=settings.backup_retention_days,
                backup_window=settings.backup_window,
                maintenance_window=settings.maintenance_window,
                auto_minor_version_upgrade=True,
                copy_tags_to_snapshot=True,
                monitoring_interval=settings.monitoring_interval_seconds,
                monitoring_role_arn=self._monitoring_role(project) if monitored else None,
                enabled_cloudwatch_logs_exports=list(settings.log_exports),
                performance_insights_enabled=settings.performance_insights,
                skip_final_snapshot=settings.skip_final_snapshot,
                final_snapshot_identifier=final_snapshot,
                tags={"Name": f"{project}-rds"},
                lifecycle=TerraformResourceLifecycle(
                    precondition=[rule.precondition() for rule in rules]
                ),
            ),
        )
        self.address = instance.address
        self.identifier = instance.identifier

    def _monitoring_role(self, project: str) -> str:
        """The role for Enhanced Monitoring; its ARN.

        https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
        """
        role = pinned(
            "rds_monitoring",
            IamRole(
                self,
                "monitoring-role",
                name=f"{project}-rds-monitoring",
                assume_role_policy=iam.trust("monitoring.rds"),
            ),
        )
        pinned(
            "rds_monitoring",
            IamRolePolicyAttachment(
                self,
                "monitoring-policy",
                role=role.name,
                policy_arn=iam.service_role_policy("AmazonRDSEnhancedMonitoringRole"),
            ),
        )
        return role.arn
