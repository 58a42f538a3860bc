"""What is particular to the WordPress image: its command, environment, secrets, health check."""

import json
import shlex
from collections.abc import Mapping

from constructs_lib import iam
from constructs_lib.alb import LoadBalancer
from constructs_lib.options.wordpress_keys import WordpressKeys
from constructs_lib.rds import Database
from constructs_lib.settings import StackSettings
from constructs_lib.settings.container import ContainerSettings
from constructs_lib.variables import Variables


def config_extra(
    *,
    site_url: str | None,
    https_at_cdn: bool,
    tls_to_database: bool,
    further: Mapping[str, object],
) -> str | None:
    """PHP that the image adds to wp-config.php; None if there is nothing to add.

    https://hub.docker.com/_/wordpress
    """
    constants = {}
    if site_url is not None:
        constants["WP_HOME"] = constants["WP_SITEURL"] = f"'{site_url}'"
    if tls_to_database:
        constants["MYSQL_CLIENT_FLAGS"] = "MYSQLI_CLIENT_SSL"
    constants |= {name: _php(value) for name, value in further.items()}
    # the load balancer says http, and WordPress would redirect to https for ever
    lines = ["$_SERVER['HTTPS']='on';"] if https_at_cdn else []
    lines += [f"define('{name}',{value});" for name, value in constants.items()]
    return " ".join(lines) or None


def _php(value: object) -> str:
    """A text, a number or a flag in PHP's language."""
    if not isinstance(value, str):
        return json.dumps(value)
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return iam.literal(f"'{quoted}'")


def command(settings: ContainerSettings) -> list[str] | None:
    """Writes the settings of Apache and PHP, and goes on as the image does; None: as the image.

    The image's entrypoint runs any other command than Apache as it is, so it is called again here.
    Each `exec` leaves its successor as process 1, which gets the signal to stop.
    https://github.com/docker-library/wordpress/blob/master/docker-entrypoint.sh
    """

    def written(path: str, directives: Mapping[str, object], between: str) -> list[str]:
        lines = [
            f"{name}{between}{('Off', 'On')[value] if isinstance(value, bool) else value}"
            for name, value in directives.items()
        ]
        return [f"printf '%s\\n' {shlex.join(lines)} > {path}"] if lines else []

    files = [
        *written("/etc/apache2/conf-enabled/zz-platform.conf", settings.apache_conf, " "),
        *written("/usr/local/etc/php/conf.d/zz-platform.ini", settings.php_ini, " = "),
    ]
    if not files:
        return None
    script = " && ".join([*files, "exec docker-entrypoint.sh apache2-foreground"])
    return ["bash", "-c", iam.literal(script)]


def environment(
    settings: StackSettings, variables: Variables, database: Database, balancer: LoadBalancer
) -> list[dict[str, str]]:
    """The container's variables, as a task definition lists them."""
    found = {
        "WORDPRESS_DB_HOST": database.address,
        "WORDPRESS_DB_USER": variables.db_username,
        "WORDPRESS_DB_PASSWORD": None if database.secret_arn else variables.db_password,
        "WORDPRESS_DB_NAME": variables.db_name,
        "WORDPRESS_CONFIG_EXTRA": config_extra(
            site_url=balancer.url if settings.fixed_site_url else None,
            https_at_cdn=settings.load_balancer.https_at_cdn,
            tls_to_database=settings.database.require_tls,
            further=settings.container.wordpress_constants,
        ),
        **{name: iam.literal(text) for name, text in settings.container.environment.items()},
    }
    return [{"name": name, "value": value} for name, value in found.items() if value is not None]


def secrets(keys: WordpressKeys | None, database: Database) -> dict[str, str]:
    """Variables whose values are in Secrets Manager, and where there."""
    found = dict(keys.arns) if keys else {}
    if database.secret_arn:
        found["WORDPRESS_DB_PASSWORD"] = f"{database.secret_arn}:password::"
    return found


def arns(secrets: dict[str, str]) -> list[str]:
    """The secrets themselves, without the key that is read of one."""
    return [arn.removesuffix(":password::") for arn in secrets.values()]


def as_secrets(arns: dict[str, str]) -> list[dict[str, str]]:
    """Variables whose values ECS reads from Secrets Manager when a task starts."""
    return [{"name": name, "valueFrom": arn} for name, arn in arns.items()]


def health_check(command: str | None) -> dict[str, object] | None:
    """A check that ECS makes inside the container, every 30 s once it has had 60 s to start.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_healthcheck
    """
    if command is None:
        return None
    return {
        "command": ["CMD-SHELL", iam.literal(command)],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 60,
    }
