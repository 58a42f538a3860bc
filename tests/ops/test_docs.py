"""How the documentation's generated parts are made, and that staleness is noticed.

That they are current is checked by a command of CONTRIBUTING.md, which tests/test_readme.py runs.
"""

import json
import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # stubs are apart
from pydantic import BaseModel
from rich.console import Console

from constructs_lib.settings import StackSettings, load_stacks
from constructs_lib.settings.backend import LocalBackendSettings, S3BackendSettings
from ops import CDKTF_JSON, ROOT, docs
from ops.errors import OpsError
from ops.model import savings
from ops.model.stack import Stack, read_stack
from tests.synth.options import MAXIMAL, OPTIONS, settings_of


@pytest.fixture(scope="module")
def stack() -> Stack:
    """The stack that the documentation describes, really synthesized."""
    return read_stack(docs.STACK)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the documentation in it, as it would be for a single stack."""
    only = {docs.STACK: load_stacks(CDKTF_JSON)[docs.STACK]}
    monkeypatch.setattr(docs, "declared", lambda: only)
    monkeypatch.setattr(docs, "load_spacelift", lambda *_: None)  # its labels name other stacks
    monkeypatch.setattr(savings, "CHANGES", savings.CHANGES[:2])  # as good as all
    docs._costs.cache_clear()
    for name in ("README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    docs.run(Console(), check=False, root=tmp_path)
    yield tmp_path
    docs._costs.cache_clear()


def test_every_part_is_used(stack: Stack) -> None:
    """A part that no file shows is dead code."""
    text = "".join(path.read_text(encoding="utf-8") for path in docs.documents(ROOT))
    assert set(re.findall(r"<!-- generated: ([\w-]+) -->", text)) == set(docs.parts(stack))


def test_a_changed_table_is_noticed_and_rewritten(copy: Path) -> None:
    """The check names the file and writes nothing; without check it is written."""
    readme, settings = copy / "README.md", copy / "docs" / "settings.md"
    current = readme.read_text(encoding="utf-8")
    assert "| USD a month |" in current
    readme.write_text(current.replace("| USD a month |", "| EUR a month |"), encoding="utf-8")
    settings.write_text("<!-- generated: fargate -->\n<!-- end generated -->", encoding="utf-8")
    (copy / "docs" / "deployer-policy.json").write_text("{}", encoding="utf-8")
    (copy / "docs" / "settings.schema.json").unlink()
    with pytest.raises(OpsError) as stale:
        docs.run(Console(), check=True, root=copy)
    assert str(stale.value) == (
        "README.md, docs/settings.md, docs/deployer-policy.json, docs/settings.schema.json: "
        "cdktf.json, or the code, has changed since; run `make docs`"
    )
    assert "| EUR a month |" in readme.read_text(encoding="utf-8")
    docs.run(Console(), check=False, root=copy)
    assert readme.read_text(encoding="utf-8") == current
    docs.run(Console(), check=True, root=copy)


def test_without_the_stack_that_is_described_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "read_stacks", lambda: {"blog": Stack({})})
    with pytest.raises(OpsError, match=r"^the documentation describes .* declares blog: let a "):
        docs.run(Console(), check=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<!-- generated: prices -->\n<!-- end generated -->",
            "README.md: no part is called 'prices'; there are one, two",
        ),
        (
            "<!-- generated: one -->\n| a |",
            "README.md: a generated part has no <!-- end generated --> after it",
        ),
    ],
)
def test_a_wrong_marker_is_an_error(text: str, message: str) -> None:
    parts = {"one": lambda: "1", "two": lambda: "2"}
    with pytest.raises(OpsError, match=f"^{re.escape(message)}$"):
        docs.rendered(text, parts, "README.md")


def test_text_outside_the_markers_stays() -> None:
    text = "a\n<!-- generated: one -->\nold\n<!-- end generated -->\nb\n<!-- generated: two -->\n"
    made = docs.rendered(
        text + "<!-- end generated -->\nc", {"one": lambda: "1", "two": lambda: "2"}, "x"
    )
    assert made == text.replace("old", "1") + "2\n<!-- end generated -->\nc"


def test_tables_escape_what_markdown_would_interpret() -> None:
    """A bar would end the cell, an angle bracket would start a tag."""
    assert docs.table(["a"], [["x|y <id>"]]) == "| a |\n| --- |\n| x\\|y &lt;id> |"


def documented() -> dict[str, Any]:
    """Each cdktf.json of the checkout, of the tests and of the documentation."""
    ours = {"the checkout's": ROOT / "cdktf.json", "the tests'": CDKTF_JSON}
    files = {name: json.loads(path.read_text()) for name, path in ours.items()}
    for path in docs.documents(ROOT):
        for number, block in enumerate(
            re.findall("```json\n(.*?)```", path.read_text(), re.DOTALL)
        ):
            if '"context"' in block:
                files[f"{path.name} {number}"] = json.loads(block)
    return files


@pytest.fixture(scope="module")
def validator() -> Any:
    """Of the schema that the documentation has; that it is current is tested above."""
    schema = json.loads((ROOT / "docs" / "settings.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_editors_find_nothing_wrong_with_settings_that_are_accepted(validator: Any) -> None:
    files = documented()
    assert len(files) > 10
    options = {path: settings_of(path) for path in OPTIONS} | {"everything": MAXIMAL}
    files |= {path: {"context": {"stacks": {"x": stack}}} for path, stack in options.items()}
    wrong = {name: [e.message for e in validator.iter_errors(file)] for name, file in files.items()}
    assert {name: messages for name, messages in wrong.items() if messages} == {}


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        ({"databse": {}}, ""),
        ({"container": {"port": 0}}, "container.port"),
        ({"container": {"port": "80"}}, "container.port"),
        ({"region": "mars-1"}, "region"),
        ({"load_balancer": {"domain": {"name": "a.de"}}}, "load_balancer.domain"),
        ({"container": {"task_permissions": [{"action": "x"}]}}, "container.task_permissions.0"),
        ({"backend": {"type": "s3"}}, "backend"),
    ],
)
def test_editors_see_what_is_wrong_and_where(
    validator: Any, stack: dict[str, object], place: str
) -> None:
    errors = list(validator.iter_errors({"context": {"stacks": {"x": stack}}}))
    found = {".".join(map(str, error.absolute_path)) for error in errors}
    assert found == {f"context.stacks.x.{place}".rstrip(".")}


def test_editors_explain_every_setting(validator: Any) -> None:
    """With what is accepted; pydantic's titles and our own words are for no editor."""
    for model in validator.schema["$defs"].values():
        for name, setting in model.get("properties", {}).items():
            assert "description" in setting or "$ref" in setting or name == "backend", name
            assert not setting.keys() & {"title", "accepts", "verb", "only"}
    name = validator.schema["$defs"]["DomainSettings"]["properties"]["name"]["description"]
    assert name.endswith(
        "; must be a host name of at most 64 lower-case characters, like blog.example.com"
    )


