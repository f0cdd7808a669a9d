"""Questions as Questionnaire: one item a field, its answers coded as an assessment reads them.

The link id of an item is the path of its field. An enumeration is a choice of our local codes, a
number with a unit a quantity in that unit, everything else a plain value.

Source: HL7 FHIR R4, Questionnaire (invariants que-0 to que-13); SDC 4.0.0 (minQuantity,
maxQuantity).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.assessment.base import Assessment
from guidestep.explain.words import member_words
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import UCUM, Canonical
from guidestep.interop.fhir.outgoing.artifacts import review_words
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    element,
    extension,
    fhir_id,
    quantity,
)
from guidestep.interop.fhir.outgoing.publication import published

UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
MINIMUM = "http://hl7.org/fhir/StructureDefinition/minValue"
MAXIMUM = "http://hl7.org/fhir/StructureDefinition/maxValue"
MINIMUM_QUANTITY = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity"
MAXIMUM_QUANTITY = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity"

_TYPES = {
    FieldKind.BOOLEAN: "boolean",
    FieldKind.INTEGER: "integer",
    FieldKind.DECIMAL: "decimal",
    FieldKind.ENUMERATION: "choice",
    FieldKind.DATE: "date",
    FieldKind.TEXT: "text",
}


def questionnaire(
    guideline: Guideline,
    paths: Iterable[str],
    canonical: Canonical = Canonical(),  # noqa: B008
) -> Resource:
    """Return a Questionnaire of just some fields, none of them required.

    The same fields give the same questionnaire, with the same address.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> (item,) = questionnaire(guideline, ["neurologic.gait_instability"])["item"]
    >>> item["linkId"], item["type"], len(item["answerOption"])
    ('neurologic.gait_instability', 'choice', 2)

    Raises:
        ValueError: The assessment model has no such field, or none is named.
    """
    chosen = list(dict.fromkeys(paths))
    fields = guideline.model.fields()
    unknown = [path for path in chosen if path not in fields]
    if unknown or not chosen:
        raise ValueError(f"{guideline.model.model_id} has no field {(unknown or ['(none)'])[0]}")
    mark = hashlib.sha256("\n".join(chosen).encode()).hexdigest()[:12]
    title = f"What is missing for: {guideline.title}"
    made = _questionnaire(guideline, canonical, f"{guideline.id}-missing-{mark}", title)
    return made | {"item": [item(fields[path], guideline.model, canonical) for path in chosen]}


def assessment_questionnaire(guideline: Guideline, canonical: Canonical = Canonical()) -> Resource:  # noqa: B008
    """Return the Questionnaire of a whole assessment: a group for each section, all its fields."""
    model = guideline.model
    sections: dict[str, list[Element]] = {}
    for spec in model.fields().values():
        asked = item(spec, model, canonical) | {"required": spec.required}
        sections.setdefault(spec.section, []).append(asked)
    groups = [
        element(linkId=name, text=section_title(name), type="group", item=items)
        for name, items in sections.items()
    ]
    title = f"Assessment for: {guideline.title}"
    return _questionnaire(guideline, canonical, assessment_id(guideline), title) | {"item": groups}


def assessment_id(guideline: Guideline) -> str:
    """Return the id of the Questionnaire of a whole assessment."""
    return fhir_id(f"{guideline.id}-assessment")


def section_title(section: str) -> str:
    """Return the name of a section as a heading."""
    return section.replace("_", " ").capitalize()


def _questionnaire(guideline: Guideline, canonical: Canonical, id_: str, title: str) -> Resource:
    words = f"For clinicians to fill in. {review_words(guideline.base.entry.review)}"
    return published(guideline, canonical, "Questionnaire", id_, title) | {
        "description": words,
        "subjectType": ["Patient"],
    }


def item(spec: FieldSpec, model: type[Assessment], canonical: Canonical) -> Element:
    """Return the item of a field: its question, type, unit, limits and answers."""
    return element(
        extension=_limits(spec),
        linkId=spec.path,
        code=[canonical.field(model.model_id, spec.path, spec.label)],
        text=spec.question,
        type=item_type(spec),
        required=False,
        maxLength=spec.max_length,
        answerOption=[
            {"valueCoding": canonical.answer(model.model_id, member, member_words(member))}
            for member in spec.members
        ],
    )


def item_type(spec: FieldSpec) -> str:
    """Return the type of an item: that of its field, a quantity for a number with a unit."""
    if spec.unit is not None and spec.kind in (FieldKind.INTEGER, FieldKind.DECIMAL):
        return "quantity"
    return _TYPES[spec.kind]


def _limits(spec: FieldSpec) -> Sequence[Element]:
    limits = ((spec.minimum, MINIMUM, MINIMUM_QUANTITY), (spec.maximum, MAXIMUM, MAXIMUM_QUANTITY))
    if spec.unit is not None:
        unit = {"system": UCUM, "code": spec.unit, "display": spec.unit}
        return [
            extension(UNIT, valueCoding=unit),
            *(
                extension(url, valueQuantity=quantity(limit, spec.unit))
                for limit, _, url in limits
                if limit is not None
            ),
        ]
    name = "valueInteger" if spec.kind is FieldKind.INTEGER else "valueDecimal"
    return [extension(url, **{name: limit}) for limit, url, _ in limits if limit is not None]
