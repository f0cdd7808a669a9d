"""What the tests of the small instruments share: loading, changing and asking them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TypeVar

import guidestep
from guidestep import Action, Assessment, Guideline, Outcome, Recommendation

HERE = Path(__file__).parent
BOTH = ("durable", "compiled")

T = TypeVar("T")


def load(name: str, model: type[Assessment]) -> Guideline:
    """Return an instrument, as a guideline of anybody's is loaded."""
    return guidestep.load(HERE / name, model=model)


def altered(folder: Path, to: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of a guideline in which one text, which stands there once, is another."""
    copy = to / folder.name
    shutil.copytree(folder, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return copy


def ask(guideline: Guideline, patient: Mapping[str, object]) -> Recommendation:
    """Return the answer of both engines in the default profile."""
    given = guideline.recommend(patient)
    assert given.engines == BOTH
    assert given.agreement
    return given


def said(given: Recommendation) -> str:
    """Return the step that is started, or the outcome where none is recommended."""
    if given.outcome is not Outcome.RECOMMEND:
        assert given.steps == ()
        return given.outcome.value
    (step,) = given.steps
    return step.id if step.action is Action.START else f"{step.action} {step.id}"


def missing(given: Recommendation) -> set[str]:
    """Return the paths of what is to be assessed first."""
    return {item.path for item in given.missing}


def completions(items: Sequence[bool | None]) -> Iterator[tuple[bool, ...]]:
    """Yield every way in which the unknown items may turn out."""
    return product(*((item,) if item is not None else (False, True) for item in items))


def only(values: set[T]) -> T | None:
    """Return the value that all agree on, if they do."""
    return next(iter(values)) if len(values) == 1 else None


def signs(text: str) -> tuple[bool | None, ...]:
    """Return the items that a word such as '+-?' stands for."""
    return tuple({"+": True, "-": False, "?": None}[sign] for sign in text)


ALL_THREE_VALUED = ["".join(word) for word in product("+-?", repeat=5)]
"""All 3^5 = 243 words on five items: true, false, unknown."""
