"""What is said otherwise in two versions, though the same patients get the same steps.

Content is what a patient does: a step with its dose and conditions, the urgency of a referral. The
rest is wording and grounds: statements, titles, facts, citations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from guidestep.explain.sources import citation_line, dose_words, fact_words
from guidestep.language.documents import StepEntry
from guidestep.language.rulebase import Grounds, Progression, Rule, Rulebase, grounds_of
from guidestep.verify.versions.matching import Key, paired, plain
from guidestep.verify.versions.result import Changed

Parts: TypeAlias = Mapping[str, str]
Pairs: TypeAlias = Iterable[tuple[str | None, str | None]]


def content_changes(old: Rulebase, new: Rulebase, steps: Pairs, rules: Pairs) -> Iterator[Changed]:
    """Yield what a patient does differently in the same step, and steps that are in one alone."""
    for one, other in steps:
        before = None if one is None else old.steps[one]
        after = None if other is None else new.steps[other]
        if before is None or after is None:
            title = before or after
            assert title is not None
            texts = (None if s is None else s.title for s in (before, after))
            yield Changed("step", title.id, "step", *texts)
            continue
        yield from _compared("step", after.id, _done(before), _done(after))
    for one, other in rules:
        a, b = old.rules.get(one or ""), new.rules.get(other or "")
        if a is not None and b is not None:
            yield from _compared("rule", b.id, {"urgency": a.urgency}, {"urgency": b.urgency})


def _done(step: StepEntry) -> Parts:
    return {
        "kind": step.kind,
        "content": step.content,
        **{f"dose, {dose.item}": dose_words(dose) for dose in step.dose},
        "conditions": " ".join(step.conditions),
    }


def text_changes(old: Rulebase, new: Rulebase, steps: Pairs, rules: Pairs) -> Iterator[Changed]:
    """Yield what is only said otherwise, or rests on something else."""
    for one, other in steps:
        if one is not None and other is not None:
            before, after = _step_texts(old.steps[one]), _step_texts(new.steps[other])
            yield from _compared("step", other, before, after)
    ours, theirs = _rules(old), _rules(new)
    for one, other in rules:
        if one is None or other is None:
            statement = ours[one]["statement"] if one else theirs[other or ""]["statement"]
            texts = (statement, None) if one else (None, statement)
            yield Changed("rule", one or other or "", "rule", *texts)
        else:
            yield from _compared("rule", other, ours[one], theirs[other])
    for before_, after_ in paired(_others(old), _others(new), *_OTHER_KEYS):
        kind, about, _ = after_ or before_ or ("", "", {})
        yield from _compared(
            kind, about, before_[2] if before_ else {}, after_[2] if after_ else {}
        )


def _compared(kind: str, about: str, before: Parts, after: Parts) -> Iterator[Changed]:
    for part in dict.fromkeys((*before, *after)):
        one, other = (plain(parts.get(part, "")) or None for parts in (before, after))
        if one != other:
            yield Changed(kind, about, part, one, other)


def _grounds(grounds: Grounds) -> Parts:
    return {
        "facts": ", ".join(sorted(grounds.facts)),
        "citations": ", ".join(sorted(grounds.cites)),
        "assumptions": ", ".join(sorted(grounds.assumes)),
    }


def _step_texts(step: StepEntry) -> Parts:
    doses = {
        f"{part} of the dose {dose.item}": text
        for dose in step.dose
        for part, text in _grounds(grounds_of(dose)).items()
    }
    return {"title": step.title, "next": step.next, **_grounds(grounds_of(step)), **doses}


def _rules(base: Rulebase) -> dict[str, Parts]:
    rules: tuple[Rule | Progression, ...] = (*base.rules.values(), *base.progressions)
    return {
        rule.id: {
            "statement": rule.statement,
            "advice": rule.advice,
            "outcome": str(rule.then or "caution") if isinstance(rule, Rule) else "",
            **_grounds(rule.grounds),
        }
        for rule in rules
    }


Other: TypeAlias = tuple[str, str, Parts]

_OTHER_KEYS: tuple[Key[Other], ...] = (
    lambda o: (o[0], o[1]),
    lambda o: (o[0], tuple(o[2].items())),
)


def _others(base: Rulebase) -> list[Other]:
    """Return the texts of all else: matched by id, and what is called otherwise by its texts."""
    found: dict[tuple[str, str], Parts] = {}
    for id_, track in base.tracks.items():
        found["track", id_] = {"title": track.entry.title}
    for notice in base.notices:
        said = {"statement": notice.entry.statement, "kind": notice.entry.kind}
        outcomes = ", ".join(notice.entry.outcomes)
        found["notice", notice.entry.id] = {
            **said,
            "outcomes": outcomes,
            **_grounds(notice.grounds),
        }
    for request in base.requests:
        found["request", request.entry.id] = {
            "statement": request.entry.statement,
            "answer": request.entry.otherwise,
            "answer where granted": request.entry.if_granted,
            **_grounds(request.grounds),
        }
    for defined in base.definitions.values():
        found["definition", defined.id] = {
            "statement": defined.statement,
            **_grounds(defined.grounds),
        }
    for id_, citation in base.citations.items():
        found["citation", id_] = {"entry": citation_line(citation)}
    for id_, fact in base.facts.items():
        found["fact", id_] = {
            "statement": fact_words(fact),
            "citations": ", ".join(sorted(fact.cites)),
        }
    for id_, assumption in base.assumptions.items():
        entry = assumption.entry
        found["assumption", id_] = {"title": entry.title, "statement": entry.statement}
    return [(kind, about, parts) for (kind, about), parts in found.items()]
