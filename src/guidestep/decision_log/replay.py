"""Past decisions made again from their kept inputs, with the guideline and the library of today.

Another answer by another version of the guideline is a change somebody made. Another answer by the
same version is alarming: either the record or the program is not what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from guidestep.assessment import AssessmentError
from guidestep.decision_log.chain import Stored
from guidestep.decision_log.log import DecisionLog
from guidestep.decision_log.reading import (
    damaged,
    json_of,
    rules_of,
    steps_of,
    text_of,
    texts_of,
)
from guidestep.decision_log.records import StepTaken
from guidestep.decision_log.records import rules_of as rules_heard
from guidestep.engines.errors import EngineError
from guidestep.guideline import Guideline, SettingError
from guidestep.recommendation import Recommendation

Cause: TypeAlias = Literal["same guideline", "another version"]
"""Whether the guideline that answers now has the digest of the one that answered then."""

Source: TypeAlias = Callable[[str], Guideline | None]
"""Gives the guideline of an id, or `None` where decisions of that guideline are not replayed."""

_KEPT = 256
"""Settings of parameters whose engines are kept ready."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer, as it was and as it is now."""

    name: str
    then: object
    now: object

    def __str__(self) -> str:
        return f"{self.name}: {_words(self.then)} -> {_words(self.now)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that comes out differently now."""

    sequence: int
    id: str
    time: str
    guideline: str
    cause: Cause
    parts: tuple[Part, ...]

    @property
    def alarming(self) -> bool:
        """Whether the same guideline gave another answer."""
        return self.cause == "same guideline"

    def to_dict(self) -> dict[str, object]:
        """Return the difference, ready for JSON."""
        return {
            "sequence": self.sequence,
            "id": self.id,
            "time": self.time,
            "guideline": self.guideline,
            "cause": self.cause,
            "parts": {p.name: {"then": p.then, "now": p.now} for p in self.parts},
        }


@dataclass(slots=True)
class Tally:
    """What a replay came to, in numbers.

    `decisions` is all there are: those `same` and `different`, those `without_input`, and those of
    guidelines that were not replayed. `another_version` of them were asked of another version of
    their guideline.
    """

    decisions: int = 0
    same: int = 0
    different: int = 0
    alarming: int = 0
    another_version: int = 0
    without_input: int = 0
    not_replayed: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the numbers, ready for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Replay:
    """One replay of a log: read the differences, then the tally."""

    def __init__(self, log: DecisionLog, guidelines: Source) -> None:
        self.tally = Tally()
        self._log = log
        self._source = guidelines
        self._guidelines: dict[str, Guideline | None] = {}
        self._configured: dict[tuple[str, str], Guideline] = {}

    def differences(self) -> Iterator[Difference]:
        """Yield the decisions that come out differently now, in order.

        Raises:
            LogError: A record cannot be read.
            LogUnavailable: The log cannot be read.
        """
        tally = self.tally
        with self._log.storage.reading() as connection:
            for row in self._log.storage.rows(connection, kind="decision"):
                tally.decisions += 1
                if row["input"] is None:
                    tally.without_input += 1
                    continue
                guideline = self._guideline(text_of(row, "guideline"))
                if guideline is None:
                    tally.not_replayed += 1
                    continue
                difference = self._difference(row, guideline)
                if difference is None:
                    tally.same += 1
                    continue
                tally.different += 1
                tally.alarming += difference.alarming
                yield difference

    def _guideline(self, id_: str) -> Guideline | None:
        if id_ not in self._guidelines:
            self._guidelines[id_] = self._source(id_)
        return self._guidelines[id_]

    def _difference(self, row: Mapping[str, Stored], guideline: Guideline) -> Difference | None:
        same = guideline.digest == row["guideline_digest"]
        self.tally.another_version += not same
        try:
            answer = self._answer(row, guideline)
        except (AssessmentError, EngineError, SettingError) as error:
            # Not its text: it shows the value at fault.
            parts = [Part("answer", "given", f"refused: {type(error).__name__}")]
        else:
            parts = list(_parts(row, answer))
            if parts and not same:
                version = text_of(row, "guideline_version")
                parts.insert(0, Part("version", version, guideline.version))
        if not parts:
            return None
        return Difference(
            cast("int", row["sequence"]),
            text_of(row, "id"),
            text_of(row, "time"),
            guideline.id,
            "same guideline" if same else "another version",
            tuple(parts),
        )

    def _answer(self, row: Mapping[str, Stored], guideline: Guideline) -> Recommendation:
        engines = texts_of(row, "engines")
        key = (guideline.id, text_of(row, "parameters"))
        configured = self._configured.get(key)
        if configured is None:
            parameters = json_of(row, "parameters")
            if not isinstance(parameters, dict):
                raise damaged(row)
            # A parameter that is there no more is for the guideline to refuse.
            configured = guideline.configure(**parameters)
            if len(self._configured) >= _KEPT:
                self._configured.clear()
            self._configured[key] = configured
        data = json_of(row, "input")
        if not isinstance(data, dict):
            raise damaged(row)
        engine = engines[0] if len(engines) == 1 else None
        return configured.recommend(data, profile=text_of(row, "profile"), engine=engine)


def _parts(row: Mapping[str, Stored], answer: Recommendation) -> Iterator[Part]:
    """Yield what differs, the most important first."""
    steps = [StepTaken(s.id, s.track, s.action.value, s.current) for s in answer.steps]
    for name, then, now in (
        ("outcome", text_of(row, "outcome"), answer.outcome.value),
        ("basis", text_of(row, "basis"), answer.basis.value),
        ("steps", [_step(s) for s in steps_of(row)], [_step(s) for s in steps]),
        (
            "rules",
            [f"{rule.id} {rule.verdict}" for rule in rules_of(row)],
            [f"{rule.id} {rule.verdict}" for rule in rules_heard(answer)],
        ),
        (
            "assumptions",
            list(texts_of(row, "assumptions")),
            [used.id for used in answer.assumptions],
        ),
        ("missing", list(texts_of(row, "missing")), [m.path for m in answer.missing]),
        ("input digest", text_of(row, "input_digest"), answer.input_digest),
    ):
        if then != now:
            yield Part(name, then, now)


def _step(step: StepTaken) -> str:
    return f"{step.track}: {step.action} {step.id}"


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"
    return str(value)
