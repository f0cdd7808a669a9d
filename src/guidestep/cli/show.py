"""`guidestep show`: what is in a guideline, and what one of its rules says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, console, say
from guidestep.guideline import Guideline
from guidestep.language.rulebase import (
    Always,
    Never,
    Progress,
    Progression,
    Rulebase,
    Start,
    StepBack,
    UnchangedBy,
    Withhold,
)
from guidestep.outcome import Family

_TITLES = {
    Family.RED_FLAG: "Red flags",
    Family.REFERRAL: "Referrals",
    Family.ELIGIBILITY: "Eligibility",
    Family.REQUIREMENT: "Requirements",
    Family.CAUTION: "Cautions",
    Family.CONFLICT: "Conflicts",
    Family.SURVEILLANCE: "Surveillance",
}

_FORMS = {Always: "always", Never: "never", UnchangedBy: "unchanged by"}


def show(
    id_: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="A rule, definition, step, assumption, citation or property."
        ),
    ] = None,
    guideline: Annotated[
        str | None, typer.Option(metavar="PATH|ID", help="A guideline's folder or id.")
    ] = None,
) -> None:
    """List the rules, steps and assumptions of a guideline, or say what one of them means."""
    asked = guideline_of(guideline)
    if id_ is not None:
        say(_prose(asked.base, id_))
        return
    say(f"{asked.title}\n{asked.id} {asked.version}, {asked.base.entry.review.status}")
    paper = console()
    for table in _tables(asked):
        if table.row_count:
            paper.print()
            paper.print(table)


def _prose(base: Rulebase, id_: str) -> str:
    from guidestep.explain.description import describe

    try:
        return describe(base, id_)
    except LookupError as error:
        raise Failure(f"{error.args[0]}; 'guidestep show' lists what there is") from None


def _tables(asked: Guideline) -> Iterator[Table]:
    base = asked.base
    for family, title in _TITLES.items():
        rules = [rule for rule in base.rules.values() if rule.family is family]
        yield _table(
            title,
            ("Leads to", "Says"),
            ((rule.id, rule.then or "caution", rule.statement) for rule in rules),
        )
    yield _table(
        "Progression",
        ("Moves", "Says"),
        ((move.id, _move(move), move.statement) for move in base.progressions),
    )
    yield _table(
        "Steps",
        ("Track", "Is"),
        ((step.id, step.track or "", step.title) for step in base.steps.values()),
    )
    yield _table(
        "Assumptions",
        ("Version", "Says"),
        ((id_, str(a.entry.version), a.entry.title) for id_, a in base.assumptions.items()),
    )
    yield _table(
        "Properties",
        ("Form", "Says"),
        ((p.id, _FORMS[type(p.claim)], p.statement) for p in base.properties),
    )
    yield _table(
        "Errors of measurement",
        ("Of", "Says"),
        ((m.entry.id, m.entry.field, m.entry.statement) for m in base.measurements),
    )


def _table(title: str, columns: tuple[str, str], rows: Iterable[tuple[str, str, str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    # A name that is cut or folded cannot be pasted.
    table.add_column("Id", no_wrap=True, overflow="ignore")
    table.add_column(columns[0], no_wrap=True)
    table.add_column(columns[1])
    for row in rows:
        # As Text, so that brackets in a statement are not taken for markup.
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _move(progression: Progression) -> str:
    match progression.move:
        case Start(step=step):
            return f"start {step}"
        case Progress(origin=origin, to=to):
            return f"{origin} to {to}"
        case StepBack(origin=origin, to=to):
            return f"{origin} back to {to}"
        case Withhold(track=track):
            return f"withhold {track}"
