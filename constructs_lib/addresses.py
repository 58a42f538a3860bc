"""An element's id is its Terraform address, which the state of existing deployments holds."""

from collections.abc import Mapping
from difflib import get_close_matches

from cdktf import TerraformElement, TerraformStack
from constructs import Node
from pydantic import JsonValue

from constructs_lib.settings import SettingsError


class AddressedStack(TerraformStack):
    """A stack whose elements' ids are their Terraform addresses: `Lb(self, "aws_lb.main", ...)`.

    By default CDKTF derives the name in the address from the place in the construct tree, so that
    moving a construct would destroy and recreate its resource.
    """

    def _allocate_logical_id(self, tf_element: Node | TerraformElement) -> str:
        node = tf_element.node if isinstance(tf_element, TerraformElement) else tf_element
        return node.id.rpartition(".")[2]

    def override(self, overrides: Mapping[str, Mapping[str, JsonValue]]) -> None:
        """Set arguments of resources after they are made.

        Args:
            overrides: address, to paths of arguments and their values. None takes an argument
                out; a list is appended to the list that is there (CDKTF's `add_override`).

        Raises:
            SettingsError: the stack has no resource at an address.
        """
        if not overrides:
            return  # reading the ids is slow: a call of the jsii kernel for each
        found = [child for child in self.node.find_all() if isinstance(child, TerraformElement)]
        elements = {id: element for element in found if "." in (id := element.node.id)}
        for address, arguments in overrides.items():
            if address not in elements:
                nearest = get_close_matches(address, elements, n=1)
                raise SettingsError(
                    f"stack {self.node.id}: overrides: {address} is not in the stack; "
                    + (f"did you mean {nearest[0]}?" if nearest else "name one of its resources")
                )
            for path, value in arguments.items():
                elements[address].add_override(path, value)
