"""Small words: units, members, numbers and labels as a clinician reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from guidestep.outcome import Action, Basis, Family, Outcome

OUTCOMES: dict[Outcome, str] = {
    Outcome.URGENT_REFERRAL: "stop rehabilitation, refer urgently",
    Outcome.REFERRAL: "refer for evaluation",
    Outcome.NOT_ELIGIBLE: "outside this guideline",
    Outcome.ASSESS_FIRST: "assess first, not decided yet",
    Outcome.RECOMMEND: "protocol steps recommended",
    Outcome.SURVEILLANCE: "nothing to start, keep watching",
}
"""What each outcome means, in words."""

ACTIONS: dict[Action, str] = {action: action.value for action in Action}
"""The verb of each action."""

BASES: dict[Basis, str] = {
    Basis.SOURCE: "Decided by the source itself.",
    Basis.ASSUMPTION: "Decided with assumptions of ours, listed below, not by the source alone.",
    Basis.UNDETERMINED: "The source leaves this open, and no assumption answers it here.",
}
"""Who decides, in words."""

FAMILIES: dict[Family | str, str] = {
    **{family: family.value.replace("_", " ") for family in Family},
    "progression": "progression",
}
"""What each family of rules is called."""

# UCUM code: after one, after any other number. The first column begins without a space where the
# unit is written against the number.
_UNITS: dict[str, tuple[str, str]] = {
    "%": ("%", "%"),
    "deg": (" degree", " degrees"),
    "a": (" year", " years"),
    "mo": (" month", " months"),
    "wk": (" week", " weeks"),
    "d": (" day", " days"),
    "h": (" hour", " hours"),
    "min": (" minute", " minutes"),
    "s": (" second", " seconds"),
    "/d": (" a day", " a day"),
    "/wk": (" a week", " a week"),
    "/min": (" a minute", " a minute"),
    "d/wk": (" day a week", " days a week"),
    "Cel": (" °C", " °C"),
    "mm[Hg]": (" mmHg", " mmHg"),
    "{score}": ("", ""),
    "{count}": ("", ""),
    "1": ("", ""),
}
_ANNOTATION = re.compile(r"\{([^{}]+)\}")
_AMBIGUOUS = re.compile(r"known|unknown|none|yes|no|true|false|not_.*|no_.*|.*_(and|or)_.*")
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"(?<=\d)_(?=\d)")


def unit_words(unit: str | None, number: float = 2) -> str:
    """Return a UCUM unit in plain words, as it stands after a number.

    A unit that has no plain word is printed as it is.

    >>> [unit_words(unit) for unit in ("wk", "{repetition}", "/wk", "mm", None)]
    ['weeks', 'repetitions', 'a week', 'mm', '']
    """
    return _after(unit, number).strip()


def quantity(number: float | str, unit: str | None = None) -> str:
    """Return a number with its unit.

    >>> quantity(40.0, "%"), quantity(1, "wk"), quantity(2.5, "deg"), quantity("10-30", "s")
    ('40%', '1 week', '2.5 degrees', '10-30 seconds')
    """
    text = number if isinstance(number, str) else number_words(number)
    return text + _after(unit, 2 if isinstance(number, str) else number)


def _after(unit: str | None, number: float) -> str:
    if unit is None:
        return ""
    if unit in _UNITS:
        return _UNITS[unit][0 if abs(number) == 1 else 1]
    if note := _ANNOTATION.fullmatch(unit):
        return f" {note[1]}" if abs(number) == 1 else f" {note[1]}s"
    return f" {unit}"


def number_words(number: float) -> str:
    """Return a number without a needless fraction, and never rounded.

    >>> number_words(15.0), number_words(0.15), number_words(1234567)
    ('15', '0.15', '1234567')
    """
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def member_words(member: str) -> str:
    """Return a member of an enumeration with spaces, numbers joined as a range.

    >>> member_words("new_since_baseline"), member_words("borg_6_20")
    ('new since baseline', 'borg 6-20')
    """
    return _DIGITS.sub("-", member).replace("_", " ") if "_" in member else member


def members_words(members: Sequence[str]) -> str:
    """Return members as alternatives; one that could be read as part of the sentence is quoted.

    >>> members_words(["mild", "severe", "not_done"])
    "mild, severe or 'not done'"
    """
    return listed([_quoted(member) for member in members], "or")


def _quoted(member: str) -> str:
    words = member_words(member)
    return f"'{words}'" if _AMBIGUOUS.fullmatch(member) else words


def listed(words: Sequence[str], last: str) -> str:
    """Return words as a list with a word before the last.

    >>> listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def label_words(label: str) -> str:
    """Return a label that can stand within a sentence: what follows a comma goes in brackets.

    >>> label_words("hand weakness, side")
    'hand weakness (side)'
    """
    head, comma, tail = label.partition(", ")
    return f"{head} ({tail})" if comma else label


def verb(label: str) -> str:
    """Return `are` for a label that names several things, `is` otherwise.

    >>> verb("leg symptoms"), verb("course of the symptoms"), verb("diagnosis of dystonia")
    ('are', 'is', 'is')
    """
    head = re.split(r" (?:of|on|in|to|at)\b| \(", label)[0]
    return "are" if head.endswith("s") and not head.endswith(("ss", "is", "us")) else "is"


def path_words(path: str) -> str:
    """Return the name of a field whose label is not at hand.

    >>> path_words("neurologic.babinski_left")
    'babinski left'
    """
    return path.rpartition(".")[2].replace("_", " ")


def value_words(value: bool | int | float | str | date, unit: str | None = None) -> str:
    """Return a value that was seen, with its unit; a date as ISO 8601.

    A number with a long fraction is cut, and says so.

    >>> value_words("not_done"), value_words(True), value_words(date(2026, 3, 1))
    ('not done', 'yes', '2026-03-01')
    >>> value_words(51 / 7, "wk")
    'about 7.28571 weeks'
    """
    match value:
        case str() if _WORD.fullmatch(value):
            return member_words(value)
        case bool():
            return "yes" if value else "no"
        case float() if float(f"{value:.6g}") != value:
            return quantity(f"about {value:.6g}", unit)
        case int() | float():
            return quantity(value, unit)
        case date():
            return value.isoformat()
        case _:
            # Free text stays on its line, whatever it holds.
            return "".join(c if c.isprintable() else " " for c in value)


def uncapitalised(sentence: str) -> str:
    """Return a sentence as it stands within another; names in capitals keep them.

    >>> uncapitalised("Unsteady gait."), uncapitalised("MRI shows compression")
    ('unsteady gait', 'MRI shows compression')
    """
    text = sentence.strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
