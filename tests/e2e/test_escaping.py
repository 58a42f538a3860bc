"""Texts of the settings, through CDKTF, Terraform, JSON and PHP, as they are."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from constructs_lib.settings.database import connections, connections_of
from ops.terraform import Terraform
from tests.synth.synthesized import Synthesized, synthesize

PHP_SINGLE_QUOTED = re.compile(r"'((?:\\[\\']|[^\\'])*)'")

HOSTILE = {
    "QUOTES": """it's a "quote\"""",
    "BACKSLASHES": "C:\\n \\",
    "CODE": "\\'); exit(1); //",
    "TEMPLATES": "${var.db_password} %{ if true }x%{ endif }",
    "ESCAPED_TEMPLATES": "$${x} %%{y} $$${z} \\${q}",
    "SIGNS": "$ % <b>?> & é 日本",
}


def container(stack: Synthesized, folder: Path) -> Any:
    """The container's definition, as Terraform hands it to AWS; references are left out."""
    task = stack.document["resource"]["aws_ecs_task_definition"]["wordpress"]
    expression = re.sub(r"(?<== )(aws_\w+|var)(\.\w+)+", "null", task["container_definitions"])
    (found,) = json.loads(evaluated({"made": expression}, folder)["made"])
    return found


def evaluated(expressions: dict[str, str], folder: Path) -> dict[str, Any]:
    """What Terraform makes of expressions."""
    outputs = {name: {"value": expression} for name, expression in expressions.items()}
    (folder / "main.tf.json").write_text(json.dumps({"output": outputs}))
    terraform = Terraform(folder, scratch=folder, environment={})
    terraform.apply()
    return terraform.output()


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
