"""The web application firewall before the load balancer: AWS's managed rules and a rate limit.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html
"""

from __future__ import annotations

from constructs_lib import aws
from constructs_lib.alb import LoadBalancer
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings import WafSettings

MANAGED_RULES: dict[str, tuple[str, ...]] = {
    # Only counted, since editors save posts of more than 8 KiB that contain markup.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY", "CrossSiteScripting_BODY"),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # Only counted, since monitoring services call from cloud providers' addresses.
    "AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",),
    "AWSManagedRulesSQLiRuleSet": (),
    "AWSManagedRulesPHPRuleSet": (),
    "AWSManagedRulesWordPressRuleSet": (),
}
"""Rule group to the rules of it that only count. Together 1,352 of 1,500 capacity units.
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html"""


class Firewall(Part):
    """The web ACL, its association with the load balancer, and its log."""

    def __init__(
        self, stack: PlatformStack, settings: WafSettings, load_balancer: LoadBalancer
    ) -> None:
        super().__init__(stack)
        rules = [_rate_limit(settings.requests_per_5_minutes)]
        rules += [
            _managed(group, priority, counted)
            for priority, (group, counted) in enumerate(MANAGED_RULES.items(), start=1)
        ]
        acl = aws.Wafv2WebAcl(
            self,
            "aws_wafv2_web_acl.main",
            name=f"{self.project}-waf",
            scope="REGIONAL",
            default_action={"allow": {}},
            rule=rules,
            visibility_config=_visible(f"{self.project}-waf"),
            tags={"Name": f"{self.project}-waf"},
        )
        aws.Wafv2WebAclAssociation(
            self,
            "aws_wafv2_web_acl_association.main",
            resource_arn=load_balancer.arn,
            web_acl_arn=acl.arn,
        )
        group = aws.CloudwatchLogGroup(
            self,
            "aws_cloudwatch_log_group.waf",
            name=f"aws-waf-logs-{self.project}",  # AWS accepts only names that begin like this
            retention_in_days=settings.log_retention_days,
            kms_key_id=stack.keys.arn("logs"),
            tags={"Name": f"{self.project}-waf-logs"},
        )
        aws.Wafv2WebAclLoggingConfiguration(
            self,
            "aws_wafv2_web_acl_logging_configuration.main",
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[  # session cookies and basic passwords
                aws.Wafv2WebAclLoggingConfigurationRedactedFields(single_header={"name": header})
                for header in ("authorization", "cookie")
            ],
        )


def _rate_limit(requests: int) -> aws.Wafv2WebAclRule:
    """Block an address while it sends more than `requests` in 5 minutes."""
    return aws.Wafv2WebAclRule(
        name="rate-limit",
        priority=0,
        action={"block": {}},
        statement={"rate_based_statement": {"limit": requests, "aggregate_key_type": "IP"}},
        visibility_config=_visible("rate-limit"),
    )


def _managed(group: str, priority: int, counted: tuple[str, ...]) -> aws.Wafv2WebAclRule:
    """One of AWS's rule groups, as AWS sets it, except that the `counted` rules only count."""
    managed: dict[str, object] = {"name": group, "vendor_name": "AWS"}
    if counted:
        managed["rule_action_override"] = [
            {"name": rule, "action_to_use": {"count": {}}} for rule in counted
        ]
    return aws.Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action={"none": {}},
        statement={"managed_rule_group_statement": managed},
        visibility_config=_visible(group),
    )


def _visible(name: str) -> dict[str, object]:
    """Counted under this name in CloudWatch, with samples of the requests."""
    shown = {"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True}
    return {**shown, "metric_name": name}
