"""What drills may do to the stack beyond what any operator may."""

from constructs_lib.settings.types import Group, setting


class ResilienceSettings(Group):
    """What drills may do."""

    fault_injection: bool = setting(
        False,
        "a template of AWS Fault Injection Service for each zone, which cuts it off when "
        "`drill zone-outage` starts it, and at no other time",
    )
