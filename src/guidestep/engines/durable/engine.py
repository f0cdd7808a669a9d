"""One evaluation: facts in, stratum by stratum, verdicts out."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from operator import call, itemgetter
from threading import Lock
from typing import Any, TypeAlias

from guidestep.engines.durable.arithmetic import Computation
from guidestep.engines.durable.facts import Writer, fragment, writer
from guidestep.engines.durable.layout import Echo, Plan
from guidestep.engines.durable.rulesets import Conclusion, Rules, lay, prove
from guidestep.engines.durable.session import Session
from guidestep.engines.durable.strata import plan
from guidestep.engines.errors import EngineError
from guidestep.language.program import Program, Value, Verdict
from guidestep.logic import Truth

Fire: TypeAlias = Callable[[int, str], str]
"""Asserts a fact, given as fragments, in a ruleset, given by number; returns what fired."""

Effect: TypeAlias = tuple[int, Truth, str]
"""What a firing settles: a slot, its truth, and what that adds to facts."""

_MOST_KEPT = 1024


@dataclass(frozen=True, slots=True)
class _Step:
    """One ruleset of a stratum: which fragments make its fact, and what its firings do.

    What fires settles slots. The same rules fire together for many patients: what follows from them
    is put together once, and kept up to a bound.
    """

    number: int
    pick: Callable[[Sequence[str]], Sequence[str]]
    settled: Callable[[str], Iterable[Effect]]


_Computing: TypeAlias = tuple[int, Computation, Writer]


class DurableEngine:
    """Runs a program by forward chaining in durable_rules.

    Safe to use from several threads at once: one evaluates while the others wait, which costs
    nothing, as the C module holds the interpreter lock throughout. Raises `EngineError` if the
    rules cannot be loaded, and `UnsupportedNode` for a node outside the core.

    >>> from guidestep.language.program import Definition, Input
    >>> from guidestep.language.tree import Compare, Constant, Field
    >>> from guidestep.language.types import CONDITION, DECIMAL
    >>> fever = Compare(">=", Field("temperature"), Constant(38.0))
    >>> engine = DurableEngine(
    ...     Program(
    ...         "example",
    ...         (Input("temperature", DECIMAL),),
    ...         (Definition("fever", fever, CONDITION),),
    ...     )
    ... )
    >>> engine.evaluate((38.5,)), engine.evaluate((None,))
    ((True,), (None,))
    """

    def __init__(self, program: Program) -> None:
        layout = plan(program)
        rules = [lay(stratum.conditions) for stratum in layout.strata]
        for each in (each for stratum in rules for each in stratum):
            prove(each)  # again: a later stratum may read more of the same sources
        self._evaluation = Evaluation(layout, rules)
        self._session = Session([each for stratum in rules for each in stratum])
        self._lock = Lock()
        # Nothing can be evaluating when this runs: an evaluation holds its engine. At the end of
        # the process it does not run, as threads may be evaluating still.
        weakref.finalize(self, self._session.free).atexit = False

    def evaluate(self, inputs: Sequence[Value], /) -> tuple[Verdict, ...]:
        """Return one verdict for each definition, in their order.

        Raises `EngineError` if an input is not of its type, and if durable_rules misbehaves.
        """
        with self._lock:
            try:
                self._session.open()
                return self._evaluation.run(inputs, self._session.fire)
            except BaseException as fault:
                self._session.close()
                if isinstance(fault, EngineError) or not isinstance(fault, Exception):
                    raise
                raise EngineError(f"durable_rules could not evaluate: {fault}") from fault


class Evaluation:
    """What is done for each patient, all that can be prepared being prepared."""

    def __init__(self, layout: Plan, rules: Sequence[Sequence[Rules]]) -> None:
        self._width = len(layout.inputs)
        self._writers = [writer(source) for source in layout.inputs]
        self._found, self._fragments = _at_first(layout)
        echoes: dict[int, list[Echo]] = {}
        for echo in layout.echoes:
            echoes.setdefault(echo.of.slot, []).append(echo)
        self._strata: list[tuple[list[_Step], list[_Computing]]] = []
        number = count()
        for stratum, rulesets in zip(layout.strata, rules, strict=True):
            steps = [_step(next(number), each, echoes) for each in rulesets]
            computing = [
                (each.source.slot, each.function, writer(each.source)) for each in stratum.computed
            ]
            self._strata.append((steps, computing))
        self._verdicts = _pick(layout.verdicts)

    def run(self, inputs: Sequence[Value], fire: Fire) -> tuple[Verdict, ...]:
        """Return the verdicts for one patient, firing the rules of each stratum in turn."""
        if len(inputs) != self._width:
            raise EngineError(f"{self._width} inputs were expected, not {len(inputs)}")
        found: list[Any] = [*inputs, *self._found]
        fragments = [*map(call, self._writers, inputs), *self._fragments]
        for steps, computed in self._strata:
            for step in steps:
                known = "".join(step.pick(fragments))
                if not known:
                    continue  # nothing is known that this ruleset reads
                for slot, truth, text in step.settled(fire(step.number, known)):
                    found[slot] = truth
                    fragments[slot] = text
            for slot, function, write in computed:
                value = function(found)
                found[slot] = value
                fragments[slot] = write(value)
        return self._verdicts(found)


def _at_first(layout: Plan) -> tuple[list[Any], list[str]]:
    """Return what holds before any rule fires: the conclusions, and what they add to facts.

    What is computed adds nothing as yet.
    """
    found: dict[int, Truth] = dict(layout.settled)
    for stratum in layout.strata:
        found |= {each.source.slot: each.unless for each in stratum.conditions}
    for echo in layout.echoes:
        found[echo.source.slot] = echo.truths[found.get(echo.of.slot)]
    computed = {each.source.slot for stratum in layout.strata for each in stratum.computed}
    conclusions = layout.sources[len(layout.inputs) :]
    return (
        [found.get(source.slot) for source in conclusions],
        [
            "" if source.slot in computed else fragment(source, found.get(source.slot))
            for source in conclusions
        ],
    )


def _step(number: int, rules: Rules, echoes: Mapping[int, Sequence[Echo]]) -> _Step:
    """Return how a ruleset is used."""

    def effects(conclusion: Conclusion) -> Iterator[Effect]:
        source, truth = conclusion.source, conclusion.truth
        yield source.slot, truth, fragment(source, truth)
        for echo in echoes.get(source.slot, ()):
            told = echo.truths[truth]
            yield echo.source.slot, told, fragment(echo.source, told)

    by_name = {
        name: tuple(chain.from_iterable(map(effects, what))) for name, what in rules.effects.items()
    }

    @lru_cache(maxsize=_MOST_KEPT)
    def settled(names: str) -> tuple[Effect, ...]:
        # Both forms of a condition are in one ruleset: if they contradict, they do so here.
        found = set(chain.from_iterable(map(by_name.__getitem__, names)))
        if len({slot for slot, _, _ in found}) < len(found):
            raise EngineError("durable_rules found a condition both true and false")
        return tuple(found)

    return _Step(number, _pick(rules.sources), settled)


def _pick(slots: Iterable[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return the function that picks the items at some slots."""
    wanted = tuple(slots)
    if len(wanted) > 1:
        return itemgetter(*wanted)
    return lambda items: tuple([items[slot] for slot in wanted])
