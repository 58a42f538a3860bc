"""rds.tf: MySQL on RDS with a synchronous standby in the other zone.

The standby takes over by itself, with the same address, in 60 to 120 seconds. Which zone holds
the primary is AWS's choice: the subnet group spans both.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
"""

from __future__ import annotations

from cdktf import Fn, TerraformResourceLifecycle, Token

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack
from constructs_lib.sg import SecurityGroups
from constructs_lib.variables import credential_rules, insights_rule
from constructs_lib.vpc import Network


class Database(Part):
    """Subnet group, instance, and the role Enhanced Monitoring writes its metrics with.

    Attributes:
        address: host name of the instance; follows a failover.
        arn: the instance, in events.
        identifier: the instance's name, which CloudWatch's metrics use.
        secret_arn: the secret with the master user's password, where RDS manages it.
    """

    def __init__(self, stack: PlatformStack, network: Network, groups: SecurityGroups) -> None:
        super().__init__(stack)
        settings, variables, keys = stack.settings.database, stack.variables, stack.keys
        subnets = aws.DbSubnetGroup(
            self,
            "aws_db_subnet_group.main",
            name=f"{self.project}-db-subnet-group",
            subnet_ids=network.private_subnet_ids,
            tags={"Name": f"{self.project}-db-subnet-group"},
        )
        final_snapshot = None if settings.skip_final_snapshot else f"{self.project}-db-final"
        rules = (*credential_rules, *([insights_rule] if settings.performance_insights else []))
        role, permission = None, None
        if settings.monitoring_interval_seconds:
            role = self.role("rds_monitoring", "monitoring.rds")
            # without it RDS refuses the role
            permission = self.attach("rds_monitoring", role, "AmazonRDSEnhancedMonitoringRole")
        managed = settings.password == "managed"
        key = keys.arn("database")
        instance = aws.DbInstance(
            self,
            "aws_db_instance.wordpress",
            identifier=f"{self.project}-db",
            engine="mysql",
            engine_version=settings.engine_version,
            allow_major_version_upgrade=settings.upgrade != "none" or None,
            blue_green_update={"enabled": True} if settings.upgrade == "blue_green" else None,
            instance_class=variables.db_instance_class,
            allocated_storage=variables.db_allocated_storage,
            storage_type=settings.storage_type,
            iops=settings.iops,
            storage_throughput=settings.storage_throughput_mibps,
            storage_encrypted=settings.storage_encrypted,
            kms_key_id=key,
            db_name=variables.db_name,
            username=variables.db_username,
            password=None if managed else variables.db_password,
            manage_master_user_password=managed or None,
            master_user_secret_kms_key_id=keys.arn("secrets") if managed else None,
            iam_database_authentication_enabled=settings.iam_authentication or None,
            parameter_group_name=self._parameter_group(),
            multi_az=settings.multi_az,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[groups.rds_id],
            publicly_accessible=False,
            backup_retention_period=settings.backup_retention_days,
            backup_window=settings.backup_window,
            maintenance_window=settings.maintenance_window,
            auto_minor_version_upgrade=True,
            copy_tags_to_snapshot=True,
            monitoring_interval=settings.monitoring_interval_seconds,
            monitoring_role_arn=role.arn if role else None,
            enabled_cloudwatch_logs_exports=list(settings.log_exports),
            performance_insights_enabled=settings.performance_insights,
            performance_insights_kms_key_id=key if settings.performance_insights else None,
            deletion_protection=settings.deletion_protection or None,
            # or the parameters of the old version go before it does
            apply_immediately=settings.upgrade == "in_place" or settings.apply_immediately,
            skip_final_snapshot=settings.skip_final_snapshot,
            final_snapshot_identifier=final_snapshot,
            tags={"Name": f"{self.project}-rds"},
            depends_on=[permission] if permission else None,
            lifecycle=variables.checks(*rules),
        )
        self.address = instance.address
        self.arn = instance.arn
        self.identifier = instance.identifier
        self.secret_arn = self._secret_arn(instance) if managed else None

    def _secret_arn(self, instance: aws.DbInstance) -> str:
        """The secret that RDS keeps the password in: as the instance names it.

        Where an existing database is switched over, the instance names none until it has been
        changed, and the plan would fail. It is read from AWS after the change then; in that one
        case only, because what is read after a change is unknown in the plan, and an unknown secret
        replaces the task definition.
        https://github.com/terraform-aws-modules/terraform-aws-rds/issues/588
        """
        changed = aws.DataAwsDbInstance(
            self,
            "data.aws_db_instance.wordpress",
            db_instance_identifier=instance.identifier,
            depends_on=[instance],
        )
        return Token.as_string(
            Fn.try_([found.master_user_secret.get(0).secret_arn for found in (instance, changed)])
        )

    def _parameter_group(self) -> str | None:
        """The parameters that differ from MySQL's defaults; None if none does."""
        settings = self.stack.settings.database
        parameters: dict[str, str] = {}
        if settings.require_tls:
            parameters["require_secure_transport"] = "1"
        if settings.slow_query_log:
            # only a file can be exported; RDS' default is a table
            parameters |= {"slow_query_log": "1", "log_output": "FILE"}
        if not parameters:
            return None
        major = ".".join(settings.engine_version.split(".")[:2])
        group = aws.DbParameterGroup(
            self,
            "aws_db_parameter_group.main",
            # a group in use cannot be deleted: its successor needs another name, and comes first
            name_prefix=f"{self.project}-",
            family=f"mysql{major}",
            description="What the platform sets differently from MySQL's defaults",
            parameter=[
                aws.DbParameterGroupParameter(name=name, value=value)
                for name, value in parameters.items()
            ],
            tags={"Name": f"{self.project}-parameters"},
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        return group.name
