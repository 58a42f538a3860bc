"""What runs in the stand-in's tasks, instead of the WordPress image: started as a script.

    standin_task.py init COMMAND...   run a command as a container's process 1
    standin_task.py serve             the web server, `apache2-foreground`
    standin_task.py php -r CODE       the PHP interpreter, as far as the drills use it

Only the standard library's small modules are imported: a task must start in no time.
"""

import os
import signal
import socket
import sys
import threading

LIFELINE = "STANDIN_LIFELINE"
"""File descriptor of a pipe whose other end the stand-in holds: it closes when that one dies."""

WEB_PORT = "STANDIN_WEB_PORT"
DATABASE_PORT = "STANDIN_DATABASE_PORT"


def ask_database(line: str) -> str:
    """One request to the stand-in's database; an OSError while it is away: it then hangs up.

    A shorter time limit would find it away when the machine is busy.
    """
    address = ("127.0.0.1", int(os.environ[DATABASE_PORT]))
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(line.encode() + b"\n")
        answer = connection.makefile().readline().strip()
    if not answer:
        raise ConnectionError("the database went away")
    return answer


def init(command: list[str]) -> int:
    """Run a command, and end everything it started when it ends or the stand-in does."""
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def watch() -> None:
        os.read(int(os.environ[LIFELINE]), 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def serve() -> int:
    """Pages that need the database, as all of WordPress's do."""
    with socket.create_server(("127.0.0.1", int(os.environ[WEB_PORT])), backlog=128) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        request = connection.makefile("rb")
        while (line := request.readline()) and line != b"\r\n":
            pass
        try:
            ask_database("ping")
            status = "200 OK"
        except OSError:
            status = "500 Internal Server Error"
        body = f"{status}\n"
        connection.sendall(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )


def php() -> int:
    """The marker's programs, told apart by what they are asked to do; not PHP at all."""
    needed = ("WORDPRESS_DB_HOST", "WORDPRESS_DB_USER", "WORDPRESS_DB_NAME")
    if not all(os.environ.get(name) for name in needed):
        return 255
    asked = ("DRILL_ACTION", "DRILL_MARKER", "WORDPRESS_DB_HOST")
    answer = ask_database(" ".join(os.environ[name] for name in asked))
    return 3 if answer == "missing" else 0


if __name__ == "__main__":
    program, *arguments = sys.argv[1:]
    sys.exit({"init": lambda: init(arguments), "serve": serve, "php": php}[program]())
