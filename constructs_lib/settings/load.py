"""Reads the settings of cdktf.json; every problem is reported in one line."""

import json
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from constructs_lib.settings.stack import StackSettings
from constructs_lib.settings.types import SECRET, Schema, SettingsError
from constructs_lib.settings.words import accepted, alternatives, described, schema

Model = TypeVar("Model", bound=BaseModel)

_STACK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def load_stacks(path: Path) -> dict[str, StackSettings]:
    """The stacks that `context.stacks` of the cdktf.json at `path` declares, by stack id.

    Raises:
        SettingsError: the file cannot be read, is not JSON, or holds a setting that cannot be used.
    """
    stacks = read_context(path).get("stacks")
    if not isinstance(stacks, dict) or not stacks:
        raise SettingsError(
            f"{path.name}: context.stacks must map stack ids to their settings, "
            'like {"context": {"stacks": {"resilience-platform": {}}}}'
        )
    parsed = {stack_id: parse_stack(stack_id, values) for stack_id, values in stacks.items()}
    first: dict[tuple[str | None, str], str] = {}
    for stack_id, stack in parsed.items():
        if (other := first.setdefault((stack.project_name, stack.region), stack_id)) != stack_id:
            raise SettingsError(
                f"stack {stack_id}: stack {other} has project_name = {stack.project_name} in "
                f"region = {stack.region} too, so that all names collide; change one of the two"
            )
    return parsed


def parse_stack(stack_id: str, values: object) -> StackSettings:
    """The settings of one stack, with `project_name` filled in from the stack id.

    Raises:
        SettingsError: the id or a setting cannot be used; says which, and what is accepted.
    """
    if not _STACK_ID.fullmatch(stack_id):
        raise SettingsError(
            f"stack {stack_id!r}: a stack id has 1 to 63 lower-case letters, digits and hyphens "
            "(it is the Spacelift slug too); rename it in cdktf.json"
        )
    if not isinstance(values, dict):
        raise SettingsError(f"stack {stack_id}: settings must be an object, like {{}}")
    if values.get("project_name") is None:
        values = {**values, "project_name": stack_id}
    return validated(StackSettings, f"stack {stack_id}", values)


def validated(model: type[Model], where: str, values: object) -> Model:
    """`values` as the settings group `model`.

    Raises:
        SettingsError: a value cannot be used; begins with `where`.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(f"{where}: {_first_problem(model, error)}") from None


def read_context(path: Path) -> dict[str, object]:
    """The context object of the cdktf.json at `path`; empty where it has none.

    Raises:
        SettingsError: the file cannot be read or is not JSON.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name}: is not UTF-8 text; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"{path.name}:{error.lineno}:{error.colno}"
        raise SettingsError(f"{place}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond Python's limits
        raise SettingsError(f"{path.name}: not valid JSON: {error}") from None
    context = document.get("context") if isinstance(document, dict) else None
    return context if isinstance(context, dict) else {}


def _first_problem(model: type[BaseModel], error: ValidationError) -> str:
    """One line for the first problem found: key, value, what is accepted; and how many follow."""
    problems = error.errors(include_url=False)
    kind, value = problems[0]["type"], problems[0]["input"]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    keys, group, setting = _place(model, problems[0]["loc"])
    if kind.startswith("union_tag"):
        choice = setting["discriminator"]
        keys.append(choice["propertyName"])
        kind, value = kind if keys[-1] in value else "missing", value.get(keys[-1])
        setting = {"enum": [*choice["mapping"]]}
    plain = setting.get("anyOf", [setting])[0]  # without null
    key, must = ".".join(keys), f"must {plain.get('verb', 'be')} {accepted(setting)}"
    if kind == "extra_forbidden":
        return f"{key}: unknown setting; {_instead(model, keys, group)}{more}"
    if kind == "missing":
        return f"{key} is missing; it {must}{more}"
    if kind == "value_error":  # ours
        must = str(problems[0]["ctx"]["error"])
    elif kind == "finite_number":
        must = "must be a finite number"
    else:
        must += _quotes(plain, value)
    if keys and not isinstance(value, (dict, BaseModel)):
        secret = SECRET.search(keys[-1])
        key += f" = {'…' if secret else json.dumps(value, default=str, ensure_ascii=False)}"
    return f"{key}: {must}{more}" if key else f"{must}{more}"


def _place(
    model: type[BaseModel], location: tuple[str | int, ...]
) -> tuple[list[str], Schema, Schema]:
    """The keys that lead to a problem, and the schemas of the group and the setting there."""
    keys: list[str] = []
    group = setting = schema(model)
    for part in location:
        if not setting:
            break  # below `overrides` pydantic appends names of types: stop here
        if "discriminator" in setting:  # a union adds a level that the file does not have
            setting = {"$ref": setting["discriminator"]["mapping"][part]}
            continue
        keys.append(str(part))
        (group,) = alternatives(setting, schema(model))
        if isinstance(part, int):
            setting = group.get("items") or group["prefixItems"][part]
        else:
            others = group.get("additionalProperties") or {}
            setting = group.get("properties", {}).get(part, others)
    return keys, group, setting


def _instead(model: type[BaseModel], keys: list[str], group: Schema) -> str:
    """Suggests the nearest key for one that is not known; if none is near, lists all."""
    *groups, key = keys
    known = group["properties"]
    paths = [".".join([*groups, near]) for near in get_close_matches(key, known, n=1)]
    paths += [path for path, _ in described(model) if f".{path}".endswith(f".{key}")]
    for path in paths:
        if path != ".".join(keys):
            return f"did you mean {path}?"
    choice = known.get("type", {}).get("const")
    return f"accepted{f' with type = {choice}' if choice else ''} are {', '.join(sorted(known))}"


def _quotes(setting: Schema, value: object) -> str:
    """The hint that a number stands in quotes, or that a number or a flag does not."""
    kind = setting.get("type")
    forms = {"boolean": "true|false", "integer": "-?[0-9]+", "number": "-?[0-9.]+"}
    if isinstance(value, str) and re.fullmatch(forms.get(str(kind), "$^"), value):
        return "; write it without quotes"
    if kind == "string" and "enum" not in setting and type(value) in (int, float):
        return "; write it in quotes"
    return ""
