"""Route 53: a hosted zone that is there before a stack is, as the one that a domain names."""

from moto.route53.models import route53_backends


def have_zone(account_id: str, zone_id: str, name: str) -> None:
    """A public zone with this id, which AWS would choose."""
    backend = route53_backends[account_id]["aws"]
    if zone_id not in backend.zones:
        zone = backend.create_hosted_zone(name, private_zone=False)
        backend.zones[zone_id] = backend.zones.pop(zone.resource_id)
        zone.resource_id = zone_id
