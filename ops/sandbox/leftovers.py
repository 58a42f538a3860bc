"""Lists what exists in the emulator that a fresh account would not have.

"Destroy leaves nothing behind" is only worth something if nothing has to be known about what was
created. So this looks at moto's own state instead of asking a list of AWS calls: every object that
any service's backend holds now and did not hold when it came into being (default VPCs, managed
policies and default buses exist from then on) is a leftover. Only three kinds are let pass, see
`_passes`: what is already deleted and still listed for a while, as on AWS; what AWS creates by
itself and never bills or removes; and traces of calls, which are not resources.
"""

import datetime
import enum
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.utilities.tagging_service import TaggingService

_CONTAINERS = (Mapping, list, tuple, set, frozenset)
_PLAIN = (str, bytes, int, float, bool, type(None), datetime.datetime, enum.Enum, type)

# Backend -> the objects it was born with, by id(). They are kept alive, so an id stays theirs.
_born_with: WeakKeyDictionary[BaseBackend, dict[int, object]] = WeakKeyDictionary()


def install() -> None:
    """Makes moto's backends remember what they are born with. Idempotent."""
    original = AccountSpecificBackend.__getitem__
    if getattr(original, "remembers_birth", False):
        return

    def get(backends: AccountSpecificBackend[Any], region: str) -> BaseBackend:
        backend: BaseBackend = original(backends, region)
        if backend not in _born_with:
            _born_with[backend] = {id(thing): thing for _, thing in _things(backend, None)}
        return backend

    get.remembers_birth = True  # type: ignore[attr-defined]
    AccountSpecificBackend.__getitem__ = get  # type: ignore[method-assign,assignment]


def leftovers() -> list[str]:
    """What exists beyond a fresh account's defaults, one readable line each, sorted.

    A line reads `ec2 eu-central-1 vpcs/vpc-0a1b (VPC)`: service, region, where moto keeps it,
    and the class. Empty means: nothing is left.
    """
    found = set()
    for backends in list(BackendDict._instances):  # type: ignore[misc]
        for _, region, backend in list(backends.iter_backends()):
            born_with = _born_with.get(backend, {})
            for path, thing in _things(backend, born_with):
                if id(thing) not in born_with and not _passes(backends.service_name, path, thing):
                    place = f"{backends.service_name} {region} {'/'.join(path)}"
                    found.add(f"{place} ({type(thing).__name__})")
    return sorted(found)


def _things(
    backend: BaseBackend, born_with: Mapping[int, object] | None
) -> Iterator[tuple[list[str], object]]:
    """Every object in the backend's containers, with where it is kept.

    Of the objects the backend was born with (None: of all) the insides are searched too: a rule
    lives inside the default event bus. Of newer ones they are not: the object is news enough.
    """
    seen: set[int] = set()

    def visit(path: list[str], value: object) -> Iterator[tuple[list[str], object]]:
        if isinstance(value, (*_PLAIN, BaseBackend, BackendDict, AccountSpecificBackend)):
            return
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, Mapping):
            for key, inner in list(value.items()):
                yield from visit([*path, str(key)], inner)
        elif isinstance(value, _CONTAINERS):
            for inner in list(value):
                names = (getattr(inner, name, None) for name in ("arn", "id", "name"))
                label = next((n for n in names if isinstance(n, str)), type(inner).__name__)
                yield from visit([*path, label], inner)
        else:
            if isinstance(value, BaseModel) or type(value).__module__.startswith("moto."):
                yield path, value
            if born_with is None or id(value) in born_with:
                for key, inner in list(getattr(value, "__dict__", {}).items()):
                    yield from visit([*path, key], inner)

    for attribute, value in list(vars(backend).items()):
        yield from visit([attribute], value)


# States of a resource that is gone, and still listed for an hour or a week, as on AWS.
_GONE = {"DELETE_COMPLETE", "INACTIVE", "PendingDeletion", "deleted", "terminated"}

# What a service notes down about calls: no resource, neither here nor there.
_TRACES = {("rds", "events"), ("route53", "delegation_sets"), ("servicediscovery", "operations")}


def _passes(service: str, path: list[str], thing: object) -> bool:
    if isinstance(thing, TaggingService) or (service, path[0]) in _TRACES:
        return True
    states = (getattr(thing, name, None) for name in ("status", "state", "key_state"))
    if any(isinstance(state, str) and state in _GONE for state in states):
        return True
    if getattr(thing, "deletion_date", None) or getattr(thing, "deleted_date", None):
        return True
    # Made by the service for its own use, named so that nobody else can: RDS's parameter and
    # option groups, the keys that AWS manages.
    if any(alias.startswith("alias/aws/") for alias in getattr(thing, "aliases", ())):
        return True
    return service == "rds" and path[-1].startswith("default")
