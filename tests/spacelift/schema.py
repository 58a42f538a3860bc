"""Compares synthesized Spacelift resources with the provider's schema.

`provider-schema.json` is cut down to the resource types in use from the provider's reference
(spacelift-io/spacelift, version and commit inside). For each type it holds a map from block path
("" is the resource itself, "opentofu.logging" a block in a block) to required, optional and
read-only arguments with type, allowed values and deprecation.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMA: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "provider-schema.json").read_text(encoding="utf-8")
)

META_ARGUMENTS = {"//", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}

_SCALARS: Mapping[str, type | tuple[type, ...]] = {
    "String": str,
    "Boolean": bool,
    "Number": (int, float),
}


def findings(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with the Spacelift resources of a `cdk.tf.json`, one line for each."""
    found = []
    for type_, resources in document.get("resource", {}).items():
        if not type_.startswith("spacelift_"):
            continue
        blocks = SCHEMA["resources"].get(type_)
        for name, arguments in resources.items():
            if blocks is None:
                found.append(f"{type_}.{name}: unknown resource type")
            else:
                found += [f"{type_}.{name}: {line}" for line in _check(blocks, "", arguments)]
    return found


def _check(blocks: Mapping[str, Any], path: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong in the block at `path`."""
    block = blocks[path]
    known = {**block.get("required", {}), **block.get("optional", {})}
    for name in sorted(block.get("required", {}).keys() - arguments.keys()):
        yield f"missing argument {_join(path, name)}"
    for name, value in arguments.items():
        where = _join(path, name)
        if not path and name in META_ARGUMENTS:
            continue
        if name in block.get("read_only", {}):
            yield f"read-only argument {where}"
        elif name not in known:
            yield f"unknown argument {where}"
        else:
            yield from _check_argument(blocks, where, known[name], value)


def _check_argument(
    blocks: Mapping[str, Any], where: str, schema: Mapping[str, Any], value: Any
) -> Iterator[str]:
    if schema.get("deprecated"):
        yield f"deprecated argument {where}"
    if not _has_type(schema["type"], value):
        yield f"wrong type of {where}: {json.dumps(value)} is no {schema['type']}"
        return
    if "values" in schema and value not in schema["values"]:
        allowed = ", ".join(schema["values"])
        yield f"wrong value of {where}: {json.dumps(value)} is none of {allowed}"
    if schema["type"].startswith("Block"):
        entries = value if isinstance(value, list) else [value]
        if len(entries) > schema.get("max_items", len(entries)):
            yield f"too many blocks {where}: {len(entries)}, at most {schema['max_items']}"
        for entry in entries:
            yield from _check(blocks, where, entry)


def _has_type(type_: str, value: Any) -> bool:
    """Whether a JSON value can be given for the type. A reference can stand for anything."""
    if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
        return True
    kind, _, inner = type_.partition(" of ")
    if kind in ("List", "Set"):
        if not isinstance(value, list) or not all(_has_type(inner, item) for item in value):
            return False
        return kind == "List" or len(set(value)) == len(value)
    if kind == "Map":
        return isinstance(value, dict) and all(_has_type(inner, v) for v in value.values())
    if kind.startswith("Block"):
        return isinstance(value, dict) or (
            isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
        )
    if kind == "Number" and isinstance(value, bool):
        return False
    return isinstance(value, _SCALARS[kind])


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
