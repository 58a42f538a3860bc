"""What is particular to the WordPress image: its environment, secrets and health check."""

from constructs_lib.alb import LoadBalancer
from constructs_lib.options.wordpress_keys import WordpressKeys
from constructs_lib.rds import Database
from constructs_lib.settings import StackSettings
from constructs_lib.variables import Variables


def config_extra(*, site_url: str | None, tls_to_database: bool) -> str | None:
    """PHP that the image adds to wp-config.php; None if there is nothing to add.

    https://hub.docker.com/_/wordpress
    """
    constants = {}
    if site_url is not None:
        constants["WP_HOME"] = constants["WP_SITEURL"] = f"'{site_url}'"
    if tls_to_database:
        constants["MYSQL_CLIENT_FLAGS"] = "MYSQLI_CLIENT_SSL"
    return " ".join(f"define('{name}',{value});" for name, value in constants.items()) or None


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
            site_url=balancer.url if settings.container.fixed_site_url else None,
            tls_to_database=settings.database.require_tls,
        ),
        **settings.container.environment,
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
        "command": ["CMD-SHELL", command],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 60,
    }
