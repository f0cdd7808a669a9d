"""The assessment of the small guideline that these tests ask."""

from datetime import date
from typing import Annotated, Literal

from guidestep.assessment import Assessment, Section, item, quantity

Presence = Literal["present", "absent"]


class Visit(Section):
    stage: Annotated[Literal["intake", "active", "done"], item("stage", "Which stage?")]
    on: Annotated[date | None, item("date of visit", "When?")] = None
    asks: Annotated[Literal["nothing", "load"] | None, item("request", "What is asked?")] = None


class Knee(Section):
    locked: Annotated[Presence | None, item("locked knee", "Is the knee locked?")] = None
    swollen: Annotated[Presence | None, item("swelling", "Is the knee swollen?")] = None
    fever: Annotated[Presence | None, item("fever", "Is there fever?")] = None
    scan: Annotated[Literal["done", "not_done"] | None, item("scan", "Was a scan done?")] = None
    tear: Annotated[Presence | None, item("tear on the scan", "Does the scan show a tear?")] = None
    rash: Annotated[Presence | None, item("rash", "Is there a rash?")] = None
    flexion: Annotated[
        float | None, quantity("flexion", "How far?", unit="deg", minimum=0, maximum=160)
    ] = None
    scale: Annotated[Literal["set", "off"] | None, item("scale", "Was the scale set?")] = None
    age: Annotated[int | None, quantity("age", "How old?", unit="a", minimum=0, maximum=120)] = None


class Programme(Section):
    bend: Annotated[Literal["none", "B1", "B2"], item("bending step", "Which step?")]
    holds: Annotated[
        float | None, quantity("hold", "How long?", unit="s", minimum=0, maximum=300)
    ] = None
    better: Annotated[bool | None, item("improved", "Is the knee better?")] = None


class KneeAssessment(Assessment):
    model_id = "knee"
    visit: Visit
    knee: Knee = Knee()
    programme: Programme
