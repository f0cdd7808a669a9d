"""Conditions as bits of words: the same as row by row, whatever the number of rows."""

from __future__ import annotations

import random

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.engines.compiled import CompiledEngine
from guidestep.engines.frame import words as module
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.steps import Condition
from guidestep.engines.frame.words import (
    WordEngine,
    Words,
    any_true,
    counted,
    first_true,
    numbers,
)
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Program
from guidestep.language.types import Kind
from tests.strategies.programs import Patients, make_program, seeded

TYPES = {
    Kind.CONDITION: pl.Boolean,
    Kind.INTEGER: pl.Float64,
    Kind.DECIMAL: pl.Float64,
    Kind.ENUMERATION: pl.String,
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


@settings(max_examples=40, deadline=None)
@given(tables)
def test_numbers_made_of_bits(table: list[list[bool]]) -> None:
    conditions, rows = [words_of(truths) for truths in table], len(table[0])
    patients = list(zip(*table, strict=True))
    assert numbers(counted(conditions), rows, np.int16).tolist() == [sum(p) for p in patients]
    first = numbers(first_true(conditions), rows, np.uint8).tolist()
    assert first == [p.index(True) if any(p) else 0 for p in patients]
    some = numbers([any_true(conditions)], rows, np.uint8).tolist()
    assert some == [int(any(p)) for p in patients]
    few = conditions[:56]
    sets = [sum(1 << bit for bit, truth in enumerate(p[:56]) if truth) for p in patients]
    assert numbers(few, rows, np.int64).tolist() == sets


def verdicts(program: Program, rows: list[list[object]]) -> dict[str, list[bool | None]]:
    """Return the verdict on each condition of a program for each row, by words."""
    schema = {entry.path: TYPES[entry.type.kind] for entry in program.inputs}
    columns = {path: [row[n] for row in rows] for n, path in enumerate(schema)}
    frame = nw.from_native(pl.DataFrame(columns, schema, strict=False).lazy())
    graph = Graph(program, schema.__contains__)
    asked = {n: c for n, c in graph.definitions.items() if isinstance(c, Condition)}
    engine = WordEngine(graph, [step for c in asked.values() for step in (c.true, c.known)])
    found: dict[str, list[bool | None]] = {name: [] for name in asked}
    for leaves in engine.leaves(frame, {path: nw.col(path) for path in schema}):
        for here, words in engine.run(leaves):
            count = here.stop - here.start
            for name, condition in asked.items():
                true = numbers([words[condition.true]], count, np.uint8)
                known = numbers([words[condition.known]], count, np.uint8)
                found[name] += [bool(t) if k else None for t, k in zip(true, known, strict=True)]
    return found


def differences(programs: int) -> int:
    different = 0
    for seed in range(programs):
        rng = random.Random(seed)
        program = make_program(seeded(rng))
        patients = Patients(program)
        rows = [patients.draw(rng) for _ in range(150)]
        try:
            found = verdicts(program, rows)
        except UnsupportedNode:
            continue
        compiled = CompiledEngine(program)
        expected = [compiled.evaluate(row) for row in rows]
        for place, definition in enumerate(program.definitions):
            if definition.name in found:
                different += found[definition.name] != [row[place] for row in expected]
    return different


def test_random_programs_and_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(module, "AHEAD", 128)
    assert differences(60) == 0


def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = dict(module._JOINED)
    joined[module.Operation.ANY] = np.bitwise_xor
    monkeypatch.setattr(module, "_JOINED", joined)
    assert differences(20) > 0


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 127, 128, 129, 1000])
def test_every_number_of_rows(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(module, "AHEAD", 256)
    rng = random.Random(3)
    program = make_program(seeded(rng))
    patients = Patients(program)
    drawn = [patients.draw(rng) for _ in range(rows)]
    compiled = CompiledEngine(program)
    found = verdicts(program, drawn)
    for place, definition in enumerate(program.definitions):
        if definition.name in found:
            assert found[definition.name] == [compiled.evaluate(row)[place] for row in drawn]
