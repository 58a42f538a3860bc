"""Plan documents for the policies, all from the real Terraform and the real AWS provider.

The stack is applied to the sandbox once, by the first test process that asks for the documents or
by tests/e2e/test_lifecycle.py, which needs it applied; then the plans of changed configurations are
made over its state. A test takes one resource change out of such a plan and puts it into the
plan that changes nothing (`PlanDocuments.with_changes`), so that nothing else can make a rule fire.
"""

import copy
import json
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.deployed import Deployed
from tests.e2e.deployment import NO_REFRESH, prepared
from tests.programs import made_once

EXAMINED = {
    *("aws_db_instance", "aws_ecs_task_definition", "aws_lb", "aws_security_group", "aws_vpc")
}

Configuration = dict[str, Any]
Plan = dict[str, Any]
Change = dict[str, Any]


@dataclass(frozen=True)
class PlanDocuments:
    """`terraform show -json` of each plan.

    Attributes:
        create: everything from nothing.
        unchanged: over the applied state, nothing changed.
        destroy: over the applied state, everything destroyed.
        replaced: database, load balancer and VPC have to be replaced.
        changed: the database made public and single-AZ, another container image, an address for
            alarms, and security groups and rules added, good and bad ones, see `_add_rules`.
    """

    create: Plan
    unchanged: Plan
    destroy: Plan
    replaced: Plan
    changed: Plan

    def with_changes(self, source: Plan, *addresses: str) -> Plan:
        """The unchanged plan, with what `source` does to `addresses`.

        Of the rest only what rules look at is kept, for the slower of the engines.
        """
        wanted = [c for c in source["resource_changes"] if c["address"] in addresses]
        assert sorted(c["address"] for c in wanted) == sorted(addresses)
        others = [
            c
            for c in self.unchanged["resource_changes"]
            if c["type"] in EXAMINED and c["address"] not in addresses
        ]
        return {**self.unchanged, "resource_changes": copy.deepcopy([*others, *wanted])}


def change(plan: Plan, address: str) -> dict[str, Any]:
    """What `plan` does to `address`: actions, before, after and the masks."""
    (found,) = [c for c in plan["resource_changes"] if c["address"] == address]
    changed: dict[str, Any] = found["change"]
    return changed


def resource(
    address: str,
    after: Any = None,
    *,
    actions: tuple[str, ...] = ("create",),
    sensitive: Any = False,
    before: Any = None,
) -> Change:
    """A resource change as `terraform show -json` writes it, the type and name from the address."""
    type_, name = re.findall(r"(aws_\w+)\.(\w+)", address)[-1]
    return {
        "address": address,
        "type": type_,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_sensitive": sensitive,
        },
    }


def hashed(plan: Plan) -> Plan:
    """The plan that default sanitization makes of it: it hashes every string."""
    copied = copy.deepcopy(plan)
    for resource in copied["resource_changes"]:
        resource["change"] |= {"before_sensitive": True, "after_sensitive": True}
    return copied


def infracost(monthly_usd: str | None, *, past_usd: str | None = None) -> dict[str, Any]:
    """The part of an Infracost report that policies read; totals are strings, as Infracost's."""
    project: dict[str, Any] = {"breakdown": {"totalMonthlyCost": monthly_usd}}
    if past_usd is not None:
        project["pastBreakdown"] = {"totalMonthlyCost": past_usd}
    return {"version": "0.2", "currency": "USD", "projects": [project]}


def made(factory: pytest.TempPathFactory, stack: Deployed | None = None) -> PlanDocuments:
    """The documents, made once for all test processes; over a stack that is not applied yet."""

    def make(_: Path) -> PlanDocuments:
        with nullcontext(stack) if stack else prepared("resilience-platform") as deployed:
            return _make(deployed)

    return made_once(factory, "spacelift-plans", make)


def _make(stack: Deployed) -> PlanDocuments:
    configuration: Configuration = json.loads((stack.folder / "cdk.tf.json").read_text())

    def plan(
        edit: Callable[[Configuration], None] = lambda configuration: None,
        variables: Mapping[str, object] | None = None,
        *,
        destroy: bool = False,
    ) -> Plan:
        changed = copy.deepcopy(configuration)
        edit(changed)
        stack.replace(json.dumps(changed))
        terraform = stack.terraform(variables)
        terraform.plan(NO_REFRESH, out=stack.plan, destroy=destroy)
        return terraform.show(stack.plan)

    create = plan()
    stack.terraform().apply(plan=stack.plan)
    other_network = {
        "vpc_cidr": "10.1.0.0/16",
        "public_subnet_cidrs": ["10.1.1.0/24", "10.1.2.0/24"],
        "private_subnet_cidrs": ["10.1.3.0/24", "10.1.4.0/24"],
    }
    return PlanDocuments(
        create=create,
        unchanged=plan(),
        destroy=plan(destroy=True),
        replaced=plan(_replacing, other_network),
        changed=plan(
            _changing, {"container_image": "wordpress:6.5", "alarm_email": "ops@example.com"}
        ),
    )


