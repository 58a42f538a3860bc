"""`.venv/bin/python -m ops`: exercise the platform without an AWS account."""

import shlex
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from ops.errors import OpsError

OUTSIDE = (
    "error: {} is not installed for this Python: run `make install`, then in the checkout's folder "
    "`.venv/bin/python -m ops`"
)

try:
    import typer
    from rich.console import Console
except ModuleNotFoundError as missing:  # with any other Python than .venv's
    sys.exit(OUTSIDE.format(missing.name))

app = typer.Typer(
    help="Exercise the resilience platform.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True, soft_wrap=True)

STACK = "resilience-platform"

# What several commands have.
Stack = Annotated[str, typer.Argument(help="stack id of cdktf.json")]
AsJson = Annotated[bool, typer.Option("--json", help="for other programs")]
StackName = Annotated[str, typer.Option(help="stack id")]
OutputsFile = Annotated[
    str | None,
    typer.Option(
        help="file with `terraform output -json` or `cdktf output --outputs-file`, - for stdin",
        show_default="terraform output in cdktf.out/stacks/<stack>",
    ),
]
Url = Annotated[
    str | None, typer.Option(help="where requests go", show_default="output application_url")
]
InSandbox = Annotated[
    bool, typer.Option("--sandbox", help="rehearse: deploy to an emulated AWS first")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
TimeLimit = Annotated[
    int, typer.Option(min=30, max=7200, metavar="SECONDS", help="for each recovery, or the task")
]
DrillName = Literal[
    "task-failure", "health-check", "db-failover", "zone-failure", "zone-outage", "restore", "all",
    "undo",
]  # fmt: skip
Reports = Annotated[Path, typer.Option("--reports", help="folder of the reports", file_okay=False)]
REPORTS = Path("reports")


def _file(text: str) -> Any:
    return typer.Option(help=text, exists=True, dir_okay=False)


def _end(passed: bool) -> None:
    if not passed:
        raise typer.Exit(1)


@app.command()
def demo(stack: Stack = STACK) -> None:
    """Apply a stack to the sandbox, repair drift, destroy it."""
    from ops import demo as exercise

    exercise.run(stack, console)


@app.command()
def sandbox(port: Annotated[int, typer.Option(help="loopback port; 0: a free one")] = 0) -> None:
    """Start an emulated AWS and stay until Ctrl-C. Prints the environment to export."""
    from ops.sandbox.deployed import practice
    from ops.sandbox.server import Sandbox

    with (
        tempfile.TemporaryDirectory(prefix="opsfolio-") as scratch,
        Sandbox(port=port) as running,
        suppress(KeyboardInterrupt),
    ):
        for name, value in practice(running, Path(scratch)).items():
            print(f"export {name}={shlex.quote(value)}")
        print("unset AWS_PROFILE", flush=True)
        errors.print(
            "The sandbox runs until Ctrl-C; paste the lines above into another shell, and there "
            f"try `npx cdktf deploy {STACK}`."
        )
        threading.Event().wait()


@app.command("recovery-model")
def recovery_model(stack: Stack = STACK, json_output: AsJson = False) -> None:
    """Compute how long failures last, and which claims hold."""
    from ops.model import claims

    claims.run(stack, console, json_output=json_output)


@app.command("cost")
def monthly_cost(
    stack: Stack = STACK,
    prices: Annotated[bool, typer.Option("--prices", help="list what to compare with AWS")] = False,
) -> None:
    """Estimate the bill, and what each setting saves."""
    from ops.model import savings

    savings.prices(console) if prices else savings.run(stack, console)


@app.command()
def preflight(
    stack: Stack = STACK,
    run: Annotated[
        Literal["PROPOSED", "TRACKED", "DESTROY", "DRIFT"],
        typer.Option(
            case_sensitive=False, help="the kind of run to judge for", show_default="proposed"
        ),
    ] = "PROPOSED",
    aws: Annotated[bool, typer.Option("--aws", help="plan against AWS, not the sandbox")] = False,
    state: Annotated[Path | None, _file("state file to start from")] = None,
    plan: Annotated[Path | None, _file("judge this `terraform show -json`")] = None,
    infracost: Annotated[Path | None, _file("Infracost's JSON report")] = None,
) -> None:
    """Do what a Spacelift run would: hooks, plan, policies. Exit code 1 when one denies."""
    from ops.delivery import preflight as exercise

    _end(
        exercise.run(stack, console, kind=run, aws=aws, state=state, plan=plan, infracost=infracost)
    )


@app.command()
def drift(
    stack: Stack = STACK,
    sandbox: InSandbox = False,
    state: Annotated[
        Path | None,
        typer.Option(
            help="state file to compare with",
            show_default="where the stack keeps it",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """List what was changed in AWS by hand. Exit code 2 with a list."""
    from ops.delivery import drift as search

    if search.run(stack, console, sandbox=sandbox, state=state):
        raise typer.Exit(2)


@app.command()
def drill(
    name: Annotated[
        DrillName,
        typer.Argument(
            metavar="NAME",
            help="all runs one after the other; undo takes away what an interrupted drill left",
        ),
    ],
    stack: StackName = STACK,
    outputs: OutputsFile = None,
    url: Url = None,
    sandbox: InSandbox = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    time_limit: TimeLimit = 900,
    reports: Reports = REPORTS,
    objectives: Annotated[
        Literal["model", "original"] | None,
        typer.Option(
            help="what the exit code is about: what the recovery model computes, or what the "
            "original promises",
            show_default="original; model with --sandbox",
        ),
    ] = None,
) -> None:
    """Break a deployment on purpose, measure its recovery. Exit code 1 if it is too slow."""
    from ops.drills import commands

    options = commands.Options(
        stack, outputs, url, sandbox, dry_run, yes, time_limit, reports, objectives
    )
    if name == "undo":
        _end(commands.undo_left(options, console))
    else:
        _end(commands.drill(name, options, console))


@app.command()
def load(
    requests: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="how many")] = 10_000,
    concurrency: Annotated[
        int, typer.Option(min=1, max=1000, metavar="NUMBER", help="how many at a time")
    ] = 100,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="for each")] = 30,
    path: Annotated[str, typer.Option(help="what is asked for", show_default="as drills do")] = "",
    stack: StackName = STACK,
    outputs: OutputsFile = None,
    url: Url = None,
    sandbox: InSandbox = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    time_limit: TimeLimit = 900,
    reports: Reports = REPORTS,
) -> None:
    """Send many requests to a deployment. Exit code 1 if more than 1 % fail."""
    from ops.drills import commands

    options = commands.Options(stack, outputs, url, sandbox, dry_run, yes, time_limit, reports)
    _end(commands.load(options, console, requests, concurrency, timeout, path))


@app.command()
def task(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="behind --")],
    stack: StackName = STACK,
    outputs: OutputsFile = None,
    time_limit: TimeLimit = 900,
) -> None:
    """Run a command in a new task of the service."""
    from ops.drills import commands

    options = commands.Options(stack, outputs, None, False, False, True, time_limit, REPORTS)
    raise typer.Exit(commands.task(options, console, command))


