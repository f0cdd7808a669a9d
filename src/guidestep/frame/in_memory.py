"""The columns of an answer for a cohort in memory, worked out on bits.

The same columns as `guidestep.frame.answers` writes, value for value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from guidestep.engines.frame import LazyFrame
from guidestep.engines.frame.digits import Words, any_true, counted, first_true, write_numbers
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.held import Block, Held, in_threads, packed
from guidestep.engines.frame.leaves import Leaves
from guidestep.engines.frame.numbers import read
from guidestep.engines.frame.steps import Condition, Filled
from guidestep.engines.frame.words import WordEngine
from guidestep.frame.answers import BITS
from guidestep.frame.columns import NotAfter, Reading, Short, Within
from guidestep.frame.draft import Choice
from guidestep.frame.report import Report

Digits: TypeAlias = Callable[[Mapping[int, Words]], list[Words]]
"""Gives the binary digits of a column, the lowest first, from the words of the steps."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of numbers; with `texts`, of the text with that number, where `some` is true."""

    digits: Digits
    dtype: type[np.integer[Any]]
    texts: tuple[str, ...] = ()
    some: Callable[[Mapping[int, Words]], Words] | None = None


def sound(held: Held, reading: Reading) -> set[str]:
    """Return fields none of whose values is at fault: most, and only those."""
    columns: dict[str, str | Filled] = {**reading.plain, **reading.filled}
    doubtful: set[str] = set()

    def look(start: int) -> None:
        piece = held.piece(start)
        blocks = list(piece.blocks())
        for path, check in reading.checks.items():
            if isinstance(check, Short):
                passes = piece.longest(reading.plain[path]) <= check.length
            else:
                passes = all(_passes(block, check, columns[path], columns) for block in blocks)
            if not passes:
                doubtful.add(path)

    in_threads(look, held.starts())
    return reading.checks.keys() - doubtful


def _passes(
    block: Block,
    check: Within | NotAfter,
    column: str | Filled,
    columns: Mapping[str, str | Filled],
) -> bool:
    """Return whether a check finds nothing in a column; what stands under a null is no fault."""
    match check:
        case Within(low=low, high=high):
            if isinstance(column, str):  # most often nothing at all lies outside
                values = block.values(column)
                if float(values.min()) >= low and float(values.max()) <= high:
                    return True
            numbers = read(block, column)
            inside = (numbers.values >= low) & (numbers.values <= high)
            return not (numbers.known & packed(~inside)).any()
        case NotAfter(path=path):
            day, limit = read(block, column), read(block, columns[path])
            return not (day.known & limit.known & packed(day.values > limit.values)).any()


