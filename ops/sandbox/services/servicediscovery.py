"""Cloud Map: a private namespace and its hosted zone.

https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteNamespace.html
"""

from collections.abc import Callable
from typing import Any

from moto.route53.models import route53_backends
from moto.servicediscovery.models import ServiceDiscoveryBackend

from ops.sandbox.services import extends


@extends(ServiceDiscoveryBackend)
def create_private_dns_namespace(
    original: Callable[..., str], self: ServiceDiscoveryBackend, *args: Any, **kwargs: Any
) -> str:
    """The namespace names its hosted zone by its id alone."""
    operation = original(self, *args, **kwargs)
    properties = self.namespaces[self.operations[operation].targets["NAMESPACE"]].dns_properties
    properties["HostedZoneId"] = properties["HostedZoneId"].removeprefix("/hostedzone/")
    return operation


@extends(ServiceDiscoveryBackend)
def delete_namespace(
    original: Callable[..., str], self: ServiceDiscoveryBackend, namespace_id: str
) -> str:
    """The hosted zone that was made for the namespace goes with it."""
    namespace = self.namespaces.get(namespace_id)
    operation = original(self, namespace_id)
    zone = namespace.dns_properties.get("HostedZoneId") if namespace else None
    if zone:
        zones = route53_backends[self.account_id][self.partition].zones
        zones.pop(zone.removeprefix("/hostedzone/"), None)
    return operation
