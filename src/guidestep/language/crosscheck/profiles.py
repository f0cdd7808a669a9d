"""Profiles and source attributes: what `guideline.yaml` says of the rules is so."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.crosscheck.grounds import unknown_id
from guidestep.language.crosscheck.whole import Whole, demographic_inputs
from guidestep.language.diagnostics import Diagnostic


def profiles(whole: Whole) -> Iterator[Diagnostic]:
    """Yield profiles that repeat an id, and name an assumption or a default that is not there."""
    profiles = whole.base.entry.profiles
    defaults = [index for index, profile in enumerate(profiles) if profile.default]
    if not defaults:
        yield Diagnostic(
            "bad-profile",
            whole.guideline.key_at("profiles"),
            "no profile is the default",
            "add 'default: true' to one of them",
        )
    for index in defaults[1:]:
        first = profiles[defaults[0]].id
        yield Diagnostic(
            "bad-profile",
            whole.guideline.at("profiles", index, "default"),
            f"'{first}' is the default already, and only one profile can be",
            "leave out 'default: true' here or there",
        )
    seen: set[str] = set()
    for index, profile in enumerate(profiles):
        if profile.id in seen:
            span = whole.guideline.at("profiles", index, "id")
            message = f"there is a profile '{profile.id}' already"
            yield Diagnostic("duplicate-id", span, message, "give one of them another id")
        seen.add(profile.id)
        listed = profile.assumptions if isinstance(profile.assumptions, tuple) else ()
        for key, names in (("assumptions", listed), ("without", profile.without)):
            for position, name in enumerate(names):
                if name not in whole.base.assumptions:
                    span = whole.guideline.at("profiles", index, key, position)
                    yield unknown_id("assumption", name, whole.base.assumptions, span)


def demographics(whole: Whole) -> Iterator[Diagnostic]:
    """Yield an attribute declared unused although a rule reads it, or used although none does."""
    used = demographic_inputs(whole.base)
    for attribute, paths in used.items():
        declared = getattr(whole.base.entry.source_attributes, attribute)
        span = whole.guideline.at("source_attributes", attribute, "used")
        if paths and not declared.used:
            message = f"'{attribute}' is declared unused, but rules read {', '.join(paths)}"
            hint = "write '{used: true, how: ...}' and say how"
            yield Diagnostic("bad-attribute", span, message, hint)
        elif declared.used and not paths:
            message = f"'{attribute}' is declared used, but no rule reads it"
            yield Diagnostic("bad-attribute", span, message, "write '{used: false}'")
        elif declared.used and not declared.how:
            message = f"'{attribute}' is used, and it is not said how"
            yield Diagnostic("bad-attribute", span, message, "write '{used: true, how: ...}'")
