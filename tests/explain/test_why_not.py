"""Why not: no fewer changes lead there, both engines say so, and the rules named bar the way."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import guidestep
from guidestep import Guideline, Outcome, Recommendation
from guidestep.assessment import FieldKind
from guidestep.explain import why_not as module
from guidestep.explain.cheapest import cheapest_hitting
from guidestep.explain.closest import first_step, span
from guidestep.explain.nearest import Flip, Flips
from guidestep.explain.targets import target_of
from guidestep.explain.variants import Variants
from guidestep.explain.why_not import Kept, Way, WhyNot
from guidestep.guideline import SettingError
from guidestep.verify.cache import subject_of

EXAMPLES = sorted(Path("docs/examples").glob("*.yaml"))
TARGETS = (*(each.value for each in Outcome), "M1", "M2", "N1", "R0", "R1", "R2", "R2:progress")


def visit(name: str, **changes: object) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(Path("docs/examples", f"{name}.yaml").read_text())
    for path, value in changes.items():
        section, _, field = path.partition("__")
        data[section][field] = value
    return data


def variants(answer: Recommendation) -> Variants:
    assert answer.evidence is not None
    kept = Kept.of(subject_of(answer.evidence.base, answer.evidence.compiled))
    return Variants(answer.evidence, kept.engine)


def changed(found: WhyNot) -> dict[str, tuple[object, object]]:
    return {each.path: (each.before, each.after) for each in found.changes}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_change_is_needed_and_the_answer_is_what_was_asked_for(
    cervical: Guideline, example: Path
) -> None:
    answer = cervical.recommend(yaml.safe_load(example.read_text()))
    assert answer.evidence is not None
    others = variants(answer)
    for wanted in TARGETS:
        target = target_of(answer.evidence, wanted)
        found = answer.why_not(wanted, seconds=60)
        if target.holds(answer.evidence.verdicts):
            assert found.way is Way.HOLDS
            continue
        assert found.way is Way.FLIP, (wanted, found)
        assert found.nearest
        changes = {each.path: each.after for each in found.changes}
        replayed = cervical.recommend(_read(others, found))
        assert replayed.evidence is not None
        assert target.holds(replayed.evidence.verdicts), (wanted, changes)
        assert replayed.outcome is found.outcome
        assert not replayed.conflicts or answer.conflicts
        for path in changes:
            rest = [each for each in found.changes if each.path != path]
            less = others.verdicts(_values(others, rest))
            assert not target.holds(dict(zip(answer.evidence.verdicts, less, strict=True)))
        assert all(each.barred_by for each in found.changes)


def _values(others: Variants, changes: Any) -> dict[str, Any]:
    return {
        each.path: date.fromisoformat(each.after)
        if others.specs[each.path].kind.value == "date"
        else each.after
        for each in changes
    }


def _read(others: Variants, found: WhyNot) -> dict[str, object]:
    return others.data(_values(others, found.changes))


@pytest.mark.parametrize(
    ("example", "wanted"),
    [
        ("eligible-intake", "R1"),
        ("missing-hoffmann", "recommend"),
        ("out-of-scope", "M1"),
        ("progress-to-moderate-load", "R1"),
        ("spasm-came-back", "M2"),
        ("thrust-asked-for", "R2"),
    ],
)
def test_no_single_change_is_smaller(cervical: Guideline, example: str, wanted: str) -> None:
    answer = cervical.recommend(visit(example))
    found = answer.why_not(wanted)
    assert len(found.changes) == 1
    best = min(size for size, _ in singles(answer, wanted))
    spec = cervical.fields[found.changes[0].path]
    # A number that may not stand on its boundary is shown at the next plain one.
    step = float(first_step(spec) / span(spec)) if spec.kind is FieldKind.DECIMAL else 0
    assert found.changes[0].distance <= best + step + 1e-9


def singles(answer: Recommendation, wanted: str) -> Iterator[tuple[float, str]]:
    """Yield the size of every single change that leads there, numbers on a grid of tenths."""
    others = variants(answer)
    assert answer.evidence is not None
    names = tuple(answer.evidence.verdicts)
    target = target_of(answer.evidence, wanted)
    for path, spec in others.specs.items():
        given = answer.evidence.inputs[path]
        values: list[Any] = list(spec.members)
        if spec.minimum is not None and spec.maximum is not None:
            parts = 10 if spec.kind.value == "decimal" else 1
            grid = range(int(spec.minimum) * parts, int(spec.maximum) * parts + 1)
            values = [number / parts if parts > 1 else number for number in grid]
        for value in values:
            verdicts = dict(zip(names, others.verdicts({path: value}), strict=True))
            if target.holds(verdicts) and verdicts["conflict:any"] is not True:
                size = 1.0
                if not spec.members and given is not None:
                    assert spec.minimum is not None
                    assert spec.maximum is not None
                    size = abs(value - given) / (spec.maximum - spec.minimum)
                yield size, path


def test_no_pair_is_found_where_brute_force_finds_a_single(cervical: Guideline) -> None:
    answer = cervical.recommend(visit("eligible-intake"))
    assert not list(singles(answer, "surveillance"))
    assert len(answer.why_not("surveillance").changes) == 2


def test_what_bars_resistance_training(cervical: Guideline) -> None:
    found = cervical.recommend(visit("eligible-intake")).why_not("R1")
    assert changed(found) == {"scope.acute_spasm_status": ("ongoing", "resolved")}
    barrier = found.changes[0].barred_by[0]
    assert barrier.rule == "no-resistance-during-acute-spasm"
    assert (barrier.before, barrier.after) == ("true", "false")
    assert barrier.thresholds[0].text == "state of the acute spasm is resolved"
    assert barrier.facts == ("F063",)
    assert "strength" in barrier.cites[0].words
    text = str(found)
    assert "what bars the answer" in text
    assert "no advice to enter other data" in text
    assert found.outcome is Outcome.RECOMMEND
    assert "start R1" in found.steps


def test_a_missing_input_comes_with_its_question(cervical: Guideline) -> None:
    change = cervical.recommend(visit("missing-hoffmann")).why_not("recommend").changes[0]
    assert change.before is None
    assert change.question is not None
    assert change.question in str(cervical.recommend(visit("missing-hoffmann")).why_not("N1"))


def test_an_immutable_input_is_named_only_where_nothing_else_leads_there(
    cervical: Guideline,
) -> None:
    found = cervical.recommend(visit("eligible-intake", scope__age_years=15)).why_not("M1")
    assert changed(found) == {"scope.age_years": (15, 30)}
    assert found.immutable
    assert "cannot change" in str(found)
    other = cervical.recommend(visit("eligible-intake")).why_not("not_eligible")
    assert not other.immutable


def test_what_derives_from_dates_follows_them(cervical: Guideline) -> None:
    found = cervical.recommend(visit("worse-at-six-weeks")).why_not("M1")
    assert list(changed(found)) == ["encounter.assessment_date"]
    assert found.changes[0].distance == pytest.approx(1 / 365)


def test_a_boundary_that_bars_is_passed_by_a_plain_number(cervical: Guideline) -> None:
    found = cervical.recommend(visit("progress-to-moderate-load")).why_not("R1")
    assert changed(found) == {"program.weeks_since_last_rom_reassessment": (1.0, 5.0)}


def test_nothing_leads_there_is_proved(cervical: Guideline) -> None:
    bare = cervical.recommend(visit("eligible-intake"), profile="bare")
    found = bare.why_not("R1")
    assert found.way is Way.NONE
    assert found.anyone
    assert "under this profile nobody" in str(found)


def test_a_time_limit_is_never_a_no(cervical: Guideline) -> None:
    found = cervical.recommend(visit("eligible-intake")).why_not("R1", seconds=0)
    assert found.way is Way.NOT_SETTLED
    assert "not settled" in str(found)


def test_what_the_engines_do_not_confirm_is_left_out(
    cervical: Guideline, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = cervical.recommend(visit("eligible-intake"))
    first = answer.why_not("urgent_referral")
    refused: list[Flip] = []
    find = Flips.find

    def counted(self: Flips) -> Flip | None:
        found = find(self)
        if found is not None:
            refused.append(found)
        return found

    right = module._holds
    monkeypatch.setattr(Flips, "find", counted)
    monkeypatch.setattr(module, "_holds", lambda *given: len(refused) > 1 and right(*given))
    second = answer.why_not("urgent_referral")
    assert second.way is Way.FLIP
    assert changed(second) != changed(first)
    monkeypatch.setattr(module, "_holds", lambda *given: False)
    assert answer.why_not("urgent_referral").way is Way.NOT_SETTLED


def test_the_same_question_has_the_same_bytes(cervical: Guideline) -> None:
    first = cervical.recommend(visit("no-mri")).why_not("R2").to_json()
    cervical.recommend(visit("eligible-intake")).why_not("urgent_referral")
    again = guidestep.load("cervical-spasm-opll").recommend(visit("no-mri")).why_not("R2")
    assert first == again.to_json()
    assert json.loads(first)["way"] == "flip"


def test_html_is_escaped(cervical: Guideline) -> None:
    html = cervical.recommend(visit("eligible-intake")).why_not("R1")._repr_html_()
    assert "R1" in html
    assert "<script" not in html


def test_targets_are_named_in_every_way(cervical: Guideline) -> None:
    answer = cervical.recommend(visit("eligible-intake"))
    same = [answer.why_not(each) for each in ("R1:start", ("R1", "start"))]
    assert same[0] == same[1]
    assert answer.why_not(Outcome.REFERRAL) == answer.why_not("referral")
    assert answer.why_not("R0").way is Way.HOLDS
    with pytest.raises(SettingError, match="neither a step nor an outcome"):
        answer.why_not("thrust")
    with pytest.raises(SettingError, match="never has the action 'progress'"):
        answer.why_not("N1:progress")


def test_what_was_read_from_json_has_no_patient(cervical: Guideline) -> None:
    answer = cervical.recommend(visit("eligible-intake"))
    for call in ("why_not", "robustness"):
        read = Recommendation.from_json(answer.to_json())
        with pytest.raises(LookupError, match="without its assessment"):
            getattr(read, call)(*(["R1"] if call == "why_not" else []))


def test_a_cheapest_hitting_set_is_cheapest() -> None:
    for seed in range(200):
        source = random.Random(seed)
        elements = "abcdef"
        cost = {each: source.choice((1, 1, 5)) for each in elements}
        sets = [
            frozenset(source.sample(elements, source.randint(1, 3)))
            for _ in range(source.randint(1, 5))
        ]
        found = cheapest_hitting(sets, elements, cost)
        assert all(found & each for each in sets)
        brute = min(
            sum(cost[e] for e in some)
            for size in range(7)
            for some in itertools.combinations(elements, size)
            if all(set(some) & each for each in sets)
        )
        assert sum(cost[e] for e in found) == brute


def test_without_the_solver_the_error_names_the_extra() -> None:
    code = (
        "import sys, yaml, guidestep; sys.modules['z3'] = None\n"
        "visit = yaml.safe_load(open('docs/examples/eligible-intake.yaml'))\n"
        "answer = guidestep.load('cervical-spasm-opll').recommend(visit)\n"
        "for ask in (lambda: answer.why_not('R1'), answer.robustness):\n"
        "    try: ask()\n"
        "    except ModuleNotFoundError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert all("pip install 'guidestep[verify]'" in line for line in said)
