"""The recovery model: every expected figure is worked out by hand in the test."""

import json
import math
from collections.abc import Iterable
from typing import Any

import pytest
from rich.console import Console

from constructs_lib.settings.wordpress import DATABASE_ENVIRONMENT
from ops.errors import OpsError
from ops.model import claims
from ops.model.claims import Claim, Model
from ops.model.recovery import NEVER, Scenario, Span
from ops.model.stack import Stack

Change = dict[str, Any] | None
STOP, HANG, ZONE, DATABASE, BAD_DEPLOYMENT, DEPLOYMENT, LOAD, OVERLOAD, PASSWORD = range(9)


def platform(
    *,
    health_check: Change = None,
    target_group: Change = None,
    service: Change = None,
    database: Change = None,
    tasks: int = 2,
    scaling: tuple[int, int] | None = (2, 4),
    zones: tuple[str, str] = ("a", "b"),
    balancer_subnets: tuple[str, str] = ("one", "two"),
    volumes: tuple[str, ...] = (),
    command: str = "",
    environment: Iterable[str] = DATABASE_ENVIRONMENT.values(),
) -> dict[str, Any]:
    """A document like the contract's, with some values changed; None takes a key out."""

    def changed(base: dict[str, Any], change: Change) -> dict[str, Any]:
        merged = {**base, **(change or {})}
        return {key: value for key, value in merged.items() if value is not None}

    def subnets(*names: str) -> list[str]:
        return [f"${{aws_subnet.{name}.id}}" for name in names]

    check = {
        "path": "/wp-admin/install.php",
        **{"interval": 30, "timeout": 5, "healthy_threshold": 2, "unhealthy_threshold": 3},
    }
    told = "".join(f'{{"name" = "{name}"}}, ' for name in environment)
    autoscaling: dict[str, Any] = {}
    if scaling:
        bounds = dict(zip(("min_capacity", "max_capacity"), scaling, strict=True))
        policy = {"target_tracking_scaling_policy_configuration": {"scale_out_cooldown": 60}}
        autoscaling = {
            "aws_appautoscaling_target": {"ecs": bounds},
            "aws_appautoscaling_policy": {"cpu": policy},
        }
    return {
        "variable": {
            "availability_zones": {"default": list(zones)},
            "desired_count": {"default": tasks},
            "db_password": {"sensitive": True},
        },
        "resource": {
            "aws_subnet": {
                name: {"availability_zone": f"${{var.availability_zones[{number}]}}"}
                for number, name in enumerate(("one", "two"))
            },
            "aws_lb": {"main": {"subnets": subnets(*balancer_subnets)}},
            "aws_ecs_task_definition": {
                "wordpress": {
                    "volume": [{"name": v} for v in volumes],
                    "container_definitions": f"${{jsonencode([{told}{command}])}}",
                }
            },
            "aws_lb_target_group": {
                "main": changed({"health_check": changed(check, health_check)}, target_group)
            },
            "aws_ecs_service": {
                "wordpress": changed(
                    {
                        "task_definition": "${aws_ecs_task_definition.wordpress.arn}",
                        "desired_count": "${var.desired_count}",
                        "health_check_grace_period_seconds": 60,
                        "deployment_minimum_healthy_percent": 100,
                        "deployment_maximum_percent": 200,
                        "deployment_circuit_breaker": {"enable": True, "rollback": True},
                        "network_configuration": {"subnets": subnets("one", "two")},
                        "load_balancer": [{"target_group_arn": "${aws_lb_target_group.main.arn}"}],
                    },
                    service,
                )
            },
            "aws_db_instance": {
                "wordpress": changed(
                    {
                        "multi_az": True,
                        "backup_retention_period": 7,
                        "instance_class": "db.t3.micro",
                    },
                    database,
                )
            },
            **autoscaling,
        },
    }


def computed(**changes: Any) -> Model:
    return claims.model(Stack(platform(**changes)))


def spans(scenario: Scenario) -> tuple[Span, Span, Span]:
    return scenario.noticed, scenario.serving, scenario.restored


def claim(model: Model, quote: str) -> Claim:
    (found,) = [claim for claim in model.claims if quote in claim.quote]
    return found


