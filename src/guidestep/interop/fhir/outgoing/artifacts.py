"""What an answer rests on as RelatedArtifact: citations with their weaknesses, rules as reasons.

Source: HL7 FHIR R4, RelatedArtifact; CPG-on-FHIR 2.0.0 (strength of recommendation, quality of
evidence, the name of the rating system).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from guidestep.explain.kept import kept
from guidestep.explain.sources import citation_line, mapping_words, quality_words
from guidestep.explain.words import FAMILIES, label_words, value_words
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    concept,
    element,
    extension,
    parts_extension,
    sentence,
)
from guidestep.language.documents import CitationEntry, Review
from guidestep.recommendation import Reason, Seen

STRENGTH = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
EVIDENCE_QUALITY = "http://terminology.hl7.org/CodeSystem/evidence-quality"

NO_CITATION = "No citation is given for this."

_ADDRESSES = {
    "doi": "https://doi.org/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmc": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
}
_WEAKEST_FIRST = ("not_assessable", "very_low", "low", "moderate", "high")
_STANDARD_QUALITY = {"very_low": "very-low", "low": "low", "moderate": "moderate", "high": "high"}
_VERDICTS = {
    "true": "found",
    "unknown": "undecided",
    "unmet": "required, not met",
    "false": "not met",
}
_REVIEWS = {
    "pending_human_review": "PENDING HUMAN REVIEW",
    "reviewed": "REVIEWED, NOT APPROVED",
    "approved": "APPROVED",
}


def citation(entry: CitationEntry, canonical: Canonical) -> Element:
    """Return a citation with its strength, its fit, what it was led back to, and its caveats.

    The weaknesses stand in the words as well as in an extension: a consumer that ignores what it
    does not know still shows them.

    >>> import guidestep
    >>> entry = guidestep.load("cervical-spasm-opll").citations["laminoplasty-guidelines"]
    >>> citation(entry, Canonical())["display"]
    'kind unknown, strength not assessable, population match not assessable; inferred by us'
    """
    graded = [
        extension("kind", valueCode=entry.kind),
        extension("strength", valueCode=entry.strength),
        extension("populationMatch", valueCode=entry.population_match),
        extension("mapping", valueCode=entry.mapping),
        extension("resolved", valueBoolean=entry.resolved),
        *(extension("caveat", valueString=caveat) for caveat in entry.caveats),
    ]
    return element(
        extension=[parts_extension(canonical.extension("citation-quality"), graded)],
        type="citation",
        label=f"[{entry.number or entry.id}]",
        display=appraisal_words(entry),
        citation=citation_words(entry),
        url=_address(entry.identifiers),
    )


@kept
def citation_words(entry: CitationEntry) -> str:
    """Return a citation as one line, with its caveats."""
    caveats = " ".join(f"Caveat: {sentence(caveat)}" for caveat in entry.caveats)
    return f"{citation_line(entry)} {caveats}".strip()


@kept
def appraisal_words(entry: CitationEntry) -> str:
    """Return how good a citation is and how its number was led back to it."""
    return f"{quality_words(entry)}; {mapping_words(entry)}"


def _address(identifiers: Mapping[str, str]) -> str | None:
    for name, form in _ADDRESSES.items():
        if name in identifiers:
            return form.format(identifiers[name])
    return None


def citations(
    ids: Iterable[str], entries: Mapping[str, CitationEntry], canonical: Canonical
) -> list[Element]:
    """Return the citations with some ids, each once; where there is none, that there is none."""
    found = [citation(entries[id_], canonical) for id_ in dict.fromkeys(ids) if id_ in entries]
    return found or [{"type": "documentation", "display": NO_CITATION}]


def justification(reason: Reason) -> Element:
    """Return why: the rule, whether it is found, what it saw and what it rests on."""
    family = FAMILIES[reason.family]
    words = f"Rule {reason.rule} ({family}, {_VERDICTS[reason.verdict]}): {reason.statement}"
    return element(
        type="justification",
        label=reason.rule,
        display=f"{words}{seen_words(reason.seen)}{_rests_on(reason)}",
    )


def seen_words(seen: Sequence[Seen]) -> str:
    """Return what a rule saw, in brackets."""
    said = "; ".join(f"{label_words(o.label)}: {value_words(o.value, o.unit)}" for o in seen)
    return f" (seen: {said})" if said else ""


def _rests_on(reason: Reason) -> str:
    parts = []
    if reason.facts:
        parts.append(f"facts of the source {', '.join(reason.facts)}")
    if reason.assumes:
        parts.append(f"assumptions of ours {', '.join(reason.assumes)}")
    return f"; rests on {' and '.join(parts)}" if parts else ""


def weakest(ids: Iterable[str], entries: Mapping[str, CitationEntry]) -> str | None:
    """Return the strength of the weakest of some citations, or `None` of none.

    What cannot be assessed is weaker than what is known to be weak.
    """
    strengths = {entries[id_].strength for id_ in ids if id_ in entries}
    return next((strength for strength in _WEAKEST_FIRST if strength in strengths), None)


def grades(
    ids: Iterable[str], entries: Mapping[str, CitationEntry], canonical: Canonical
) -> list[Element]:
    """Return the strength of the recommendation and the quality of the evidence, as extensions.

    A recommendation is graded only by a panel, and the source names none: it says so. The evidence
    counts as good as the weakest citation; the appraisal is ours, in the four words of GRADE.
    """
    system = canonical.of("CodeSystem", "grading")
    ungraded = concept(
        "Not graded: the source grades no recommendation",
        {"system": system, "code": "not-graded", "display": "Not graded by the source"},
    )
    strength = weakest(ids, entries) or "not_cited"
    words = strength.replace("_", " ")
    codings = [{"system": system, "code": strength, "display": words}]
    if strength in _STANDARD_QUALITY:
        codings.append({"system": EVIDENCE_QUALITY, "code": _STANDARD_QUALITY[strength]})
    quality = concept(
        f"{words.capitalize()}: that of the weakest citation, by guidestep's own appraisal, "
        "not by a panel",
        *codings,
    )
    return [
        extension(STRENGTH, valueCodeableConcept=ungraded),
        extension(QUALITY, valueCodeableConcept=quality),
    ]


def review_words(review: Review) -> str:
    """Return how far the source has been reviewed, as it stands on everything that is given."""
    return f"{_REVIEWS[review.status]}. {review.statement}"
