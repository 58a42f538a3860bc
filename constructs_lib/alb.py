"""alb.tf: the internet-facing load balancer, the only way in.

It checks every task's health and sends traffic to the healthy ones of both zones; a cookie keeps a
user on one task, since WordPress without shared keys cannot move a login between tasks.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html
"""

from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_target_group import (
    LbTargetGroup,
    LbTargetGroupHealthCheck,
    LbTargetGroupStickiness,
)
from constructs import Construct

from constructs_lib.addresses import pinned
from constructs_lib.settings import LoadBalancerSettings
from constructs_lib.sg import HTTP
from constructs_lib.variables import Variables


class LoadBalancer(Construct):
    """Load balancer, target group and HTTP listener.

    Attributes:
        dns_name: where the application answers.
        target_group_arn: what the service registers its tasks with.
        arn_suffix, target_group_arn_suffix: the names CloudWatch's metrics use.
        listener: a service must not start before its target group is attached to a listener.
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
                ip_address_type="ipv4",
                subnets=subnet_ids,
                security_groups=[security_group_id],
                enable_cross_zone_load_balancing=True,
                drop_invalid_header_fields=True,
                tags={"Name": f"{project}-alb"},
            ),
        )
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
                ),
                tags={"Name": f"{project}-tg"},
            ),
        )
        self.listener = pinned(
            "http",
            LbListener(
                self,
                "http",
                load_balancer_arn=balancer.arn,
                port=HTTP,
                protocol="HTTP",
                default_action=[
                    LbListenerDefaultAction(type="forward", target_group_arn=group.arn)
                ],
            ),
        )
        self.dns_name = balancer.dns_name
        self.arn_suffix = balancer.arn_suffix
        self.target_group_arn = group.arn
        self.target_group_arn_suffix = group.arn_suffix
