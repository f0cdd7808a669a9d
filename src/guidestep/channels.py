"""The two engines of one profile: both are asked, and an answer is given only where they agree.

The engines and the voice are imported when they are first needed: so `import guidestep` takes half
the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guidestep.assessment import Assessment
    from guidestep.language.compiler import Compiled
    from guidestep.language.program import Engine, Value, Verdict
    from guidestep.language.rulebase import Rulebase
    from guidestep.recommendation import Recommendation, Versions

ENGINES: tuple[str, ...] = ("durable", "compiled")
"""The two channels; an answer leaves the library only when both give it."""


class SettingError(ValueError):
    """A profile or parameter that the guideline does not have, or a value outside its bounds."""


class Channels:
    """The engines of one profile with one setting of parameters, each made when first asked for.

    `Guideline.channels` returns them. Safe to use from several threads at once.
    """

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        from guidestep.answer import Recommender

        self.compiled = compiled
        self._read: Callable[[Assessment], tuple[Value, ...]] = base.model.reader(compiled.paths)
        # Open points are inputs that nobody ever knows.
        self._open = (None,) * (len(compiled.program.inputs) - len(compiled.paths))
        self._recommender = Recommender(base, compiled, versions())
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}

    def recommend(
        self, assessment: Assessment, engines: tuple[str, ...] = ENGINES
    ) -> Recommendation:
        """Return the recommendation for an assessment that the model has read.

        It is taken as it is, where `Guideline.recommend` reads it again: pydantic lets a copy be
        changed without a look at the values.

        Raises:
            EngineDisagreement: The engines differ; no answer is given.
            SettingError: There is no such engine.
        """
        inputs = self.inputs(assessment)
        verdicts = self.verdicts(inputs, engines)
        return self._recommender.recommend(assessment, inputs, verdicts, engines)

    def inputs(self, assessment: Assessment) -> tuple[Value, ...]:
        """Return what the engines are given of an assessment, in the order of the program."""
        return self._read(assessment) + self._open

    def verdicts(
        self, inputs: tuple[Value, ...], engines: Sequence[str] = ENGINES
    ) -> tuple[Verdict, ...]:
        """Return the verdicts on which the engines agree, one for each definition of the program.

        `inputs` are in the order of the program; None is unknown.

        >>> import guidestep
        >>> channels = guidestep.load("cervical-spasm-opll").channels()
        >>> nothing = (None,) * len(channels.compiled.program.inputs)
        >>> True in channels.verdicts(nothing)
        True

        Raises:
            EngineDisagreement: They do not agree.
            SettingError: There is no such engine.
        """
        first = self.engine(engines[0]).evaluate(inputs)
        for name in engines[1:]:
            other = self.engine(name).evaluate(inputs)
            if other != first:
                raise self._disagreement(first, other)
        return first

    def engine(self, name: str) -> Engine:
        """Return one engine.

        Raises:
            SettingError: There is no such engine.
        """
        engine = self._engines.get(name) if isinstance(name, str) else None
        if engine is None:
            with self._lock:
                engine = _make(name, self.compiled)
                self._engines[name] = engine
        return engine

    def _disagreement(self, ours: tuple[Verdict, ...], theirs: tuple[Verdict, ...]) -> Exception:
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


@cache
def versions() -> Versions:
    """Return the versions of the packages that answer, found once."""
    from guidestep.recommendation import Versions

    return Versions(
        guidestep=metadata.version("guidestep"),
        durable_rules=metadata.version("durable_rules"),
        pydantic=metadata.version("pydantic"),
    )
