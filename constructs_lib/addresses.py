"""Terraform addresses are an external contract: an element's id says its address."""

from cdktf import TerraformElement, TerraformStack
from constructs import Node


class AddressedStack(TerraformStack):
    """A stack whose elements' ids are their Terraform addresses: `Lb(self, "aws_lb.main", ...)`.

    By default CDKTF derives the name in the address from the place in the construct tree, so that
    moving a construct would destroy and recreate its resource.
    """

    def _allocate_logical_id(self, tf_element: Node | TerraformElement) -> str:
        node = tf_element.node if isinstance(tf_element, TerraformElement) else tf_element
        return node.id.rpartition(".")[2]
