"""Tracks, steps and doses: each step is reached, each range has a unit, each field is there."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.assessment import FieldKind
from guidestep.language.crosscheck.grounds import unknown_id
from guidestep.language.crosscheck.whole import Whole
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import DoseEntry, StepEntry
from guidestep.language.rulebase import Progress, Progression, Start, StepBack, Track, Withhold
from guidestep.language.source import Span
from guidestep.spelling import did_you_mean, field_hint


def tracks(whole: Whole) -> Iterator[Diagnostic]:
    """Yield tracks without a step, or whose field does not tell at which step a person is."""
    base = whole.base
    for track in base.tracks.values():
        own = [step for step in base.steps.values() if step.track == track.entry.id]
        if not own:
            yield Diagnostic(
                "bad-track",
                whole.span(track.entry.id),
                f"no step belongs to the track '{track.entry.id}'",
                f"write 'track: {track.entry.id}' in its steps",
            )
        elif track.entry.current is not None:
            yield from _current(whole, track, own, track.entry.current)


def _current(
    whole: Whole, track: Track, own: list[StepEntry], current: str
) -> Iterator[Diagnostic]:
    spec = whole.base.model.fields().get(current)
    span = whole.span(track.entry.id, "current")
    if spec is None:
        yield _unknown_field(whole, current, span)
        return
    if not spec.members:
        yield Diagnostic(
            "bad-track",
            span,
            f"'{current}' is no enumeration, so it cannot say which step a person is at",
            "name a field whose members are the ids of the steps",
        )
        return
    if not spec.required:
        yield Diagnostic(
            "bad-track",
            span,
            f"'{current}' may be unknown, and a track needs a sure place",
            "make the field required in the assessment model, or leave out 'current'",
        )
    ids = [step.id for step in own]
    if not set(ids) & set(spec.members):
        yield Diagnostic(
            "bad-track",
            span,
            f"no member of '{current}' is a step of the track '{track.entry.id}'",
            f"its members are {', '.join(spec.members)}, the steps {', '.join(ids)}",
        )
        return
    for member in spec.members:
        step = whole.base.steps.get(member)
        # A step whose track does not exist is reported for that.
        if member in ids or member in track.entry.outside or (step and _is_lost(whole, step)):
            continue
        hint = f"write such a step, or 'outside: [{member}]' if it means that none has begun"
        if step is not None:
            hint = f"write 'track: {track.entry.id}' in the step '{member}'"
        message = f"'{member}' of {current} is no step of the track '{track.entry.id}'"
        yield Diagnostic("bad-track", span, message, hint)
    for index, member in enumerate(track.entry.outside):
        if member not in spec.members:
            yield Diagnostic(
                "unknown-member",
                whole.span(track.entry.id, "outside", index),
                f"'{member}' is not a member of {current}",
                did_you_mean(member, spec.members) or f"use {', '.join(spec.members)}",
            )
    for step in own:
        if step.id not in spec.members and step.kind == "exercise":
            yield Diagnostic(
                "bad-track",
                whole.span(step.id),
                f"nobody can be at the step '{step.id}': it is not a member of {current}",
                did_you_mean(step.id, spec.members) or f"its members are {', '.join(spec.members)}",
            )


def _is_lost(whole: Whole, step: StepEntry) -> bool:
    return step.track is not None and step.track not in whole.base.tracks


def steps(whole: Whole) -> Iterator[Diagnostic]:
    """Yield steps of a track that is not there, and steps to which nothing leads."""
    base = whole.base
    reached = {rule.step for rule in base.rules.values() if rule.step}
    for progression in base.progressions:
        reached.update(step for key, step in _named_steps(progression) if key != "from")
    # A step misspelt elsewhere may be the one that nothing seems to lead to.
    misspelt = any(step not in base.steps for step in reached)
    for rule in base.rules.values():
        if rule.step and rule.step not in base.steps:
            yield unknown_id("step", rule.step, base.steps, whole.span(rule.id, "step"))
    for step in base.steps.values():
        if step.track is not None and step.track not in base.tracks:
            yield unknown_id("track", step.track, base.tracks, whole.span(step.id, "track"))
        if step.id not in reached and not misspelt:
            if step.track is None:
                hint = f"add 'step: {step.id}' to a requirement, or 'track: ...' to the step"
            else:
                hint = f"add 'start: {step.id}' or 'to: {step.id}' to progression.yaml"
            yield Diagnostic(
                "unreachable-step",
                whole.span(step.id),
                f"no progression or requirement leads to the step '{step.id}'",
                hint,
            )


def progressions(whole: Whole) -> Iterator[Diagnostic]:
    """Yield progressions between steps or in tracks that do not fit together."""
    base = whole.base
    for progression in base.progressions:
        id_ = progression.id
        if isinstance(progression.move, Withhold) and progression.track not in base.tracks:
            span = whole.span(id_, "withhold")
            yield unknown_id("track", progression.track, base.tracks, span)
            continue
        for key, name in _named_steps(progression):
            span = whole.span(id_, key)
            if name not in base.steps:
                yield unknown_id("step", name, base.steps, span)
            elif base.steps[name].track is None:
                message = f"'{name}' belongs to no track, so nothing can move there"
                hint = "add 'track: ...' to the step"
                yield Diagnostic("bad-progression", span, message, hint)
            elif _is_lost(whole, base.steps[name]):
                continue  # its track is misspelt, and reported there
            elif progression.track and base.steps[name].track != progression.track:
                message = f"'{name}' is not a step of the track '{progression.track}'"
                hint = "a progression stays within one track"
                yield Diagnostic("bad-progression", span, message, hint)
        match progression.move:
            case Progress(origin=origin, to=to) | StepBack(origin=origin, to=to) if origin == to:
                message = f"this leads from '{origin}' to itself"
                hint = "a step continues by itself while nothing else applies"
                yield Diagnostic("bad-progression", whole.span(id_, "from"), message, hint)
            case Progress() | StepBack():
                track = base.tracks.get(progression.track)
                if track is not None and track.entry.current is None:
                    message = (
                        f"the track '{progression.track}' does not say at which step a person is"
                    )
                    hint = "add 'current: section.field' to the track"
                    yield Diagnostic("bad-progression", whole.span(id_, "from"), message, hint)
            case _:
                pass


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


def requests(whole: Whole) -> Iterator[Diagnostic]:
    """Yield requests granted by a track that is not there."""
    for request in whole.base.requests:
        grant = request.entry.granted_by
        if grant is not None and grant.track not in whole.base.tracks:
            span = whole.span(request.entry.id, "granted_by", "track")
            yield unknown_id("track", grant.track, whole.base.tracks, span)


def doses(whole: Whole) -> Iterator[Diagnostic]:
    """Yield doses that do not say one thing, have no unit, or are checked against no number."""
    for step in whole.base.steps.values():
        for index, dose in enumerate(step.dose):
            yield from _dose(whole, dose, step, index)


def _dose(whole: Whole, dose: DoseEntry, step: StepEntry, index: int) -> Iterator[Diagnostic]:
    span = whole.span(step.id, "dose", index, "item")
    is_range = dose.low is not None or dose.high is not None
    if [is_range, bool(dose.text), dose.not_specified].count(True) != 1:
        yield Diagnostic(
            "bad-dose",
            span,
            "a dose item is a range, a text, or not specified by the source",
            "write 'low: 2' and 'high: 3', or 'text: ...', or 'not_specified: true'",
        )
        return
    if dose.low is not None and dose.high is not None and dose.low > dose.high:
        yield Diagnostic(
            "bad-dose",
            whole.span(step.id, "dose", index, "low"),
            f"the low end {dose.low:g} of this range is above its high end {dose.high:g}",
            f"write 'low: {dose.high:g}' and 'high: {dose.low:g}' if they are interchanged",
        )
    if is_range and not dose.unit:
        yield Diagnostic(
            "bad-dose",
            span,
            f"the range of '{dose.item}' has no unit",
            "add 'unit: ...' in UCUM: s, min, d, wk, /wk, %, or \"{repetition}\"",
        )
    elif dose.check is not None:
        yield from _checked(whole, dose, dose.check, whole.span(step.id, "dose", index, "check"))


def _checked(whole: Whole, dose: DoseEntry, path: str, span: Span) -> Iterator[Diagnostic]:
    spec = whole.base.model.fields().get(path)
    if spec is None:
        yield _unknown_field(whole, path, span)
    elif dose.low is None and dose.high is None:
        message = "there is no range to check the field against"
        yield Diagnostic("bad-dose", span, message, "add 'low:' and 'high:', or remove 'check'")
    elif spec.kind not in (FieldKind.INTEGER, FieldKind.DECIMAL):
        message = f"'{path}' is no number, and a range is checked against a number"
        yield Diagnostic("bad-dose", span, message, "name a number field, or remove 'check'")
    elif spec.unit != dose.unit:
        message = f"the dose is in '{dose.unit}', and the field has no unit"
        hint = "name a field with this unit, or remove 'check'"
        if spec.unit is not None:
            message = f"the dose is in '{dose.unit}', the field in '{spec.unit}'"
            hint = f"write 'unit: \"{spec.unit}\"' and convert the range"
        yield Diagnostic("unit-mismatch", span, message, hint)


def notices(whole: Whole) -> Iterator[Diagnostic]:
    """Yield notices that show a field that is not there."""
    for notice in whole.base.notices:
        for index, path in enumerate(notice.entry.shows):
            if path not in whole.base.model.fields():
                yield _unknown_field(whole, path, whole.span(notice.entry.id, "shows", index))


def _unknown_field(whole: Whole, path: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "unknown-field",
        span,
        f"'{path}' is not a field of the assessment",
        field_hint(path, whole.base.model.fields()),
    )
