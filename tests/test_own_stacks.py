"""Whoever changes cdktf.json as the README advises has green tests after `make docs`."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import ROOT
from ops.delivery.workspace import copy_checkout
from tests.programs import own_environment, python

TESTS = (
    "tests/ops/delivery/test_permissions.py",
    "tests/spacelift/test_setup.py::test_the_roles_trust_spacelift_for_what_they_are_for",
    "tests/synth/test_main.py::test_two_folders_give_identical_bytes_without_their_paths_or_any_secret",
    "tests/test_readme.py::test_the_readme_is_one_page",
    "tests/test_readme.py::test_links_lead_somewhere",
)
"""What reads cdktf.json, or what `make docs` writes. That a second run writes the same is held by
tests/ops/test_docs.py, which takes as long again."""


@pytest.mark.slow(45)
def test_other_stacks_keep_the_tests_green(tmp_path: Path) -> None:
    """Another MySQL, another project's name, a second stack, and without the others."""
    copy_checkout(tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    file = tmp_path / "cdktf.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    settings["context"]["stacks"] = {
        "resilience-platform": {"project_name": "blog", "database": {"engine_version": "8.4"}},
        "blog-staging": {"database": {"multi_az": False}, "region": "eu-west-1"},
    }
    settings["context"]["spacelift"] = {"stacks": ["blog-staging"]}
    file.write_text(json.dumps(settings), encoding="utf-8")
    # of what each change would save, two are as good as all: each is a stack to be synthesized
    changes = tmp_path / "ops" / "model" / "savings.yaml"
    changes.write_text(yaml.safe_dump(yaml.safe_load(changes.read_text())[:2]))

    user: dict[str, Any] = {"cwd": tmp_path, "env": own_environment()}
    written = python("-m", "ops", "docs", check=True, **user)
    for name in ("README.md", "deployer-policy-roles.json", "spacelift.md", "settings.md"):
        assert name in written.stdout
    policy = (tmp_path / "docs" / "deployer-policy-roles.json").read_text(encoding="utf-8")
    assert "arn:aws:iam::*:role/blog-*" in policy
    alone = ("-n", "0", "-p", "no:cacheprovider")
    tested = python("-m", "pytest", *alone, *TESTS, check=True, **user)
    assert "skipped" not in tested.stdout