def test_contract() -> None:
    """Interval 30, timeout 5, thresholds 2 and 3, grace 60, drain 300, two to four tasks."""
    s = computed().scenarios
    # ECS reacts 0-30; a start takes 20-60; 2 x 30 until in rotation
    assert spans(s[STOP]) == (Span(0, 30), Span(0, 30), Span(20, 150))
    # (3 - 1) x 30 = 60; 3 x 30 + 5 = 95; 95 + 150
    assert spans(s[HANG]) == (Span(60, 95), Span(60, 95), Span(80, 245))
    # 60 s is shorter than a failover of 120: max(120, 95 + 30 + 60) + 2 x 30
    assert spans(s[DATABASE]) == (Span(60, 120), Span(60, 245), Span(60, 245))
    assert spans(s[ZONE]) == (Span(60, 95), Span(60, 245), Span(80, 245))
    # 3 failures, 2 at once, are 2 rounds; a round 20 or 60 + 95 + 30; drain 300
    assert spans(s[BAD_DEPLOYMENT]) == (Span(40, 370), Span(0, 0), Span(40, 670))
    # one batch: 60 + 60 + 300
    assert spans(s[DEPLOYMENT]) == (Span(0, 0), Span(0, 0), Span(20, 420))
    # 3 or 4 minutes, cool-down 60, 60 + 60
    assert spans(s[LOAD]) == (Span(180, 240), Span(200, 420), Span(200, 420))


def test_visitors_beyond_the_connections() -> None:
    """A task has Apache's 150 workers, or those it is told; 1 GiB of memory has 60 connections."""
    never = Span(NEVER, NEVER)
    refused = computed().scenarios[OVERLOAD]
    assert spans(refused) == (Span(60, 95), never, never)
    assert "4 tasks x 150 workers = 600 connections" in refused.because
    assert "about 60: MySQL refuses more" in refused.because

    told: dict[str, Any] = {"command": "'maxRequestWorkers 60'"}
    fits = computed(**told, database={"instance_class": "db.t3.medium"}).scenarios[OVERLOAD]
    assert spans(fits) == (Span(0, 0),) * 3
    assert fits.because.endswith(
        "x 60 workers = 240 connections, and the database's class allows about 240: further "
        "visitors wait for a worker, and with them health checks, which fail after 5 s"
    )
    without_scaling = computed(**told, scaling=None, tasks=2).scenarios[OVERLOAD]
    assert "2 tasks x 60 workers = 120" in without_scaling.because
    assert without_scaling.serving == never
    names = {each.name for each in computed(environment=["DB_HOST"]).scenarios}
    assert without_scaling.name not in names, "another application's workers are not known"
    unseen = computed(health_check={"path": "/readme.html"}).scenarios[OVERLOAD]
    assert spans(unseen) == (never,) * 3
    assert "health checks" not in unseen.because


def test_fast_checks_and_a_rolling_update_that_stops_tasks_first() -> None:
    """Interval 10, timeout 2, thresholds 2 and 2, no grace, drain 30, three tasks, 50-100 %."""
    s = computed(
        health_check={"interval": 10, "timeout": 2, "unhealthy_threshold": 2},
        target_group={"deregistration_delay": "30"},
        service={
            "health_check_grace_period_seconds": None,
            "deployment_minimum_healthy_percent": 50,
            "deployment_maximum_percent": 100,
        },
        tasks=3,
        scaling=None,
    ).scenarios
    # 60 + 2 x 10 + 30
    assert spans(s[STOP]) == (Span(0, 30), Span(0, 30), Span(20, 110))
    # 1 x 10; 2 x 10 + 2; 22 + 110
    assert spans(s[HANG]) == (Span(10, 22), Span(10, 22), Span(30, 132))
    # max(120, 22 + 30 + 60) + 20
    assert spans(s[DATABASE]) == (Span(60, 120), Span(60, 140), Span(60, 140))
    assert spans(s[ZONE]) == (Span(10, 22), Span(10, 140), Span(30, 140))
    # 2 of 3 must stay, so one at a time: 3 x (60 + 22 + 30); + 30 drain + 60 + 20 for the old one
    assert spans(s[BAD_DEPLOYMENT]) == (Span(60, 336), Span(0, 0), Span(80, 446))
    # 3 x (60 + 20 + 30)
    assert spans(s[DEPLOYMENT]) == (Span(0, 0), Span(0, 0), Span(60, 330))
    assert spans(s[LOAD]) == (Span(NEVER, NEVER),) * 3


def test_one_task_serves_nobody_until_it_is_replaced() -> None:
    model = computed(tasks=1, scaling=None)
    s = model.scenarios
    assert spans(s[STOP])[1:] == (Span(20, 150), Span(20, 150))
    assert spans(s[HANG])[1:] == (Span(80, 245), Span(80, 245))
    # at best the zone has neither the task nor the database
    assert s[ZONE].serving == Span(0, 245)
    # 99.99 % x 99.5 % x 99.95 %
    assert model.availability_percent["all"] == pytest.approx(99.4403, abs=1e-4)


