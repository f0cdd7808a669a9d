"""Why: the tree of every rule that spoke in an answer, with the truth and the values at each node.

The trees are those of the guideline as written, not the ones that the engines run; the truth at
the root of each is the engines' verdict all the same, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal, TypeAlias

from guidestep.explain.layout import wrapped
from guidestep.explain.words import OUTCOMES
from guidestep.outcome import Outcome

if TYPE_CHECKING:
    from guidestep.explain.evidence import Evidence
    from guidestep.recommendation import NotEvaluable, Reason, Recommendation

Said: TypeAlias = Literal["true", "false", "unknown", "value"]
"""The truth of a condition, or `value` for what is a number, a date or a band."""

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Why:
    """One line of an explanation and what lies below it.

    `text` is the condition in words. `seen` is what was found there: values of the assessment or
    of a definition, or the open point that leaves it unknown.
    """

    text: str
    said: Said
    seen: str = ""
    below: tuple[Why, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the line as JSON-ready data."""
        return {
            "text": self.text,
            "said": self.said,
            "seen": self.seen,
            "below": [one.to_dict() for one in self.below],
        }


@dataclass(frozen=True, slots=True)
class RuleWhy:
    """One rule and its tree; `condition` is `None` where there is nothing to show.

    `verdict` is that of the engines: the truth of the condition, except that a conflict is there
    or it is not, and is not where its condition is unknown. `notes` are further conditions: for
    whom a requirement holds, when a rule may stay unknown.
    """

    rule: str
    family: str
    statement: str
    verdict: Said
    condition: Why | None = None
    notes: tuple[Why, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the rule as JSON-ready data."""
        return {
            "rule": self.rule,
            "family": self.family,
            "statement": self.statement,
            "verdict": self.verdict,
            "condition": None if self.condition is None else self.condition.to_dict(),
            "notes": [note.to_dict() for note in self.notes],
        }


@dataclass(frozen=True, slots=True)
class Section:
    """The rules that spoke in one part of an answer."""

    title: str
    rules: tuple[RuleWhy, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an answer is what it is; `str` of it is text to read, a notebook shows it folded.

    `ruled_out` are the rules that could have stopped exercise, were checked, and are false.
    """

    outcome: Outcome
    sections: tuple[Section, ...]
    ruled_out: tuple[RuleWhy, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the explanation as JSON-ready data."""
        return {
            "outcome": self.outcome.value,
            "sections": [
                {"title": section.title, "rules": [rule.to_dict() for rule in section.rules]}
                for section in self.sections
            ],
            "ruled_out": [rule.to_dict() for rule in self.ruled_out],
        }

    def __str__(self) -> str:
        return "\n".join(_text(self))

    def _repr_html_(self) -> str:
        return "".join(_html(self))


def explain(recommendation: Recommendation, evidence: Evidence) -> Explanation:
    """Return the tree of every rule that spoke in a recommendation, with the values it saw.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> patient = {
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"gait_instability": "present", "red_flag_adjudication": "none"},
    ...     "program": {
    ...         "mobility_step": "not_started",
    ...         "neuromuscular_step": "not_started",
    ...         "resistance_step": "withheld",
    ...         "requested_action": "none",
    ...     },
    ... }
    >>> answer = guideline.recommend(patient, engine="compiled")
    >>> print(str(answer.explain()).partition("Not evaluable")[0].rstrip())
    Why: stop rehabilitation, refer urgently
    <BLANKLINE>
    This answer
      [true] unstable-gait (red flag): Unsteady gait
        [true] unsteady gait is present (seen: present)
    """
    # Imported late: an answer is made far more often than it is explained.
    from guidestep.explain.why import Explainer

    trees = Explainer(evidence)
    said: list[tuple[str, Iterable[Reason | NotEvaluable]]] = [
        (f"{step.action.value} {step.id}: {step.title}", step.reasons)
        for step in recommendation.steps
    ]
    said += [
        ("This answer", recommendation.reasons),
        ("Conflicts", recommendation.conflicts),
        ("Cautions", recommendation.cautions),
        ("Not evaluable, never negative", recommendation.not_evaluable),
    ]
    spoken: set[str] = set()
    sections: list[Section] = []
    for title, reasons in said:
        fresh = {r.rule: r.statement for r in reasons if r.rule not in spoken}
        spoken.update(fresh)
        if fresh:
            sections.append(Section(title, tuple(trees.rule(*one) for one in fresh.items())))
    nothing_stops = recommendation.outcome in (Outcome.RECOMMEND, Outcome.SURVEILLANCE)
    ruled_out = tuple(trees.ruled_out()) if nothing_stops else ()
    return Explanation(recommendation.outcome, tuple(sections), ruled_out)


# --- as text ------------------------------------------------------------------------------------


def _text(explanation: Explanation) -> Iterator[str]:
    yield f"Why: {OUTCOMES[explanation.outcome]}"
    for section in explanation.sections:
        yield ""
        yield section.title
        for rule in section.rules:
            heading = f"[{rule.verdict}] {rule.rule} ({rule.family}): {rule.statement}"
            yield from _wrapped(heading, "  ")
            for tree in (rule.condition, *rule.notes):
                if tree is not None:
                    yield from _lines(tree, "    ")
    if explanation.ruled_out:
        yield ""
        yield "Checked and ruled out"
        for rule in explanation.ruled_out:
            yield from _wrapped(f"[false] {rule.rule} ({rule.family}): {rule.statement}", "  ")


def _lines(tree: Why, indent: str) -> Iterator[str]:
    seen = f" (seen: {tree.seen})" if tree.seen else ""
    yield from _wrapped(f"[{tree.said}] {tree.text}{seen}", indent)
    for one in tree.below:
        yield from _lines(one, indent + "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    # However deep a rule nests, some room is left for words.
    return wrapped(text, indent, "    ", width=max(WIDTH, len(indent) + 40))


# --- as HTML ------------------------------------------------------------------------------------


def _html(explanation: Explanation) -> Iterator[str]:
    yield '<div style="font-family:system-ui,sans-serif;line-height:1.5">'
    yield f"<p><strong>Why: {escape(OUTCOMES[explanation.outcome])}</strong></p>"
    for section in explanation.sections:
        yield f"<p>{escape(section.title)}</p><ul>"
        for rule in section.rules:
            yield "<li><details open><summary>"
            yield f"[{rule.verdict}] <strong>{escape(rule.rule)}</strong> ({escape(rule.family)}): "
            yield f"{escape(rule.statement)}</summary><ul>"
            for tree in (rule.condition, *rule.notes):
                if tree is not None:
                    yield from _item(tree)
            yield "</ul></details></li>"
        yield "</ul>"
    if explanation.ruled_out:
        count = len(explanation.ruled_out)
        yield f"<details><summary>Checked and ruled out ({count})</summary><ul>"
        for rule in explanation.ruled_out:
            yield f"<li>[false] <strong>{escape(rule.rule)}</strong> ({escape(rule.family)}): "
            yield f"{escape(rule.statement)}</li>"
        yield "</ul></details>"
    yield "</div>"


def _item(tree: Why) -> Iterator[str]:
    seen = f" <em>(seen: {escape(tree.seen)})</em>" if tree.seen else ""
    line = f"[{tree.said}] {escape(tree.text)}{seen}"
    if not tree.below:
        yield f"<li>{line}</li>"
        return
    yield f"<li><details open><summary>{line}</summary><ul>"
    for one in tree.below:
        yield from _item(one)
    yield "</ul></details></li>"
