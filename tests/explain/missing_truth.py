"""Which inputs that a recommendation lists as missing can change nothing in truth.

`python -m tests.explain.missing_truth 1000` asks the solver, for random patients, about each input
that is listed: is there any completion in which knowing it changes the outcome, or the action of a
step? Two things count here that do not count for the next questions, for the sake of safety: what
was declined may be known after all, and a finding that contradicts another entry is still a finding
where it brings an outcome more urgent than `assess_first`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from guidestep import Recommendation
from guidestep.explain.completions import Completions
from guidestep.explain.questions import relevant
from guidestep.outcome import Family, Outcome
from guidestep.verify.cache import subject_of
from guidestep.verify.solve import Settled
from guidestep.verify.terms import SOLVER, conj, disj, neg
from guidestep.verify.undecided import Undecided
from tests.frame.cohorts import mutated, shipped


@dataclass(frozen=True)
class Anyhow(Completions):
    """Completions in which what was declined may be known after all."""

    @cached_property
    def declined(self) -> frozenset[str]:
        return frozenset()

    @cached_property
    def silent(self) -> tuple[str, ...]:
        return tuple(rule for rule in super().silent if rule not in self.conflicts)

    @cached_property
    def conflicts(self) -> tuple[str, ...]:
        found, rules = self.evidence.verdicts, self.evidence.compiled.decision.rules
        conflicts = [rule.id for rule in rules if rule.family is Family.CONFLICT]
        return tuple(rule for rule in conflicts if found[rule] is not True)


def idle(answer: Recommendation) -> Iterator[str]:
    """Yield the inputs that are listed and can change nothing."""
    if not answer.missing:
        return
    evidence = answer.evidence
    assert evidence is not None
    with SOLVER:
        subject = subject_of(evidence.base, evidence.compiled)
        completions = Anyhow(evidence, subject.engine, steps=True)
        listed = [missing.path for missing in answer.missing]
        open_ = set(listed).union(relevant(completions))
        askable = [path for path in completions.askable if path in open_]
        undecided = Undecided(subject, completions, askable, seconds=10)
        before, after = undecided.before, undecided.after
        agreed = [neg(each.true(r)) for r in completions.conflicts for each in (before, after)]
        lifted = [conj((after.outcome(o), neg(before.outcome(o)))) for o in tuple(Outcome)[:3]]
        counts = disj((conj(agreed), *lifted))
        for path in listed:
            others = [neg(undecided.later[other]) for other in askable if other != path]
            unknown = neg(before.mask[path])
            reply = undecided.questions.ask(undecided.differ, counts, unknown, *others)
            assert reply.settled is not Settled.OPEN
            if reply.settled is Settled.NO:
                yield path


def main(count: int, seed: int) -> None:
    listed, seen = 0, Counter[str]()
    by: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    for patient in mutated(count, seed):
        answer = shipped().recommend(patient)
        listed += len(answer.missing)
        for path in idle(answer):
            rules = next(missing.rules for missing in answer.missing if missing.path == path)
            by[answer.outcome.value, path, rules] += 1
            seen[path] += 1
    print(f"{count} patients, {listed} inputs listed, {seen.total()} of them change nothing")
    for (outcome, path, rules), times in by.most_common(40):
        print(f"{times:6d}  {outcome:16s} {path}  {', '.join(rules)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    main(given.count, given.seed)