def rows(part: str) -> list[list[str]]:
    """The cells of a table's rows."""
    lines = (re.split(r"(?<!\\)\|", line)[1:-1] for line in part.splitlines()[2:])
    return [[cell.strip() for cell in line] for line in lines]


def test_every_setting_has_a_row_with_a_description(stack: Stack) -> None:
    """All keys of the models in the table of their group, none without a word about it."""
    tables = {
        name.removeprefix("settings-"): rows(part())
        for name, part in docs.parts(stack).items()
        if name.startswith("settings-")
    }
    described = {key.strip("`"): text for table in tables.values() for key, _, _, text in table}
    for group, table in tables.items():
        own = {key.strip("`").split(".")[0] for key, *_ in table}
        assert own == {group} or (group == "stack" and not own & set(tables))

    def keys(group: type[BaseModel], prefix: str = "") -> set[str]:
        found = set()
        for name, field in group.model_fields.items():
            inner = [
                part
                for part in (field.annotation, *get_args(field.annotation))
                if isinstance(part, type)
                and issubclass(part, BaseModel)
                and name != "backend"
                and get_origin(field.annotation) is not tuple  # a list has one row
            ]
            if inner:
                found |= keys(inner[0], f"{prefix}{name}.")
                if inner[0] is not field.annotation:  # the whole group can be left out
                    found.add(f"{prefix}{name}")
            elif name == "backend":
                for backend in (LocalBackendSettings, S3BackendSettings):
                    found |= keys(backend, "backend.")
            else:
                found.add(f"{prefix}{name}")
        return found

    assert set(described) == keys(StackSettings)
    assert [key for key, text in described.items() if not text] == []


