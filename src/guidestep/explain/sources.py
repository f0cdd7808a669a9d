"""What the source says, in words: facts with their figures, doses as printed, citations."""

from __future__ import annotations

from collections.abc import Mapping

from guidestep.explain.words import number_words, path_words, quantity
from guidestep.language.documents import CitationEntry, DoseEntry, FactEntry, Figure, Number

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
    """Return the statement of a fact with its figures as printed, those read from words aside."""
    figures = figures_words({n: f for n, f in fact.figures.items() if not is_reading(f)})
    return fact.statement + (f" ({figures})" if figures else "")


def is_reading(figure: Figure | Number) -> bool:
    """Whether a figure is not printed, but read by us from a word."""
    return isinstance(figure, Figure) and bool(figure.reading)


def figures_words(figures: Mapping[str, Figure | Number]) -> str:
    """Return figures with their names.

    >>> figures_words({"duration": Figure(at_least=6, unit="wk"), "p": 0.01})
    'duration at least 6 weeks, p 0.01'
    """
    return ", ".join(f"{path_words(name)} {figure_words(figures[name])}" for name in figures)


def figure_words(figure: Figure | Number) -> str:
    """Return a figure with its unit in words, and what it was read from if it is not printed.

    >>> figure_words(Figure(**{"from": 10, "to": 30, "unit": "s"}))
    '10-30 seconds'
    >>> figure_words(Figure(at_least=40, less_than=50, unit="a", reading="'in their forties'"))
    "at least 40 and less than 50 years, read from 'in their forties'"
    """
    if not isinstance(figure, Figure):
        return number_words(figure)
    ends = (
        ("exactly ", figure.exactly),
        ("at least ", figure.at_least),
        ("more than ", figure.more_than),
        ("", figure.low),
        ("at most ", figure.at_most),
        ("less than ", figure.less_than),
        ("", figure.high),
    )
    said = [word + quantity(number) for word, number in ends if number is not None]
    if len(said) == 1:
        number = next(number for _, number in ends if number is not None)
        words = said[0].removesuffix(quantity(number)) + quantity(number, figure.unit)
    else:
        words = quantity(("-" if figure.low is not None else " and ").join(said), figure.unit)
    return words + (f", read from {figure.reading}" if figure.reading else "")


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
