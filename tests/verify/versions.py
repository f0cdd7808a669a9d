"""Versions of the small guideline: edited, renamed at random, and with conditions at random."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Annotated, Any, Literal

from guidestep import Guideline, Recommendation
from guidestep.assessment import Assessment, Section, item, quantity
from guidestep.language.tree import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Not,
    Or,
)
from tests.answer.model import Knee, KneeAssessment, Visit
from tests.drifting import load_drifting

KNEE = Path(__file__).parents[1] / "answer" / "guideline"

CHOICE: Mapping[str, Sequence[tuple[str, str]]] = {
    "steps.yaml": [
        (
            "steps:\n",
            "  - {id: brace, title: Bracing, when: visit.stage is active}\n"
            "steps:\n"
            "  - {id: P1, track: brace, title: Soft brace, content: Wear it., facts: [F2]}\n"
            "  - {id: P2, track: brace, title: Hard brace, content: Sleep in it., facts: [F2]}\n",
        )
    ],
    "progression.yaml": [
        (
            "- {id: begin",
            "- {id: soft, statement: Soft, start: P1, when: knee.rash is absent, facts: [F2]}\n"
            "- {id: hard, statement: Hard, start: P2, when: knee.rash is present, facts: [F2]}\n"
            "- {id: begin",
        )
    ],
}
"""Edits that add a track without a place: a choice between two braces."""


def edited(
    folder: Path,
    edits: Mapping[str, Sequence[tuple[str, str]]],
    *,
    source: Path = KNEE,
    model: type[Assessment] = KneeAssessment,
) -> Guideline:
    """Return a guideline whose files were edited; every edit finds what it replaces."""
    copy = copytree(source, folder)
    for name, changes in edits.items():
        text = (copy / name).read_text()
        for before, after in changes:
            assert before in text, before
            text = text.replace(before, after)
        (copy / name).write_text(text)
    return load_drifting(copy, model)


def model_with(
    *,
    bend: tuple[str, ...] = ("none", "B1", "B2"),
    flexion: tuple[float, float] = (0, 160),
    unit: str = "deg",
    more: bool = False,
) -> type[Assessment]:
    """Return a model like that of the knee, with something otherwise."""
    places = Literal[bend]  # type: ignore[valid-type]
    low, high = flexion

    class OtherProgramme(Section):
        bend: Annotated[places, item("bending step", "Which step?")]  # type: ignore[valid-type]
        better: Annotated[bool | None, item("improved", "Is the knee better?")] = None
        holds: Annotated[
            float | None, quantity("hold", "How long?", unit="s", minimum=0, maximum=300)
        ] = None

    class OtherKnee(Knee):
        flexion: Annotated[
            float | None, quantity("flexion", "How far?", unit=unit, minimum=low, maximum=high)
        ] = None
        if more:
            warm: Annotated[bool | None, item("warm knee", "Is the knee warm?")] = None

    class OtherKneeAssessment(Assessment):
        model_id = "knee"
        visit: Visit
        knee: OtherKnee = OtherKnee()
        programme: OtherProgramme

    return OtherKneeAssessment


# --- everything renamed and reordered -------------------------------------------------------------

_NAMES = (
    *("locked", "torn", "swelling", "over", "measured", "scale-set", "child", "feverish"),
    *("spotted", "unscanned-tear", "improved", "bend", "stiff", "fair", "free", "least_flexion"),
    *("bending", "begin", "onward", "back", "rest", "watch", "measured-flexion"),
    *(
        "A0",
        "R",
        "P1",
        "P2",
        "brace",
        "soft",
        "hard",
        "ASM-1",
        "ASM-2",
        "ASM-3",
        "F1",
        "F2",
        "book",
    ),
)
_LISTS = (
    *("red_flags", "referrals", "eligibility", "requirements", "cautions", "conflicts", "facts"),
    *("notices", "citations", "assumptions"),
)
_ENTRIES = re.compile(r"^- ", re.M)


def renamed(folder: Path, source: Path, rng: random.Random) -> Guideline:
    """Return a guideline in which every name is another, some of them exchanged, in other order."""
    copy = copytree(source, folder)
    fresh = [f"x{n}" for n in range(len(_NAMES))]
    rng.shuffle(fresh)
    names = dict(zip(_NAMES, fresh, strict=True))
    places = ["none", "C1", "C2"]
    names |= {"B1": "C1", "B2": "C2"}
    for one, other in (("locked", "feverish"), ("P1", "P2"), ("begin", "rest"), ("stiff", "free")):
        if rng.random() < 0.5:
            names |= {one: other, other: one}
    if rng.random() < 0.5:
        names |= {"ASM-1": "ASM-2", "ASM-2": "ASM-1"}
    # Ids of assumptions, facts and parameters have a shape of their own.
    for name, new in names.items():
        if name.startswith("ASM") and new.startswith("x"):
            names[name] = f"ASM-9{new[1:]}"
        elif re.fullmatch("F[0-9]", name):
            names[name] = f"F9{new[1:]}"
    pattern = re.compile(
        r"(?<![\w.-])(" + "|".join(sorted(names, key=len, reverse=True)) + r")(?![\w-])"
    )
    for file in sorted(copy.glob("*.yaml")):
        text = pattern.sub(lambda found: names[found[0]], file.read_text())
        if file.stem in _LISTS:
            entries = [f"- {part}" for part in _ENTRIES.split(text) if part.strip()]
            rng.shuffle(entries)
            text = "".join(entry if entry.endswith("\n") else f"{entry}\n" for entry in entries)
        file.write_text(text)
    return load_drifting(copy, model_with(bend=tuple(places)))


# --- conditions at random -------------------------------------------------------------------------

_MEMBERS = {
    "knee.locked": ("present", "absent"),
    "knee.fever": ("present", "absent"),
    "knee.swollen": ("present", "absent"),
    "visit.stage": ("intake", "active", "done"),
    "programme.bend": ("none", "B1", "B2"),
}
_LIMITS = {"knee.flexion": (20, 60, 90, 90.5), "knee.age": (18, 40), "programme.holds": (10, 30.5)}


def condition(rng: random.Random, depth: int = 2) -> Expression:
    """Return a random condition on a knee."""
    kind = rng.randrange(10 if depth else 5)
    if kind == 0:
        return Field("programme.better")
    if kind == 1:
        path = rng.choice(list(_MEMBERS))
        return IsMember(Field(path), (rng.choice(_MEMBERS[path]),))
    if kind in (2, 3):
        path = rng.choice(list(_LIMITS))
        operator = rng.choice((">=", ">", "<", "<=", "=="))
        number: Expression = Field(path)
        if rng.random() < 0.3:
            number = Arithmetic(rng.choice(("*", "/", "+")), number, Constant(rng.choice((2, 0.1))))
        return Compare(operator, number, Constant(rng.choice(_LIMITS[path])))
    if kind == 4:
        return IsKnown(Field(rng.choice((*_LIMITS, "knee.rash", "knee.scan"))))
    if kind == 5:
        return Not(condition(rng, depth - 1))
    parts = tuple(condition(rng, depth - 1) for _ in range(2))
    return And(parts) if rng.random() < 0.5 else Or(parts)


def at_random(guideline: Guideline, rng: random.Random, changes: int) -> Guideline:
    """Return a guideline in which some rules have random conditions."""
    base = guideline.base
    rules, progressions = dict(base.rules), list(base.progressions)
    for _ in range(changes):
        if rng.random() < 0.6:
            id_ = rng.choice(sorted(rules))
            rules[id_] = replace(rules[id_], when=condition(rng))
        else:
            at = rng.randrange(len(progressions))
            progressions[at] = replace(progressions[at], when=condition(rng))
    return Guideline(replace(base, rules=rules, progressions=tuple(progressions)))


def answer(given: Recommendation, call: Callable[[str], str] = str) -> tuple[Any, ...]:
    """Return what a patient is told to do."""
    steps = sorted((call(s.track), s.action.value, call(s.id)) for s in given.steps)
    return given.outcome.value, tuple(steps)
