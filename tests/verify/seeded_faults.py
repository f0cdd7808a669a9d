"""Plants faults in the shipped guideline and tells what finds them: check, the proofs, the cases.

    python -m tests.verify.seeded_faults [--jobs N] [ID ...]

Each fault of `seeded_faults.yaml` is planted alone. A guideline that `check` refuses is loaded
again without the checks of the whole, as far as that goes, so that the table tells what the proofs
and the cases would find by themselves. The exit code is 1 where a fault survives unexplained, or
one that is explained is found.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import yaml

import guidestep
from guidestep.cases import check_cases, read_cases, run_case
from guidestep.guideline import Guideline
from guidestep.language.diagnostics import GuidelineError

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
DATA = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `old` becomes `new` in a file, or the entry `without` is taken out of it."""

    id: str
    file: str
    breaks: str
    old: str = ""
    new: str = ""
    without: str = ""
    survives: str = ""
    found_by: tuple[str, ...] = ()

    @property
    def replaced(self) -> str:
        """The text that goes, which stands in the file exactly once."""
        return f"- id: {self.without}\n" if self.without else self.old

    def planted_in(self, text: str) -> str:
        """Return the text of the file with the fault in it."""
        assert text.count(self.replaced) == 1, f"{self.id}: {self.file} has changed"
        if not self.without:
            return text.replace(self.old, self.new)
        begin = text.index(self.replaced)
        # An entry ends where the next one, or a comment between entries, begins.
        end = re.compile(r"^(- |# )", re.M).search(text, begin + 1)
        return text[:begin] + (text[end.start() :] if end else "")


@dataclass(frozen=True, slots=True)
class Found:
    """What found a fault; `None` where it could not be asked, since nothing loads."""

    fault: Fault
    check: tuple[str, ...]
    verify: tuple[str, ...] | None
    cases: tuple[str, ...] | None

    @property
    def anything(self) -> bool:
        """Whether anything found it."""
        return bool(self.check or self.verify or self.cases)


def faults() -> tuple[Fault, ...]:
    """Return all faults, in the order of the file."""
    entries = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return tuple(
        Fault(**{**entry, "found_by": tuple(entry.get("found_by", ()))}) for entry in entries
    )


def plant(fault: Fault, folder: Path) -> None:
    """Copy the shipped guideline into a new folder, with a fault."""
    shutil.copytree(FOLDER, folder)
    file = folder / fault.file
    file.write_text(fault.planted_in(file.read_text(encoding="utf-8")), encoding="utf-8")


def look(fault: Fault) -> Found:
    """Return what finds a fault."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "guideline"
        plant(fault, folder)
        codes: tuple[str, ...] = ()
        try:
            guideline = guidestep.load(folder)
        except GuidelineError as error:
            codes = tuple(dict.fromkeys(each.code for each in error.diagnostics))
            unchecked = _load_unchecked(folder)
            if unchecked is None:
                return Found(fault, codes, None, None)
            guideline = unchecked
        return Found(fault, codes, unproved(guideline), _wrong_cases(guideline, folder))


def _load_unchecked(folder: Path) -> Guideline | None:
    """Return a guideline without the checks of the whole, or `None` where even so nothing loads."""
    with patch("guidestep.language.loader.crosscheck", lambda *_, **__: []):
        try:
            return guidestep.load(folder)
        except GuidelineError:
            return None


def unproved(guideline: Guideline) -> tuple[str, ...]:
    """Return the properties that fail or are not proved, in the first profile where some are."""
    for profile in guideline.profiles:
        failures = guideline.verify(profile=profile).failures
        if failures:
            return tuple(dict.fromkeys(finding.check for finding in failures))
    return ()


def _wrong_cases(guideline: Guideline, folder: Path) -> tuple[str, ...]:
    cases = read_cases(folder)
    if check_cases(guideline, cases):
        return ("names",)
    return tuple(case.id for case in cases if run_case(guideline, case))


# --- the table ------------------------------------------------------------------------------------


def table(found: Sequence[Found]) -> Iterator[str]:
    """Yield the table, what survives, and the totals."""
    width = max(len(each.fault.id) for each in found)
    yield f"{'fault':{width}}  {'check':20}  {'verify':52}  cases"
    for each in found:
        columns = (
            _cell(each.check, 20),
            _cell(each.verify, 52),
            _cell(each.cases, 34).rstrip(),
        )
        yield f"{each.fault.id:{width}}  {'  '.join(columns)}"
    yield ""
    for each in found:
        if not each.anything:
            yield f"survives: {each.fault.id}: {each.fault.survives or 'UNEXPLAINED'}"
    yield ""
    asked = [each for each in found if each.verify is not None]
    yield f"{len(found)} faults, of which {len(found) - len(asked)} cannot be read at all"
    yield f"check refuses        {_count(each.check for each in found)}"
    yield f"verify alone finds   {_count(each.verify for each in asked)} of {len(asked)}"
    yield f"the cases alone find {_count(each.cases for each in asked)} of {len(asked)}"
    both = sum(1 for each in asked if each.verify or each.cases)
    yield f"verify or the cases  {both} of {len(asked)}"
    yield f"all together         {sum(1 for each in found if each.anything)} of {len(found)}"


def _cell(names: Sequence[str] | None, width: int) -> str:
    if names is None:
        return f"{'not asked':{width}}"
    if not names:
        return f"{'-':{width}}"
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{names[0][: width - len(more)] + more:{width}}"


def _count(found: Iterable[Sequence[str] | None]) -> int:
    return sum(1 for each in found if each)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="what finds the faults planted in the guideline")
    parser.add_argument("ids", nargs="*", help="only these")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    given = parser.parse_args(arguments)
    chosen = [fault for fault in faults() if not given.ids or fault.id in given.ids]
    found: list[Found] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for each in pool.map(look, chosen):
            found.append(each)
            print(f"\r{len(found)} of {len(chosen)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print("\n".join(table(found)))
    return int(any(each.anything == bool(each.fault.survives) for each in found))


if __name__ == "__main__":
    raise SystemExit(main())
