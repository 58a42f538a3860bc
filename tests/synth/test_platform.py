"""platform.py: the stack as a whole, and every setting that does not change its shape."""

import json
from pathlib import Path

from constructs_lib.settings import parse_stack
from constructs_lib.settings.database import connections_of
from constructs_lib.settings.wordpress import DATABASE_ENVIRONMENT
from tests.synth.options import OPTIONS, VALUES
from tests.synth.synthesized import STACK_ID, Synthesized, Synthesizer, changes, dangling, leaves

_CONTAINER = "aws_ecs_task_definition.wordpress.container_definitions.0"
_GRAPH = "aws_cloudwatch_dashboard.main.dashboard_body.widgets.{}.properties.region"
CARRIED = {
    "aws_region": (
        "provider.region",
        f"{_CONTAINER}.logConfiguration.options.awslogs-region",
        *(_GRAPH.format(number) for number in range(9)),
    ),
    "vpc_cidr": ("aws_vpc.main.cidr_block",),
    **{
        f"{kind}_subnet_cidrs[{index}]": (f"aws_subnet.{kind}_{index + 1}.cidr_block",)
        for kind in ("public", "private")
        for index in (0, 1)
    },
    **{
        f"availability_zones[{index}]": tuple(
            f"aws_subnet.{kind}_{index + 1}.availability_zone" for kind in ("public", "private")
        )
        for index in (0, 1)
    },
    "container_image": (f"{_CONTAINER}.image",),
    "task_cpu": ("aws_ecs_task_definition.wordpress.cpu",),
    "task_memory": ("aws_ecs_task_definition.wordpress.memory",),
    "desired_count": ("aws_ecs_service.wordpress.desired_count",),
    "db_username": ("aws_db_instance.wordpress.username", f"{_CONTAINER}.environment.1.value"),
    "db_password": ("aws_db_instance.wordpress.password", f"{_CONTAINER}.environment.2.value"),
    "db_name": ("aws_db_instance.wordpress.db_name", f"{_CONTAINER}.environment.3.value"),
    "db_instance_class": ("aws_db_instance.wordpress.instance_class",),
    "db_allocated_storage": ("aws_db_instance.wordpress.allocated_storage",),
    "alarm_email": ("aws_sns_topic_subscription.email.endpoint",),
    "monthly_budget_usd": ("aws_budgets_budget.monthly.limit_amount",),
}
"""Where variables stand, apart from names and expressions."""


def test_what_a_user_changes_at_plan_time_is_a_variable(platform: Synthesized) -> None:
    """And no literal, which would go unnoticed as long as it is the default."""
    said = leaves(platform.blocks)
    carried = {place: f"${{var.{name}}}" for name, places in CARRIED.items() for place in places}
    assert {place: said[place] for place in carried} == carried
    assert {place for place, value in said.items() if STACK_ID in str(value)} == {
        "terraform.backend.local.path",
        "provider.default_tags.0.tags.Stack",
    }, "all other names follow the project"


def test_every_value_reaches_its_places_and_no_other(
    platform: Synthesized, maximal: Synthesized
) -> None:
    """What a variable carries stands nowhere else, or a user could not change it at plan time."""
    gone = {address for setting in VALUES.values() for address in setting.removes}
    assert maximal.blocks.keys() == platform.blocks.keys() - gone
    changed = {place: v for setting in VALUES.values() for place, v in setting.changes.items()}
    of_the_id = {"provider.default_tags.0.tags.Stack": "another-stack"}
    assert changes(platform.blocks, maximal.blocks) == changed | of_the_id
    assert maximal.variables.keys() == platform.variables.keys()


def test_every_setting_is_tried_with_another_value_than_its_default() -> None:
    defaults = leaves(parse_stack(STACK_ID, {}).model_dump(mode="json"))
    tried = {path: setting.value for path, setting in (VALUES | OPTIONS).items()}
    tried["backend.type"] = tried["backend"]
    names = tried[named := "container.database_environment"]  # one setting with several leaves
    assert isinstance(names, dict)
    tried |= {f"{named}.{part}": names.get(part) for part in DATABASE_ENVIRONMENT}
    assert defaults.keys() <= tried.keys()
    assert {path for path, default in defaults.items() if tried[path] == default} == set()


