"""Anything in a guideline that has an id, in full prose: what `guidestep show` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import singledispatch

from guidestep.explain.layout import Lines, bullets, columns, condition, heading, item, wrapped
from guidestep.explain.prose import prose
from guidestep.explain.sources import (
    citation_line,
    dose_words,
    fact_words,
    figures_words,
    is_reading,
    mapping_words,
    quality_words,
)
from guidestep.explain.words import FAMILIES, OUTCOMES, member_words, quantity
from guidestep.language.documents import (
    AmbiguityEntry,
    CitationEntry,
    FactEntry,
    ParameterEntry,
    ProfileEntry,
    StepEntry,
)
from guidestep.language.rulebase import (
    Always,
    Assumption,
    Defined,
    Grounds,
    Measurement,
    Never,
    Notice,
    Progress,
    Progression,
    Property,
    Request,
    Rule,
    Rulebase,
    Start,
    StepBack,
    Track,
    UnchangedBy,
    Withhold,
    grounds_of,
)
from guidestep.language.tree import (
    Cases,
    Constant,
    Expression,
    Reference,
    WeightedSum,
    walk,
)
from guidestep.language.types import Kind
from guidestep.outcome import Family
from guidestep.spelling import did_you_mean


def describe(base: Rulebase, id_: str) -> str:
    """Return everything the guideline says about one id, in lines of at most 90 columns.

    `id_` may name a rule of any family, a progression, a definition, a parameter, a track, a
    step, an assumption, a fact, a citation, an ambiguity, a notice, a request, a profile, a
    property or an error of measurement.

    Raises:
        LookupError: The guideline has no such id; the error names the nearest one.

    >>> import guidestep
    >>> base = guidestep.load("cervical-spasm-opll").base
    >>> print(describe(base, "unstable-gait").partition("  Then:")[0].rstrip())
    unstable-gait (red flag)
    Unsteady gait
    <BLANKLINE>
      When: unsteady gait is present
    """
    things = ids(base)
    if id_ not in things:
        hint = did_you_mean(id_, things)
        raise LookupError(f"{base.entry.id} has no '{id_}'" + (f"; {hint}" if hint else ""))
    return "\n".join(_lines(things[id_], base))


def ids(base: Rulebase) -> Mapping[str, object]:
    """Return everything in a guideline that has an id, by id, rules first."""
    found: dict[str, object] = dict(base.rules)
    found.update({p.id: p for p in base.progressions})
    found.update(base.definitions)
    found.update({p.id: p for p in base.entry.parameters})
    found.update(base.tracks)
    found.update(base.steps)
    found.update({n.entry.id: n for n in base.notices})
    found.update({r.entry.id: r for r in base.requests})
    found.update(base.assumptions)
    found.update(base.facts)
    found.update(base.citations)
    found.update({a.id: a for a in base.ambiguities})
    found.update({p.id: p for p in base.entry.profiles})
    found.update({p.id: p for p in base.properties})
    found.update({m.entry.id: m for m in base.measurements})
    return found


# --- one function a kind of thing ---------------------------------------------------------------


@singledispatch
def _lines(thing: object, base: Rulebase) -> Lines:
    raise TypeError(f"{type(thing).__name__} cannot be described")


@_lines.register
def _(claimed: Property, base: Rulebase) -> Lines:
    yield from heading(claimed.id, "property", claimed.statement)
    if claimed.when != Constant(True):
        yield from condition("For whom", claimed.when, base)
    match claimed.claim:
        case Always(condition=holds):
            yield from condition("Always", holds, base)
        case Never(condition=holds):
            yield from condition("Never", holds, base)
        case UnchangedBy(fields=fields):
            labels = [base.model.fields()[path].label for path in fields]
            yield from bullets("The answer is unchanged by", labels)
    yield from _grounds(claimed.grounds, base)


@_lines.register
def _(measurement: Measurement, base: Rulebase) -> Lines:
    entry = measurement.entry
    yield from heading(entry.id, "error of measurement", entry.statement)
    kind = entry.kind.replace("_", " ")
    label = base.model.fields()[entry.field].label
    yield from item(label, f"{kind}, {quantity(entry.error, entry.unit)}")
    yield from _grounds(measurement.grounds, base)


@_lines.register
def _(rule: Rule, base: Rulebase) -> Lines:
    yield from heading(rule.id, FAMILIES[rule.family], rule.statement)
    if rule.family is Family.REQUIREMENT:
        if rule.scope is not None and rule.scope != Constant(True):
            yield from condition("Applies when", rule.scope, base)
        yield from condition("Required that", rule.when, base)
        yield from item("Otherwise", "assess first; no step is recommended")
        if rule.step is not None:
            yield from item("Done in", _step(base, rule.step))
    else:
        yield from condition("When", rule.when, base)
        yield from item("Then", "add a caution" if rule.then is None else OUTCOMES[rule.then])
        yield from item("While unknown", _unknown(rule))
    if rule.optional is not None:
        yield from condition("May stay unknown when", rule.optional.when, base)
        yield from item("", f"by {rule.optional.assumes}; then listed as not evaluable, not as no")
    if rule.urgency:
        yield from item("Urgency", rule.urgency)
    if rule.advice:
        yield from item("Advice", rule.advice)
    roots = [rule.when, rule.scope, rule.optional.when if rule.optional else None]
    optional = () if rule.optional is None else (rule.optional.assumes,)
    yield from _grounds(rule.grounds | Grounds(assumes=optional), base, roots)


def _unknown(rule: Rule) -> str:
    match rule:
        case Rule(family=Family.CONFLICT | Family.SURVEILLANCE):
            return "nothing follows"
        case Rule(then=None, optional=None):
            return "no caution is given"
        case Rule(optional=None):
            return "no step is recommended until it is decided"
        case _:
            return "no step is recommended until it is decided, optional evidence aside"


@_lines.register
def _(rule: Progression, base: Rulebase) -> Lines:
    yield from heading(rule.id, f"progression, {rule.track} track", rule.statement)
    yield from condition("When", rule.when, base)
    match rule.move:
        case Start(step=step):
            yield from item("Then", f"start {_step(base, step)}, if no step has begun")
        case Progress(origin=origin, to=to):
            yield from item("Then", f"progress from {_step(base, origin)} to {_step(base, to)}")
        case StepBack(origin=origin, to=to):
            yield from item("Then", f"at {_step(base, origin)}, continue {_step(base, to)}")
            yield from item("While unknown", "the same")
        case Withhold(track=track, step=step):
            named = "" if step is None else f": {_step(base, step)}"
            yield from item("Then", f"withhold all exercise in the {track} track{named}")
            yield from item("While unknown", "the same")
    if rule.advice:
        yield from item("Advice", rule.advice)
    yield from _grounds(rule.grounds, base, [rule.when])


@_lines.register
def _(defined: Defined, base: Rulebase) -> Lines:
    kinds = {Cases: "band", WeightedSum: "score"}
    plain = "finding" if defined.type.kind is Kind.CONDITION else "value"
    yield from heading(defined.id, kinds.get(type(defined.expression), plain), defined.statement)
    yield from _definition(defined, base)
    yield from _grounds(defined.grounds, base, [defined.expression])


@_lines.register
def _(entry: ParameterEntry, base: Rulebase) -> Lines:
    yield from heading(entry.id, "parameter that a site may set", entry.statement)
    yield from item("Default", quantity(entry.default, entry.unit))
    bounds = f"{quantity(entry.minimum, entry.unit)} to {quantity(entry.maximum, entry.unit)}"
    yield from item("Allowed", bounds)
    yield from _grounds(Grounds(entry.facts, entry.cites, entry.assumes), base)


@_lines.register
def _(track: Track, base: Rulebase) -> Lines:
    yield from heading(track.entry.id, "track", track.entry.title)
    yield from condition("Considered when", track.when, base)
    own = [step for step in base.steps.values() if step.track == track.entry.id]
    yield from bullets("Steps", [f"{step.id}: {step.title}" for step in own])
    moves = [rule for rule in base.progressions if rule.track == track.entry.id]
    yield from bullets("Rules", [f"{rule.id}: {rule.statement}" for rule in moves])


@_lines.register
def _(step: StepEntry, base: Rulebase) -> Lines:
    kind = "step" if step.track is None else f"step, {step.track} track"
    yield from heading(step.id, kind, step.title)
    yield from item("Content", step.content)
    if step.dose:
        yield "  Dose:"
        yield from columns([(dose.item, dose_words(dose)) for dose in step.dose], "    ")
    yield from bullets("Conditions", step.conditions)
    if step.next:
        yield from item("Next", step.next)
    grounds = grounds_of(step)
    for dose in step.dose:
        grounds = grounds | grounds_of(dose)
    yield from _grounds(grounds, base)


@_lines.register
def _(notice: Notice, base: Rulebase) -> Lines:
    yield from heading(notice.entry.id, f"notice, {notice.entry.kind}", notice.entry.statement)
    yield from condition("Given when", notice.when, base)
    if notice.entry.outcomes:
        words = [OUTCOMES[outcome] for outcome in OUTCOMES if outcome in notice.entry.outcomes]
        yield from bullets("Only with", words)
    if notice.entry.shows:
        fields = base.model.fields()
        yield from bullets("Shows", [fields[path].label for path in notice.entry.shows])
    yield from _grounds(notice.grounds, base, [notice.when])


@_lines.register
def _(request: Request, base: Rulebase) -> Lines:
    entry = request.entry
    yield from heading(entry.id, "request", entry.statement)
    yield from condition("Asked when", request.when, base)
    if entry.granted_by is None:
        yield from item("Granted", "never")
    else:
        grant = f"only if the rules themselves {entry.granted_by.action} a step of the"
        yield from item("Granted", f"{grant} {entry.granted_by.track} track")
    if entry.if_granted:
        yield from item("Then", entry.if_granted)
    yield from item("Otherwise", entry.otherwise)
    yield from _grounds(request.grounds, base, [request.when])


@_lines.register
def _(assumption: Assumption, base: Rulebase) -> Lines:
    entry = assumption.entry
    yield from heading(entry.id, f"assumption, version {entry.version}", entry.title)
    yield from item("Question", entry.question)
    yield from item("Our answer", entry.statement)
    if entry.figures:
        yield from item("Figures, ours", figures_words(entry.figures))
    if assumption.open_when is not None:
        yield from condition("Switched off, assess first when", assumption.open_when, base)
    on = [p.id for p in base.entry.profiles if _assumes(p, entry.id)]
    yield from item("On in the profiles", ", ".join(on) or "none")
    yield from bullets("Used by", list(_users(entry.id, base)))
    roots = [] if assumption.open_when is None else [assumption.open_when]
    yield from _grounds(Grounds(entry.facts, entry.cites), base, roots)


@_lines.register
def _(fact: FactEntry, base: Rulebase) -> Lines:
    yield from heading(fact.id, f"fact of the source, {fact.section}", fact_words(fact))
    ours = {name: figure for name, figure in fact.figures.items() if is_reading(figure)}
    if ours:
        yield from item("Read by us", figures_words(ours))
    if fact.decides_nothing:
        yield from item("Decides nothing", fact.decides_nothing)
    yield from bullets("Used by", list(_users(fact.id, base)))
    yield from _grounds(Grounds(cites=fact.cites), base)


@_lines.register
def _(citation: CitationEntry, base: Rulebase) -> Lines:
    yield from heading(citation.id, "citation", citation.title)
    yield from wrapped(citation_line(citation), "  ")
    yield from item("Quality", quality_words(citation))
    yield from item("Number", mapping_words(citation))
    if citation.mapping_note:
        yield from item("", citation.mapping_note)
    for name, value in citation.identifiers.items():
        yield from item(name, value)
    yield from bullets("Caveats", citation.caveats)
    if citation.figures:
        yield from item("Figures", figures_words(citation.figures))
    yield from bullets("Used by", list(_users(citation.id, base)))


@_lines.register
def _(entry: AmbiguityEntry, base: Rulebase) -> Lines:
    yield from heading(entry.id, f"left open by the source, weight {entry.weight}", entry.question)
    yield from item("Treated", entry.treatment)
    yield from item("By", ", ".join(entry.treated_by))
    yield from _grounds(Grounds(entry.facts), base)


@_lines.register
def _(profile: ProfileEntry, base: Rulebase) -> Lines:
    yield from heading(profile.id, "profile", profile.title)
    on = [id_ for id_ in base.assumptions if _assumes(profile, id_)]
    off = [id_ for id_ in base.assumptions if id_ not in on]
    yield from item("Default", "yes" if profile.default else "no")
    yield from item("Optional evidence", profile.optional_evidence)
    yield from item("Assumptions on", ", ".join(on) or "none")
    yield from item("Assumptions off", ", ".join(off) or "none")


# --- what things rest on ------------------------------------------------------------------------


def _definition(defined: Defined, base: Rulebase) -> Lines:
    match defined.expression:
        case Cases(cases=cases, otherwise=otherwise):
            labels = [f"{member_words(label)}: {prose(when, base)}" for when, label in cases]
            yield from bullets("The first of these that holds", labels)
            yield from item("Otherwise", member_words(otherwise))
        case WeightedSum(items=items):
            names = defined.labels or ("",) * len(items)
            points = [
                f"{quantity(weight, '{point}')}: {prose(when, base)}"
                + (f" ({name})" if name else "")
                for (when, weight), name in zip(items, names, strict=True)
            ]
            yield from bullets("The sum of", points)
        case node:
            yield from condition(
                "Means that" if defined.type.kind is Kind.CONDITION else "Is", node, base
            )


def _grounds(grounds: Grounds, base: Rulebase, roots: Iterable[Expression | None] = ()) -> Lines:
    """Yield the definitions that conditions refer to, and what something rests on."""
    terms = _terms(roots, base)
    if terms:
        yield ""
        yield "Words used"
        for defined in terms:
            yield from wrapped(f'"{defined.statement}" ({defined.id})', "  ", "  ")
            yield from (f"  {line}" for line in _definition(defined, base))
            grounds = grounds | defined.grounds
    if grounds.facts:
        yield ""
        yield "Facts of the source"
        for id_ in grounds.facts:
            yield from wrapped(f"{id_}  {fact_words(base.facts[id_])}", "  ", "      ")
    if grounds.assumes:
        yield ""
        yield "Assumptions of ours"
        for id_ in grounds.assumes:
            yield from wrapped(f"{id_}  {base.assumptions[id_].entry.statement}", "  ", "        ")
    if grounds.cites:
        yield ""
        yield "Citations"
        for id_ in grounds.cites:
            citation = base.citations[id_]
            yield from wrapped(citation_line(citation), "  ", "  ")
            yield from wrapped(
                f"{quality_words(citation)}; number: {mapping_words(citation)}", "    "
            )
            for caveat in citation.caveats:
                yield from wrapped(f"- {caveat}", "    ", "  ")


def _terms(roots: Iterable[Expression | None], base: Rulebase) -> list[Defined]:
    found: dict[str, Defined] = {}
    todo = [root for root in roots if root is not None]
    while todo:
        for node in walk(todo.pop(0)):
            if isinstance(node, Reference) and node.name not in found:
                found[node.name] = base.definitions[node.name]
                todo.append(found[node.name].expression)
    return list(found.values())


def _step(base: Rulebase, id_: str) -> str:
    return f"{id_} ({base.steps[id_].title})" if id_ in base.steps else id_


def _assumes(profile: ProfileEntry, id_: str) -> bool:
    named = profile.assumptions == "all" or id_ in profile.assumptions
    return named and id_ not in profile.without


def _users(id_: str, base: Rulebase) -> Iterator[str]:
    """Yield the ids of what rests on a fact, a citation or an assumption."""
    for name, thing in ids(base).items():
        match thing:
            case Rule(grounds=grounds, optional=optional):
                assumed = optional is not None and optional.assumes == id_
            case Progression(grounds=grounds) | Defined(grounds=grounds):
                assumed = False
            case Notice(grounds=grounds) | Request(grounds=grounds):
                assumed = False
            case StepEntry():
                grounds, assumed = grounds_of(thing), False
                for dose in thing.dose:
                    grounds = grounds | grounds_of(dose)
            case _:
                continue
        if assumed or id_ in (*grounds.facts, *grounds.cites, *grounds.assumes):
            yield name
