"""Hunting for a difference: random programs and patients, an engine, and the oracle."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from guidestep.language.program import Engine, Program, Value, Verdict
from guidestep.language.tree import Field, Reference, walk
from guidestep.language.types import Kind, Type
from tests.engines.reference import reference
from tests.strategies.programs import (
    USUAL,
    Patients,
    Size,
    make_program,
    recorded,
    replayed,
    seeded,
)

PATIENTS = 50  # for each program
BATTERY = 30  # with which a shrunk program is tried
ATTEMPTS = 1500


@dataclass(frozen=True)
class Difference:
    """A patient for whom an engine answered another thing than the oracle, or failed."""

    program: Program
    inputs: Sequence[Value]
    expected: tuple[Verdict, ...]
    got: tuple[Verdict, ...] | Exception
    evaluations: int = 0
    seed: int = 0

    def __str__(self) -> str:
        """Return Python that builds the program, the patient, and the verdicts that differ."""
        entries = zip(self.program.inputs, self.inputs, strict=True)
        lines = [
            f"program {self.seed}, after {self.evaluations} evaluations; shrunk:",
            "inputs = (",
        ]
        lines += [f"    Input({e.path!r}, {_type(e.type)}),  # {value!r}" for e, value in entries]
        lines += [")", "definitions = ("]
        got = self.got if isinstance(self.got, tuple) else (self.got,) * len(self.expected)
        for each, right, wrong in zip(self.program.definitions, self.expected, got, strict=True):
            lines.append(f"    Definition({each.name!r}, {each.expression!r}, {_type(each.type)}),")
            if not same((right,), (wrong,)):
                lines.append(f"    # expected {right!r}, got {wrong!r}")
        return "\n".join([*lines, ")", f"patient = {list(self.inputs)!r}"])


def _type(type_: Type) -> str:
    if type_.kind is Kind.ENUMERATION:
        return f"Type(Kind.ENUMERATION, members={type_.members!r})"
    interval = ", interval=True" if type_.interval else ""
    return f"Type(Kind.{type_.kind.name}{interval})"


def same(expected: object, got: object) -> bool:
    """Whether two verdicts are the same in value and in type: `1`, `1.0` and `True` are three."""
    if isinstance(expected, tuple) and isinstance(got, tuple):
        return len(expected) == len(got) and all(map(same, expected, got))
    return type(expected) is type(got) and expected == got


def first_difference(
    program: Program, make: Callable[[Program], Engine], patients: Iterable[Sequence[Value]]
) -> Difference | None:
    """Return the first patient on whom the engine and the oracle differ, if there is one."""
    try:
        engine = make(program)
    except Exception as error:
        patient = (None,) * len(program.inputs)
        return Difference(program, patient, reference(program, patient), error)
    for count, inputs in enumerate(patients, start=1):
        expected = reference(program, inputs)
        try:
            got: tuple[Verdict, ...] | Exception = engine.evaluate(inputs)
        except Exception as error:
            got = error
        if not same(expected, got):
            return Difference(program, inputs, expected, got, count)
    return None


def hunt(
    make: Callable[[Program], Engine], evaluations: int, seed: int = 0, size: Size = USUAL
) -> Difference | None:
    """Return the first difference within so many evaluations, as it was found."""
    done = 0
    while done < evaluations:
        source = random.Random(seed)
        program = make_program(seeded(source), size)
        patients = Patients(program)
        count = min(PATIENTS, evaluations - done)
        drawn = [patients.draw(source) for _ in range(count)]
        found = first_difference(program, make, drawn)
        if found:
            return replace(found, evaluations=done + found.evaluations, seed=seed)
        done += count
        seed += 1
    return None


def shrink(found: Difference, make: Callable[[Program], Engine], size: Size = USUAL) -> Difference:
    """Return a smaller difference: the choices of its program cut out or simplified one by one.

    What Hypothesis does, but from a program that is known to fail: a rare fault that took many
    thousand evaluations to find would not be found again by chance.
    """
    best = found
    choices: list[int] = []
    make_program(recorded(seeded(random.Random(found.seed)), choices), size)

    attempts = 0
    shrinking = True
    while shrinking and attempts < ATTEMPTS:
        shrinking = False
        for width in (64, 16, 8, 4, 2, 1):
            at = 0
            while at < len(choices) and attempts < ATTEMPTS:
                zeros = [0] * len(choices[at : at + width])
                for instead in ([], zeros, [max(0, choices[at] - 1)] if width == 1 else zeros):
                    candidate = choices[:at] + instead + choices[at + width :]
                    if candidate == choices:
                        continue
                    attempts += 1
                    smaller = _retry(candidate, best, make, size)
                    if smaller:
                        best, choices, shrinking = smaller, candidate, True
                        break
                else:
                    at += width
    best = _fewest_known(_slice(best, make), make)
    return replace(best, evaluations=found.evaluations, seed=found.seed)


def _retry(
    choices: Sequence[int], best: Difference, make: Callable[[Program], Engine], size: Size
) -> Difference | None:
    program = make_program(replayed(choices), size)
    if len(str(program)) > len(str(best.program)):
        return None
    before = {e.path: v for e, v in zip(best.program.inputs, best.inputs, strict=True)}
    patients, source = Patients(program), random.Random(0)
    battery = [[before.get(entry.path) for entry in program.inputs]]
    battery += [patients.draw(source) for _ in range(BATTERY)]
    return first_difference(program, make, battery)


def _slice(best: Difference, make: Callable[[Program], Engine]) -> Difference:
    """Leave out every definition and input that the first wrong definition does not read."""
    if isinstance(best.got, Exception):
        return best
    pairs = enumerate(zip(best.expected, best.got, strict=True))
    wrong = next(at for at, pair in pairs if not same(*pair))
    read = {best.program.definitions[wrong].name}
    definitions = []
    for each in reversed(best.program.definitions[: wrong + 1]):
        if each.name in read:
            definitions.append(each)
            for node in walk(each.expression):
                match node:
                    case Field(path=name) | Reference(name=name):
                        read.add(name)
    kept = [entry.path in read for entry in best.program.inputs]
    inputs, entries = list(compress(best.inputs, kept)), compress(best.program.inputs, kept)
    program = Program("shrunk", tuple(entries), tuple(reversed(definitions)))
    return first_difference(program, make, [inputs]) or best


def _fewest_known(best: Difference, make: Callable[[Program], Engine]) -> Difference:
    """Leave out every input that the difference does not need."""
    for at in range(len(best.inputs)):
        fewer = [*best.inputs[:at], None, *best.inputs[at + 1 :]]
        best = first_difference(best.program, make, [fewer]) or best
    return best