def test_what_is_not_a_variable_is_a_literal(synth: Synthesizer) -> None:
    """Everywhere: in names, in expressions, and in rules, of which none is left without one."""
    usual = synth(region="eu-west-1")
    stack = synth(region="eu-west-1", variables=["db_password"])
    planned = {address: usual.planned(address) for address in usual.blocks}
    _, password = planned["aws_db_instance.wordpress"]["lifecycle"]["precondition"]
    emails = "aws_budgets_budget.monthly.notification.{}.subscriber_email_addresses"
    assert list(stack.variables) == ["db_password"]
    assert stack.blocks.keys() == planned.keys()
    assert changes(planned, stack.blocks) == {
        "aws_ecs_task_definition.wordpress.cpu": "512",
        "aws_ecs_task_definition.wordpress.memory": "1024",
        "aws_budgets_budget.monthly.limit_amount": "100",
        "aws_budgets_budget.monthly.cost_filter.0.values": [
            '${format("user:Project$%s", "resilience-platform")}'
        ],
        **{emails.format(number): '${"" == "" ? [] : [""]}' for number in range(3)},
        "aws_sns_topic_subscription.email.count": '${"" == "" ? 0 : 1}',
        "aws_cloudwatch_metric_alarm.rds_cpu_credits.count": (
            '${can(regex("^db[.]t", "db.t3.micro")) ? 1 : 0}'
        ),
        "aws_cloudwatch_metric_alarm.rds_connections_share.threshold": (
            f"${{{connections_of(json.dumps('db.t3.micro'), 80)}}}"
        ),
        "aws_vpc.main.lifecycle": None,
        "aws_ecs_task_definition.wordpress.lifecycle": None,
        "aws_db_instance.wordpress.lifecycle.precondition": [password],
    }


def test_a_rule_over_a_variable_and_a_literal_keeps_both(synth: Synthesizer) -> None:
    stack = synth(variables=["db_password", "task_cpu"])
    task = stack.blocks["aws_ecs_task_definition.wordpress"]
    (rule,) = task["lifecycle"]["precondition"]
    assert "tostring(var.task_cpu)" in rule["condition"]
    assert rule["condition"].endswith(", 1024)}")
    assert rule["error_message"].startswith(
        "task_cpu = ${var.task_cpu} with task_memory = ${1024}:"
    )


def test_the_stack_has_no_part_outside_its_blocks(platform: Synthesized) -> None:
    assert sorted(platform.document) == [
        *("data", "output", "provider", "resource", "terraform", "variable")
    ]


def test_every_reference_is_to_something_that_exists(
    platform: Synthesized, maximal: Synthesized
) -> None:
    """Terraform would say so too, but later."""
    for stack in (platform, maximal):
        assert dangling(stack) == set()


def test_every_output_is_described(platform: Synthesized) -> None:
    descriptions = [block["description"] for block in platform.outputs.values()]
    assert len(set(descriptions)) == len(descriptions)
    assert all(description.endswith(".") for description in descriptions)


def test_two_stacks_in_one_app_are_as_if_alone(platform: Synthesized, tmp_path: Path) -> None:
    from constructs_lib.platform import ResiliencePlatform  # isort: skip
    from cdktf import Testing

    app = Testing.app(outdir=str(tmp_path))
    other = ResiliencePlatform(app, "other", settings=parse_stack("other", {}))
    stack = ResiliencePlatform(app, STACK_ID, settings=parse_stack(STACK_ID, {}))
    assert Testing.synth(stack, True) == platform.text
    assert Testing.synth(other, True) == platform.text.replace(STACK_ID, "other")


def test_a_fixed_number_may_be_zero(synth: Synthesizer) -> None:
    """Not declared as a variable, it stands in the resource as it is."""
    stack = synth(variables=["db_password"], autoscaling=None, container={"desired_count": 0})
    assert stack.blocks["aws_ecs_service.wordpress"]["desired_count"] == 0
