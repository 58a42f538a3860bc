"""`python -m ops`: exercise the platform without an AWS account."""

import shlex
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

app = typer.Typer(
    help="Exercise the resilience platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True, soft_wrap=True)

STACK = "resilience-platform"


@app.command()
def demo(
    stack: Annotated[str, typer.Argument(help="stack id of cdktf.json")] = STACK,
) -> None:
    """Apply a stack to the sandbox, let it drift, repair it, destroy it."""
    from ops import demo as exercise

    exercise.run(stack, console)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="loopback port; 0: a free one")] = 0,
) -> None:
    """Start an emulated AWS and stay until Ctrl-C; prints the environment to export."""
    from ops.sandbox import Sandbox

    with Sandbox(port=port) as running, suppress(KeyboardInterrupt):
        for name, value in running.environment.items():
            print(f"export {name}={shlex.quote(value)}")
        print("unset AWS_PROFILE", flush=True)
        errors.print("The sandbox runs until Ctrl-C; paste the lines above into another shell.")
        threading.Event().wait()


@app.command("recovery-model")
def recovery_model(
    stack: Annotated[str, typer.Argument(help="stack id of cdktf.json")] = STACK,
    json_output: Annotated[bool, typer.Option("--json", help="for other programs")] = False,
) -> None:
    """Compute how long each failure lasts, and which claims that leaves."""
    from ops import recovery

    recovery.run(stack, console, json_output=json_output)


@app.command()
def preflight(
    stack: Annotated[str, typer.Argument(help="stack id of cdktf.json")] = STACK,
    run: Annotated[
        Literal["PROPOSED", "TRACKED", "DESTROY"],
        typer.Option(case_sensitive=False, help="the kind of run to judge for"),
    ] = "PROPOSED",
    aws: Annotated[bool, typer.Option("--aws", help="plan against AWS, not the sandbox")] = False,
    state: Annotated[
        Path | None, typer.Option(help="state file to start from", exists=True, dir_okay=False)
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="judge this `terraform show -json`", exists=True, dir_okay=False),
    ] = None,
    infracost: Annotated[
        Path | None, typer.Option(help="Infracost's JSON report", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Do what a Spacelift run would: hooks, plan, policies. Exit code 1 when one denies."""
    from ops import preflight as exercise

    passed = exercise.run(
        stack,
        console,
        run_type=run,
        aws=aws,
        state=state,
        plan=plan,
        infracost=infracost,
    )
    if not passed:
        raise typer.Exit(1)


@app.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="write nothing, fail if stale")] = False,
) -> None:
    """Write the tables in README.md and docs/ that are made from the code."""
    from ops import docs as writer

    writer.run(console, check=check)


@app.command("deployer-policy")
def deployer_policy() -> None:
    """Derive docs/deployer-policy*.json from what Terraform calls; takes half an hour."""
    from ops import deployer

    deployer.run(console)


def main() -> int:
    """The exit code: 0, 1 with the reason on stderr, 2 for wrong usage, 130 after Ctrl-C."""
    # A polite kill ends what was started, as Ctrl-C does; and Ctrl-C does so too in a background
    # job, which a shell starts with SIGINT ignored.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        errors.print("stopped", style="yellow")
        return 130
    except typer.Exit as error:
        return error.exit_code
    except Exception as error:
        return _explain(error)
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    """One line for an error that a user can act on; anything else is a defect and raises."""
    from typer._click.exceptions import ClickException  # typer has a click of its own

    from ops.demo import StepFailed
    from ops.docs import DocsError
    from ops.policies import PolicyError
    from ops.preflight import PreflightError
    from ops.sandbox import SandboxInUse
    from ops.synthesis import SynthesisError
    from ops.terraform import CommandFailed, TerraformMissing

    if isinstance(error, typer.Abort):
        errors.print("stopped", style="yellow")
        return 130
    if isinstance(error, ClickException):
        error.show()
        return error.exit_code
    known = (
        *(StepFailed, CommandFailed, TerraformMissing, SandboxInUse),
        *(SynthesisError, DocsError, PolicyError, PreflightError, OSError),
    )
    if not isinstance(error, known):
        raise error
    errors.print("error:", str(error), markup=False, highlight=False)
    return 1


if __name__ == "__main__":
    sys.exit(main())
