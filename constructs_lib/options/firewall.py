"""The web application firewall before the load balancer: AWS's managed rules and a rate limit.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html
"""

from __future__ import annotations

from constructs_lib import aws
from constructs_lib.alb import LoadBalancer
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.load_balancer import WAF_GROUPS, WafSettings
from constructs_lib.settings.wordpress import EDITORS

COUNTED = ("AWSManagedRulesAnonymousIpList/HostingProviderIPList",)
"""Only counted, since monitoring services call from cloud providers' addresses."""

BODY_RULES = {
    f"AWSManagedRules{group}RuleSet/{rule}_BODY": f"{label}:{rule}_Body"
    for group, label, rules in (
        ("Common", "core-rule-set", "SizeRestrictions CrossSiteScripting GenericLFI GenericRFI"),
        ("SQLi", "sql-database", "SQLi SQLiExtendedPatterns"),
        ("PHP", "php-app", "PHPHighRiskMethodsVariables"),
    )
    for rule in rules.split()
}
"""Rules that stop editors' saves and uploads, with the labels that they give: a post has more than
8 KiB, markup, paths, addresses, or a few lines of SQL or PHP. They only count, and what they have
labelled is blocked by a rule of ours, except where editors work."""


class Firewall(Part):
    """The web ACL, its association with the load balancer, and its log."""

    def __init__(
        self, stack: PlatformStack, settings: WafSettings, load_balancer: LoadBalancer
    ) -> None:
        super().__init__(stack)
        editors = stack.settings.container.runs_wordpress
        groups = WAF_GROUPS if editors else WAF_GROUPS[:-1]
        body_rules = BODY_RULES if editors else {}
        counted = {*COUNTED, *body_rules, *settings.counted_rules}
        # an address is blocked while it sends more than that in 5 minutes
        limit = {"limit": settings.requests_per_5_minutes, "aggregate_key_type": "IP"}
        rules = [_blocking("rate-limit", 0, {"rate_based_statement": limit})]
        for priority, managed in enumerate(groups, start=1):
            rules.append(_managed(managed, priority, sorted(counted)))
        labels = [label for rule, label in body_rules.items() if rule not in settings.counted_rules]
        if labels:
            rules.append(_blocking("body-rules", len(rules), _labelled_elsewhere(labels)))
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
        name = f"aws-waf-logs-{self.project}"  # AWS accepts only names that begin like this
        group = self.log_group("waf", name, settings.log_retention_days, "waf-logs")
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


def _blocking(name: str, priority: int, statement: dict[str, object]) -> aws.Wafv2WebAclRule:
    """A rule of ours, which blocks what a statement matches."""
    return aws.Wafv2WebAclRule(
        name=name,
        priority=priority,
        action={"block": {}},
        statement=statement,
        visibility_config=_visible(name),
    )


def _managed(group: str, priority: int, counted: list[str]) -> aws.Wafv2WebAclRule:
    """One of AWS's rule groups, as AWS sets it, except that the `counted` rules only count."""
    managed: dict[str, object] = {"name": group, "vendor_name": "AWS"}
    overrides = [
        {"name": rule.removeprefix(f"{group}/"), "action_to_use": {"count": {}}}
        for rule in counted
        if rule.startswith(f"{group}/")
    ]
    if overrides:
        managed["rule_action_override"] = overrides
    return aws.Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action={"none": {}},
        statement={"managed_rule_group_statement": managed},
        visibility_config=_visible(group),
    )


def _labelled_elsewhere(labels: list[str]) -> dict[str, object]:
    """What the body rules have labelled, except where editors work."""
    found: list[dict[str, object]] = [
        {"label_match_statement": {"scope": "LABEL", "key": f"awswaf:managed:aws:{label}"}}
        for label in labels
    ]
    matches: list[dict[str, object]] = [
        {
            "field_to_match": field,
            "positional_constraint": constraint,
            "search_string": text,
            "text_transformation": [{"priority": 0, "type": "NONE"}],
        }
        for field, constraint, text in EDITORS
    ]
    elsewhere = [{"not_statement": {"statement": [{"byte_match_statement": m}]}} for m in matches]
    labelled = {"or_statement": {"statement": found}} if len(found) > 1 else found[0]
    return {"and_statement": {"statement": [labelled, *elsewhere]}}


def _visible(name: str) -> dict[str, object]:
    """Counted under this name in CloudWatch, with samples of the requests."""
    shown = {"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True}
    return {**shown, "metric_name": name}
