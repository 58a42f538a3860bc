"""Monitoring: the alarms and the dashboard.

Beyond the original's RDS alarms there is one for each way the application can be degraded: busy or
missing tasks, unhealthy targets, slow or failing answers.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cdktf import Fn, Token

from constructs_lib import aws
from constructs_lib.alb import LoadBalancer
from constructs_lib.alerts import Alerts, alarm_name
from constructs_lib.ecs import Containers
from constructs_lib.options.backups import Backups
from constructs_lib.options.uploads import Uploads
from constructs_lib.part import Part, PlatformStack
from constructs_lib.rds import Database
from constructs_lib.settings.database import connections_of
from constructs_lib.settings.monitoring import MonitoringSettings

MIB, GIB = 1024**2, 1024**3

DATABASE_EVENTS = ["availability", "failover", "failure", "recovery"]
"""No metric shows a failover; RDS reports it as an event, when it starts and when it is done.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"""

FAILED_BACKUP = ["ABORTED", "EXPIRED", "FAILED"]

_Subject = tuple[str, dict[str, str]]
"""What a metric is about: its namespace and dimensions."""


@dataclass(frozen=True)
class _Alarm:
    """One alarm: goes off when `metric` of `subject` is `comparison` `threshold` for `periods`
    periods of `period_seconds` in a row."""

    name: str
    subject: _Subject
    metric: str
    statistic: str
    comparison: str
    threshold: float
    periods: int
    period_seconds: int
    description: str
    missing_data: str = "missing"
    only_if: str = ""  # in Terraform's language


class Alarms(Part):
    """The CloudWatch alarms; each tells the topic when it goes off and when it is over.

    Where the settings ask for it, RDS reports the database's failovers there too.
    """

    def __init__(
        self,
        stack: PlatformStack,
        settings: MonitoringSettings,
        alerts: Alerts,
        load_balancer: LoadBalancer,
        containers: Containers,
        database: Database,
        uploads: Uploads | None,
        backups: Backups | None,
    ) -> None:
        super().__init__(stack)
        self._actions = [alerts.topic_arn]
        rds = "AWS/RDS", {"DBInstanceIdentifier": database.identifier}
        service = {"ClusterName": containers.cluster_name, "ServiceName": containers.service_name}
        ecs = "AWS/ECS", service
        alb = "AWS/ApplicationELB", load_balancer.dimensions
        balancer = alb[0], {"LoadBalancer": load_balancer.dimensions["LoadBalancer"]}
        db_class = stack.variables.expression("db_instance_class")
        share = connections_of(db_class, settings.db_connections_percent)
        burstable = f'can(regex("^db[.]t", {db_class}))'
        above, below = "GreaterThanThreshold", "LessThanThreshold"
        # an alarm reads as a row
        # fmt: off
        alarms: tuple[_Alarm, ...] = (
            _Alarm("rds_cpu", rds, "CPUUtilization", "Average", above,
                   settings.db_cpu_percent, 3, 300, "The database is short of CPU"),
            # a new instance begins with none and earns five within an hour
            _Alarm("rds_cpu_credits", rds, "CPUCreditBalance", "Maximum", below, 5, 12, 300,
                   "The database lives above its class's CPU credits: it "
                   "slows down (T2) or costs more (T3, T4g)", only_if=burstable),
            _Alarm("rds_free_memory", rds, "FreeableMemory", "Average", below,
                   64 * MIB, 3, 300, "The database is running out of memory"),
            _Alarm("rds_free_storage", rds, "FreeStorageSpace", "Minimum", below,
                   settings.db_free_storage_gib * GIB, 1, 300,
                   "The database is running out of storage"),
            _Alarm("rds_connections", rds, "DatabaseConnections", "Maximum", above,
                   settings.db_connections, 3, 60, "The database is running out of connections"),
            _Alarm("rds_connections_share", rds, "DatabaseConnections", "Maximum", above,
                   Token.as_number(f"${{{share}}}"), 3, 60,
                   f"More than {settings.db_connections_percent} % of the connections that the "
                   "database's class allows are in use"),
            _Alarm("rds_replica_lag", rds, "ReplicaLag", "Maximum", above,
                   settings.db_replica_lag_seconds, 3, 60,
                   "A read replica is behind (a Multi-AZ standby never is: it is synchronous)",
                   "notBreaching"),
            _Alarm("ecs_cpu", ecs, "CPUUtilization", "Average", above,
                   settings.service_cpu_percent, 3, 60, "The tasks are short of CPU"),
            _Alarm("ecs_memory", ecs, "MemoryUtilization", "Average", above,
                   settings.service_memory_percent, 3, 60, "The tasks are short of memory"),
            _Alarm("alb_unhealthy_hosts", alb, "UnHealthyHostCount", "Maximum", above,
                   0, 2, 60, "A task fails its health check", "notBreaching"),
            _Alarm("alb_response_time", alb, "TargetResponseTime", "Average", above,
                   settings.response_time_seconds, 3, 60, "The application answers slowly",
                   "notBreaching"),
            _Alarm("alb_5xx", alb, "HTTPCode_Target_5XX_Count", "Sum", above,
                   settings.server_errors_per_5_minutes, 1, 300,
                   "The application answers with errors", "notBreaching"),
            # the load balancer's own answers belong to no target group
            _Alarm("alb_own_5xx", balancer, "HTTPCode_ELB_5XX_Count", "Sum", above,
                   settings.server_errors_per_5_minutes, 1, 300,
                   "The load balancer answers with errors: no task is healthy, or a task closed a "
                   "connection too early", "notBreaching"),
        )
        if uploads:
            files = "AWS/EFS", {"FileSystemId": uploads.file_system_id}
            alarms += (
                _Alarm("efs_io_limit", files, "PercentIOLimit", "Maximum", above, 95, 3, 300,
                       "The uploads' file system does as much as its performance mode allows"),
                # enough for some 40 minutes at 100 MiB/s; a new file system has 2,100 GiB
                _Alarm("efs_burst_credits", files, "BurstCreditBalance", "Minimum", below,
                       256 * GIB, 3, 300,
                       "The uploads' file system will be slow, once its burst credits are used up "
                       "(the throughput mode elastic uses none)", "notBreaching"),
            )
        # fmt: on
        if backups:
            self._failed_backups(alerts, backups)
        for alarm in alarms:
            self._alarm(alarm)
        if stack.settings.container.container_insights:  # no other metric counts tasks
            self._running_below_desired(service)
        if settings.database_events:
            aws.DbEventSubscription(
                self,
                "aws_db_event_subscription.database",
                name=f"{self.project}-database",
                sns_topic=alerts.topic_arn,
                source_type="db-instance",
                source_ids=[database.identifier],
                event_categories=DATABASE_EVENTS,
                depends_on=[alerts.policy],
            )

    def _failed_backups(self, alerts: Alerts, backups: Backups) -> None:
        """No metric tells whether one of this vault's backups failed; AWS Backup sends an event.

        https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
        """
        name, arn = backups.vault_name, backups.vault_arn
        ours = [{"backupVaultName": [name]}, {"sourceBackupVaultArn": [arn]}]
        pattern = {
            "source": ["aws.backup"],
            "detail-type": ["Backup Job State Change", "Copy Job State Change"],
            "detail": {"state": FAILED_BACKUP, "$or": ours},
        }
        rule = aws.CloudwatchEventRule(
            self,
            "aws_cloudwatch_event_rule.failed_backups",
            name=f"{self.project}-failed-backups",
            description="A backup has failed.",
            event_pattern=Fn.jsonencode(pattern),
        )
        aws.CloudwatchEventTarget(
            self,
            "aws_cloudwatch_event_target.failed_backups",
            rule=rule.name,
            arn=alerts.topic_arn,
            depends_on=[alerts.policy],
        )

    def _alarm(self, alarm: _Alarm) -> None:
        namespace, dimensions = alarm.subject
        made = aws.CloudwatchMetricAlarm(
            self,
            f"aws_cloudwatch_metric_alarm.{alarm.name}",
            alarm_name=alarm_name(self.project, alarm.name),
            alarm_description=f"{alarm.description}.",
            namespace=namespace,
            metric_name=alarm.metric,
            dimensions=dimensions,
            statistic=alarm.statistic,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            period=alarm.period_seconds,
            treat_missing_data=alarm.missing_data,
            alarm_actions=self._actions,
            ok_actions=self._actions,
        )
        if alarm.only_if:  # count takes a number in Python
            made.add_override("count", f"${{{alarm.only_if} ? 1 : 0}}")

    def _running_below_desired(self, service: dict[str, str]) -> None:
        """Fewer tasks run than should; both figures come from Container Insights."""
        query = aws.CloudwatchMetricAlarmMetricQuery
        insights = {"namespace": "ECS/ContainerInsights", "dimensions": service}
        counts = [
            query(id=id, metric={**insights, "metric_name": name, "period": 60, "stat": "Minimum"})
            for id, name in (("desired", "DesiredTaskCount"), ("running", "RunningTaskCount"))
        ]
        missing = query(
            id="missing", expression="desired - running", label="Missing tasks", return_data=True
        )
        aws.CloudwatchMetricAlarm(
            self,
            "aws_cloudwatch_metric_alarm.ecs_running_tasks",
            alarm_name=alarm_name(self.project, "ecs_running_tasks"),
            alarm_description="Fewer tasks run than desired.",
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=3,
            # no figures at all means that the service is gone
            treat_missing_data="breaching",
            metric_query=[missing, *counts],
            alarm_actions=self._actions,
            ok_actions=self._actions,
        )


class Dashboard(Part):
    """One page: tasks, traffic, target health and database."""

    def __init__(
        self,
        stack: PlatformStack,
        load_balancer: LoadBalancer,
        containers: Containers,
        database: Database,
    ) -> None:
        super().__init__(stack)
        service = ["ClusterName", containers.cluster_name, "ServiceName", containers.service_name]
        group = [text for pair in load_balancer.dimensions.items() for text in pair]
        balancer = ["LoadBalancer", load_balancer.dimensions["LoadBalancer"]]
        rds = ["DBInstanceIdentifier", database.identifier]
        insights, alb = "ECS/ContainerInsights", "AWS/ApplicationELB"
        # a graph reads as a row; three are beside each other
        # fmt: off
        graphs: list[tuple[str, str, list[list[Any]]]] = [
            ("Service CPU and memory (%)", "Average",
             [["AWS/ECS", "CPUUtilization", *service], ["AWS/ECS", "MemoryUtilization", *service]]),
            ("Tasks: desired and running", "Average",
             [[insights, "DesiredTaskCount", *service], [insights, "RunningTaskCount", *service]]),
            ("Targets: healthy and unhealthy", "Average",
             [[alb, "HealthyHostCount", *group], [alb, "UnHealthyHostCount", *group]]),
            ("Requests", "Sum", [[alb, "RequestCount", *balancer]]),
            ("Response time (s)", "Average",
             [[alb, "TargetResponseTime", *group],
              [alb, "TargetResponseTime", *group, {"stat": "p95"}]]),
            ("Server errors", "Sum",
             [[alb, "HTTPCode_Target_5XX_Count", *group],
              [alb, "HTTPCode_ELB_5XX_Count", *balancer]]),
            ("Database CPU (%)", "Average", [["AWS/RDS", "CPUUtilization", *rds]]),
            ("Database connections", "Average", [["AWS/RDS", "DatabaseConnections", *rds]]),
            ("Database free storage", "Average", [["AWS/RDS", "FreeStorageSpace", *rds]]),
        ]
        # fmt: on
        widgets = [
            {
                **{"x": 8 * (number % 3), "y": 6 * (number // 3), "width": 8, "height": 6},
                "type": "metric",
                "properties": {
                    "title": title,
                    "region": stack.variables.aws_region,
                    "view": "timeSeries",
                    "stat": stat,
                    "period": 60,
                    "metrics": metrics,
                },
            }
            for number, (title, stat, metrics) in enumerate(graphs)
        ]
        aws.CloudwatchDashboard(
            self,
            "aws_cloudwatch_dashboard.main",
            dashboard_name=self.project,
            dashboard_body=Fn.jsonencode({"widgets": widgets}),
        )
