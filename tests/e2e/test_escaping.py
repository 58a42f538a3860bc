"""Texts of the settings, through CDKTF, Terraform, JSON and PHP, as they are; and expressions."""

import json
import re
import shlex
from pathlib import Path

from constructs_lib.settings.database import connections, connections_of
from tests.e2e.deployment import HOSTILE, container, evaluated
from tests.synth.options import settings_of
from tests.synth.synthesized import synthesize

PHP_SINGLE_QUOTED = re.compile(r"'((?:\\[\\']|[^\\'])*)'")


def test_hostile_texts_arrive_as_they_are(tmp_path: Path) -> None:
    settings: dict[str, object] = {
        "container": {
            "wordpress_constants": {**HOSTILE, "FLAG": True, "NUMBER": 1.5, "COUNT": -5},
            "environment": {"GREETING": """say "it's" \\n"""},
            "apache_conf": {"LogFormat": '"%h \\"%r\\" %{Referer}i ${X}" it\'s', "KeepAlive": True},
            "php_ini": {"error_log": "C:\\n", "memory_limit": -1},
            "health_check_command": """test "$HOME" != '\\'""",
        }
    }
    stack = synthesize(settings, stack_id="stack", outdir=tmp_path / "synth")
    made = container(stack, tmp_path)
    told = {pair["name"]: pair["value"] for pair in made["environment"]}
    php = told["WORDPRESS_CONFIG_EXTRA"]
    texts = [re.sub(r"\\([\\'])", r"\1", text) for text in PHP_SINGLE_QUOTED.findall(php)]
    assert texts == [
        *(text for pair in HOSTILE.items() for text in pair),
        *("FLAG", "NUMBER", "COUNT"),
    ]
    assert PHP_SINGLE_QUOTED.sub("", php).endswith("define(,true); define(,1.5); define(,-5);")
    *written, _ = made["command"][2].split(" && ")
    assert [shlex.split(line)[2:-2] for line in written] == [
        ['LogFormat "%h \\"%r\\" %{Referer}i ${X}" it\'s', "KeepAlive On"],
        ["error_log = C:\\n", "memory_limit = -1"],
    ]
    assert told["GREETING"] == """say "it's" \\n"""
    assert made["healthCheck"]["command"] == ["CMD-SHELL", """test "$HOME" != '\\'"""]


def test_connections_of_a_class_are_the_same_in_python(tmp_path: Path) -> None:
    classes = {name.replace(".", "_"): name for name in ("db.t3.micro", "db.r6g.2xlarge", "db.a.b")}
    made = {name: f"${{{connections_of(json.dumps(c), 100)}}}" for name, c in classes.items()}
    assert evaluated(made, tmp_path) == {name: connections(c) for name, c in classes.items()}


ZONES = {
    "its parent": ("example.com", False),
    "its own": ("blog.example.com", False),
    "private": ("example.com", True),
    "another": ("example.org", False),
    "one that ends alike": ("ample.com", False),
    "below it": ("www.blog.example.com", False),
}


def test_a_domain_is_in_a_public_zone_above_it(tmp_path: Path) -> None:
    """As the precondition of its certificate says."""
    settings = settings_of("load_balancer.domain")
    stack = synthesize(settings, stack_id="stack", outdir=tmp_path / "synth")
    (rule,) = stack.blocks["aws_acm_certificate.domain"]["lifecycle"]["precondition"]
    made = {}
    for which, (name, private) in ZONES.items():
        expression = rule["condition"]
        for key, value in (("name", name), ("private_zone", private)):
            expression = expression.replace(
                f"data.aws_route53_zone.domain.{key}", json.dumps(value)
            )
        made[which.replace(" ", "_")] = expression
    assert [which for which, fits in evaluated(made, tmp_path).items() if fits] == [
        *("its_own", "its_parent")
    ]
