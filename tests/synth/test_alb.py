"""alb.py: HTTPS, and what a load balancer is named."""

from constructs_lib.settings.stack import PROJECT_NAME_MAX
from tests.synth.options import CERTIFICATE, DOMAIN, settings_of
from tests.synth.synthesized import Synthesized, Synthesizer


def test_the_longest_project_name_fits_the_names_of_the_load_balancer(
    platform: Synthesized,
) -> None:
    """AWS allows 32 characters for a load balancer and a target group."""
    project = "x" * PROJECT_NAME_MAX
    names = [
        platform.blocks[address]["name"].replace("${var.project_name}", project)
        for address in ("aws_lb.main", "aws_lb_target_group.main")
    ]
    assert max(map(len, names)) == 32


def test_without_stickiness_a_session_moves_between_tasks_and_no_delay_is_a_value(
    synth: Synthesizer,
) -> None:
    settings = {"stickiness_seconds": None, "deregistration_delay_seconds": 0}
    group = synth(load_balancer=settings).blocks["aws_lb_target_group.main"]
    # said aloud: leaving the block out changes nothing on a stack that has it
    assert group["stickiness"] == {"type": "lb_cookie", "enabled": False}
    assert group["deregistration_delay"] == "0"


def test_https_serves_tls_1_2_or_newer(synth: Synthesizer) -> None:
    stack = synth(**settings_of("load_balancer.https"))
    https = stack.blocks["aws_lb_listener.https"]
    assert https["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["certificate_arn"] == "${var.certificate_arn}"
    assert https["default_action"][0]["type"] == "forward"
    assert "default" not in stack.variables["certificate_arn"]


def test_a_certificate_of_another_region_is_refused_at_plan_time(synth: Synthesizer) -> None:
    stack = synth(**settings_of("load_balancer.https"))
    (rule,) = stack.blocks["aws_lb_listener.https"]["lifecycle"]["precondition"]
    assert rule["condition"] == '${split(":", var.certificate_arn)[3] == var.aws_region}'
    assert rule["error_message"].startswith('certificate_arn = "${var.certificate_arn}": not of ')
    assert CERTIFICATE.split(":")[3] == "eu-central-1"


def test_a_certificate_in_the_settings_is_the_default(synth: Synthesizer) -> None:
    stack = synth(**settings_of("load_balancer.certificate_arn"))
    assert stack.variables["certificate_arn"]["default"] == CERTIFICATE


def test_a_host_name_is_where_the_application_answers(synth: Synthesizer) -> None:
    stack = synth(load_balancer={"host_name": "www.example.com", "https": True})
    url = stack.blocks["output.application_url"]
    assert url["value"] == "https://www.example.com"
    assert url["description"] == "Where the application answers."
    without = synth(load_balancer={"https": True}).blocks["output.application_url"]
    assert "no certificate has this name" in without["description"]


def test_a_domain_has_a_certificate_that_is_proven_before_it_serves(synth: Synthesizer) -> None:
    """And a new one before the old one goes; a variable for another one there is not."""
    stack = synth(**settings_of("load_balancer.domain"))
    certificate = stack.blocks["aws_acm_certificate.domain"]
    assert certificate["domain_name"] == DOMAIN["name"]
    assert certificate["validation_method"] == "DNS"
    assert certificate["lifecycle"]["create_before_destroy"] is True
    proof = stack.blocks["aws_route53_record.proof"]
    options = "${tolist(aws_acm_certificate.domain.domain_validation_options).0.resource_record_"
    assert [proof["name"], proof["type"], *proof["records"]] == [
        f"{options}{part}}}" for part in ("name", "type", "value")
    ]
    issued = stack.blocks["aws_acm_certificate_validation.domain"]
    assert issued["validation_record_fqdns"] == ["${aws_route53_record.proof.fqdn}"]
    assert stack.blocks["aws_lb_listener.https"]["certificate_arn"] == (
        "${aws_acm_certificate_validation.domain.certificate_arn}"
    )
    assert "certificate_arn" not in stack.variables
    record = stack.blocks["aws_route53_record.domain"]
    assert (record["name"], record["type"]) == (DOMAIN["name"], "A")
    assert record["alias"] == {
        "name": "${aws_lb.main.dns_name}",
        "zone_id": "${aws_lb.main.zone_id}",
        "evaluate_target_health": False,
    }
    assert "allow_overwrite" not in record, "a name that is there already is somebody else's"
    zones = {block["zone_id"] for block in (proof, record)}
    assert zones == {"${data.aws_route53_zone.domain.zone_id}"}
    assert stack.blocks["data.aws_route53_zone.domain"]["zone_id"] == DOMAIN["hosted_zone_id"]


def test_a_cdns_name_may_stand_before_the_domain(synth: Synthesizer) -> None:
    stack = synth(load_balancer={"domain": DOMAIN, "host_name": "www.example.com"})
    assert stack.blocks["output.application_url"]["value"] == "https://www.example.com"
    assert stack.blocks["aws_acm_certificate.domain"]["domain_name"] == DOMAIN["name"]


def test_wordpress_keeps_its_address_where_that_is_wanted(synth: Synthesizer) -> None:
    stack = synth(load_balancer={"domain": DOMAIN}, container={"fixed_site_url": False})
    told = {pair["name"] for pair in stack.container["environment"]}
    assert "WORDPRESS_CONFIG_EXTRA" not in told
