"""Random settings synthesize to what the real Terraform and AWS provider accept."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.e2e.modules import assert_valid
from tests.strategies import Settings, accepted
from tests.synth.options import MAXIMAL

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
    examples = [MAXIMAL, *random_settings(EXAMPLES)]
    assert len(examples) > EXAMPLES
    assert_valid(tmp_path, {f"example-{n}": values for n, values in enumerate(examples)})
