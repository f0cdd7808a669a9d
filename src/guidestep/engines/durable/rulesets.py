"""Rules laid into rulesets, none of which can ever match too much at once, whatever the patient.

The network of durable_rules walks with a stack of 64 and fails on the patient who fills it. An
entry of that stack stands for at least one alternative of one rule, and no alternative for two
entries; so a ruleset of at most 64 alternatives can never overflow, which `prove` checks by
counting. The other limits of a ruleset (conditions under a node, rules under a condition) lie
beyond that number. A rule has no `$or`, no join and no negation, so the traps of those are not met.

A ruleset is one rule with many alternatives, each under the name of what it concludes: with `cap`
all that match come back in one firing, where rules of their own would take a call each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from string import ascii_letters, digits

from guidestep.engines.durable.facts import Source
from guidestep.engines.durable.layout import Condition
from guidestep.engines.durable.normal_form import Alternative
from guidestep.engines.errors import EngineError

MOST_ALTERNATIVES = 64
"""As many alternatives may match at once; one of them opens the session."""

MOST_PROPERTIES = 200
"""A fact of about 250 properties is refused by durable_rules."""

MANY_PROPERTIES = 32
"""Beyond this a further ruleset is cheaper: matching costs properties times conditions."""

OPENING = "_"
NAMES = f"{ascii_letters}{digits}-"
"""One letter names what an alternative concludes; `OPENING` is the one that opens a session."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows when an alternative matches: the truth of a source."""

    source: Source
    truth: bool


@dataclass
class Rules:
    """The rules of one ruleset: named alternatives, and the sources that its fact is made of."""

    alternatives: list[tuple[str, Alternative]] = field(default_factory=list)
    conclusions: dict[str, Conclusion] = field(default_factory=dict)
    sources: dict[int, Source] = field(default_factory=dict)

    @property
    def properties(self) -> int:
        """The number of properties that its fact has at most."""
        return sum(len(source.properties) for source in self.sources.values())

    def has_room(self, condition: Condition) -> bool:
        """Whether the rules of a condition fit in."""
        new = [each for each in sources(condition) if each.slot not in self.sources]
        return (
            1 + len(self.alternatives) + sum(len(form) for _, form in forms(condition))
            <= MOST_ALTERNATIVES
            and self.properties + sum(len(source.properties) for source in new) <= MANY_PROPERTIES
        )

    def add(self, condition: Condition) -> None:
        """Take the rules of a condition in."""
        for source in sources(condition):
            self.sources[source.slot] = source
        for truth, form in forms(condition):
            name = NAMES[len(self.conclusions)]
            self.conclusions[name] = Conclusion(condition.source, truth)
            self.alternatives += [(name, alternative) for alternative in form]

    def __str__(self) -> str:
        """Return the definition of the ruleset in durable_rules' JSON.

        The rule has one `all` an alternative: durable_rules reads its keys one after the other and
        lets a rule have several, each a way to fire it.
        """
        ways = [f'"all":[{{"{OPENING}":{{"z":1}}}}]']
        ways += [f'"all":[{{"{name}":{_test(each)}}}]' for name, each in self.alternatives]
        return f'{{"r":{{{",".join(ways)},"dist":0,"cap":{MOST_ALTERNATIVES}}}}}'


def forms(condition: Condition) -> Sequence[tuple[bool, tuple[Alternative, ...]]]:
    """Return the forms that need rules: one that is never unknown is false where it is not true."""
    both = ((True, condition.forms.true), (False, condition.forms.false))
    return [(truth, form) for truth, form in both if form and (truth or not condition.forms.total)]


def sources(condition: Condition) -> list[Source]:
    """Return the sources that the rules of a condition read, each once."""
    literals = [
        each for _, form in forms(condition) for alternative in form for each in alternative
    ]
    return list({each.source.slot: each.source for each in literals}.values())


def prune(rulesets: Iterable[Rules]) -> None:
    """Drop the properties that no rule reads, such as those of a false form that is not needed."""
    read = {
        (each.source.slot, each.property)
        for rules in rulesets
        for _, alternative in rules.alternatives
        for each in alternative
    }
    for rules in rulesets:
        for slot, source in rules.sources.items():
            source.properties = {
                facet: name for facet, name in source.properties.items() if (slot, name) in read
            }


def lay(conditions: Iterable[Condition]) -> list[Rules]:
    """Lay the rules of a stratum into rulesets, those that read the same inputs together."""
    laid: list[Rules] = []
    for condition in conditions:
        if not forms(condition):
            continue
        slots = {source.slot for source in sources(condition)}
        with_room = [rules for rules in laid if rules.has_room(condition)]
        home = max(with_room, key=lambda rules: len(slots & rules.sources.keys()), default=None)
        if home is None:
            home = Rules()
            laid.append(home)
        home.add(condition)
    for rules in laid:
        prove(rules)
    return laid


def prove(rules: Rules) -> None:
    """Raise `EngineError` unless the rules keep within durable_rules' limits for every patient."""
    if 1 + len(rules.alternatives) > MOST_ALTERNATIVES:
        raise EngineError(f"{len(rules.alternatives)} alternatives could match one fact")
    if rules.properties > MOST_PROPERTIES:
        raise EngineError(f"a fact could have {rules.properties} properties")
    if not all(alternative for _, alternative in rules.alternatives):
        raise EngineError("an alternative without a test is not a rule")


def _test(alternative: Alternative) -> str:
    """Return an alternative as a condition on one fact."""
    tests = [str(literal) for literal in alternative]
    return tests[0] if len(tests) == 1 else f'{{"$and":[{",".join(tests)}]}}'
