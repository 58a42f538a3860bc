"""What a command says when it cannot go on."""


class OpsError(Exception):
    """Something that a user can act on; `str()` is one line: what is wrong, and how to mend it.

    `.venv/bin/python -m ops` prints it and ends with exit code 1. Any other exception is a defect.

    Whatever is called here may raise it. A docstring lists what else is raised, or caught.
    """
