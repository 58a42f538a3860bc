"""PHP and a MySQL server: Debian's php-cli, php-mysql and mariadb-server.

.ci/run installs them; where they are missing, these tests are skipped.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import run

WORDPRESS = {
    "WORDPRESS_DB_USER": "admin",
    "WORDPRESS_DB_PASSWORD": "Correct-horse-7-battery",
    "WORDPRESS_DB_NAME": "wordpress",
}


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    for program in ("php", "mariadbd", "mariadb", "mariadb-install-db"):
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: apt-get install php-cli php-mysql mariadb-server")
    if "mysqli" not in run("php", "-m").stdout.split():
        pytest.skip("PHP has no mysqli: apt-get install php-mysql")


def php(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`php -r`, with these variables, as in a container."""
    return run("php", "-r", code, env={**os.environ, **environment})


@dataclass(frozen=True)
class Server:
    """A MySQL server with WordPress' database and user."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What a container is told about it."""
        return {**WORDPRESS, "WORDPRESS_DB_HOST": f"127.0.0.1:{self.port}"}

    def sql(self, *statements: str) -> str:
        """Run statements as root, and return what they print."""
        socket_file = f"--socket={self.folder}/socket"
        options = ("--no-defaults", "--user=root", "--batch", "--skip-column-names", socket_file)
        return run("mariadb", *options, "--execute", "; ".join(statements), check=True).stdout

    def may_log_in(self, password: str) -> None:
        """Give WordPress' user a password."""
        quoted = password.replace("\\", "\\\\").replace("'", "\\'")
        self.sql(
            f"CREATE OR REPLACE USER admin@'%' IDENTIFIED BY '{quoted}'",
            "GRANT ALL ON wordpress.* TO admin@'%'",
        )


@pytest.fixture(scope="session")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mysql")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # as root it would look for another user, who may not enter the tests' folders
    common = ["--no-defaults", f"--datadir={folder}/data", *(["--user=root"] * (not os.getuid()))]
    as_root = "--auth-root-authentication-method=normal"
    run("mariadb-install-db", *common, as_root, "--skip-test-db", check=True)
    key, certificate = f"{folder}/key", f"{folder}/certificate"
    made = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody", "-keyout", key)
    run("openssl", "req", "-x509", *made, "-out", certificate, check=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *("mariadbd", *common, f"--socket={folder}/socket", f"--port={port}"),
                *("--bind-address=127.0.0.1", f"--pid-file={folder}/pid"),
                *(f"--ssl-key={key}", f"--ssl-cert={certificate}"),
            ],
            stderr=log,
        )
    try:
        until = time.monotonic() + 60
        while not (folder / "socket").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.1)
        started = Server(folder, port)
        started.sql("CREATE DATABASE wordpress")
        started.may_log_in(WORDPRESS["WORDPRESS_DB_PASSWORD"])
        yield started
    finally:
        process.terminate()
        process.wait()
