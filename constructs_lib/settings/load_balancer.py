"""The load balancer: its listener, health checks and session persistence, and its protection."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from constructs_lib.settings import wordpress
from constructs_lib.settings.types import Group, ListOf, RetentionDays, arn, setting, text

CERTIFICATE = arn(
    "an ACM certificate",
    "acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+",
    "acm:eu-central-1:123456789012:certificate/…",
)
_PATH = text("a path without spaces, like /health", r"^/[^\s]{0,1023}$")
_CODES = text(
    "HTTP codes from 200 to 499, like 200-399 or 200,302",
    r"^[2-4][0-9]{2}(-[2-4][0-9]{2}|(,[2-4][0-9]{2})*)$",
)
_HOST_PATTERN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
_HOST = text("a host name in lower-case letters, like www.example.com", _HOST_PATTERN)
_DOMAIN = text(
    "a host name of at most 64 lower-case characters, like blog.example.com",
    _HOST_PATTERN,
    longest=64,
)
"""https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html"""
_ZONE = text("a hosted zone's id, like Z0123456789ABC", r"^Z[A-Z0-9]{1,31}$")

WAF_GROUPS = (
    *("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"),
    *("AWSManagedRulesAnonymousIpList", "AWSManagedRulesSQLiRuleSet"),
    *("AWSManagedRulesPHPRuleSet", wordpress.FIREWALL_GROUP),
)
"""AWS's groups of rules that the firewall has. Together 1,352 of 1,500 capacity units.
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html"""
_RULE = text(
    "<group>/<rule> of AWS's managed rules, like AWSManagedRulesSQLiRuleSet/SQLi_COOKIE, in one of "
    f"{', '.join(WAF_GROUPS)}",
    f"^({'|'.join(WAF_GROUPS)})/[A-Za-z0-9_]+$",
)


class WafSettings(Group):
    """The web application firewall: AWS's managed rules, and a limit for each address.

    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
    """

    requests_per_5_minutes: int = setting(
        2000, "an address that sends more is blocked", ge=10, le=2_000_000_000
    )
    counted_rules: ListOf[Annotated[str, _RULE]] = setting(
        (), "only counted, on every path, beside those that stop editors' saves in the admin"
    )
    log_retention_days: RetentionDays = setting(365, "of the firewall's log")


class DomainSettings(Group):
    """A name in Route 53: its certificate, HTTPS and the record that leads here follow from it."""

    name: Annotated[str, _DOMAIN] = Field(description="that is served over HTTPS")
    hosted_zone_id: Annotated[str, _ZONE] = Field(
        description="of the public zone in Route 53 that the name is in; must exist"
    )


class LoadBalancerSettings(Group):
    """The load balancer and its health checks.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """

    health_check_path: Annotated[str, _PATH] = setting(
        wordpress.HEALTH_CHECK_PATH,
        f"answers 200 before and after {wordpress.TITLE} is installed, fails without database",
    )
    interval_seconds: int = setting(30, "between two checks of a task", ge=5, le=300)
    timeout_seconds: int = setting(5, "for the answer to a check, below the interval", ge=2, le=120)
    healthy_threshold: int = setting(2, "successes until in rotation", ge=2, le=10)
    unhealthy_threshold: int = setting(3, "failures until out of rotation", ge=2, le=10)
    matcher: Annotated[str, _CODES] = setting("200-399", "HTTP codes that count as healthy")
    stickiness_seconds: int | None = setting(
        86400, "how long a cookie binds a user to a task; null: no cookie", ge=1, le=604800
    )
    deregistration_delay_seconds: int | None = setting(
        None, "how long a stopping task may finish its requests; default: AWS's, 300", ge=0, le=3600
    )
    deletion_protection: bool = setting(False, "switch it off in an earlier apply before destroy")
    https: bool = setting(False, "serve HTTPS with the certificate and redirect HTTP to it")
    certificate_arn: Annotated[str, CERTIFICATE] | None = setting(
        None, "of the same region, for https; default: the variable certificate_arn must be set"
    )
    domain: DomainSettings | None = setting(
        None, "in the place of https, certificate_arn and host_name; default: none"
    )
    host_name: Annotated[str, _HOST] | None = setting(
        None,
        "that users call, a CNAME or alias to the load balancer, or the CDN's; default: the "
        "domain, or the load balancer's own name, which no certificate for https matches",
    )
    https_at_cdn: bool = setting(
        False,
        "users call a CDN over HTTPS, which calls the load balancer over HTTP; "
        f"{wordpress.TITLE} is told, or it would redirect to HTTPS for ever",
    )
    access_log_retention_days: int | None = setting(None, "default: no access logs", ge=1)
    waf: WafSettings | None = setting(None, "default: no firewall")

    def contradictions(self) -> Iterator[str]:
        if self.timeout_seconds >= self.interval_seconds:
            yield (
                f"timeout_seconds = {self.timeout_seconds} must be below interval_seconds = "
                f"{self.interval_seconds}; lower the timeout or raise the interval"
            )
        if self.domain and (self.certificate_arn or "https" in self.model_fields_set):
            yield (
                f"domain = {self.domain.name} brings HTTPS and its certificate; leave "
                f"{'certificate_arn' if self.certificate_arn else 'https'} out"
            )
        if self.https_at_cdn and self.serves_https:
            yield "https_at_cdn is for a load balancer without https; switch one of them off"
        if self.https_at_cdn and not self.site_name:
            yield "https_at_cdn = true without host_name; set the name that the CDN answers to"

    @property
    def serves_https(self) -> bool:
        """Whether there is a listener for HTTPS."""
        return self.https or self.domain is not None

    @property
    def site_name(self) -> str | None:
        """The name that users call; None: the load balancer's own."""
        return self.host_name or (self.domain.name if self.domain else None)

    @property
    def scheme(self) -> str:
        """How users call the site."""
        return "https" if self.serves_https or self.https_at_cdn else "http"
