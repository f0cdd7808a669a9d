"""What `GET {base}/cds-services` answers: the services, one for each hook of each guideline."""

from __future__ import annotations

from collections.abc import Sequence

from guidestep.guideline import SettingError
from guidestep.interop.cds_hooks.emptiness import Object, without_empty
from guidestep.interop.cds_hooks.locations import ENCOUNTER, encounter_query
from guidestep.interop.cds_hooks.served import Served
from guidestep.interop.cds_hooks.tokens import fault


def discovery(guidelines: Sequence[Served]) -> Object:
    """Return the discovery document of some guidelines.

    The services of one guideline have the same id whatever the hook, so that the client removes
    the cards of an earlier hook when a later one is answered.

    Raises:
        SettingError: Two guidelines have the same id, or a query cannot be a prefetch template.

    Source: CDS Hooks 2.0, "Discovery" and "Update Stale Guidance".
    """
    ids = [served.id for served in guidelines]
    if twice := [id_ for id_ in dict.fromkeys(ids) if ids.count(id_) > 1]:
        raise SettingError(f"two services have the id '{twice[0]}'")
    return without_empty(
        {"services": [_service(served, hook) for served in guidelines for hook in served.hooks]}
    )


def _service(served: Served, hook: str) -> Object:
    where = encounter_query(hook) if served.asks_encounter else {}
    if ENCOUNTER in where and ENCOUNTER in served.mapping.queries():
        raise SettingError(f"service '{served.id}': its mapping has the prefetch key '{ENCOUNTER}'")
    queries = {**served.mapping.queries(), **where}
    for key, query in queries.items():
        if wrong := fault(query, hook):
            raise SettingError(f"service '{served.id}', prefetch key '{key}': {wrong}")
    entry = served.guideline.base.entry
    return {
        "hook": hook,
        "title": served.guideline.title,
        "description": (
            f"{' '.join(entry.intended.use.split())} Source: {entry.source.title}, updated "
            f"{entry.source.updated.isoformat()}. Review: "
            f"{entry.review.status.replace('_', ' ')}."
        ),
        "id": served.id,
        "prefetch": {**queries},
        "usageRequirements": served.usage_requirements,
    }
