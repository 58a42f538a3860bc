"""Run main.py and count what it says to the jsii kernel: each message is a round trip to Node.js.

Writes a JSON object to the file named by the first argument: the request as jsii names it, with
the class, method or attribute it is about, and how often it was sent.
"""

import json
import runpy
import sys
from collections import Counter
from pathlib import Path

from jsii._kernel.providers.process import _NodeProcess

import constructs_lib  # noqa: F401  (switches fast_synth on)

counts: Counter[str] = Counter()
stock_send = _NodeProcess.send


def send(self, request, response_type):  # type: ignore[no-untyped-def]
    """Count the request, then do what jsii does."""
    subjects = (getattr(request, name, None) for name in ("method", "property", "fqn", "name"))
    kind = type(request).__name__.removesuffix("Request")
    counts[f"{kind} {next(filter(None, subjects), '')}".strip()] += 1
    return stock_send(self, request, response_type)


_NodeProcess.send = send  # type: ignore[method-assign]

target = Path(sys.argv.pop(1))
try:
    runpy.run_path("main.py", run_name="__main__")
finally:
    target.write_text(json.dumps(counts))