def test_autoscaling_may_leave_fewer_tasks_than_desired() -> None:
    """What counts is autoscaling's minimum, not the count it started with."""
    assert computed(tasks=4, scaling=(1, 4)).configuration.tasks == 1


def test_single_az_database_does_not_recover_by_itself() -> None:
    """No failover, no bound for a zone failure, and up to five minutes of data lost."""
    model = computed(database={"multi_az": None})
    s = model.scenarios
    assert spans(s[DATABASE]) == (Span(NEVER, NEVER),) * 3
    assert s[ZONE].serving == Span(60, NEVER)
    # 99.99 % x 99.99 % x 99.5 %
    assert model.availability_percent["all"] == pytest.approx(99.4801, abs=1e-4)
    assert claim(model, "automatic failover within 60 seconds").verdict == "not met"


def test_everything_in_one_zone_goes_with_it() -> None:
    model = computed(zones=("a", "a"))
    assert spans(model.scenarios[ZONE]) == (Span(NEVER, NEVER),) * 3
    # 99.9 % x 99.5 % x 99.95 %
    assert model.availability_percent["all"] == pytest.approx(99.3508, abs=1e-4)
    balancer = computed(balancer_subnets=("one", "one"))
    assert spans(balancer.scenarios[ZONE]) == (Span(NEVER, NEVER),) * 3
    # 99.9 % x 99.99 % x 99.95 %
    assert balancer.availability_percent["all"] == pytest.approx(99.8401, abs=1e-4)


UNSAVED = {"multi_az": False, "backup_retention_period": 0}


@pytest.mark.parametrize(
    ("changes", "text", "expected"),
    [
        ({}, "in a failover nothing of the database; uploads go with", "not guaranteed"),
        ({"volumes": ("uploads",)}, "in a failover nothing: replication is", "not guaranteed"),
        (
            {"health_check": {"unhealthy_threshold": 6}},
            "in a failover nothing: replication",
            "not guaranteed",
        ),
        ({"database": {"multi_az": False}}, "no standby: up to 300 s of writes", "not met"),
        ({"database": UNSAVED}, "no standby: all can be lost", "not met"),
    ],
)
def test_what_a_database_failure_loses(changes: dict[str, Any], text: str, expected: str) -> None:
    """Writes survive on the standby, uploads only where tasks do or where they are shared."""
    loss = claim(computed(**changes), "No data loss")
    assert loss.computed.startswith(text)
    assert loss.verdict == expected


@pytest.mark.parametrize(
    ("interval", "threshold", "outlasts"),
    [
        (30, 3, False),  # 2 x 30 = 60
        (30, 5, False),  # 4 x 30 = 120, and the fifth check may still fail at 120
        (30, 6, True),  # 5 x 30 = 150
        (60, 3, False),  # 2 x 60 = 120
        (61, 3, True),  # 2 x 61 = 122
    ],
)
def test_whether_health_checks_outlast_a_failover(
    interval: int, threshold: int, outlasts: bool
) -> None:
    """The last failing check has to come after the longest failover, or all tasks are replaced."""
    model = computed(health_check={"interval": interval, "unhealthy_threshold": threshold})
    assert model.configuration.outlasts_failover is outlasts
    untouched = Span(60, 120)
    assert (model.scenarios[DATABASE].serving == untouched) is outlasts


def test_a_check_that_needs_no_database_survives_a_failover() -> None:
    """A file that WordPress does not make with PHP is there without the database."""
    paths = {"/readme.html": 120, "/readme.html?from=/": 120, "/": 245, None: 245}
    for path, worst in paths.items():
        model = computed(health_check={"path": path})
        assert model.scenarios[DATABASE].restored == Span(60, worst), path


@pytest.mark.parametrize(
    ("host", "worst"), [("aws_db_instance.wordpress.address", 245), ("x", 120)]
)
def test_another_applications_check_fails_without_its_database(host: str, worst: int) -> None:
    """Whatever its path: docs/fork.md wants that of it; one without a database has none to miss."""
    shop = f'{{"name" = "DB_HOST", "value" = {host}}}'
    model = computed(health_check={"path": "/health"}, environment=(), command=shop)
    assert model.scenarios[DATABASE].restored == Span(60, worst)


