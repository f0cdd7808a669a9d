"""The loaded guideline: immutable, asked about one patient after another.

What only loading needs (the YAML reader, the checker) and what only answering needs (the compiler,
the engines, the voice) is imported there: so `import guidestep` takes half the time.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from guidestep.assessment import Assessment, AssessmentError, FieldSpec, Problem
from guidestep.assessment.frozen import FrozenDict
from guidestep.channels import ENGINES, Channels, SettingError
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.source import SourceText, Span

if TYPE_CHECKING:
    from datetime import date

    from narwhals.typing import IntoDataFrame, IntoFrame

    from guidestep.language.compiler import Compiled
    from guidestep.language.documents import (
        AmbiguityEntry,
        CitationEntry,
        FactEntry,
        ParameterEntry,
        ProfileEntry,
        StepEntry,
    )
    from guidestep.language.rulebase import Assumption, Rule, Rulebase
    from guidestep.recommendation import Recommendation
    from guidestep.verify.report import Report

__all__ = ["Given", "Guideline", "SettingError", "load", "shipped", "shipped_folder"]

Frame = TypeVar("Frame")

Given = Assessment | Mapping[str, object] | str | bytes
"""An assessment, or the mapping or JSON text of one."""


@dataclass(frozen=True, eq=False)
class Guideline:
    """A guideline ready to be asked; made by `load`, never changed afterwards.

    Safe to use from several threads at once.
    """

    base: Rulebase = field(repr=False)
    parameters: Mapping[str, float] = field(default_factory=FrozenDict)
    _channels: dict[str, Channels] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        known = {entry.id: entry for entry in self.base.entry.parameters}
        for name, value in self.parameters.items():
            if name not in known:
                names = ", ".join(known) or "none"
                raise SettingError(f"there is no parameter '{name}'; the parameters are {names}")
            _within(known[name], value)
        object.__setattr__(self, "parameters", FrozenDict(self.parameters))

    def __reduce__(self) -> tuple[type[Guideline], tuple[Rulebase, Mapping[str, float]]]:
        # The engines hold handles of this process; another makes its own.
        return Guideline, (self.base, self.parameters)

    @property
    def id(self) -> str:
        """The id of the guideline."""
        return self.base.entry.id

    @property
    def title(self) -> str:
        """What the guideline is called."""
        return self.base.entry.title

    @property
    def version(self) -> str:
        """The version of the guideline."""
        return self.base.entry.version

    @property
    def digest(self) -> str:
        """SHA-256 over the files of the guideline that decide."""
        return self.base.digest

    @property
    def model(self) -> type[Assessment]:
        """The model of the assessments it reads."""
        return self.base.model

    @cached_property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The fields that some rule reads, by path, in the order of the model."""
        read = {path for name in self.profiles for path in self.channels(name).compiled.paths}
        return {path: spec for path, spec in self.model.fields().items() if path in read}

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules of all families, by id."""
        return self.base.rules

    @property
    def steps(self) -> Mapping[str, StepEntry]:
        """The protocol steps, by id."""
        return self.base.steps

    @property
    def citations(self) -> Mapping[str, CitationEntry]:
        """The citations, by id."""
        return self.base.citations

    @property
    def facts(self) -> Mapping[str, FactEntry]:
        """The facts of the source, by id."""
        return self.base.facts

    @property
    def ambiguities(self) -> tuple[AmbiguityEntry, ...]:
        """What the source leaves open, and how it is treated."""
        return self.base.ambiguities

    @property
    def assumptions(self) -> Mapping[str, Assumption]:
        """The assumptions, by id."""
        return self.base.assumptions

    @property
    def profiles(self) -> Mapping[str, ProfileEntry]:
        """The profiles, by id."""
        return {profile.id: profile for profile in self.base.entry.profiles}

    @cached_property
    def default_profile(self) -> str:
        """The profile used when none is named."""
        return next(profile.id for profile in self.base.entry.profiles if profile.default)

    @property
    def demographic_inputs(self) -> Mapping[str, tuple[str, ...]]:
        """The inputs that tell who a person is, by source attribute, derived from the rules."""
        from guidestep.language.crosscheck import demographic_inputs

        return demographic_inputs(self.base)

    def configure(self, **parameters: float) -> Guideline:
        """Return the guideline with parameters set by the site, within their bounds.

        Raises:
            SettingError: There is no such parameter, or the value is out of its bounds.
        """
        return Guideline(self.base, {**self.parameters, **parameters})

    def recommend(
        self, assessment: Given, *, profile: str | None = None, engine: str | None = None
    ) -> Recommendation:
        """Return the recommendation for a patient.

        `assessment` is an assessment of the guideline's model, or the mapping or JSON of one.
        `engine` names one channel to use alone: the recommendation then says that it was not
        checked by a second.

        Raises:
            AssessmentError: The assessment is at fault; the error names every field at fault.
            EngineDisagreement: The two engines differ; no answer is given.
            SettingError: There is no such profile or engine.
        """
        patient = self._read(assessment)
        engines = ENGINES if engine is None else (engine,)
        return self.channels(profile).recommend(patient, engines)

    def recommend_frame(
        self,
        frame: Frame,
        *,
        detail: Literal["outcome", "rules", "missing"] = "outcome",
        columns: Mapping[str, str] | None = None,
        profile: str | None = None,
        on_invalid: Literal["error", "flag"] = "error",
        today: date | None = None,
        prefix: str = "",
    ) -> Frame:
        """Return a frame with what the guideline says to each of its patients, one row each.

        The frame is one of Polars (eager or lazy), pandas, PyArrow, DuckDB or PySpark, and the same
        kind comes out, with all its columns and those of the answer; what is lazy stays so. Columns
        in are named by field paths (`neurologic.gait_instability`), or as `columns` says (path to
        name); a null, and a column that is not there, is *not assessed*. Needs `[cohort]`.

        Columns out, each name after `prefix`:

        - `outcome` and `basis`; for each track `TRACK_step` and `TRACK_action`, null unless the
          outcome is recommend; `deciding_rule`, the first of the rules that decided, and
          `deciding_rules_0` ..., all of them as bits (`guidestep.frame.deciding_rules` names them);
          `missing_count` and `not_evaluable_count`, the lengths of those lists of a recommendation;
        - with `detail="rules"` also `rule.ID` for each rule: true, false or null;
        - with `detail="missing"` also `missing`: the paths to assess, most decisive first, as one
          text with `; ` between them;
        - with `on_invalid="flag"` also `invalid`: the fields whose values were not used, or null.

        A value outside its range or enumeration, or a date after the one it may not follow, is an
        error that counts and shows such values (a lazy frame is run once to look for them);
        `on_invalid="flag"` makes them unknown instead, and names them. So is a visit after `today`,
        if that is given: the clock is not read.

        >>> import guidestep, polars
        >>> guideline = guidestep.load("cervical-spasm-opll")
        >>> cohort = polars.DataFrame({"neurologic.gait_instability": ["present", None]})
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")  # of the columns that are not there
        ...     guideline.recommend_frame(cohort)["outcome"].to_list()
        ['urgent_referral', 'assess_first']

        Raises:
            CohortError: Columns have the wrong type or invalid values; it names each.
            ColumnError: A column is not there, or there already, or the frame is of no known kind.
            SettingError: There is no such profile or detail.
            UnknownFieldError: `columns` names a field that the model does not have.
        """
        from guidestep.frame.recommend import recommend_frame

        return recommend_frame(
            self,
            frame,
            detail=detail,
            columns=columns,
            profile=profile,
            on_invalid=on_invalid,
            today=today,
            prefix=prefix,
        )

    def summarize(
        self,
        frame: IntoFrame,
        *,
        columns: Mapping[str, str] | None = None,
        profile: str | None = None,
        on_invalid: Literal["error", "flag"] = "error",
        today: date | None = None,
    ) -> IntoDataFrame:
        """Return what the guideline says to a cohort as a whole: one count a row, in a fixed order.

        The frame and the settings are as for `recommend_frame`. It is read
        once, and nothing but counts leaves it. The table is of the library of the frame; of a lazy
        frame, a DuckDB relation or a Spark frame it is a Polars `DataFrame`. Needs `[cohort]`.

        Its columns are `about`, `name`, `detail`, `count` (of patients) and `share` (of all
        patients, 0 to 1; null where there are none). `about` is, in this order:

        - `cohort`: all patients; the detail names the guideline, its version and the profile;
        - `outcome`, `basis` and `step` (the detail is the action): every one that there can be;
        - `missing`: the ten inputs that most patients lack who have to be assessed first, and that
          could still change their answer, by path, the most frequent first;
        - `red_flag`: the red flags that are true of somebody, the most frequent first;
        - `never_fired`: the rules that are true of nobody;
        - `rule`: each rule three times; the detail is `true`, `false` or `unknown`;
        - `invalid`: the fields whose values were not used, with `on_invalid="flag"`.

        >>> import guidestep, guidestep.frame
        >>> guideline = guidestep.load("cervical-spasm-opll")
        >>> summary = guideline.summarize(guidestep.frame.synthesize(guideline, 100, seed=1))
        >>> summary.filter(summary["about"] == "outcome")["count"].sum()
        100

        Raises:
            CohortError: Columns have the wrong type or invalid values; it names each.
            ColumnError: A column is not there, or the frame is of no known kind.
            SettingError: There is no such profile.
            UnknownFieldError: `columns` names a field that the model does not have.
        """
        from guidestep.frame.summary import summarize

        return summarize(
            self, frame, columns=columns, profile=profile, on_invalid=on_invalid, today=today
        )

    def verify(self, *, profile: str | None = None, seconds: float = 10.0) -> Report:
        """Return what holds for all patients: proofs, and for each that fails a patient.

        The checks of every guideline (no exercise while a red flag is true or unknown, answers that
        learning more never takes back, nothing unreachable, ...) and the properties that the
        guideline states itself. `seconds` is the time limit of one question to the solver; what it
        cuts off is *not proved*, never *holds*. Needs `[verify]`.

        >>> import guidestep
        >>> guidestep.load("cervical-spasm-opll").verify().holds
        True

        Raises:
            EngineDisagreement: The two engines differ on a patient that the solver found.
            MissingExtra: Z3 is not installed.
            SettingError: There is no such profile.
        """
        from guidestep.verify import verify

        return verify(self, profile=profile, seconds=seconds)

    def compiled(self, profile: str | None = None) -> Compiled:
        """Return the program that the engines run for a profile, with its parameters set.

        Raises:
            SettingError: There is no such profile.
        """
        return self.channels(profile).compiled

    def channels(self, profile: str | None = None) -> Channels:
        """Return the engines of a profile, for those who ask them more than `recommend` does.

        >>> import guidestep
        >>> channels = guidestep.load("cervical-spasm-opll").channels("strict")
        >>> channels.compiled.profile.id
        'strict'

        Raises:
            SettingError: There is no such profile.
        """
        if profile is None:
            profile = self.default_profile
        channels = self._channels.get(profile) if isinstance(profile, str) else None
        if channels is None:
            from guidestep.language.compiler import compile_program

            known = self.profiles
            if not isinstance(profile, str) or profile not in known:
                raise SettingError(
                    f"there is no profile '{profile}'; the profiles are {', '.join(known)}"
                )
            values = {entry.id: entry.default for entry in self.base.entry.parameters}
            compiled = compile_program(self.base, known[profile], {**values, **self.parameters})
            # Two threads may both compile; they arrive at the same and one of them is kept.
            channels = self._channels.setdefault(profile, Channels(self.base, compiled))
        return channels

    def _read(self, assessment: Given) -> Assessment:
        # A plain dict is looked at first: to ask pydantic whether it is a model costs more.
        if type(assessment) is dict or not isinstance(assessment, Assessment):
            return self.model.read(assessment)
        if not isinstance(assessment, self.model):
            raise SettingError(
                f"{self.id} reads {self.model.__name__}, not {type(assessment).__name__}"
            )
        try:
            # Pydantic lets a copy be changed without a look at the values: they are read again.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = assessment.to_dict()
        except (AttributeError, TypeError, ValueError) as fault:
            text = "this assessment was put together without being read"
            hint = f"use {self.model.__name__}.read(...)"
            raise AssessmentError([Problem("", text, hint, "invalid")]) from fault
        return self.model.read(data)


def _within(entry: ParameterEntry, value: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not entry.minimum <= value <= entry.maximum:
        unit = f" {entry.unit}" if entry.unit else ""
        raise SettingError(
            f"{entry.id} must be a number from {entry.minimum:g} to {entry.maximum:g}{unit}, "
            f"not {value!r}"
        )


def shipped() -> tuple[str, ...]:
    """Return the ids of the guidelines that come with the package."""
    root = shipped_folder()
    return tuple(sorted(child.name for child in root.iterdir() if child.is_dir()))


def load(name: str | Path, *, model: type[Assessment] | None = None) -> Guideline:
    """Return a guideline: one that comes with the package, by its id, or the one in a folder.

    The id of a shipped guideline always means that guideline; a folder of the same name is given
    as a `Path` or with a separator (`./NAME`).

    `model` stands in for the assessment model that the guideline names.

    Raises:
        GuidelineError: The guideline is at fault; the error shows every fault with its place.
    """
    from guidestep.language.loader import load_rulebase

    if not isinstance(name, str | Path) or not str(name).strip():
        raise GuidelineError([_not_found(str(name))])
    if model is not None and not (isinstance(model, type) and issubclass(model, Assessment)):
        raise SettingError("model is a class of assessments, a subclass of guidestep.Assessment")
    if isinstance(name, str) and name in shipped():
        # What comes with the package is never shadowed by a folder that happens to be here.
        return Guideline(load_rulebase(shipped_folder() / name, model))
    path = Path(name)
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if isinstance(name, str) and not there:
        raise GuidelineError([_not_found(name)])
    return Guideline(load_rulebase(path, model))


def _not_found(name: str) -> Diagnostic:
    from guidestep.spelling import did_you_mean

    return Diagnostic(
        "not-a-guideline",
        Span(SourceText(name, ""), 1, 1, 1, 1),
        f"'{name[:60]}' is neither a folder nor a guideline that comes with the package",
        did_you_mean(name, shipped()) or f"the guidelines are {', '.join(shipped())}",
    )


def shipped_folder() -> Path:
    """Return the folder of the shipped guidelines: in the wheel, or beside `src` in a checkout."""
    inside = Path(str(resources.files("guidestep"))) / "rules"
    return inside if inside.is_dir() else inside.parents[2] / "rules"
