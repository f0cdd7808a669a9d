"""The codes of the value sets to which an element of these resources is bound as *required*.

Source: HL7 FHIR R4 (4.0.1), the bindings of the resources in `definitions`.
"""

from __future__ import annotations

from collections.abc import Mapping

_CODES = """
action-cardinality-behavior: single multiple
action-condition-kind: applicability start stop
action-grouping-behavior: visual-group logical-group sentence-group
action-participant-type: patient practitioner related-person device
action-precheck-behavior: yes no
action-relationship-type: before-start before before-end concurrent-with-start concurrent
 concurrent-with-end after-start after after-end
action-required-behavior: must could must-unless-documented
action-selection-behavior: any all all-or-none exactly-one at-most-one one-or-more
bundle-type: document message transaction transaction-response batch batch-response history
 searchset collection
care-plan-activity-kind: Appointment CommunicationRequest DeviceRequest MedicationRequest
 NutritionOrder Task ServiceRequest VisionPrescription
care-plan-activity-status: not-started scheduled in-progress on-hold completed cancelled stopped
 unknown entered-in-error
care-plan-intent: proposal plan order option
codesystem-content-mode: not-present example fragment complete supplement
codesystem-hierarchy-meaning: grouped-by is-a part-of classified-with
concept-property-type: code Coding string integer boolean dateTime decimal
contact-point-system: phone fax email pager url sms other
contact-point-use: home work temp old mobile
data-types: Address Age Annotation Any Attachment BackboneElement CodeableConcept Coding
 ContactDetail ContactPoint Contributor Count DataRequirement Distance Dosage Duration Element
 ElementDefinition Expression Extension HumanName Identifier MarketingStatus Meta Money
 MoneyQuantity Narrative ParameterDefinition Period Population ProdCharacteristic ProductShelfLife
 Quantity Range Ratio Reference RelatedArtifact SampledData Signature SimpleQuantity
 SubstanceAmount Timing TriggerDefinition Type UsageContext base64Binary boolean canonical code
 date dateTime decimal id instant integer markdown oid positiveInt string time unsignedInt uri url
 uuid xhtml
days-of-week: mon tue wed thu fri sat sun
detectedissue-severity: high moderate low
event-timing: MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT
 PHS HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV
filter-operator: = descendent-of exists generalizes in is-a is-not-a not-in regex
guidance-response-status: success data-requested data-required in-progress failure entered-in-error
http-verb: GET HEAD POST PUT DELETE PATCH
identifier-use: usual official temp secondary old
issue-severity: fatal error warning information
issue-type: invalid structure required value invariant security login unknown expired forbidden
 suppressed processing not-supported duplicate multiple-matches not-found deleted too-long
 code-invalid extension too-costly business-rule conflict transient lock-error no-store exception
 timeout incomplete throttled informational
item-type: group display question boolean decimal integer date dateTime time string text url
 choice open-choice attachment reference quantity
narrative-status: generated extensions additional empty
observation-status: registered preliminary final amended corrected cancelled entered-in-error
 unknown
operation-parameter-use: in out
publication-status: draft active retired unknown
quantity-comparator: < <= >= >
questionnaire-answers-status: in-progress completed amended entered-in-error stopped
questionnaire-enable-behavior: all any
questionnaire-enable-operator: exists = != > < >= <=
related-artifact-type: documentation justification citation predecessor successor derived-from
 depends-on composed-of
request-intent: proposal plan directive order original-order reflex-order filler-order
 instance-order option
request-priority: routine urgent asap stat
request-resource-types: Appointment AppointmentResponse CarePlan Claim CommunicationRequest
 Contract DeviceRequest EnrollmentRequest ImmunizationRecommendation MedicationRequest
 NutritionOrder ServiceRequest SupplyRequest Task VisionPrescription
request-status: draft active on-hold revoked completed entered-in-error unknown
search-entry-mode: match include outcome
sort-direction: ascending descending
resource-types: Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment
 AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle
 CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim
 ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
 CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage
 CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition
 DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
 DomainResource EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse
 EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
 FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService
 ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide
 InsurancePlan Invoice Library Linkage List Location Measure MeasureReport Media Medication
 MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest
 MedicationStatement MedicinalProduct MedicinalProductAuthorization
 MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
 MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
 MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
 MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition
 OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters Patient
 PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure
 Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition
 ResearchElementDefinition ResearchStudy ResearchSubject Resource RiskAssessment
 RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
 StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer
 SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
 SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet
 VerificationResult VisionPrescription
units-of-time: s min h d wk mo a
"""


def _read(text: str) -> Mapping[str, frozenset[str]]:
    lines = text.replace("\n ", " ").strip().split("\n")
    named = (line.split(": ", 1) for line in lines)
    found = {name: frozenset(codes.split()) for name, codes in named}
    return found | {"all-types": found["resource-types"] | found["data-types"]}


REQUIRED = _read(_CODES)
"""The codes of each value set by its name."""
