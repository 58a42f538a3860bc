"""Tables that people look things up in and add to: YAML files beside the modules that read them."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter

Table = TypeVar("Table")


def read(kind: type[Table], path: Path) -> Table:
    """What a file holds, if it is of that type."""
    return TypeAdapter(kind).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
