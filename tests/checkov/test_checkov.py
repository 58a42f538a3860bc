"""Checkov over what is synthesized finds nothing but what is prescribed, or skipped for a reason.

It runs once, offline, over every stack's JSON, over the same without its nulls, and over the
original's Terraform. The JSON is Terraform's but for `required_version`: with that in it, Checkov
ignores the file.
"""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from ops import ROOT
from ops.docs import table
from ops.model.stack import read_stacks
from tests.programs import made_once

CHECKOV = ROOT / ".build" / "checkov" / "bin" / "checkov"
DOCS = ROOT / "docs" / "security.md"
ORIGINAL = ROOT / "tests" / "e2e" / "fixtures" / "wp-ecs.tf"
PLATFORM, STAGING, HARDENED = (
    f"resilience-platform{name}" for name in ("", "-staging", "-hardened")
)
STACKS = (PLATFORM, STAGING, HARDENED, "wp-ecs")

Finding: TypeAlias = tuple[str, str]
"""A check, and the name of the resource that fails it: all that Checkov tells for each check."""


class Prescribed(NamedTuple):
    """Why a resource has to fail a check.

    Attributes:
        check: Checkov's id.
        names: of the resources.
        sentence: of the original's README, or of its container definition; or "our choice: ...".
        setting: what mends it in a stack that may.
    """

    check: str
    names: tuple[str, ...]
    sentence: str
    setting: str


_PORT = "Port: 80 (HTTP)"
_PUBLIC = "Network: Public subnets with public IP assignment"
_ENCRYPTED = "Encryption: RDS encryption at rest enabled"
_LOGS = "Audit Logging: CloudWatch logs for all ECS tasks"
_DESTROY = "terraform destroy -auto-approve"
_PASSWORD = '{"name": "WORDPRESS_DB_PASSWORD", "value": "${db_password}"}'

PRESCRIBED = (
    Prescribed("CKV2_AWS_11", ("main",), _LOGS, "network.flow_log_retention_days"),
    Prescribed(
        "CKV2_AWS_12",
        ("main",),
        "our choice: as in the original, AWS's default group stays as it is; nothing uses it",
        "network.default_security_group_closed",
    ),
    Prescribed("CKV2_AWS_20", ("main",), _PORT, "load_balancer.https"),
    Prescribed(
        "CKV2_AWS_28",
        ("main",),
        "Application Load Balancer 1 ALB + LCU charges ~$20",
        "load_balancer.waf",
    ),
    Prescribed("CKV_AWS_2", ("http",), _PORT, "load_balancer.https"),
    Prescribed("CKV_AWS_26", ("alerts",), _ENCRYPTED, "customer_managed_keys"),
    Prescribed("CKV_AWS_91", ("main",), _LOGS, "load_balancer.access_log_retention_days"),
    Prescribed("CKV_AWS_103", ("http",), _PORT, "load_balancer.https"),
    Prescribed("CKV_AWS_130", ("public_1", "public_2"), _PUBLIC, "network.public_ip_on_launch"),
    Prescribed("CKV_AWS_150", ("main",), _DESTROY, "load_balancer.deletion_protection"),
    Prescribed("CKV_AWS_158", ("ecs",), _ENCRYPTED, "customer_managed_keys"),
    Prescribed("CKV_AWS_161", ("wordpress",), _PASSWORD, "database.iam_authentication"),
    Prescribed("CKV_AWS_293", ("wordpress",), _DESTROY, "database.deletion_protection"),
    Prescribed("CKV_AWS_333", ("wordpress",), _PUBLIC, "network.task_subnets"),
    Prescribed("CKV_AWS_338", ("ecs",), "Retention: 7 days", "container.log_retention_days"),
    Prescribed(
        "CKV_AWS_353",
        ("wordpress",),
        "Instance class: db.t3.micro",
        "database.performance_insights",
    ),
    Prescribed("CKV_AWS_378", ("main",), "Protocol: HTTP", "load_balancer.https"),
)
"""What `resilience-platform` fails."""

