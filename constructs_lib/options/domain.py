"""A domain of one's own: its certificate, the proof that it is ours, and the way to the balancer.

AWS renews the certificate by itself as long as the proof stands in the zone. A change of the name
makes the new certificate before the old one goes, so that the listener always has one.

https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

from cdktf import Precondition, TerraformResourceLifecycle

from constructs_lib import aws
from constructs_lib.part import Part, PlatformStack
from constructs_lib.settings.load_balancer import DomainSettings

PROOF_TTL_SECONDS = 60


class Domain(Part):
    """The certificate with its proof, and the record of the name itself.

    Attributes:
        certificate_arn: of the certificate once it is issued, which a listener can use.
    """

    def __init__(self, stack: PlatformStack, settings: DomainSettings) -> None:
        super().__init__(stack)
        self._name, zone_id = settings.name, settings.hosted_zone_id
        zone = aws.DataAwsRoute53Zone(self, "data.aws_route53_zone.domain", zone_id=zone_id)
        self._zone_id = zone.zone_id
        certificate = aws.AcmCertificate(
            self,
            "aws_acm_certificate.domain",
            domain_name=settings.name,
            validation_method="DNS",
            tags={"Name": f"{self.project}-domain"},
            lifecycle=TerraformResourceLifecycle(
                create_before_destroy=True, precondition=[_in_its_zone(settings)]
            ),
        )
        proof = certificate.domain_validation_options.get(0)
        record = aws.Route53Record(
            self,
            "aws_route53_record.proof",
            zone_id=self._zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=PROOF_TTL_SECONDS,
            # every certificate of this name in the account has the same proof
            allow_overwrite=True,
        )
        issued = aws.AcmCertificateValidation(
            self,
            "aws_acm_certificate_validation.domain",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
        )
        self.certificate_arn = issued.certificate_arn

    def lead_to(self, balancer: aws.Lb) -> None:
        """Let the name stand for the load balancer; AWS refuses a name that is there already."""
        aws.Route53Record(
            self,
            "aws_route53_record.domain",
            zone_id=self._zone_id,
            name=self._name,
            type="A",
            alias=aws.Route53RecordAlias(
                name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=False
            ),
        )


def _in_its_zone(settings: DomainSettings) -> Precondition:
    """The provider appends the zone's name to another one, whose proof AWS awaits for an hour."""
    zone = "data.aws_route53_zone.domain"
    return Precondition(
        condition=f'${{!{zone}.private_zone && endswith(".{settings.name}", ".${{{zone}.name}}")}}',
        error_message=(
            f"load_balancer.domain: {settings.name} is not in zone "
            f'{settings.hosted_zone_id}, which is ${{{zone}.private_zone ? "private, " : ""}}'
            f"${{{zone}.name}}. Name the public zone that the domain is in."
        ),
    )
