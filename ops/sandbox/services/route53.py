"""Route 53: the hosted zones that cdktf.json names are there before the stacks are."""

from collections.abc import Callable
from posixpath import commonpath
from typing import Any

from moto.route53.models import Route53Backend

from ops.model.stack import declared
from ops.sandbox.services import extends


@extends(Route53Backend)
def __init__(original: Callable[..., None], backend: Any, *place: str, **account: str) -> None:
    original(backend, *place, **account)
    inside: dict[str, list[str]] = {}
    for settings in declared().values():
        if domain := settings.load_balancer.domain:
            path = "/".join(reversed(domain.name.split(".")))
            inside.setdefault(domain.hosted_zone_id, []).append(path)
    for zone_id, paths in inside.items():
        name = ".".join(reversed(commonpath(paths).split("/")))
        zone = backend.create_hosted_zone(f"{name}.", private_zone=False)
        backend.zones[zone_id] = backend.zones.pop(zone.resource_id)
        zone.resource_id = zone_id  # AWS chooses it
