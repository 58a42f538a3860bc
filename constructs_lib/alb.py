"""alb.tf: the internet-facing load balancer, the only way in.

It checks every task's health and sends traffic to the healthy ones of both zones; a cookie keeps a
user on one task, since WordPress without shared keys cannot move a login between tasks. Where HTTPS
is set, it is served with the user's certificate, and HTTP only redirects there.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.lb import Lb, LbAccessLogs
from cdktf_cdktf_provider_aws.lb_listener import (
    LbListener,
    LbListenerDefaultAction,
    LbListenerDefaultActionRedirect,
)
from cdktf_cdktf_provider_aws.lb_target_group import (
    LbTargetGroup,
    LbTargetGroupHealthCheck,
    LbTargetGroupStickiness,
)
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.settings import LoadBalancerSettings
from constructs_lib.sg import HTTP, HTTPS
from constructs_lib.variables import Variables

if TYPE_CHECKING:  # an option: its module loads parts of the provider that most stacks do not need
    from constructs_lib.access_logs import AccessLogs

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2 only.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""


class LoadBalancer(Construct):
    """Load balancer, target group and listeners.

    Attributes:
        arn: what a firewall protects.
        dns_name: the load balancer's own name.
        url: where the application answers.
        target_group_arn: what the service registers its tasks with.
        arn_suffix, target_group_arn_suffix: the names CloudWatch's metrics use.
        listener: a service must not start before its target group is attached to this listener.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: LoadBalancerSettings,
        variables: Variables,
        vpc_id: str,
        subnet_ids: list[str],
        security_group_id: str,
        internet_gateway: InternetGateway,
        access_logs: AccessLogs | None,
    ) -> None:
        super().__init__(scope, id)
        project = variables.project_name
        balancer = pinned(
            "main",
            Lb(
                self,
                "alb",
                name=f"{project}-alb",
                internal=False,
                load_balancer_type="application",
                ip_address_type=settings.ip_address_type,
                subnets=subnet_ids,
                security_groups=[security_group_id],
                enable_cross_zone_load_balancing=settings.cross_zone,
                drop_invalid_header_fields=settings.drop_invalid_header_fields,
                enable_deletion_protection=settings.deletion_protection or None,
                access_logs=LbAccessLogs(bucket=access_logs.bucket, enabled=True)
                if access_logs
                else None,
                tags={"Name": f"{project}-alb"},
                # AWS refuses it in a VPC without a gateway; and it tries whether it may write logs
                depends_on=[internet_gateway, *([access_logs.policy] if access_logs else [])],
            ),
        )
        delay = settings.deregistration_delay_seconds
        group = pinned(
            "main",
            LbTargetGroup(
                self,
                "target-group",
                name=f"{project}-tg",
                port=HTTP,
                protocol="HTTP",
                target_type="ip",
                vpc_id=vpc_id,
                health_check=LbTargetGroupHealthCheck(
                    enabled=True,
                    path=settings.health_check_path,
                    protocol="HTTP",
                    interval=settings.interval_seconds,
                    timeout=settings.timeout_seconds,
                    healthy_threshold=settings.healthy_threshold,
                    unhealthy_threshold=settings.unhealthy_threshold,
                    matcher=settings.matcher,
                ),
                stickiness=LbTargetGroupStickiness(
                    enabled=True, type="lb_cookie", cookie_duration=settings.stickiness_seconds
                )
                if settings.stickiness_seconds is not None
                else None,
                deregistration_delay=str(delay) if delay is not None else None,
                tags={"Name": f"{project}-tg"},
            ),
        )
        forward = LbListenerDefaultAction(type="forward", target_group_arn=group.arn)
        http = pinned(
            "http",
            LbListener(
                self,
                "http",
                load_balancer_arn=balancer.arn,
                port=HTTP,
                protocol="HTTP",
                default_action=[_to_https() if settings.https else forward],
            ),
        )
        self.listener = http
        if settings.https:
            self.listener = pinned(
                "https",
                LbListener(
                    self,
                    "https",
                    load_balancer_arn=balancer.arn,
                    port=HTTPS,
                    protocol="HTTPS",
                    ssl_policy=TLS_POLICY,
                    certificate_arn=variables.certificate_arn,
                    default_action=[forward],
                ),
            )
        self.arn = balancer.arn
        self.dns_name = balancer.dns_name
        self.url = (
            f"{'https' if settings.https else 'http'}://{settings.host_name or self.dns_name}"
        )
        self.arn_suffix = balancer.arn_suffix
        self.target_group_arn = group.arn
        self.target_group_arn_suffix = group.arn_suffix


def _to_https() -> LbListenerDefaultAction:
    """Send the browser to the same address with HTTPS, for good."""
    return LbListenerDefaultAction(
        type="redirect",
        redirect=LbListenerDefaultActionRedirect(
            port=str(HTTPS), protocol="HTTPS", status_code="HTTP_301"
        ),
    )
