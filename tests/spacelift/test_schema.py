"""The schema check itself: it accepts what the provider accepts and finds each kind of mistake."""

from typing import Any

import pytest

from tests.spacelift.schema import SCHEMA, findings

DRIFT = {"stack_id": "a", "schedule": ["0 6 * * *"]}
STACK = {"name": "a", "repository": "r", "branch": "main"}


def stack(**changed: Any) -> tuple[str, dict[str, Any]]:
    return "spacelift_stack", {**STACK, **changed}


def document(type_: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"resource": {type_: {"x": arguments}}}


@pytest.mark.parametrize(
    ("type_", "arguments"),
    [
        ("spacelift_drift_detection", {**DRIFT, "timezone": "UTC", "reconcile": True}),
        stack(github_enterprise=[{"namespace": "n"}]),
        stack(gitlab={"namespace": "n"}),
        stack(opentofu=[{"logging": [{"concise": False}]}]),
        stack(labels="${var.labels}", depends_on=["a.b"]),
        ("spacelift_environment_variable", {"name": "A", "value": "${var.x}", "//": {}}),
        ("aws_instance", {"whatever": 1}),
    ],
)
def test_correct_resources_pass(type_: str, arguments: dict[str, Any]) -> None:
    assert findings(document(type_, arguments)) == []


@pytest.mark.parametrize(
    ("type_", "arguments", "finding"),
    [
        ("spacelift_thing", {}, "unknown resource type"),
        (*stack(colour="red"), "unknown argument colour"),
        ("spacelift_stack", {"name": "a", "branch": "b"}, "missing argument repository"),
        (*stack(id="a"), "read-only argument id"),
        (*stack(administrative=True), "deprecated argument administrative"),
        (*stack(autodeploy="no"), "wrong type of autodeploy"),
        (*stack(labels="a"), "wrong type of labels"),
        (*stack(labels=["a", "a"]), "wrong type of labels"),
        (*stack(before_init=["a", 1]), "wrong type of before_init"),
        (*stack(description=1), "wrong type of description"),
        (*stack(gitlab="n"), "wrong type of gitlab"),
        (*stack(gitlab=[{}]), "missing argument gitlab.namespace"),
        (
            *stack(gitlab=[{"namespace": "n", "is_default": True}]),
            "read-only argument gitlab.is_default",
        ),
        (*stack(gitlab=[{"namespace": "n"}, {"namespace": "m"}]), "too many blocks gitlab"),
        (
            *stack(opentofu=[{"logging": [{"loud": True}]}]),
            "unknown argument opentofu.logging.loud",
        ),
        (*stack(terraform_workflow_tool="TERRAFORM"), "wrong value of terraform_workflow_tool"),
        (
            "spacelift_aws_integration",
            {"name": "a", "role_arn": "b", "duration_seconds": True},
            "wrong type of duration_seconds",
        ),
    ],
)
def test_each_kind_of_mistake_is_found(type_: str, arguments: dict[str, Any], finding: str) -> None:
    found = findings(document(type_, arguments))
    assert len(found) == 1, found
    assert found[0].startswith(f"{type_}.x: {finding}")


def test_the_schema_is_of_the_provider_version_in_use() -> None:
    from spacelift.resources import PROVIDER_SOURCE, PROVIDER_VERSION

    assert SCHEMA["provider"] == PROVIDER_SOURCE
    assert SCHEMA["version"].startswith("v" + PROVIDER_VERSION.removeprefix("~> ") + ".")
