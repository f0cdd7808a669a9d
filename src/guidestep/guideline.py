"""The loaded guideline: immutable, asked about one patient after another."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata, resources
from pathlib import Path

from guidestep.answer import Recommender
from guidestep.assessment import Assessment, AssessmentError, FieldSpec, Problem
from guidestep.assessment.frozen import FrozenDict
from guidestep.language.checker import did_you_mean
from guidestep.language.compiler import Compiled, compile_program
from guidestep.language.crosscheck import demographic_inputs
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.documents import (
    AmbiguityEntry,
    CitationEntry,
    FactEntry,
    ParameterEntry,
    ProfileEntry,
    StepEntry,
)
from guidestep.language.loader import load_rulebase
from guidestep.language.program import Engine, Value, Verdict
from guidestep.language.rulebase import Assumption, Rule, Rulebase
from guidestep.language.source import SourceText, Span
from guidestep.recommendation import Recommendation, Versions

Given = Assessment | Mapping[str, object] | str | bytes
"""An assessment, or the mapping or JSON text of one."""


class SettingError(ValueError):
    """A profile or parameter that the guideline does not have, or a value outside its bounds."""


class _Channels:
    """The engines of one profile with one setting of parameters, made when first asked for."""

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        self.compiled = compiled
        self.read = base.model.reader(compiled.paths)
        self.open = (None,) * (len(compiled.program.inputs) - len(compiled.paths))
        self.recommender = Recommender(base, compiled)
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}

    def engine(self, name: str) -> Engine:
        engine = self._engines.get(name) if isinstance(name, str) else None
        if engine is None:
            with self._lock:
                engine = _make(name, self.compiled)
                self._engines[name] = engine
        return engine

    def verdicts(self, inputs: tuple[Value, ...], engines: Sequence[str]) -> tuple[Verdict, ...]:
        """Return the verdicts on which all engines agree.

        Raises:
            EngineDisagreement: They do not.
        """
        first = self.engine(engines[0]).evaluate(inputs)
        for name in engines[1:]:
            other = self.engine(name).evaluate(inputs)
            if other != first:
                raise self._disagreement(engines[0], first, name, other)
        return first

    def _disagreement(
        self, first: str, ours: tuple[Verdict, ...], second: str, theirs: tuple[Verdict, ...]
    ) -> Exception:
        from guidestep.engines.errors import EngineDisagreement

        names = [d.name for d in self.compiled.program.definitions]
        return EngineDisagreement(
            [(n, a, b) for n, a, b in zip(names, ours, theirs, strict=True) if a != b]
        )


def _make(name: str, compiled: Compiled) -> Engine:
    if name == "durable":
        from guidestep.engines.durable import DurableEngine

        return DurableEngine(compiled.program)
    if name == "compiled":
        from guidestep.engines.compiled import CompiledEngine

        return CompiledEngine(compiled.program)
    raise SettingError(f"there is no engine '{name}'; the engines are durable and compiled")


ENGINES: tuple[str, ...] = ("durable", "compiled")
"""The two channels; an answer leaves the library only when both give it."""


@dataclass(frozen=True, eq=False)
class Guideline:
    """A guideline ready to be asked; made by `load`, never changed afterwards.

    Safe to use from several threads at once.
    """

    base: Rulebase = field(repr=False)
    parameters: Mapping[str, float] = field(default_factory=FrozenDict)
    _channels: dict[str, _Channels] = field(default_factory=dict, repr=False)

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
        """SHA-256 over the files of the guideline."""
        return self.base.digest

    @property
    def model(self) -> type[Assessment]:
        """The model of the assessments it reads."""
        return self.base.model

    @cached_property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The fields that some rule reads, by path, in the order of the model."""
        read = {path for name in self.profiles for path in self._of(name).compiled.paths}
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

    @property
    def default_profile(self) -> str:
        """The profile used when none is named."""
        return next(profile.id for profile in self.base.entry.profiles if profile.default)

    @property
    def demographic_inputs(self) -> Mapping[str, tuple[str, ...]]:
        """The inputs that tell who a person is, by source attribute, derived from the rules."""
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
        channels = self._of(self.default_profile if profile is None else profile)
        engines = ENGINES if engine is None else (engine,)
        inputs = channels.read(patient) + channels.open
        verdicts = channels.verdicts(inputs, engines)
        return channels.recommender.recommend(patient, inputs, verdicts, engines, versions())

    def _read(self, assessment: Given) -> Assessment:
        if not isinstance(assessment, Assessment):
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

    def _of(self, profile: str) -> _Channels:
        channels = self._channels.get(profile) if isinstance(profile, str) else None
        if channels is None:
            known = self.profiles
            if not isinstance(profile, str) or profile not in known:
                raise SettingError(
                    f"there is no profile '{profile}'; the profiles are {', '.join(known)}"
                )
            values = {entry.id: entry.default for entry in self.base.entry.parameters}
            compiled = compile_program(self.base, known[profile], {**values, **self.parameters})
            # Two threads may both compile; they arrive at the same and one of them is kept.
            channels = self._channels.setdefault(profile, _Channels(self.base, compiled))
        return channels


def _within(entry: ParameterEntry, value: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not entry.minimum <= value <= entry.maximum:
        unit = f" {entry.unit}" if entry.unit else ""
        raise SettingError(
            f"{entry.id} must be a number from {entry.minimum:g} to {entry.maximum:g}{unit}, "
            f"not {value!r}"
        )


@cache
def versions() -> Versions:
    """Return the versions of the packages that answer, found once."""
    return Versions(
        guidestep=metadata.version("guidestep"),
        durable_rules=metadata.version("durable_rules"),
        pydantic=metadata.version("pydantic"),
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
