"""What the source says, in words: facts with their figures, doses as printed, citations."""

from __future__ import annotations

from guidestep.explain.words import number_words, path_words, quantity
from guidestep.language.documents import CitationEntry, DoseEntry, FactEntry

NOT_LISTED = "not in the source's reference list"


def citation_line(citation: CitationEntry) -> str:
    """Return a citation as one line: its number or id, authors, title, publisher, year."""
    number = f"[{citation.number or citation.id}] "
    said = (citation.authors, citation.title, citation.publisher, citation.year)
    return number + ". ".join(str(part).rstrip(".") for part in said if part) + "."


def quality_words(citation: CitationEntry) -> str:
    """Return how good a citation is: its kind, strength and population match."""
    words = (
        f"kind {citation.kind}",
        f"strength {citation.strength}",
        f"population match {citation.population_match}",
    )
    return ", ".join(words).replace("_", " ")


def mapping_words(citation: CitationEntry) -> str:
    """Return how a number was led back to an entry, marking what the source does not list."""
    words = {
        "printed": "as printed by the source",
        "inferred": "inferred by us",
        "unresolved": NOT_LISTED,
        "not_in_source": "none; not cited by the source, added by us",
    }[citation.mapping]
    traced = citation.resolved or citation.mapping == "unresolved"
    return words if traced else f"{words}; the work could not be identified"


def fact_words(fact: FactEntry) -> str:
    """Return the statement of a fact with its figures."""
    figures = [f"{path_words(name)} {number_words(value)}" for name, value in fact.figures.items()]
    return fact.statement + (f" ({', '.join(figures)})" if figures else "")


def dose_words(dose: DoseEntry) -> str:
    """Return a range as printed, with its unit in words.

    >>> dose_words(DoseEntry(item="hold", low=10, high=30, unit="s"))
    '10-30 seconds'
    >>> dose_words(DoseEntry(item="sets", not_specified=True))
    'not specified by source'
    """
    if dose.not_specified:
        return "not specified by source"
    if dose.text:
        return dose.text
    if dose.low is None and dose.high is None:
        return dose.unit or ""
    if dose.low is None or dose.high is None or dose.low == dose.high:
        end = dose.high if dose.low is None else dose.low
        words = "" if dose.low == dose.high else "at most " if dose.low is None else "at least "
        return words + quantity(end or 0, dose.unit)
    return quantity(f"{quantity(dose.low)}-{quantity(dose.high)}", dose.unit)