@app.command()
def report(reports: Reports = REPORTS) -> None:
    """Collect the drills' reports: one page, and JUnit XML. Exit code 1 if one failed."""
    from ops.drills import commands

    _end(commands.overview(console, reports))


@app.command("verify-cleanup")
def verify_cleanup(
    project: Annotated[str, typer.Option(help="project_name of the stack")] = STACK,
    region: Annotated[
        str | None, typer.Option(help="AWS region", show_default="the project's in cdktf.json")
    ] = None,
    json_output: AsJson = False,
) -> None:
    """List what a destroy has left in AWS; changes nothing. Exit code 1 with a list."""
    from ops import cleanup

    _end(cleanup.run(project, region, console, json_output=json_output))


@app.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="write nothing, fail if stale")] = False,
) -> None:
    """Write the tables in *.md that are made from the code."""
    from ops import docs as writer

    writer.run(console, check=check)


@app.command()
def bench(
    runs: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="of each program")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="one run, warm caches only")] = False,
) -> None:
    """Compare synth times: fast and stock, on both engines. Takes about 12 minutes."""
    from ops import bench as benchmark

    benchmark.run(console, errors, runs=runs, quick=quick)


@app.command("deployer-policy")
def deployer_policy() -> None:
    """Derive docs/deployer-policy*.json. Records what Terraform calls; takes half an hour."""
    from ops.delivery import recording

    recording.run(console)


def main() -> int:
    """The exit code: 0, 1 with the reason on stderr, 2 for wrong usage, 130 after Ctrl-C."""
    # A polite kill ends what was started, as Ctrl-C does; and Ctrl-C does so too in a background
    # job, which a shell starts with SIGINT ignored.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the last: a closed terminal
        signal.signal(number, signal.default_int_handler)
    try:
        code = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
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

    if isinstance(error, ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("ops"):
        print(OUTSIDE.format(error.name), file=sys.stderr)
        return 1
    if not isinstance(error, (OpsError, OSError)):
        raise error
    errors.print("error:", str(error), markup=False, highlight=False)
    return 1


if __name__ == "__main__":
    sys.exit(main())
