"""The programme: its steps, its doses and how it goes."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import (
    MobilityStep,
    NeuromuscularStep,
    OneRmMethod,
    RequestedAction,
    ResistanceStep,
    RomTrend,
    RpeScale,
    SymptomTrend,
)
from guidestep.assessment.derived import WeeksBetween
from guidestep.assessment.fields import item, quantity


class Program(Section):
    """The programme: its steps, its doses and how it goes."""

    weeks_since_program_start: Annotated[
        float | None,
        quantity(
            "time since the programme started",
            "How many weeks ago did the programme start?",
            unit="wk",
            minimum=0,
            maximum=520,
            other_units={"d": 1 / 7},
            facts=["F109", "F110", "F131"],
            derived=WeeksBetween("encounter.program_start_date", "encounter.assessment_date"),
        ),
    ] = None
    sessions_prescribed: Annotated[
        int | None,
        quantity(
            "sessions prescribed",
            "How many treatment sessions have been prescribed up to now?",
            unit="{session}",
            minimum=0,
            maximum=500,
            facts=["F109"],
            origin="ext",
        ),
    ] = None
    sessions_completed: Annotated[
        int | None,
        quantity(
            "sessions completed",
            "How many of the prescribed sessions has the patient completed?",
            unit="{session}",
            minimum=0,
            maximum=500,
            facts=["F109"],
            origin="ext",
        ),
    ] = None
    mobility_step: Annotated[
        MobilityStep,
        item(
            "current mobility step",
            "Is the patient on static stretching (M1), dynamic movement (M2) or neither yet?",
            facts=["F040", "F046"],
        ),
    ]
    neuromuscular_step: Annotated[
        NeuromuscularStep,
        item(
            "current neuromuscular step",
            "Has supervised neuromuscular training (N1) started?",
            facts=["F061"],
        ),
    ]
    resistance_step: Annotated[
        ResistanceStep,
        item(
            "current resistance step",
            "Is resistance training withheld, at low load (R1) or at moderate load (R2)?",
            facts=["F063", "F064", "F066"],
        ),
    ]
    requested_action: Annotated[
        RequestedAction,
        item(
            "action asked about",
            "What do you want to do next that this guideline should answer?",
            facts=["F046", "F063", "F072", "F080", "F092"],
            origin="ext",
        ),
    ]
    weeks_since_last_rom_reassessment: Annotated[
        float | None,
        quantity(
            "time since neck motion was last measured",
            "How many weeks ago was cervical range of motion last measured?",
            unit="wk",
            minimum=0,
            maximum=520,
            other_units={"d": 1 / 7},
            facts=["F091"],
        ),
    ] = None
    symptom_trend: Annotated[
        SymptomTrend | None,
        item(
            "course of the symptoms",
            "Compared with the baseline, are the symptoms better, the same, worse or mixed?",
            facts=["F046", "F109", "F131"],
        ),
    ] = None
    rom_trend: Annotated[
        RomTrend | None,
        item(
            "course of the neck motion",
            "Compared with the baseline, is neck motion better, the same, less or mixed?",
            facts=["F091", "F093", "F131"],
        ),
    ] = None
    resistance_intensity_percent_1rm: Annotated[
        float | None,
        quantity(
            "current training load",
            "At what share of the one-repetition maximum does the patient train?",
            unit="%",
            minimum=0,
            maximum=100,
            facts=["F064", "F066"],
        ),
    ] = None
    one_rm_method: Annotated[
        OneRmMethod | None,
        item(
            "method of finding the one-repetition maximum",
            "Was the one-repetition maximum estimated from submaximal effort or measured directly?",
            facts=["F064"],
            origin="ext",
        ),
    ] = None
    reps_completed: Annotated[
        int | None,
        quantity(
            "repetitions completed",
            "How many repetitions did the patient complete in the last set?",
            unit="{repetition}",
            minimum=0,
            maximum=50,
            facts=["F065", "F067", "F092"],
        ),
    ] = None
    rpe_value: Annotated[
        float | None,
        quantity(
            "perceived exertion",
            "How hard did the patient rate that set?",
            unit="{score}",
            minimum=0,
            maximum=20,
            facts=["F092"],
        ),
    ] = None
    rpe_scale: Annotated[
        RpeScale | None,
        item(
            "scale of perceived exertion",
            "On which scale was the exertion rated: Borg 6-20 or Borg CR10?",
            facts=["F092"],
        ),
    ] = None
    stretch_sessions_per_week: Annotated[
        float | None,
        quantity(
            "stretching sessions per week",
            "How many times a week does the patient stretch?",
            unit="/wk",
            minimum=0,
            maximum=21,
            other_units={"/d": 7},
            facts=["F041"],
        ),
    ] = None
    stretch_repetitions: Annotated[
        int | None,
        quantity(
            "repetitions of each stretch",
            "How often is each stretch repeated in a session?",
            unit="{repetition}",
            minimum=0,
            maximum=20,
            facts=["F042"],
        ),
    ] = None
    stretch_hold_s: Annotated[
        float | None,
        quantity(
            "hold of each stretch",
            "How long is each stretch held?",
            unit="s",
            minimum=0,
            maximum=120,
            other_units={"min": 60},
            facts=["F044"],
        ),
    ] = None
    stretch_rest_s: Annotated[
        float | None,
        quantity(
            "rest between stretches",
            "How long does the patient rest between stretches?",
            unit="s",
            minimum=0,
            maximum=300,
            other_units={"min": 60},
            facts=["F043"],
        ),
    ] = None
    resistance_days_per_week: Annotated[
        float | None,
        quantity(
            "days of resistance training per week",
            "On how many days a week does the patient train against resistance?",
            unit="d/wk",
            minimum=0,
            maximum=7,
            facts=["F062"],
        ),
    ] = None
