"""What provider 6 changed of the types in use, by the bindings that cdktn has of it.

That every stack synthesizes to the same with them is in test_engines.py: they take what is written.
Here is what else `overrides` could say, and what the documentation says of it.
"""

import re
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TypeAlias

from constructs_lib import aws, engine
from constructs_lib.settings.stack import REMOVED_IN_PROVIDER_6
from ops import ROOT
from tests.programs import skip_without_cdktn

Members: TypeAlias = dict[str, str]
"""Arguments and attributes by `Class.name`, each with its type."""

_ARGUMENT = re.compile(r"^        (\w+): (.+?)(?: = None)?,$", re.M)
_ATTRIBUTE = re.compile(r"\(jsii_name=\w+\)\n    def ([a-z]\w+)\(\s*self,?\s*\) -> (.+):$", re.M)


def members(package: str, module: str) -> Members:
    """What classes of the provider's module take and have, as its Python source declares it."""
    spec = PathFinder.find_spec(package)  # whatever CDK_ENGINE says
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).with_name(module).joinpath("__init__.py").read_text()
    _, *parts = re.split(r"^class (\w+)\(", re.sub(r'_cdkt\w_\w+\.|"', "", source), flags=re.M)
    found: Members = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        head, initialized, _ = body.partition(") -> None:\n")
        arguments = _ARGUMENT.findall(head) if initialized and "def __init__(" in head else []
        for member, type in (*arguments, *_ATTRIBUTE.findall(body)):
            found[f"{name}.{member}"] = type
    return {n: t for n, t in found.items() if not re.search(r"_input$|\.(reset|put|internal)_", n)}


def test_what_provider_6_removed_or_retyped_is_known() -> None:
    """Of every argument and attribute of every type that any option can bring."""
    skip_without_cdktn()
    stub = Path(aws.__file__).with_suffix(".pyi").read_text()
    modules = re.findall(r"provider_aws\.(\w+) import \*", stub)
    assert len(modules) > 60
    removed, retyped, count = set(), {}, 0
    for module in (*modules, "provider"):
        five, six = (members(package, module) for package in engine.PROVIDERS.values())
        count += len(five)
        classes = {name.partition(".")[0] for name in six}
        for name, type in five.items():
            owner, _, member = name.partition(".")
            if owner in classes and name not in six:
                removed.add((f"aws_{module}", member))
            elif owner in classes and six[name] not in (
                type,
                f"typing.Optional[{type}]",
            ):  # what may be left out now
                retyped[name] = (type, six[name])
        required = {name for name in six.keys() - five.keys() if "Config." in name}
        assert {name for name in required if "Optional" not in six[name]} == set()
    assert count > 4000
    assert removed == {
        (type, name) for type, names in REMOVED_IN_PROVIDER_6.items() for name in names
    }
    # an attribute that nothing here reads, and which Terraform sees as the same
    assert set(retyped) == {"SecretsmanagerSecretRotation.rotation_enabled"}


def test_the_documentation_lists_them() -> None:
    page = (ROOT / "docs" / "continuity.md").read_text()
    rows = re.findall(r"^\| `(aws_\w+)` \| `(\w+)` \| removed", page, re.MULTILINE)
    assert rows == [(type, name) for type, names in REMOVED_IN_PROVIDER_6.items() for name in names]
