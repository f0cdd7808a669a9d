"""Which condition waits for which: a program as strata of conditions and computations.

Rules match on facts that are complete: a stratum begins when all that its conditions read is
settled, by the strata before it or by a computation on what they found. So no rule ever joins
several facts, and "is it known?" may be asked of anything that a stratum reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from guidestep.engines.durable.arithmetic import (
    Computation,
    comparison,
    computation,
    constant,
    interval_comparison,
    known,
    score,
)
from guidestep.engines.durable.facts import (
    ABSENT,
    EXACT,
    HIGH,
    KNOWN,
    LOW,
    VALUE,
    Facet,
    Names,
    Shape,
    Source,
    decimal_text,
)
from guidestep.engines.durable.facts import UNKNOWN as UNKNOWN_MARK
from guidestep.engines.durable.layout import Computed, Condition, Echo, Plan, Stratum
from guidestep.engines.durable.normal_form import (
    FALSE,
    TRUE,
    UNKNOWN,
    WIDEST,
    Forms,
    Literal,
    Operator,
    conjunction,
    is_narrow,
    single,
    weight,
)
from guidestep.engines.errors import EngineError
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Definition, Program
from guidestep.language.tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Reference,
    WeightedSum,
)
from guidestep.language.types import Kind
from guidestep.logic import Truth

SUPPORTED = (
    Constant, Field, Reference, Not, And, Or, Compare, IsMember, IsKnown, Arithmetic, Negative,
    Call, WeightedSum,
)  # fmt: skip
"""The node classes that this engine runs."""

_TESTS: dict[Comparison, tuple[Operator, Operator]] = {
    "<": ("$lt", "$gte"),
    "<=": ("$lte", "$gt"),
    ">": ("$gt", "$lte"),
    ">=": ("$gte", "$lt"),
    "==": ("$eq", "$neq"),
    "!=": ("$neq", "$eq"),
}
"""The test that makes a comparison true, and the one that makes it false."""

_SWAPPED: dict[Comparison, Comparison] = {
    "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip


def plan(program: Program) -> Plan:
    """Lay out a program; raise `UnsupportedNode` for a node that is not in the core."""
    return _Planner(program).plan()


class _Planner:
    """Takes the definitions in order and gives each a source."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._names = Names()
        self._sources: list[Source] = []
        self._settled: dict[int, bool] = {}
        self._conditions: list[Condition] = []
        self._computed: list[Computed] = []
        self._forms_of: dict[int, Forms] = {}
        self._echoes: dict[int, Echo] = {}
        self._by_forms: dict[Forms, Source] = {}
        self._by_expression: dict[str, Source] = {}
        self._fields = {
            entry.path: self._source(Shape.of(entry.type), 0, members=entry.type.members)
            for entry in program.inputs
        }
        self._definitions: dict[str, Source] = {}

    def plan(self) -> Plan:
        """Return the plan of the program."""
        for definition in self._program.definitions:
            self._definitions[definition.name] = self._define(definition)
        last = max((source.ready for source in self._sources), default=0)
        return Plan(
            inputs=tuple(self._fields.values()),
            sources=tuple(self._sources),
            settled=self._settled,
            strata=tuple(
                Stratum(
                    tuple(each for each in self._conditions if each.source.ready == number),
                    tuple(each for each in self._computed if each.source.ready == number),
                )
                for number in range(last + 1)
            ),
            echoes=tuple(self._echoes.values()),
            verdicts=tuple(
                self._definitions[definition.name].slot for definition in self._program.definitions
            ),
        )

    def _source(
        self, shape: Shape, ready: int, *, total: bool = False, members: tuple[str, ...] = ()
    ) -> Source:
        source = Source(len(self._sources), shape, ready, total, members, names=self._names)
        self._sources.append(source)
        return source

    def _define(self, definition: Definition) -> Source:
        expression = definition.expression
        if isinstance(expression, Reference):
            return self._definitions[expression.name]
        match expression:
            case And(operands=(IsKnown(operand=asked), told)) if _is_sure(asked, told):
                if not isinstance(told, Field | Reference):
                    return self._conclude_sure(told)
            case _:
                pass
        if definition.type.kind is Kind.CONDITION:
            return self._conclude(self._forms(expression))
        return self._value(expression, Shape.of(definition.type))

    # --- conditions ---------------------------------------------------------------------------

    def _conclude(self, forms: Forms) -> Source:
        """Return the source of a condition, which its rules settle unless it is constant."""
        if forms in self._by_forms:
            return self._by_forms[forms]
        ready = 0
        if forms.constant is None:
            ready = 1 + max((source.ready for source in forms.sources), default=0)
        asked = forms.asked
        echoed = asked if asked is not None and asked.slot in self._forms_of else None
        if echoed is not None:
            ready = echoed.ready
        source = self._source(Shape.TRUTH, ready, total=forms.total)
        if forms.constant is not None:
            self._settled[source.slot] = forms.constant
        elif echoed is not None:
            self._echoes[source.slot] = Echo(source, echoed, _truths(forms))
        else:
            self._conditions.append(Condition(source, forms))
        self._forms_of[source.slot] = forms
        self._by_forms[forms] = source
        return source

    def _asked(self, source: Source) -> Source | None:
        """Return the source that decides a condition alone, and is known when the condition is."""
        forms = self._forms_of.get(source.slot)
        return None if forms is None or forms.total else forms.asked

    def _conclude_sure(self, told: Expression) -> Source:
        """Return the source of `told` being known and true: only what makes it true needs rules."""
        forms = self._forms(told)
        if forms.constant is not None or forms.total:
            return self._conclude(forms)
        return self._conclude(Forms(forms.true, (), total=True) if forms.true else FALSE)

    def _forms(self, node: Expression) -> Forms:
        match node:
            case Constant(value=bool() as value):
                return TRUE if value else FALSE
            case Field(path=path):
                return self._truth(self._fields[path])
            case Reference(name=name):
                return self._truth(self._definitions[name])
            case Not(operand=operand):
                return ~self._forms(operand)
            case And(operands=(IsKnown(operand=asked), told)) if _is_sure(asked, told):
                return self._sure(told)
            case And(operands=operands):
                return self._all([self._forms(operand) for operand in operands])
            case Or(operands=operands):
                return ~self._all([~self._forms(operand) for operand in operands])
            case Compare():
                return self._compare(node)
            case IsMember(subject=Field(path=path), members=members):
                return self._membership(self._fields[path], members)
            case IsKnown(operand=operand):
                return self._is_known(operand)
            case _:
                raise UnsupportedNode("durable", f"{type(node).__name__} as a condition")

    def _all(self, operands: Sequence[Forms]) -> Forms:
        """Return a conjunction, its widest operands made conclusions of their own as need be.

        Distribution would multiply alternatives, and a wide disjunction would match too much at
        once. A conclusion in its place means the same, as Kleene logic is compositional.
        """
        parts = list(operands)
        if len(parts) > WIDEST:
            groups = min(WIDEST, -(-len(parts) // WIDEST))
            parts = [self._all(parts[first::groups]) for first in range(groups)]
        while not is_narrow(parts):
            widest = max(range(len(parts)), key=lambda at: weight(parts[at]))
            parts[widest] = self._truth(self._conclude(parts[widest]))
        return conjunction(parts)

    def _truth(self, source: Source) -> Forms:
        """Return the forms of a source that is a truth itself."""
        if source.slot in self._settled:
            return TRUE if self._settled[source.slot] else FALSE
        forms = self._forms_of.get(source.slot)
        if forms is not None and forms.asked is not None:
            return forms  # what it asks can be asked right away
        return self._flag(source, VALUE, total=source.total)

    def _flag(self, source: Source, facet: Facet, *, total: bool) -> Forms:
        """Return the forms of a facet that is written as 0 or 1."""
        return single(
            self._literal(source, facet, "$eq", 1),
            self._literal(source, facet, "$eq", 0),
            total=total,
        )

    def _literal(self, source: Source, facet: Facet, sign: Operator, value: float) -> Literal:
        return Literal(source, facet, sign, decimal_text(value))

    def _membership(self, source: Source, members: tuple[str, ...]) -> Forms:
        """Return the forms of membership: one member by its place, several as a facet of theirs."""
        if set(members) - set(source.members):
            raise EngineError(f"{members} are not all among {source.members}")
        places = sorted({source.members.index(member) + 1 for member in members})
        others = sorted(set(range(1, len(source.members) + 1)) - set(places))

        def one(place: int) -> Forms:
            return single(
                self._literal(source, VALUE, "$eq", place),
                self._literal(source, VALUE, "$neq", place),
            )

        match places, others:
            case [place], _:
                return one(place)
            case _, [place]:
                return ~one(place)
            case _:
                chosen = tuple(source.members[place - 1] for place in places)
                return self._flag(source, chosen, total=False)

    def _is_known(self, operand: Expression) -> Forms:
        match operand:
            case Constant() | IsKnown():
                return TRUE
            case Field(path=path) | IsMember(subject=Field(path=path)):
                source = self._fields[path]
            case Reference(name=name):
                source = self._definitions[name]
            case WeightedSum():
                source = self._value(operand, Shape.SCORE)
            case Arithmetic() | Negative() | Call():
                return self._computed_truth(operand, known, total=True)
            case _:
                forms = self._forms(operand)
                if forms.total:
                    return TRUE
                source = forms.asked or self._conclude(forms)
        return TRUE if source.total else self._known(source)

    def _known(self, source: Source) -> Forms:
        """Return the forms of whether a source is known."""
        asked = self._asked(source)
        if asked is not None:
            return self._known(asked)
        if source.shape is Shape.SCORE:
            return self._flag(source, KNOWN, total=True)
        if source.shape is not Shape.TRUTH:
            return single(
                self._literal(source, VALUE, "$ex", 1),
                self._literal(source, ABSENT, "$eq", 1),
                total=True,
            )
        source.marks_unknown = True
        return single(
            self._literal(source, VALUE, "$neq", UNKNOWN_MARK),
            self._literal(source, VALUE, "$eq", UNKNOWN_MARK),
            total=True,
        )

    def _sure(self, told: Expression) -> Forms:
        """Return the forms of `told` being known and true, which is never unknown itself."""
        match told:
            case Reference() | Field():
                leaf, sign = told, 1
            case Not(operand=Reference() | Field() as leaf):
                sign = 0
            case _:
                return self._truth(self._conclude_sure(told))
        source = self._leaf(leaf)
        if source.total or source.slot in self._settled:
            return self._forms(told)
        if source.slot in self._echoes:
            echo = self._echoes[source.slot]
            source, sign = echo.of, int(echo.truths[True] == sign)
        source.marks_unknown = True
        return single(
            self._literal(source, VALUE, "$eq", sign),
            self._literal(source, VALUE, "$neq", sign),
            total=True,
        )

    # --- comparisons --------------------------------------------------------------------------

    def _compare(self, node: Compare) -> Forms:
        """Return the forms of a comparison: a test of the rules where one side is a constant."""
        sign, left, right = node.operator, node.left, node.right
        bound = _bound(right)
        if (scored := self._score(left)) is not None:
            if bound is not None:
                return self._compare_score(sign, scored, bound)
            slot = scored.slot
            return self._computed_truth(
                node, lambda value: interval_comparison(sign, slot, value), right, reads=[scored]
            )
        if bound is None and self._score(right) is None and (bound := _bound(left)) is not None:
            sign, left = _SWAPPED[sign], right
        if bound is not None and isinstance(left, Field | Reference):
            source = self._leaf(left)
            true, false = _TESTS[sign]
            return single(
                self._literal(source, VALUE, true, bound),
                self._literal(source, VALUE, false, bound),
            )
        return self._computed_truth(
            node,
            lambda one, other: comparison(node.operator, one, other),
            node.left,
            node.right,
        )

    def _compare_score(self, sign: Comparison, source: Source, bound: float) -> Forms:
        """Return the forms of a score against a constant: every value it can take must agree."""

        def low(operator: Operator) -> Literal:
            return self._literal(source, LOW, operator, bound)

        def high(operator: Operator) -> Literal:
            return self._literal(source, HIGH, operator, bound)

        match sign:
            case "<":
                return Forms(((high("$lt"),),), ((low("$gte"),),))
            case "<=":
                return Forms(((high("$lte"),),), ((low("$gt"),),))
            case "==":
                return Forms(
                    ((low("$eq"), high("$eq")),),
                    ((low("$gt"),), (high("$lt"),)),
                )
            case ">" | ">=" | "!=":
                contrary: dict[str, Comparison] = {">": "<=", ">=": "<", "!=": "=="}
                return ~self._compare_score(contrary[sign], source, bound)

    def _score(self, node: Expression) -> Source | None:
        """Return the source of a score, or `None` for any other expression."""
        if isinstance(node, WeightedSum):
            return self._value(node, Shape.SCORE)
        if isinstance(node, Reference) and self._definitions[node.name].shape is Shape.SCORE:
            return self._definitions[node.name]
        return None

    # --- computations -------------------------------------------------------------------------

    def _leaf(self, node: Field | Reference | WeightedSum) -> Source:
        match node:
            case Field(path=path):
                return self._fields[path]
            case Reference(name=name):
                return self._definitions[name]
            case WeightedSum():
                return self._value(node, Shape.SCORE)

    def _computation(self, node: Expression, reads: list[Source]) -> Computation:
        """Return the function that computes an expression, and note what it reads."""

        def locate(leaf: Field | Reference | WeightedSum, /) -> tuple[int, bool]:
            source = self._leaf(leaf)
            reads.append(source)
            return source.slot, source.shape is Shape.SCORE

        return computation(node, locate)

    def _compute(self, shape: Shape, function: Computation, reads: list[Source]) -> Source:
        ready = max((source.ready for source in reads), default=0)
        source = self._source(shape, ready)
        self._computed.append(Computed(source, function))
        return source

    def _value(self, node: Expression, shape: Shape) -> Source:
        """Return the source of a number, a date or a score."""
        # The text tells 1 from 1.0 and from true, which equality does not.
        key = f"value {node!r}"
        if key not in self._by_expression:
            reads: list[Source] = []
            if isinstance(node, WeightedSum):
                items = [(self._item(item, reads), weight) for item, weight in node.items]
                shape, function = Shape.SCORE, score(items)
            else:
                function = self._computation(node, reads)
            self._by_expression[key] = self._compute(shape, function, reads)
        return self._by_expression[key]

    def _item(self, node: Expression, reads: list[Source]) -> int | bool:
        """Return the slot of the truth of one item of a score, or its truth if it is constant."""
        if isinstance(node, Field | Reference):
            source = self._leaf(node)
        else:
            source = self._conclude(self._forms(node))
        if source.slot in self._settled:
            return self._settled[source.slot]
        reads.append(source)
        return source.slot

    def _computed_truth(
        self,
        node: Expression,
        make: Callable[..., Computation],
        *arguments: Expression,
        reads: Sequence[Source] = (),
        total: bool = False,
    ) -> Forms:
        """Return the forms of a truth that no rule can test: it is computed and asserted."""
        key = f"{'known' if total else 'truth'} {node!r}"
        if key not in self._by_expression:
            noted = list(reads)
            values = [self._computation(each, noted) for each in arguments or (node,)]
            function = make(*values)
            if not noted:
                return _settled_forms(function)
            self._by_expression[key] = self._compute(Shape.TRUTH, function, noted)
            self._by_expression[key].total = total
        return self._flag(self._by_expression[key], VALUE, total=total)


def _truths(forms: Forms) -> dict[Truth, Truth]:
    """Return what a condition is when the one truth that it asks is true, false and unknown."""
    ((test,),) = forms.true
    unknown = test.holds(UNKNOWN_MARK) if forms.total else None
    return {True: test.holds(1), False: test.holds(0), None: unknown}


def _settled_forms(function: Computation) -> Forms:
    """Return the forms of a truth that depends on nothing."""
    truth: bool | None = function(())
    return UNKNOWN if truth is None else TRUE if truth else FALSE


def _bound(node: Expression) -> float | None:
    """Return the number that stands for a constant side, where rules can compare with it exactly.

    Beyond 2**53 integers and doubles are not told apart, so such a comparison is computed.
    """
    folded: tuple[Any] | None = constant(node)
    if folded is None:
        return None
    (value,) = folded
    if isinstance(value, date):
        return value.toordinal()
    return value if isinstance(value, int | float) and abs(value) <= EXACT else None


def _is_sure(asked: Expression, told: Expression) -> bool:
    """Whether a condition asks for its other half to be known, so that it is true or false."""
    return told == asked or told == Not(asked) or asked == Not(told)
