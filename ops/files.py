"""Data and texts in files beside the modules that use them: YAML, and Jinja's templates."""

from pathlib import Path
from typing import TypeVar

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from pydantic import TypeAdapter

Data = TypeVar("Data")


def data(kind: type[Data], path: Path) -> Data:
    """What a YAML file holds, if it is of that type."""
    return TypeAdapter(kind).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def template(path: Path, *, autoescape: bool = False) -> Template:
    """A template, for which a value that is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(path.name)
