"""rds.py: the rules of the credentials and the class, logs, and parameters."""

from tests.synth.options import settings_of
from tests.synth.synthesized import Block, Synthesized, Synthesizer


def rules(stack: Synthesized) -> list[Block]:
    found: list[Block] = stack.blocks["aws_db_instance.wordpress"]["lifecycle"]["precondition"]
    return found


def test_credentials_that_rds_rejects_are_refused_at_plan_time(
    platform: Synthesized, synth: Synthesizer
) -> None:
    """In preconditions: of a validation that fails, Terraform prints the value."""
    for rule, name in zip(rules(platform), ("db_username", "db_password"), strict=True):
        assert f"var.{name}" in rule["condition"]
        assert rule["error_message"].startswith(f"{name}: RDS accepts ")
        assert "var." not in rule["error_message"]
    managed = synth(**settings_of("database.password"))
    assert rules(managed) == rules(platform)[:1], "there is no password to check"


def test_performance_insights_are_refused_on_a_class_without_them_at_plan_time(
    platform: Synthesized, maximal: Synthesized
) -> None:
    *others, rule = rules(maximal)
    assert others == rules(platform)
    assert "t4g" in rule["condition"]
    assert "var.db_instance_class" in rule["condition"]
    assert rule["error_message"].startswith('db_instance_class = "${var.db_instance_class}" has no')


def test_no_exported_logs_is_an_empty_list(synth: Synthesizer) -> None:
    """Absent, Terraform would leave the exports that are on as they are."""
    blocks = synth(database={"log_exports": []}).blocks
    assert blocks["aws_db_instance.wordpress"]["enabled_cloudwatch_logs_exports"] == []


def test_tls_and_slow_queries_are_parameters(synth: Synthesizer) -> None:
    blocks = synth(database={"require_tls": True, "slow_query_log": True}).blocks
    group = blocks["aws_db_parameter_group.main"]
    assert {parameter["name"]: parameter["value"] for parameter in group["parameter"]} == {
        "require_secure_transport": "1",
        "slow_query_log": "1",
        "log_output": "FILE",
    }
    assert group["family"] == "mysql8.0"
    assert group["lifecycle"] == {"create_before_destroy": True}
    assert group["name_prefix"] == "${var.project_name}-"


def test_a_managed_password_is_nowhere_in_the_configuration(synth: Synthesizer) -> None:
    stack = synth(**settings_of("database.password"))
    assert "db_password" not in stack.text


def test_the_secret_is_read_from_the_instance_or_after_it_was_switched_over(
    synth: Synthesizer,
) -> None:
    """What is read after a change is unknown in the plan: it may only stand where nothing else
    does. test_changes.py has what Terraform makes of it."""
    stack = synth(**settings_of("database.password"))
    instance = "aws_db_instance.wordpress"
    assert stack.blocks[f"data.{instance}"]["depends_on"] == [instance]
    secret = f"{instance}.master_user_secret[0].secret_arn"
    (read,) = stack.statements("aws_iam_role_policy.ecs_task_execution_secrets")
    assert read["Resource"] == [f"${{try({secret}, data.{secret})}}"]


def test_the_user_can_be_shown(synth: Synthesizer) -> None:
    stack = synth(**settings_of("database.username_sensitive"))
    assert "sensitive" not in stack.variables["db_username"]
    assert stack.variables["db_password"]["sensitive"] is True
