"""What the WordPress image is told through its environment, as plain functions."""


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


def as_environment(variables: dict[str, str]) -> list[dict[str, str]]:
    """Variables as a task definition lists them."""
    return [{"name": name, "value": value} for name, value in variables.items()]


def as_secrets(arns: dict[str, str]) -> list[dict[str, str]]:
    """Variables whose values ECS reads from Secrets Manager when a task starts."""
    return [{"name": name, "valueFrom": arn} for name, arn in arns.items()]


def health_check(command: str) -> dict[str, object]:
    """A check that ECS makes inside the container, every 30 s once it has had 60 s to start.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_healthcheck
    """
    return {
        "command": ["CMD-SHELL", command],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 60,
    }
