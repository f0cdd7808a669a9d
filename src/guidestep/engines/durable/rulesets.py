"""Rules laid into rulesets, none of which can ever match too much at once, whatever the patient.

The network of durable_rules walks with a stack of 64 and fails on the patient who fills it. An
entry of that stack stands for at least one alternative whose first test is passed, and no
alternative for two entries. So a ruleset can never overflow if at most 64 alternatives can pass
their first test at once, which `prove` checks by counting: a property has one value, and for each
that it can have the tests are counted that it passes. The other limits of a ruleset (conditions
under a node, rules under a condition) lie far beyond. A rule has no `$or`, no join and no negation,
so the traps of those are not met.

A ruleset is one rule with many alternatives, each under the name of what it concludes: with `cap`
all that match come back in one firing, where rules of their own would take a call each.

What a fact costs is walking: its properties times the tests that are passed and have others after
them. Hence the order of the tests of an alternative, and the names of the properties.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from string import ascii_letters, digits

from guidestep.engines.durable.facts import ABSENT, BUCKETS, Shape, Source, bucket
from guidestep.engines.durable.layout import Condition
from guidestep.engines.durable.normal_form import Alternative, Key, Literal, passing
from guidestep.engines.errors import EngineError

MOST_ALTERNATIVES = 64
"""As many alternatives may match at once; one of them opens the session."""

MOST_PROPERTIES = 200
"""A fact of about 250 properties is refused by durable_rules."""

MANY_PROPERTIES = 40
"""Beyond this a further ruleset is cheaper."""

CANDIDATES = 8
"""How many places are tried in earnest for a property: the best ones for itself alone."""

OPENING = "_"
NAMES = f"{ascii_letters}{digits}!#%&()*+-./;<=>?@^|~"
"""One letter names what an alternative concludes; `OPENING` is the one that opens a session."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows when an alternative matches: the truth of a source."""

    source: Source
    truth: bool


@dataclass
class Rules:
    """The rules of one ruleset: what follows from each alternative.

    What several conditions need is one alternative, from which all their truths follow.
    """

    conclusions: dict[Alternative, list[Conclusion]] = field(default_factory=dict)

    @property
    def sources(self) -> dict[int, Source]:
        """The sources that the fact is made of, by slot."""
        tests = chain.from_iterable(self.conclusions)
        return {test.source.slot: test.source for test in tests}

    @property
    def properties(self) -> int:
        """The number of properties that its fact has at most."""
        return sum(len(source.properties) for source in self.sources.values())

    @property
    def effects(self) -> dict[str, tuple[Conclusion, ...]]:
        """What follows, by name."""
        distinct = dict.fromkeys(tuple(each) for each in self.conclusions.values())
        return dict(zip(NAMES, distinct, strict=False))

    @property
    def alternatives(self) -> list[tuple[str, Alternative]]:
        """The alternatives, each under the name of what follows from it."""
        names = {what: name for name, what in self.effects.items()}
        return [(names[tuple(what)], each) for each, what in self.conclusions.items()]

    def add(self, need: _Need) -> None:
        """Take the rules of a condition in."""
        for truth, form in need.forms:
            for alternative in form:
                what = self.conclusions.setdefault(alternative, [])
                what.append(Conclusion(need.condition.source, truth))

    def __str__(self) -> str:
        """Return the definition of the ruleset in durable_rules' JSON.

        The rule has one `all` an alternative: durable_rules reads its keys one after the other and
        lets a rule have several, each a way to fire it.
        """
        ways = [f'"all":[{{"{OPENING}":{{"z":1}}}}]']
        ways += [f'"all":[{{"{name}":{_test(each)}}}]' for name, each in self.alternatives]
        return f'{{"r":{{{",".join(ways)},"dist":0,"cap":{MOST_ALTERNATIVES}}}}}'


def at_once(alternatives: Iterable[Alternative]) -> int:
    """Return how many alternatives can pass their first test at once, whatever the patient."""
    return sum(map(_most, _by_facet(alternatives).values()))


def _by_facet(alternatives: Iterable[Alternative]) -> dict[Key, Counter[Literal]]:
    """Return how many alternatives begin with each test, by the facet it is of."""
    found: dict[Key, Counter[Literal]] = {}
    for first, *_ in alternatives:
        found.setdefault(first.key, Counter())[first] += 1
    return found


def _most(counts: Counter[Literal]) -> int:
    """Return how many of some tests of one facet can be passed at once, counting repetitions."""
    passed: Counter[int] = Counter()
    for points, count in zip(passing(list(counts)), counts.values(), strict=True):
        passed.update(dict.fromkeys(points, count))
    return max(passed.values())


class _Need:
    """What the rules of a condition need: their alternatives, and the properties these read."""

    def __init__(self, condition: Condition, shared: Counter[Literal]) -> None:
        def order(test: Literal) -> tuple[int, int]:
            return -shared[test], _ease(test)

        self.condition = condition
        self.forms = [
            (truth, [tuple(sorted(alternative, key=order)) for alternative in form])
            for truth, form in condition.by_rules
        ]
        self.alternatives = dict.fromkeys(chain.from_iterable(form for _, form in self.forms))
        self.properties = {test.key for test in chain.from_iterable(self.alternatives)}


def _ease(test: Literal) -> int:
    """Return how easily a test is passed: few things are true, and most are not most others."""
    if test.operator == "$eq":
        return 2 if test.source.shape is Shape.TRUTH and test.value == "0" else 0
    return {"$ex": 2, "$neq": 3}.get(test.operator, 1)


