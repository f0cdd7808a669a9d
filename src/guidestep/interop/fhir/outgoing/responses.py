"""An assessment as QuestionnaireResponse, so that reading it gives an equal assessment.

Source: HL7 FHIR R4, QuestionnaireResponse; the extension data-absent-reason.
"""

from __future__ import annotations

import re
import uuid
from datetime import date

from guidestep.assessment import Assessment, FieldKind, FieldSpec
from guidestep.assessment.derived import Value
from guidestep.explain.words import member_words
from guidestep.interop.fhir.outgoing.context import Context
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    element,
    extension,
    quantity,
    reference,
)
from guidestep.interop.fhir.outgoing.questionnaires import (
    assessment_id,
    item_type,
    section_title,
)

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

UNWRITABLE = "unsupported"
"""The reason given for a text that FHIR cannot hold; the text is left out, never changed."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def assessment_response(assessment: Assessment, context: Context) -> Resource:
    """Return all that is known of a patient, one item a field, and why a field is not known.

    A field that is not assessed has no item, or one without an answer that says why. A text that
    FHIR cannot hold (empty, blank, with control characters) is given as absent, *unsupported*.

    >>> import guidestep
    >>> from datetime import UTC, datetime
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> context = Context(guideline, "Patient/1", datetime(2026, 3, 2, tzinfo=UTC))
    >>> patient = guideline.model.read({
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"gait_instability": "absent", "red_flag_adjudication": "none"},
    ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
    ...                 "resistance_step": "withheld", "requested_action": "none"},
    ... })
    >>> response = assessment_response(patient, context)
    >>> response["item"][1]["item"][0]["answer"][0]["valueCoding"]["code"]
    'absent'
    """
    guideline, canonical = context.guideline, context.canonical
    sections: dict[str, list[Element]] = {}
    for path, spec in type(assessment).fields().items():
        found = _item(assessment, path, spec, context)
        if found is not None:
            sections.setdefault(spec.section, []).append(found)
    groups = [
        {"linkId": name, "text": section_title(name), "item": items}
        for name, items in sections.items()
    ]
    form = canonical.of("Questionnaire", assessment_id(guideline), guideline.version)
    text = assessment.model_dump_json(exclude_none=True)
    parts = (context.subject, context.encounter or "", context.moment, form, text)
    return element(
        resourceType="QuestionnaireResponse",
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(parts))),
        questionnaire=form,
        status="completed",
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        authored=context.moment,
        item=groups,
    )


def _item(assessment: Assessment, path: str, spec: FieldSpec, context: Context) -> Element | None:
    value = assessment.value(path)
    reason = assessment.data_absent_reasons.get(path)
    if value is None and reason is None:
        return None
    made: Element = {"linkId": path, "text": spec.question}
    if isinstance(value, str) and not spec.members and not _writable(value):
        return {"extension": [extension(ABSENT, valueCode=UNWRITABLE)], **made}
    if value is None:
        return {"extension": [extension(ABSENT, valueCode=str(reason))], **made}
    return made | {"answer": [_answer(value, spec, type(assessment).model_id, context)]}


def _writable(text: str) -> bool:
    """Whether FHIR can hold a text: something is in it, and no control character."""
    return bool(text.strip()) and not _CONTROL.search(text)


def _answer(value: Value, spec: FieldSpec, model: str, context: Context) -> Element:
    kind = item_type(spec)
    if kind == "choice":
        member = str(value)
        return {"valueCoding": context.canonical.answer(model, member, member_words(member))}
    if kind == "quantity" and isinstance(value, int | float):
        return {"valueQuantity": quantity(value, spec.unit or "1")}
    if isinstance(value, date):
        return {"valueDate": value.isoformat()}
    return {f"value{_NAMES[spec.kind]}": value}


_NAMES = {
    FieldKind.BOOLEAN: "Boolean",
    FieldKind.INTEGER: "Integer",
    FieldKind.DECIMAL: "Decimal",
    FieldKind.TEXT: "String",
}
