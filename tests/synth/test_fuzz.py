"""Random settings: they are either synthesized or refused with one clear line, nothing between.

Whether Terraform accepts what is synthesized: tests/e2e/test_fuzz.py.
"""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.settings import SettingsError, StackSettings, load_stacks, parse_stack
from tests.strategies import Settings, accepted, anything, disturbed
from tests.synth.options import MAXIMAL
from tests.synth.synthesized import Synthesizer

# The same examples every time: a test that fails only sometimes helps nobody.
repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_accepted_or_refused_with_one_line(values: object) -> None:
    """What must hold for anything in cdktf.json."""
    try:
        parsed = parse_stack("demo", values)
    except SettingsError as error:
        message = str(error)
        assert message.startswith("stack demo: ")
        assert message.isprintable()
        assert len(message) > len("stack demo: ") + 10
        assert "should" not in message  # as pydantic says
    else:
        assert isinstance(parsed, StackSettings)


@settings(repeatable, max_examples=60)
@given(accepted())
def test_what_aws_takes_is_accepted_and_kept(values: Settings) -> None:
    parsed = parse_stack("demo", values).model_dump(mode="json")
    for group, value in values.items():
        kept = parsed[group]
        if isinstance(value, dict):
            kept = {key: kept[key] for key in value}
        assert kept == value


@settings(repeatable, max_examples=300)
@given(disturbed(MAXIMAL))
def test_one_disturbed_setting_is_accepted_or_refused_with_one_line(values: Settings) -> None:
    assert_accepted_or_refused_with_one_line(values)


@settings(repeatable, max_examples=100)
@given(anything())
def test_anything_at_all_is_refused_with_one_line(values: object) -> None:
    assert_accepted_or_refused_with_one_line(values)


@settings(repeatable, max_examples=100)
@given(st.binary(max_size=40) | anything().map(lambda value: json.dumps(value).encode()))
def test_any_file_is_accepted_or_refused_with_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "cdktf.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        load_stacks(file)
    assert str(raised.value).startswith("cdktf.json:")
    assert str(raised.value).isprintable()


@settings(repeatable, max_examples=8)
@given(accepted())
def test_accepted_settings_synthesize_to_the_same_addresses(
    synth: Synthesizer, values: Settings
) -> None:
    """Only the role of Enhanced Monitoring and the alarm on running tasks come and go."""
    stack, usual = synth.fresh(**values), synth()
    missing = set(usual.addresses) - set(stack.addresses)
    monitored = values.get("database", {}).get("monitoring_interval_seconds", 60) > 0
    insights = values["container"].get("container_insights", True)
    assert {address.split(".")[1] for address in missing} == {
        *(() if monitored else ("rds_monitoring",)),
        *(() if insights else ("ecs_running_tasks",)),
    }
    assert set(stack.addresses) <= set(usual.addresses)
    assert "$${" not in stack.text
    assert "%%{" not in stack.text
    assert sorted(stack.variables) == sorted(usual.variables)
    assert sorted(stack.outputs) == sorted(usual.outputs)