def test_every_stack_has_a_row_with_what_it_sets(stack: Stack) -> None:
    """Whoever changes cdktf.json sees it in the documentation's difference."""
    table = rows(docs.parts(stack)["stacks"]())
    sets = {stack_id.strip().strip("`"): what.strip() for stack_id, what in table}
    declared = json.loads(CDKTF_JSON.read_text(encoding="utf-8"))["context"]["stacks"]
    assert list(sets) == list(declared)
    assert sets["resilience-platform"] == "nothing: all defaults"
    assert sets["resilience-platform-staging"] == (
        '`container.desired_count = 1`, `container.capacity = "FARGATE_SPOT"`, '
        "`container.log_retention_days = 3`, `autoscaling.min_capacity = 1`, "
        "`autoscaling.max_capacity = 2`, `autoscaling.sleep = {}`, `database.multi_az = false`, "
        "`database.backup_retention_days = 1`, `cost.monthly_budget_usd = 90.0`"
    )


def test_the_trust_policy_lets_every_stack_in(stack: Stack) -> None:
    """Spacelift tries the role for each stack that it is attached to."""
    part = docs.parts(stack)["trust-policy"]()
    trusted = re.findall(r'"\$spacelift@\*@([\w-]+)@\$1"', part)
    assert trusted == list(load_stacks(CDKTF_JSON))


def test_every_variable_has_a_row_that_says_what_is_accepted(stack: Stack) -> None:
    """From the message of its rule; a secret's rule is a precondition."""
    table = rows(docs.parts(stack)["variables"]())
    accepted = {name.strip("`"): rule for name, _, _, _, rule in table}
    assert set(accepted) == set(stack.variables)
    assert accepted["aws_region"] == "a region's code, like eu-central-1, of the partition aws"
    assert accepted["db_password"].startswith("8 to 41 printable ASCII characters")
    assert [name for name, rule in accepted.items() if not rule or "${" in rule] == []


def test_the_alarm_on_an_expression_is_shown_as_one(stack: Stack) -> None:
    """Metric, comparison and duration, with units where CloudWatch counts in bytes."""
    alarms = {row[0]: row for row in rows(docs.parts(stack)["alarms"]())}
    assert alarms["`ecs_running_tasks`"][1:3] == ["desired - running > 0", "3 min"]
    assert alarms["`rds_free_storage`"][1:3] == ["FreeStorageSpace &lt; 2 GiB", "5 min"]
    assert alarms["`rds_free_memory`"][1:3] == ["FreeableMemory &lt; 64 MiB", "15 min"]
    share = alarms["`rds_connections_share`"][1:3]
    assert share == ["DatabaseConnections > 80 % of the class's", "3 min"]
    assert len(alarms) == len(stack.all("aws_cloudwatch_metric_alarm"))


def test_the_database_lets_nothing_out(stack: Stack) -> None:
    """A direction without rules has a row too, as that is the point."""
    table = rows(docs.parts(stack)["security-groups"]())
    assert ["`rds_sg`", "out", "none", ""] in table
    assert ["`rds_sg`", "in", "3306", "from `ecs_sg`"] in table


def test_the_readme_says_first_what_is_paid_for_old_mysql(stack: Stack) -> None:
    """Total, Extended Support, and the total without it; nothing to say where it is not paid."""

    def costs(version: str) -> list[float]:
        document = deepcopy(stack.document)
        database = document["resource"]["aws_db_instance"]["wordpress"]
        database |= {"engine_version": version, "instance_class": "db.t3.micro", "multi_az": True}
        parts = docs.parts(Stack(document))
        first = [float(usd) for _, usd in rows(parts["cost-first"]())]
        bill = [float(row[3]) for row in rows(parts["cost"]())[:-1]]
        assert first[0] == pytest.approx(sum(bill), abs=0.05)
        return first

    total, extended, without = costs("8.0")
    assert extended == 292
    assert without == pytest.approx(total - extended)
    assert costs("8.4") == [without]
