"""addresses.py and aws.py: ids that are addresses, arguments that are overridden, `aws.X`."""

import importlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import main
from constructs_lib import aws
from constructs_lib.settings import load_stacks, parse_stack
from tests.synth.options import BOUNDARY, ECR_IMAGE, OPTIONS, settings_of
from tests.synth.synthesized import STACK_ID, Synthesized, Synthesizer, changes, dangling

ROOT = Path(__file__).resolve().parents[2]
ORIGINAL = ROOT / "tests/e2e/fixtures/wp-ecs.tf"
PROVIDER = "cdktf_cdktf_provider_aws"


@pytest.mark.parametrize(
    "further",
    [
        {"network.private_egress": "nat_per_zone"},
        {"network.private_egress": "vpc_endpoints", "container.image": ECR_IMAGE},
    ],
    ids=["nat", "endpoints"],
)
def test_ids_with_a_dot_are_addresses_and_every_address_is_an_id(
    tmp_path: Path, further: dict[str, object]
) -> None:
    """With every option that adds something; and each of them refers to what is there.

    No role is without the boundary, or the organisation refuses it.
    """
    from constructs_lib.platform import ResiliencePlatform  # isort: skip
    from cdktf import Testing

    without = {"load_balancer.https", "load_balancer.certificate_arn"}  # the domain has them
    adding = (path for path, option in OPTIONS.items() if option.adds and path not in without)
    values = settings_of(*adding, permissions_boundary_arn=BOUNDARY, **further)
    settings = parse_stack(STACK_ID, values)
    stack = ResiliencePlatform(Testing.app(outdir=str(tmp_path)), STACK_ID, settings=settings)
    ids = sorted(element.node.id for element in stack.node.find_all() if "." in element.node.id)
    synthesized = Synthesized(Testing.synth(stack, True))
    assert ids == synthesized.addresses
    assert dangling(synthesized) == set()
    roles = synthesized.all("aws_iam_role")
    assert len(roles) == 7
    assert {role["permissions_boundary"] for role in roles.values()} == {BOUNDARY}


@pytest.mark.parametrize(
    ("address", "arguments", "changed"),
    [
        ("aws_lb.main", {"idle_timeout": 120}, {"idle_timeout": 120}),
        ("aws_lb.main", {"ip_address_type": None}, {"ip_address_type": None}),
        ("aws_lb_target_group.main", {"health_check.timeout": 9}, {"health_check.timeout": 9}),
        ("aws_ecs_cluster.main", {"setting": None}, {"setting": None}),
        (
            "aws_ecs_service.wordpress",
            {"deployment_controller.type": "ECS", "desired_count": None},
            {"deployment_controller": {"type": "ECS"}, "desired_count": None},
        ),
        (
            "aws_lb.main",
            {"depends_on": ["aws_vpc.main"]},
            {"depends_on": ["aws_internet_gateway.igw", "aws_vpc.main"]},
        ),
        ("data.aws_caller_identity.current", {"provider": "aws.us"}, {"provider": "aws.us"}),
    ],
)
def test_an_override_changes_its_argument_and_nothing_else(
    synth: Synthesizer,
    platform: Synthesized,
    address: str,
    arguments: dict[str, object],
    changed: dict[str, object],
) -> None:
    stack = synth(overrides={address: arguments})
    assert stack.blocks.keys() == platform.blocks.keys()
    assert changes(platform.blocks, stack.blocks) == {
        f"{address}.{path}": value for path, value in changed.items()
    }


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("aws_lb.mian", "aws_lb.main"),
        ("Network", "resources"),
        ("db_name", "resources"),
    ],
)
def test_an_override_of_what_is_not_there_ends_in_one_line_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    address: str,
    advice: str,
) -> None:
    stacks = {"good": {}, "wrong": {"overrides": {address: {"name": "x"}}}}
    (tmp_path / "cdktf.json").write_text(json.dumps({"context": {"stacks": stacks}}))
    monkeypatch.setattr(main, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["main.py"])
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    monkeypatch.delenv("CDKTF_JSON")
    assert main.main() == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"error: stack wrong: overrides: {address} .*\b{advice}\b.*\n", error)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["cdktf.json"]


