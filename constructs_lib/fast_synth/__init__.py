"""Synth in under a second: load only those parts of the AWS provider that a stack uses.

Stock CDKTF for Python loads the whole AWS provider twice before the first construct exists: the
Python root package imports all of its 2,135 submodules, and the JavaScript index that the jsii
kernel requires does the same. :func:`activate` makes both lazy. The output stays byte-identical;
anything that is not recognised takes the stock path, with one debug line on this module's logger.

Nothing of the project is needed: copy this folder to lift it out. How it works, what it falls back
on and what it measures: docs/fast-synth.md.
"""

import atexit
import importlib
import importlib.abc
import importlib.machinery
import logging
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO

__all__ = ["activate"]

# By the provider's root package: its npm name, and the versions that were compared with their stock
# output byte for byte (tests/fast_synth); others take the stock path until somebody does.
_KNOWN = {
    "cdktf_cdktf_provider_aws": ("@cdktf/provider-aws", ("20.1.0",)),
    "cdktn_provider_aws": ("@cdktn/provider-aws", ("25.8.1",)),
}
_HOOK = Path(__file__).resolve().with_name("preload.js")
# NODE_OPTIONS that cannot get in the way of a preloaded file: memory, warnings, DNS, certificates.
_HARMLESS_NODE_OPTION = re.compile(
    r"--max[-_]old[-_]space[-_]size=\d+|--no-warnings|--no-deprecation"
    r"|--dns-result-order=\w+|--use-(?:openssl|system)-ca"
)

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_active: bool | None = None  # None: not decided yet

_Run = Callable[[ModuleType, importlib.abc.Loader], None]


def activate(root: str = "cdktf_cdktf_provider_aws") -> bool:
    """Make the AWS provider lazy; call it before anything imports ``constructs`` or ``cdktf``.

    Costs nothing until then, so a program that never synthesizes pays nothing. Only the first
    call decides; later ones repeat its answer. Set ``FAST_SYNTH=0`` to switch it off.

    Args:
        root: the provider's root package; ``cdktn_provider_aws`` is known too.

    Returns:
        Whether the provider will be loaded lazily. If not, a debug line says why.
    """
    global _active
    with _lock:
        if _active is None:
            why_not = _obstacle(root)
            _active = why_not is None
            if why_not is None:
                sys.meta_path.insert(0, _Finder(root))
            else:
                _stock_path(why_not)
        return _active


def _obstacle(root: str) -> str | None:
    """Say what stands against the fast path here, if anything does."""
    node_options = os.environ.get("NODE_OPTIONS", "").split()
    if os.environ.get("FAST_SYNTH") == "0":
        return "switched off by FAST_SYNTH=0"
    if os.name != "posix":
        return f"not supported on {sys.platform}"
    if root in sys.modules:
        return f"{root} was imported before activate()"
    if "constructs" in sys.modules:
        return "constructs was imported before activate(), so the jsii kernel is already running"
    if re.search(r"[\s\"\\]", str(_HOOK)) or not _HOOK.is_file():
        return f"NODE_OPTIONS cannot name the file {str(_HOOK)!r}"
    if not all(_HARMLESS_NODE_OPTION.fullmatch(option) for option in node_options):
        return f"NODE_OPTIONS is already in use: {' '.join(node_options)!r}"
    spec = importlib.machinery.PathFinder.find_spec(root)
    if spec is None or spec.origin is None:
        return f"{root} is not installed"
    # What the kernel is going to load names its version: one stat instead of importlib.metadata.
    tarballs = Path(spec.origin).with_name("_jsii")
    _, versions = _KNOWN[root]
    if not any((tarballs / f"provider-aws@{version}.jsii.tgz").is_file() for version in versions):
        return f"{root} is not one of the versions known here: {', '.join(versions)}"
    return None


def _stock_path(why: str) -> None:
    _log.debug("fast_synth: stock path: %s", why)


def _execute(module: ModuleType, stock: importlib.abc.Loader) -> None:
    stock.exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Steps in for two imports, once each, and leaves every other one alone.

    ``constructs``, because its import starts the jsii kernel, which must find the hook in its
    environment; and the provider's root package.
    """

    def __init__(self, root: str) -> None:
        self._report: IO[str] | None = None
        self._pending: dict[str, _Run] = {"constructs": self._start_kernel, root: self._load_root}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._pending:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._run)
        return spec

    def _run(self, module: ModuleType, stock: importlib.abc.Loader) -> None:
        self._pending.pop(module.__name__, _execute)(module, stock)

    def _start_kernel(self, module: ModuleType, stock: importlib.abc.Loader) -> None:
        """Import ``constructs`` with the hook in the environment, for that long only."""
        self._report = tempfile.NamedTemporaryFile("r", prefix="fast-synth-")  # noqa: SIM115
        atexit.register(self._report.close)  # for programs that never import the provider
        before = os.environ.get("NODE_OPTIONS")
        os.environ["NODE_OPTIONS"] = f"{before or ''} --require {_HOOK}".strip()
        os.environ["FAST_SYNTH_REPORT"] = self._report.name
        try:
            _execute(module, stock)
        finally:
            del os.environ["FAST_SYNTH_REPORT"]
            del os.environ["NODE_OPTIONS"]
            if before is not None:
                os.environ["NODE_OPTIONS"] = before

    def _load_root(self, module: ModuleType, stock: importlib.abc.Loader) -> None:
        """Load the provider into the kernel and, if that went lazily, skip the root's own body."""
        importlib.import_module(f"{module.__name__}._jsii")
        why_not = self._read_report() or _make_lazy(module)
        if why_not is not None:
            _stock_path(why_not)
            _execute(module, stock)

    def _read_report(self) -> str | None:
        """What the hook wrote, as an obstacle; it writes only when the kernel reads the index."""
        outcome = ""
        if self._report is not None:
            with self._report:
                outcome = self._report.read()
        if outcome == "lazy":
            return None
        return outcome or "the hook did not run in the jsii kernel"


class _Loader(importlib.abc.Loader):
    """The stock loader, except that ``run`` decides how to execute the module."""

    def __init__(self, stock: importlib.abc.Loader, run: _Run) -> None:
        self._stock = stock
        self._run = run

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._stock.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # From here on inspect, importlib.resources and others see what they would see in stock.
        module.__loader__ = self._stock
        if module.__spec__ is not None:
            module.__spec__.loader = self._stock
        self._run(module, self._stock)


def _make_lazy(module: ModuleType) -> str | None:
    """Give the root package its submodules on demand; name the obstacle if jsii cannot do that."""
    import jsii

    modules_of_types = getattr(jsii._reference_map, "_submodule_fqn_map", None)
    if modules_of_types is None:
        return f"jsii {jsii.__version__} cannot import a type's module on demand"
    root = module.__name__
    assembly, _ = _KNOWN[root]
    with os.scandir(module.__path__[0]) as entries:
        submodules = sorted(e.name for e in entries if e.name[0].isalpha() and e.is_dir())
    # For objects that the kernel hands out before Python code imported their class.
    modules_of_types.update(
        {f"{assembly}.{_camel_case(name)}": f"{root}.{name}" for name in submodules}
    )

    def on_demand(name: str) -> object:
        if name == "__all__":
            return submodules
        if name in submodules:
            return importlib.import_module(f"{root}.{name}")
        raise AttributeError(f"module {root!r} has no attribute {name!r}")

    module.__dict__.update(__getattr__=on_demand, __dir__=lambda: submodules)
    return None


def _camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
