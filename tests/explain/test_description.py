"""What `guidestep show` prints: every id of a guideline, in full."""

import pytest

from guidestep import Guideline
from guidestep.explain.description import describe, ids
from guidestep.explain.sources import citation_line, dose_words, mapping_words
from guidestep.language.documents import CitationEntry, DoseEntry
from tests.explain.expressions import EXPRESSIONS


def test_every_id_has_a_description_of_its_own(cervical: Guideline) -> None:
    texts = {id_: describe(cervical.base, id_) for id_ in ids(cervical.base)}
    assert len(set(texts.values())) == len(texts)
    for id_, text in texts.items():
        assert text.startswith(f"{id_} (")
        assert max(map(len, text.splitlines())) <= 90, id_


def test_a_rule_in_full(ankles: Guideline) -> None:
    written = "at_least(2, ankle.warm, hot, worse or ankle.scan is done)"
    number = next(index for index, (text, _) in enumerate(EXPRESSIONS) if text == written)
    rule = ankles.rules[f"rule-{number}"]
    assert (
        describe(ankles.base, rule.id)
        == f"""\
{rule.id} (requirement)
About {rule.id}

  Required that at least 2 of these hold:
    - warm ankle is true
    - "hot to the touch" holds
    - any of these holds:
        - "MRI looks worse" holds
        - scan is done
  Otherwise: assess first; no step is recommended
  Done in: S1 (Rest)

Words used
  "Hot to the touch" (hot)
    Means that: warm ankle is true
  "MRI looks worse" (worse)
    Means that any of these holds:
      - pain (at rest) is severe
      - "hot to the touch" holds

Facts of the source
  F1  Ankles. (most degrees 20)

Assumptions of ours
  ASM-1  We say what is worse."""
    )


def test_a_definition_in_full(ankles: Guideline) -> None:
    assert (
        describe(ankles.base, "points").partition("\n\nWords")[0]
        == """\
points (score)
Points of the ankle

  The sum of:
    - 2 points: warm ankle is true (warmth)
    - 1 point: "grade of the ankle" is bad or fair
    - -1 point: signs of a sprain are present"""
    )
    assert "  Otherwise: good" in describe(ankles.base, "grade")
    assert "Default: 20 degrees" in describe(ankles.base, "least_flexion")


@pytest.mark.parametrize(
    ("id_", "said"),
    [
        ("unstable-gait", "Then: stop rehabilitation, refer urgently"),
        ("unstable-gait", "While unknown: no step is recommended until it is decided"),
        ("changed-gait", "Urgency: Not specified by the source."),
        ("under-age", "Then: outside this guideline"),
        ("slow-grip-and-release", "While unknown: no caution is given"),
        ("limb-entries-contradict", "While unknown: nothing follows"),
        ("cord-compression-with-myelomalacia", "May stay unknown when: cervical MRI is 'not done'"),
        ("cord-compression-with-myelomalacia", "ASM-13  Without MRI the programme may start"),
        ("motion-by-inclinometer", "Applies when: "),
        ("motion-by-inclinometer", "Done in: A0 (Baseline assessment)"),
        ("start-low-load", "Then: start R1 (Low-load resistance training), if no step has begun"),
        ("low-load-to-moderate-load", "Then: progress from R1 (Low-load resistance training)"),
        ("low-load-to-moderate-load", "- perceived exertion is from 12 to 14"),
        ("dynamic-back-to-static", "Then: at M2 (Dynamic mobility), continue M1"),
        ("no-resistance-during-acute-spasm", "Then: withhold all exercise in the resistance track"),
        ("no-resistance-during-acute-spasm", "While unknown: the same"),
        ("R1", "repetitions                           10-15 repetitions"),
        ("R1", "not specified by source"),
        ("ASM-13", "Switched off, assess first when: cervical MRI is 'not done'"),
        ("ASM-13", "On in the profiles: source\n"),
        ("ASM-13", "- cord-compression-with-myelomalacia"),
        ("ask-for-thrust", "Granted: never"),
        ("ask-for-resistance", "Granted: only if the rules themselves start a step"),
        ("urgency-not-printed", "Only with:\n    - refer for evaluation"),
        ("unlisted-4", "Number: not in the source's reference list"),
        ("laminoplasty-guidelines", "[3] Cervical Laminoplasty Guidelines."),
        ("strict", "Optional evidence: refused"),
        ("resistance", "- R1: Low-load resistance training"),
    ],
)  # fmt: skip
def test_what_is_said(cervical: Guideline, id_: str, said: str) -> None:
    assert said in describe(cervical.base, id_)


def test_citations_that_the_source_does_not_list_are_marked(cervical: Guideline) -> None:
    # Surveillance rests on the missing number 6.
    assert "number: not in the source's reference list" in describe(
        cervical.base, "surveillance-goes-on"
    ).replace("\n    ", " ")


def test_an_unknown_id_names_the_nearest(cervical: Guideline) -> None:
    with pytest.raises(LookupError, match="has no 'unstabel-gait'; did you mean 'unstable-gait'"):
        describe(cervical.base, "unstabel-gait")
    with pytest.raises(LookupError, match=r"has no 'qqqqqqqq'$"):
        describe(cervical.base, "qqqqqqqq")


@pytest.mark.parametrize(
    ("dose", "words"),
    [
        (DoseEntry(item="x", low=2, high=3, unit="/wk"), "2-3 a week"),
        (DoseEntry(item="x", low=40, high=40, unit="%"), "40%"),
        (DoseEntry(item="x", low=1.5, unit="s"), "at least 1.5 seconds"),
        (DoseEntry(item="x", high=1, unit="d/wk"), "at most 1 day a week"),
        (DoseEntry(item="x", low=0, high=0), "0"),
        (DoseEntry(item="x", text="as printed"), "as printed"),
        (DoseEntry(item="x", not_specified=True), "not specified by source"),
        (DoseEntry(item="x"), ""),
    ],
)
def test_doses_as_printed(dose: DoseEntry, words: str) -> None:
    assert dose_words(dose) == words


def test_how_a_citation_was_found() -> None:
    entry = CitationEntry(
        id="x", title="A title.", authors="A B", year=2020, kind="cohort", strength="low",
        population_match="good", resolved=False, mapping="not_in_source", identifiers={},
    )  # fmt: skip
    assert citation_line(entry) == "[x] A B. A title. 2020."
    assert mapping_words(entry).endswith("the work could not be identified")


def test_properties_and_errors_of_measurement_are_described(cervical: Guideline) -> None:
    said = describe(cervical.base, "worsening-weak-arms-are-urgent")
    assert "For whom all of these hold:" in said
    assert 'Always: "outcome" is urgent referral' in said
    unchanged = describe(cervical.base, "drugs-change-nothing")
    assert "The answer is unchanged by:\n    - current adjunct drug\n" in unchanged
    assert 'Never: "outcome" is' in describe(cervical.base, "operated-necks-are-asked-about")
    error = describe(cervical.base, "error-of-baseline-flexion")
    assert "cervical flexion at baseline: limits of agreement, 11.1 degrees" in error