def _replacing(configuration: Configuration) -> None:
    resources = configuration["resource"]
    resources["aws_db_instance"]["wordpress"]["storage_encrypted"] = False
    resources["aws_lb"]["main"]["internal"] = True


def _changing(configuration: Configuration) -> None:
    database = configuration["resource"]["aws_db_instance"]["wordpress"]
    database["publicly_accessible"] = True
    database["multi_az"] = False
    _add_rules(configuration)


def _add_rules(configuration: Configuration) -> None:
    """Security groups and rules beside the stack's own, one for each shape that AWS offers."""
    resources = configuration["resource"]
    resources["aws_eip"] = {"late": {"domain": "vpc"}}

    def inline(from_port: int, to_port: int, protocol: str = "tcp", **sources: Any) -> Any:
        rule = {
            **{"from_port": from_port, "to_port": to_port, "protocol": protocol},
            **{"cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": []},
            **{"security_groups": [], "self": False, "description": "extra"},
        }
        return {"vpc_id": "${aws_vpc.main.id}", "ingress": [{**rule, **sources}]}

    world, world6 = ["0.0.0.0/0"], ["::/0"]
    resources["aws_security_group"] |= {
        "mysql_world": inline(3306, 3306, cidr_blocks=world),
        "mysql_world6": inline(3306, 3306, ipv6_cidr_blocks=world6),
        "range_world": inline(3000, 4000, cidr_blocks=world),
        "all_world": inline(0, 0, "-1", cidr_blocks=world),
        "udp_world": inline(443, 443, "udp", cidr_blocks=world),
        "half_world": inline(22, 22, cidr_blocks=["128.0.0.0/1"]),
        "global6": inline(22, 22, ipv6_cidr_blocks=["2000::/3"]),
        "http_world": inline(80, 80, cidr_blocks=world),
        "private": inline(3306, 3306, cidr_blocks=["10.0.0.0/16"]),
        "prefix_list": inline(443, 443, prefix_list_ids=["pl-0123456789abcdef0"]),
        "late": inline(443, 443, cidr_blocks=["${aws_eip.late.public_ip}/32"]),
        "by_group": inline(3306, 3306, security_groups=["${aws_security_group.ecs_sg.id}"]),
        "itself": inline(0, 0, "-1", self=True),
    }
    resources["aws_default_security_group"] = {"world": inline(22, 22, cidr_blocks=world)}

    def rule(group: str, port: int, type: str = "ingress", **source: Any) -> Any:
        ports = {"protocol": "tcp", "from_port": port, "to_port": port}
        return {"type": type, "security_group_id": group, **ports, **source}

    alb = "${aws_security_group.alb_sg.id}"
    ecs = "${aws_security_group.ecs_sg.id}"
    rds = "${aws_security_group.rds_sg.id}"
    resources["aws_security_group_rule"] = {
        "mysql_world": rule(rds, 3306, cidr_blocks=world),
        "mysql_world6": rule(rds, 3306, ipv6_cidr_blocks=world6),
        "http_private": rule(ecs, 80, cidr_blocks=["10.0.0.0/16"]),
        "http_world": rule(ecs, 80, cidr_blocks=world),
        "alb_https": rule(alb, 443, cidr_blocks=world),
        "by_group": rule(rds, 3306, source_security_group_id=ecs),
        "outbound": rule(ecs, 3306, "egress", cidr_blocks=world),
    }

    def ingress(group: str, port: int, **source: Any) -> Any:
        ports = {"ip_protocol": "tcp", "from_port": port, "to_port": port}
        return {"security_group_id": group, **ports, **source}

    resources["aws_vpc_security_group_ingress_rule"] = {
        "ssh_world": ingress(ecs, 22, cidr_ipv4="0.0.0.0/0"),
        "ssh_world6": ingress(ecs, 22, cidr_ipv6="::/0"),
        "all_world": {"security_group_id": ecs, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"},
        "http_private": ingress(ecs, 80, cidr_ipv4="10.0.0.0/16"),
        "alb_https6": ingress(alb, 443, cidr_ipv6="::/0"),
        "alb_named_but_not": ingress(ecs, 80, cidr_ipv4="0.0.0.0/0"),
        "late": ingress(ecs, 443, cidr_ipv4="${aws_eip.late.public_ip}/32"),
        "by_group": ingress(rds, 3306, referenced_security_group_id=ecs),
    }
