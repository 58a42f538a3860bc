"""A stack's network as a Mermaid diagram, drawn from its Terraform JSON alone.

Boxes are what has an address in a subnet; each arrow is a rule of a security group, so what has no
arrow cannot be reached.

https://mermaid.js.org/syntax/flowchart.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops import files
from ops.model.stack import Stack, block

INTERNET = "internet"
WORLD = "0.0.0.0/0"
REPLICATED = "database: primary or standby"


@dataclass(frozen=True)
class _Node:
    """One box: where it lies, and the security groups around it, by Terraform name."""

    id: str
    label: str
    subnet: str
    groups: tuple[str, ...]


def mermaid(stack: Stack) -> str:
    """The diagram: zones, subnets, what runs in them, and who may talk to whom."""
    nodes = list(_nodes(stack))
    (vpc,) = stack.all("aws_vpc").values()
    zones: dict[str, list[dict[str, str]]] = defaultdict(list)
    public_first = sorted(stack.all("aws_subnet").items(), reverse=True)
    for name, subnet in public_first:
        zone, cidr = (stack.value(subnet[key]) for key in ("availability_zone", "cidr_block"))
        zones[zone].append({"name": name, "cidr": cidr})
    drawn = files.template(Path(__file__).with_suffix(".md.j2")).render(
        internet=INTERNET,
        cidr=stack.value(vpc["cidr_block"]),
        zones=dict(sorted(zones.items())),
        nodes=nodes,
        edges=_edges(stack, nodes),
    )
    return f"{drawn}\n"


def _nodes(stack: Stack) -> Iterator[_Node]:
    def placed(
        prefix: str, label: str, subnets: Sequence[str], groups: Sequence[str]
    ) -> Iterator[_Node]:
        for subnet in map(_name, subnets):
            yield _Node(f"{prefix}_{subnet}", label, subnet, tuple(map(_name, groups)))

    for balancer in stack.all("aws_lb").values():
        yield from placed(
            "alb", "load balancer", balancer["subnets"], balancer.get("security_groups", [])
        )
    for name, gateway in stack.all("aws_nat_gateway").items():
        yield _Node(f"nat_{name}", "NAT gateway", _name(gateway["subnet_id"]), ())
    for service in stack.all("aws_ecs_service").values():
        network = block(service["network_configuration"])
        yield from placed("tasks", "tasks", network["subnets"], network["security_groups"])
    for database in stack.all("aws_db_instance").values():
        label = REPLICATED if database.get("multi_az") else "database, in one zone"
        subnets = stack.referred(database["db_subnet_group_name"])["subnet_ids"]
        yield from placed("db", label, subnets, database["vpc_security_group_ids"])
    for target in stack.all("aws_efs_mount_target").values():
        yield from placed("efs", "uploads", [target["subnet_id"]], target["security_groups"])
    for name, endpoint in stack.all("aws_vpc_endpoint").items():
        service = endpoint["service_name"].rpartition(".")[2]
        subnets = endpoint.get("subnet_ids") or []
        groups = endpoint.get("security_group_ids") or []
        yield from placed(f"endpoint_{name}", f"endpoint: {service}", subnets, groups)


def _edges(stack: Stack, nodes: Sequence[_Node]) -> Iterator[str]:
    def behind(groups: Iterable[str]) -> str:
        wanted = set(groups)
        return " & ".join(node.id for node in nodes if wanted & set(node.groups))

    for name, group in stack.all("aws_security_group").items():
        here = behind([name])
        for rule in group["ingress"] if here else []:
            sources = [behind([_name(source)]) for source in rule["security_groups"] or []]
            sources += _world(rule)
            for source in filter(None, sources):
                yield f"{source} -->|{_port(rule)}| {here}"
        for rule in group["egress"] if here else []:
            for world in _world(rule):
                yield f"{here} -.->|{_port(rule)}| {world}"
    replicas = [node.id for node in nodes if node.label == REPLICATED]
    if replicas:
        yield " <-. replication .-> ".join(replicas)


def _world(rule: dict[str, Any]) -> list[str]:
    return [INTERNET] if WORLD in (rule["cidr_blocks"] or []) else []


def _port(rule: dict[str, Any]) -> str:
    return "all ports" if rule["protocol"] == "-1" else str(rule["from_port"])


def _name(reference: str) -> str:
    """`public_1` of `${aws_subnet.public_1.id}`."""
    return reference.removeprefix("${").split(".")[1]
