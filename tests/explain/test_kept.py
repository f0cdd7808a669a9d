"""What is made once of an entry: never of another that is equal to it, and never without end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from guidestep.explain import kept as module
from guidestep.explain.kept import kept
from guidestep.language.documents import DoseEntry


def test_entries_that_are_equal_stay_apart() -> None:
    whole, broken = (DoseEntry(item="hold", low=low, high=3, unit="s") for low in (2, 2.0))
    assert whole == broken
    words = kept(lambda dose: repr(dose.low))
    assert [words(whole), words(broken), words(whole)] == ["2", "2.0", "2"]


def test_what_is_made_of_an_entry_is_made_once() -> None:
    made: list[DoseEntry] = []
    note = kept(made.append)
    entries = [DoseEntry(item=str(number)) for number in range(3)]
    for entry in (*entries, *entries):
        note(entry)
    assert made == entries


def test_entries_that_come_and_go_are_never_taken_for_one_another() -> None:
    # Each is let go of at once, so that the next may well have its address.
    words = kept(lambda dose: str(dose.item))
    count = 3 * module._MOST_KEPT
    assert all(words(DoseEntry(item=str(number))) == str(number) for number in range(count))
    (found,) = (
        cell.cell_contents
        for cell in words.__closure__ or ()  # type: ignore[attr-defined]
        if isinstance(cell.cell_contents, dict)
    )
    assert len(found) <= module._MOST_KEPT


def test_threads_may_ask_at_once() -> None:
    words = kept(lambda dose: str(dose.item))
    entries = [DoseEntry(item=str(number)) for number in range(2 * module._MOST_KEPT)]

    def ask(start: int) -> bool:
        turned = [*entries[start:], *entries[:start]]
        return all(words(entry) == entry.item for entry in turned)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(ask, range(0, len(entries), 500)))
