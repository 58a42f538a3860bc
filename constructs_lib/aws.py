# ruff: noqa: F403
"""The AWS provider's classes, each loaded when it is first used: `aws.Lb`, `aws.LbAccessLogs`.

Loading one of the provider's 2,135 modules takes up to 100 ms, and a stack uses some 40 of them. So
code may mention any class, and only those that are used are loaded.
"""

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for mypy; when the program runs, `__getattr__` below finds a class
    from cdktf_cdktf_provider_aws.acm_certificate import *
    from cdktf_cdktf_provider_aws.acm_certificate_validation import *
    from cdktf_cdktf_provider_aws.appautoscaling_policy import *
    from cdktf_cdktf_provider_aws.appautoscaling_scheduled_action import *
    from cdktf_cdktf_provider_aws.appautoscaling_target import *
    from cdktf_cdktf_provider_aws.backup_plan import *
    from cdktf_cdktf_provider_aws.backup_selection import *
    from cdktf_cdktf_provider_aws.backup_vault import *
    from cdktf_cdktf_provider_aws.backup_vault_lock_configuration import *
    from cdktf_cdktf_provider_aws.budgets_budget import *
    from cdktf_cdktf_provider_aws.ce_anomaly_monitor import *
    from cdktf_cdktf_provider_aws.ce_anomaly_subscription import *
    from cdktf_cdktf_provider_aws.cloudformation_stack import *
    from cdktf_cdktf_provider_aws.cloudwatch_dashboard import *
    from cdktf_cdktf_provider_aws.cloudwatch_event_rule import *
    from cdktf_cdktf_provider_aws.cloudwatch_event_target import *
    from cdktf_cdktf_provider_aws.cloudwatch_log_group import *
    from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import *
    from cdktf_cdktf_provider_aws.data_aws_caller_identity import *
    from cdktf_cdktf_provider_aws.data_aws_db_instance import *
    from cdktf_cdktf_provider_aws.data_aws_route53_zone import *
    from cdktf_cdktf_provider_aws.db_event_subscription import *
    from cdktf_cdktf_provider_aws.db_instance import *
    from cdktf_cdktf_provider_aws.db_parameter_group import *
    from cdktf_cdktf_provider_aws.db_subnet_group import *
    from cdktf_cdktf_provider_aws.default_security_group import *
    from cdktf_cdktf_provider_aws.ecr_lifecycle_policy import *
    from cdktf_cdktf_provider_aws.ecr_repository import *
    from cdktf_cdktf_provider_aws.ecs_cluster import *
    from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import *
    from cdktf_cdktf_provider_aws.ecs_service import *
    from cdktf_cdktf_provider_aws.ecs_task_definition import *
    from cdktf_cdktf_provider_aws.efs_access_point import *
    from cdktf_cdktf_provider_aws.efs_file_system import *
    from cdktf_cdktf_provider_aws.efs_file_system_policy import *
    from cdktf_cdktf_provider_aws.efs_mount_target import *
    from cdktf_cdktf_provider_aws.eip import *
    from cdktf_cdktf_provider_aws.fis_experiment_template import *
    from cdktf_cdktf_provider_aws.flow_log import *
    from cdktf_cdktf_provider_aws.iam_role import *
    from cdktf_cdktf_provider_aws.iam_role_policy import *
    from cdktf_cdktf_provider_aws.iam_role_policy_attachment import *
    from cdktf_cdktf_provider_aws.internet_gateway import *
    from cdktf_cdktf_provider_aws.kms_alias import *
    from cdktf_cdktf_provider_aws.kms_key import *
    from cdktf_cdktf_provider_aws.lb import *
    from cdktf_cdktf_provider_aws.lb_listener import *
    from cdktf_cdktf_provider_aws.lb_target_group import *
    from cdktf_cdktf_provider_aws.nat_gateway import *
    from cdktf_cdktf_provider_aws.route53_record import *
    from cdktf_cdktf_provider_aws.route_table import *
    from cdktf_cdktf_provider_aws.route_table_association import *
    from cdktf_cdktf_provider_aws.s3_bucket import *
    from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import *
    from cdktf_cdktf_provider_aws.s3_bucket_notification import *
    from cdktf_cdktf_provider_aws.s3_bucket_policy import *
    from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import *
    from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import *
    from cdktf_cdktf_provider_aws.s3_bucket_versioning import *
    from cdktf_cdktf_provider_aws.secretsmanager_secret_rotation import *
    from cdktf_cdktf_provider_aws.security_group import *
    from cdktf_cdktf_provider_aws.service_discovery_private_dns_namespace import *
    from cdktf_cdktf_provider_aws.service_discovery_service import *
    from cdktf_cdktf_provider_aws.sns_topic import *
    from cdktf_cdktf_provider_aws.sns_topic_policy import *
    from cdktf_cdktf_provider_aws.sns_topic_subscription import *
    from cdktf_cdktf_provider_aws.ssm_document import *
    from cdktf_cdktf_provider_aws.subnet import *
    from cdktf_cdktf_provider_aws.vpc import *
    from cdktf_cdktf_provider_aws.vpc_endpoint import *
    from cdktf_cdktf_provider_aws.wafv2_web_acl import *
    from cdktf_cdktf_provider_aws.wafv2_web_acl_association import *
    from cdktf_cdktf_provider_aws.wafv2_web_acl_logging_configuration import *

_PROVIDER = "cdktf_cdktf_provider_aws"


@cache
def _modules() -> dict[str, str]:
    """The provider's modules, by their names without underscores (`lbtargetgroup`)."""
    names = os.listdir(import_module(_PROVIDER).__path__[0])
    return {name.replace("_", ""): name for name in names if name[0].isalpha()}


def __getattr__(name: str) -> object:
    """Finds the class `name`: tries the module with the longest matching name first."""
    for end in range(len(name), 0, -1):
        module = _modules().get(name[:end].lower())
        found = module and getattr(import_module(f"{_PROVIDER}.{module}"), name, None)
        if found:
            globals()[name] = found
            return found
    raise AttributeError(f"the AWS provider has no {name}")
