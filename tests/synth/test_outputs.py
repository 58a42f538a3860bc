"""outputs.py: what a user, a drill or another stack reads after apply."""

from tests.synth.synthesized import Synthesized

VALUES = {
    "alb_dns_name": "${aws_lb.main.dns_name}",
    "application_url": "http://${aws_lb.main.dns_name}",
    "ecs_cluster_name": "${aws_ecs_cluster.main.name}",
    "ecs_cluster_arn": "${aws_ecs_cluster.main.arn}",
    "ecs_service_name": "${aws_ecs_service.wordpress.name}",
    "rds_endpoint": "${aws_db_instance.wordpress.address}",
    "rds_identifier": "${aws_db_instance.wordpress.identifier}",
    "vpc_id": "${aws_vpc.main.id}",
    "public_subnet_ids": ["${aws_subnet.public_1.id}", "${aws_subnet.public_2.id}"],
    "private_subnet_ids": ["${aws_subnet.private_1.id}", "${aws_subnet.private_2.id}"],
    "alerts_topic_arn": "${aws_sns_topic.alerts.arn}",
}


def test_every_output_has_its_value_and_there_are_no_others(platform: Synthesized) -> None:
    assert {name: block["value"] for name, block in platform.outputs.items()} == VALUES


def test_no_setting_changes_an_output(maximal: Synthesized) -> None:
    assert {name: block["value"] for name, block in maximal.outputs.items()} == VALUES


def test_only_the_database_address_is_sensitive(platform: Synthesized) -> None:
    """As in the original; Terraform prints the others."""
    sensitive = [name for name, block in platform.outputs.items() if block.get("sensitive")]
    assert sensitive == ["rds_endpoint"]


def test_no_output_shows_a_credential(platform: Synthesized) -> None:
    assert "var." not in str(platform.outputs)


def test_every_output_is_described(platform: Synthesized) -> None:
    descriptions = [block["description"] for block in platform.outputs.values()]
    assert len(set(descriptions)) == len(VALUES)
    assert all(description.endswith(".") for description in descriptions)
