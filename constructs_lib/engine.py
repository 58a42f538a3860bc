"""The CDK below the constructs: `cdktf`, which is archived, or `cdktn`, which continues it.

The environment's `CDK_ENGINE` chooses. The code says `cdktf` either way: with `cdktn` chosen, those
imports get its modules, which have the same classes. See docs/continuity.md.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

PROVIDERS = {"cdktf": "cdktf_cdktf_provider_aws", "cdktn": "cdktn_provider_aws"}
"""The engines, each with its package of the AWS provider's classes."""

ENGINE = os.environ.get("CDK_ENGINE") or "cdktf"


class _Alias(MetaPathFinder, Loader):
    """Gives whoever imports from `cdktf` the very modules of `cdktn`."""

    _roots = {"cdktf": "cdktn", PROVIDERS["cdktf"]: PROVIDERS["cdktn"]}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname.split(".")[0] in self._roots else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        root, dot, rest = module.__name__.partition(".")
        sys.modules[module.__name__] = import_module(f"{self._roots[root]}{dot}{rest}")


def use_engine() -> str:
    """Let `cdktf` mean the chosen engine, and return its provider's package.

    An engine that cannot be used is for `problem` to report, when a stack is to be synthesized.
    """
    if ENGINE == "cdktn":
        sys.meta_path.insert(0, _Alias())
    return PROVIDERS.get(ENGINE, PROVIDERS["cdktf"])


def problem() -> str | None:
    """Why the chosen engine cannot be used, and what to do, in one line."""
    if ENGINE not in PROVIDERS:
        return f"CDK_ENGINE = {ENGINE!r} is not an engine; choose {' or '.join(PROVIDERS)}"
    for package in (ENGINE, PROVIDERS[ENGINE]):
        if find_spec(package) is None:
            return (
                f"CDK_ENGINE = {ENGINE}: the package {package} is not installed; "
                f"`make install ENGINE={ENGINE}` does that"
            )
    return None