STAGING_TOO = (
    Prescribed(
        "CKV_AWS_157",
        ("wordpress",),
        "our choice: a database in one zone is what staging saves",
        "database.multi_az",
    ),
)

ORIGINALS: set[Finding] = {
    *(("CKV_AWS_130", name) for name in ("public_1", "public_2")),
    *((check, "main") for check in ("CKV2_AWS_11", "CKV2_AWS_12")),
    *((f"CKV_AWS_{number}", "main") for number in (91, 131, 150, 378)),
    *((check, "main") for check in ("CKV2_AWS_20", "CKV2_AWS_28")),
    *((f"CKV_AWS_{number}", "http") for number in (2, 103)),
    ("CKV_AWS_65", "main"),
    *((f"CKV_AWS_{number}", "ecs") for number in (158, 338)),
    *((f"CKV_AWS_{number}", "wordpress") for number in (16, 118, 129, 161, 293)),
    ("CKV2_AWS_60", "wordpress"),
}
"""What `wp-ecs` fails, as the original does: its plan over the original's state must be empty."""

_OPEN = ("CKV_AWS_260", "alb_sg")
OVERLOOKED: dict[str, set[Finding]] = {
    PLATFORM: {_OPEN, ("CKV_AWS_382", "alb_sg"), ("CKV_AWS_382", "ecs_sg")},
    STAGING: {_OPEN, ("CKV_AWS_382", "alb_sg"), ("CKV_AWS_382", "ecs_sg")},
    HARDENED: {_OPEN},
    "wp-ecs": {_OPEN, *(("CKV_AWS_382", f"{group}_sg") for group in ("alb", "ecs", "rds"))},
}
"""What Checkov finds only when nulls are left out: it takes a null `prefix_list_ids` in a rule of a
security group for a prefix list, and passes the rule."""


@dataclass
class Verdict:
    """Of one configuration: checks passed, and what failed."""

    passed: int = 0
    failed: set[Finding] = field(default_factory=set)


@dataclass
class Scan:
    """One run of Checkov.

    Attributes:
        verdicts: by the name of the folder: a stack, `<stack>, no nulls`, or `original`.
        titles: of the checks that failed, by id.
        skips: by stack, what its code skips, and why.
    """

    verdicts: dict[str, Verdict]
    titles: dict[str, str]
    skips: dict[str, dict[Finding, str]]

    def failed(self, name: str) -> set[Finding]:
        """What fails and is not skipped."""
        return self.verdicts[name].failed - set(self.skips.get(name.partition(",")[0], ()))


