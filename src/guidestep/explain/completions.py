"""What a patient may still turn out to be: completions of an assessment, judged by the engine.

A *completion* knows all that the patient's assessment knows. In it no conflict is true that was
not, declared optional evidence that excuses a rule does not come out true, and what somebody
declined to answer stays unknown. A red flag counts also where it contradicts another entry: an
answer that could still be lifted by one is not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from guidestep.assessment import DataAbsentReason, FieldSpec
from guidestep.engines.compiled import CompiledEngine
from guidestep.explain.evidence import Evidence
from guidestep.language.decision import action_name, excused_name, outcome_name
from guidestep.language.program import Value, Verdict
from guidestep.language.tree import Compare, Constant, Field, walk
from guidestep.outcome import Action, Family, Outcome

Added = Mapping[str, Value]
"""What is known beyond the patient's assessment."""

Verdicts = tuple[Verdict, ...]

URGENT = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL, Outcome.NOT_ELIGIBLE)
"""The outcomes that a finding brings also where it contradicts another entry."""

ACTIONS = (Action.START, Action.CONTINUE, Action.PROGRESS)


@dataclass(frozen=True)
class Completions:
    """The completions of the patient that a recommendation was made for.

    With `steps`, their answer is the outcome and the action of every step, otherwise the outcome
    alone.
    """

    evidence: Evidence
    engine: CompiledEngine
    steps: bool = False

    @cached_property
    def specs(self) -> Mapping[str, FieldSpec]:
        """The fields that the program reads."""
        fields = self.evidence.base.model.fields()
        return {path: fields[path] for path in self.evidence.compiled.paths}

    @cached_property
    def declined(self) -> frozenset[str]:
        """The inputs that stay unknown: a reason says that there is no answer to be had."""
        reasons = self.evidence.assessment.data_absent_reasons
        return frozenset(
            path for path, reason in reasons.items() if reason is not DataAbsentReason.NOT_ASKED
        )

    @cached_property
    def askable(self) -> tuple[str, ...]:
        """The inputs that are missing and were not declined, in the order of the model."""
        inputs = self.evidence.inputs
        return tuple(p for p in self.specs if inputs[p] is None and p not in self.declined)

    def evaluate(self, added: Added) -> Verdicts:
        """Return the engine's verdicts on the patient with more known."""
        inputs = list(self.evidence.given)
        for path, value in added.items():
            inputs[self._inputs[path]] = value
        return self.engine.evaluate(inputs)

    def answer(self, verdicts: Verdicts) -> Sequence[int]:
        """Return the outcome, and with `steps` the actions, as the places of what is given."""
        given = [at for at in self._outcomes if verdicts[at] is True]
        if self.steps and given == [self._recommend]:
            given += [at for at in self._actions if verdicts[at] is True]
        return given

    def allowed(self, verdicts: Verdicts, *, last: bool = False) -> bool:
        """Return whether no rule that the patient is excused is true, nor a new conflict.

        The last of several completions, after which nothing is asked, may hold a conflict where
        its outcome is more urgent than `assess_first`.
        """
        if any(verdicts[at] is True for at in self._silent):
            return False
        if last and any(verdicts[at] is True for at in self._urgent):
            return True
        return all(verdicts[at] is not True for at in self._conflicts)

    def follows(self, before: Verdicts, after: Verdicts) -> bool:
        """Return whether the optional evidence that one completion lacks is silent in a later."""
        pairs = self._excused
        return all(before[at] is not True or after[rule] is not True for at, rule in pairs)

    def wellformed(self, added: Added) -> bool:
        """Return whether the model would accept these values, and leave none of them out."""
        for path, limit in self._dated:
            value, last = self.value(path, added), self.value(limit, added)
            if isinstance(value, date) and isinstance(last, date) and value > last:
                return False
        return all(path in added for path in self.derivable(added))

    def derivable(self, added: Iterable[str]) -> tuple[str, ...]:
        """Return the derived fields that become known when these fields do."""
        known = set(added)
        reasons = self.evidence.assessment.data_absent_reasons
        return tuple(
            path
            for path, needed in self._derived
            if path not in reasons
            and self.value(path, {}) is None
            and all(each in known or self.value(each, {}) is not None for each in needed)
        )

    def value(self, path: str | None, added: Added) -> Value:
        """Return what is known of a field, if it is one."""
        if path is None or path not in self._fields:
            return None
        return added[path] if path in added else self.evidence.assessment.value(path)

    @cached_property
    def bounds(self) -> Mapping[str, Sequence[float]]:
        """The numbers that each field is compared with."""
        found: dict[str, list[float]] = {}
        definitions = self.evidence.compiled.program.definitions
        for node in (node for d in definitions for node in walk(d.expression)):
            match node:
                case Compare(left=Field(path=path), right=Constant(value=int() | float() as value)):
                    found.setdefault(path, []).append(value)
        return found

    # --- places -----------------------------------------------------------------------------

    @cached_property
    def _fields(self) -> Mapping[str, FieldSpec]:
        return self.evidence.base.model.fields()

    @cached_property
    def _inputs(self) -> Mapping[str, int]:
        return {i.path: at for at, i in enumerate(self.evidence.compiled.program.inputs)}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each definition among the verdicts."""
        return {d.name: at for at, d in enumerate(self.evidence.compiled.program.definitions)}

    @cached_property
    def _outcomes(self) -> tuple[int, ...]:
        return tuple(self.places[outcome_name(outcome)] for outcome in Outcome)

    @cached_property
    def _recommend(self) -> int:
        return self.places[outcome_name(Outcome.RECOMMEND)]

    @cached_property
    def _actions(self) -> tuple[int, ...]:
        names = [action_name(s, action) for s in self.evidence.base.steps for action in ACTIONS]
        return tuple(self.places[name] for name in names if name in self.places)

    @cached_property
    def silent(self) -> tuple[str, ...]:
        """The rules that are true in no completion: what may stay unknown."""
        found, at, rules = self.evidence.found, self.places, self.evidence.compiled.decision.rules
        excused = [(rule.id, excused_name(rule.id)) for rule in rules]
        return tuple(rule for rule, name in excused if name in at and found[at[name]] is True)

    @cached_property
    def conflicts(self) -> tuple[str, ...]:
        """The conflicts that are not true."""
        found, at, rules = self.evidence.found, self.places, self.evidence.compiled.decision.rules
        conflicts = [rule.id for rule in rules if rule.family is Family.CONFLICT]
        return tuple(rule for rule in conflicts if found[at[rule]] is not True)

    @cached_property
    def _silent(self) -> tuple[int, ...]:
        return tuple(self.places[rule] for rule in self.silent)

    @cached_property
    def _conflicts(self) -> tuple[int, ...]:
        return tuple(self.places[rule] for rule in self.conflicts)

    @cached_property
    def _urgent(self) -> tuple[int, ...]:
        return tuple(self.places[outcome_name(outcome)] for outcome in URGENT)

    @cached_property
    def _excused(self) -> tuple[tuple[int, int], ...]:
        at, rules = self.places, self.evidence.compiled.decision.rules
        return tuple((at[n], at[r.id]) for r in rules if (n := excused_name(r.id)) in at)

    @cached_property
    def _dated(self) -> tuple[tuple[str, str], ...]:
        pairs = [(path, spec.not_after) for path, spec in self.specs.items()]
        return tuple((path, limit) for path, limit in pairs if limit in self._fields and limit)

    @cached_property
    def _derived(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        specs = self.specs.items()
        return tuple((path, spec.derived.inputs) for path, spec in specs if spec.derived)
