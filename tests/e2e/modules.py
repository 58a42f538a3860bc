"""Several stacks as the modules of one configuration, which one run of Terraform validates.

That checks more than a run for each stack: of a module Terraform knows the variables' values when
it validates, so each default has to pass its own rule, and the provider sees names and sizes
instead of unknowns.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ops.errors import OpsError
from ops.sandbox.deployed import stand_ins
from ops.terraform import Terraform
from tests.synth.synthesized import synthesize

REQUIRED = stand_ins()
"""Values of variables that may have no default: those of preflight and drift, which so are good."""


Module = tuple[str, Mapping[str, object]]
"""A stack's Terraform JSON, and the values of its variables."""


def as_modules(
    folder: Path,
    modules: Mapping[str, Module],
    environment: Mapping[str, str],
    binary: Path | None = None,
) -> Terraform:
    """Terraform, initialized in a folder, with these modules below it, by name."""
    blocks = {}
    for name, (document, variables) in modules.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "cdk.tf.json").write_text(document)
        blocks[name] = {"source": f"./{name}", **variables}
    # a line for each value: messages quote the line that they are about
    (folder / "main.tf.json").write_text(json.dumps({"module": blocks}, indent=1))
    terraform = Terraform(folder, scratch=folder, environment=environment, binary=binary)
    terraform.init()
    return terraform


def synthesized(folder: Path, stacks: Mapping[str, dict[str, object]]) -> dict[str, Module]:
    """The stacks of these settings, by name."""
    modules: dict[str, Module] = {}
    for name, settings in stacks.items():
        stack = synthesize(settings, stack_id=name, outdir=folder / "cdktf.out")
        required = [v for v, block in stack.variables.items() if "default" not in block]
        modules[name] = stack.text, {v: REQUIRED[v] for v in required}
    return modules


def assert_valid(folder: Path, stacks: Mapping[str, dict[str, object]]) -> None:
    """Terraform and the provider accept what the settings synthesize to; else it says which."""
    terraform = as_modules(folder, synthesized(folder, stacks), {})
    try:
        with terraform.provider_running() as running:  # validation asks for no region
            terraform.environment |= running
            terraform.run("validate")
    except OpsError as failure:
        named = {n: stacks[n] for n in stacks if re.search(rf"\b{n}\b", str(failure))}
        raise AssertionError(f"{failure}\n{json.dumps(named, indent=1)}") from None
