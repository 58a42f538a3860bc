"""A platform stack as the Terraform JSON it becomes, every block of it at hand.

cdktf's own matchers answer whether any matching resource exists, and forgetting `assert` makes them
assert nothing. Here a test gets the blocks themselves, and `changes` says all that two stacks have
different.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from constructs_lib.settings import parse_stack

Block: TypeAlias = dict[str, Any]
"""A block of Terraform JSON. `Any`, because its shape is what the tests assert."""

STACK_ID = "resilience-platform"

_VARIABLE = re.compile(r"\$\{var\.(\w+)(?:\[(\d+)\])?\}")
_TOKEN = re.compile(
    r'(?P<string>"(?:\\.|[^"\\])*")|(?P<key>\w+)\s*='
    r"|(?P<name>[A-Za-z_][\w.]*(?:\[\d+\][\w.]*|\([^()]*\))*)|="
)


@dataclass(frozen=True)
class Synthesized:
    """One synthesized stack."""

    text: str

    @cached_property
    def document(self) -> Block:
        """The whole file."""
        document: Block = json.loads(self.text)
        return document

    @property
    def variables(self) -> dict[str, Block]:
        """The variables' blocks, by name."""
        variables: dict[str, Block] = self.document["variable"]
        return variables

    @property
    def outputs(self) -> dict[str, Block]:
        """The outputs' blocks, by name."""
        outputs: dict[str, Block] = self.document["output"]
        return outputs

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """Each resource and data source by address, each output as `output.<name>`, and the blocks
        `provider` and `terraform`.

        As written, but without nulls and comments, and what `jsonencode(...)` encodes in its place.
        """
        found = {"terraform": self.document["terraform"]}
        found["provider"], *_ = self.document["provider"]["aws"]
        for name, block in self.outputs.items():
            found[f"output.{name}"] = block
        for prefix, kind in (("", "resource"), ("data.", "data")):
            for type, blocks in self.document.get(kind, {}).items():
                for name, block in blocks.items():
                    found[f"{prefix}{type}.{name}"] = block
        return {address: _plain(block) for address, block in found.items()}

    @property
    def addresses(self) -> list[str]:
        """Every resource and data source by its Terraform address, sorted."""
        return sorted(address for address in self.blocks if re.match(r"(data\.)?aws_", address))

    def all(self, type: str) -> dict[str, Block]:
        """Every resource of a type by its name."""
        found = (address.split(".") for address in self.blocks if address.startswith(f"{type}."))
        return {name: self.blocks[f"{type}.{name}"] for _, name in found}

    def planned(self, address: str) -> Block:
        """The block as Terraform would plan it without further input: with variables' defaults."""
        block: Block = self._with_defaults(self.blocks[address])
        return block

    def _with_defaults(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._with_defaults(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._with_defaults(item) for item in value]
        if not isinstance(value, str):
            return value
        if whole := _VARIABLE.fullmatch(value):
            return self._default(whole)
        return _VARIABLE.sub(lambda match: str(self._default(match)), value)

    def _default(self, reference: re.Match[str]) -> Any:
        name, index = reference.groups()
        if "default" not in self.variables[name]:
            return reference[0]
        default = self.variables[name]["default"]
        return default if index is None else default[int(index)]

    @property
    def container(self) -> Block:
        """The one container of the task."""
        (container,) = self.blocks["aws_ecs_task_definition.wordpress"]["container_definitions"]
        found: Block = container
        return found

    def statements(self, address: str) -> list[Block]:
        """The statements of a resource's policy."""
        statements: list[Block] = self.blocks[address]["policy"]["Statement"]
        return statements


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k != "//" and v is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str) and value.startswith("${jsonencode("):
        return _plain(encoded(value))
    return value


def encoded(expression: str) -> Any:
    """The value that a `${jsonencode(...)}` of literals and references encodes.

    A reference in it becomes a string of its own, as it would stand in JSON: `${aws_vpc.main.id}`.
    """

    def as_json(match: re.Match[str]) -> str:
        if match["key"]:
            return f'"{match["key"]}":'
        if match["name"] and match["name"] not in ("true", "false", "null"):
            return json.dumps(f"${{{match['name']}}}")
        return ":" if match[0] == "=" else match[0]

    inner = expression.removeprefix("${jsonencode(").removesuffix(")}")
    return json.loads(_TOKEN.sub(as_json, inner))


def leaves(value: object, path: str = "") -> dict[str, object]:
    """What stands at the ends of nested objects and lists of objects, by dotted path."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        value = {str(number): item for number, item in enumerate(value)}
    if not isinstance(value, dict) or not value:
        return {path: value}
    parts = (leaves(item, f"{path}.{key}" if path else key) for key, item in value.items())
    return {leaf: item for part in parts for leaf, item in part.items()}


def changes(before: Mapping[str, Block], after: Mapping[str, Block]) -> dict[str, object]:
    """What blocks that are in both say in `after`, where it differs: by address and path.

    None is what `after` does not say; a list that is longer or shorter differs as a whole.
    """
    return {
        place: value
        for address, block in before.items()
        if address in after
        for place, value in _changes(block, after[address], address)
    }


def _changes(before: Any, after: Any, place: str) -> Iterator[tuple[str, object]]:
    lists = isinstance(before, list) and isinstance(after, list) and len(before) == len(after)
    if lists and all(isinstance(item, dict) for item in before + after):
        before, after = dict(enumerate(before)), dict(enumerate(after))
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before | after:
            yield from _changes(before.get(key), after.get(key), f"{place}.{key}")
    elif before != after:
        yield place, after


def dangling(stack: Synthesized) -> set[str]:
    """What the stack refers to, in expressions and in `depends_on`, and does not have."""
    resources = set(re.findall(r"(?:data\.)?\baws_[a-z0-9_]+\.[a-z0-9_]+", stack.text))
    variables = set(re.findall(r"\bvar\.(\w+)", stack.text))
    return (resources - set(stack.addresses)) | (variables - set(stack.variables))


def synthesize(values: dict[str, object], *, stack_id: str, outdir: Path) -> Synthesized:
    """Build the stack of these settings, run its validations and return what it becomes.

    Args:
        values: the settings, as under `context.stacks.<stack id>` of cdktf.json.
        outdir: folder for the app; without one cdktf leaves a temporary folder behind each time.
    """
    # Imported late: collecting the tests must not wait for Node.js, and some need none.
    from constructs_lib.platform import ResiliencePlatform  # isort: skip
    from cdktf import Testing

    app = Testing.app(outdir=str(outdir))
    stack = ResiliencePlatform(app, stack_id, settings=parse_stack(stack_id, values))
    return Synthesized(Testing.synth(stack, True))


class Synthesizer:
    """Synthesizes stacks, each combination of settings once."""

    def __init__(self, outdir: Path) -> None:
        self._outdir = outdir
        self._done: dict[str, Synthesized] = {}

    def __call__(self, stack_id: str = STACK_ID, /, **values: object) -> Synthesized:
        """The stack of these settings: `synth(network={"vpc_cidr": "10.1.0.0/16", ...})`."""
        key = json.dumps([stack_id, values], sort_keys=True)
        if key not in self._done:
            self._done[key] = self.fresh(stack_id, **values)
        return self._done[key]

    def fresh(self, stack_id: str = STACK_ID, /, **values: object) -> Synthesized:
        """The same, synthesized in any case: for a test that changes the environment."""
        return synthesize(values, stack_id=stack_id, outdir=self._outdir)
