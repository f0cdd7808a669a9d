"""The whole that the checks look at, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from guidestep.language.documents import AcceptedEntry, GuidelineEntry, Identified
from guidestep.language.files import Read
from guidestep.language.rulebase import Rulebase
from guidestep.language.source import Span
from guidestep.language.tree import Expression, Field, walk

Step = str | int
"""A step into an entry: a key, or the number of an item."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The rule base with the places its parts were read from."""

    base: Rulebase
    guideline: Read[GuidelineEntry]
    reads: Mapping[str, Read[Identified]]
    accepted: Sequence[Read[AcceptedEntry]] = ()

    def span(self, id_: str, *path: Step) -> Span:
        """Return where a part of an entry stands; without a path, where its id does."""
        return self.reads[id_].at(*path) if path else self.reads[id_].span


def expressions(base: Rulebase) -> Iterator[Expression]:
    """Yield every expression that an answer depends on, roots only."""
    for defined in base.definitions.values():
        yield defined.expression
    for rule in base.rules.values():
        yield rule.when
        if rule.scope is not None:
            yield rule.scope
        if rule.optional is not None:
            yield rule.optional.when
    for conditional in (*base.tracks.values(), *base.notices, *base.requests):
        yield conditional.when
    for progression in base.progressions:
        yield progression.when
    for assumption in base.assumptions.values():
        if assumption.open_when is not None:
            yield assumption.open_when


_DEMOGRAPHIC_NAMES = {
    "date_of_birth": ("age", "age_years", "birth_date", "date_of_birth"),
    "sex": ("sex", "sex_at_birth"),
    "race": ("race",),
    "ethnicity": ("ethnicity",),
    "gender_identity": ("gender", "gender_identity"),
}


def demographic_inputs(base: Rulebase) -> Mapping[str, tuple[str, ...]]:
    """Return the inputs that rules read and that tell who a person is, by source attribute.

    Source: 45 CFR 170.315(b)(11)(iv)(A)(5) to (11); 45 CFR 92.210 asks for the same list.
    """
    read = {
        node.path for root in expressions(base) for node in walk(root) if isinstance(node, Field)
    }
    return {
        attribute: tuple(sorted(path for path in read if path.rsplit(".", 1)[-1] in names))
        for attribute, names in _DEMOGRAPHIC_NAMES.items()
    }
