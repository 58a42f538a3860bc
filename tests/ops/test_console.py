"""What a step tells while it runs."""

import io
import time

import pytest
from rich.console import Console

from ops import console
from ops.console import Narrator


@pytest.mark.parametrize("terminal", [False, True])
def test_without_a_terminal_a_long_step_prints_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    """Unwrapped, with the newest line of output; on a terminal the live line is enough."""
    assert console.QUIET_SECONDS < 20
    monkeypatch.setattr(console, "QUIET_SECONDS", 0.05)
    output = io.StringIO()
    say = Narrator(Console(file=output, force_terminal=terminal, width=80))
    with say.step("a step with a title that, with what is beside it, is longer than one line"):
        say.line("creating [vpc]")
        while not terminal and output.getvalue().count("\n") < 2:
            time.sleep(0.01)
    time.sleep(0.1)
    *alive, last = output.getvalue().splitlines()
    assert "✓" in last
    if terminal:
        assert not [line for line in alive if line.startswith("…")]
    else:
        assert len(alive) >= 2
        assert [line for line in alive if not line.startswith("… a step with")] == []
        assert alive[-1].endswith(" s · creating [vpc]")