def test_wp_ecs_sets_what_the_original_sets(tmp_path: Path) -> None:
    """The same arguments of the same resources; whether they have the same values is for a plan to
    say (tests/e2e/test_stacks.py)."""
    from constructs_lib.platform import ResiliencePlatform  # isort: skip
    from cdktf import Testing

    settings = load_stacks(main.settings_file())["wp-ecs"]
    stack = ResiliencePlatform(Testing.app(outdir=str(tmp_path)), "wp-ecs", settings=settings)
    ours = Synthesized(Testing.synth(stack, True))
    resource = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
    theirs = {
        f"{type}.{name}": set(re.findall(r"([\w-]+)\s*[={]", body))
        for type, name, body in resource.findall(ORIGINAL.read_text())
    }
    assert sorted(theirs) == ours.addresses
    differences = {a: _names(ours.blocks[a]) ^ theirs[a] for a in ours.addresses}
    assert {address: names for address, names in differences.items() if names} == {
        # the provider's defaults, said aloud
        "aws_subnet.private_1": {"map_public_ip_on_launch"},
        "aws_subnet.private_2": {"map_public_ip_on_launch"},
        "aws_lb_target_group.main": {"enabled"},
        # what no plan shows: an order, and rules of the credentials
        "aws_lb.main": {"depends_on"},
        "aws_db_instance.wordpress": {
            *("auto_minor_version_upgrade", "copy_tags_to_snapshot", "monitoring_interval"),
            *("enabled_cloudwatch_logs_exports", "performance_insights_enabled"),
            *("publicly_accessible", "storage_encrypted"),
            *("lifecycle", "precondition", "condition", "error_message"),
        },
    }


def _names(block: object) -> set[str]:
    """The names of arguments and blocks at any depth, those of JSON documents too."""
    if isinstance(block, str) and block.startswith("{"):
        block = json.loads(block)
    if isinstance(block, dict):
        return set(block).union(*map(_names, block.values()))
    return set().union(*map(_names, block)) if isinstance(block, list) else set()


def _names_in_use() -> set[str]:
    sources = [path.read_text() for path in (ROOT / "constructs_lib").rglob("*.py")]
    return {name for source in sources for name in re.findall(r"\baws\.([A-Z]\w+)", source)}


@cache
def _classes(module: str) -> set[str]:
    source = Path(importlib.import_module(PROVIDER).__path__[0], module, "__init__.py")
    return set(re.findall(r"^class (\w+)", source.read_text(), re.MULTILINE))


def _owners(name: str) -> list[str]:
    """The provider's modules that have a class of this name, of those it is looked for in."""
    candidates = (aws._modules().get(name[:end].lower()) for end in range(1, len(name) + 1))
    return [module for module in candidates if module and name in _classes(module)]


def test_every_name_in_use_is_in_one_module_and_type_checkers_know_it() -> None:
    """A name may begin like two modules, and newer bindings may have more modules."""
    owners = {name: _owners(name) for name in _names_in_use()}
    assert len(owners) > 50
    assert {name: found for name, found in owners.items() if len(found) != 1} == {}
    stub = Path(aws.__file__).with_suffix(".pyi").read_text()
    known = re.findall(rf"from {PROVIDER}\.(\w+) import \*", stub)
    assert known == sorted({found for (found,) in owners.values()})


def test_a_name_is_taken_from_the_longest_named_module_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aws, "_modules", lambda: {"old": "old", "oldnew": "old_new"})
    old = SimpleNamespace(OldNewRule="old", OldNewPart="old")
    monkeypatch.setitem(sys.modules, f"{PROVIDER}.old", old)
    monkeypatch.setitem(sys.modules, f"{PROVIDER}.old_new", SimpleNamespace(OldNewRule="new"))
    monkeypatch.setattr(aws, "OldNewRule", None, raising=False)  # takes out what is found here
    monkeypatch.setattr(aws, "OldNewPart", None, raising=False)
    assert aws.__getattr__("OldNewRule") == "new"
    assert aws.__getattr__("OldNewPart") == "old"


@pytest.mark.parametrize("name", ["Lbb", "LbListenerDefaultActon", "lb"])
def test_a_misspelt_name_is_not_an_attribute(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"\b{name}\b"):
        getattr(aws, name)
