"""The drills' marker: its PHP, against a real server."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from constructs_lib.settings.variables import DB_PASSWORD
from constructs_lib.settings.wordpress import config_extra
from ops.drills.one_off import _NOT_FOUND, _PHP
from tests.app.conftest import WORDPRESS, Server, php

ALLOWED = [c for c in map(chr, range(256)) if re.fullmatch(r"[!#-.0-?A-~]", c)]
SECRET = WORDPRESS["WORDPRESS_DB_PASSWORD"]


def marker(
    mysql: Server, action: str, word: str = "drill-1", **environment: str
) -> subprocess.CompletedProcess[str]:
    told = {"DRILL_ACTION": action, "DRILL_MARKER": word}
    return php(_PHP, **{**mysql.environment, **told, **environment})


@pytest.fixture
def written(mysql: Server) -> Iterator[Server]:
    """The server, with a marker."""
    assert marker(mysql, "write").returncode == 0
    assert mysql.sql("SELECT marker FROM wordpress.opsfolio_drill") == "drill-1\n"
    yield mysql
    assert marker(mysql, "drop").returncode == 0
    assert marker(mysql, "drop").returncode == 0, "it can be repeated"
    assert mysql.sql("SHOW TABLES FROM wordpress") == ""


def test_what_was_written_is_read_until_the_row_is_lost(written: Server) -> None:
    assert marker(written, "read").returncode == 0
    assert marker(written, "read", "drill-2").returncode == _NOT_FOUND
    written.sql("DELETE FROM wordpress.opsfolio_drill")
    assert marker(written, "read").returncode == _NOT_FOUND


def test_a_lost_table_is_a_lost_marker(written: Server) -> None:
    """MySQL's error 1146; the restored database may be older than the table."""
    written.sql("DROP TABLE wordpress.opsfolio_drill")
    assert marker(written, "read").returncode == _NOT_FOUND


def test_a_server_that_is_away_is_not_a_lost_marker(written: Server) -> None:
    """Nor is one that does not let the user in; and the password is in no message."""
    for changed in (
        {"WORDPRESS_DB_HOST": "127.0.0.1:1"},
        {"WORDPRESS_DB_USER": "nobody"},
        {"WORDPRESS_DB_NAME": "elsewhere"},
    ):
        failed = marker(written, "read", **changed)
        assert failed.returncode == 1
        assert failed.stderr + failed.stdout
        assert SECRET not in failed.stderr + failed.stdout


def test_a_hostile_marker_is_only_a_text(written: Server) -> None:
    word = "x' OR '1'='1"
    assert marker(written, "read", word).returncode == _NOT_FOUND
    assert marker(written, "write", word).returncode == 0
    assert marker(written, "read", word).returncode == 0


def test_it_is_encrypted_where_wordpress_is_told_to_use_tls(mysql: Server) -> None:
    """A database with require_tls lets nobody else in; the certificate is not verified."""
    told = config_extra(site_url=None, https_at_cdn=False, tls_to_database=True, further={})
    assert told
    mysql.sql("ALTER USER admin@'%' REQUIRE SSL")
    try:
        assert marker(mysql, "drop").returncode == 1
        assert marker(mysql, "drop", WORDPRESS_CONFIG_EXTRA=told).returncode == 0
    finally:
        mysql.sql("ALTER USER admin@'%' REQUIRE NONE")


def test_every_character_that_the_password_may_have_logs_in(mysql: Server) -> None:
    """As the container hands it to PHP, and the rule is that of the variable."""
    assert len(ALLOWED) == 91
    longest = 41
    passwords = ["".join(ALLOWED[at : at + longest]) for at in range(0, len(ALLOWED), longest)]
    try:
        for password in (*passwords, "\\" * 8, "'" * 8, "${x}%{y}", "$PATH;#--"):
            assert DB_PASSWORD.fits(password)
            mysql.may_log_in(password)
            assert marker(mysql, "drop", WORDPRESS_DB_PASSWORD=password).returncode == 0, password
            assert marker(mysql, "drop", WORDPRESS_DB_PASSWORD=password[:-1]).returncode == 1
    finally:
        mysql.may_log_in(SECRET)
