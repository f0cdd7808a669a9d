"""The Cook 2010 myelopathy cluster of the cervical safety pack: three of five, a caution only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import guidestep
from guidestep import Guideline, Outcome, Recommendation
from guidestep.cases import read_cases
from tests.drifting import load_drifting
from tests.guidelines.instruments import ALL_THREE_VALUED, altered, ask, completions, only, signs

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
GUIDELINE = guidestep.load(FOLDER)
CLUSTER = "myelopathy-cluster"
INTAKE = next(case.assessment for case in read_cases(FOLDER) if case.id == "intake-complete")

# Gait deviation, Hoffmann, inverted supinator, Babinski, age: found, looked for and not found.
FOUND: tuple[dict[str, object], ...] = (
    {"neurologic.gait_instability": "absent", "neurologic.gait_change": "present"},
    {"neurologic.hoffmann_left": "positive", "neurologic.hoffmann_right": "negative"},
    {
        "neurologic.inverted_supinator_left": "negative",
        "neurologic.inverted_supinator_right": "positive",
    },
    {"neurologic.babinski_left": "positive", "neurologic.babinski_right": "negative"},
    {"scope.age_years": 46},
)
NOT_FOUND: tuple[dict[str, object], ...] = (
    {"neurologic.gait_instability": "absent", "neurologic.gait_change": "absent"},
    {"neurologic.hoffmann_left": "negative", "neurologic.hoffmann_right": "negative"},
    {
        "neurologic.inverted_supinator_left": "negative",
        "neurologic.inverted_supinator_right": "negative",
    },
    {"neurologic.babinski_left": "negative", "neurologic.babinski_right": "negative"},
    {"scope.age_years": 45},
)
GAIT = ("neurologic.gait_instability", "neurologic.gait_change")
SIGNS = [
    tuple(f"neurologic.{sign}_{side}" for side in ("left", "right"))
    for sign in ("hoffmann", "inverted_supinator", "babinski")
]


def patient(word: str, **changes: object) -> dict[str, object]:
    """Return an otherwise healthy person whose five items are as in the word."""
    given: dict[str, object] = {
        f"{section}.{name}": value
        for section, part in INTAKE.items()
        if isinstance(part, dict)
        for name, value in part.items()
    }
    for item, found, not_found in zip(signs(word), FOUND, NOT_FOUND, strict=True):
        given |= dict.fromkeys(found) if item is None else found if item else not_found
    return given | {name.replace("__", "."): value for name, value in changes.items()}


def expected(word: str) -> bool | None:
    """Return whether three of five are found, from every way the unknown may turn out."""
    return only({sum(items) >= 3 for items in completions(signs(word))})


def verdict(given: Recommendation) -> object:
    """Return what the engines say of the cluster."""
    assert given.evidence is not None
    return given.evidence.verdicts[CLUSTER]


def wrong(guideline: Guideline) -> Iterator[str]:
    """Yield the rows of the whole table that a guideline answers otherwise."""
    return (w for w in ALL_THREE_VALUED if verdict(ask(guideline, patient(w))) is not expected(w))


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_every_combination_of_the_five_items(word: str) -> None:
    given = ask(GUIDELINE, patient(word))
    truth = expected(word)
    assert verdict(given) is truth
    assert (CLUSTER in {reason.rule for reason in given.cautions}) is (truth is True)
    assert (CLUSTER in {item.rule for item in given.not_evaluable}) is (truth is None)
    assert CLUSTER not in {reason.rule for reason in given.reasons}


def test_the_table_holds_all_three_verdicts() -> None:
    verdicts = [expected(word) for word in ALL_THREE_VALUED]
    # By hand: true needs three found, false three not found, of five; the rest is open.
    assert verdicts.count(True) == verdicts.count(False) == 10 * 4 + 5 * 2 + 1
    assert verdicts.count(None) == 243 - 2 * 51


@pytest.fixture(scope="module")
def without_it(tmp_path_factory: pytest.TempPathFactory) -> Guideline:
    """Return the guideline without the cluster."""
    text = (FOLDER / "cautions.yaml").read_text(encoding="utf-8")
    start = text.index(f"- id: {CLUSTER}\n")
    block = text[start : text.index("\n- id:", start) + 1]
    to = tmp_path_factory.mktemp("without")
    return guidestep.load(altered(FOLDER, to, "cautions.yaml", block, ""))


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_it_is_a_caution_only(word: str, without_it: Guideline) -> None:
    one, other = ask(GUIDELINE, patient(word)), ask(without_it, patient(word))
    assert one.outcome is other.outcome
    assert one.basis is other.basis or CLUSTER in {item.rule for item in one.not_evaluable}
    assert one.steps == other.steps
    assert one.reasons == other.reasons
    assert one.possible == other.possible
    assert tuple(c for c in one.cautions if c.rule != CLUSTER) == other.cautions


def test_one_more_year_of_age_adds_the_caution_and_nothing_else() -> None:
    """The other two, a changed gait and a Hoffmann sign, bar the start by rules of their own."""
    cause = "non_neurological_documented"
    below = ask(GUIDELINE, patient("++---", neurologic__gait_change_cause=cause))
    above = ask(GUIDELINE, patient("++--+", neurologic__gait_change_cause=cause))
    assert (verdict(below), verdict(above)) == (False, True)
    assert below.outcome is above.outcome is Outcome.ASSESS_FIRST
    assert below.reasons == above.reasons
    assert [reason.rule for reason in below.cautions] == []
    assert [reason.rule for reason in above.cautions] == [CLUSTER]


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_the_strict_profile_wants_it_decided(word: str) -> None:
    given = GUIDELINE.recommend(patient(word), profile="strict")
    assert verdict(given) is expected(word)
    if expected(word) is None:
        assert given.outcome is not Outcome.RECOMMEND


@pytest.mark.parametrize("age", [None, 18, 44, 45, 46, 70])
def test_age_counts_above_45(age: int | None) -> None:
    given = ask(GUIDELINE, patient("-++-?", scope__age_years=age))
    assert verdict(given) is (None if age is None else age > 45)


@pytest.mark.parametrize(
    ("instability", "change"), list(product(("present", "absent", None), repeat=2))
)
def test_either_entry_on_gait_is_a_deviation(instability: str | None, change: str | None) -> None:
    given = ask(GUIDELINE, patient("?++--") | dict(zip(GAIT, (instability, change), strict=True)))
    known = {instability, change}
    assert verdict(given) is (True if "present" in known else None if None in known else False)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign[0].split(".")[1])
@pytest.mark.parametrize(
    "sides", list(product(("positive", "negative", "equivocal", None), repeat=2))
)
def test_one_side_is_enough_and_one_side_not_examined_is_open(
    sign: tuple[str, ...], sides: tuple[str | None, ...]
) -> None:
    """An equivocal sign is not a positive one."""
    word = "+?--+" if sign == SIGNS[0] else "+-?-+" if sign == SIGNS[1] else "+--?+"
    given = ask(GUIDELINE, patient(word) | dict(zip(sign, sides, strict=True)))
    assert verdict(given) is (True if "positive" in sides else None if None in sides else False)


def test_the_table_is_right_of_the_guideline_as_written() -> None:
    assert list(wrong(GUIDELINE)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at_least(3,", "at_least(2,"),
        ("at_least(3,", "at_least(4,"),
        ("scope.age_years > 45)", "scope.age_years >= 45)"),
        ("scope.age_years > 45)", "scope.age_years > 46)"),
        ("neurologic.hoffmann_left is positive or ", ""),
        (" or neurologic.gait_change is present", ""),
        (" or neurologic.inverted_supinator_right is positive", ""),
        ("neurologic.babinski_left is positive or ", ""),
    ],
)
def test_the_table_finds_a_broken_cluster(tmp_path: Path, old: str, new: str) -> None:
    broken = load_drifting(altered(FOLDER, tmp_path, "cautions.yaml", old, new))
    assert next(wrong(broken), None) is not None
