"""`guidestep log`: is the log whole, what is in it, and what does it say of the rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.table import Table
from rich.text import Text

from guidestep.assessment.errors import named
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, console, counted, say
from guidestep.guideline import Guideline, shipped

if TYPE_CHECKING:
    from guidestep.decision_log import DecisionLog, Head
    from guidestep.decision_log.chain import Row
    from guidestep.decision_log.overrides import Rate
    from guidestep.decision_log.replay import Difference, Tally

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

LogOption = Annotated[
    str | None,
    typer.Option(
        "--log",
        metavar="URL|FILE",
        envvar="GUIDESTEP_LOG",
        show_envvar=False,
        help="sqlite:///FILE or postgresql+psycopg://...; else GUIDESTEP_LOG.",
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        envvar="GUIDESTEP_LOG_KEY_FILE",
        show_envvar=False,
        help="The key of a log that has one; else GUIDESTEP_LOG_KEY_FILE.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.callback(invoke_without_command=True)
def log(context: typer.Context) -> None:
    """Verify, replay and read a log of decisions.

    Exit codes: 0 success, 1 a log at fault (verify) or decisions that differ (replay), 2 bad usage
    or a log that cannot be read.
    """
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit(2)


@app.command()
def verify(
    url: LogOption = None,
    key_file: KeyOption = None,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="HASH:SEQ|FILE", help="A head that was kept elsewhere, or the file it is in."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that no record was changed, moved, added or lost; say which was the first.

    Prints the head of the log: kept elsewhere and given back with --head, it shows that no record
    was cut off the end.
    """
    with _opened(url, key_file) as opened:
        from guidestep.decision_log.verification import verify as verified

        anchor = None if head is None else _head(head)
        found = verified(opened, anchor=anchor)
    if as_json:
        faults = [
            {"code": f.code, "sequence": f.sequence, "message": f.message} for f in found.faults
        ]
        say(
            json.dumps(
                {
                    "holds": found.holds,
                    "records": found.records,
                    "head": str(found.head),
                    "faults": faults,
                    "count": found.count,
                }
            )
        )
    else:
        for fault in found.faults:
            say(str(fault))
        if found.count > len(found.faults):
            say(f"and {found.count - len(found.faults)} more")
        told = "the chain holds" if found.holds else counted(found.count, "fault")
        say(f"{counted(found.records, 'record')}, {told}")
        say(f"head {found.head}")
    if not found.holds:
        raise typer.Exit(1)


