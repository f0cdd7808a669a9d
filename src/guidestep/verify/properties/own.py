"""The properties that a guideline states itself, in `properties.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from guidestep.language.claims import LoweredProperty
from guidestep.language.rulebase import UnchangedBy
from guidestep.verify.patient import same_answer
from guidestep.verify.properties.obligation import Obligation, Scene, Scenes
from guidestep.verify.terms import neg


def own(scenes: Scenes, claimed: Iterable[LoweredProperty]) -> Iterator[tuple[str, Obligation]]:
    """Yield what there is to prove of each claimed property, after its id."""
    for lowered in claimed:
        statement = lowered.claimed.statement
        match lowered.claimed.claim:
            case UnchangedBy(fields=fields):
                scene = _twice(scenes, fields)
                one, other = scene.patients
                premises = [p.encoding.condition(lowered.when).true for p in scene.patients]
                wanted = (*premises, neg(same_answer(one, other)))
                yield lowered.claimed.id, Obligation("", statement, scene, wanted)
            case _:
                scene = scenes.anyone
                wanted = (scene.patients[0].true(lowered.name),)
                yield lowered.claimed.id, Obligation("", statement, scene, wanted)


def _twice(scenes: Scenes, fields: Iterable[str]) -> Scene:
    """Return one patient with two states of some inputs, each known or not."""
    inputs = set(fields)
    one = scenes.anyone.patients[0]
    values = scenes.subject.values(" otherwise", one.values, inputs)
    otherwise = scenes.subject.mask(" otherwise")
    mask = {path: otherwise[path] if path in inputs else known for path, known in one.mask.items()}
    other = scenes.subject.patient(values, mask)
    return Scene(("one way", "the other way"), (one, other))
