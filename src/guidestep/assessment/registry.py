"""The assessment models that are installed, found by their id through entry points."""

from importlib.metadata import EntryPoint, entry_points

from guidestep.assessment.base import Assessment
from guidestep.assessment.errors import UnknownAssessmentModel
from guidestep.spelling import did_you_mean

GROUP = "guidestep.assessments"
"""The entry point group in which a package offers its models: `id = "package.module:Class"`."""


def available() -> tuple[str, ...]:
    """Return the ids of the installed assessment models, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def find(model_id: str) -> type[Assessment]:
    """Return the installed assessment model with this id.

    Raises:
        UnknownAssessmentModel: No installed package offers it, or two offer different ones.
        TypeError: What is offered is not an assessment model with this id.
    """
    # A package that is installed twice on the path offers the same object twice.
    offers: dict[str, EntryPoint] = {
        point.value: point for point in entry_points(group=GROUP) if point.name == model_id
    }
    if len(offers) != 1:
        raise UnknownAssessmentModel(_reason(model_id, sorted(offers)))
    ((place, offer),) = offers.items()
    model: object = offer.load()
    if not isinstance(model, type) or not issubclass(model, Assessment):
        raise TypeError(f"{place}, offered as the assessment model {model_id!r}, is not one")
    if model.model_id != model_id:
        raise TypeError(f"{place} is offered as {model_id!r}, but its id is {model.model_id!r}")
    return model


def _reason(model_id: str, places: list[str]) -> str:
    if places:
        return f"the assessment model {model_id!r} is offered twice: {' and '.join(places)}"
    names = available()
    known = f"installed are {', '.join(names)}" if names else "none is installed"
    hint = did_you_mean(model_id, names)
    return f"no assessment model {model_id!r}: {known}" + (f"; {hint}" if hint else "")
