"""A platform stack as the Terraform JSON it becomes, with *all* of a type at hand.

cdktf's own matchers answer whether any matching resource exists, and forgetting `assert` makes them
assert nothing. Here a test gets every resource of a type and says how many there are, what each of
them is, and what is not there.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from constructs_lib.settings import parse_stack

Block: TypeAlias = dict[str, Any]
"""A block of Terraform JSON. `Any`, because its shape is what the tests assert."""

STACK_ID = "resilience-platform"

MAXIMAL: dict[str, object] = {
    "project_name": "everything-else",
    "region": "us-east-1",
    "network": {
        "vpc_cidr": "172.16.0.0/20",
        "public_subnet_cidrs": ["172.16.0.0/22", "172.16.4.0/22"],
        "private_subnet_cidrs": ["172.16.8.0/22", "172.16.12.0/22"],
        "availability_zones": ["us-east-1c", "us-east-1f"],
    },
    "load_balancer": {
        "health_check_path": "/health",
        "interval_seconds": 300,
        "timeout_seconds": 120,
        "healthy_threshold": 10,
        "unhealthy_threshold": 10,
        "matcher": "200,302",
        "stickiness_seconds": 604800,
    },
    "container": {
        "image": "registry.example.com/team/wordpress@sha256:0123",
        "name": "wordpress_1",
        "cpu": 16384,
        "memory_mib": 122880,
        "desired_count": 5000,
        "health_check_grace_period_seconds": 2147483647,
        "minimum_healthy_percent": 50,
        "maximum_percent": 150,
        "log_retention_days": 3653,
        "container_insights": False,
    },
    "autoscaling": {
        "min_capacity": 5000,
        "max_capacity": 5000,
        "cpu_target_percent": 100,
        "memory_target_percent": 1,
        "scale_out_cooldown_seconds": 0,
        "scale_in_cooldown_seconds": 3600,
    },
    "database": {
        "engine_version": "8.4.5",
        "instance_class": "db.m6g.large",
        "allocated_storage_gib": 400,
        "storage_type": "gp3",
        "iops": 12000,
        "storage_throughput_mibps": 500,
        "name": "site",
        "username": "writer",
        "multi_az": False,
        "backup_retention_days": 35,
        "backup_window": "23:30-00:30",
        "maintenance_window": "Sun:12:00-Sun:23:30",
        "storage_encrypted": False,
        "monitoring_interval_seconds": 0,
        "log_exports": ["audit", "error", "general", "slowquery"],
        "performance_insights": True,
        "skip_final_snapshot": False,
    },
    "monitoring": {
        "alarm_email": "ops@example.com",
        "db_cpu_percent": 1,
        "db_free_storage_gib": 0.5,
        "db_connections": 1000,
        "db_replica_lag_seconds": 1,
        "service_cpu_percent": 100,
        "service_memory_percent": 100,
        "response_time_seconds": 0.25,
        "server_errors_per_5_minutes": 1,
    },
    "cost": {"monthly_budget_usd": 2500.5, "anomaly_threshold_usd": 1234567.89},
    "backend": {
        "type": "s3",
        "bucket": "states.example.com",
        "region": "eu-west-1",
        "key": "wordpress/state",
    },
}
"""Every setting there is, away from its default."""

_VARIABLE = re.compile(r"\$\{var\.(\w+)(?:\[(\d+)\])?\}")
_TOKEN = re.compile(
    r'(?P<string>"(?:\\.|[^"\\])*")|(?P<key>\w+)\s*=|(?P<name>[A-Za-z_][\w.]*(?:\[\d+\][\w.]*)*)|='
)


@dataclass(frozen=True)
class Synthesized:
    """One synthesized stack.

    `all`, `only` and `at` give blocks as Terraform would plan them without further input: each
    variable that has a default is replaced by it, `jsonencode(...)` by the value it encodes, and
    nulls are left out. `document` has them as written.
    """

    text: str

    @cached_property
    def document(self) -> Block:
        """The whole file."""
        document: Block = json.loads(self.text)
        return document

    @cached_property
    def variables(self) -> dict[str, Block]:
        """The variables' blocks as written, by name."""
        variables: dict[str, Block] = self.document["variable"]
        return variables

    @cached_property
    def outputs(self) -> dict[str, Block]:
        """The outputs' blocks as written, by name."""
        outputs: dict[str, Block] = self.document["output"]
        return outputs

    @cached_property
    def addresses(self) -> list[str]:
        """Every resource and data source by its Terraform address, sorted."""
        kinds = {"": self.document["resource"], "data.": self.document["data"]}
        return sorted(
            f"{prefix}{type}.{name}"
            for prefix, types in kinds.items()
            for type, blocks in types.items()
            for name in blocks
        )

    def all(self, type: str) -> dict[str, Block]:
        """Every resource of a type by its name; a type the provider does not have is an error.

        Without that a misspelled type would pass for one that is absent.
        """
        module = f"cdktf_cdktf_provider_aws.{type.removeprefix('aws_')}"
        if find_spec(module) is None:
            raise ValueError(f"{type} is no resource of the AWS provider")
        blocks: dict[str, Block] = self._planned(self.document["resource"].get(type, {}))
        return blocks

    def only(self, type: str) -> Block:
        """The one resource of a type."""
        blocks = self.all(type)
        assert len(blocks) == 1, f"{len(blocks)} resources of type {type}: {', '.join(blocks)}"
        return next(iter(blocks.values()))

    def at(self, address: str) -> Block:
        """The resource or data source at a Terraform address."""
        root = "data" if address.startswith("data.") else "resource"
        type, name = address.removeprefix("data.").split(".")
        block: Block = self._planned(self.document[root][type][name])
        return block

    def raw(self, address: str) -> Block:
        """The resource at a Terraform address, as written."""
        type, name = address.split(".")
        block: Block = self.document["resource"][type][name]
        return block

    def _planned(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._planned(item) for key, item in value.items() if item is not None}
        if isinstance(value, list):
            return [self._planned(item) for item in value]
        if not isinstance(value, str):
            return value
        if value.startswith("${jsonencode("):
            return self._planned(encoded(value))
        whole = _VARIABLE.fullmatch(value)
        if whole:
            return self._default(whole)
        return _VARIABLE.sub(lambda match: str(self._default(match)), value)

    def _default(self, reference: re.Match[str]) -> Any:
        name, index = reference.groups()
        if "default" not in self.variables[name]:
            return reference[0]
        default = self.variables[name]["default"]
        return default if index is None else default[int(index)]


