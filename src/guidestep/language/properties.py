"""What properties speak of: the checks that every guideline is put to, and the names of the answer.

In the conditions of `properties.yaml`, and nowhere else, the answer has names: `outcome`,
`steps.TRACK`, `actions.TRACK`, `rules.ID` and `requests.ID`. Hyphens of an id are written as
underscores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from guidestep.language.types import CONDITION, Kind, Type
from guidestep.outcome import Action, Outcome

BuiltIn: TypeAlias = Literal[
    "one-outcome",
    "one-step-a-track",
    "no-exercise-with-a-red-flag",
    "urgency",
    "stable",
    "nothing-gained-by-leaving-out",
    "time-alone",
    "reachable",
    "not-subsumed",
    "boundaries",
]
"""The checks that `verify` makes of every guideline; what they find may be accepted."""

OUTCOME = "outcome"
STEPS = "steps"
ACTIONS = "actions"
RULES = "rules"
REQUESTS = "requests"

SECTIONS: tuple[str, ...] = (STEPS, ACTIONS, RULES, REQUESTS)
"""The words before the dot in a name of the answer: no section of the model may be called so."""

NONE = "none"
"""The member that stands for no step and for no action."""


def name_of(section: str, id_: str) -> str:
    """Return how properties name something of the answer.

    >>> name_of("rules", "unstable-gait")
    'rules.unstable_gait'
    """
    return f"{section}.{id_.replace('-', '_')}"


def answer_types(
    tracks: Mapping[str, Iterable[str]], rules: Iterable[str], requests: Iterable[str]
) -> dict[str, Type]:
    """Return the names of the answer with their types; `tracks` are the steps of each track.

    A name that two ids would have means neither of them.

    >>> answer_types({"knee": ["K1"]}, [], [])["steps.knee"].members
    ('K1', 'none')
    """
    found = [(OUTCOME, _members(Outcome))]
    for track, steps in tracks.items():
        found.append((name_of(STEPS, track), _members((*steps, NONE))))
        found.append((name_of(ACTIONS, track), _members((*Action, NONE))))
    found += [(name_of(RULES, id_), CONDITION) for id_ in rules]
    found += [(name_of(REQUESTS, id_), CONDITION) for id_ in requests]
    times = Counter(name for name, _ in found)
    return {name: type_ for name, type_ in found if times[name] == 1}


def _members(words: Iterable[str]) -> Type:
    return Type(Kind.ENUMERATION, members=tuple(dict.fromkeys(str(word) for word in words)))
