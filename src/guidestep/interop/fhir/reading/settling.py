"""Settles what counts of all that is stated of a field: the newest, if nothing speaks against it.

Whatever is not certain ends as unknown, with the resources that are to blame. Nothing here turns
a finding into its absence: a value is given only if a resource states it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from guidestep.assessment import DataAbsentReason, FieldSpec, Value
from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.problems import (
    ProblemCode,
    ReadingProblem,
    Severity,
    listed,
)
from guidestep.interop.fhir.reading.statements import Statement
from guidestep.interop.fhir.reading.times import UNDATED, When, days_before


class Settled(NamedTuple):
    """What counts of a field: a value or a reason with the statement that gives it, or neither."""

    value: Value = None
    reason: DataAbsentReason | None = None
    by: Statement | None = None


NOTHING = Settled()

UNREADABLE = Settled(None, None, None)
"""The newest statement could not be read: an older one does not count in its place."""


class Settling:
    """Settles one field after the other; what is settled is the baseline of what comes after."""

    def __init__(self, on: date, values: Mapping[str, Value]) -> None:
        self.on = on
        self.values = values
        self.problems: list[ReadingProblem] = []

    def settle(self, spec: FieldSpec, statements: Sequence[Statement]) -> Settled:
        """Return what counts of a field."""
        if len(statements) == 1:
            only = statements[0]
            source, when = only.source, only.when
            # What most fields have: one answer, of a day that counts.
            if (
                source.baseline is None
                and not only.lasting
                and not only.doubtful
                and source.take == "value"
                and when.last <= self.on
                and (source.within is None or days_before(self.on, source.within) <= when.first)
            ):
                return Settled(only.value, only.reason, only)
        return self.weighed(spec, statements)

    def weighed(self, spec: FieldSpec, statements: Sequence[Statement]) -> Settled:
        """Return what counts of a field, however many statements of whatever kind there are."""
        lasting: list[Statement] = []
        dated: list[Statement] = []
        days: list[Statement] = []
        stale: list[Statement] = []
        for statement in statements:
            if statement.lasting:
                lasting.append(statement)
            elif statement.source.take == "date":
                days.append(statement)
            else:
                self._sort(statement, dated, stale)
        found = self._newest(spec, dated)
        if found is None:
            return NOTHING
        unreadable = found is UNREADABLE
        if days:
            found = None if unreadable else self._with_days(spec, found, days)
        if found is not None and lasting:
            found = self._with_lasting(spec, found, lasting)
        if found is None:
            return NOTHING
        if found.value is None and found.reason is None and stale and not unreadable:
            self._stale(spec, stale)
        return found

    # --- time -------------------------------------------------------------------------------

    def _sort(self, statement: Statement, dated: list[Statement], stale: list[Statement]) -> None:
        """Put a statement with those that count, doubtful where its date is not exact."""
        source, when = statement.source, statement.when
        last = self._last_day(source)
        if last is None:
            message = "the day before which it counts is not known"
            hint = "record the start of the programme"
            kind: ProblemCode = "no-baseline-day"
            self._problem(kind, source.spec, [statement], message, hint, "information")
            return
        if when.first > last:
            return  # measured after the baseline: it is no baseline
        first = date.min if source.within is None else days_before(last, source.within)
        if when.last < first:
            stale.append(statement)
        elif when.first < first or (source.within is not None and when.last > last):
            message = f"it dates from {when}, and may not be of the time that counts"
            self._problem(
                "imprecise-date", source.spec, [statement], message, "record the day", "error"
            )
            dated.append(_doubted(statement))
        else:
            dated.append(statement)

    def _last_day(self, source: Source) -> date | None:
        if source.baseline is None:
            return self.on
        day = self.values.get(source.baseline.day)
        if isinstance(day, date):
            return day
        stage = source.baseline.stage
        at_visit = stage is not None and self.values.get(stage) == source.baseline.member
        return self.on if at_visit else None

    def _stale(self, spec: FieldSpec, stale: list[Statement]) -> None:
        newest = _newest_of(stale)
        days = newest[0].source.within
        limit = f"{days} day{'' if days == 1 else 's'}"
        message = f"the newest record dates from {newest[0].when}, more than {limit} before"
        self._problem("stale", spec, newest, message, "ask or examine again", "warning")

    # --- what counts ------------------------------------------------------------------------

    def _newest(self, spec: FieldSpec, dated: list[Statement]) -> Settled | None:
        """Return what the newest statements agree on; None where they do not."""
        if not dated:
            return NOTHING
        if len(dated) == 1:
            (only,) = dated
            return UNREADABLE if only.doubtful else Settled(only.value, only.reason, only)
        newest = _newest_of(dated)
        clear = [statement for statement in newest if not statement.doubtful]
        contents = {statement.content for statement in clear}
        if len(contents) > 1:
            self._conflict(spec, clear)
            return None
        if len(clear) < len(newest):
            return UNREADABLE  # it may say something else; it has been reported
        (content,) = contents
        return Settled(*content, by=_first(clear))

    def _with_days(self, spec: FieldSpec, found: Settled, days: list[Statement]) -> Settled | None:
        """Return a day on which something was done, if the records of it agree."""
        newest = _newest_of(days)
        if any(statement.doubtful for statement in newest):
            return None
        values = {statement.value for statement in newest}
        if found.value is not None:
            values.add(found.value)
        if len(values) > 1:
            self._conflict(spec, [*newest, *([found.by] if found.by else [])])
            return None
        return found if found.value is not None else Settled(values.pop(), by=_first(newest))

    def _with_lasting(
        self, spec: FieldSpec, found: Settled, lasting: list[Statement]
    ) -> Settled | None:
        """Return what findings that last leave of a value, or the value that they state."""
        deciding = [statement for statement in lasting if statement.decides]
        if found.value is None and deciding:
            members = [m for m in spec.members if all(m in s.among for s in deciding)]
            if not members:
                self._conflict(spec, deciding)
                return None
            if len(members) > 1:
                message = f"recorded, but not which of {', '.join(members)}"
                self._problem("undecided", spec, deciding, message, "record which", "error")
                return None
            found = Settled(members[0], by=_first(deciding))
        against = [
            statement
            for statement in lasting
            if found.value is not None and found.value not in statement.among
        ]
        if against:
            by = [found.by] if found.by is not None else []
            self._conflict(spec, [*by, *against], found.value)
            return None
        doubts = [statement for statement in lasting if statement.source.suggests]
        if found.value is None and doubts:
            message = f"{', '.join(doubts[0].among)} is possible by what else is recorded"
            self._problem("suggested", spec, doubts, message, "ask or examine", "warning")
        return found

    # --- problems ---------------------------------------------------------------------------

    def _conflict(self, spec: FieldSpec, by: list[Statement], value: Value = None) -> None:
        told = listed(sorted({f"{s.resource}: {_said(s)}" for s in by}), "; ")
        message = f"records contradict each other ({told})"
        hint = "find out which is right, and correct the other; until then it is unknown"
        self._problem("conflict", spec, by, message, hint, "error")

    def _problem(
        self,
        code: ProblemCode,
        spec: FieldSpec,
        by: list[Statement],
        message: str,
        hint: str,
        severity: Severity,
    ) -> None:
        resources = listed(sorted({statement.resource for statement in by}))
        text = f"{spec.label}: {message}"
        self.problems.append(ReadingProblem(code, spec.path, resources, text, hint, severity))


def _said(statement: Statement) -> str:
    if statement.lasting:
        return " or ".join(statement.among)
    value = statement.value if statement.reason is None else statement.reason.value
    dated = "" if statement.when == UNDATED else f" on {statement.when}"
    return f"{value}{dated}"


def _doubted(statement: Statement) -> Statement:
    return Statement(
        statement.source,
        statement.resource,
        statement.version,
        statement.when,
        statement.recorded,
        doubtful=True,
    )


def _newest_of(statements: list[Statement]) -> list[Statement]:
    """Return the statements that none of the others certainly follows.

    Days and instants of far places could follow each other in a circle; then all of them count.
    """
    if len(statements) == 1:
        return statements
    times = [statement.when for statement in statements]
    latest = max(when.first for when in times)
    latest_day = max((when.first for when in times if when.instant is None), default=date.min)
    instants = [when.instant for when in times if when.instant is not None]
    newest = max(instants, default=None)

    def counts(when: When) -> bool:
        # Instants are compared as instants, and anything else by the days that are written.
        if when.instant is None:
            return when.last >= latest
        return when.instant == newest and when.last >= latest_day

    return [statement for statement in statements if counts(statement.when)] or statements


def _first(statements: list[Statement]) -> Statement:
    """Return one of several that agree: always the same one, whatever their order."""
    return min(statements, key=lambda s: (s.when.first.toordinal() * -1, s.resource, s.recorded))
