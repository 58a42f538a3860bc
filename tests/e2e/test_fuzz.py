"""Random settings synthesize to what the real Terraform and AWS provider accept.

Each stack becomes a module of one configuration, so that one run checks all of them, and checks
more than for a stack alone: of a module Terraform knows the variables' values when it validates, so
each default has to pass its own rule, and the provider sees names and sizes instead of unknowns.
"""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from ops.terraform import CommandFailed, Terraform
from tests.strategies import Settings, accepted
from tests.synth.options import MAXIMAL
from tests.synth.synthesized import synthesize

PASSWORD = "Correct-horse-7-battery"
EXAMPLES = 12


def random_settings(count: int) -> list[Settings]:
    """Accepted settings, the same every time."""
    collected: list[Settings] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(accepted())
    def collect(values: Settings) -> None:
        collected.append(values)

    collect()
    return collected


@pytest.mark.slow(40)
def test_terraform_accepts_what_random_settings_synthesize_to(tmp_path: Path) -> None:
    examples = {
        f"example-{number}": values
        for number, values in enumerate([MAXIMAL, *random_settings(EXAMPLES)])
    }
    assert len(examples) > EXAMPLES
    for name, values in examples.items():
        stack = synthesize(values, stack_id=name, outdir=tmp_path / "cdktf.out")
        folder = tmp_path / name
        folder.mkdir()
        (folder / "cdk.tf.json").write_text(stack.text)
    modules = {name: {"source": f"./{name}", "db_password": PASSWORD} for name in examples}
    (tmp_path / "main.tf.json").write_text(json.dumps({"module": modules}))

    terraform = Terraform(tmp_path, scratch=tmp_path, environment={})
    terraform.init()
    try:
        terraform.validate()
    except CommandFailed as failure:
        wrong = {name: values for name, values in examples.items() if name in failure.error}
        raise AssertionError(f"{failure.error}\n{json.dumps(wrong, indent=1)}") from None
