"""Refuses what AWS's own model of its APIs refuses, which moto mostly lets pass.

The model says which parameters are needed, and of each the values, the length, the range and the
pattern that AWS takes. An error looks as AWS writes it. Patterns that Python cannot read (they have
Java's `\\p{L}` and the like, in tags and descriptions) are not checked.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html
"""

import re
from collections.abc import Iterator
from functools import cache
from math import inf
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ops.sandbox.calls import Call

# Of the errors that an operation lists, the one that means it; else it is its protocol's.
_INVALID = re.compile("(Validation|Invalid(Input|Parameter|ParameterValue))(Error|Exception)?")
_CODES = {"query": "ValidationError", "ec2": "InvalidParameterValue", "rest-xml": "MalformedXML"}


def refusal(call: Call) -> tuple[str, str] | None:
    """The error code and the message with which AWS answers a call, or None if it is well."""
    if call.model is None or call.model.input_shape is None:
        return None
    found = list(_problems(call.parameters, call.model.input_shape, ""))
    if not found:
        return None
    noun = "error" if len(found) == 1 else "errors"
    return _code(call, found), f"{len(found)} validation {noun} detected: {'; '.join(found)}"


def _code(call: Call, found: list[str]) -> str:
    assert call.model is not None
    protocol = str(call.model.service_model.protocol)
    if protocol == "ec2" and all(text.endswith(_NULL) for text in found):
        return "MissingParameter"
    codes = (str(shape.error_code) for shape in call.model.error_shapes)
    own = next((code for code in codes if _INVALID.fullmatch(code)), None)
    return own or _CODES.get(protocol, "ValidationException")


_NULL = "Member must not be null"


def _problems(value: Any, shape: Shape, name: str) -> Iterator[str]:
    """What is wrong with a value, and with all inside of it."""
    if isinstance(shape, StructureShape):
        for member in shape.required_members:
            if value.get(member) is None:
                yield _said(f"{name}.{member}", _NULL)
        for member, inside in value.items():
            if inside is not None:
                yield from _problems(inside, shape.members[member], f"{name}.{member}")
        if shape.is_tagged_union and len(value) != 1:
            yield _said(name, f"Member must be one of: [{', '.join(shape.members)}]")
        return
    if isinstance(shape, ListShape):
        for number, inside in enumerate(value, start=1):
            yield from _problems(inside, shape.member, f"{name}.{number}")
    elif isinstance(shape, MapShape):
        for key, inside in value.items():
            yield from _problems(key, shape.key, f"{name} (key {key})")
            yield from _problems(inside, shape.value, f"{name}.{key}")
    for constraint in _constraints(value, shape):
        shown = not shape.metadata.get("sensitive") and isinstance(value, (str, int, float))
        yield _said(name, constraint, value if shown else None)


def _said(name: str, constraint: str, value: object = None) -> str:
    shown = "Value" if value is None else f"Value '{value}'"
    return f"{shown} at '{name.removeprefix('.')}' failed to satisfy constraint: {constraint}"


def _constraints(value: Any, shape: Shape) -> Iterator[str]:
    """Those of the model that a value does not keep, as AWS words them."""
    limits: dict[str, Any] = shape.metadata
    sized = hasattr(value, "__len__")
    what = "have length" if sized else "have value"
    if isinstance(value, (int, float)) or sized:
        size = len(value) if sized else value
        if size > limits.get("max", inf):
            yield f"Member must {what} less than or equal to {limits['max']}"
        if size < limits.get("min", -inf):
            yield f"Member must {what} greater than or equal to {limits['min']}"
    if not isinstance(value, str):
        return
    if value not in limits.get("enum", [value]):
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    pattern = compiled(limits.get("pattern", ""))
    if pattern and not pattern.fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern.pattern}"


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern of the model, None for no pattern and for one that Python cannot read."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None