class InMemory:
    """Answers cohorts in memory that have the same columns; made once, then used for all of them.

    `source` gives the column of each input that has one, and `held` names those whose values are
    just what a column holds; `members` are the lists of the columns that are Enums, `filled` the
    columns of the inputs that follow from such ones. With `rules` each rule's verdict is given too.
    """

    def __init__(
        self,
        report: Report,
        source: Mapping[str, nw.Expr],
        held: Mapping[str, str],
        members: Mapping[str, Mapping[str, int]],
        filled: Mapping[str, Filled],
        *,
        rules: bool,
    ) -> None:
        graph = Graph(report.program, source.__contains__)
        answers = _Answers(report, graph)
        self.columns = dict(answers.columns())
        names = report.rules if rules else {}
        self.verdicts = {id_: answers.condition(name) for id_, name in names.items()}
        wanted = [*answers.asked]
        wanted += [n for verdict in self.verdicts.values() for n in (verdict.true, verdict.known)]
        self.engine = WordEngine(graph, wanted)
        self.leaves = Leaves(graph, self.engine.leaves, source, held, members, filled)

    def answered(self, frame: LazyFrame, held: Held) -> pl.DataFrame:
        """Return the answers to the patients of a lazy Polars frame, in order.

        `held` are the same patients, where they lie in memory.
        """
        rows, length = held.rows, -(-held.rows // 64)
        found = {name: np.zeros(rows, column.dtype) for name, column in self.columns.items()}
        given = {name: np.zeros(length, np.uint64) for name, c in self.columns.items() if c.some}
        truths = {id_: np.zeros((2, length), np.uint64) for id_ in self.verdicts}
        by_polars = self.leaves.by_polars(frame)

        def answer(start: int) -> None:
            piece = held.piece(start)
            here = slice(start, start + piece.rows)
            some = slice(here.start // 64, -(-here.stop // 64))
            read = self.leaves.reader(piece, by_polars.piece(start))
            words = self.engine.run(read, some.stop - some.start)
            for name, column in self.columns.items():
                write_numbers(column.digits(words), found[name][here])
                if column.some is not None:
                    given[name][some] = column.some(words)
            for id_, verdict in self.verdicts.items():
                truths[id_][:, some] = words[verdict.true], words[verdict.known]

        in_threads(answer, held.starts())
        texts = _texts(
            {name: (self.columns[name].texts, found[name], given[name]) for name in given}
        )
        series = {name: texts.get(name, pl.Series(found[name])) for name in self.columns}
        series |= {
            f"rule.{id_}": _truths(true, rows, known) for id_, (true, known) in truths.items()
        }
        return pl.DataFrame(series)


class _Answers:
    """The columns of a report; `asked` gathers the steps that they are made from."""

    def __init__(self, report: Report, graph: Graph) -> None:
        self.report = report
        self.graph = graph
        self.asked: dict[int, None] = {}

    def condition(self, name: str) -> Condition:
        found = self.graph.definitions[name]
        assert isinstance(found, Condition)
        return found

    def steps(self, names: list[str]) -> list[int]:
        found = [self.condition(name).true for name in names]
        self.asked.update(dict.fromkeys(found))
        return found

    def columns(self) -> Iterator[tuple[str, _Column]]:
        report = self.report
        yield "outcome", self.one_of(report.outcomes)
        yield "basis", self.one_of(report.bases)
        for track in report.tracks:
            yield f"{track.track}_step", self.one_of(track.steps)
            yield f"{track.track}_action", self.one_of(track.actions)
        yield "deciding_rule", self.one_of(tuple(report.reasons.items()))
        reasons = self.steps(list(report.reasons.values()))
        for index, start in enumerate(range(0, len(reasons), BITS)):
            yield f"deciding_rules_{index}", self.set_of(reasons[start : start + BITS])
        yield "missing_count", self.count_of(self.missing())
        yield "not_evaluable_count", self.count_of(self.steps(list(report.not_evaluable)))

    def one_of(self, choice: Choice) -> _Column:
        texts, steps = tuple(text for text, _ in choice), self.steps([name for _, name in choice])
        small = np.uint8 if len(texts) <= 256 else np.uint16
        return _Column(
            lambda words: first_true([words[n] for n in steps]),
            small,
            texts,
            lambda words: any_true([words[n] for n in steps]),
        )

    def set_of(self, steps: list[int]) -> _Column:
        return _Column(lambda words: [words[n] for n in steps], np.int64)

    def count_of(self, steps: list[int]) -> _Column:
        return _Column(lambda words: counted([words[n] for n in steps]), np.int16)

    def missing(self) -> list[int]:
        """Return, for each input that may be missing, the step that it is."""
        graph, lists = self.graph, self.condition(self.report.lists).true
        found: list[int] = []
        for asks in self.report.missing.values():
            rules = [self.condition(one.definition).true for one in asks if one.listed]
            others = [self.condition(one.definition).true for one in asks if not one.listed]
            found.append(graph.any_([graph.all_([lists, graph.any_(rules)]), *others]))
        self.asked.update(dict.fromkeys(found))
        return found


def _texts(
    columns: Mapping[str, tuple[tuple[str, ...], npt.NDArray[Any], Words]],
) -> dict[str, pl.Series]:
    """Return columns of the texts at some places of a list, null where none is given."""

    def made(name: str) -> pl.Series:
        texts, places, given = columns[name]
        buffers = [pa.py_buffer(given), pa.py_buffer(places)]
        type_ = pa.from_numpy_dtype(places.dtype)
        series = pl.from_arrow(pa.Array.from_buffers(type_, len(places), buffers))
        assert isinstance(series, pl.Series)
        return series.cat.to(pl.Enum(texts))

    return dict(zip(columns, in_threads(made, columns), strict=True))


def _truths(true: Words, rows: int, known: Words | None = None) -> pl.Series:
    """Return a column of truths, null where they are not known: bits are how Arrow keeps them."""
    buffers = [None if known is None else pa.py_buffer(known), pa.py_buffer(true)]
    found = pl.from_arrow(pa.BooleanArray.from_buffers(pa.bool_(), rows, buffers))
    assert isinstance(found, pl.Series)
    return found
