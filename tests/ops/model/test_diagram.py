"""The diagram shows what the Terraform JSON says, arrow by arrow."""

import copy
import json
import re

import pytest

from ops.model.diagram import mermaid
from ops.model.stack import Stack, read_stack

ARROW = re.compile(r" (?:-->\|[^|]+\||-\.->\|[^|]+\||<-\. replication \.->) ")


@pytest.fixture(scope="module")
def stack() -> Stack:
    return read_stack("resilience-platform")


def changed(stack: Stack) -> Stack:
    """The same stack, to be changed."""
    return Stack(copy.deepcopy(stack.document))


def arrows(diagram: str) -> set[str]:
    return {line.strip() for line in diagram.splitlines() if ARROW.search(line)}


def test_the_arrows_are_the_rules_of_the_security_groups(stack: Stack) -> None:
    balancers = "alb_public_1 & alb_public_2"
    tasks = "tasks_public_1 & tasks_public_2"
    databases = "db_private_1 & db_private_2"
    assert arrows(mermaid(stack)) == {
        f"internet -->|80| {balancers}",
        f"{balancers} -.->|all ports| internet",
        f"{balancers} -->|80| {tasks}",
        f"{tasks} -.->|all ports| internet",
        f"{tasks} -->|3306| {databases}",
        "db_private_1 <-. replication .-> db_private_2",
    }


def test_everything_lies_in_its_subnet_in_its_zone(stack: Stack) -> None:
    zones = mermaid(stack).split("subgraph zone_")[1:]
    assert len(zones) == 2
    for number, zone in enumerate(zones, start=1):
        assert zone.startswith(f'{number}["eu-central-1{"ab"[number - 1]}"]')
        public, private = zone.split("subgraph ")[1:]
        assert public.startswith(f'public_{number}["public_{number} 10.0.{number}.0/24"]')
        assert f"alb_public_{number}[" in public
        assert f"tasks_public_{number}[" in public
        assert private.startswith(f"private_{number}[")
        assert f'db_private_{number}["database: primary or standby"]' in private


def test_a_rule_that_opens_the_database_shows(stack: Stack) -> None:
    opened = changed(stack)
    group = opened.document["resource"]["aws_security_group"]["rds_sg"]
    group["ingress"][0]["cidr_blocks"] = ["0.0.0.0/0"]
    assert "internet -->|3306| db_private_1 & db_private_2" in arrows(mermaid(opened))


def test_a_single_database_is_not_replicated(stack: Stack) -> None:
    single = changed(stack)
    single.document["resource"]["aws_db_instance"]["wordpress"]["multi_az"] = False
    assert "replication" not in mermaid(single)
    assert "database, in one zone" in mermaid(single)


def test_every_arrow_ends_at_a_box_or_the_internet() -> None:
    """Also in the stack with the most boxes."""
    diagram = mermaid(read_stack("resilience-platform-hardened"))
    boxes = set(re.findall(r"^ +(\w+)(?:\[|\(\()", diagram, re.MULTILINE))
    ends = {name for arrow in arrows(diagram) for name in re.split(f" & |{ARROW.pattern}", arrow)}
    assert ends
    assert ends <= boxes
    assert {"nat_main", "efs_private_1", "tasks_private_2"} <= boxes
    assert json.dumps(diagram).count("```") == 2
