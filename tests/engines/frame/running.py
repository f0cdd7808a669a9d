"""Running programs on frames: patients as a table, the verdicts, and how they differ."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import duckdb
import narwhals as nw
import polars as pl

from guidestep.engines.compiled import CompiledEngine
from guidestep.engines.frame import FrameEngine
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Program, Value, Verdict
from guidestep.language.types import Kind
from tests.engines.differential import same
from tests.strategies.programs import USUAL, Patients, Size, make_program, seeded

ROW = "row"
TYPES: dict[Kind, Any] = {
    Kind.CONDITION: pl.Boolean,
    Kind.INTEGER: pl.Float64,  # as a cohort's numbers are read
    Kind.DECIMAL: pl.Float64,
    Kind.DATE: pl.Date,
    Kind.ENUMERATION: pl.String,
}

Make = Callable[[pl.DataFrame], Any]
"""Makes the frame of a backend of one of Polars."""

POLARS: Make = pl.DataFrame.lazy


def duck(table: pl.DataFrame) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().from_arrow(table.to_arrow())


def table(program: Program, patients: Sequence[Sequence[Value]]) -> pl.DataFrame:
    """Return the patients as rows, with a column of their numbers."""
    columns = [
        pl.Series(
            entry.path, [patient[at] for patient in patients], TYPES[entry.type.kind], strict=False
        )
        for at, entry in enumerate(program.inputs)
    ]
    return pl.DataFrame([pl.Series(ROW, range(len(patients)), pl.Int64), *columns])


def run(
    program: Program,
    patients: Sequence[Sequence[Value]],
    make: Make = POLARS,
    absent: Collection[str] = (),
    wanted: Sequence[str] | None = None,
) -> list[tuple[Verdict, ...]]:
    """Return the verdicts on each patient, from a frame without the absent columns."""
    engine = FrameEngine(program)
    # Plain names: to Spark a dot is a step into a column.
    plain = {e.path: f"c{at}" for at, e in enumerate(program.inputs) if e.path not in absent}
    frame = nw.from_native(make(table(program, patients).drop(absent).rename(plain)))
    source = {path: nw.col(name) for path, name in plain.items()}
    names = [d.name for d in program.definitions] if wanted is None else wanted
    found = engine.evaluate(frame, source, verdicts=names)
    columns: dict[str, nw.Expr] = {}
    for name in names:
        verdict = found.verdicts[name]
        pair = isinstance(verdict, tuple)
        columns |= (
            {f"{name} low": verdict[0], f"{name} high": verdict[1]} if pair else {name: verdict}
        )
    rows = collected(found.frame.select(nw.col(ROW), **columns))
    return [
        tuple(
            row[name] if name in row else (row[f"{name} low"], row[f"{name} high"])
            for name in names
        )
        for row in rows
    ]


def collected(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    if frame.implementation.is_pyspark():
        rows = [row.asDict() for row in frame.to_native().collect()]
    else:
        rows = list(frame.collect().iter_rows(named=True))
    return sorted(rows, key=lambda row: row[ROW])


def alike(expected: object, got: object) -> bool:
    """Whether a verdict is as it ought to be; in a column all numbers are floats."""
    if isinstance(expected, tuple):
        return isinstance(got, tuple) and all(map(alike, expected, got))
    if isinstance(expected, int) and not isinstance(expected, bool):
        expected = float(expected)
    return same(expected, got)


def difference(
    program: Program,
    patients: Sequence[Sequence[Value]],
    make: Make = POLARS,
    absent: Collection[str] = (),
) -> str | None:
    """Return the first verdict on which a frame and the compiled engine differ, as text."""
    compiled = CompiledEngine(program)
    gone = [entry.path in absent for entry in program.inputs]
    for patient, found in zip(patients, run(program, patients, make, absent), strict=True):
        known = [None if out else value for out, value in zip(gone, patient, strict=True)]
        for each, right, got in zip(
            program.definitions, compiled.evaluate(known), found, strict=True
        ):
            if not alike(right, got):
                given = {
                    e.path: v for e, v in zip(program.inputs, known, strict=True) if v is not None
                }
                return f"{each.name}: {each.expression}\nexpected {right!r}, got {got!r}\n{given}"
    return None


def random_cohorts(
    programs: int, patients: int, size: Size = USUAL, start: int = 0
) -> Iterator[tuple[int, Program, list[list[Value]]]]:
    """Yield so many random programs that frames can run, each with random patients."""
    seed = start
    while programs:
        source = random.Random(seed)
        program = make_program(seeded(source), size)
        drawn = Patients(program)
        try:
            FrameEngine(program)
        except UnsupportedNode:
            pass
        else:
            programs -= 1
            yield seed, program, [drawn.draw(source) for _ in range(patients)]
        seed += 1


def hunt(programs: int, patients: int, make: Make = POLARS, size: Size = USUAL) -> str | None:
    """Return the first difference on random programs and patients, if there is one."""
    for seed, program, drawn in random_cohorts(programs, patients, size):
        found = difference(program, drawn, make)
        if found:
            return f"program {seed}, {found}"
    return None
