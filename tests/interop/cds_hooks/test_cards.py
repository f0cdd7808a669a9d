"""What a card says and offers: the outcome, its urgency, all of it told, nothing unsafe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example as hypothesis_example
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from guidestep.assessment import FieldKind
from guidestep.interop.cds_hooks import Served, cards, conformance, respond
from guidestep.interop.cds_hooks.cards import INDICATORS, indicator
from guidestep.interop.cds_hooks.orders import Ordered, advised, against
from guidestep.interop.fhir.canonical import Canonical
from guidestep.language.documents import Review
from guidestep.notebook.content import card_content
from guidestep.outcome import Action, Basis, Outcome
from tests.interop.cds_hooks.standins import (
    EXAMPLES,
    NO_DATA,
    ON,
    Origin,
    SetMapping,
    SetReading,
    Trouble,
    call,
    cervical,
    example,
    order,
    served,
)
from tests.interop.cds_hooks.test_markdown import MARKUP, PARSER, inner
from tests.strategies.assessments import values

STEPS = Canonical().step("cervical-spasm-opll", "")["system"]
EXERCISES = {id_ for id_, step in cervical().steps.items() if step.kind == "exercise"}
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


@st.composite
def patients(draw: DrawFn) -> dict[str, object]:
    """Patients of the examples with some fields forgotten and some recorded otherwise."""
    fields = cervical().model.fields()
    data = example(draw(st.sampled_from(NAMES)))
    forgotten = draw(st.lists(st.sampled_from(sorted(data)), max_size=6))
    kept = {path: value for path, value in data.items() if path not in forgotten}
    others = [path for path, spec in fields.items() if spec.kind is not FieldKind.DATE]
    for path in draw(st.lists(st.sampled_from(others), max_size=3)):
        kept[path] = draw(values(fields[path]))
    return kept


def answer(data: Mapping[str, object], **more: Any) -> list[dict[str, Any]]:
    """Return the cards for a patient on a call of patient-view."""
    reply = respond(call(), served(data, **more), NO_DATA, ON)
    found: Any = reply.body["cards"]
    return list(found)


def main(data: Mapping[str, object], **more: Any) -> dict[str, Any]:
    (card,) = answer(data, **more)
    return card


def ordered_steps(card: Mapping[str, Any]) -> list[str]:
    """Return the steps that the suggestions of a card would order."""
    return [
        coding["code"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create"
        for coding in action["resource"]["code"]["coding"]
        if coding["system"] == STEPS
    ]


# --- never an exercise that is not recommended --------------------------------------------------


@given(patients(), st.sampled_from(["patient-view", "order-sign"]))
def test_no_card_offers_an_exercise_that_is_not_recommended(
    data: dict[str, object], hook: str
) -> None:
    drafts = [order("R1"), order("M1", "m-1")] if hook == "order-sign" else []
    reply = respond(call(hook, drafts), served(data), NO_DATA, ON)
    given_ = reply.recommendation
    made: Any = reply.body["cards"]
    offered = [step for card in made for step in ordered_steps(card)]
    if given_ is None or given_.outcome is not Outcome.RECOMMEND:
        assert offered == []
        wanted = set()
    else:
        wanted = {step.id for step in given_.steps if step.action is not Action.WITHHOLD}
        assert set(offered) == wanted - {"R1", "M1"} if drafts else set(offered) == wanted
    # And none of these drafts is let pass that is not wanted.
    assert bool(drafts and {"R1", "M1"} - wanted) == (len(made) == 2)
    assert not conformance.check("response", reply.body)
    assert all(card["uuid"] for card in made)


@settings(max_examples=40)
@given(patients(), st.text(max_size=20))
@hypothesis_example(example("red-flag-mid-programme"), "<b>x</b> [y](http://z) `code`")
def test_nothing_recorded_becomes_markup(data: dict[str, object], text: str) -> None:
    troubles = [Trouble("scope.age_years", text, text, text)]
    data["neurologic.new_neurologic_deficit_description"] = text
    for card in answer(data, problems=troubles):
        found = {token.type for token in inner(card["detail"])}
        blocks = {token.type for token in PARSER.parse(card["detail"])}
        assert not (found | blocks) & (MARKUP | {"html_block", "fence", "code_block", "hr"})


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.RECOMMEND])
def test_steps_beside_any_other_outcome_are_not_advised(outcome: Outcome) -> None:
    # No answer of the library has steps then; a card does not rely on it.
    wrong = replace(cervical().recommend(example("eligible-intake")), outcome=outcome)
    assert advised(wrong) == {}
    assert [one.step for one in against(wrong, [Ordered("M1", "stretching")])] == ["M1"]


def test_a_withheld_step_is_not_advised_whatever_it_is_called() -> None:
    right = cervical().recommend(example("eligible-intake"))
    steps = tuple(replace(step, action=Action.WITHHOLD) for step in right.steps)
    assert list(advised(right)) == ["M1", "N1"]
    assert advised(replace(right, steps=steps)) == {}
    assert advised(None) == {}


# --- urgency ------------------------------------------------------------------------------------


def test_every_outcome_has_an_urgency() -> None:
    assert set(INDICATORS) == set(Outcome)
    assert INDICATORS[Outcome.URGENT_REFERRAL] == "critical"


@pytest.mark.parametrize(
    ("name", "indicator"),
    [
        ("red-flag-mid-programme", "critical"),
        ("worse-at-six-weeks", "warning"),
        ("missing-hoffmann", "warning"),
        ("out-of-scope", "info"),
        ("eligible-intake", "info"),
        ("post-programme", "info"),
    ],
)
def test_urgency_follows_the_outcome(name: str, indicator: str) -> None:
    assert main(example(name))["indicator"] == indicator


def test_someone_in_the_programme_whom_the_guideline_is_not_about_is_a_warning() -> None:
    data = example("out-of-scope") | {
        "encounter.care_stage": "active_program",
        "encounter.program_start_date": "2026-02-20",
    }
    for step, level in (("M1", "warning"), ("not_started", "info")):
        data["program.mobility_step"] = step
        given_ = cervical().recommend(data)
        assert (given_.outcome, given_.conflicts) == (Outcome.NOT_ELIGIBLE, ())
        assert main(data)["indicator"] == level


def test_entries_that_contradict_each_other_do_not_look_like_information() -> None:
    place, reading = served(example("out-of-scope")), SetReading(cervical(), {})
    given_ = cervical().recommend(example("out-of-scope"))
    assert indicator(given_, reading, place) == "info"
    contradicted = replace(given_, conflicts=given_.reasons)
    assert indicator(contradicted, reading, place) == "warning"


def test_a_value_that_was_refused_does_not_look_like_information() -> None:
    refused = [Trouble("adjuncts.requested_drug", "an unknown code", "MedicationRequest/3")]
    assert main(example("eligible-intake"), problems=refused)["indicator"] == "warning"
    remark = [replace(refused[0], severity="warning")]
    assert main(example("eligible-intake"), problems=remark)["indicator"] == "info"


# --- what is told -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_detail_says_all_that_the_card_of_the_library_says(name: str) -> None:
    given_ = cervical().recommend(example(name))
    content = card_content(given_)
    text = "\n".join(token.content for token in inner(main(example(name))["detail"]))
    said = [content.headline, *content.lead, content.banner, *content.footer]
    for block in content.blocks:
        said.append(block.title)
        for item in block.items:
            said += [item.heading, *item.lines, *item.more]
            said += [f"{name}: {amount}" for name, amount in item.rows]
    missing = [words for words in said if " ".join(words.split()) not in shown_words(text)]
    assert not missing


def test_each_heading_has_a_list_of_its_own() -> None:
    origins = {"scope.cervical_muscle_spasm": Origin("Condition/5", ON)}
    trouble = Trouble("scope.age_years", "unit not known", "Observation/4")
    for data in (example("eligible-intake"), {}):
        card = main(data, provenance=origins, problems=[trouble])
        kinds = [token.type for token in PARSER.parse(card["detail"]) if token.level == 0]
        assert "ordered_list_open" not in kinds
        assert kinds.count("bullet_list_open") == kinds.count("heading_open") > 2


def shown_words(text: str) -> str:
    return " ".join(text.split()).replace(" .", ".")


def shown(card: Mapping[str, Any]) -> str:
    """Return the words of a detail as a reader sees them."""
    return "\n".join(
        "".join(child.content for child in token.children or ())
        for token in PARSER.parse(card["detail"])
        if token.type == "inline"
    )


def test_steps_have_their_dose_and_what_is_withheld_is_said() -> None:
    card = main(example("eligible-intake"))
    assert card["summary"].startswith("Start M1, start N1, withhold R0")
    text = shown(card)
    for words in (
        "START M1: Static stretching",
        "hold: 10-30 seconds",
        "sets, sessions a day",
        "not specified by source",
        "WITHHOLD R0: Resistance training withheld",
        "PENDING HUMAN REVIEW",
        "strength very low",
        "But: Uncontrolled series of 20 people",
        "For a prescriber",
        "This is not an order",
        f"digest {cervical().digest[:12]}",
        "Engines agree: durable, compiled",
        "[1]",
    ):
        assert words in text


def test_missing_inputs_are_told_with_their_questions() -> None:
    text = shown(main(example("missing-hoffmann")))
    assert "What is the Hoffmann sign on the right? (positive / negative / equivocal)" in text


def test_what_was_not_used_is_told_with_its_resource() -> None:
    trouble = Trouble(
        "measures.baseline_pain_vas_mm", "46 mm and 64 mm on one day", "Observation/4", "ask which"
    )
    for data in (example("eligible-intake"), {}):
        text = shown(main(data, problems=[trouble]))
        assert "measures.baseline_pain_vas_mm, Observation/4: 46 mm and 64 mm on one day" in text
        assert "ask which" in text


def test_values_are_told_with_the_resource_they_come_from() -> None:
    path = "scope.spasm_status"
    fields = cervical().model.fields()
    seen = next(
        one.path
        for step in cervical().recommend(example("eligible-intake")).steps
        for reason in step.reasons
        for one in reason.seen
    )
    origins = {seen: Origin("Condition/5", ON), path: Origin(None)}
    text = shown(main(example("eligible-intake"), provenance=origins))
    assert "Where the values come from" in text
    assert f"{fields[seen].label}: Condition/5, 2026-03-02" in text


def test_the_source_is_named_with_its_address_and_a_topic() -> None:
    card = main(example("eligible-intake"))
    assert card["source"] == {
        "label": cervical().base.entry.source.title,
        "url": "https://droracle.ai/articles/886093",
        "topic": {
            "system": "https://guidestep.example/fhir/CodeSystem/guideline",
            "code": "cervical-spasm-opll",
            "display": cervical().title,
        },
    }


def test_a_link_to_the_explanation_is_given_where_the_server_has_an_address() -> None:
    assert "links" not in main(example("eligible-intake"))
    card = main(example("eligible-intake"), base_url="https://cds.example/")
    (link,) = card["links"]
    assert link["url"] == "https://cds.example/guidelines/cervical-spasm-opll/explanation"
    assert link["type"] == "absolute"
    assert "appContext" not in link


def test_override_reasons_have_a_display_each() -> None:
    reasons = main(example("eligible-intake"))["overrideReasons"]
    assert len(reasons) == 12
    assert all(set(reason) == {"code", "system", "display"} for reason in reasons)


def test_no_card_acts_by_itself() -> None:
    for name in NAMES:
        reply = respond(call(), served(example(name), base_url="https://a.example"), NO_DATA, ON)
        assert set(reply.body) == {"cards"}
        assert "autolaunchable" not in str(reply.body)


# --- suggestions --------------------------------------------------------------------------------


def test_steps_are_offered_as_drafts_with_an_id_and_none_is_ticked_in_advance() -> None:
    card = main(example("progress-to-moderate-load"))
    assert card["selectionBehavior"] == "any"
    assert ordered_steps(card) == ["M2", "N1", "R2"]
    for suggestion in card["suggestions"]:
        assert "isRecommended" not in suggestion
        (action,) = suggestion["actions"]
        assert action["resource"]["id"]
        assert action["resource"]["status"] == "draft"
        assert action["resource"]["subject"] == {"reference": "Patient/41"}
        assert action["resource"]["encounter"] == {"reference": "Encounter/9"}


def test_a_step_is_marked_as_preferred_only_when_all_is_approved_and_it_is_new() -> None:
    given_ = cervical().recommend(example("progress-to-moderate-load"))
    approved = replace(
        given_, review=Review(status="approved", statement="Approved."), basis=Basis.SOURCE
    )
    pending = replace(given_, basis=Basis.SOURCE)
    unchecked = replace(approved, agreement=False)
    assumed = replace(approved, basis=Basis.ASSUMPTION)
    place = served(example("progress-to-moderate-load"))

    def marked(recommendation: Any) -> list[bool]:
        (card,) = cards(
            recommendation,
            served=place,
            request=call(),
            reading=place.mapping.read({}, subject="Patient/41", on=ON),
        )
        found: Any = card["suggestions"]
        return [suggestion.get("isRecommended", False) for suggestion in found]

    assert marked(approved) == [True, False, True]
    for one in (given_, pending, unchecked, assumed):
        assert marked(one) == [False, False, False]


def test_a_referral_is_offered_as_a_draft_and_is_no_exercise() -> None:
    card = main(example("red-flag-mid-programme"))
    (suggestion,) = card["suggestions"]
    assert suggestion["label"] == (
        "Draft an urgent referral: stop rehabilitation (pending human review)"
    )
    assert suggestion["actions"][0]["resource"]["priority"] == "urgent"
    assert ordered_steps(card) == []


def test_nothing_is_offered_where_something_has_to_be_assessed_first() -> None:
    for name in ("missing-hoffmann", "out-of-scope", "post-programme"):
        card = main(example(name))
        assert "suggestions" not in card
        assert "selectionBehavior" not in card


# --- draft orders -------------------------------------------------------------------------------


def on_signing(name: str, *drafts: Mapping[str, object], hook: str = "order-sign") -> Any:
    return respond(call(hook, drafts), served(example(name)), NO_DATA, ON).body["cards"]


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_a_draft_of_a_withheld_step_is_warned_of_and_can_be_removed(hook: str) -> None:
    warning, card = on_signing("eligible-intake", order("R1"), hook=hook)
    assert warning["indicator"] == "warning"
    assert warning["summary"].startswith("Do not order R1")
    assert "R1: Low-load resistance training (ServiceRequest/r-1)" in shown(warning)
    (suggestion,) = warning["suggestions"]
    (action,) = suggestion["actions"]
    assert action["type"] == "delete"
    assert action["resourceId"] == "ServiceRequest/r-1"
    assert "resource" not in action
    assert card["summary"].startswith("Start M1")


def test_a_draft_of_exercise_beside_a_red_flag_is_critical() -> None:
    warning, card = on_signing("red-flag-mid-programme", order("M1"))
    assert warning["indicator"] == card["indicator"] == "critical"
    assert "refer urgently" in warning["summary"]


def test_a_draft_is_known_by_what_it_instantiates_too() -> None:
    address = Canonical().of("ActivityDefinition", "cervical-spasm-opll-R1", "1.0.0")
    draft = order("R1", code={"text": "loading"}, instantiatesCanonical=[address])
    warning, _ = on_signing("eligible-intake", draft)
    assert warning["summary"].startswith("Do not order R1")


def test_a_draft_of_a_recommended_step_is_let_be_and_not_offered_again() -> None:
    (card,) = on_signing("eligible-intake", order("M1"))
    assert ordered_steps(card) == ["N1"]


def test_a_draft_without_an_id_is_named_though_it_cannot_be_removed() -> None:
    warning, _ = on_signing("eligible-intake", order("R1", None))
    assert "R1: Low-load resistance training" in shown(warning)
    assert "suggestions" not in warning


@pytest.mark.parametrize(
    "more", [{"doNotPerform": True}, {"status": "revoked"}, {"status": "entered-in-error"}]
)
def test_what_is_not_to_be_done_is_no_order(more: dict[str, object]) -> None:
    assert len(on_signing("eligible-intake", order("R1", **more))) == 1


@pytest.mark.parametrize("status", [[None], {}, 7, "draft", None])
def test_a_draft_is_an_order_unless_its_status_says_otherwise(status: object) -> None:
    assert len(on_signing("eligible-intake", order("R1", status=status))) == 2


def test_orders_of_anything_else_get_the_cards_of_the_patient() -> None:
    other = {"resourceType": "MedicationRequest", "id": "m", "code": {"coding": [{"code": "R1"}]}}
    (card,) = on_signing("eligible-intake", other, order("R0"), order("unheard-of"))
    assert card["summary"].startswith("Start M1")


@pytest.mark.parametrize("code", [7, [], {"coding": 7}, {"coding": [7]}, {"coding": [{}]}])
def test_orders_that_are_malformed_inside_are_no_orders_of_ours(code: object) -> None:
    assert len(on_signing("eligible-intake", order("R1", code=code))) == 1


def test_drafts_of_exercise_are_warned_of_though_nothing_can_be_said() -> None:
    reply = respond(call("order-sign", [order("R1")]), served({}), NO_DATA, ON)
    made: Any = reply.body["cards"]
    assert [card["summary"].partition(":")[0] for card in made] == [
        "Do not order R1",
        "Cannot say yet; urgent referral not ruled out",
    ]


# --- ids ----------------------------------------------------------------------------------------


def test_every_card_and_suggestion_has_an_id_of_its_own() -> None:
    found = []
    for _ in range(2):
        for card in on_signing("progress-to-moderate-load", order("M1")):
            found += [card["uuid"], *(one["uuid"] for one in card.get("suggestions", ()))]
    assert len(found) == len(set(found)) > 8


def test_ids_are_made_as_one_wants_them() -> None:
    numbers = iter(range(100))
    reply = respond(
        call(),
        served(example("eligible-intake")),
        NO_DATA,
        ON,
        when=datetime(2026, 3, 2, tzinfo=UTC),
        new_id=lambda: f"00000000-0000-4000-8000-{next(numbers):012}",
    )
    assert reply.card_ids == ("00000000-0000-4000-8000-000000000002",)


def test_the_profile_that_is_served_answers() -> None:
    data = example("eligible-intake")
    strict = Served(
        "strict", cervical(), SetMapping(SetReading(cervical(), data)), profile="strict"
    )
    reply = respond(call(), strict, NO_DATA, ON)
    assert reply.recommendation is not None
    assert reply.recommendation.guideline.profile == "strict"


def test_exercises_are_what_the_tests_think() -> None:
    assert {"M1", "M2", "N1", "R1", "R2"} <= EXERCISES
    assert "R0" not in EXERCISES
