"""A synthesized stack is read as Terraform would read it, with its variables at their defaults."""

from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.model.stack import Stack, block, synthesize

STACK = Stack(
    {
        "variable": {
            "count": {"default": 2},
            "zones": {"default": ["a", "b"]},
            "region": {"default": "eu-west-1"},
            "password": {"sensitive": True},
        },
        "resource": {"aws_subnet": {"one": {"tags": {}}, "two": {}}},
    }
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (5, 5),
        (None, None),
        ("${var.count}", 2),
        ("${var.zones}", ["a", "b"]),
        ("${var.zones[1]}", "b"),
        ("${var.region}a", "eu-west-1a"),
        ("x-${var.region}-${var.count}", "x-eu-west-1-2"),
        ("${aws_lb.main.arn}", "${aws_lb.main.arn}"),
    ],
)
def test_references_to_variables_become_their_defaults(raw: object, value: object) -> None:
    """A whole reference keeps its type, one inside a string becomes text, others stay."""
    assert STACK.value(raw) == value


def test_a_variable_without_default_has_no_value() -> None:
    with pytest.raises(OpsError, match="variable password has no default"):
        STACK.value("${var.password}")


def test_references_to_resources() -> None:
    assert STACK.referred("${aws_subnet.one.id}") == {"tags": {}}
    assert STACK.referred("${aws_subnet.one}") == {"tags": {}}
    for reference in ("${aws_subnet.three.id}", "subnet-123", "${var.count}"):
        with pytest.raises(OpsError, match="is not a resource of the stack"):
            STACK.referred(reference)


def test_exactly_one_resource() -> None:
    with pytest.raises(OpsError, match="the stack has 2 aws_subnet, not exactly one"):
        STACK.one("aws_subnet")
    with pytest.raises(OpsError, match="the stack has 0 aws_lb, not exactly one"):
        STACK.one("aws_lb")


def test_a_block_is_an_object_or_a_list_of_one() -> None:
    """Terraform's JSON allows both, and leaving it out."""
    assert block({"a": 1}) == block([{"a": 1}]) == {"a": 1}
    assert block(None) == block([]) == {}


def test_a_stack_that_does_not_exist(tmp_path: Path) -> None:
    """main.py's own line is the message."""
    with pytest.raises(OpsError, match=r"^stack 'nothing' is not in cdktf.json"):
        synthesize("nothing", tmp_path)
