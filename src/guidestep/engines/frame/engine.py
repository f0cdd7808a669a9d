"""The frame engine: a program over whole columns, on any data frame that Narwhals reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import narwhals as nw

from guidestep.engines.frame.graph import FUNCTIONS, READERS, Graph
from guidestep.engines.frame.layers import LazyFrame, arrange
from guidestep.engines.frame.steps import Condition, Found, Score, Value
from guidestep.language.program import Program
from guidestep.language.tree import Node

__all__ = ["FUNCTIONS", "SUPPORTED", "Bounds", "Evaluated", "FrameEngine", "LazyFrame"]

SUPPORTED: frozenset[type[Node]] = frozenset(READERS)
"""The node classes that this engine runs."""

Bounds: TypeAlias = tuple[nw.Expr, nw.Expr]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A frame with columns of ours, and expressions over it.

    `truths` say that a condition is true, and are never null; `verdicts` are null where it is
    unknown. The verdict of a score is a pair: its least and its greatest value.
    """

    frame: LazyFrame
    truths: Mapping[str, nw.Expr]
    verdicts: Mapping[str, nw.Expr | Bounds]


class FrameEngine:
    """A program over columns: made once, then applied to one frame after another.

    Raises `UnsupportedNode` on what cannot be said of whole columns with the same result on every
    backend, and `LookupError` on a field that is no input or a reference to no earlier definition.

    >>> import polars as pl
    >>> from guidestep.language.program import Definition, Input
    >>> from guidestep.language.tree import Compare, Constant, Field
    >>> from guidestep.language.types import CONDITION, INTEGER
    >>> grown_up = Compare(">=", Field("person.age"), Constant(18))
    >>> program = Program(
    ...     "example",
    ...     (Input("person.age", INTEGER),),
    ...     (Definition("grown-up", grown_up, CONDITION),),
    ... )
    >>> people, age = nw.from_native(pl.LazyFrame({"age": [17, None, 18]})), nw.col("age")
    >>> engine = FrameEngine(program)
    >>> found = engine.evaluate(people, {"person.age": age}, verdicts=["grown-up"])
    >>> found.frame.select(adult=found.verdicts["grown-up"]).collect()["adult"].to_list()
    [False, None, True]
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        # Read once with every column there, so that what is not supported is refused at once.
        Graph(program, lambda path: True)

    def evaluate(
        self,
        frame: LazyFrame,
        source: Mapping[str, nw.Expr],
        *,
        truths: Iterable[str] = (),
        verdicts: Iterable[str] = (),
        prefix: str = "__guidestep_",
    ) -> Evaluated:
        """Return the frame with the columns that the wanted definitions are read from.

        `source` gives the column of each input that has one: a condition of nullable truths, a
        number of floats, a date or a text. The names of new columns begin with `prefix`.
        """
        graph = Graph(self.program, source.__contains__)
        asked = {name: _condition(graph.definitions[name]).true for name in truths}
        whole = {name: graph.definitions[name] for name in verdicts}
        steps = [*asked.values(), *(step for found in whole.values() for step in _steps(found))]
        arranged = arrange(graph, steps, source, frame.implementation, prefix)
        own = frame.collect_schema().names()
        for layer in arranged.layers:
            if frame.implementation.is_polars():
                frame = frame.with_columns(**layer.columns)  # it passes over what is not read
            else:
                frame = frame.select(*own, *sorted(layer.still_read), **layer.columns)
        written = arranged.found
        return Evaluated(
            frame,
            {name: written[step] for name, step in asked.items()},
            {name: _verdict(found, written) for name, found in whole.items()},
        )


def _condition(found: Found) -> Condition:
    if not isinstance(found, Condition):
        raise TypeError("only of a condition can be said that it is true")
    return found


def _steps(found: Found) -> tuple[int, ...]:
    """Return the steps that a verdict is read from."""
    match found:
        case Condition(true=true, known=known):
            return true, known
        case Score(low=low, high=high):
            return low, high
        case Value(step=step):
            return (step,)


def _verdict(found: Found, written: Mapping[int, nw.Expr]) -> nw.Expr | Bounds:
    match found:
        case Condition(true=true, known=known):
            return nw.when(written[known]).then(written[true])
        case Score(low=low, high=high):
            return written[low], written[high]
        case Value(step=step):
            return written[step]
