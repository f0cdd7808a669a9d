"""Conditions as bits of words: the same as row by row, whatever the number of rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.engines.compiled import CompiledEngine
from guidestep.engines.frame import held as pieces
from guidestep.engines.frame import leaves as looks
from guidestep.engines.frame import numbers as calculations
from guidestep.engines.frame import words as module
from guidestep.engines.frame.digits import (
    Words,
    any_true,
    at_least,
    counted,
    first_true,
    write_numbers,
)
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.held import Held
from guidestep.engines.frame.leaves import Leaves
from guidestep.engines.frame.steps import Condition
from guidestep.engines.frame.words import WordEngine
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Definition, Input, Program
from guidestep.language.tree import Compare, Comparison, Constant, Field, WeightedSum
from guidestep.language.types import CONDITION, Kind
from tests.strategies.programs import Patients, make_program, seeded

TYPES = {
    Kind.CONDITION: pl.Boolean,
    Kind.INTEGER: pl.Float64,
    Kind.DECIMAL: pl.Float64,
    Kind.DATE: pl.Date,
}

tables = st.integers(1, 200).flatmap(
    lambda rows: st.lists(
        st.lists(st.booleans(), min_size=rows, max_size=rows), min_size=1, max_size=80
    )
)


def words_of(truths: list[bool]) -> Words:
    found = np.full(-(-len(truths) // 64), 2**64 - 1, dtype=np.uint64)  # noise behind the last row
    bits = np.packbits(np.array(truths, dtype=bool), bitorder="little")
    whole = len(truths) // 8
    found.view(np.uint8)[:whole] = bits[:whole]
    for row in range(whole * 8, len(truths)):
        if not truths[row]:
            found[row // 64] ^= np.uint64(1 << row % 64)
    return found


def numbers(digits: Sequence[Words], rows: int, dtype: type[np.integer[Any]]) -> list[int]:
    out = np.zeros(rows, dtype)
    write_numbers(digits, out)
    return [int(number) for number in out]


@settings(max_examples=40, deadline=None)
@given(tables)
def test_numbers_made_of_bits(table: list[list[bool]]) -> None:
    conditions, rows = [words_of(truths) for truths in table], len(table[0])
    patients = list(zip(*table, strict=True))
    assert numbers(counted(conditions), rows, np.int16) == [sum(p) for p in patients]
    first = numbers(first_true(conditions), rows, np.uint8)
    assert first == [p.index(True) if any(p) else 0 for p in patients]
    some = numbers([any_true(conditions)], rows, np.uint8)
    for least in range(-1, len(conditions) + 2):
        enough = numbers([at_least(counted(conditions), least)], rows, np.uint8)
        assert enough == [int(sum(p) >= least) for p in patients]
    assert some == [int(any(p)) for p in patients]
    few = conditions[:56]
    sets = [sum(1 << bit for bit, truth in enumerate(p[:56]) if truth) for p in patients]
    assert numbers(few, rows, np.int64) == sets


def frame_of(program: Program, rows: list[list[object]], *, parts: bool) -> pl.DataFrame:
    """Return patients as a frame; in `parts`, rows do not begin where a byte does."""
    types = {
        entry.path: pl.Enum(entry.type.members)
        if entry.type.kind is Kind.ENUMERATION
        else TYPES[entry.type.kind]
        for entry in program.inputs
    }
    columns = {path: [row[n] for row in rows] for n, path in enumerate(types)}
    frame = pl.DataFrame(columns, types, strict=False)
    if not parts:
        return frame
    return pl.concat([frame[:37], frame[37:].vstack(frame[:1])[:-1]], rechunk=False)


def verdicts(
    program: Program, rows: list[list[object]], *, held: bool = True, parts: bool = False
) -> dict[str, list[bool | None]]:
    """Return the verdict on each condition of a program for each row, by words.

    What is `held` is looked at in memory, and otherwise all is calculated by Polars.
    """
    frame = frame_of(program, rows, parts=parts)
    graph = Graph(program, frame.columns.__contains__)
    asked = {n: c for n, c in graph.definitions.items() if isinstance(c, Condition)}
    engine = WordEngine(graph, [step for c in asked.values() for step in (c.true, c.known)])
    patients, source = Held(frame), {path: nw.col(path) for path in frame.columns}
    plain = {path: path for path in frame.columns} if held else {}
    leaves = Leaves(graph, engine.leaves, source, plain, patients.members, {})
    by_polars = leaves.by_polars(nw.from_native(frame.lazy()))
    found: dict[str, list[bool | None]] = {name: [] for name in asked}
    for start in patients.starts():
        piece = patients.piece(start)
        words = engine.run(leaves.reader(piece, by_polars.piece(start)), -(-piece.rows // 64))
        for name, condition in asked.items():
            true = numbers([words[condition.true]], piece.rows, np.uint8)
            known = numbers([words[condition.known]], piece.rows, np.uint8)
            found[name] += [bool(t) if k else None for t, k in zip(true, known, strict=True)]
    return found


def differences(programs: int, *, held: bool = True, parts: bool = False) -> int:
    different = 0
    for seed in range(programs):
        rng = random.Random(seed)
        program = make_program(seeded(rng))
        patients = Patients(program)
        rows = [patients.draw(rng) for _ in range(150)]
        try:
            found = verdicts(program, rows, held=held, parts=parts)
        except UnsupportedNode:
            continue
        compiled = CompiledEngine(program)
        expected = [compiled.evaluate(row) for row in rows]
        for place, definition in enumerate(program.definitions):
            if definition.name in found:
                different += found[definition.name] != [row[place] for row in expected]
    return different


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("parts", [True, False])
def test_random_programs_and_patients(
    held: bool, parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "CHUNK", 64)
    assert differences(40, held=held, parts=parts) == 0


def counts_differ() -> int:
    """Count the rows on which comparisons of a count with a bound are otherwise than they ought."""
    paths = [f"a.b{n}" for n in range(4)]
    count = WeightedSum(tuple((Field(path), 1) for path in paths))
    signs: tuple[Comparison, ...] = ("<", "<=", ">", ">=", "==", "!=")
    bounds = (-1, 0, 0.5, 1, 2, 2.5, 3, 4, 5)
    definitions = [
        Definition(f"{sign}{bound}", Compare(sign, count, Constant(bound)), CONDITION)
        for sign in signs
        for bound in bounds
    ]
    program = Program("counts", tuple(Input(p, CONDITION) for p in paths), tuple(definitions))
    rows = [list(row) for row in product((True, False, None), repeat=4)]
    found, compiled = verdicts(program, rows), CompiledEngine(program)
    expected = [compiled.evaluate(row) for row in rows]
    return sum(
        found[each.name] != [row[place] for row in expected]
        for place, each in enumerate(program.definitions)
    )


def test_counts_compared_with_every_bound() -> None:
    assert counts_differ() == 0


def _not_by_known(look: looks.Look | None) -> looks.Look | None:
    """Return a look that takes what stands where nothing is known for a value."""
    return look and (lambda piece: look(_AllKnown(piece)))  # type: ignore[arg-type]


class _AllKnown:
    def __init__(self, piece: pieces.Piece) -> None:
        self._piece = piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._piece, name)

    def known(self, name: str) -> Words:
        return ~np.zeros_like(self._piece.known(name))


def test_planted_bugs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = {**module._JOINED, module.Operation.ANY: np.bitwise_xor}
    at_most = {**module._LEAST, ">=": (lambda bound: int(bound) + 1, True)}
    turned = {**looks._TURNED, "<": "<=", "<=": "<"}
    look = looks._look
    with monkeypatch.context() as planted:
        planted.setattr(module, "_LEAST", at_most)
        assert counts_differ() > 0
    for place, name, bug in (
        (module, "_JOINED", joined),
        (looks, "_TURNED", turned),
        (looks, "_look", lambda *given: _not_by_known(look(*given))),
        (looks, "COMPARED", {**calculations.COMPARED, ">=": np.greater}),
        (calculations, "COMPARED", {**calculations.COMPARED, "<": np.less_equal}),
    ):
        with monkeypatch.context() as planted:
            planted.setattr(place, name, bug)
            assert differences(60) > 0, name


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 127, 128, 129, 1000])
@pytest.mark.parametrize("held", [True, False])
def test_every_number_of_rows(rows: int, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "CHUNK", 64)
    rng = random.Random(3)
    program = make_program(seeded(rng))
    patients = Patients(program)
    drawn = [patients.draw(rng) for _ in range(rows)]
    compiled = CompiledEngine(program)
    found = verdicts(program, drawn, held=held)
    for place, definition in enumerate(program.definitions):
        if definition.name in found:
            assert found[definition.name] == [compiled.evaluate(row)[place] for row in drawn]
