"""What shapes a stack: typed, validated settings with the contract as their defaults.

A *setting* is read at synth time from `cdktf.json` (`context.stacks.<stack id>`) and decides which
resources exist and how they are wired. What a user changes at plan time is a Terraform variable
(`variables.py`) whose default comes from here. AWS enforces these rules only at apply, or never; we
check them before anything is written.

Four stacks of cdktf.json differ by settings alone: `resilience-platform` has all defaults, `wp-ecs`
is the original as it was committed, and there are a cheap and a hardened one.
"""

from constructs_lib.settings.load import load_stacks as load_stacks
from constructs_lib.settings.load import parse_stack as parse_stack
from constructs_lib.settings.load import read_context as read_context
from constructs_lib.settings.load import validated as validated
from constructs_lib.settings.stack import StackSettings as StackSettings
from constructs_lib.settings.types import Group as Group
from constructs_lib.settings.types import SettingsError as SettingsError
