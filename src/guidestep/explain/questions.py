"""The next questions: the fewest missing inputs whose answers decide, whatever they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal

from guidestep.assessment import FieldKind
from guidestep.explain.completions import ACTIONS, Completions
from guidestep.explain.deciding import deciding
from guidestep.explain.evidence import Evidence
from guidestep.explain.relevance import Relevance
from guidestep.language.decision import action_name, outcome_name, unmet_name
from guidestep.language.program import Value, Verdict
from guidestep.outcome import Family, Outcome
from guidestep.recommendation import Recommendation
from guidestep.verify.cache import subject_of
from guidestep.verify.terms import SOLVER

About = Literal["outcome", "steps"]
"""What is to be decided: the outcome alone, or with it the step and action of every track."""

SECONDS = 2.0
"""How long a smallest set is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An input to ask for next.

    `rules` are the rules that wait for it, and `could_lead_to` the most urgent outcome that one of
    them gives; `red_flag` says that one of them is a red flag. `settles` counts the rules that one
    answer to it alone would settle, at the most: undecided ones that come out true or false, and
    unmet requirements that are met. `members` are the answers allowed.
    """

    path: str
    label: str
    question: str
    unit: str | None = None
    members: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    could_lead_to: Outcome
    red_flag: bool
    settles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextQuestions:
    """The questions to ask next, red flags first, then those that settle most.

    `decided` says that nothing need be asked. `smallest` says that it is proved that no smaller
    set of questions decides; without it the time was not enough, and these decide all the same.
    `declined` are the inputs that matter and for which a reason says that there is no answer to be
    had: they are not asked again, but the answer rests on their staying unknown.
    """

    about: About
    questions: tuple[Question, ...]
    smallest: bool = True
    declined: tuple[Question, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the answer stays what it is, whatever becomes known of what was not declined."""
        return not self.questions

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    def __len__(self) -> int:
        return len(self.questions)

    def __bool__(self) -> bool:
        return bool(self.questions)

    def __str__(self) -> str:
        can = "more can" if self.declined else "need"
        lines = [f"Nothing {can} be asked: the answer stays what it is."]
        if self.questions:
            few = "" if self.smallest else " (fewer questions may do)"
            lines = [f"To ask next{few}; the answers decide, whatever they are:"]
            lines += [f"  {line}" for each in self for line in _lines(each)]
        if self.declined:
            lines.append("Not to be had, as recorded; known, it could change the answer:")
            lines += [f"  {line}" for each in self.declined for line in _lines(each)]
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return the questions as JSON, the same bytes for the same questions."""
        whole = {
            "about": self.about,
            "decided": self.decided,
            "smallest": self.smallest,
            "questions": [_plain(each) for each in self],
            "declined": [_plain(each) for each in self.declined],
        }
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _plain(question: Question) -> dict[str, object]:
    return {name: part for name, part in asdict(question).items() if part not in (None, ())}


def next_questions(
    recommendation: Recommendation, evidence: Evidence, about: About = "outcome"
) -> NextQuestions:
    """Return the smallest set of missing inputs whose answers decide, whatever they are.

    The *completions* of a patient are the assessments that the model accepts, that know all the
    patient's own does, and in which no conflict is true that was not, declared optional evidence
    that excuses a rule does not come out true, and inputs that were declined (with a data-absent
    reason other than not-asked) stay unknown. A patient is *decided* if all completions have the
    same outcome; with `about="steps"`, the same action of every step too. A set of missing inputs
    *decides* a patient if every completion in which just that set (and what derives from it) was
    added is decided. A red flag counts also where it would contradict another entry: nobody is
    decided whom one could still lift above `assess_first`.

    All that may be asked always decides, and more never decides less. What no completion knows,
    such as the finding of an imaging that was not done, is not asked.

    Raises:
        ValueError: `about` is something else.
    """
    if about not in ("outcome", "steps"):
        raise ValueError(f"about must be 'outcome' or 'steps', not {about!r}")
    with SOLVER:
        subject = subject_of(evidence.base, evidence.compiled)
        completions = Completions(evidence, subject.engine, about == "steps")
        found = deciding(subject, completions, relevant(completions), SECONDS)
    order = {path: at for at, path in enumerate(completions.specs)}

    def asked(paths: Iterable[str]) -> tuple[Question, ...]:
        questions = [_question(completions, recommendation, path) for path in paths]
        return tuple(sorted(questions, key=lambda q: (not q.red_flag, -q.settles, order[q.path])))

    return NextQuestions(
        about=about,
        questions=asked(found.inputs),
        smallest=found.smallest,
        declined=asked(completions.declined & _open(completions)),
    )


def relevant(completions: Completions) -> list[str]:
    """Return the inputs that may be asked and could change the answer, as far as its shape tells.

    What derives from them becomes known with them, and is among them.
    """
    found = _open(completions)
    return [path for path in completions.askable if path in found]


def _open(completions: Completions) -> set[str]:
    """Return the unknown inputs that could change the answer, as far as its shape tells."""
    evidence = completions.evidence
    names = [outcome_name(outcome) for outcome in Outcome]
    if completions.steps:
        names += [action_name(s, action) for s in evidence.base.steps for action in ACTIONS]
    definitions = {d.name: d for d in evidence.compiled.program.definitions}
    relevance = Relevance(definitions, evidence.verdicts, evidence.value)
    found = {path for name in names if name in definitions for path in relevance.of(name)}
    found.update(completions.derivable(found))
    return found


# --- one question ---------------------------------------------------------------------------------


def _question(completions: Completions, recommendation: Recommendation, path: str) -> Question:
    spec = completions.specs[path]
    missing = next((each for each in recommendation.missing if each.path == path), None)
    rules = missing.rules if missing is not None else ()
    families = {rule.id: rule.family for rule in completions.evidence.compiled.decision.rules}
    return Question(
        path=path,
        label=spec.label,
        question=spec.question,
        unit=spec.unit,
        members=spec.members,
        rules=rules,
        could_lead_to=Outcome.RECOMMEND if missing is None else missing.could_lead_to,
        red_flag=any(families.get(rule) is Family.RED_FLAG for rule in rules),
        settles=_settles(completions, path, rules),
    )


def _settles(completions: Completions, path: str, rules: tuple[str, ...]) -> int:
    """Return how many rules one answer to a question would settle at the most."""
    at = completions.places
    # A step may wait too, beside rules; what it says is no verdict of its own.
    places = [(at[rule], at.get(unmet_name(rule))) for rule in rules if rule in at]

    def settled(verdicts: tuple[Verdict, ...]) -> int:
        return sum(
            verdicts[verdict] is not None if unmet is None else verdicts[unmet] is not True
            for verdict, unmet in places
        )

    answers = _answers(completions, path)
    found = (completions.evaluate({path: answer}) for answer in answers)
    return max((settled(verdicts) for verdicts in found), default=0)


def _answers(completions: Completions, path: str) -> list[Value]:
    """Return answers to a question: of numbers the limits and what rules compare them with."""
    spec = completions.specs[path]
    match spec.kind:
        case FieldKind.ENUMERATION:
            return list(spec.members)
        case FieldKind.BOOLEAN:
            return [False, True]
        case FieldKind.TEXT:
            return ["text"]
        case FieldKind.DATE:
            known = completions.evidence.inputs.values()
            return [value for value in dict.fromkeys(known) if isinstance(value, date)]
    limits = [limit for limit in (spec.minimum, spec.maximum) if limit is not None]
    limits += completions.bounds.get(path, ())
    return [int(limit) if spec.kind is FieldKind.INTEGER else float(limit) for limit in limits]


def _lines(question: Question) -> list[str]:
    unit = f" ({question.unit})" if question.unit else ""
    mark = "! " if question.red_flag else "- "
    lines = [f"{mark}{question.question}{unit}"]
    if question.members:
        lines.append(f"    {', '.join(question.members)}")
    return lines
