"""Texts of the settings, through CDKTF, Terraform, JSON and PHP, as they are."""

import json
import re
from pathlib import Path
from typing import Any

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
    output = {"output": {"made": {"value": expression}}}
    (folder / "main.tf.json").write_text(json.dumps(output))
    terraform = Terraform(folder, scratch=folder, environment={})
    terraform.apply()
    (found,) = json.loads(terraform.output()["made"])
    return found


def test_hostile_texts_arrive_as_they_are(tmp_path: Path) -> None:
    settings: dict[str, object] = {
        "container": {
            "wordpress_constants": {**HOSTILE, "FLAG": True, "NUMBER": 1.5, "COUNT": -5},
            "environment": {"GREETING": """say "it's" \\n"""},
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
    assert told["GREETING"] == """say "it's" \\n"""
    assert made["healthCheck"]["command"] == ["CMD-SHELL", """test "$HOME" != '\\'"""]
