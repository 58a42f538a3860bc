"""What a stack in the sandbox is changed to before it is destroyed, and where to practise."""

from pathlib import Path
from typing import Any

import pytest

from ops.errors import OpsError
from ops.sandbox import deployed
from ops.sandbox.deployed import practice, unprotected
from ops.sandbox.server import Sandbox


def test_unprotected_switches_every_protection_off_and_nothing_else() -> None:
    stack: dict[str, Any] = {
        "resource": {
            "aws_lb": {"main": {"enable_deletion_protection": True, "name": "alb"}},
            "aws_db_instance": {"main": {"deletion_protection": True}, "other": {"port": 3306}},
        }
    }
    assert unprotected(stack) == {
        "resource": {
            "aws_lb": {"main": {"enable_deletion_protection": False, "name": "alb"}},
            "aws_db_instance": {"main": {"deletion_protection": False}, "other": {"port": 3306}},
        }
    }
    assert stack["resource"]["aws_lb"]["main"]["enable_deletion_protection"] is True


def test_nobody_practises_beside_a_state_that_knows_of_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refresh would find none of them in the sandbox, and drop them. An empty state is fine."""
    monkeypatch.setattr(deployed, "CDKTF_JSON", tmp_path / "cdktf.json")
    state = tmp_path / "terraform.blog.tfstate"
    state.write_text('{"version": 4, "resources": []}')
    with Sandbox() as sandbox:
        assert practice(sandbox, tmp_path)["TF_INPUT"] == "0"
        state.write_text('{"version": 4, "resources": [{\n      "mode": "managed"\n}]}')
        with pytest.raises(OpsError, match=r"^terraform.blog.tfstate .*: delete it if.* else "):
            practice(sandbox, tmp_path)