@app.command()
def replay(
    url: LogOption = None,
    key_file: KeyOption = None,
    guideline: Annotated[
        str | None,
        typer.Option(metavar="PATH|ID", help="Replay its decisions; else those of shipped ones."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make past decisions again from their kept inputs, and print those that differ.

    Another answer by another version of the guideline is a change; another answer by the same
    version is alarming. With --json each difference is a line, and the last line is the summary.
    """
    chosen = None if guideline is None else guideline_of(guideline)
    with _opened(url, key_file) as opened:
        from guidestep.decision_log.replay import Replay

        made = Replay(opened, _source(chosen))
        for difference in made.differences():
            say(json.dumps({"difference": difference.to_dict()}) if as_json else _told(difference))
    if as_json:
        say(json.dumps({"summary": made.tally.to_dict()}))
    else:
        _summarize(made.tally)
    if made.tally.different:
        raise typer.Exit(1)


def _source(chosen: Guideline | None) -> Callable[[str], Guideline | None]:
    def source(id_: str) -> Guideline | None:
        if chosen is not None:
            return chosen if chosen.id == id_ else None
        return guideline_of(id_) if id_ in shipped() else None

    return source


def _told(difference: Difference) -> str:
    cause = "the same guideline, ALARMING" if difference.alarming else "another version"
    lines = [f"record {difference.sequence}, {difference.time}, {difference.guideline}: {cause}"]
    return "\n  ".join(_printable(line) for line in [*lines, *map(str, difference.parts)])


def _summarize(tally: Tally) -> None:
    say(
        f"{counted(tally.decisions, 'decision')}: {tally.same} the same, {tally.different} differ"
        f" ({tally.alarming} with the same guideline)"
    )
    if tally.another_version:
        say(f"{tally.another_version} asked of another version of the guideline")
    if tally.without_input:
        say(f"{tally.without_input} not replayed: the input was not kept")
    if tally.not_replayed:
        say(f"{tally.not_replayed} not replayed: of another guideline; see --guideline")


@app.command()
def rates(
    url: LogOption = None,
    key_file: KeyOption = None,
    guideline: Annotated[
        str | None, typer.Option(metavar="ID", help="Only decisions of this guideline.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Count how often cards were accepted and overridden, by rule and by outcome.

    The rate is of the cards that were answered, with its 95 % interval (Wilson). A card that was
    ignored is never reported: it counts as shown.
    """
    with _opened(url, key_file) as opened:
        from guidestep.decision_log.overrides import rates as counted_rates

        found = counted_rates(opened, guideline=guideline)
    if as_json:
        say(json.dumps(found.to_dict(), ensure_ascii=False))
        return
    console().print(_table("Rules", found.rules))
    console().print()
    console().print(_table("Outcomes", found.outcomes))
    if found.unknown_cards:
        say(f"\n{found.unknown_cards} with feedback to a card that the log does not know")


def _table(title: str, found: Mapping[tuple[str, str], Rate]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    # A name that is cut or folded cannot be pasted.
    table.add_column("Id", no_wrap=True, overflow="ignore")
    for name in ("Shown", "Accepted", "Overridden", "No answer", "Rate", "95 %"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Reasons")
    several = len({guideline for guideline, _ in found}) > 1
    for (guideline, id_), rate in found.items():
        interval, share = rate.interval, rate.override_rate
        cells = (
            f"{guideline}/{id_}" if several else id_,
            str(rate.shown),
            str(rate.accepted),
            str(rate.overridden),
            str(rate.unanswered),
            "" if share is None else f"{share:.0%}",
            "" if interval is None else f"{interval[0]:.0%} to {interval[1]:.0%}",
            ", ".join(f"{reason} {count}" for reason, count in rate.reasons.most_common()),
        )
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    return table


@app.command()
def export(
    url: LogOption = None,
    key_file: KeyOption = None,
    form: Annotated[
        str, typer.Option("--format", metavar="csv|ndjson", help="How the rows are written.")
    ] = "csv",
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Add the cards of which nothing was reported.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else standard output.")
    ] = None,
) -> None:
    """Write what was advised, what was done with it, by whom, when and where.

    In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    if form not in ("csv", "ndjson"):
        raise Failure(f"--format is csv or ndjson, not {named(form)}")
    with _opened(url, key_file) as opened:
        from guidestep.decision_log.export import interventions, write_csv, write_ndjson

        rows = interventions(opened, unanswered=unanswered)
        with _stream(output) as stream:
            (write_csv if form == "csv" else write_ndjson)(rows, stream)


@contextmanager
def _stream(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise Failure(
            f"{named(str(output))} cannot be written: {error.strerror or error}"
        ) from None


@app.command()
def show(
    record: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECORD]", help="The number or id of a record, or the id of a card."
        ),
    ] = None,
    url: LogOption = None,
    key_file: KeyOption = None,
    last: Annotated[
        int, typer.Option(min=1, max=100_000, help="Without a record: list so many of the last.")
    ] = 10,
    with_input: Annotated[
        bool, typer.Option("--input", help="Show the kept input, a patient's data, too.")
    ] = False,
    head: Annotated[bool, typer.Option("--head", help="Print the head of the log alone.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the last records, or show one with all it holds but the kept input."""
    with _opened(url, key_file) as opened:
        from guidestep.decision_log import browsing

        if head:
            say(str(opened.head()))
            return
        rows = browsing.last(opened, last) if record is None else browsing.find(opened, record)
        if record is not None and not rows:
            raise Failure(f"the log has no record and no card {named(record)}")
        for row in rows:
            if as_json:
                say(json.dumps(browsing.plain(row, with_input=with_input), ensure_ascii=False))
            elif record is None:
                say(_line(row))
            else:
                _print(browsing.plain(row, with_input=with_input))


def _line(row: Row) -> str:
    said = row["outcome"] if row["kind"] == "decision" else f"{row['response']} {row['card']}"
    about = row["guideline"] or ("" if row["decision"] else "(unknown card)")
    line = f"{row['sequence']:>6}  {row['time']}  {row['kind']}  {said}  {about}"
    return _printable(line).rstrip()


def _print(record: Mapping[str, object]) -> None:
    width = max(len(name) for name in record)
    for name, value in record.items():
        plain = value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)
        say(f"{name:<{width}}  {_printable(str(plain))}")
    say()


def _printable(text: str) -> str:
    """Return a text that does nothing to the terminal: clients wrote parts of it."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


@contextmanager
def _opened(url: str | None, key_file: Path | None) -> Iterator[DecisionLog]:
    if not url:
        raise Failure("say which log: --log URL, or set GUIDESTEP_LOG")
    try:
        from guidestep.decision_log import DecisionLog, LogError
    except ModuleNotFoundError as error:
        if error.name != "sqlalchemy":
            raise
        raise Failure("the decision log is an extra: pip install 'guidestep[log]'") from None
    try:
        with DecisionLog.open(url, key=_key(key_file), create=False) as opened:
            yield opened
    except LogError as error:
        raise Failure(str(error)) from None


def _key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise Failure(f"{named(str(path))} cannot be read: {error.strerror or error}") from None
    if len(key) < 16:
        raise Failure(f"{named(str(path))} holds no key: at least 16 bytes are needed")
    return key


def _head(text: str) -> Head:
    from guidestep.decision_log import Head

    path = Path(text)
    try:
        return Head.read(path.read_text(encoding="ascii") if path.is_file() else text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Failure(f"--head: {reason}") from None
