"""What only the whole guideline shows: ids that lead nowhere, things nobody uses, unstable rules.

Each check is a function of the rule base that yields faults; `CHECKS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from guidestep.language.checker import did_you_mean
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import GuidelineEntry, Identified
from guidestep.language.files import Read
from guidestep.language.rulebase import (
    Grounds,
    Progress,
    Progression,
    Rulebase,
    Start,
    StepBack,
    Withhold,
    grounds_of,
)
from guidestep.language.source import Span
from guidestep.language.stability import Stays, unstable
from guidestep.language.tree import Expression, Field, Parameter, Reference, walk
from guidestep.outcome import Family


@dataclass(frozen=True, slots=True)
class _Whole:
    """The rule base with the places its parts were read from."""

    base: Rulebase
    guideline: Read[GuidelineEntry]
    reads: Mapping[str, Read[Identified]]

    def span(self, id_: str, *path: str | int) -> Span:
        return self.reads[id_].at(*path) if path else self.reads[id_].span


def crosscheck(
    base: Rulebase, guideline: Read[GuidelineEntry], reads: Mapping[str, Read[Identified]]
) -> list[Diagnostic]:
    """Return the faults that only the whole rule base shows."""
    whole = _Whole(base, guideline, reads)
    return [fault for check in CHECKS for fault in check(whole)]


def expressions(base: Rulebase) -> Iterator[Expression]:
    """Yield every expression of the rule base, roots only."""
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


# --- what things rest on ------------------------------------------------------------------------


def _grounded(whole: _Whole) -> Iterator[tuple[str, Grounds, tuple[str | int, ...]]]:
    """Yield what each thing says it rests on: its id, the grounds, the path inside its entry."""
    base = whole.base
    for defined in base.definitions.values():
        yield defined.id, defined.grounds, ()
    for rule in base.rules.values():
        yield rule.id, rule.grounds, ()
    for progression in base.progressions:
        yield progression.id, progression.grounds, ()
    for notice in base.notices:
        yield notice.entry.id, notice.grounds, ()
    for request in base.requests:
        yield request.entry.id, request.grounds, ()
    for step in base.steps.values():
        yield step.id, grounds_of(step), ()
        for index, dose in enumerate(step.dose):
            yield step.id, grounds_of(dose), ("dose", index)


def _known_ids(whole: _Whole) -> Iterator[Diagnostic]:
    base = whole.base
    for id_, grounds, path in _grounded(whole):
        for key, used, known in (
            ("facts", grounds.facts, base.facts),
            ("cites", grounds.cites, base.citations),
            ("assumes", grounds.assumes, base.assumptions),
        ):
            for index, name in enumerate(used):
                if name not in known:
                    yield _unknown(key, name, known, whole.span(id_, *path, key, index))
    for rule in base.rules.values():
        if rule.optional is not None and rule.optional.assumes not in base.assumptions:
            span = whole.span(rule.id, "optional_evidence", "assumes")
            yield _unknown("assumes", rule.optional.assumes, base.assumptions, span)
    for fact in base.facts.values():
        for index, name in enumerate(fact.cites):
            if name not in base.citations:
                span = whole.span(fact.id, "cites", index)
                yield _unknown("cites", name, base.citations, span)
    for assumption in base.assumptions.values():
        entry = assumption.entry
        for index, name in enumerate(entry.facts):
            if name not in base.facts:
                yield _unknown("facts", name, base.facts, whole.span(entry.id, "facts", index))
        for index, name in enumerate(entry.cites):
            if name not in base.citations:
                span = whole.span(entry.id, "cites", index)
                yield _unknown("cites", name, base.citations, span)
    for ambiguity in base.ambiguities:
        for index, name in enumerate(ambiguity.treated_by):
            if name not in whole.reads:
                span = whole.span(ambiguity.id, "treated_by", index)
                yield _unknown("treated_by", name, whole.reads, span)
        for index, name in enumerate(ambiguity.facts):
            if name not in base.facts:
                yield _unknown("facts", name, base.facts, whole.span(ambiguity.id, "facts", index))


def _unknown(key: str, name: str, known: Mapping[str, object], span: Span) -> Diagnostic:
    what = {"facts": "fact", "cites": "citation", "assumes": "assumption"}.get(key, "entry")
    hint = did_you_mean(name, known)
    return Diagnostic("unknown-id", span, f"there is no {what} '{name}'", hint)


def _resting_on_something(whole: _Whole) -> Iterator[Diagnostic]:
    for id_, grounds, path in _grounded(whole):
        if not (grounds.facts or grounds.cites or grounds.assumes):
            yield Diagnostic(
                "no-grounds",
                whole.span(id_, *path),
                f"'{id_}' names no fact, citation or assumption",
                "add 'facts: [...]', 'cites: [...]' or 'assumes: [...]'",
            )


def _used(whole: _Whole) -> Iterator[Diagnostic]:
    base = whole.base
    used: set[str] = set()
    for _, grounds, _ in _grounded(whole):
        used.update(grounds.facts, grounds.cites, grounds.assumes)
    for rule in base.rules.values():
        if rule.optional is not None:
            used.add(rule.optional.assumes)
    for assumption in base.assumptions.values():
        used.update(assumption.entry.facts, assumption.entry.cites)
        if assumption.open_when is not None:
            used.add(assumption.entry.id)
    for ambiguity in base.ambiguities:
        used.update(name for name in ambiguity.treated_by if name in base.assumptions)
    for fact in base.facts.values():
        if fact.id in used or fact.decides_nothing:
            used.update(fact.cites)
        if fact.id not in used and not fact.decides_nothing:
            yield Diagnostic(
                "unused-fact",
                whole.span(fact.id),
                f"nothing rests on the fact '{fact.id}'",
                "use it, or say why not: 'decides_nothing: ...'",
            )
    for kind, entries in (("citation", base.citations), ("assumption", base.assumptions)):
        for id_ in entries:
            if id_ not in used:
                yield Diagnostic(
                    f"unused-{kind}", whole.span(id_), f"nothing uses the {kind} '{id_}'"
                )
    names = {
        node.name
        for root in expressions(base)
        for node in walk(root)
        if isinstance(node, Reference | Parameter)
    }
    for id_ in base.definitions:
        if id_ not in names and base.definitions[id_].type.kind.value not in ("enumeration",):
            yield Diagnostic(
                "unused-definition",
                whole.span(id_),
                f"no rule uses '{id_}'",
                "remove it, or let a rule or a notice use it",
            )
    for index, parameter in enumerate(base.entry.parameters):
        if parameter.id not in names:
            yield Diagnostic(
                "unused-definition",
                whole.guideline.at("parameters", index, "id"),
                f"no expression uses the parameter '{parameter.id}'",
            )


# --- steps and tracks ---------------------------------------------------------------------------


def _tracks(whole: _Whole) -> Iterator[Diagnostic]:
    base = whole.base
    fields = base.model.fields()
    for track in base.tracks.values():
        entry = track.entry
        own = [step.id for step in base.steps.values() if step.track == entry.id]
        if entry.current is None:
            continue
        spec = fields.get(entry.current)
        span = whole.span(entry.id, "current")
        if spec is None:
            hint = did_you_mean(entry.current, fields)
            yield Diagnostic("unknown-field", span, f"'{entry.current}' is not a field", hint)
            continue
        if not spec.required:
            yield Diagnostic(
                "bad-track", span, f"'{entry.current}' may be unknown: a track needs a sure place"
            )
        strangers = [m for m in spec.members if m not in own and m not in entry.outside]
        if strangers or not spec.members:
            yield Diagnostic(
                "bad-track",
                span,
                f"'{strangers[0] if strangers else entry.current}' is neither a step of this "
                "track nor listed in 'outside'",
                f"the members of the field are {', '.join(spec.members) or 'none'}",
            )


def _steps(whole: _Whole) -> Iterator[Diagnostic]:
    base = whole.base
    reached = {rule.step for rule in base.rules.values() if rule.step}
    for progression in base.progressions:
        reached.update(_reaches(progression))
        for key, name in _named_steps(progression):
            if name not in base.steps:
                span = whole.span(progression.id, key)
                hint = did_you_mean(name, base.steps)
                yield Diagnostic("unknown-id", span, f"there is no step '{name}'", hint)
            elif base.steps[name].track != progression.track:
                span = whole.span(progression.id, key)
                message = f"'{name}' is not a step of the track '{progression.track}'"
                yield Diagnostic("bad-progression", span, message)
        if progression.track not in base.tracks and progression.track:
            span = whole.span(progression.id)
            hint = did_you_mean(progression.track, base.tracks)
            message = f"there is no track '{progression.track}'"
            yield Diagnostic("unknown-id", span, message, hint)
    for rule in base.rules.values():
        if rule.step and rule.step not in base.steps:
            hint = did_you_mean(rule.step, base.steps)
            span = whole.span(rule.id, "step")
            yield Diagnostic("unknown-id", span, f"there is no step '{rule.step}'", hint)
    for step in base.steps.values():
        if step.track is not None and step.track not in base.tracks:
            hint = did_you_mean(step.track, base.tracks)
            span = whole.span(step.id, "track")
            yield Diagnostic("unknown-id", span, f"there is no track '{step.track}'", hint)
        if step.id not in reached:
            yield Diagnostic(
                "unreachable-step",
                whole.span(step.id),
                f"no progression or requirement leads to the step '{step.id}'",
                f"add '- start: {step.id}' or 'to: {step.id}' to progression.yaml",
            )
    for request in base.requests:
        grant = request.entry.granted_by
        if grant is not None and grant.track not in base.tracks:
            span = whole.span(request.entry.id, "granted_by", "track")
            hint = did_you_mean(grant.track, base.tracks)
            yield Diagnostic("unknown-id", span, f"there is no track '{grant.track}'", hint)


def _named_steps(progression: Progression) -> list[tuple[str, str]]:
    match progression.move:
        case Start(step=step):
            return [("start", step)]
        case Progress(origin=origin, to=to):
            return [("from", origin), ("to", to)]
        case StepBack(origin=origin, to=to):
            return [("from", origin), ("back_to", to)]
        case Withhold(step=step):
            return [("step", step)] if step else []


def _reaches(progression: Progression) -> list[str]:
    return [step for key, step in _named_steps(progression) if key != "from"]


def _doses(whole: _Whole) -> Iterator[Diagnostic]:
    fields = whole.base.model.fields()
    for step in whole.base.steps.values():
        for index, dose in enumerate(step.dose):
            span = whole.span(step.id, "dose", index)
            given = [dose.low is not None or dose.high is not None, dose.text, dose.not_specified]
            if sum(map(bool, given)) != 1:
                yield Diagnostic(
                    "bad-dose",
                    span,
                    "a dose item is a range, a text, or not specified by the source",
                    "write 'low: 2' and 'high: 3', or 'text: ...', or 'not_specified: true'",
                )
            if dose.low is not None and dose.high is not None and dose.low > dose.high:
                yield Diagnostic("bad-dose", span, "the low end of this range is above the high")
            if dose.check is None:
                continue
            spec = fields.get(dose.check)
            at = whole.span(step.id, "dose", index, "check")
            if spec is None:
                hint = did_you_mean(dose.check, fields)
                yield Diagnostic("unknown-field", at, f"'{dose.check}' is not a field", hint)
            elif spec.unit != dose.unit:
                yield Diagnostic(
                    "unit-mismatch", at, f"the dose is in {dose.unit}, the field in {spec.unit}"
                )


def _notices(whole: _Whole) -> Iterator[Diagnostic]:
    fields = whole.base.model.fields()
    for notice in whole.base.notices:
        for index, path in enumerate(notice.entry.shows):
            if path not in fields:
                span = whole.span(notice.entry.id, "shows", index)
                hint = did_you_mean(path, fields)
                yield Diagnostic("unknown-field", span, f"'{path}' is not a field", hint)


# --- profiles, attributes, stability ------------------------------------------------------------


def _profiles(whole: _Whole) -> Iterator[Diagnostic]:
    profiles = whole.base.entry.profiles
    if sum(profile.default for profile in profiles) != 1:
        span = whole.guideline.at("profiles")
        yield Diagnostic(
            "bad-profile", span, "exactly one profile is the default", "add 'default: true' to it"
        )
    seen: set[str] = set()
    for index, profile in enumerate(profiles):
        if profile.id in seen:
            span = whole.guideline.at("profiles", index, "id")
            yield Diagnostic("duplicate-id", span, f"there are two profiles '{profile.id}'")
        seen.add(profile.id)
        listed = profile.assumptions if isinstance(profile.assumptions, tuple) else ()
        for key, names in (("assumptions", listed), ("without", profile.without)):
            for position, name in enumerate(names):
                if name not in whole.base.assumptions:
                    span = whole.guideline.at("profiles", index, key, position)
                    yield _unknown("assumes", name, whole.base.assumptions, span)


def _demographics(whole: _Whole) -> Iterator[Diagnostic]:
    """Yield an attribute declared unused although a rule reads it, or used although none does."""
    used = demographic_inputs(whole.base)
    for attribute in ("date_of_birth", "sex", "race", "ethnicity", "gender_identity"):
        declared = getattr(whole.base.entry.source_attributes, attribute)
        paths = used.get(attribute, ())
        span = whole.guideline.at("source_attributes", attribute, "used")
        if paths and not declared.used:
            message = f"declared unused, but rules read {', '.join(paths)}"
            yield Diagnostic("bad-attribute", span, message, "write 'used: true' and how")
        elif declared.used and not paths:
            yield Diagnostic("bad-attribute", span, "declared used, but no rule reads it")
        elif declared.used and not declared.how:
            yield Diagnostic("bad-attribute", span, "say how it is used: 'how: ...'")


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


def _stability(whole: _Whole) -> Iterator[Diagnostic]:
    base = whole.base
    meanings = {id_: defined.expression for id_, defined in base.definitions.items()}
    must: list[tuple[Expression, Stays]] = []
    for rule in base.rules.values():
        if rule.family is Family.REQUIREMENT:
            must.append((rule.when, Stays.TRUE))
            if rule.scope is not None:
                must.append((rule.scope, Stays.FALSE))
        elif rule.family not in (Family.CONFLICT, Family.SURVEILLANCE):
            must.append((rule.when, Stays.FALSE))
    for track in base.tracks.values():
        must += [(track.when, Stays.TRUE), (track.when, Stays.FALSE)]
    for progression in base.progressions:
        match progression.move:
            case Start() | Progress():
                must.append((progression.when, Stays.TRUE))
                if not _is_last(progression, base):
                    # The next in order starts only where this one is false.
                    must.append((progression.when, Stays.FALSE))
            case StepBack() | Withhold():
                must.append((progression.when, Stays.FALSE))
    for expression, stays in must:
        fault = unstable(expression, stays, meanings)
        if fault is not None:
            yield fault


def _is_last(progression: Progression, base: Rulebase) -> bool:
    rivals = [
        other
        for other in base.progressions
        if other.track == progression.track and _origin(other) == _origin(progression)
    ]
    return rivals[-1] is progression


def _origin(progression: Progression) -> str | None:
    match progression.move:
        case Progress(origin=origin):
            return origin
        case Start():
            return ""
        case _:
            return None


CHECKS: tuple[Callable[[_Whole], Iterator[Diagnostic]], ...] = (
    _known_ids,
    _resting_on_something,
    _used,
    _tracks,
    _steps,
    _doses,
    _notices,
    _profiles,
    _demographics,
    _stability,
)