def without_nulls(value: Any) -> Any:
    """JSON with every null left out, which means the same to Terraform."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def skips_of(document: dict[str, Any]) -> dict[Finding, str]:
    """What `constructs_lib.options.access_logs` recorded."""
    return {
        (check, name): reason
        for resources in document["resource"].values()
        for name, resource in resources.items()
        for check, reason in resource["//"].get("skip", {}).items()
    }


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """Every stack, checked as it is synthesized and without nulls, and the original."""
    assert CHECKOV.exists(), f"{CHECKOV} is missing: `make test` installs it"
    return made_once(tmp_path_factory, "checkov", _scan)


def _scan(folder: Path) -> Scan:
    checked = folder / "checked"
    skips = {}
    for stack in STACKS:
        document = copy.deepcopy(read_stacks()[stack].document)
        del document["terraform"]["required_version"]
        skips[stack] = skips_of(document)
        for name, content in ((stack, document), (f"{stack}, no nulls", without_nulls(document))):
            (checked / name).mkdir(parents=True)
            # Checkov tells resources by their lines
            (checked / name / "cdk.tf.json").write_text(json.dumps(content, indent=2))
    (checked / "original").mkdir()
    shutil.copy(ORIGINAL, checked / "original")

    command = [str(CHECKOV), "--framework", "terraform", "terraform_json", "--output", "json"]
    done = subprocess.run(
        [*command, "--directory", str(checked), "--skip-download"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr  # 1: something failed, which the original does
    verdicts = {folder.name: Verdict() for folder in checked.iterdir()}
    titles = {}
    for report in json.loads(done.stdout):
        assert report["summary"]["checkov_version"] == locked_version()
        results = report["results"]
        assert results["parsing_errors"] == []
        for check in results["passed_checks"]:
            verdicts[Path(check["file_path"]).parent.name].passed += 1
        for check in results["failed_checks"]:
            finding = check["check_id"], check["resource"].rpartition(".")[2]
            verdicts[Path(check["file_path"]).parent.name].failed.add(finding)
            titles[check["check_id"]] = check["check_name"]
    return Scan(verdicts, titles, skips)


def locked_version() -> str:
    lock = json.loads(Path(__file__).with_name("Pipfile.lock").read_text())
    return str(lock["default"]["checkov"]["version"]).removeprefix("==")


def findings(rows: Iterable[Prescribed]) -> set[Finding]:
    return {(row.check, name) for row in rows for name in row.names}


@pytest.mark.slow(15)
def test_only_what_is_prescribed_fails(scan: Scan) -> None:
    """And all of it does: a row that no check fails any more has to go."""
    assert all(verdict.passed > 50 for verdict in scan.verdicts.values()), "something was not read"
    assert {stack: scan.failed(stack) for stack in STACKS} == {
        PLATFORM: findings(PRESCRIBED),
        STAGING: findings([*PRESCRIBED, *STAGING_TOO]),
        HARDENED: set(),
        "wp-ecs": ORIGINALS,
    }
    assert {
        stack: scan.failed(f"{stack}, no nulls") - scan.failed(stack) for stack in STACKS
    } == OVERLOOKED


def test_few_checks_are_skipped_and_each_would_fail(scan: Scan) -> None:
    for stack, skips in scan.skips.items():
        assert len(skips) <= 3, stack
        assert set(skips) <= scan.verdicts[stack].failed, f"{stack} skips what it passes"
        assert all(len(reason) > 20 for reason in skips.values())


def figures(scan: Scan) -> str:
    names = {"original": "the original's Terraform", **{stack: f"`{stack}`" for stack in STACKS}}
    return table(
        ("", "passed", "failed", "skipped", "failed, nulls left out"),
        (
            (
                shown,
                str(scan.verdicts[name].passed),
                str(len(scan.failed(name))),
                str(len(scan.skips.get(name, ()))),
                str(len(scan.failed(f"{name}, no nulls" if name in STACKS else name))),
            )
            for name, shown in names.items()
        ),
    )


def quoted(sentence: str) -> str:
    """The original's words in quotation marks; its code, and words of ours, without."""
    if sentence.startswith("our choice: "):
        return sentence
    return f"`{sentence}`" if sentence.startswith("{") else f"“{sentence}”"


def prescriptions(rows: Iterable[Prescribed], scan: Scan) -> str:
    return table(
        ("check", "resource", "what it wants", "what prescribes otherwise", "mended by"),
        (
            (
                row.check,
                ", ".join(f"`{name}`" for name in row.names),
                scan.titles[row.check],
                quoted(row.sentence),
                f"`{row.setting}`",
            )
            for row in rows
        ),
    )


def skipped(scan: Scan) -> str:
    return table(
        ("check", "resource", "what it wants", "why not"),
        (
            (check, f"`{name}`", scan.titles[check], reason)
            for (check, name), reason in scan.skips[HARDENED].items()
        ),
    )


def test_the_documentation_has_the_same_tables(scan: Scan) -> None:
    """They are not made by `.venv/bin/python -m ops docs`, which must not need Checkov."""
    text = DOCS.read_text(encoding="utf-8")
    for name, made in {
        "figures": figures(scan),
        "prescribed": prescriptions(PRESCRIBED, scan),
        "staging": prescriptions(STAGING_TOO, scan),
        "skips": skipped(scan),
    }.items():
        written = re.search(f"<!-- checkov: {name} -->\n(.*?)\n<!-- end checkov -->", text, re.S)
        assert written is not None, f"no table {name}"
        assert written[1] == made, f"write this into {DOCS.name}:\n{made}"
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for row in (*PRESCRIBED, *STAGING_TOO):
        assert f"| `{row.setting}` |" in settings
