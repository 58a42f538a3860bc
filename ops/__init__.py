"""Commands that exercise and explain the platform, `python -m ops`: see `ops.__main__`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
