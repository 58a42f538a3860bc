"""Commands that exercise and explain the platform: see `ops.__main__`."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
CDKTF_JSON = Path(os.environ.get("CDKTF_JSON") or ROOT / "cdktf.json")
"""What `main.py` reads the stacks from."""
