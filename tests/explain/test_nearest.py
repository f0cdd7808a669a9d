"""The nearest flip of random programs, held against brute force with the oracle."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import z3

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.engines.compiled import CompiledEngine
from guidestep.explain.closest import NotSettledError
from guidestep.explain.evidence import Evidence
from guidestep.explain.nearest import Flips, Session
from guidestep.explain.targets import Target
from guidestep.explain.variants import Variants
from guidestep.language.program import Program, Value
from guidestep.language.types import Kind
from guidestep.verify.patient import Subject
from guidestep.verify.terms import SOLVER
from tests.engines.reference import reference
from tests.strategies.programs import DATES, MEMBERS, Size, make_program, seeded

SIZE = Size(inputs=1, definitions=4, depth=2, wide=4, deep=4)
PROGRAMS = 120
POOLS: Mapping[Kind, tuple[Value, ...]] = {
    Kind.CONDITION: (False, True),
    Kind.ENUMERATION: MEMBERS,
    Kind.INTEGER: tuple(range(-1, 16)),
    Kind.DECIMAL: tuple(number / 2 for number in range(-2, 7)),
    Kind.DATE: DATES,
}
KINDS = {
    Kind.CONDITION: FieldKind.BOOLEAN,
    Kind.ENUMERATION: FieldKind.ENUMERATION,
    Kind.INTEGER: FieldKind.INTEGER,
    Kind.DECIMAL: FieldKind.DECIMAL,
    Kind.DATE: FieldKind.DATE,
}


def _spec(path: str, kind: Kind) -> FieldSpec:
    numbers = [n for n in POOLS[kind] if isinstance(n, int | float) and not isinstance(n, bool)]
    return FieldSpec(
        label=path,
        question=path,
        path=path,
        kind=KINDS[kind],
        members=MEMBERS if kind is Kind.ENUMERATION else (),
        minimum=min(numbers) if numbers else None,
        maximum=max(numbers) if numbers else None,
    )


def _flips(program: Program, given: tuple[Value, ...], name: str) -> Flips:
    """Return the search for patients of whom a definition of a bare program is true."""
    specs = {i.path: _spec(i.path, i.type.kind) for i in program.inputs}
    base: Any = SimpleNamespace(
        model=SimpleNamespace(fields=lambda: specs), tracks={}, steps={}, measurements=()
    )
    compiled: Any = SimpleNamespace(program=program, paths=tuple(specs))
    values = dict(zip(specs, given, strict=True))
    assessment: Any = SimpleNamespace(data_absent_reasons={}, value=values.get)
    subject = Subject(base, compiled)
    session = Session(subject)
    evidence = Evidence(base, compiled, assessment, given, reference(program, given))
    target = Target(name, name, (name,), in_steps=False)
    session.patient.true(name)
    session.limits = cast(Any, _limits(subject, session))
    session._new()
    return Flips(session, Variants(evidence, CompiledEngine(program)), target, 20)


def _limits(subject: Subject, session: Session) -> object:
    return z3.And([t for t in subject.limits(session.patient) if not isinstance(t, bool)])


def _brute(program: Program, given: tuple[Value, ...], at: int, most: int) -> int | None:
    """Return the fewest changes, up to some, after which a definition is true."""
    for size in range(1, most + 1):
        for places in itertools.combinations(range(len(given)), size):
            pools = [POOLS[program.inputs[place].type.kind] for place in places]
            for values in itertools.product(*pools):
                changed = list(given)
                for place, value in zip(places, values, strict=True):
                    changed[place] = value
                if reference(program, changed)[at] is True:
                    return size
    return None


def _cases() -> Iterator[tuple[Program, tuple[Value, ...], int]]:
    for seed in range(PROGRAMS):
        source = random.Random(seed)
        program = make_program(seeded(source), SIZE)
        conditions = [
            at for at, d in enumerate(program.definitions) if d.type.kind is Kind.CONDITION
        ]
        if not conditions:
            continue
        given = tuple(
            None if source.random() < 0.4 else source.choice(POOLS[i.type.kind])
            for i in program.inputs
        )
        if reference(program, given)[conditions[-1]] is not True:
            yield program, given, conditions[-1]


def test_no_fewer_changes_than_found_make_a_definition_true() -> None:
    found_some = found_none = 0
    for program, given, at in _cases():
        name = program.definitions[at].name
        with SOLVER:
            flips = _flips(program, given, name)
            try:
                found = flips.find()
                while found is not None and not _true(program, given, at, found.changes):
                    flips.block(found.changes)  # what the solver only holds within limits
                    found = flips.find()
            except NotSettledError:
                continue
        brute = _brute(program, given, at, 2)
        if found is None:
            assert brute is None
            found_none += 1
            continue
        found_some += 1
        assert brute is None or len(found.changes) <= brute
        for size in range(len(found.changes)):
            for some in itertools.combinations(found.changes, size):
                less = {path: found.changes[path] for path in some}
                assert not _true(program, given, at, less)
    assert found_some > 25
    assert found_none > 5


def _true(
    program: Program, given: tuple[Value, ...], at: int, changes: Mapping[str, Value]
) -> bool:
    inputs = [changes.get(i.path, value) for i, value in zip(program.inputs, given, strict=True)]
    assert all(not isinstance(each, date) or each.year < 10000 for each in inputs)
    return reference(program, inputs)[at] is True
