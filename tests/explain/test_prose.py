"""The English of every kind of expression, word for word."""

from datetime import date

import pytest

from guidestep import Guideline
from guidestep.engines.support import UnsupportedNode
from guidestep.explain.prose import prose
from guidestep.language.tree import (
    And,
    Call,
    Cases,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Not,
    Or,
    Reference,
    WeightedSum,
)
from tests.explain.expressions import EXPRESSIONS

WARM = Field("ankle.warm")


@pytest.mark.parametrize(
    ("rule", "written", "english"),
    [(f"rule-{index}", *pair) for index, pair in enumerate(EXPRESSIONS)],
)
def test_what_is_written_in_a_guideline(
    ankles: Guideline, rule: str, written: str, english: str
) -> None:
    assert prose(ankles.rules[rule].when, ankles.base) == english


@pytest.mark.parametrize(
    ("node", "english"),
    [
        (Constant(True), "always"),
        (Not(Constant(True)), "never"),
        (And(()), "always"),
        (Or(()), "never"),
        (And((WARM,)), "warm ankle is true"),
        (Or((And((WARM, WARM)),)), "warm ankle is true and warm ankle is true"),
        (Not(IsKnown(Field("ankle.signs"))), "signs of a sprain are not known"),
        (Not(IsKnown(Or((WARM, WARM)))), "(warm ankle is true or warm ankle is true) is not known"),
        (Constant(date(2026, 3, 1)), "2026-03-01"),
        (Call("round", (Field("ankle.age"), Constant(-1))), "age rounded to the nearest 10"),
        (
            WeightedSum(((WARM, 2), (Reference("hot"), 1))),
            'the sum of: 2 points if warm ankle is true; 1 point if "hot to the touch" holds',
        ),
        (
            Cases(((WARM, "bad"), (Reference("hot"), "not_known")), "good"),
            'bad if warm ankle is true; otherwise \'not known\' if "hot to the touch" holds; '
            "otherwise good",
        ),
        # What only a program has: no label, no definition of the guideline.
        (IsMember(Field("open point ASM-1"), ("x",)), "open point ASM-1 is x"),
        (Reference("rule-0"), '"about rule-0" holds'),
        (Reference("outcome:referral"), '"outcome:referral" holds'),
        (Compare("==", Field("visit.on"), Field("visit.born")),
         "date of the visit is the same day as date of birth"),
    ],
)  # fmt: skip
def test_what_only_a_program_holds(ankles: Guideline, node: Expression, english: str) -> None:
    assert prose(node, ankles.base) == english


def test_a_node_that_is_none_of_the_tree_is_refused(ankles: Guideline) -> None:
    with pytest.raises(UnsupportedNode, match="prose"):
        prose(object(), ankles.base)  # type: ignore[arg-type]


def test_everything_in_the_shipped_guideline_has_its_own_words(cervical: Guideline) -> None:
    base = cervical.base
    trees = [rule.when for rule in base.rules.values()]
    trees += [rule.when for rule in base.progressions]
    trees += [defined.expression for defined in base.definitions.values()]
    english = [prose(tree, base) for tree in trees]
    # No path, no operator, no underscore is left of the language.
    assert not [text for text in english if "_" in text or ">=" in text or "neurologic." in text]
    same = dict(zip(trees, english, strict=True))
    assert len(set(same.values())) == len(same)