def test_a_rotated_password_is_an_outage_until_new_tasks_serve() -> None:
    """Only where RDS rotates it; at its own hours, or in a window of the stack's."""
    assert [s.name for s in computed().scenarios if "password" in s.name] == []
    managed = {"manage_master_user_password": True}
    password = computed(database=managed).scenarios[PASSWORD]
    # the event 0-60, a start 20-60, 2 x 30 until in rotation; drain 300
    assert spans(password) == (Span(0, 60), Span(20, 180), Span(20, 480))
    assert "every 7 days" in password.because

    document = platform(database=managed)
    rules = {"schedule_expression": "cron(0 2 ? JAN SUN#1 *)", "duration": "1h"}
    document["resource"]["aws_secretsmanager_secret_rotation"] = {"a": {"rotation_rules": rules}}
    scheduled = claims.model(Stack(document)).scenarios[PASSWORD]
    assert spans(scheduled) == spans(password)
    assert scheduled.because.startswith("cron(0 2 ? JAN SUN#1 *), within 1h")


def test_deleted_data_comes_back_from_backups_and_a_lost_region_from_copies() -> None:
    """Recovery point and time; without backups, or with all copies in the region, never."""
    *_, deleted, region = computed().scenarios
    assert (deleted.lost, deleted.restored) == (Span(0, 300), Span(600, 3600))
    assert deleted.noticed == region.lost == region.restored == Span(NEVER, NEVER)
    loss = claim(computed(), "No data loss").computed
    assert loss.endswith("of deleted data: up to 300 s; with the region: all")
    *_, unsaved, _ = computed(database=UNSAVED).scenarios
    assert unsaved.lost == unsaved.restored == Span(NEVER, NEVER)

    document = platform()
    copy = {"destination_vault_arn": "${aws_backup_vault.copies.arn}"}
    document["resource"] |= {
        "aws_backup_plan": {"a": {"rule": [{"copy_action": [copy]}]}},
        "aws_backup_vault": {"copies": {"provider": "aws.eu_west_1"}},
    }
    *_, region = claims.model(Stack(document)).scenarios
    assert (region.lost, region.restored) == (Span(0, 86400), Span(3600, 14400))
    assert "builds the stack in eu-west-1" in region.because


def test_one_new_task_at_a_time_serves_but_its_share_after_a_rotation() -> None:
    """1 at once, so 2 x (60 + 60 + 300); the event 60."""
    one_more = {"deployment_minimum_healthy_percent": 100, "deployment_maximum_percent": 150}
    s = computed(service=one_more, database={"manage_master_user_password": True}).scenarios
    assert s[PASSWORD].serving == s[PASSWORD].restored == Span(40, 900)


def test_a_long_grace_period_delays_the_replacement_not_the_rotation() -> None:
    """The load balancer knows no grace period; ECS ignores its checks for a young task."""
    s = computed(service={"health_check_grace_period_seconds": 200}).scenarios
    assert s[HANG].noticed == Span(60, 95)
    # 200 + 30 + 60 + 60
    assert s[HANG].restored == Span(80, 350)
    # 2 x (60 + 200 + 30)
    assert s[BAD_DEPLOYMENT].noticed == Span(40, 580)


@pytest.mark.parametrize(
    ("tasks", "percentages", "worst"),
    [
        (2, (100, 200), 370),  # at least 3 failures, 2 at once: 2 x 185
        (4, (100, 200), 185),  # 3 failures, 4 at once
        (20, (90, 110), 555),  # 10 failures, 22 - 18 = 4 at once: 3 x 185
        (2, (0, 200), 370),  # no more than 2 new ones at once, though 4 would fit
    ],
)
def test_circuit_breaker_counts_failures(
    tasks: int, percentages: tuple[int, int], worst: float
) -> None:
    """It trips at half the desired count, but never below three; a round takes 60 + 95 + 30."""
    change = {
        "deployment_minimum_healthy_percent": percentages[0],
        "deployment_maximum_percent": percentages[1],
    }
    s = computed(service=change, tasks=tasks, scaling=None).scenarios
    assert s[BAD_DEPLOYMENT].noticed.worst == worst


def test_without_a_circuit_breaker_a_bad_deployment_goes_on() -> None:
    """Nothing ends it; and a breaker that does not roll back leaves it failed."""
    none = computed(service={"deployment_circuit_breaker": None}).scenarios[BAD_DEPLOYMENT]
    assert none.noticed == Span(NEVER, NEVER)
    assert none.serving == Span(0, 0)
    stays = {"deployment_circuit_breaker": [{"enable": True, "rollback": False}]}
    failed = computed(service=stays).scenarios[BAD_DEPLOYMENT]
    assert failed.noticed == Span(40, 370)
    assert failed.restored == Span(NEVER, NEVER)


