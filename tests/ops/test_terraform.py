"""Terraform is found, shielded from the developer's shell, read out, and ended.

Most of this runs a stand-in for Terraform, a shell script that does what the test needs. The one
test with the real program is at the end.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import terraform
from ops.aws import aws_settings_hidden
from ops.errors import OpsError
from ops.terraform import (
    Terraform,
    TerraformMissing,
    clean_environment,
    cli_config,
    error_text,
    find_binary,
    find_mirror,
    registry_of,
)
from tests.programs import library, skip_without_terraform

PROCESSOR = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
HERE = f"{sys.platform}_{PROCESSOR}"
REGISTRY = "registry.terraform.io"

Runner = Callable[..., Terraform]


def program(folder: Path, name: str, script: str = "") -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Makes a `Terraform` whose program is the given shell script."""

    def make(script: str, **arguments: object) -> Terraform:
        return Terraform(
            tmp_path,
            scratch=tmp_path,
            binary=program(tmp_path, "terraform", script),
            environment={"AWS_ENDPOINT_URL": "http://sandbox"},
            **arguments,  # type: ignore[arg-type]
        )

    return make


# --- the program


def test_terraform_is_preferred_to_tofu(tmp_path: Path) -> None:
    tofu = program(tmp_path, "tofu")
    assert find_binary({"PATH": str(tmp_path)}) == tofu
    both = program(tmp_path, "terraform")
    assert find_binary({"PATH": str(tmp_path)}) == both


def test_what_make_brought_along_is_the_last_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = program(tmp_path, "brought-along")
    monkeypatch.setattr(terraform, "BROUGHT_ALONG", ours)
    assert find_binary({"PATH": str(tmp_path)}) == ours
    tofu = program(tmp_path, "tofu")
    assert find_binary({"PATH": str(tmp_path)}) == tofu


def test_the_environment_can_name_the_program(tmp_path: Path) -> None:
    program(tmp_path, "terraform")
    other = program(tmp_path, "terraform-1.5")
    assert find_binary({"PATH": str(tmp_path), "TERRAFORM_BINARY": str(other)}) == other


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "neither terraform nor tofu is on PATH: `make terraform` brings one along"),
        ({"TERRAFORM_BINARY": "/no/such"}, "TERRAFORM_BINARY is '/no/such', which is not a"),
    ],
)
def test_a_missing_program_is_one_clear_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    message: str,
) -> None:
    monkeypatch.setattr(terraform, "BROUGHT_ALONG", tmp_path / "terraform")
    with pytest.raises(TerraformMissing, match=message) as caught:
        find_binary({"PATH": str(tmp_path), **environment})
    assert "\n" not in str(caught.value)


def test_tofu_has_a_registry_of_its_own() -> None:
    assert registry_of(Path("/bin/terraform")) == "registry.terraform.io"
    assert registry_of(Path("/opt/tofu/bin/terraform")) == "registry.terraform.io"
    assert registry_of(Path("/bin/tofu")) == "registry.opentofu.org"


# --- the mirror


def provider(mirror: Path, path: str, registry: str = REGISTRY) -> None:
    file = mirror / registry / "hashicorp" / "aws" / path
    file.parent.mkdir(parents=True)
    file.touch()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"5.100.0/{HERE}/terraform-provider-aws_v5.100.0_x5", True),
        (f"terraform-provider-aws_5.100.0_{HERE}.zip", True),
        (f"6.2.0/{HERE}/terraform-provider-aws_v6.2.0_x5", False),
        (f"terraform-provider-aws_50.0.0_{HERE}.zip", False),
        ("5.100.0/plan9_mips/terraform-provider-aws_v5.100.0_x5", False),
        (f"5.100.0/{HERE}/LICENSE.txt", False),
    ],
)
def test_a_mirror_counts_if_its_provider_runs_here(tmp_path: Path, path: str, found: bool) -> None:
    provider(tmp_path / "mirror", path)
    assert find_mirror(REGISTRY, [tmp_path / "mirror"]) == (tmp_path / "mirror" if found else None)
    assert find_mirror("registry.opentofu.org", [tmp_path / "mirror"]) is None


def test_the_first_mirror_wins_and_missing_folders_are_passed_over(tmp_path: Path) -> None:
    for name in ("b", "a"):
        provider(tmp_path / name, f"5.1.0/{HERE}/terraform-provider-aws_v5.1.0")
    candidates = [tmp_path / "none", tmp_path / "b", tmp_path / "a"]
    assert find_mirror(REGISTRY, candidates) == tmp_path / "b"
    assert find_mirror(REGISTRY, []) is None


def test_the_usual_places_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    places = terraform.mirror_candidates()
    assert places[0] == tmp_path / ".terraform.d" / "plugins"
    assert Path("/usr/local/share/terraform/plugins") in places
    assert all(child in places for child in Path("/opt").iterdir() if child.is_dir())


