"""Each option alone lives its life: apply, an empty second plan, destroy, nothing left.

`make test-lives` runs it, for half an hour; in `make test` the options live together, in
test_stacks.py, test_interrupted.py and test_demo.py.
"""

import json

import pytest

from constructs_lib.settings import parse_stack
from ops.sandbox.deployed import unprotected
from tests.e2e.deployment import NO_REFRESH, prepared
from tests.synth.options import OPTIONS, VALUES, settings_of

STACK = "resilience-platform"
ALONE = {path: settings_of(path) for path in OPTIONS if path != "provider_version"}  # 5 is here
ALONE["container.architecture"] = {
    "container": {"architecture": VALUES["container.architecture"].value}
}


@pytest.mark.parametrize("path", ALONE)
def test_an_option_lives_alone(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ALONE[path]
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 0)
    zones = {STACK: parse_stack(STACK, settings)}
    monkeypatch.setattr("ops.sandbox.services.route53.declared", lambda: zones)
    with prepared(STACK, settings) as stack:
        terraform = stack.terraform()
        terraform.apply()
        assert stack.changes(terraform) == {}
        assert not stack.sandbox.refused
        document = json.loads((stack.folder / "cdk.tf.json").read_text())
        if (free := unprotected(document)) != document:
            stack.replace(json.dumps(free))
            stack.terraform().apply(NO_REFRESH)
        stack.terraform().destroy(NO_REFRESH)
        given = "acm " if "certificate_arn" in stack.variables else "nothing"
        assert [left for left in stack.sandbox.leftovers() if not left.startswith(given)] == []