class _Group:
    """Conditions for one ruleset: what their rules need together."""

    def __init__(self) -> None:
        self.needs: list[_Need] = []
        self.properties: set[Key] = set()
        self._alternatives: set[Alternative] = set()
        self._firsts: dict[Key, Counter[Literal]] = {}
        self._most: dict[Key, int] = {}

    def cost(self, need: _Need) -> int:
        """Return how many properties a condition would add."""
        return len(need.properties - self.properties)

    def take(self, need: _Need) -> bool:
        """Take a condition in, or return false if there is no room for it."""
        if self.needs and len(self.properties) + self.cost(need) > MANY_PROPERTIES:
            return False
        added = need.alternatives.keys() - self._alternatives
        if self.needs and len(self._alternatives) + len(added) > len(NAMES):
            return False
        firsts = {
            key: self._firsts.get(key, Counter()) + counts
            for key, counts in _by_facet(added).items()
        }
        most = self._most | {key: _most(counts) for key, counts in firsts.items()}
        if self.needs and 1 + sum(most.values()) > MOST_ALTERNATIVES:
            return False
        self.needs.append(need)
        self.properties |= need.properties
        self._alternatives |= added
        self._firsts |= firsts
        self._most = most
        return True


def lay(conditions: Iterable[Condition]) -> list[Rules]:
    """Lay the rules of a stratum into rulesets, those that read the same inputs together.

    In an alternative the tests that fewest pass come first, and those that others share:
    durable_rules makes a test once for all that begin with it, and goes on where it is passed.
    """
    with_rules = [each for each in conditions if each.by_rules]
    shared = Counter(
        test
        for condition in with_rules
        for _, form in condition.by_rules
        for test in chain.from_iterable(form)
    )
    laid: list[Rules] = []
    for group in _groups([_Need(condition, shared) for condition in with_rules]):
        laid.append(Rules())
        for need in group.needs:
            laid[-1].add(need)
    _name(laid)
    for rules in laid:
        prove(rules)
    return laid


def _groups(needs: Iterable[_Need]) -> list[_Group]:
    """Return groups between which few properties have to be written twice.

    The widest conditions choose first, and each what it shares most with.
    """
    groups: list[_Group] = []
    for need in sorted(needs, key=lambda each: -len(each.properties)):
        by_cost = sorted(groups, key=lambda group: group.cost(need))
        if not any(group.take(need) for group in by_cost):
            groups.append(_Group())
            groups[-1].take(need)
    return groups


class _Table:
    """Where durable_rules will put the tests that begin the alternatives of a ruleset.

    It begins at one of 32 places, by the hash of a property, and walks on to the next that is free:
    to put a test there, and at each fact to find those of each property.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._begin: Counter[int] = Counter()
        for name, count in (("sid", 0), ("id", 0), ("z", 1)):
            self.put(bucket(name), count)

    def own_steps(self, place: int, count: int) -> int:
        """Return how far it would walk for a property that begins at a place with `count` tests."""
        return _free(self._with(place, count), place)

    def steps(self, place: int, count: int) -> int:
        """Return how far it would walk for all properties then."""
        taken = self._with(place, count)
        others = sum([n * _free(taken, begin) for begin, n in self._begin.items()])
        return others + _free(taken, place)

    def put(self, place: int, count: int) -> None:
        """Begin at a place with so many tests."""
        self._taken = self._with(place, count)
        self._begin[place] += 1

    def _with(self, place: int, count: int) -> int:
        taken = self._taken
        for _ in range(count):
            taken |= 1 << place + _free(taken, place)
        return taken


def _free(taken: int, place: int) -> int:
    """Return how many places from one on are taken, up to the first that is free."""
    free = ~(taken >> place)
    return (free & -free).bit_length() - 1


def _name(laid: Iterable[Rules]) -> None:
    """Name the properties that the rules read, so that durable_rules finds their tests soon."""
    wanted: dict[Key, list[tuple[_Table, int]]] = {}
    sources: dict[Key, Source] = {}
    for rules in laid:
        table = _Table()
        begin = {alternative[0] for _, alternative in rules.alternatives}
        began = Counter(test.key for test in begin)
        for test in chain.from_iterable(rules.conclusions):
            sources[test.key] = test.source
            test.source.compared |= test.operator != "$ex" and test.facet != ABSENT
        for key in dict.fromkeys(test.key for test in chain.from_iterable(rules.conclusions)):
            wanted.setdefault(key, []).append((table, began[key]))
    for key, tables in sorted(wanted.items(), key=lambda each: -max(n for _, n in each[1])):
        names = sources[key].properties
        if key[1] not in names:
            names[key[1]] = sources[key].names.new(_best_place(tables))
        for table, count in tables:
            table.put(bucket(names[key[1]]), count)


def _best_place(tables: Sequence[tuple[_Table, int]]) -> int:
    """Return the place where a property costs the fewest steps in all its rulesets."""

    def own_steps(place: int) -> int:
        return sum([table.own_steps(place, count) for table, count in tables])

    def steps(place: int) -> int:
        return sum([table.steps(place, count) for table, count in tables])

    return min(sorted(range(BUCKETS), key=own_steps)[:CANDIDATES], key=steps)


def prove(rules: Rules) -> None:
    """Raise `EngineError` unless the rules keep within durable_rules' limits for every patient."""
    if not all(rules.conclusions):
        raise EngineError("an alternative without a test is not a rule")
    if 1 + at_once(rules.conclusions) > MOST_ALTERNATIVES:
        raise EngineError(f"{at_once(rules.conclusions)} alternatives could match one fact")
    if rules.properties > MOST_PROPERTIES:
        raise EngineError(f"a fact could have {rules.properties} properties")


def _test(alternative: Alternative) -> str:
    """Return an alternative as a condition on one fact."""
    tests = [str(literal) for literal in alternative]
    return tests[0] if len(tests) == 1 else f'{{"$and":[{",".join(tests)}]}}'
