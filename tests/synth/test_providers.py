"""providers.py: required versions, the state's backend, and the AWS provider's default tags."""

import pytest

from tests.synth.synthesized import STACK_ID, Synthesized, Synthesizer

REQUIRED_PROVIDERS = {"aws": {"source": "hashicorp/aws", "version": "~> 5.0"}}
S3: dict[str, object] = {"type": "s3", "bucket": "a-bucket", "region": "eu-west-1"}


def test_the_whole_terraform_block_is_as_specified(platform: Synthesized) -> None:
    """The state's path is relative: CDKTF's own default would name a folder of this machine."""
    assert platform.document["terraform"] == {
        "required_version": ">= 1.3.0",
        "required_providers": REQUIRED_PROVIDERS,
        "backend": {"local": {"path": f"../../../terraform.{STACK_ID}.tfstate"}},
    }


def test_a_local_backend_can_be_asked_for(platform: Synthesized, synth: Synthesizer) -> None:
    assert synth(backend={"type": "local"}).text == platform.text


def test_each_stack_has_a_local_state_of_its_own(synth: Synthesizer) -> None:
    backend = synth("another-stack").document["terraform"]["backend"]
    assert backend == {"local": {"path": "../../../terraform.another-stack.tfstate"}}


def test_a_state_in_s3_is_encrypted_and_locked_natively(synth: Synthesizer) -> None:
    """The lock file needs Terraform 1.10; an older one would ignore it silently."""
    assert synth(backend=S3).document["terraform"] == {
        "required_version": ">= 1.10.0",
        "required_providers": REQUIRED_PROVIDERS,
        "backend": {
            "s3": {
                "bucket": "a-bucket",
                "region": "eu-west-1",
                "key": f"{STACK_ID}/terraform.tfstate",
                "encrypt": True,
                "use_lockfile": True,
            }
        },
    }


def test_the_key_of_the_state_can_be_chosen(maximal: Synthesized) -> None:
    assert maximal.document["terraform"]["backend"]["s3"] == {
        "bucket": "states.example.com",
        "region": "eu-west-1",
        "key": "wordpress/state",
        "encrypt": True,
        "use_lockfile": True,
    }


@pytest.mark.parametrize("backend", [{"type": "local"}, S3], ids=["local", "s3"])
def test_a_spacelift_run_has_no_backend_at_all(
    synth: Synthesizer, monkeypatch: pytest.MonkeyPatch, backend: dict[str, object]
) -> None:
    """Spacelift writes a backend of its own and fails if there is another, even an empty one."""
    monkeypatch.setenv("TF_VAR_spacelift_run_id", "01HZY0000000000000000000000")
    assert synth.fresh(backend=backend).document["terraform"] == {
        "required_version": ">= 1.3.0",
        "required_providers": REQUIRED_PROVIDERS,
    }


def test_on_spacelift_everything_else_stays_the_same(
    platform: Synthesized, synth: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_spacelift_run_id", "01HZY0000000000000000000000")
    there, here = synth.fresh().document, dict(platform.document)
    assert {**there, "terraform": None} == {**here, "terraform": None}


def test_there_is_one_provider_and_it_tags_everything(platform: Synthesized) -> None:
    assert platform.document["provider"] == {
        "aws": [
            {
                "region": "${var.aws_region}",
                "default_tags": [
                    {
                        "tags": {
                            "Project": "${var.project_name}",
                            "Stack": STACK_ID,
                            "ManagedBy": "cdktf",
                        }
                    }
                ],
            }
        ]
    }


def test_the_stack_tag_is_the_stack_id_and_not_the_project(maximal: Synthesized) -> None:
    tags = maximal.document["provider"]["aws"][0]["default_tags"][0]["tags"]
    assert tags["Stack"] == "another-stack"


def test_no_credentials_are_written_down(platform: Synthesized) -> None:
    """They come from the environment: a profile, Spacelift's integration, the sandbox."""
    provider = platform.document["provider"]["aws"][0]
    assert set(provider) == {"region", "default_tags"}
