"""alb.tf: the internet-facing load balancer, the only way in.

It checks every task's health and sends traffic to the healthy ones of both zones; a cookie keeps a
user on one task, since without shared keys a login cannot move between tasks. Where HTTPS
is set, it is served with the user's certificate or the domain's, and HTTP only redirects there.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html
"""

from constructs_lib import aws
from constructs_lib.options.access_logs import AccessLogs
from constructs_lib.options.domain import Domain
from constructs_lib.part import Part, PlatformStack
from constructs_lib.sg import HTTP, HTTPS, SecurityGroups
from constructs_lib.variables import certificate_rule
from constructs_lib.vpc import Network

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2 only.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""


class LoadBalancer(Part):
    """Load balancer, target group and listeners.

    Attributes:
        arn, dns_name, target_group_arn: as AWS names them.
        dimensions: how metrics name the target group behind the load balancer.
        url: where the application answers.
        listener: a service must not start before its target group is attached to this listener.
    """

    def __init__(
        self,
        stack: PlatformStack,
        network: Network,
        groups: SecurityGroups,
        access_logs: AccessLogs | None,
        domain: Domain | None,
    ) -> None:
        super().__init__(stack)
        settings, variables = stack.settings.load_balancer, stack.variables
        balancer = aws.Lb(
            self,
            "aws_lb.main",
            name=f"{self.project}-alb",
            internal=False,
            load_balancer_type="application",
            ip_address_type="ipv4",
            subnets=network.public_subnet_ids,
            security_groups=[groups.alb_id],
            enable_cross_zone_load_balancing=True,
            drop_invalid_header_fields=True,
            enable_deletion_protection=settings.deletion_protection or None,
            access_logs=access_logs.target if access_logs else None,
            tags={"Name": f"{self.project}-alb"},
            # AWS refuses it in a VPC without a gateway; and it tries whether it may write logs
            depends_on=[network.internet_gateway, *([access_logs.policy] if access_logs else [])],
        )
        # Switched off in words: leaving the block out changes nothing where it is switched on.
        stickiness = aws.LbTargetGroupStickiness(
            type="lb_cookie",
            enabled=settings.stickiness_seconds is not None,
            cookie_duration=settings.stickiness_seconds,
        )
        delay = settings.deregistration_delay_seconds
        group = aws.LbTargetGroup(
            self,
            "aws_lb_target_group.main",
            name=f"{self.project}-tg",
            port=HTTP,
            protocol="HTTP",
            target_type="ip",
            vpc_id=network.vpc_id,
            health_check=aws.LbTargetGroupHealthCheck(
                enabled=True,
                path=settings.health_check_path,
                protocol="HTTP",
                interval=settings.interval_seconds,
                timeout=settings.timeout_seconds,
                healthy_threshold=settings.healthy_threshold,
                unhealthy_threshold=settings.unhealthy_threshold,
                matcher=settings.matcher,
            ),
            stickiness=stickiness,
            deregistration_delay=None if delay is None else str(delay),
            tags={"Name": f"{self.project}-tg"},
        )
        forward = aws.LbListenerDefaultAction(type="forward", target_group_arn=group.arn)
        redirect = aws.LbListenerDefaultAction(
            type="redirect",
            redirect={"port": str(HTTPS), "protocol": "HTTPS", "status_code": "HTTP_301"},
        )
        self.listener = aws.LbListener(
            self,
            "aws_lb_listener.http",
            load_balancer_arn=balancer.arn,
            port=HTTP,
            protocol="HTTP",
            default_action=[redirect if settings.serves_https else forward],
        )
        if settings.serves_https:
            self.listener = aws.LbListener(
                self,
                "aws_lb_listener.https",
                load_balancer_arn=balancer.arn,
                port=HTTPS,
                protocol="HTTPS",
                ssl_policy=TLS_POLICY,
                certificate_arn=domain.certificate_arn if domain else variables.certificate_arn,
                default_action=[forward],
                lifecycle=None if domain else variables.checks(certificate_rule),
            )
        if domain:
            domain.lead_to(balancer)
        self.arn, self.dns_name, self.target_group_arn = balancer.arn, balancer.dns_name, group.arn
        self.dimensions = {"TargetGroup": group.arn_suffix, "LoadBalancer": balancer.arn_suffix}
        self.url = f"{settings.scheme}://{settings.site_name or self.dns_name}"
