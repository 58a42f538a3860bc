"""Fixtures: stacks synthesized once for each group of settings and process."""

from collections.abc import Iterator

import pytest

from tests.synth.options import MAXIMAL
from tests.synth.synthesized import Synthesized, Synthesizer


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesizer]:
    """Synthesizes a stack with the settings that are passed; not as if on Spacelift."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("TF_VAR_spacelift_run_id", raising=False)
        yield Synthesizer(tmp_path_factory.mktemp("cdktf"))


@pytest.fixture(scope="session")
def platform(synth: Synthesizer) -> Synthesized:
    """The `resilience-platform` stack with every setting at its default: the contract."""
    return synth()


@pytest.fixture(scope="session")
def maximal(synth: Synthesizer) -> Synthesized:
    """A stack with another value for every setting that does not change its shape."""
    return synth("another-stack", **MAXIMAL)
