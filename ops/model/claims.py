"""What the original README promises, held against what a stack's configuration makes of it.

The worst case is what a promise has to be measured by; `ops.model.recovery` computes it.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from ops import files
from ops.console import table
from ops.model.configured import configuration
from ops.model.recovery import (
    NEVER,
    RDS_FAILOVER,
    RESTORE_POINT_SECONDS,
    SCHEDULER_REACTION,
    TASK_START,
    Configuration,
    Scenario,
    Span,
    scenarios,
)
from ops.model.stack import Stack, read_stack

SLA_PERCENT = files.data(dict[str, tuple[float, float]], Path(__file__).with_name("sla.yaml"))

CLAIMED_AVAILABILITY_PERCENT = 99.95
MINUTES_A_MONTH = 30 * 24 * 60


Verdict = Literal["met", "not guaranteed", "not met"]


@dataclass(frozen=True)
class Claim:
    """A sentence of the original README, and what the configuration makes of it."""

    quote: str
    computed: str
    verdict: Verdict


@dataclass(frozen=True)
class Model:
    """All that is said about a stack."""

    configuration: Configuration
    scenarios: tuple[Scenario, ...]
    availability_percent: dict[str, float]
    claims: tuple[Claim, ...]


def availability(c: Configuration) -> dict[str, float]:
    """Percent that AWS's SLAs commit to for each part, and, as `all`, for all of them at once."""
    redundant = {
        "load balancer": c.balancer_zones > 1,
        "tasks": c.task_zones > 1 and c.tasks > 1,
        "database": c.multi_az,
    }
    parts = {name: SLA_PERCENT[name][0 if two else 1] for name, two in redundant.items()}
    return {**parts, "all": 100 * math.prod(percent / 100 for percent in parts.values())}


def claims(c: Configuration, all_scenarios: Sequence[Scenario]) -> tuple[Claim, ...]:
    """The original README's sentences that promise something measurable, each with its verdict."""
    stop, hang, zone, database, _, rolling, *_, deleted, region = all_scenarios
    percent = availability(c)["all"]
    return (
        Claim(
            "99.95% Availability: Multi-AZ architecture ensures continuous operation during zone "
            "failures",
            f"AWS's SLAs together: {percent:.2f} %, "
            f"{(100 - percent) / 100 * MINUTES_A_MONTH:.0f} minutes a month",
            "met" if percent >= CLAIMED_AVAILABILITY_PERCENT else "not met",
        ),
        _timed(
            "ALB health checks remove unhealthy targets from rotation within 30 seconds",
            30,
            hang.noticed,
        ),
        _timed("Verify: Task removed from ALB within 90 seconds", 90, hang.noticed),
        _timed(
            "Individual task failure: < 30 seconds (health check + replacement)", 30, hang.restored
        ),
        _timed("Verify: New task launches within 60 seconds", 60, SCHEDULER_REACTION + TASK_START),
        _timed("Application tier failure: < 60 seconds (new task launch)", 60, stop.restored),
        _timed("RDS Multi-AZ performs automatic failover within 60 seconds", 60, database.noticed),
        _timed(
            "Database zone failure: < 60 seconds (automated RDS failover)", 60, database.serving
        ),
        _timed("Availability Zone Failure: […] Total time: ~60 seconds", 60, zone.serving),
        _no_data_loss(c, deleted.lost, region.lost),
        _timed(
            "Zero-Downtime Deployments: Rolling updates maintain service availability during "
            "changes",
            0,
            rolling.serving,
            "not served: ",
        ),
    )


def _no_data_loss(c: Configuration, deleted: Span, region: Span) -> Claim:
    """The original README verifies it in a database failover, which is the harmless case."""
    quote = "Verify: No data loss"
    lost = [
        "all" if span.worst == NEVER else f"up to {span.worst:g} s" for span in (deleted, region)
    ]
    further = f"; of deleted data: {lost[0]}; with the region: {lost[1]}"
    if not c.multi_az:
        kept = f"up to {RESTORE_POINT_SECONDS} s of writes" if c.backup_retention_days else "all"
        return Claim(quote, f"no standby: {kept} can be lost{further}", "not met")
    text = "nothing: replication is synchronous"
    if not c.shared_files and not c.outlasts_failover:
        text = "nothing of the database; uploads go with the tasks that are replaced"
    return Claim(quote, f"in a failover {text}{further}", "not guaranteed")


def _timed(quote: str, limit_seconds: float, computed: Span, label: str = "") -> Claim:
    """A claim that something takes no longer than `limit_seconds`."""
    if computed.worst <= limit_seconds:
        verdict: Verdict = "met"
    else:
        verdict = "not guaranteed" if computed.best <= limit_seconds else "not met"
    return Claim(quote, f"{label}{computed}", verdict)


def model(stack: Stack) -> Model:
    """Everything about one stack."""
    c = configuration(stack)
    all_scenarios = scenarios(c)
    return Model(c, all_scenarios, availability(c), claims(c, all_scenarios))


def as_json(computed: Model) -> str:
    """The model for other programs; a time that does not end is null."""

    def finite(value: object) -> object:
        if isinstance(value, dict):
            return {key: finite(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [finite(inner) for inner in value]
        return None if value == NEVER else value

    return json.dumps(finite(asdict(computed)), indent=2, ensure_ascii=False)


def run(stack_id: str, console: Console, *, json_output: bool = False) -> None:
    """Synthesize a stack and print its model, as tables or as JSON."""
    computed = model(read_stack(stack_id))
    if json_output:
        print(as_json(computed))
        return
    shown = table(
        f"Recovery of {stack_id}, best to worst case",
        *("failure", "noticed", "serving again", "restored"),
    )
    reasons = table("Where the worst case comes from", "failure", "because")
    for s in computed.scenarios:
        shown.add_row(s.name, str(s.noticed), str(s.serving), str(s.restored))
        reasons.add_row(s.name, s.because)
    console.print(shown, reasons)

    c = computed.configuration
    if c.multi_az and not c.outlasts_failover:
        console.print(
            f"[yellow]Health checks take a task out after {c.out_of_rotation.best:g} s at the "
            f"earliest: a database failover of up to {RDS_FAILOVER.worst:g} s replaces every "
            "task. Raise interval_seconds or unhealthy_threshold to outlast it.[/yellow]\n"
        )
    shown = table("What the original README claims", "claim", "computed", "verdict")
    colours = {"met": "green", "not guaranteed": "yellow", "not met": "red"}
    for claim in computed.claims:
        colour = colours[claim.verdict]
        shown.add_row(claim.quote, claim.computed, f"[{colour}]{claim.verdict}[/{colour}]")
    console.print(shown)
