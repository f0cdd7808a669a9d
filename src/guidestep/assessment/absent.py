"""Why a field is not assessed: the reason that may be recorded beside an unknown."""

from enum import StrEnum


class DataAbsentReason(StrEnum):
    """Why a value is missing, as a FHIR data-absent-reason code.

    A reason explains an unknown; it never turns it into a negative.

    >>> DataAbsentReason("asked-declined").name
    'ASKED_DECLINED'

    Source: HL7 FHIR R4, http://terminology.hl7.org/CodeSystem/data-absent-reason.
    """

    NOT_ASKED = "not-asked"
    ASKED_UNKNOWN = "asked-unknown"
    ASKED_DECLINED = "asked-declined"
    NOT_PERFORMED = "not-performed"
    UNABLE = "unable"
