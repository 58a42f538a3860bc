"""Data and texts beside modules: what does not fit is an error, not a gap."""

from pathlib import Path
from typing import NamedTuple

import pytest
from jinja2 import UndefinedError
from pydantic import ValidationError

from ops import files


class Row(NamedTuple):
    name: str
    seconds: int = 0


@pytest.mark.parametrize("text", ["- {nam: a}", "- {name: a, second: 1}", "- {name: 2026-11-26}"])
def test_data_of_another_type_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rows.yaml"
    file.write_text("- {name: a}")
    assert files.data(list[Row], file) == [Row("a")]
    file.write_text(text)
    with pytest.raises(ValidationError):
        files.data(list[Row], file)


def test_a_template_wants_every_value(tmp_path: Path) -> None:
    file = tmp_path / "text.j2"
    file.write_text("{{ name }}")
    assert files.template(file).render(name="<a>") == "<a>"
    assert files.template(file, autoescape=True).render(name="<a>") == "&lt;a&gt;"
    with pytest.raises(UndefinedError):
        files.template(file).render()
