"""providers.py: where the state is, here and on Spacelift."""

import pytest

from tests.synth.synthesized import STACK_ID, Synthesized, Synthesizer

S3: dict[str, object] = {"type": "s3", "bucket": "a-bucket", "region": "eu-west-1"}


def test_a_local_backend_can_be_asked_for(platform: Synthesized, synth: Synthesizer) -> None:
    assert synth(backend={"type": "local"}).text == platform.text


def test_a_state_in_s3_is_named_after_the_stack(synth: Synthesizer) -> None:
    state = synth(backend=S3).blocks["terraform"]["backend"]["s3"]
    assert state["key"] == f"{STACK_ID}/terraform.tfstate"


@pytest.mark.parametrize("backend", [{"type": "local"}, S3], ids=["local", "s3"])
def test_a_spacelift_run_has_no_backend_at_all_and_nothing_else_is_different(
    platform: Synthesized,
    synth: Synthesizer,
    monkeypatch: pytest.MonkeyPatch,
    backend: dict[str, object],
) -> None:
    """Spacelift writes a backend of its own and fails if there is another, even an empty one."""
    monkeypatch.setenv("TF_VAR_spacelift_run_id", "01HZY0000000000000000000000")
    there, here = synth.fresh(backend=backend).document, platform.document
    terraform = {key: part for key, part in here["terraform"].items() if key != "backend"}
    assert there == {**here, "terraform": terraform}


def test_an_organisations_tags_are_there_without_ours(synth: Synthesizer) -> None:
    """And the tasks have them too, which are tagged for the costs' sake otherwise."""
    blocks = synth(tags={"Owner": "web"}, default_tags=False, cost=None).blocks
    assert blocks["provider"]["default_tags"] == [{"tags": {"Owner": "web"}}]
    assert blocks["aws_ecs_service.wordpress"]["propagate_tags"] == "SERVICE"
