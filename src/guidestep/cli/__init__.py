"""The command line. It needs the extra `[cli]`; without it, it says so and nothing else."""

from __future__ import annotations

import sys

EXTRA = ("typer", "rich")


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from guidestep.cli.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        sys.stderr.write("guidestep: the command line is an extra: pip install guidestep[cli]\n")
        raise SystemExit(2) from None
    raise SystemExit(run(sys.argv[1:]))


__all__ = ["main"]
