"""Monthly budget and anomaly detection."""

from constructs_lib.settings.types import Group, setting


class CostSettings(Group):
    """Monthly budget and anomaly detection for the costs tagged with the project."""

    monthly_budget_usd: float = setting(100, "US dollars a month", gt=0)
    anomaly_detection: bool = setting(
        True,
        "false in a member account of AWS Organizations, where AWS lets only the management "
        "account detect anomalies by tag",
    )
    anomaly_threshold_usd: float = setting(10, "smallest total impact reported", gt=0)
