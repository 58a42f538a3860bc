"""The AWS provider's classes, each loaded when it is first used: `aws.Lb`, `aws.LbAccessLogs`.

Loading one of the provider's 2,135 modules takes up to 100 ms, and a stack uses some 40 of them. So
code may mention any class, and only those that are used are loaded. Type checkers read aws.pyi.
"""

import os
from functools import cache
from importlib import import_module

_PROVIDER = "cdktf_cdktf_provider_aws"


@cache
def _modules() -> dict[str, str]:
    """The provider's modules, by their names without underscores (`lbtargetgroup`)."""
    names = os.listdir(import_module(_PROVIDER).__path__[0])
    return {name.replace("_", ""): name for name in names if name[0].isalpha()}


def __getattr__(name: str) -> object:
    """Finds the class `name`: tries the module with the longest matching name first."""
    for end in range(len(name), 0, -1):
        module = _modules().get(name[:end].lower())
        found = module and getattr(import_module(f"{_PROVIDER}.{module}"), name, None)
        if found:
            globals()[name] = found
            return found
    raise AttributeError(f"the AWS provider has no {name}")
