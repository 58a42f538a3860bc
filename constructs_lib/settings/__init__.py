"""What shapes a stack: typed, validated settings with the contract as their defaults.

A *setting* is read at synth time from `cdktf.json` (`context.stacks.<stack id>`) and decides which
resources exist and how they are wired. What a user changes at plan time is a Terraform variable
(`variables.py`) whose default comes from here. AWS enforces these rules only at apply, or never; we
check them before anything is written.

Four stacks of cdktf.json differ by settings alone: `resilience-platform` has all defaults, `wp-ecs`
is the original as it was committed, and there are a cheap and a hardened one.
"""

from constructs_lib.settings.autoscaling import AutoscalingSettings as AutoscalingSettings
from constructs_lib.settings.autoscaling import SleepSettings as SleepSettings
from constructs_lib.settings.backend import LocalBackendSettings as LocalBackendSettings
from constructs_lib.settings.backend import S3BackendSettings as S3BackendSettings
from constructs_lib.settings.container import FARGATE_MEMORY_MIB as FARGATE_MEMORY_MIB
from constructs_lib.settings.cost import CostSettings as CostSettings
from constructs_lib.settings.database import RotationSettings as RotationSettings
from constructs_lib.settings.load import load_stacks as load_stacks
from constructs_lib.settings.load import parse_stack as parse_stack
from constructs_lib.settings.load import read_context as read_context
from constructs_lib.settings.load import validated as validated
from constructs_lib.settings.load_balancer import DomainSettings as DomainSettings
from constructs_lib.settings.load_balancer import WafSettings as WafSettings
from constructs_lib.settings.monitoring import MonitoringSettings as MonitoringSettings
from constructs_lib.settings.stack import PROJECT_NAME_MAX as PROJECT_NAME_MAX
from constructs_lib.settings.stack import OutputName as OutputName
from constructs_lib.settings.stack import Purpose as Purpose
from constructs_lib.settings.stack import StackSettings as StackSettings
from constructs_lib.settings.stack import VariableName as VariableName
from constructs_lib.settings.types import LOG_RETENTION_DAYS as LOG_RETENTION_DAYS
from constructs_lib.settings.types import Group as Group
from constructs_lib.settings.types import SettingsError as SettingsError
