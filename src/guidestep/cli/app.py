"""The commands put together, and what happens when one of them fails."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from guidestep.cli import (
    check,
    cohort,
    diff,
    fhir_out,
    log,
    new,
    recommend,
    schema,
    serve,
    show,
    synth,
    verify,
)
from guidestep.cli.output import Failure, complain

BUG = 70
"""The exit code for a fault of ours, as in BSD's sysexits.h; bad input is 2."""

INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + 13

# Typer brings its own Click or uses the installed one, by its version; this is the error of both.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="guidestep",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(recommend.recommend)
app.command()(check.check)
app.command()(show.show)
app.command()(schema.schema)
app.command()(new.new)
app.command()(synth.synth)
app.command()(cohort.cohort)
app.command()(verify.verify)
app.command()(diff.diff)
app.add_typer(log.app, name="log")
app.command()(serve.serve)
app.add_typer(fhir_out.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"guidestep {version('guidestep')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def guidestep(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Clinical guidelines as data: assessment in, cited protocol step out.

    Exit codes: 0 success, 1 a guideline at fault (check, verify) or versions that differ (diff),
    2 bad input or usage.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; whatever happens, there is no traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that does not know a character shows its code, instead of an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        # Not `main`: what it makes of interrupts and pipes differs with the version of Typer.
        command = typer.main.get_command(app)
        with command.make_context("guidestep", list(arguments)) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        return _flushed(end.exit_code)
    except Failure as failure:
        complain(str(failure))
        return failure.code
    except (BrokenPipeError, SystemExit):  # the second is what Rich makes of the first
        return _closed()
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return INTERRUPTED
    except _UsageError as error:
        complain(_usage(error))
        return 2
    except Exception as error:  # a bug: one line, unless somebody wants to find it
        if os.environ.get("GUIDESTEP_TRACEBACK"):
            raise
        advice = "set GUIDESTEP_TRACEBACK=1 to see where"
        complain(f"internal error, {advice}: {type(error).__name__}: {error}")
        return BUG
    return 0


def _usage(error: Exception) -> str:
    """Return what is wrong with the words of a command, as one line."""
    context = getattr(error, "ctx", None)
    command = "guidestep" if context is None else context.command_path
    message = str(getattr(error, "format_message", error.__str__)())
    message = " ".join(message.replace("Value error, ", "").split()).rstrip(".")
    return f"{message[:1].lower()}{message[1:]}; try '{command} --help'"


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _closed()
    return code


def _closed() -> int:
    """Leave quietly: nobody reads on, and Python must not complain when it closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
