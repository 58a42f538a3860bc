"""What PHP makes of WORDPRESS_CONFIG_EXTRA, and a shell of the container's command."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops import CDKTF_JSON
from tests.app.conftest import php
from tests.e2e.deployment import HOSTILE, container
from tests.programs import skip_without_terraform
from tests.synth.synthesized import synthesize

STACKS: dict[str, dict[str, object]] = json.loads(CDKTF_JSON.read_text())["context"]["stacks"]
BALANCER = "http://${aws_lb.main.dns_name}"

# as the image's wp-config.php: first what the load balancer says, then ours
EVALUATE = """
$_SERVER["HTTP_X_FORWARDED_PROTO"] = getenv("SCHEME");
if (strpos($_SERVER["HTTP_X_FORWARDED_PROTO"], "https") !== false) {
  $_SERVER["HTTPS"] = "on";
}
eval(getenv("WORDPRESS_CONFIG_EXTRA"));
$https = ($_SERVER["HTTPS"] ?? "") === "on";
echo json_encode([$https, (object) (get_defined_constants(true)["user"] ?? [])]);
"""


def evaluated(extra: str, scheme: str = "http") -> tuple[bool, dict[str, object]]:
    """Whether WordPress takes the request for HTTPS, and its constants."""
    done = php(EVALUATE, WORDPRESS_CONFIG_EXTRA=extra, SCHEME=scheme)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    https, constants = json.loads(done.stdout)
    return https, constants


def extra_of(settings: dict[str, object], stack_id: str, folder: Path) -> str:
    """WORDPRESS_CONFIG_EXTRA, with references as they stand in the JSON; empty if there is none."""
    pairs = synthesize(settings, stack_id=stack_id, outdir=folder).container["environment"]
    return str({pair["name"]: pair["value"] for pair in pairs}.get("WORDPRESS_CONFIG_EXTRA", ""))


@pytest.mark.parametrize(
    ("stack_id", "constants"),
    [
        ("resilience-platform", {}),
        ("resilience-platform-staging", {}),
        # MYSQLI_CLIENT_SSL
        ("resilience-platform-hardened", {"MYSQL_CLIENT_FLAGS": 2048, "DISALLOW_FILE_MODS": True}),
        ("wp-ecs", {"WP_HOME": BALANCER, "WP_SITEURL": BALANCER}),
    ],
)
def test_php_reads_the_configuration_of_every_stack(
    stack_id: str, constants: dict[str, object], tmp_path: Path
) -> None:
    extra = extra_of(STACKS[stack_id], stack_id, tmp_path)
    assert evaluated(extra) == (False, constants)
    assert evaluated(extra, "https") == (True, constants)


def test_every_stack_is_above() -> None:
    (mark,) = test_php_reads_the_configuration_of_every_stack.pytestmark  # type: ignore[attr-defined]
    assert {stack_id for stack_id, _ in mark.args[1]} == STACKS.keys()


def test_behind_a_cdn_wordpress_knows_of_https_though_the_load_balancer_says_http(
    tmp_path: Path,
) -> None:
    settings: dict[str, object] = {
        "load_balancer": {"https_at_cdn": True, "host_name": "www.example.com"},
        "container": {"fixed_site_url": True},
    }
    site = "https://www.example.com"
    https, constants = evaluated(extra_of(settings, "stack", tmp_path))
    assert https
    assert constants == {"WP_HOME": site, "WP_SITEURL": site}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A container with hostile texts everywhere, as Terraform hands it to AWS."""
    skip_without_terraform()
    folder = tmp_path_factory.mktemp("hostile")
    settings: dict[str, object] = {
        "container": {
            "wordpress_constants": {**HOSTILE, "FLAG": True, "NUMBER": 1.5, "COUNT": -5},
            "apache_conf": {**HOSTILE, "KeepAlive": False, "MaxRequestWorkers": 30},
            "php_ini": {"upload_max_filesize": "64M", "log_errors": True, "precision": 7},
        }
    }
    return container(synthesize(settings, stack_id="stack", outdir=folder / "synth"), folder)


def test_hostile_constants_arrive_in_php_as_they_are(made: Any) -> None:
    told = {pair["name"]: pair["value"] for pair in made["environment"]}
    _, constants = evaluated(told["WORDPRESS_CONFIG_EXTRA"])
    assert constants == {**HOSTILE, "FLAG": True, "NUMBER": 1.5, "COUNT": -5}


def test_the_command_writes_what_it_is_told_and_becomes_the_images_own(
    made: Any, tmp_path: Path
) -> None:
    """Process 1 is Apache in the end, which then gets the signal to stop."""
    apache, ini = tmp_path / "apache.conf", tmp_path / "conf.d" / "php.ini"
    ini.parent.mkdir()
    shell, option, script = made["command"]
    script = script.replace("/etc/apache2/conf-enabled/zz-platform.conf", str(apache))
    script = script.replace("/usr/local/etc/php/conf.d/zz-platform.ini", str(ini))
    entrypoint = tmp_path / "docker-entrypoint.sh"
    entrypoint.write_text('#!/bin/sh\necho "$$ $*"\n')
    entrypoint.chmod(0o755)
    process = subprocess.Popen(
        [shell, option, script],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    output, _ = process.communicate()
    assert output == f"{process.pid} apache2-foreground\n"
    lines = [f"{name} {text}" for name, text in HOSTILE.items()]
    assert apache.read_text().splitlines() == [*lines, "KeepAlive Off", "MaxRequestWorkers 30"]
    names = '"upload_max_filesize", "log_errors", "precision"'
    read = php(
        f'echo join(" ", array_map("ini_get", [{names}]));', PHP_INI_SCAN_DIR=str(ini.parent)
    )
    assert read.stdout == "64M 1 7"
