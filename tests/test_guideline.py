"""The loaded guideline: what it tells of itself, and that an answer needs both engines."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

import guidestep
from guidestep.engines.compiled import CompiledEngine
from guidestep.engines.durable import DurableEngine
from guidestep.language.yaml_reader import plain, read_file

ROOT = Path(__file__).parents[1]


@cache
def cervical() -> guidestep.Guideline:
    return guidestep.load("cervical-spasm-opll")


@cache
def examples() -> dict[str, str]:
    """Return the examples of the docs as JSON, by name."""
    found = {}
    for path in sorted((ROOT / "docs/examples").glob("*.yaml")):
        node, faults = read_file(path, path.name)
        assert not faults
        assert node is not None
        found[path.stem] = json.dumps(plain(node), default=str)
    return found


def test_what_importing_does_not_need_is_not_imported() -> None:
    later = ("guidestep.answer", "guidestep.language.loader", "guidestep.engines.durable", "yaml")
    later += ("narwhals", "guidestep.frame")
    code = f"import sys, guidestep; print([name for name in {later} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert all(hasattr(guidestep, name) for name in (*guidestep.__all__, "impact"))
    assert callable(guidestep.Guideline.summarize)


@pytest.mark.parametrize("faulty", [DurableEngine, CompiledEngine])
def test_no_answer_leaves_when_the_engines_differ(
    monkeypatch: pytest.MonkeyPatch, faulty: type[DurableEngine | CompiledEngine]
) -> None:
    right = faulty.evaluate
    names = [d.name for d in cervical().compiled("source").program.definitions]
    at = names.index("unstable-gait")

    def wrong(self: object, inputs: object) -> tuple[object, ...]:
        verdicts = list(right(self, inputs))  # type: ignore[arg-type]
        verdicts[at] = None
        return tuple(verdicts)

    monkeypatch.setattr(faulty, "evaluate", wrong)
    with pytest.raises(guidestep.EngineDisagreement, match="unstable-gait") as raised:
        cervical().recommend(examples()["eligible-intake"])
    assert [name for name, _, _ in raised.value.differences] == ["unstable-gait"]
    alone = "compiled" if faulty is DurableEngine else "durable"
    answer = cervical().recommend(examples()["eligible-intake"], engine=alone)
    assert (answer.engines, answer.agreement) == ((alone,), False)


def test_32_threads_get_each_patient_their_own_answer() -> None:
    texts = list(examples().values())
    expected = [cervical().recommend(text).to_json() for text in texts]
    fresh = guidestep.load("cervical-spasm-opll")

    def ask(turn: int) -> bool:
        at = turn % len(texts)
        profile = None if turn % 3 else "source"
        return fresh.recommend(texts[at], profile=profile).to_json() == expected[at]

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(1600)))


def test_what_a_guideline_tells_of_itself() -> None:
    guideline = cervical()
    assert guideline.id == "cervical-spasm-opll"
    assert guideline.title.startswith("Conservative rehabilitation")
    assert (len(guideline.facts), len(guideline.ambiguities), len(guideline.assumptions)) == (
        78,
        42,
        28,
    )
    assert set(guideline.steps) == {"A0", "M1", "N1", "M2", "R0", "R1", "R2"}
    assert tuple(guideline.profiles) == ("source", "strict", "bare")
    assert guideline.demographic_inputs["date_of_birth"] == ("scope.age_years",)
    assert guideline.demographic_inputs["sex"] == ()
    assert "neurologic.gait_instability" in guideline.fields
    assert "neurologic.new_neurologic_deficit_description" not in guideline.fields
    of_source = [c for c in guideline.citations.values() if c.number is not None]
    assert [(c.number, c.resolved) for c in of_source] == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
        (5, False),
        (6, False),
    ]


def test_the_digest_is_that_of_the_files_that_decide(tmp_path: Path) -> None:
    from shutil import copytree

    folder = tmp_path / "copy"
    copytree(ROOT / "rules/cervical-spasm-opll", folder)
    assert guidestep.load(folder).digest == cervical().digest
    (folder / "NOTES.md").write_text("not part of the guideline")
    assert guidestep.load(folder).digest == cervical().digest
    steps = folder / "steps.yaml"
    steps.write_text(steps.read_text() + "\n# a comment\n")
    assert guidestep.load(folder).digest != cervical().digest


def test_a_guideline_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(guidestep.GuidelineError, match="did you mean 'cervical-spasm-opll'"):
        guidestep.load("cervical-spasm")
    with pytest.raises(guidestep.GuidelineError, match="the guidelines are cervical-spasm-opll"):
        guidestep.load("knee")
    with pytest.raises(guidestep.GuidelineError, match="is not a folder"):
        guidestep.load(tmp_path / "nothing")
    assert guidestep.shipped() == ("cervical-spasm-opll",)


def test_an_assessment_of_another_model_is_refused() -> None:
    from tests.answer.model import KneeAssessment

    other = KneeAssessment.read({"visit.stage": "intake", "programme.bend": "none"})
    with pytest.raises(guidestep.SettingError, match="reads CervicalAssessment, not KneeAssess"):
        cervical().recommend(other)


def test_an_assessment_may_come_as_object_mapping_or_json() -> None:
    text = examples()["eligible-intake"]
    data = json.loads(text)
    answers = {
        cervical().recommend(form).to_json()
        for form in (text, text.encode(), data, cervical().model.read(data))
    }
    assert len(answers) == 1


def test_nothing_of_a_guideline_can_be_changed() -> None:
    guideline = guidestep.load("cervical-spasm-opll")
    for mapping in (guideline.rules, guideline.steps, guideline.citations, guideline.parameters):
        with pytest.raises((TypeError, AttributeError)):
            mapping.clear()  # type: ignore[attr-defined]
        with pytest.raises((TypeError, AttributeError)):
            mapping["disturbed-bladder"] = None  # type: ignore[index]
    with pytest.raises(guidestep.SettingError, match="from 2 to 4"):
        guidestep.Guideline(guideline.base, {"reassessment_overdue_weeks": 400})
    assert hash(guideline) == hash(guideline)


def test_an_assessment_put_together_by_hand_is_read_again() -> None:
    model = cervical().model
    patient = model.read(examples()["eligible-intake"])
    assert cervical().recommend(patient).outcome is guidestep.Outcome.RECOMMEND
    changed = patient.model_copy(
        update={"scope": patient.scope.model_copy(update={"age_years": 17.5})}  # type: ignore[attr-defined]
    )
    with pytest.raises(guidestep.AssessmentError, match=r"scope\.age_years"):
        cervical().recommend(changed)
    with pytest.raises(guidestep.AssessmentError):
        cervical().recommend(model.model_construct())


@pytest.mark.parametrize("name", [None, 1, b"x", "", " ", "x" * 5000, "a\0b"])
def test_a_name_that_is_none_is_refused(name: object) -> None:
    with pytest.raises(guidestep.GuidelineError):
        guidestep.load(name)  # type: ignore[arg-type]


def test_odd_settings_are_refused() -> None:
    text = examples()["eligible-intake"]
    with pytest.raises(guidestep.SettingError, match="no profile"):
        cervical().recommend(text, profile=[])  # type: ignore[arg-type]
    with pytest.raises(guidestep.SettingError, match="no engine"):
        cervical().recommend(text, engine=[])  # type: ignore[arg-type]
    with pytest.raises(guidestep.SettingError, match="a class of assessments"):
        guidestep.load("cervical-spasm-opll", model=int)  # type: ignore[type-var, arg-type]


def test_a_folder_does_not_shadow_what_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cervical-spasm-opll").mkdir()
    monkeypatch.chdir(tmp_path)
    assert guidestep.load("cervical-spasm-opll").digest == cervical().digest
    with pytest.raises(guidestep.GuidelineError, match=r"no guideline\.yaml"):
        guidestep.load("./cervical-spasm-opll")
