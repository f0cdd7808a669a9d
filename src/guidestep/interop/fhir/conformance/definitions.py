"""The resources that guidestep writes, and their data types: elements, cardinalities, bindings.

One line an element type. Each element is written `name`, then `!` where it is required, `*` where
it may repeat, `+` for both; then its type, or the types of a choice `name[x]` with `|` between
them; then `@` and the value set to which its codes are bound as required.

Source: HL7 FHIR R4 (4.0.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_DOMAIN = """
id:id meta:Meta implicitRules:uri language:code text:Narrative contained*:Resource
extension*:Extension modifierExtension*:Extension
"""
_PLAIN = "id:id meta:Meta implicitRules:uri language:code"
_BACKBONE = "id:string extension*:Extension modifierExtension*:Extension"
_DATATYPE = "id:string extension*:Extension"

_PUBLISHED = """
url:uri version:string identifier*:Identifier name:string title:string
status!:code@publication-status experimental:boolean date:dateTime publisher:string
contact*:ContactDetail description:markdown useContext*:UsageContext jurisdiction*:CodeableConcept
purpose:markdown copyright:markdown
"""
_REVIEWED = """
subtitle:string subject[x]:CodeableConcept|Reference usage:string approvalDate:date
lastReviewDate:date effectivePeriod:Period topic*:CodeableConcept author*:ContactDetail
editor*:ContactDetail reviewer*:ContactDetail endorser*:ContactDetail
relatedArtifact*:RelatedArtifact
"""
_ACTION = """
prefix:string title:string description:string textEquivalent:string priority:code@request-priority
code*:CodeableConcept documentation*:RelatedArtifact condition*:Action.condition
relatedAction*:Action.relatedAction timing[x]:dateTime|Age|Period|Duration|Range|Timing
type:CodeableConcept groupingBehavior:code@action-grouping-behavior
selectionBehavior:code@action-selection-behavior requiredBehavior:code@action-required-behavior
precheckBehavior:code@action-precheck-behavior cardinalityBehavior:code@action-cardinality-behavior
"""
_REQUEST = """
identifier*:Identifier basedOn*:Reference replaces*:Reference status!:code@request-status
priority:code@request-priority encounter:Reference authoredOn:dateTime
reasonCode*:CodeableConcept reasonReference*:Reference note*:Annotation
"""
_INSTANTIATES = "instantiatesCanonical*:canonical instantiatesUri*:uri"

_DATATYPES: Mapping[str, str] = {
    "Extension": "url!:uri value[x]:*",
    "Narrative": "status!:code@narrative-status div!:xhtml",
    "Meta": """versionId:id lastUpdated:instant source:uri profile*:canonical security*:Coding
        tag*:Coding""",
    "Coding": "system:uri version:string code:code display:string userSelected:boolean",
    "CodeableConcept": "coding*:Coding text:string",
    "Identifier": """use:code@identifier-use type:CodeableConcept system:uri value:string
        period:Period assigner:Reference""",
    "Reference": "reference:string type:uri identifier:Identifier display:string",
    "Period": "start:dateTime end:dateTime",
    "Quantity": """value:decimal comparator:code@quantity-comparator unit:string system:uri
        code:code""",
    "Range": "low:Quantity high:Quantity",
    "Ratio": "numerator:Quantity denominator:Quantity",
    "Annotation": "author[x]:Reference|string time:dateTime text!:markdown",
    "Attachment": """contentType:code language:code data:base64Binary url:url size:unsignedInt
        hash:base64Binary title:string creation:dateTime""",
    "ContactDetail": "name:string telecom*:ContactPoint",
    "ContactPoint": """system:code@contact-point-system value:string use:code@contact-point-use
        rank:positiveInt period:Period""",
    "UsageContext": "code!:Coding value[x]!:CodeableConcept|Quantity|Range|Reference",
    "RelatedArtifact": """type!:code@related-artifact-type label:string display:string
        citation:markdown url:url document:Attachment resource:canonical""",
    "Expression": "description:string name:id language!:code expression:string reference:uri",
    "Timing.repeat": """bounds[x]:Duration|Range|Period count:positiveInt countMax:positiveInt
        duration:decimal durationMax:decimal durationUnit:code@units-of-time frequency:positiveInt
        frequencyMax:positiveInt period:decimal periodMax:decimal periodUnit:code@units-of-time
        dayOfWeek*:code@days-of-week timeOfDay*:time when*:code@event-timing offset:unsignedInt""",
    "DataRequirement": """type!:code@all-types profile*:canonical
        subject[x]:CodeableConcept|Reference mustSupport*:string
        codeFilter*:DataRequirement.codeFilter dateFilter*:DataRequirement.dateFilter
        limit:positiveInt sort*:DataRequirement.sort""",
    "DataRequirement.codeFilter": "path:string searchParam:string valueSet:canonical code*:Coding",
    "DataRequirement.dateFilter": """path:string searchParam:string
        value[x]:dateTime|Period|Duration""",
    "DataRequirement.sort": "path!:string direction!:code@sort-direction",
    "ParameterDefinition": """name:code use!:code@operation-parameter-use min:integer max:string
        documentation:string type!:code@all-types profile:canonical""",
}

_BACKBONES: Mapping[str, str] = {
    "Timing": "event*:dateTime repeat:Timing.repeat code:CodeableConcept",
    "OperationOutcome.issue": """severity!:code@issue-severity code!:code@issue-type
        details:CodeableConcept diagnostics:string location*:string expression*:string""",
    "Parameters.parameter": """name!:string value[x]:* resource:Resource
        part*:Parameters.parameter""",
    "Action.condition": "kind!:code@action-condition-kind expression:Expression",
    "Action.relatedAction": """actionId!:id relationship!:code@action-relationship-type
        offset[x]:Duration|Range""",
    "RequestGroup.action": _ACTION
    + "participant*:Reference resource:Reference action*:RequestGroup.action",
    "PlanDefinition.action": _ACTION
    + """trigger*:TriggerDefinition reason*:CodeableConcept goalId*:id
        subject[x]:CodeableConcept|Reference input*:DataRequirement output*:DataRequirement
        participant*:Definition.participant definition[x]:canonical|uri
        transform:canonical dynamicValue*:Definition.dynamicValue action*:PlanDefinition.action""",
    "PlanDefinition.goal": """category:CodeableConcept description!:CodeableConcept
        priority:CodeableConcept start:CodeableConcept addresses*:CodeableConcept
        documentation*:RelatedArtifact target*:PlanDefinition.goal.target""",
    "PlanDefinition.goal.target": """measure:CodeableConcept
        detail[x]:Quantity|Range|CodeableConcept due:Duration""",
    "Definition.participant": "type!:code@action-participant-type role:CodeableConcept",
    "Definition.dynamicValue": "path:string expression:Expression",
    "CommunicationRequest.payload": "content[x]!:string|Attachment|Reference",
    "DetectedIssue.evidence": "code*:CodeableConcept detail*:Reference",
    "DetectedIssue.mitigation": "action!:CodeableConcept date:dateTime author:Reference",
    "CarePlan.activity": """outcomeCodeableConcept*:CodeableConcept outcomeReference*:Reference
        progress*:Annotation reference:Reference detail:CarePlan.activity.detail""",
    "CarePlan.activity.detail": _INSTANTIATES
    + """ kind:code@care-plan-activity-kind code:CodeableConcept reasonCode*:CodeableConcept
        reasonReference*:Reference goal*:Reference status!:code@care-plan-activity-status
        statusReason:CodeableConcept doNotPerform:boolean scheduled[x]:Timing|Period|string
        location:Reference performer*:Reference product[x]:CodeableConcept|Reference
        dailyAmount:Quantity quantity:Quantity description:string""",
    "Questionnaire.item": """linkId!:string definition:uri code*:Coding prefix:string text:string
        type!:code@item-type enableWhen*:Questionnaire.item.enableWhen
        enableBehavior:code@questionnaire-enable-behavior required:boolean repeats:boolean
        readOnly:boolean maxLength:integer answerValueSet:canonical
        answerOption*:Questionnaire.item.answerOption initial*:Questionnaire.item.initial
        item*:Questionnaire.item""",
    "Questionnaire.item.enableWhen": """question!:string
        operator!:code@questionnaire-enable-operator
        answer[x]!:boolean|decimal|integer|date|dateTime|time|string|Coding|Quantity|Reference""",
    "Questionnaire.item.answerOption": """value[x]!:integer|date|time|string|Coding|Reference
        initialSelected:boolean""",
    "Questionnaire.item.initial": """value[x]!:boolean|decimal|integer|date|dateTime|time|string|
        uri|Attachment|Coding|Quantity|Reference""".replace("|\n        ", "|"),
    "QuestionnaireResponse.item": """linkId!:string definition:uri text:string
        answer*:QuestionnaireResponse.item.answer item*:QuestionnaireResponse.item""",
    "QuestionnaireResponse.item.answer": """value[x]:boolean|decimal|integer|date|dateTime|time|
        string|uri|Attachment|Coding|Quantity|Reference
        item*:QuestionnaireResponse.item""".replace("|\n        ", "|"),
    "CodeSystem.filter": """code!:code description:string
        operator+:code@filter-operator value!:string""",
    "CodeSystem.property": """code!:code uri:uri description:string
        type!:code@concept-property-type""",
    "CodeSystem.concept": """code!:code display:string definition:string
        designation*:CodeSystem.concept.designation property*:CodeSystem.concept.property
        concept*:CodeSystem.concept""",
    "CodeSystem.concept.designation": "language:code use:Coding value!:string",
    "CodeSystem.concept.property": """code!:code
        value[x]!:code|Coding|string|integer|boolean|dateTime|decimal""",
    "Bundle.link": "relation!:string url!:uri",
    "Bundle.entry": """link*:Bundle.link fullUrl:uri resource:Resource search:Bundle.entry.search
        request:Bundle.entry.request response:Bundle.entry.response""",
    "Bundle.entry.search": "mode:code@search-entry-mode score:decimal",
    "Bundle.entry.request": """method!:code@http-verb url!:uri ifNoneMatch:string
        ifModifiedSince:instant ifMatch:string ifNoneExist:string""",
    "Bundle.entry.response": """status!:string location:uri etag:string lastModified:instant
        outcome:Resource""",
}

_DOMAIN_RESOURCES: Mapping[str, str] = {
    "GuidanceResponse": """requestIdentifier:Identifier identifier*:Identifier
        module[x]!:uri|canonical|CodeableConcept status!:code@guidance-response-status
        subject:Reference encounter:Reference occurrenceDateTime:dateTime performer:Reference
        reasonCode*:CodeableConcept reasonReference*:Reference note*:Annotation
        evaluationMessage*:Reference outputParameters:Reference result:Reference
        dataRequirement*:DataRequirement""",
    "OperationOutcome": "issue+:OperationOutcome.issue",
    "RequestGroup": _REQUEST
    + _INSTANTIATES
    + """ groupIdentifier:Identifier intent!:code@request-intent code:CodeableConcept
        subject:Reference author:Reference action*:RequestGroup.action""",
    "CarePlan": _INSTANTIATES
    + """ identifier*:Identifier basedOn*:Reference replaces*:Reference partOf*:Reference
        status!:code@request-status intent!:code@care-plan-intent category*:CodeableConcept
        title:string description:string subject!:Reference encounter:Reference period:Period
        created:dateTime author:Reference contributor*:Reference careTeam*:Reference
        addresses*:Reference supportingInfo*:Reference goal*:Reference activity*:CarePlan.activity
        note*:Annotation""",
    "ServiceRequest": _REQUEST
    + _INSTANTIATES
    + """ requisition:Identifier intent!:code@request-intent category*:CodeableConcept
        doNotPerform:boolean code:CodeableConcept orderDetail*:CodeableConcept
        quantity[x]:Quantity|Ratio|Range subject!:Reference occurrence[x]:dateTime|Period|Timing
        asNeeded[x]:boolean|CodeableConcept requester:Reference performerType:CodeableConcept
        performer*:Reference locationCode*:CodeableConcept locationReference*:Reference
        insurance*:Reference supportingInfo*:Reference specimen*:Reference
        bodySite*:CodeableConcept patientInstruction:string relevantHistory*:Reference""",
    "CommunicationRequest": _REQUEST
    + """ groupIdentifier:Identifier statusReason:CodeableConcept category*:CodeableConcept
        doNotPerform:boolean medium*:CodeableConcept subject:Reference about*:Reference
        payload*:CommunicationRequest.payload occurrence[x]:dateTime|Period requester:Reference
        recipient*:Reference sender:Reference""",
    "DetectedIssue": """identifier*:Identifier status!:code@observation-status
        code:CodeableConcept severity:code@detectedissue-severity patient:Reference
        identified[x]:dateTime|Period author:Reference implicated*:Reference
        evidence*:DetectedIssue.evidence detail:string reference:uri
        mitigation*:DetectedIssue.mitigation""",
    "Questionnaire": _PUBLISHED
    + """derivedFrom*:canonical subjectType*:code@resource-types approvalDate:date
        lastReviewDate:date
        effectivePeriod:Period code*:Coding item*:Questionnaire.item""",
    "QuestionnaireResponse": """identifier:Identifier basedOn*:Reference partOf*:Reference
        questionnaire:canonical status!:code@questionnaire-answers-status subject:Reference
        encounter:Reference authored:dateTime author:Reference source:Reference
        item*:QuestionnaireResponse.item""",
    "PlanDefinition": _PUBLISHED
    + _REVIEWED
    + """type:CodeableConcept library*:canonical goal*:PlanDefinition.goal
        action*:PlanDefinition.action""",
    "ActivityDefinition": _PUBLISHED
    + _REVIEWED
    + """library*:canonical kind:code@request-resource-types profile:canonical
        code:CodeableConcept intent:code@request-intent priority:code@request-priority
        doNotPerform:boolean timing[x]:Timing|dateTime|Age|Period|Range|Duration location:Reference
        participant*:Definition.participant product[x]:Reference|CodeableConcept quantity:Quantity
        dosage*:Dosage bodySite*:CodeableConcept specimenRequirement*:Reference
        observationRequirement*:Reference observationResultRequirement*:Reference
        transform:canonical dynamicValue*:Definition.dynamicValue""",
    "Library": _PUBLISHED
    + _REVIEWED
    + """type!:CodeableConcept parameter*:ParameterDefinition dataRequirement*:DataRequirement
        content*:Attachment""",
    "CodeSystem": _PUBLISHED
    + """caseSensitive:boolean valueSet:canonical
        hierarchyMeaning:code@codesystem-hierarchy-meaning compositional:boolean
        versionNeeded:boolean content!:code@codesystem-content-mode supplements:canonical
        count:unsignedInt filter*:CodeSystem.filter property*:CodeSystem.property
        concept*:CodeSystem.concept""",
}

_OTHER_RESOURCES: Mapping[str, str] = {
    "Parameters": "parameter*:Parameters.parameter",
    "Bundle": """identifier:Identifier type!:code@bundle-type timestamp:instant total:unsignedInt
        link*:Bundle.link entry*:Bundle.entry signature:Signature""",
}


@dataclass(frozen=True, slots=True)
class ElementDefinition:
    """An element: the property names it may have, each with its type, and how often it may be."""

    name: str
    types: Mapping[str, str]
    required: bool
    repeats: bool
    binding: str | None


ANY = "*"
"""The type of `value[x]` where any data type may stand."""


def _elements(text: str) -> tuple[ElementDefinition, ...]:
    return tuple(_element(word) for word in text.split())


def _element(word: str) -> ElementDefinition:
    name, _, type_ = word.partition(":")
    type_, _, binding = type_.partition("@")
    mark = name[-1] if name[-1] in "!*+" else ""
    name = name.rstrip("!*+")
    stem = name.removesuffix("[x]")
    types = {name: type_}
    if stem != name and type_ != ANY:
        types = {f"{stem}{one[:1].upper()}{one[1:]}": one for one in type_.split("|")}
    return ElementDefinition(
        name=stem if type_ == ANY else name,
        types=types,
        required=mark in ("!", "+"),
        repeats=mark in ("*", "+"),
        binding=binding or None,
    )


TYPES: Mapping[str, tuple[ElementDefinition, ...]] = {
    **{name: _elements(f"{_DATATYPE} {text}") for name, text in _DATATYPES.items()},
    **{name: _elements(f"{_DATATYPE} {_DATATYPES['Quantity']}") for name in ("Duration", "Age")},
    **{name: _elements(f"{_BACKBONE} {text}") for name, text in _BACKBONES.items()},
    **{name: _elements(f"{_DOMAIN} {text}") for name, text in _DOMAIN_RESOURCES.items()},
    **{name: _elements(f"{_PLAIN} {text}") for name, text in _OTHER_RESOURCES.items()},
}
"""The elements of each type by its name; a type of elements within another has a dotted name."""

RESOURCES = frozenset((*_DOMAIN_RESOURCES, *_OTHER_RESOURCES))
"""The resources that can be checked."""
