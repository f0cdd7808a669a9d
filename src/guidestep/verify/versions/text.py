"""A comparison as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from guidestep.recommendation import Recommendation
from guidestep.verify.versions.result import Decisions, Diff, Exercise, Region, Responsible, Witness

SHOWN = 20
"""How many changed texts are printed at most; JSON has them all."""

_EXERCISE: Mapping[Exercise, str] = {
    Exercise.STRICTER: "stricter: nobody does more, somebody less",
    Exercise.LOOSER: "looser: nobody does less, somebody more",
    Exercise.INCOMPARABLE: "incomparable: somebody does more, and somebody less",
    Exercise.EQUAL: "equal: nobody does more or less",
    Exercise.NOT_SETTLED: "not settled",
}


def diff_text(diff: Diff) -> str:
    """Return what differs, the patients first."""
    return "\n".join(_lines(diff))


def _lines(diff: Diff) -> Iterator[str]:
    names = [f"{side.id} {side.version} ({side.profile})" for side in (diff.old, diff.new)]
    yield f"{names[0]} -> {names[1]}"
    yield from _settings(diff)
    yield f"decisions: {_decisions(diff)}"
    yield f"exercise: {_EXERCISE[diff.exercise]}"
    for word, shown in (("more", diff.more), ("less", diff.less)):
        if shown is not None:
            yield f"   {word}, such as {_answer(shown.before)} -> {_answer(shown.after)}"
    if diff.cohort is not None:
        cohort = diff.cohort
        share = f"{cohort.count} of {cohort.patients} patients ({cohort.share:.2%})"
        basis = f"; of {cohort.basis} more only the basis" if cohort.basis else ""
        yield f"cohort: the answer changes for {share}{basis}"
    for number, region in enumerate(diff.regions, 1):
        yield ""
        yield from _region(number, region)
    if diff.open:
        yield "\nnot settled:"
        yield from (f"- {o.before} -> {o.after}: {o.reason}" for o in diff.open)
    yield from _list("content: what is done in a step, or how urgently", map(str, diff.content))
    yield from _list("rides along for other patients", diff.also)
    yield from _list("called otherwise", (f"{a} -> {b}" for a, b in diff.renamed))
    yield from _list("said otherwise", map(str, diff.texts))
    yield from _list("who is compared", diff.outside)
    yield from _list("held within limits by the solver, not computed", diff.limits)


def _settings(diff: Diff) -> Iterator[str]:
    ours, theirs = diff.old.parameters, diff.new.parameters
    for name in dict.fromkeys((*ours, *theirs)):
        one, other = (f"{p[name]:g}" if name in p else "not there" for p in (ours, theirs))
        if one != other:
            yield f"parameter {name}: {one} -> {other}"


def _decisions(diff: Diff) -> str:
    match diff.decisions:
        case Decisions.EQUAL:
            text = "equal: no patient gets another outcome, step or action"
            return f"{text}; but the content of steps is not" if diff.content else text
        case Decisions.DIFFERENT:
            some = f"different for {_counted(len(diff.regions), 'group')} of patients"
            return some if diff.complete else f"{some}; whether there are others is not settled"
        case _:
            return "not settled"


def _region(number: int, region: Region) -> Iterator[str]:
    count = ""
    if region.count is not None and region.share is not None:
        count = f" ({_counted(region.count, 'patient')}, {region.share:.2%})"
    yield f"{number}. {region.before} -> {region.after}{count}"
    yield from _witness(region.witness)


def _answer(given: Recommendation) -> str:
    steps = ", ".join(f"{step.action.value} {step.id}" for step in given.steps)
    return f"{given.outcome.value}: {steps}" if steps else given.outcome.value


def _witness(witness: Witness) -> Iterator[str]:
    for rule in witness.rules:
        yield f"   by {_rule(rule)}"
    if not witness.rules:
        yield "   by no rule: the tracks or what the profile accepts differ"
    known = ", ".join(f"{path} {_plain(value)}" for path, value in witness.shown.items())
    if known:
        yield f"   such as with {known}"
    values: dict[tuple[str, str], list[str]] = {}
    for beside in witness.beside:
        answers = f"{beside.before} -> {beside.after}" if beside.changes else "no difference"
        values.setdefault((beside.path, answers), []).append(f"{beside.value:g}")
    for (path, answers), found in values.items():
        yield f"   with {path} {', '.join(found)}: {answers}"


def _rule(rule: Responsible) -> str:
    before, after = rule.before, rule.after
    if before is None or after is None:
        name = f"{after or before} ({'new' if before is None else 'no longer there'})"
    else:
        name = after if before == after else f"{before} -> {after}"
    if rule.verdicts[0] != rule.verdicts[1]:
        how = f"{rule.verdicts[0]} -> {rule.verdicts[1]}"
    elif all(rule.decides):
        how = f"{rule.verdicts[0]}, leads elsewhere"
    else:
        how = f"{rule.verdicts[0]}, decides {'before' if rule.decides[0] else 'now'}"
    grounds = "; ".join(", ".join(each) for each in (rule.facts, rule.cites) if each)
    return f"{name}: {how}: {rule.statement}" + (f" [{grounds}]" if grounds else "")


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _counted(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield f"\n{title}:"
        yield from (f"- {item}" for item in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"- {len(found) - SHOWN} more"
