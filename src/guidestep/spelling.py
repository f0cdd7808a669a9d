"""What was meant by a name that is not there: the most similar one, as a hint."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100
"""Characters of a name that are compared: difflib is quadratic."""


def closest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the most similar of `words`, or an empty string when none is close.

    >>> closest("gait_instabilty", ["gait_instability", "gait_change"])
    'gait_instability'
    """
    found = get_close_matches(word[:_LONGEST], list(words), n=1, cutoff=cutoff)
    return found[0] if found else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return a hint naming the most similar word, or an empty string.

    >>> did_you_mean("presnt", ["present", "absent"])
    "did you mean 'present'?"
    """
    found = closest(word, words)
    return f"did you mean '{found}'?" if found else ""


def field_hint(path: str, fields: Iterable[str]) -> str:
    """Return a hint for a path that is no field: a similar one, or those of its section.

    >>> field_hint("knee.sweling", ["knee.swelling", "knee.pain"])
    "did you mean 'knee.swelling'?"
    """
    known = list(fields)
    section, _, name = path.rpartition(".")
    same = [other for other in known if other.rpartition(".")[2] == name]
    if same:
        return f"did you mean '{same[0]}'?"
    siblings = [other.rpartition(".")[2] for other in known if other.startswith(f"{section}.")]
    if not siblings:
        return did_you_mean(path, known)
    longer = next((other for other in siblings if other.startswith(name)), "")
    if found := longer or closest(name, siblings):
        return f"did you mean '{section}.{found}'?"
    return f"the fields of {section} are {', '.join(siblings)}" if len(siblings) <= 12 else ""
