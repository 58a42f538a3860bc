"""Whoever changes cdktf.json as the README advises has green tests after `make docs`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops import ROOT
from ops.delivery.workspace import copy_checkout

TESTS = (
    "tests/ops/delivery/test_permissions.py",
    "tests/spacelift/test_setup.py::test_the_roles_trust_spacelift_for_what_they_are_for",
    "tests/synth/test_main.py::test_two_folders_give_identical_bytes_without_their_paths_or_any_secret",
    "tests/test_readme.py::test_the_readme_is_one_page",
    "tests/test_readme.py::test_links_lead_somewhere",
)
"""What reads cdktf.json, or what `make docs` writes. That a second run writes the same is held by
tests/ops/test_docs.py, which takes as long again."""


@pytest.mark.slow(60)
def test_other_stacks_keep_the_tests_green(tmp_path: Path) -> None:
    """Another MySQL, another project's name, a second stack, and without the others."""
    copy_checkout(tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    file = tmp_path / "cdktf.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    stacks = settings["context"]["stacks"]
    stacks["resilience-platform"] = {
        "project_name": "blog",
        "database": {"engine_version": "8.4"},
    }
    stacks["blog-staging"] = {"database": {"multi_az": False}, "region": "eu-west-1"}
    del stacks["wp-ecs"], stacks["resilience-platform-hardened"]
    settings["context"]["spacelift"] = {"stacks": ["blog-staging"]}
    file.write_text(json.dumps(settings), encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        ours = ("PYTEST_", "COV_", "CDKTF_JSON")
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env={k: v for k, v in os.environ.items() if not k.startswith(ours)},
            capture_output=True,
            text=True,
        )

    written = run("ops", "docs")
    assert written.returncode == 0, written.stderr
    for name in ("README.md", "deployer-policy-roles.json", "spacelift.md", "settings.md"):
        assert name in written.stdout
    policy = (tmp_path / "docs" / "deployer-policy-roles.json").read_text(encoding="utf-8")
    assert "arn:aws:iam::*:role/blog-*" in policy
    tested = run("pytest", "-n", "0", "-p", "no:cacheprovider", *TESTS)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "skipped" not in tested.stdout
