"""The CDK for Terraform app: one platform stack for each entry of `context.stacks` in cdktf.json.

Where cdktf.json has `context.spacelift`, one more stack, `spacelift`, delivers them.

Run by `cdktf synth`, or directly: `python main.py [--stack ID]` writes the same files.
"""

import argparse
import gc
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from constructs_lib import engine, fast_synth
from constructs_lib.settings import SettingsError, load_stacks
from spacelift.settings import STACK_ID as SPACELIFT
from spacelift.settings import load_spacelift

ROOT = Path(__file__).resolve().parent


def settings_file() -> Path:
    """cdktf.json, or the file in its place that CDKTF_JSON names: the tests have their own."""
    return Path(os.environ.get("CDKTF_JSON") or ROOT / "cdktf.json")


def chosen(declared: Iterable[str], only: str | None) -> list[str]:
    """The ids of the stacks to build: those declared, or the one asked for."""
    stack_ids = list(declared)
    if only is None:
        return stack_ids
    if only not in stack_ids:
        raise SettingsError(
            f"stack {only!r} is not in cdktf.json, which declares {', '.join(stack_ids)}; "
            "choose one of them or add it under context.stacks"
        )
    return [only]


def link_variables(stack: Path) -> None:
    """Show Terraform in a stack's folder the variable files that `cdktf` passes to it.

    Those are terraform.tfvars and *.auto.tfvars beside cdktf.json, which apply to every stack.
    Without the links `terraform -chdir=<folder> plan` would plan with other values than
    `cdktf deploy` applied.

    Raises:
        SettingsError: the folder holds a file of that name, which somebody wrote there.
    """
    for link in stack.iterdir():
        if link.is_symlink():
            link.unlink()
    for file in (*ROOT.glob("terraform.tfvars"), *ROOT.glob("*.auto.tfvars")):
        if (link := stack / file.name).exists():
            raise SettingsError(
                f"{link} is in the way of a link to the {file.name} beside cdktf.json, which "
                "applies to every stack; move its values there, and delete it"
            )
        link.symlink_to(os.path.relpath(file, stack.resolve()))


def main() -> int:
    """Synthesize; one line on stderr and 2 when a setting cannot be used, 1 when synth fails."""
    parser = argparse.ArgumentParser(description="Synthesize the stacks of cdktf.json.")
    parser.add_argument("--stack", metavar="ID", help="synthesize this stack only")
    try:
        stacks = load_stacks(settings_file())
        delivery = load_spacelift(settings_file(), stacks)
        wanted = chosen([*stacks, *([SPACELIFT] if delivery else [])], parser.parse_args().stack)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    problem, node = engine.problem(), os.environ.get("JSII_NODE", "node")
    if not problem and shutil.which(node) is None:
        problem = (
            f"synth needs Node.js, and {node!r} is not a program; unset JSII_NODE to use "
            "the one that Pipfile.lock installs"
        )
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1

    # Imported late: a wrong setting is reported without waiting for Node.js to start.
    from cdktf import App
    from jsii.errors import JSIIError

    from constructs_lib.platform import ResiliencePlatform

    outdir = os.environ.get("CDKTF_OUTDIR") or str(ROOT / "cdktf.out")
    new = not os.path.exists(outdir)
    try:
        app = App(outdir=outdir)
        for stack_id, settings in stacks.items():
            if stack_id in wanted:
                ResiliencePlatform(app, stack_id, settings=settings)
        if delivery and SPACELIFT in wanted:
            from spacelift.stack import SpaceliftStack

            notes = SpaceliftStack(app, stacks=stacks, settings=delivery).notes
            for note in notes if wanted == [SPACELIFT] else ():  # the others' users cannot act
                print(f"note: {note}", file=sys.stderr)
        app.synth()
        for stack_id in wanted:
            link_variables(Path(outdir, "stacks", stack_id))
    except SettingsError as error:  # what only the finished stack shows
        if new:  # App() has made it
            shutil.rmtree(outdir, ignore_errors=True)
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, JSIIError) as error:  # from the JavaScript side, and from jsii itself
        if "JSII_DEBUG" in os.environ:
            raise
        reason = str(error).strip().splitlines()[0]
        print(f"error: synth failed: {reason} (JSII_DEBUG=1 shows all of it)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if fast_synth.activate():
        gc.disable()  # all that is made is needed to the end, which comes in a second or two
    sys.exit(main())