def encoded(expression: str) -> Any:
    """The value that a `${jsonencode(...)}` of literals and references encodes.

    A reference in it becomes a string of its own, as it would stand in JSON: `${aws_vpc.main.id}`.
    """

    def as_json(match: re.Match[str]) -> str:
        if match["key"]:
            return f'"{match["key"]}":'
        if match["name"] and match["name"] not in ("true", "false", "null"):
            return json.dumps(f"${{{match['name']}}}")
        return ":" if match[0] == "=" else match[0]

    inner = expression.removeprefix("${jsonencode(").removesuffix(")}")
    return json.loads(_TOKEN.sub(as_json, inner))


def synthesize(values: dict[str, object], *, stack_id: str, outdir: Path) -> Synthesized:
    """Build the stack of these settings, run its validations and return what it becomes.

    Args:
        values: the settings, as under `context.stacks.<stack id>` of cdktf.json.
        outdir: folder for the app; without one cdktf leaves a temporary folder behind each time.
    """
    # Imported late: collecting the tests must not wait for Node.js, and some need none.
    from constructs_lib.platform import ResiliencePlatform  # isort: skip
    from cdktf import Testing

    app = Testing.app(outdir=str(outdir))
    stack = ResiliencePlatform(app, stack_id, settings=parse_stack(stack_id, values))
    return Synthesized(Testing.synth(stack, True))


class Synthesizer:
    """Synthesizes stacks, each combination of settings once."""

    def __init__(self, outdir: Path) -> None:
        self._outdir = outdir
        self._done: dict[str, Synthesized] = {}

    def __call__(self, stack_id: str = STACK_ID, **values: object) -> Synthesized:
        """The stack of these settings: `synth(network={"vpc_cidr": "10.1.0.0/16", ...})`."""
        key = json.dumps([stack_id, values], sort_keys=True)
        if key not in self._done:
            self._done[key] = self.fresh(stack_id, **values)
        return self._done[key]

    def fresh(self, stack_id: str = STACK_ID, **values: object) -> Synthesized:
        """The same, synthesized in any case: for a test that changes the environment."""
        return synthesize(values, stack_id=stack_id, outdir=self._outdir)
