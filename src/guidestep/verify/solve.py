"""Asking the solver: is there such a patient? Yes with one, no with a proof, or not settled.

A question that runs into its time limit is *not settled*, never a no.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import z3

from guidestep.verify.terms import Bool, asserted

MILLISECONDS = 1000


class Settled(StrEnum):
    """How a question ended."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to one question: with a model where it is yes; `seconds` is the solver's time."""

    settled: Settled
    seconds: float
    model: z3.ModelRef | None = None


class Questions:
    """Asks one question after another about the same patients.

    `limits` hold in all of them, `seconds` is the time limit of each question.
    """

    def __init__(self, limits: Iterable[Bool], seconds: float) -> None:
        self.limits = [asserted(limit) for limit in limits if limit is not True]
        self.seconds = seconds
        self.solver = z3.Solver()
        self.solver.set("timeout", max(1, int(seconds * MILLISECONDS)))
        self.solver.add(*self.limits)

    def add(self, limits: Iterable[Bool]) -> None:
        """Let more hold in all questions from now on."""
        found = [asserted(limit) for limit in limits if limit is not True]
        self.limits += found
        self.solver.add(*found)

    def ask(self, *wanted: Bool) -> Reply:
        """Return whether there are patients of whom all this is true."""
        begin = time.perf_counter()
        self.solver.push()
        try:
            self.solver.add(*(asserted(term) for term in wanted))
            found = self.solver.check()
            model = self.solver.model() if found == z3.sat else None
        finally:
            self.solver.pop()
        seconds = time.perf_counter() - begin
        if found == z3.sat:
            return Reply(Settled.YES, seconds, model)
        return Reply(Settled.NO if found == z3.unsat else Settled.OPEN, seconds)

    def smt(self, *wanted: Bool) -> str:
        """Return the question in SMT-LIB 2.6, for another solver: `unsat` is the proof.

        Source: C. Barrett, P. Fontaine, C. Tinelli, *The SMT-LIB Standard, version 2.6* (2017).
        """
        solver = z3.Solver()
        solver.add(*self.limits, *(asserted(term) for term in wanted))
        text = solver.to_smt2().split("\n")
        body = "\n".join(line for line in text if not line.startswith(("; benchmark", "(set-info")))
        return f"(set-logic ALL)\n{body.strip()}\n"


class Search:
    """A patient in the making: what is asked for, then wish after wish while it can be met."""

    def __init__(self, limits: Iterable[Bool], wanted: Iterable[Bool], seconds: float) -> None:
        self.solver = z3.Solver()
        self.solver.set("timeout", max(1, int(seconds * MILLISECONDS)))
        self.solver.add(*(asserted(term) for term in (*limits, *wanted) if term is not True))
        self.model: z3.ModelRef | None = None

    def found(self) -> bool:
        """Return whether there is such a patient."""
        if self.solver.check() == z3.sat:
            self.model = self.solver.model()
            return True
        return False

    def met(self, wish: Bool) -> bool:
        """Return whether the wish can be met with all before it; from then on it is."""
        assert self.model is not None
        term = asserted(wish)
        if not z3.is_true(self.model.eval(term, model_completion=True)):
            if self.solver.check(term) != z3.sat:
                return False
            self.model = self.solver.model()
        self.solver.add(term)
        return True

    def most(self, wishes: Sequence[Bool]) -> None:
        """Meet as many wishes as an order allows: halves of them at once while they agree."""
        todo = [list(wishes)]
        while todo:
            some = todo.pop()
            if not some or self.met(z3.And([asserted(wish) for wish in some])):
                continue
            if len(some) > 1:
                middle = len(some) // 2
                todo += [some[middle:], some[:middle]]
