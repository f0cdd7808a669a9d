"""The assessment models of three small instruments: what each needs to know of a patient."""

from dataclasses import dataclass
from typing import Annotated, Literal

from guidestep.assessment import Assessment, Day, Section, Value, item, quantity

# --- CURB-65 --------------------------------------------------------------------------------------


class Visit(Section):
    """The visit, and whether the instrument speaks about this person."""

    day: Annotated[Day, item("day of the visit", "When was the patient seen?", not_after="today")]
    adult_with_pneumonia: Annotated[
        bool | None,
        item(
            "adult with community-acquired pneumonia",
            "Is this an adult with pneumonia that was acquired outside hospital?",
        ),
    ] = None


class Person(Section):
    """Who the person is."""

    birth_date: Annotated[
        Day | None,
        item("date of birth", "When was the patient born?", not_after="visit.day", immutable=True),
    ] = None


class Severity(Section):
    """The other four items: C, U, R and B."""

    confusion: Annotated[
        Literal["present", "absent"] | None,
        item("new confusion", "Is the patient newly confused?"),
    ] = None
    urea: Annotated[
        float | None,
        quantity(
            "urea in blood",
            "How high is urea in the blood? In mg/dL it is read as urea nitrogen (BUN).",
            unit="mmol/L",
            minimum=0,
            maximum=100,
            other_units={"mg/dL": 0.357},
        ),
    ] = None
    respiratory_rate: Annotated[
        int | None,
        quantity(
            "respiratory rate", "How many breaths a minute?", unit="/min", minimum=0, maximum=120
        ),
    ] = None
    systolic: Annotated[
        int | None,
        quantity(
            "systolic pressure",
            "How high is the systolic pressure?",
            unit="mm[Hg]",
            minimum=0,
            maximum=350,
        ),
    ] = None
    diastolic: Annotated[
        int | None,
        quantity(
            "diastolic pressure",
            "How high is the diastolic pressure?",
            unit="mm[Hg]",
            minimum=0,
            maximum=250,
        ),
    ] = None


class Curb65Assessment(Assessment):
    """What CURB-65 needs."""

    model_id = "curb65"
    visit: Visit
    person: Person = Person()
    severity: Severity = Severity()


# --- NEXUS ----------------------------------------------------------------------------------------


class Injury(Section):
    """Whether the instrument speaks about this person."""

    blunt_trauma: Annotated[
        bool | None, item("blunt trauma", "Was the patient injured by blunt trauma?")
    ] = None


class Examination(Section):
    """The five criteria; each is met when the answer is no, or alertness is normal."""

    midline_tenderness: Annotated[
        bool | None,
        item("posterior midline tenderness", "Is the midline of the neck tender at the back?"),
    ] = None
    focal_deficit: Annotated[
        bool | None, item("focal neurologic deficit", "Is there a focal neurologic deficit?")
    ] = None
    alertness: Annotated[
        Literal["normal", "altered"] | None,
        item("alertness", "Is the level of alertness normal?"),
    ] = None
    intoxication: Annotated[
        bool | None, item("intoxication", "Is there any evidence of intoxication?")
    ] = None
    distracting_injury: Annotated[
        bool | None,
        item("painful distracting injury", "Is there a painful injury that could distract?"),
    ] = None


class NexusAssessment(Assessment):
    """What the NEXUS criteria need."""

    model_id = "nexus"
    injury: Injury = Injury()
    examination: Examination = Examination()


# --- mJOA -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SumOf:
    """A total, filled from its parts where all of them are known and it was not entered."""

    inputs: tuple[str, ...]

    @property
    def formula(self) -> str:
        """The derivation as an expression of the rule language."""
        return " + ".join(self.inputs)

    def compute(self, *values: Value) -> Value:
        """Return the sum."""
        return sum(value for value in values if isinstance(value, int))


class Diagnosis(Section):
    """Whether the instrument speaks about this person."""

    degenerative_cervical_myelopathy: Annotated[
        bool | None,
        item(
            "degenerative cervical myelopathy",
            "Has a clinician diagnosed degenerative cervical myelopathy?",
        ),
    ] = None


class Mjoa(Section):
    """The modified Japanese Orthopaedic Association score, in points: less is worse."""

    arms: Annotated[
        int | None,
        quantity(
            "motor function of the arms",
            "How many of 5 points?",
            unit="{score}",
            minimum=0,
            maximum=5,
        ),
    ] = None
    legs: Annotated[
        int | None,
        quantity(
            "motor function of the legs",
            "How many of 7 points?",
            unit="{score}",
            minimum=0,
            maximum=7,
        ),
    ] = None
    sensation: Annotated[
        int | None,
        quantity(
            "sensation of the hands", "How many of 3 points?", unit="{score}", minimum=0, maximum=3
        ),
    ] = None
    sphincter: Annotated[
        int | None,
        quantity(
            "sphincter function", "How many of 3 points?", unit="{score}", minimum=0, maximum=3
        ),
    ] = None
    total: Annotated[
        int | None,
        quantity(
            "total of the score",
            "How many of 18 points in all?",
            unit="{score}",
            minimum=0,
            maximum=18,
            derived=SumOf(("mjoa.arms", "mjoa.legs", "mjoa.sensation", "mjoa.sphincter")),
        ),
    ] = None


class MjoaAssessment(Assessment):
    """What the severity categories of the mJOA score need."""

    model_id = "mjoa"
    diagnosis: Diagnosis = Diagnosis()
    mjoa: Mjoa = Mjoa()
