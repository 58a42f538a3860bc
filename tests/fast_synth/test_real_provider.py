"""fast_synth against the installed provider: the same names, the same output, in every stack.

With the engine that `CDK_ENGINE` chooses; `make test-cdktn` runs this with the other one.
"""

import importlib
import importlib.util
import json
import os
import re
import sys
import tarfile
from pathlib import Path

import pytest

from constructs_lib import engine, fast_synth
from ops import ROOT
from tests.programs import python, run

HOOK = Path(fast_synth.__file__).with_name("preload.js")
NODE = os.environ.get("JSII_NODE", "node")
PROVIDER = engine.PROVIDERS[engine.ENGINE]
PACKAGE = f"@{engine.ENGINE}/provider-aws"

# Runs the index as stock does, except that the modules it requires are empty.
STOCK_NAMES = """
    const Module = require("node:module");
    const load = Module._load;
    Module._load = (request, ...rest) => request.startsWith("./") ? {} : load(request, ...rest);
    console.log(JSON.stringify(Object.keys(require(process.argv[1]))));
"""
LAZY_NAMES = """
    const Module = require("node:module");
    const hooked = Module._extensions[".js"];
    const index = require(process.argv[1]);
    if (Module._extensions[".js"] === hooked) throw new Error("the hook is still in place");
    const loaded = Object.keys(require.cache).filter((file) => file.includes("provider-aws"));
    if (loaded.length !== 1) throw new Error(`a module was loaded: ${loaded}`);
    console.log(JSON.stringify(Object.keys(index)));
"""


@pytest.fixture(scope="module")
def provider_folder() -> Path:
    spec = importlib.util.find_spec(PROVIDER)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def index(provider_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JavaScript index alone, out of the tarball that the jsii kernel loads."""
    (tarball,) = provider_folder.glob("_jsii/provider-aws@*.jsii.tgz")
    target = tmp_path_factory.mktemp("npm") / f"node_modules/{PACKAGE}/lib/index.js"
    target.parent.mkdir(parents=True)
    with tarfile.open(tarball, "r|gz") as archive:
        member = next(m for m in archive if m.name == "package/lib/index.js")
        content = archive.extractfile(member)
        assert content is not None
        target.write_bytes(content.read())
    return target


def names(program: str, index: Path, *, hook: bool) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if k != "NODE_OPTIONS"}
    preload = ["--require", str(HOOK)] if hook else []
    done = run(NODE, *preload, "-e", program, index, env=environment, check=True)
    exported: list[str] = json.loads(done.stdout)
    return exported


@pytest.fixture(scope="module")
def stock_names(index: Path) -> list[str]:
    return names(STOCK_NAMES, index, hook=False)


def test_lazy_index_exports_the_stock_names_in_their_order(
    index: Path, stock_names: list[str]
) -> None:
    lazy = names(LAZY_NAMES, index, hook=True)
    assert len(lazy) > 2000
    assert lazy == stock_names


def test_every_export_is_known_to_python_under_its_name(
    provider_folder: Path, stock_names: list[str]
) -> None:
    """The names jsii is told for importing types on demand, and those of the root package."""
    import jsii

    root = importlib.import_module(PROVIDER)
    told = {
        name.removeprefix(f"{PACKAGE}."): module.removeprefix(f"{PROVIDER}.")
        for name, module in jsii._reference_map._submodule_fqn_map.items()
        if name.startswith(f"{PACKAGE}.")
    }
    stock_root = (provider_folder / "__init__.py").read_text()
    imported = re.findall(r'^(?:from \. import |    ")(\w+)(?:",)?$', stock_root, re.MULTILINE)
    assert set(told) == set(stock_names)
    assert set(told.values()) == set(imported) == set(root.__all__)


def test_other_files_named_index_take_the_stock_path(tmp_path: Path) -> None:
    others = [
        tmp_path / "node_modules/@cdktf/provider-google/lib/index.js",
        tmp_path / f"node_modules/{PACKAGE}/lib/vpc/index.js",
        tmp_path / "lib/index.js",
    ]
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text('exports.part = require("./part");\n')
        other.with_name("part.js").write_text("module.exports = 'loaded at once';\n")
    program = """
        const plain = (file) => "value" in Object.getOwnPropertyDescriptor(require(file), "part");
        console.log(JSON.stringify(process.argv.slice(1).map(plain)));
    """
    done = run(NODE, "--require", HOOK, "-e", program, *others, check=True)
    assert json.loads(done.stdout) == [True, True, True]


def test_this_pytest_process_loads_only_what_it_uses() -> None:
    """In pytest and in each of its xdist workers; xray_group stands for 2,000 unused modules."""
    assert fast_synth.activate()
    importlib.import_module(f"{PROVIDER}.vpc")
    assert f"{PROVIDER}.vpc" in sys.modules
    assert f"{PROVIDER}.xray_group" not in sys.modules


def synthesize(outdir: Path, fast: str) -> dict[str, bytes]:
    """Every file that `python main.py` writes for the stacks of cdktf.json."""
    environment = os.environ | {"FAST_SYNTH": fast, "CDKTF_OUTDIR": str(outdir)}
    python("main.py", env=environment, check=True)
    return {
        str(file.relative_to(outdir)): file.read_bytes()
        for file in sorted(outdir.rglob("*"))
        if file.is_file()
    }


@pytest.mark.slow(60)
def test_output_of_every_stack_is_byte_identical(tmp_path: Path) -> None:
    # The same folder for both, so that a path in the output would not be a difference.
    fast = synthesize(tmp_path / "cdktf.out", fast="1")
    (tmp_path / "cdktf.out").rename(tmp_path / "fast")
    stock = synthesize(tmp_path / "cdktf.out", fast="0")
    stacks = json.loads(Path(os.environ["CDKTF_JSON"]).read_text())["context"]["stacks"]
    assert {f"stacks/{stack}/cdk.tf.json" for stack in stacks} <= set(fast)
    assert fast == stock


def test_a_resource_costs_few_messages_to_the_kernel(tmp_path: Path) -> None:
    """Each is a round trip to Node.js, and what is left of synth's time once loading is fast.

    A figure that does not depend on the machine, unlike milliseconds (`make bench` has those).
    Three of them are a resource's address, which the kernel asks for: its node, the id, the answer.
    """
    counts = tmp_path / "counts.json"
    stack = "resilience-platform"
    program = ("-m", "tests.fast_synth.count_messages", counts, "--stack", stack)
    python(*program, env=os.environ | {"CDKTF_OUTDIR": str(tmp_path)}, check=True)
    synthesized = json.loads((tmp_path / "stacks" / stack / "cdk.tf.json").read_text())
    resources = sum(len(named) for named in synthesized["resource"].values())
    messages = sum(json.loads(counts.read_text()).values())
    assert resources < messages <= 7.7 * resources
    said = f"{messages} for the {resources} resources of `{stack}`, {messages / resources:.1f} each"
    assert said in (ROOT / "docs" / "fast-synth.md").read_text(encoding="utf-8")
