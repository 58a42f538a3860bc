"""The web application firewall before the load balancer: AWS's managed rules and a rate limit.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html
"""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleActionBlock,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleOverrideActionNone,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from cdktf_cdktf_provider_aws.wafv2_web_acl_logging_configuration import (
    Wafv2WebAclLoggingConfiguration,
    Wafv2WebAclLoggingConfigurationRedactedFields,
    Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader,
)
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.kms import Keys
from constructs_lib.settings import WafSettings
from constructs_lib.variables import Variables

MANAGED_RULES: dict[str, tuple[str, ...]] = {
    # Editors save posts above 8 KiB and with markup in them: counted, not blocked.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY", "CrossSiteScripting_BODY"),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # Addresses of cloud providers, too: monitoring and other people's servers come from there.
    "AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",),
    "AWSManagedRulesSQLiRuleSet": (),
    "AWSManagedRulesPHPRuleSet": (),
    "AWSManagedRulesWordPressRuleSet": (),
}
"""Rule group to the rules of it that only count. Together 1,352 of 1,500 capacity units.
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html"""


class Firewall(Construct):
    """The web ACL, its association with the load balancer, and its log."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: WafSettings,
        variables: Variables,
        load_balancer_arn: str,
        keys: Keys,
    ) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        rules = [_rate_limit(settings.requests_per_5_minutes)]
        rules += [
            _managed(group, priority, counted)
            for priority, (group, counted) in enumerate(MANAGED_RULES.items(), start=1)
        ]
        acl = pinned(
            "main",
            Wafv2WebAcl(
                self,
                "acl",
                name=f"{project}-waf",
                scope="REGIONAL",
                default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
                rule=rules,
                visibility_config=Wafv2WebAclVisibilityConfig(
                    cloudwatch_metrics_enabled=True,
                    metric_name=f"{project}-waf",
                    sampled_requests_enabled=True,
                ),
                tags={"Name": f"{project}-waf"},
            ),
        )
        pinned(
            "main",
            Wafv2WebAclAssociation(
                self, "association", resource_arn=load_balancer_arn, web_acl_arn=acl.arn
            ),
        )
        group = pinned(
            "waf",
            CloudwatchLogGroup(
                self,
                "log-group",
                name=f"aws-waf-logs-{project}",  # AWS accepts only names that begin like this
                retention_in_days=settings.log_retention_days,
                kms_key_id=keys.arn("logs"),
                tags={"Name": f"{project}-waf-logs"},
            ),
        )
        pinned(
            "main",
            Wafv2WebAclLoggingConfiguration(
                self,
                "logging",
                resource_arn=acl.arn,
                log_destination_configs=[group.arn],
                redacted_fields=[  # session cookies and basic passwords
                    Wafv2WebAclLoggingConfigurationRedactedFields(
                        single_header=Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader(
                            name=header
                        )
                    )
                    for header in ("authorization", "cookie")
                ],
            ),
        )


def _rate_limit(requests: int) -> Wafv2WebAclRule:
    """Block an address while it sends more than `requests` in 5 minutes."""
    return Wafv2WebAclRule(
        name="rate-limit",
        priority=0,
        action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
        statement={"rate_based_statement": {"limit": requests, "aggregate_key_type": "IP"}},
        visibility_config=_visible("rate-limit"),
    )


def _managed(group: str, priority: int, counted: tuple[str, ...]) -> Wafv2WebAclRule:
    """One of AWS's rule groups, as AWS sets it, except that the `counted` rules only count."""
    managed: dict[str, object] = {"name": group, "vendor_name": "AWS"}
    if counted:
        managed["rule_action_override"] = [
            {"name": rule, "action_to_use": {"count": {}}} for rule in counted
        ]
    return Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action=Wafv2WebAclRuleOverrideAction(none=Wafv2WebAclRuleOverrideActionNone()),
        statement={"managed_rule_group_statement": managed},
        visibility_config=_visible(group),
    )


def _visible(name: str) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