def test_percentages_that_round_to_no_room_block_deployments() -> None:
    """150 % of one task is one task: it may not stop before another has started."""
    s = computed(service={"deployment_maximum_percent": 150}, tasks=1, scaling=None).scenarios
    assert s[DEPLOYMENT].restored == Span(NEVER, NEVER)
    assert "stuck" in s[DEPLOYMENT].because


def test_stopping_all_tasks_for_a_deployment_is_an_outage() -> None:
    """With a minimum of 0 % the zero-downtime claim does not hold."""
    change = {"deployment_minimum_healthy_percent": 0, "deployment_maximum_percent": 100}
    model = computed(service=change)
    assert model.scenarios[DEPLOYMENT].serving == Span(20, 120)
    assert claim(model, "Zero-Downtime").verdict == "not met"


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("99.95% Availability", "not met"),  # 99.99 % x 99.99 % x 99.95 % = 99.93 %
        ("rotation within 30 seconds", "not met"),  # 60 at the least
        ("removed from ALB within 90 seconds", "not guaranteed"),  # 95 at the most
        ("Individual task failure: < 30 seconds", "not met"),  # 80 at the least
        ("New task launches within 60 seconds", "not guaranteed"),  # 30 + 60 at the most
        ("Application tier failure: < 60 seconds", "not guaranteed"),
        ("automatic failover within 60 seconds", "not guaranteed"),  # AWS says 60 to 120
        ("Database zone failure: < 60 seconds", "not guaranteed"),
        ("Total time: ~60 seconds", "not guaranteed"),
        ("No data loss", "not guaranteed"),  # uploads go with the tasks
        ("Zero-Downtime Deployments", "met"),  # no task stops before another serves
    ],
)
def test_verdicts_of_the_contract(quote: str, expected: str) -> None:
    """Met in the worst case, only in the best, or not even then."""
    assert claim(computed(), quote).verdict == expected


def test_every_claim_has_its_row() -> None:
    """So that a claim that is added is tested too."""
    (parametrize,) = test_verdicts_of_the_contract.pytestmark  # type: ignore[attr-defined]
    assert len(parametrize.args[1]) == len(computed().claims)


def test_a_claim_that_the_configuration_can_meet() -> None:
    """3 x 29 + 2 = 89 seconds are within 90."""
    model = computed(health_check={"interval": 29, "timeout": 2})
    assert claim(model, "removed from ALB within 90 seconds").verdict == "met"


def test_json_writes_null_for_a_time_without_end() -> None:
    """Infinity is no JSON."""
    text = claims.as_json(computed(database={"multi_az": False}))
    model = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert model["scenarios"][DATABASE]["restored"] == {"best": None, "worst": None}
    assert model["scenarios"][HANG]["noticed"] == {"best": 60, "worst": 95}
    assert math.isclose(model["availability_percent"]["database"], 99.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"load_balancer": None}, "aws_ecs_service has no load_balancer"),
        ({"desired_count": "${var.db_password}"}, "variable db_password has no default"),
        (
            {"network_configuration": {"subnets": ["${aws_subnet.three.id}"]}},
            r"\$\{aws_subnet.three.id\} is not a resource of the stack",
        ),
    ],
)
def test_a_stack_the_model_does_not_cover(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OpsError, match=message):
        computed(service=changes)


def test_a_stack_without_database() -> None:
    document = platform()
    del document["resource"]["aws_db_instance"]
    with pytest.raises(OpsError, match="the stack has 0 aws_db_instance, not exactly one"):
        claims.model(Stack(document))


def test_the_command_warns_when_a_failover_replaces_every_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The tables name every scenario and every claim."""
    stack = Stack(platform())
    monkeypatch.setattr(claims, "read_stack", lambda stack_id: stack)
    console = Console(width=80, record=True)
    claims.run("resilience-platform", console)
    lines = console.export_text().splitlines()
    assert len(lines) < 95, "a reason is not squeezed into a narrow column"
    console = Console(width=200, record=True)
    claims.run("resilience-platform", console)
    shown = console.export_text()
    model = claims.model(stack)
    assert all(scenario.name in shown for scenario in model.scenarios)
    assert all(claim.quote[:60] in shown for claim in model.claims)
    assert "a database failover of up to 120 s replaces every task" in " ".join(shown.split())
