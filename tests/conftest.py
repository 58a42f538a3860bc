"""For all tests: signals work as at a terminal."""

import signal


def pytest_configure() -> None:
    """A shell starts background jobs with SIGINT ignored, and every child inherits that.

    Tests interrupt programs, which must not depend on how the tests were started.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
