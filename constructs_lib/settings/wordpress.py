"""The default application: all that is particular to WordPress and its official image.

A stack runs it as long as `container.database_environment` is what its image reads.

https://hub.docker.com/_/wordpress
"""

import json
import shlex
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import JsonValue

from constructs_lib import iam
from constructs_lib.settings.types import Group, named, setting

NAME, TITLE = "wordpress", "WordPress"
IMAGE = f"{NAME}:latest"
HEALTH_CHECK_PATH = "/wp-admin/install.php"
"""Answers 200 before and after the set-up, is never cached, and needs the database."""

DATABASE_ENVIRONMENT = {
    part: f"WORDPRESS_DB_{part.upper()}" for part in ("host", "user", "password", "name")
}
CONFIG_EXTRA = "WORDPRESS_CONFIG_EXTRA"
"""The variable with PHP that the image adds to wp-config.php."""

KEYS = tuple(
    f"{scheme}_{part}"
    for part in ("KEY", "SALT")
    for scheme in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
)
"""https://developer.wordpress.org/advanced-administration/wordpress/wp-config/#security-keys"""
KEYS_ARE_SECRETS = "keys and salts are secrets, which all tasks share with shared_keys"


def key_variable(key: str) -> str:
    """The variable that the image takes a key or a salt from."""
    return f"WORDPRESS_{key}"


UPLOADS_PATH = "/var/www/html/wp-content/uploads"
WWW_DATA = 33
"""User and group id of www-data in the image (Debian; the Alpine variant has 82)."""

FIREWALL_GROUP = "AWSManagedRulesWordPressRuleSet"
EDITORS: tuple[tuple[dict[str, object], str, str], ...] = (
    ({"uri_path": {}}, "STARTS_WITH", "/wp-admin/"),
    ({"uri_path": {}}, "STARTS_WITH", "/wp-json/"),
    # how the editor calls /wp-json/ where permalinks are plain, as in a new WordPress
    ({"query_string": {}}, "CONTAINS", "rest_route="),
)
"""Where editors work, as a firewall finds it in a request."""

_PLATFORMS_CONSTANTS = {
    **dict.fromkeys(
        ("DB_HOST", "DB_USER", "DB_PASSWORD", "DB_NAME"),
        "the database and its user come from the stack",
    ),
    **dict.fromkeys(
        ("WP_HOME", "WP_SITEURL"), "the address comes from load_balancer; set fixed_site_url"
    ),
    "MYSQL_CLIENT_FLAGS": "TLS to the database comes with database.require_tls",
    **dict.fromkeys(KEYS, KEYS_ARE_SECRETS),
    # the image defines them before ours, and PHP keeps the first definition
    **{
        name: f"the image sets it; set WORDPRESS_{name.removeprefix('WP_')} in environment"
        for name in ("DB_CHARSET", "DB_COLLATE", "WP_DEBUG")
    },
    "ABSPATH": "WordPress sets it",
}
"""Constants of wp-config.php that are set already, and why or by what.
https://github.com/docker-library/wordpress/blob/master/wp-config-docker.php"""

_SCALARS = "texts, numbers, true and false"
_CONSTANT = named(_SCALARS, "a constant's name, like DISALLOW_FILE_MODS", _PLATFORMS_CONSTANTS)
_DIRECTIVE = named(_SCALARS, "a directive's name", pattern=r"[A-Za-z][A-Za-z0-9_.]*")
_Directives = Annotated[dict[str, JsonValue], _DIRECTIVE]


class WordpressSettings(Group):
    """The settings of a container that have to do with WordPress alone."""

    escaped: ClassVar = frozenset({"wordpress_constants", "apache_conf", "php_ini"})

    fixed_site_url: bool | None = setting(
        None, "WP_HOME and WP_SITEURL are set to application_url; default: with a domain"
    )
    shared_keys: bool = setting(False, "one set of keys and salts for all tasks (Secrets Manager)")
    shared_uploads: bool = setting(False, "wp-content/uploads on EFS, which all tasks share")
    wordpress_constants: Annotated[dict[str, JsonValue], _CONSTANT] = setting(
        {}, "constants of wp-config.php, like DISALLOW_FILE_MODS"
    )
    apache_conf: _Directives = setting(
        {}, "directives of Apache, like MaxRequestWorkers, that take the place of the image's"
    )
    php_ini: _Directives = setting(
        {}, "directives of php.ini, like upload_max_filesize, that take the place of the image's"
    )

    @property
    def startup(self) -> list[str] | None:
        """Writes the settings of Apache and PHP, and goes on as the image does; None: as the image.

        The image's entrypoint runs any other command than Apache as it is, so it is called again
        here. Each `exec` leaves its successor as process 1, which gets the signal to stop.
        https://github.com/docker-library/wordpress/blob/master/docker-entrypoint.sh
        """
        files = [
            *_written("/etc/apache2/conf-enabled/zz-platform.conf", self.apache_conf, " "),
            *_written("/usr/local/etc/php/conf.d/zz-platform.ini", self.php_ini, " = "),
        ]
        if not files:
            return None
        script = " && ".join([*files, "exec docker-entrypoint.sh apache2-foreground"])
        return ["bash", "-c", script]


def _written(path: str, directives: Mapping[str, object], between: str) -> list[str]:
    """The command that writes directives to a file; none for none."""
    lines = [
        f"{name}{between}{('Off', 'On')[value] if isinstance(value, bool) else value}"
        for name, value in directives.items()
    ]
    return [f"printf '%s\\n' {shlex.join(lines)} > {path}"] if lines else []


def config_extra(
    *,
    site_url: str | None,
    https_at_cdn: bool,
    tls_to_database: bool,
    further: Mapping[str, object],
) -> str | None:
    """PHP that the image adds to wp-config.php; None if there is nothing to add."""
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
