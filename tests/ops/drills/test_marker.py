"""The marker's PHP, run by PHP against a server that answers as it is told."""

import os
import shutil

import pytest

from ops.drills.one_off import _PHP
from tests.programs import run

PHP = shutil.which("php")

SERVER = r"""
const MYSQLI_REPORT_ERROR = 1, MYSQLI_REPORT_STRICT = 2, MYSQLI_CLIENT_SSL = 2048;
function mysqli_report($flags) {}
function mysqli_init() { return new Server; }
class Server {
  public $num_rows;
  function real_connect(...$login) {}
  function real_escape_string($text) { return $text; }
  function query($sql) {
    $code = (int) getenv('SERVER_ERROR');
    if ($code) throw new RuntimeException('the server says no', $code);
    $this->num_rows = (int) getenv('SERVER_ROWS');
    return $this;
  }
}
"""


@pytest.mark.skipif(PHP is None, reason="php is not installed")
@pytest.mark.parametrize(
    ("server", "code"),
    [
        ({"SERVER_ROWS": "1"}, 0),
        ({"SERVER_ROWS": "0"}, 3),
        ({"SERVER_ERROR": "1146"}, 3),  # the table is not there
        ({"SERVER_ERROR": "2006"}, 1),  # the server is not there
    ],
)
def test_a_marker_is_lost_with_its_row_or_its_table(server: dict[str, str], code: int) -> None:
    assert PHP
    settings = {"DRILL_ACTION": "read", "DRILL_MARKER": "word", "WORDPRESS_DB_HOST": "host"}
    done = run(PHP, "-n", "-r", SERVER + _PHP, env={**os.environ, **settings, **server})
    assert done.returncode == code, done.stderr
