"""Each option alone lives its life: apply, an empty second plan, destroy, nothing left.

`make test-lives` runs it, for half an hour; in `make test` the options live together, in
test_stacks.py, test_interrupted.py and test_demo.py.
"""

import json

import pytest

from ops.model.stack import read
from ops.sandbox.deployed import unprotected
from tests.e2e.deployment import NO_REFRESH, prepared, with_domain
from tests.synth.options import OPTIONS, VALUES, nested, settings_of

STACK = "resilience-platform"
ALONE = {path: settings_of(path) for path in OPTIONS if path != "provider_version"}  # 5 is here
ARM64 = "container.architecture"
ALONE[ARM64] = nested({ARM64: VALUES[ARM64].value})


@pytest.mark.parametrize("path", ALONE)
def test_an_option_lives_alone(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_domain(monkeypatch, STACK, ALONE[path])
    with prepared(STACK, ALONE[path]) as stack:
        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}
        assert not stack.sandbox.refused
        document = read(stack.folder).document
        if (free := unprotected(document)) != document:
            stack.replace(json.dumps(free))
            stack.terraform().apply(NO_REFRESH)
        stack.terraform().destroy(NO_REFRESH)
        given = ("acm ",) if "certificate_arn" in stack.variables else ()
        assert [left for left in stack.sandbox.leftovers() if not left.startswith(given)] == []
