"""Cost: a monthly budget and the detection of anomalies (the original's cost monitoring).

Both look at the costs tagged `Project = <project_name>`. AWS counts a tag from the day it is
activated as a cost allocation tag, so activate `Project` once for each account:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
"""

from cdktf import Token

from constructs_lib import aws
from constructs_lib.alerts import Alerts
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.cost import CostSettings

BUDGET_NOTIFICATIONS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""Percentages of the budget that are reported, of what was spent and of what will be."""


class Cost(Part):
    """The budget and, where it is on, the anomaly monitor with its subscription."""

    def __init__(self, stack: PlatformStack, settings: CostSettings, alerts: Alerts) -> None:
        super().__init__(stack)
        tag = stack.variables.expression("project_name")
        self._budget(tag, alerts)
        if settings.anomaly_detection:
            self._anomalies(tag, settings.anomaly_threshold_usd, alerts)

    def _budget(self, tag: str, alerts: Alerts) -> None:
        variables = self.stack.variables
        address = variables.expression("alarm_email")
        emails = Token.as_list(f'${{{address} == "" ? [] : [{address}]}}')
        # format(), since "$${" would be Terraform's escape for a literal "${"
        ours = [f'${{format("user:Project$%s", {tag})}}']
        aws.BudgetsBudget(
            self,
            "aws_budgets_budget.monthly",
            name=f"{self.project}-monthly",
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=variables.monthly_budget_usd,
            limit_unit="USD",
            cost_filter=[aws.BudgetsBudgetCostFilter(name="TagKeyValue", values=ours)],
            notification=[
                aws.BudgetsBudgetNotification(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[alerts.topic_arn],
                    subscriber_email_addresses=emails,
                )
                for kind, percent in BUDGET_NOTIFICATIONS
            ],
            depends_on=[alerts.policy],
        )

    def _anomalies(self, tag: str, threshold_usd: float, alerts: Alerts) -> None:
        """By tag, which AWS offers to an account of its own or the management account only.

        https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html
        """
        # CUSTOM: an account holds one service-wide monitor at most, and new ones have it already
        monitor = aws.CeAnomalyMonitor(
            self,
            "aws_ce_anomaly_monitor.platform",
            name=f"{self.project}-costs",
            monitor_type="CUSTOM",
            # With every key that AWS returns, or each plan would replace the monitor; written
            # out because Fn.jsonencode drops nulls.
            monitor_specification=(
                "${jsonencode({And = null, CostCategories = null, Dimensions = null, "
                "Not = null, Or = null, "
                f'Tags = {{Key = "Project", MatchOptions = null, Values = [{tag}]}}}})}}'
            ),
        )
        aws.CeAnomalySubscription(
            self,
            "aws_ce_anomaly_subscription.platform",
            name=f"{self.project}-cost-anomalies",
            frequency="IMMEDIATE",  # the only frequency that SNS accepts
            monitor_arn_list=[monitor.arn],
            subscriber=[aws.CeAnomalySubscriptionSubscriber(type="SNS", address=alerts.topic_arn)],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [f"{threshold_usd:.15g}"],
                }
            },
            depends_on=[alerts.policy],
        )
