"""Whose resource it is: only what is surely this patient's is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from guidestep.interop.fhir.reading.bundles import Given
from guidestep.interop.fhir.reading.json_access import element, text
from guidestep.interop.fhir.reading.problems import ReadingError

_REFERENCE = re.compile(r"(?:(?P<base>https?://.+)/)?Patient/(?P<id>[A-Za-z0-9.-]{1,64})")
_VERSION = re.compile(r"/_history/[A-Za-z0-9.-]{1,64}$")


def addresses(resources: Iterable[Given]) -> dict[str, str]:
    """Return the patients in Bundles by their full address, where that is no address of a server.

    In a Bundle that was put together, resources refer to each other by `urn:uuid:` addresses.
    """
    return {
        given.address: patient_of(given, {})
        for given in resources
        if text(given.body, "resourceType") == "Patient" and given.address.startswith("urn:")
    }


def patient_of(given: Given, known: Mapping[str, str]) -> str:
    """Return the patient that a resource is about, as it is referred to, or an empty text.

    `known` are patients by their address, as `addresses` returns them.

    A reference to the server that the resource itself comes from is made relative. A contained
    resource without a subject of its own is about the patient of the resource that contains it.
    """
    body = given.body
    if text(body, "resourceType") == "Patient":
        id_ = text(body, "id")
        return f"Patient/{id_}" if id_ else ""
    reference = text(element(body, "subject"), "reference")
    reference = reference or text(element(body, "patient"), "reference")
    if not reference and given.parent is not None:
        return patient_of(Given(given.parent, given.base), known)
    return known.get(reference) or relative(reference, given.base)


def relative(reference: str, base: str = "") -> str:
    """Return a reference to a patient without version, and without the base given.

    >>> relative("https://a.example/fhir/Patient/1/_history/2", "https://a.example/fhir")
    'Patient/1'
    >>> relative("https://b.example/fhir/Patient/1", "https://a.example/fhir")
    'https://b.example/fhir/Patient/1'
    """
    plain = _VERSION.sub("", reference)
    found = _REFERENCE.fullmatch(plain)
    if found is not None and found["base"] is not None and found["base"] == base:
        return f"Patient/{found['id']}"
    return plain


def the_patient(subject: str | None, resources: Iterable[Given], known: Mapping[str, str]) -> str:
    """Return the patient asked about, or the only one that resources speak of.

    Raises:
        ReadingError: The subject is no reference to a patient, or none is given and the resources
            speak of no patient or of several.
    """
    if subject is not None:
        plain = _VERSION.sub("", subject) if isinstance(subject, str) else ""
        if not _REFERENCE.fullmatch(plain):
            raise ReadingError("the subject is no patient: give a reference such as Patient/1")
        return plain
    found = {patient for given in resources if (patient := patient_of(given, known))}
    if len(found) != 1:
        many = "several patients" if found else "no patient"
        raise ReadingError(f"the data speak of {many}: say which is meant, as Patient/1")
    return found.pop()
