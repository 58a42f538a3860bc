"""Runs the real Terraform (or OpenTofu) in a working folder, seeing only what it is given.

A developer's shell carries credentials, profiles, `TF_VAR_*` and `TF_CLI_ARGS` of real accounts.
None of them reaches a run: every `AWS_*`, `TF_*` and `TOFU_*` variable is dropped, and the caller
adds its own. Each run has its own CLI configuration file, so `~/.terraformrc` is not read either.

https://developer.hashicorp.com/terraform/cli/config/config-file
https://developer.hashicorp.com/terraform/cli/config/environment-variables
"""

import contextlib
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops import ROOT, files
from ops.errors import OpsError

PROVIDER = "hashicorp/aws"
PROVIDER_MAJOR_VERSION = 5

# What Terraform is given to end by itself after each signal, before the next, stronger one. It
# answers the first by finishing the API calls it is in and writing its state.
INTERRUPT_GRACE_SECONDS = 60.0
TERMINATE_GRACE_SECONDS = 5.0

BROUGHT_ALONG = ROOT / ".build" / "terraform" / "newest" / "terraform"
"""What the Makefile installs where there is no other."""

_REGISTRIES = {"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}


class TerraformMissing(OpsError):
    """Neither Terraform nor OpenTofu can be found."""


_REATTACH = "TF_REATTACH_PROVIDERS"

_OF_REAL_ACCOUNTS = ("AWS_", "TF_", "TOFU_")


def clean_environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without anything that names an AWS account or steers Terraform."""
    inherited = os.environ if inherited is None else inherited
    return {
        name: value for name, value in inherited.items() if not name.startswith(_OF_REAL_ACCOUNTS)
    }


def find_binary(environment: Mapping[str, str] | None = None) -> Path:
    """The program to run: `TERRAFORM_BINARY`, else `terraform`, else `tofu` on `PATH`, else ours.

    Raises:
        TerraformMissing: nothing is found, or `TERRAFORM_BINARY` names no program.
    """
    environment = os.environ if environment is None else environment
    chosen = environment.get("TERRAFORM_BINARY")
    for name in (chosen,) if chosen else ("terraform", "tofu"):
        found = shutil.which(name, path=environment.get("PATH"))
        if found:
            return Path(found).absolute()
    if chosen:
        raise TerraformMissing(
            f"TERRAFORM_BINARY is {chosen!r}, which is not a program: unset it, or name one"
        )
    if BROUGHT_ALONG.exists():
        return BROUGHT_ALONG
    raise TerraformMissing(
        "neither terraform nor tofu is on PATH: `make terraform` brings one along, or install "
        "Terraform >= 1.3 (https://developer.hashicorp.com/terraform/install), or name one in "
        "TERRAFORM_BINARY"
    )


def registry_of(binary: Path) -> str:
    """The registry that `hashicorp/aws` means to this program: OpenTofu has its own."""
    return _REGISTRIES["tofu" if "tofu" in binary.name else "terraform"]


def find_mirror(registry: str, candidates: Sequence[Path] | None = None) -> Path | None:
    """The first folder that holds a hashicorp/aws provider that will run here, or None.

    That is: of major version 5, for this system and processor, either unpacked
    (`<version>/<system>_<processor>/`) or as the registry's zip file.
    """
    machine = platform.machine().lower()
    processor = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    target = f"{sys.platform}_{processor}"
    for candidate in mirror_candidates() if candidates is None else candidates:
        folder = candidate / registry / PROVIDER
        patterns = (
            f"{PROVIDER_MAJOR_VERSION}.*/{target}/terraform-provider-aws*",
            f"terraform-provider-aws_{PROVIDER_MAJOR_VERSION}.*_{target}.zip",
        )
        with contextlib.suppress(OSError):
            if any(any(folder.glob(pattern)) for pattern in patterns):
                return candidate
    return None


def mirror_candidates() -> list[Path]:
    """Folders where machines keep a provider mirror, best first.

    First those that Terraform itself uses when no CLI configuration says otherwise (ours does say
    otherwise), then the children of two folders where the images of build machines put them.
    """
    home = Path.home()
    candidates = [
        home / ".terraform.d" / "plugins",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    for parent in (Path("/opt"), Path("/usr/local/share")):
        with contextlib.suppress(OSError):
            candidates += sorted(child for child in parent.iterdir() if child.is_dir())
    return candidates


def own_cli_config() -> Path | None:
    """The user's CLI configuration if it says where providers come from, or None."""
    named = os.environ.get("TF_CLI_CONFIG_FILE")
    home = Path.home()
    for file in (Path(named),) if named else (home / ".terraformrc", home / ".tofurc"):
        with contextlib.suppress(OSError):
            if "provider_installation" in file.read_text(encoding="utf-8", errors="replace"):
                return file.absolute()
    return None


def cli_config(registry: str, *, mirror: Path | None, cache: Path) -> str:
    """A CLI configuration that takes the provider from a mirror, or keeps what it downloads.

    Args:
        mirror: from `find_mirror`. Terraform links an unpacked provider from there, it does not
            copy its 700 MB; a zip file is unpacked for every working folder.
        cache: folder to keep downloads in, for want of a mirror. Must exist.
    """
    include = json.dumps([f"{registry}/{PROVIDER}"])
    mirrored = mirror and _quoted(mirror)
    template = files.template(Path(__file__).with_suffix(".rc.j2"))
    return template.render(mirror=mirrored, include=include, cache=_quoted(cache))


def _quoted(path: Path) -> str:
    return json.dumps(str(path)).replace("${", "$${").replace("%{", "%%{")


def changed(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a plan document changes: its `resource_changes` but for those that change nothing."""
    found = plan.get("resource_changes", ())
    return [each for each in found if each["change"]["actions"] not in (["no-op"], ["read"])]


class Terraform:
    """Terraform in one working folder.

    Every command runs in a process group of its own and is stopped when anything interrupts the
    wait for it: Ctrl-C, an error in `on_line`. It then gets SIGINT, as from the
    keyboard, so that it finishes the API calls it is in and writes its state; after 60 s SIGTERM;
    5 s later SIGKILL. A second Ctrl-C skips to the next signal.

    Args:
        scratch: existing folder for the CLI configuration.
        environment: what to add to the cleaned environment, for example `Sandbox.environment`.
        variables: input variables; anything but a string is passed as JSON. They travel in the
            environment, so no process list shows a password.
        on_line: gets every line of output, as it comes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        scratch: Path,
        environment: Mapping[str, str],
        variables: Mapping[str, object] | None = None,
        on_line: Callable[[str], None] = lambda line: None,
        binary: Path | None = None,
        mirror: Path | None = None,
    ) -> None:
        self.folder = folder
        self.binary = binary or find_binary()
        registry = registry_of(self.binary)
        self.mirror = mirror or find_mirror(registry)
        self._on_line = on_line
        # one cache for all runs of the checkout: a provider has 700 MB
        cache = ROOT / ".build" / "terraform-plugins"
        cache.mkdir(parents=True, exist_ok=True)
        self._lock = cache.with_suffix(".lock")
        config = own_cli_config() if self.mirror is None else None
        if config is None:
            config = scratch / "terraform.rc"
            config.write_text(cli_config(registry, mirror=self.mirror, cache=cache))
        self.environment = {
            **clean_environment(),
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            **{
                f"TF_VAR_{name}": value if isinstance(value, str) else json.dumps(value)
                for name, value in (variables or {}).items()
            },
            **environment,
        }

    def init(self, *arguments: str) -> None:
        """Installs the provider. Runs that download it do it one after the other."""
        with self._lock.open("w") as lock:
            if self.mirror is None:
                # Terraform's plugin cache is not safe for two at once.
                fcntl.flock(lock, fcntl.LOCK_EX)
            self.run("init", "-input=false", *arguments)

    @contextlib.contextmanager
    def provider_running(self) -> Iterator[dict[str, str]]:
        """An environment in which runs find the installed provider running.

        Otherwise every run starts one for each `provider` block, and has it describe itself anew:
        more than half of a run's work. One that runs has one region and one set of default tags,
        the last that it was told.

        https://developer.hashicorp.com/terraform/plugin/debugging
        """
        installed = self.folder / ".terraform" / "providers"
        (program,) = installed.glob(f"*/{PROVIDER}/*/*/terraform-provider-aws*")
        command = [str(program), "-debug"]
        with _started(command, self.folder, self.environment, subprocess.DEVNULL) as provider:
            assert provider.stdout is not None
            told = next((line for line in provider.stdout if f"{_REATTACH}=" in line), "")
            yield {_REATTACH: told.partition("=")[2].strip().strip("'")} if told else {}

    def plan(self, *arguments: str, out: Path | None = None, destroy: bool = False) -> bool:
        """Whether anything would change."""
        options = ["-input=false", "-detailed-exitcode", *arguments]
        options += [f"-out={out}"] if out else []
        options += ["-destroy"] if destroy else []
        return self.run("plan", *options, accept=(0, 2)) == 2

    def apply(self, *arguments: str, plan: Path | None = None) -> None:
        """Applies a plan file, or what is planned now, without asking."""
        options = ["-input=false", "-auto-approve", *arguments]
        self.run("apply", *options, *([str(plan)] if plan else []))

    def destroy(self, *arguments: str) -> None:
        """Destroys everything in the state, without asking."""
        self.run("destroy", "-input=false", "-auto-approve", *arguments)

    def output(self) -> dict[str, Any]:
        """The values of all outputs, the sensitive ones included."""
        outputs = json.loads(self._quietly("output", "-json"))
        return {name: output["value"] for name, output in outputs.items()}

    def show(self, plan: Path | None = None) -> dict[str, Any]:
        """A plan file, or the state, as data.

        https://developer.hashicorp.com/terraform/internals/json-format
        """
        text = self._quietly("show", "-json", *([str(plan)] if plan else []))
        shown: dict[str, Any] = json.loads(text)
        return shown

    def run(self, subcommand: str, *arguments: str, accept: Sequence[int] = (0,)) -> int:
        """Any sub-command, its output going line by line to `on_line`. Returns the exit code.

        Values of variables are in no error: they travel in the environment.
        """
        command = [str(self.binary), subcommand, "-no-color", *arguments]
        exit_code, lines = followed(command, self.folder, self.environment, self._on_line)
        if exit_code not in accept:
            raise _failed(command, exit_code, lines)
        return exit_code

    def _quietly(self, *arguments: str) -> str:
        """A sub-command whose standard output is data, not for `on_line`."""
        command = [str(self.binary), *arguments]
        with _started(command, self.folder, self.environment, subprocess.PIPE) as process:
            output, errors = process.communicate()
        if process.returncode:
            raise _failed(command, process.returncode, errors.splitlines())
        return output


def _failed(command: Sequence[str], exit_code: int, lines: Sequence[str]) -> OpsError:
    program = " ".join([Path(command[0]).name, *command[1:]])
    return OpsError(f"{program} failed (exit code {exit_code}): {error_text(lines)}")


def followed(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> tuple[int, list[str]]:
    """Run a command that tells `on_line` its output, line by line; its exit code and its lines."""
    lines: list[str] = []
    with _started(command, folder, environment, subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            on_line(lines[-1])
        return process.wait(), lines


@contextlib.contextmanager
def _started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stderr: int
) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own, with which it is stopped when this block is left."""
    process = subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        stop(process)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def error_text(lines: Sequence[str]) -> str:
    """Terraform's error messages out of its output, without their frames and line drawings."""
    plain = [line.lstrip("╷│╵ ").rstrip() for line in lines]
    starts = [number for number, line in enumerate(plain) if line.startswith("Error: ")]
    kept = plain[starts[0] :] if starts else [line for line in plain if line][-5:]
    return "\n".join(line for line in kept if line)


def stop(process: subprocess.Popen[str]) -> None:
    """Ends the process and its whole group. Harmless when it has ended."""
    for number, grace_seconds in (
        (signal.SIGINT, INTERRUPT_GRACE_SECONDS),
        (signal.SIGTERM, TERMINATE_GRACE_SECONDS),
        (signal.SIGKILL, TERMINATE_GRACE_SECONDS),
    ):
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + grace_seconds
        # An impatient second Ctrl-C must not leave the process behind.
        with contextlib.suppress(KeyboardInterrupt):
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
    # A provider that outlived Terraform is still in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
