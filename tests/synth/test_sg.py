"""sg.py: what the tiers may reach, where the settings say so."""

import pytest

from tests.synth.options import ECR_IMAGE, settings_of
from tests.synth.synthesized import Synthesizer

ANYWHERE = ["0.0.0.0/0"]
PUBLIC, PRIVATE = (
    [f"${{var.{kind}_subnet_cidrs[{number}]}}" for number in (0, 1)]
    for kind in ("public", "private")
)
BEHIND_ENDPOINTS = {"private_egress": "vpc_endpoints", "task_subnets": "private"}


@pytest.mark.parametrize(
    ("network", "container", "expected"),
    [
        (
            {"allowed_egress": "all"},
            {},
            {name: [(0, ANYWHERE)] for name in ("alb_sg", "ecs_sg", "rds_sg")},
        ),
        (
            {"allowed_egress": "least"},
            {"shared_uploads": True},
            {
                "alb_sg": [(80, PUBLIC)],
                "ecs_sg": [(3306, PRIVATE), (443, ANYWHERE), (80, ANYWHERE), (2049, PRIVATE)],
                "rds_sg": [],
                "efs_sg": [],
            },
        ),
        (
            {"allowed_egress": "least", **BEHIND_ENDPOINTS},
            {"image": ECR_IMAGE},
            {
                "alb_sg": [(80, PRIVATE)],
                "ecs_sg": [
                    (3306, PRIVATE),
                    (443, PRIVATE),
                    (443, ["${aws_vpc_endpoint.s3.prefix_list_id}"]),
                ],
                "rds_sg": [],
                "endpoints_sg": [],
            },
        ),
    ],
    ids=["all", "least", "least through endpoints"],
)
def test_each_group_reaches_what_its_tier_needs(
    synth: Synthesizer, network: dict[str, object], container: dict[str, object], expected: object
) -> None:
    """By its outbound rules: port, and where to."""
    groups = synth(network=network, container=container).all("aws_security_group")
    assert {
        name: [
            (rule["from_port"], rule.get("cidr_blocks", []) + rule.get("prefix_list_ids", []))
            for rule in group["egress"]
        ]
        for name, group in groups.items()
    } == expected


@pytest.mark.parametrize(
    "load_balancer", [{"https": True}, {"https_at_cdn": True, "host_name": "www.example.com"}]
)
def test_a_site_with_https_is_reached_on_443(
    synth: Synthesizer, load_balancer: dict[str, object]
) -> None:
    """WordPress calls itself for scheduled work, by the name and port that users call."""
    network = {"allowed_egress": "least", "outbound_ports": [587]}
    groups = synth(network=network, load_balancer=load_balancer).all("aws_security_group")
    assert [rule["from_port"] for rule in groups["ecs_sg"]["egress"]] == [3306, 443, 587]


def test_endpoints_and_uploads_admit_the_tasks_only(synth: Synthesizer) -> None:
    network = {"private_egress": "vpc_endpoints"}
    groups = synth(network=network, container={"shared_uploads": True}).all("aws_security_group")
    for name, port in (("endpoints_sg", 443), ("efs_sg", 2049)):
        (rule,) = groups[name]["ingress"]
        assert (rule["protocol"], rule["from_port"], rule["to_port"]) == ("tcp", port, port)
        assert rule["security_groups"] == ["${aws_security_group.ecs_sg.id}"]
        assert "cidr_blocks" not in rule


def test_the_default_security_group_has_no_rules(synth: Synthesizer) -> None:
    blocks = synth(**settings_of("network.default_security_group_closed")).blocks
    group = blocks["aws_default_security_group.closed"]
    assert group["ingress"] == group["egress"] == []


def test_another_application_is_reached_on_its_port_and_does_not_call_itself(
    synth: Synthesizer,
) -> None:
    other = settings_of("container.database_environment", "container.port")
    groups = synth(**other, network={"allowed_egress": "least"}).all("aws_security_group")
    assert [rule["from_port"] for rule in groups["alb_sg"]["egress"]] == [8080]
    assert [rule["from_port"] for rule in groups["ecs_sg"]["ingress"]] == [8080]
    assert [rule["from_port"] for rule in groups["ecs_sg"]["egress"]] == [3306, 443]
