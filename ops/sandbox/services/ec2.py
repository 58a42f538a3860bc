"""EC2: what goes with a VPC and with a NAT gateway."""

from collections.abc import Callable

from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPC

from ops.sandbox.services import extends


@extends(EC2Backend)
def delete_vpc(original: Callable[..., VPC], self: EC2Backend, vpc_id: str) -> VPC:
    """A VPC's default network ACL goes with it."""
    vpc = original(self, vpc_id)
    for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
        del self.network_acls[acl.id]
    return vpc


@extends(EC2Backend)
def delete_nat_gateway(
    original: Callable[..., NatGateway], self: EC2Backend, nat_gateway_id: str
) -> NatGateway:
    """The gateway's network interface goes with it, and its address is free again."""
    gateway = original(self, nat_gateway_id)
    for address in self.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    self.enis.pop(gateway._eni.id, None)
    return gateway
