"""The CDK for Terraform app: one platform stack for each entry of `context.stacks` in cdktf.json.

Run by `cdktf synth`, or directly: `python main.py [--stack ID]` writes the same files.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from constructs_lib.settings import SettingsError, StackSettings, load_stacks

ROOT = Path(__file__).resolve().parent


def chosen_stacks(only: str | None) -> dict[str, StackSettings]:
    """The stacks to build: those of cdktf.json, or the one asked for."""
    stacks = load_stacks(ROOT / "cdktf.json")
    if only is None:
        return stacks
    if only not in stacks:
        raise SettingsError(
            f"stack {only!r} is not in cdktf.json, which declares {', '.join(stacks)}; "
            "choose one of them or add it under context.stacks"
        )
    return {only: stacks[only]}


def main() -> int:
    """Synthesize; one line on stderr and 2 when a setting cannot be used, 1 when synth fails."""
    parser = argparse.ArgumentParser(description="Synthesize the stacks of cdktf.json.")
    parser.add_argument("--stack", metavar="ID", help="synthesize this stack only")
    try:
        stacks = chosen_stacks(parser.parse_args().stack)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    node = os.environ.get("JSII_NODE", "node")
    if shutil.which(node) is None:
        print(
            f"error: synth needs Node.js, and {node!r} is no program; unset JSII_NODE to use the "
            "one that Pipfile.lock installs",
            file=sys.stderr,
        )
        return 1

    # Imported late: a wrong setting is reported without waiting for Node.js to start.
    from cdktf import App
    from jsii.errors import JSIIError

    from constructs_lib.platform import ResiliencePlatform

    try:
        app = App(outdir=os.environ.get("CDKTF_OUTDIR") or str(ROOT / "cdktf.out"))
        for stack_id, settings in stacks.items():
            ResiliencePlatform(app, stack_id, settings=settings)
        app.synth()
    except (RuntimeError, JSIIError) as error:  # from the JavaScript side, and from jsii itself
        if "JSII_DEBUG" in os.environ:
            raise
        reason = str(error).strip().splitlines()[0]
        print(f"error: synth failed: {reason} (JSII_DEBUG=1 shows all of it)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
