"""Random patients asked until they are decided: `python -m tests.explain.questions_sample 10000`.

The questions are answered in any order with any answers that a completion allows, and asked anew
after each. Where at most twelve inputs matter, every set of one question less is refuted by two
completions that differ.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Mapping

import guidestep.explain.questions
from guidestep import Assessment, AssessmentError, Outcome, Recommendation
from guidestep.explain.completions import Completions
from guidestep.explain.deciding import _answerable, needed_of
from guidestep.explain.questions import NextQuestions, relevant
from guidestep.language.program import Value
from guidestep.verify.cache import subject_of
from guidestep.verify.terms import SOLVER
from tests.explain.brute import Brute, representatives, smaller_sets
from tests.frame.cohorts import mutated, shipped

MISSING = 12
SUBSETS = 800
TRIES = 200
PATIENCE = 60.0


def completions_of(answer: Recommendation) -> Completions:
    evidence = answer.evidence
    assert evidence is not None
    return Completions(evidence, subject_of(evidence.base, evidence.compiled).engine)


def asked(patient: Assessment) -> tuple[Recommendation, NextQuestions]:
    answer = shipped().recommend(patient)
    return answer, answer.next_questions()


def answered(answer: Recommendation, path: str, source: random.Random) -> Assessment | None:
    """Return the patient with one question answered, as some completion does, if one can be had."""
    completions = completions_of(answer)
    values = list(representatives(completions, path))
    source.shuffle(values)
    for value in values[:TRIES]:
        added: Mapping[str, Value] = {path: value}
        derived = set(completions.derivable(added))
        if completions.allowed(completions.evaluate(added)) or derived:
            evidence = answer.evidence
            assert evidence is not None
            data = evidence.assessment.to_dict()
            section, _, name = path.partition(".")
            part = data.setdefault(section, {})
            assert isinstance(part, dict)
            part[name] = value
            reasons = data.get("data_absent_reasons")
            if isinstance(reasons, dict):
                reasons.pop(path, None)
            try:
                found = shipped().model.read(data)
            except AssessmentError:
                continue
            conflicts = {each.rule for each in shipped().recommend(found).conflicts}
            if conflicts <= {each.rule for each in answer.conflicts}:
                return found
    return None


def decided_by_asking(patient: Assessment, source: random.Random) -> str:
    """Ask and answer until nothing is asked; return how it ended."""
    before, questions = asked(patient)
    seen: set[str] = set()
    most = len(completions_of(before).askable) + 1
    for _ in range(most):
        if not questions:
            return "decided"
        paths = [each.path for each in questions]
        source.shuffle(paths)
        for path in paths:
            assert path not in seen, f"{path} is asked again"
            more = answered(before, path, source)
            if more is not None:
                seen.add(path)
                break
        else:
            return "no answer left that agrees with the others"
        before, questions = asked(more)
    return "never ends"


def smallest(patient: Assessment, source: random.Random) -> str:
    """Return whether every set of one question less is refuted: by drawing, or by the solver.

    Drawing seldom finds dates and weeks that agree; what the solver finds is seen in the engine.
    """
    answer, questions = asked(patient)
    completions = completions_of(answer)
    found = relevant(completions)
    if not questions or len(found) > MISSING:
        return "not looked at"
    with SOLVER:
        subject = subject_of(completions.evidence.base, completions.evidence.compiled)
        undecided = _answerable(subject, completions, found, seconds=10)
        askable = tuple(undecided.asked)
        sets = smaller_sets(askable, len(questions), SUBSETS)
        if sets is None:
            return "not looked at"
        brute = Brute(completions, askable, source)
        left = [each for each in sets if not brute.refuted(each)]
        for each in left:
            difference = undecided.difference(each)
            if difference is None or not needed_of(completions, askable, difference):
                # Cut off by time, the questions do not claim to be the fewest.
                claimed = "" if questions.smallest else ", which the short time is said to allow"
                return f"a smaller set decides{claimed}"
    return "smallest, with the solver's help" if left else "smallest, by drawing"


def undecided(count: int, seed: int) -> list[Assessment]:
    """Return random patients who have to be assessed first."""
    found: list[Assessment] = []
    while len(found) < count:
        seed += 1
        patients = mutated(200, seed)
        found += [p for p in patients if shipped().recommend(p).outcome is Outcome.ASSESS_FIRST]
    return found[:count]


def main(count: int, seed: int) -> None:
    # What is sampled is the sets, and not how busy the machine is.
    guidestep.explain.questions.SECONDS = PATIENCE
    source = random.Random(seed)
    ends, sizes = Counter[str](), Counter[str]()
    for patient in undecided(count, seed):
        ends[decided_by_asking(patient, source)] += 1
        sizes[smallest(patient, source)] += 1
    print(f"{count} undecided patients; asking them: {dict(ends)}; smaller sets: {dict(sizes)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    main(given.count, given.seed)
