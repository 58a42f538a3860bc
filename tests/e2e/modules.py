"""Several stacks as the modules of one configuration, which one run of Terraform validates.

That checks more than a run for each stack: of a module Terraform knows the variables' values when
it validates, so each default has to pass its own rule, and the provider sees names and sizes
instead of unknowns.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.sandbox.deployed import stand_ins
from ops.terraform import CommandFailed, Terraform
from tests.synth.synthesized import synthesize

REQUIRED = stand_ins()
"""Values of variables that may have no default: those of preflight and drift, which so are good."""


def written(folder: Path, stacks: Mapping[str, dict[str, object]]) -> dict[str, Any]:
    """A configuration in the folder with the stacks of these settings as modules; their JSON."""
    modules, documents = {}, {}
    for name, settings in stacks.items():
        stack = synthesize(settings, stack_id=name, outdir=folder / "cdktf.out")
        (folder / name).mkdir()
        (folder / name / "cdk.tf.json").write_text(stack.text)
        documents[name] = stack.document
        required = [v for v, block in stack.variables.items() if "default" not in block]
        modules[name] = {"source": f"./{name}", **{v: REQUIRED[v] for v in required}}
    (folder / "main.tf.json").write_text(json.dumps({"module": modules}))
    return documents


def assert_valid(folder: Path, stacks: Mapping[str, dict[str, object]]) -> None:
    """Terraform and the provider accept what the settings synthesize to; else it says which."""
    written(folder, stacks)
    terraform = Terraform(folder, scratch=folder, environment={})
    terraform.init()
    try:
        terraform.validate()
    except CommandFailed as failure:
        named = {n: stacks[n] for n in stacks if re.search(rf"\b{n}\b", failure.error)}
        raise AssertionError(f"{failure.error}\n{json.dumps(named, indent=1)}") from None
