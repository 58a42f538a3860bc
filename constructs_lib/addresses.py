"""Terraform addresses are an external contract: this pins them, whatever the construct tree."""

from typing import TypeVar

from cdktf import TerraformElement

Element = TypeVar("Element", bound=TerraformElement)


def pinned(name: str, element: Element) -> Element:
    """`element` with `name` as the second half of its Terraform address.

    CDKTF would derive it from the position in the construct tree, so that moving a construct would
    destroy and recreate its resource.
    """
    element.override_logical_id(name)
    return element
