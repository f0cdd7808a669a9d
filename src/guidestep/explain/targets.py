"""What an answer might have been: an outcome, a step, or a step with one action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from guidestep.explain.evidence import Evidence
from guidestep.explain.words import OUTCOMES
from guidestep.guideline import SettingError
from guidestep.language.decision import action_name, outcome_name
from guidestep.language.program import Verdict
from guidestep.outcome import Action, Outcome

if TYPE_CHECKING:
    from guidestep.verify.patient import Patient
    from guidestep.verify.terms import Bool

Wanted: TypeAlias = Outcome | str | tuple[str, Action | str]
"""An outcome, a step id such as `R1`, or a step with an action: `R1:start` or `("R1", "start")`."""

EXERCISE = (Action.START, Action.CONTINUE, Action.PROGRESS)


@dataclass(frozen=True)
class Target:
    """An answer that is asked for: one of the definitions, with `recommend` where it is a step."""

    id: str
    words: str
    names: tuple[str, ...]
    in_steps: bool

    def holds(self, verdicts: Mapping[str, Verdict]) -> bool:
        """Return whether this is the answer already."""
        if self.in_steps and verdicts[outcome_name(Outcome.RECOMMEND)] is not True:
            return False
        return any(verdicts[name] is True for name in self.names)

    def term(self, patient: Patient) -> Bool:
        """Return that this is the answer to a patient of the solver."""
        from guidestep.verify.terms import conj, disj

        found = disj(patient.true(name) for name in self.names)
        return conj((patient.outcome(Outcome.RECOMMEND), found)) if self.in_steps else found


def target_of(evidence: Evidence, wanted: Wanted) -> Target:
    """Return the target that is meant.

    Raises:
        SettingError: The guideline has no such step, or the step never has that action.
    """
    text = ":".join(wanted) if isinstance(wanted, tuple) else str(wanted)
    for outcome in Outcome:
        if text == outcome.value:
            return Target(text, OUTCOMES[outcome], (outcome_name(outcome),), in_steps=False)
    known = {(step, action): name for step, action, name in _actions(evidence)}
    step, _, action = text.partition(":")
    names = tuple(name for (s, a), name in known.items() if s == step and action in ("", a.value))
    if not names:
        steps = ", ".join(dict.fromkeys(s for s, _ in known))
        can = ", ".join(a.value for s, a in known if s == step)
        raise SettingError(
            f"{step} never has the action '{action}'; it has {can}"
            if can
            else f"'{text}' is neither a step nor an outcome; the steps are {steps or 'none'}, "
            f"the outcomes {', '.join(Outcome)}"
        )
    entry = evidence.base.steps.get(step)
    title = f" ({entry.title})" if entry is not None else ""
    return Target(text, f"{action or 'step'} {step}{title}", names, in_steps=True)


def _actions(evidence: Evidence) -> Iterator[tuple[str, Action, str]]:
    """Yield each step with an action it can have, and the definition that says that it has it."""
    verdicts = evidence.verdicts
    for step in evidence.base.steps.values():
        for action in EXERCISE:
            if (name := action_name(step.id, action)) in verdicts:
                yield step.id, action, name
        # A state without exercise is what its track is withheld in.
        name = action_name(step.track or "", Action.WITHHOLD)
        if step.kind == "withheld" and name in verdicts:
            yield step.id, Action.WITHHOLD, name
    for track in evidence.base.tracks:
        if (name := action_name(track, Action.WITHHOLD)) in verdicts:
            yield track, Action.WITHHOLD, name
