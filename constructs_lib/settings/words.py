"""What a setting accepts, in plain words, from the JSON Schema that pydantic makes of its type."""

from collections.abc import Callable, Iterator
from functools import cache

from pydantic import BaseModel

from constructs_lib.settings.types import Schema

_NULL = {"type": "null"}


@cache
def schema(model: type[BaseModel]) -> Schema:
    """The JSON Schema of a model."""
    return model.model_json_schema()


def alternatives(setting: Schema, root: Schema) -> list[Schema]:
    """What a setting may be besides null, each without a reference into `root`."""
    options = setting.get("anyOf") or setting.get("oneOf") or [setting]
    return [
        root["$defs"][option["$ref"].rpartition("/")[2]] if "$ref" in option else option
        for option in options
        if option != _NULL
    ]


def described(model: type[BaseModel]) -> Iterator[tuple[str, Schema]]:
    """Every setting of a model by its dotted path; a group itself only where it may be null."""

    def visit(group: Schema, prefix: str) -> Iterator[tuple[str, Schema]]:
        for name, setting in group["properties"].items():
            options = alternatives(setting, schema(model))
            groups = [option for option in options if "properties" in option]
            if not groups or _NULL in setting.get("anyOf", ()):
                yield f"{prefix}{name}", setting
            for inner in groups:
                yield from visit(inner, f"{prefix}{name}.")

    return visit(schema(model), "")


def accepted(setting: Schema, show: Callable[[str], str] = str) -> str:
    """What is accepted, to follow "must be"; `show` says how a value is written."""
    if "accepts" in setting:
        return str(setting["accepts"])
    if "anyOf" in setting:
        inner = setting["anyOf"][0]
        return "an object, or null" if "$ref" in inner else accepted(inner, show)
    if "const" in setting:
        return show(setting["const"])
    if "enum" in setting:
        *others, last = map(show, setting["enum"])
        return f"{', '.join(others)} or {last}"
    low, high = setting.get("minimum"), setting.get("maximum")
    match setting.get("type"):
        case "array":
            at_least = " at least one" if setting.get("minItems") else ""
            return f"a list of{at_least}: {accepted(setting['items'], show)}"
        case "string":
            return "text that is not empty" if setting.get("minLength") else "text"
        case "boolean":
            return f"{show('true')} or {show('false')}"
        case "number":
            return f"above {setting['exclusiveMinimum']:g}"
        case "integer":
            bounds = f", {low} or more" if high is None else f" from {low} to {high}"
            return f"a whole number{bounds}"
    return "an object"
