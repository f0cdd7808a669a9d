"""The careful way to read an assessment: every accepted form, and every problem at once.

`Assessment.read` tries pydantic's strict validation first and comes here only where that fails,
so this module may take its time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel, ValidationError

from guidestep.assessment.absent import DataAbsentReason
from guidestep.assessment.consistency import derived_values, late_dates, misplaced_reasons
from guidestep.assessment.derived import Value
from guidestep.assessment.errors import AssessmentError, Problem, named, shown
from guidestep.assessment.fields import FieldSpec
from guidestep.assessment.values import check
from guidestep.spelling import closest, did_you_mean

REASONS = "data_absent_reasons"
"""The key beside the sections that says why fields are missing."""

SUGGESTED = 20
"""Problems after which no more 'did you mean' is looked for: junk should fail quickly."""


def normalise(
    specs: Mapping[str, FieldSpec], data: object, today: date | None = None
) -> dict[str, object]:
    """Return the assessment as sections of plain values, ready for strict validation.

    Accepted are sections of fields, dotted keys ("scope.age_years"), or both side by side; for a
    number also `{"value": 6.2, "unit": "cm"}`; for a section also null and a `Section`.

    Raises:
        AssessmentError: With every problem found.
    """
    draft = _Draft(specs)
    draft.take(data)
    values = draft.values()
    reasons = draft.reasons()
    problems = draft.problems
    # A field with a problem of its own is left out of what is said about fields together.
    problems += misplaced_reasons(specs, values.get, reasons)
    problems += late_dates(specs.values(), values.get, today)
    for _, derived in derived_values(specs.values(), values.get, reasons):
        if isinstance(derived, Problem):
            problems.append(derived)
    if problems:
        raise AssessmentError(problems)
    sections: dict[str, object] = {}
    for path, spec in specs.items():
        section = sections.setdefault(spec.section, {})
        if path in values and isinstance(section, dict):
            section[spec.name] = values[path]
    return sections | {REASONS: reasons}


def explained(specs: Mapping[str, FieldSpec], error: ValidationError) -> AssessmentError:
    """Return pydantic's own error, raised by a model's further validators, as problems."""
    problems: list[Problem] = []
    for detail in error.errors():
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, AssessmentError):
            problems += cause.problems
            continue
        path = ".".join(str(part) for part in detail["loc"])
        label = f"{specs[path].label}: " if path in specs else ""
        problems.append(Problem(path, f"{label}{detail['msg']}", "", "invalid"))
    return AssessmentError(problems)


@dataclass(slots=True)
class _Draft:
    """What was given, by path, and the problems with it so far."""

    specs: Mapping[str, FieldSpec]
    given: dict[str, object] = field(default_factory=dict)
    absent: object = None
    misshapen: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def take(self, data: object) -> None:
        """Sort everything that was given by its path."""
        sections = {spec.section for spec in self.specs.values()}
        if not isinstance(data, Mapping):
            message = f"got {shown(data)}, allowed is a mapping of sections to their fields"
            raise AssessmentError([Problem("", message, "", "wrong-shape")])
        for key, content in data.items():
            if not isinstance(key, str):
                self._bad_key("", key)
            elif key == REASONS:
                self.absent = content
            elif key in sections:
                self._section(key, content)
            elif key in self.specs or key.partition(".")[0] in sections:
                self._put(key, content)
            else:
                self._unknown_section(key)

    def values(self) -> dict[str, Value]:
        """Return the known values of all fields that have no problem."""
        values: dict[str, Value] = {}
        for path, spec in self.specs.items():
            kept = check(spec, self.given.get(path))
            if isinstance(kept, Problem):
                # What a misshapen section was meant to hold is not known: no more about it.
                if spec.section not in self.misshapen or path in self.given:
                    self.problems.append(kept)
            elif kept is not None:
                values[path] = kept
        return values

    def reasons(self) -> dict[str, DataAbsentReason]:
        """Return the data-absent reasons that are codes of the list."""
        reasons: dict[str, DataAbsentReason] = {}
        codes = [reason.value for reason in DataAbsentReason]
        if self.absent is None:
            return reasons
        if not isinstance(self.absent, Mapping):
            message = f"got {shown(self.absent)}, allowed is a mapping of field paths to reasons"
            hint = f'write {{"{next(iter(self.specs))}": "not-asked"}}'
            self.problems.append(Problem(REASONS, message, hint, "wrong-shape"))
            return reasons
        for path, code in self.absent.items():
            if not isinstance(path, str):
                self._bad_key(REASONS, path)
            elif isinstance(code, str) and code in codes:
                reasons[path] = DataAbsentReason(code)
            else:
                label = self.specs[path].label if path in self.specs else REASONS
                message = (
                    f"{label}: got the data-absent reason {shown(code)}, "
                    f"allowed is one of {', '.join(codes)}"
                )
                hint = did_you_mean(code, codes) if isinstance(code, str) else ""
                self.problems.append(Problem(named(path), message, hint, "absent-reason"))
        return reasons

    def _section(self, section: str, content: object) -> None:
        if content is None:
            return  # the same as a section left out: nothing of it is known
        if isinstance(content, BaseModel):
            content = dict(content)
        if not isinstance(content, Mapping):
            message = f"got {shown(content)}, allowed is a mapping of field names to values"
            self.misshapen.add(section)
            first = next(spec for spec in self.specs.values() if spec.section == section)
            hint = f'write {{"{first.name}": ...}}'
            self.problems.append(Problem(section, message, hint, "wrong-shape"))
            return
        for name, value in content.items():
            if isinstance(name, str):
                self._put(f"{section}.{name}", value)
            else:
                self._bad_key(section, name)

    def _put(self, path: str, value: object) -> None:
        if path not in self.specs:
            section = path.partition(".")[0]
            message = f"there is no field {named(path)} in this assessment"
            self.problems.append(
                Problem(
                    f"{section}.{named(path[len(section) + 1 :])}",
                    message,
                    self._suggest(path),
                    "unknown-field",
                )
            )
        elif path in self.given:
            message = (
                f"{self.specs[path].label}: given twice, in its section and as a dotted key "
                f"({shown(self.given[path])}, {shown(value)})"
            )
            self.problems.append(Problem(path, message, "keep one of them", "duplicate"))
        else:
            self.given[path] = value

    def _bad_key(self, path: str, key: object) -> None:
        message = f"got the key {shown(key)}, allowed are names in text"
        self.problems.append(Problem(path, message, "", "wrong-shape"))

    def _unknown_section(self, key: str) -> None:
        sections = dict.fromkeys(spec.section for spec in self.specs.values())
        message = f"there is no section {named(key)}, allowed are {', '.join((*sections, REASONS))}"
        hint = self._suggest(key)
        self.problems.append(Problem(named(key), message, hint, "unknown-section"))

    def _suggest(self, given: str) -> str:
        """Return a hint with the path that was probably meant."""
        if len(self.problems) >= SUGGESTED:
            return ""
        # The right name in the wrong section, or in no section, is the commonest slip.
        leaf = given.rpartition(".")[2]
        paths = {spec.name: path for path, spec in self.specs.items()}
        if leaf in paths:
            return f"did you mean '{paths[leaf]}'?"
        if "." in given:
            return did_you_mean(given, self.specs)
        names = {spec.section: spec.section for spec in self.specs.values()} | {REASONS: REASONS}
        match = closest(given, {**paths, **names})
        return f"did you mean '{({**paths, **names})[match]}'?" if match else ""