def test_with_a_mirror_the_registry_is_not_asked_for_the_provider(tmp_path: Path) -> None:
    config = cli_config(REGISTRY, mirror=tmp_path / 'a "b" ${c}', cache=tmp_path)
    assert config.count(f'["{REGISTRY}/hashicorp/aws"]') == 2
    assert r'a \"b\" $${c}"' in config
    assert "plugin_cache_dir" not in config


def test_without_a_mirror_what_is_downloaded_is_kept(tmp_path: Path) -> None:
    config = cli_config(REGISTRY, mirror=None, cache=tmp_path)
    assert f'plugin_cache_dir = "{tmp_path}"' in config
    assert "provider_installation" not in config


def test_without_a_mirror_the_users_own_installation_method_holds(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror behind a proxy, say; a configuration that says nothing of it is not taken."""
    mine = tmp_path / "mine.tfrc"
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(mine))
    monkeypatch.setattr("ops.terraform.find_mirror", lambda registry: None)
    ours = str(tmp_path / "terraform.rc")
    assert runner("").environment["TF_CLI_CONFIG_FILE"] == ours, "there is none"
    mine.write_text('credentials "example.com" { token = "x" }')
    assert runner("").environment["TF_CLI_CONFIG_FILE"] == ours
    mine.write_text('provider_installation { network_mirror { url = "https://example.com/" } }')
    assert runner("").environment["TF_CLI_CONFIG_FILE"] == str(mine)
    monkeypatch.setattr("ops.terraform.find_mirror", lambda registry: tmp_path)
    assert runner("").environment["TF_CLI_CONFIG_FILE"] == ours, "a mirror here is nearer"


# --- the environment


def test_nothing_of_real_accounts_or_of_other_runs_is_inherited() -> None:
    kept = {"PATH": "/bin", "HOME": "/home/me", "HTTPS_PROXY": "http://proxy", "TERM": "xterm"}
    dropped = dict.fromkeys(
        [
            *("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"),
            *("TF_VAR_db_password", "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_WORKSPACE"),
            *("TF_DATA_DIR", "TF_LOG_PATH", "TF_CLI_CONFIG_FILE", "TF_REATTACH_PROVIDERS"),
        ],
        "x",
    )
    assert clean_environment({**kept, **dropped}) == kept


def test_hidden_settings_come_back_even_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    with pytest.raises(ZeroDivisionError), aws_settings_hidden():
        assert "AWS_PROFILE" not in os.environ
        raise ZeroDivisionError
    assert os.environ["AWS_PROFILE"] == "prod"


def test_a_run_sees_the_sandbox_its_variables_and_nothing_else_of_aws_or_terraform(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "TF_VAR_db_password", "TF_CLI_ARGS_apply", "TF_WORKSPACE"):
        monkeypatch.setenv(name, "developer")
    lines: list[str] = []
    variables = {"db_password": "s3cret-word", "zones": ["a", "b"], "cpu": 512}
    runner("env", variables=variables, on_line=lines.append).run("apply")
    seen = {line for line in lines if line.startswith(("AWS_", "TF_", "CHECKPOINT"))}
    assert seen == {
        "AWS_ENDPOINT_URL=http://sandbox",
        f"TF_CLI_CONFIG_FILE={tmp_path / 'terraform.rc'}",
        "TF_IN_AUTOMATION=1",
        "TF_INPUT=0",
        "CHECKPOINT_DISABLE=1",
        "TF_VAR_db_password=s3cret-word",
        'TF_VAR_zones=["a", "b"]',
        "TF_VAR_cpu=512",
    }


# --- commands


def test_lines_come_as_they_are_written(runner: Runner, tmp_path: Path) -> None:
    """Not when the program ends: the progress display lives from them."""
    script = "echo one; while [ ! -e seen-one ]; do sleep 0.05; done; echo two >&2"
    run = runner(script, on_line=lambda line: (tmp_path / f"seen-{line}").touch())
    run.apply()
    assert (tmp_path / "seen-two").exists()


@pytest.mark.parametrize(("exit_code", "changes"), [(0, False), (2, True)])
def test_a_plan_says_whether_anything_would_change(
    runner: Runner, tmp_path: Path, exit_code: int, changes: bool
) -> None:
    run = runner(f'echo "$@" > arguments; exit {exit_code}')
    assert run.plan("-refresh-only", out=tmp_path / "p", destroy=True) is changes
    assert (tmp_path / "arguments").read_text().split() == [
        *("plan", "-no-color", "-input=false", "-detailed-exitcode", "-refresh-only"),
        *(f"-out={tmp_path / 'p'}", "-destroy"),
    ]


def test_an_apply_never_asks(runner: Runner, tmp_path: Path) -> None:
    run = runner('echo "$@" >> arguments; read answer && exit 1; exit 0')
    run.apply(plan=tmp_path / "p")
    run.destroy()
    first, second = (tmp_path / "arguments").read_text().splitlines()
    assert first == f"apply -no-color -input=false -auto-approve {tmp_path / 'p'}"
    assert second == "destroy -no-color -input=false -auto-approve"


def test_a_failure_tells_command_code_and_terraforms_own_words(runner: Runner) -> None:
    frame = (
        "aws_vpc.main: Creating...\n╷\n│ Error: creating EC2 VPC: no\n│ \n"
        "│   with aws_vpc.main,\n╵\n╷\n│ Error: second\n╵"
    )
    run = runner(f"cat <<'END'\n{frame}\nEND\nexit 1", variables={"db_password": "s3cret-word"})
    with pytest.raises(OpsError) as caught:
        run.apply()
    command = "terraform apply -no-color -input=false -auto-approve"
    error = "Error: creating EC2 VPC: no\nwith aws_vpc.main,\nError: second"
    assert str(caught.value) == f"{command} failed (exit code 1): {error}"


def test_without_an_error_message_the_last_lines_are_told() -> None:
    assert error_text(["1", "", "2", "3", "4", "5", "6", ""]) == "2\n3\n4\n5\n6"


def test_outputs_are_their_values_and_not_shown(runner: Runner) -> None:
    shown: list[str] = []
    outputs = {
        "vpc_id": {"value": "vpc-1", "sensitive": False, "type": "string"},
        "subnet_ids": {"value": ["a", "b"], "sensitive": False, "type": ["list", "string"]},
        "rds_endpoint": {"value": "db:3306", "sensitive": True, "type": "string"},
    }
    run = runner(f"cat <<'END'\n{json.dumps(outputs)}\nEND", on_line=shown.append)
    assert run.output() == {"vpc_id": "vpc-1", "subnet_ids": ["a", "b"], "rds_endpoint": "db:3306"}
    assert shown == []


def test_a_plan_file_is_read_as_data(runner: Runner, tmp_path: Path) -> None:
    run = runner("""echo '{"arguments": "'"$@"'"}'""")
    assert run.show(tmp_path / "p") == {"arguments": f"show -json {tmp_path / 'p'}"}
    with pytest.raises(OpsError, match="no plan there"):
        runner("echo 'Error: no plan there' >&2; exit 1").show()


def test_two_inits_that_share_a_cache_wait_for_each_other(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.terraform.find_mirror", lambda registry: None)
    run = runner("echo in >> order; sleep 0.5; echo out >> order")
    others = [threading.Thread(target=run.init) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(timeout=300)
    assert (tmp_path / "order").read_text().split() == ["in", "out", "in", "out"]


# --- the end


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie, which only its parent can bury, counts)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def eventually(condition: Callable[[], bool], seconds: float = 300) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def short_graces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "INTERRUPT_GRACE_SECONDS", 1.0)
    monkeypatch.setattr(terraform, "TERMINATE_GRACE_SECONDS", 0.5)


def interrupt_when(line: str) -> Callable[[str], None]:
    """Does to the main thread what Ctrl-C does, as soon as that line is there."""

    def on_line(seen: str) -> None:
        if seen == line:
            signal.raise_signal(signal.SIGINT)

    return on_line


def test_ctrl_c_lets_terraform_write_its_state_and_then_ends_the_wait(
    runner: Runner, tmp_path: Path
) -> None:
    run = runner(
        "trap 'echo state > state; exit 1' INT\necho ready\nwhile :; do sleep 0.05; done",
        on_line=interrupt_when("ready"),
    )
    with pytest.raises(KeyboardInterrupt):
        run.apply()
    assert (tmp_path / "state").read_text() == "state\n"


@pytest.mark.usefixtures("short_graces")
def test_a_terraform_that_does_not_listen_is_ended_with_all_it_started(
    runner: Runner, tmp_path: Path
) -> None:
    """The provider is a process of its own, and outlives a killed Terraform if it is let."""
    deaf = "trap '' INT TERM; echo $$ > {}; {} while :; do sleep 0.05; done"
    program(tmp_path, "aws-provider", deaf.format("provider", ""))
    start = "./aws-provider & while [ ! -s provider ]; do sleep 0.02; done; echo ready;"
    run = runner(deaf.format("core", start), on_line=interrupt_when("ready"))
    with pytest.raises(KeyboardInterrupt):
        run.apply()
    for name in ("core", "provider"):
        pid = int((tmp_path / name).read_text())
        assert eventually(lambda pid=pid: gone(pid)), name  # type: ignore[misc]


def test_an_error_in_the_callback_ends_terraform_too(runner: Runner, tmp_path: Path) -> None:
    def on_line(line: str) -> None:
        raise ZeroDivisionError

    run = runner("echo $$ > core; echo ready; exec sleep 60", on_line=on_line)
    with pytest.raises(ZeroDivisionError):
        run.apply()
    assert eventually(lambda: gone(int((tmp_path / "core").read_text())))


def test_ctrl_c_at_the_keyboard_reaches_only_the_caller(tmp_path: Path) -> None:
    """A terminal signals its whole foreground group. Terraform must get one signal, not two:
    the second would make it give up without writing its state."""
    program(
        tmp_path,
        "terraform",
        "trap 'echo signal >> signals' INT\necho ready\nfor i in $(seq 20); do sleep 0.1; done",
    )
    caller = (
        "from pathlib import Path\n"
        "from ops.terraform import Terraform\n"
        "folder = Path(__import__('sys').argv[1])\n"
        "Terraform(folder, scratch=folder, binary=folder / 'terraform', environment={},\n"
        "          on_line=lambda line: print(line, flush=True)).apply()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", caller, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert "KeyboardInterrupt" in errors
    assert (tmp_path / "signals").read_text().split() == ["signal"]


# --- the real program, and the shared library that stands in for it


class _Interrupted(Exception):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("version", ["oldest", "newest"])
def test_the_library_behaves_as_the_program(tmp_path: Path, version: str) -> None:
    """Its exit codes, its output while it works, its data alone on standard output; interrupted, it
    writes the state and ends what it started."""
    (tmp_path / "main.tf").write_text(
        'resource "terraform_data" "quick" {}\n'
        'resource "terraform_data" "slow" {\n  depends_on = [terraform_data.quick]\n'
        '  provisioner "local-exec" {\n    command = "echo $$ > pid; exec sleep 60"\n  }\n}\n'
    )

    def until_it_sleeps(line: str) -> None:
        if "terraform_data.slow (local-exec): Executing" in line:
            assert eventually(lambda: (tmp_path / "pid").exists())
            raise _Interrupted

    run = Terraform(
        tmp_path, scratch=tmp_path, binary=library(version), environment={}, on_line=until_it_sleeps
    )
    assert run.plan(), "exit code 2"
    started = time.monotonic()
    with pytest.raises(_Interrupted):
        run.apply()
    assert time.monotonic() - started < 30
    assert eventually(lambda: gone(int((tmp_path / "pid").read_text())))
    resources = run.show()["values"]["root_module"]["resources"]
    assert {r["address"]: r.get("tainted", False) for r in resources} == {
        "terraform_data.quick": False,
        "terraform_data.slow": True,
    }
    with pytest.raises(OpsError, match=r"nonsense -no-color failed \(exit code 1\)"):
        run.run("nonsense")


def test_the_real_terraform_installs_the_provider_without_copying_it(tmp_path: Path) -> None:
    skip_without_terraform()
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.tf").write_text(
        "terraform {\n  required_providers {\n"
        '    aws = { source = "hashicorp/aws", version = "~> 5.0" }\n  }\n}\n'
        'variable "word" { type = string }\noutput "word" { value = var.word }\n'
    )
    run = Terraform(work, scratch=tmp_path, environment={}, variables={"word": "hello"})
    if run.mirror is None and os.environ.get("CI") != "true":
        pytest.skip("no provider mirror on this machine: it would be downloaded")
    run.init()
    run.apply()
    assert run.output() == {"word": "hello"}
    installed = (file for file in (work / ".terraform").rglob("*") if not file.is_dir())
    assert sum(file.lstat().st_size for file in installed) < 1_000_000


@pytest.mark.parametrize("found", [{"TF_REATTACH_PROVIDERS": '{"hashicorp/aws": 1}'}, {}])
def test_a_provider_runs_until_it_is_not_needed(
    runner: Runner, tmp_path: Path, found: dict[str, str]
) -> None:
    """And where it does not say how it is found, each run of Terraform starts one."""
    folder = tmp_path / ".terraform/providers/registry/hashicorp/aws/5.0/here"
    folder.mkdir(parents=True)
    said = [f"    {name}='{value}'" for name, value in found.items()]
    script = [f'echo "$$ $1 $AWS_ENDPOINT_URL" > {tmp_path}/started', "cat <<'END'", "Set", *said]
    ending = "exec sleep 60" if found else "exit 1"
    program(folder, "terraform-provider-aws_v5", "\n".join([*script, "END", ending]))
    with runner("exit 1").provider_running() as environment:
        pid, *seen = (tmp_path / "started").read_text().split()
        assert seen == ["-debug", "http://sandbox"]
        assert environment == found
    assert gone(int(pid))
