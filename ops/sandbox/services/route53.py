"""Route 53: the hosted zones that cdktf.json names are there before the stacks are.

And a record that was deleted can be made again.
"""

from collections.abc import Callable
from typing import Any

from moto.route53.models import Route53Backend

from ops.model.stack import declared
from ops.sandbox.services import extends


@extends(Route53Backend)
def __init__(original: Callable[..., None], backend: Any, *place: str, **account: str) -> None:
    """Each with the name of a top-level domain, in which all of its domains are."""
    original(backend, *place, **account)
    for settings in declared().values():
        domain = settings.load_balancer.domain
        if domain and domain.hosted_zone_id not in backend.zones:
            name = f"{domain.name.rpartition('.')[2]}."
            zone = backend.create_hosted_zone(name, private_zone=False)
            backend.zones[domain.hosted_zone_id] = backend.zones.pop(zone.resource_id)
            zone.resource_id = domain.hosted_zone_id  # which AWS would choose


@extends(Route53Backend)
def change_resource_record_sets(
    original: Callable[..., None], backend: Any, zone_id: str, changes: list[dict[str, Any]]
) -> None:
    """Moto refuses what its journal says was made before, so that forgets what is gone."""
    original(backend, zone_id, changes)
    zone = backend.get_hosted_zone(zone_id)
    there = {(record.name, record.type, record.set_identifier) for record in zone.rrsets}

    def is_there(change: dict[str, Any]) -> bool:
        record = change["ResourceRecordSet"]
        return (f"{record['Name']}.", record["Type"], record.get("SetIdentifier")) in there

    zone.rr_changes[:] = filter(is_there, zone.rr_changes)
