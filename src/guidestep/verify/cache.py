"""The encoded subject of each compiled profile, made when first asked for and kept for the next."""

from __future__ import annotations

from collections import OrderedDict

from guidestep.language.compiler import Compiled
from guidestep.language.rulebase import Rulebase
from guidestep.verify.patient import Subject
from guidestep.verify.terms import SOLVER

MOST = 16
"""So many profiles are kept, those that were asked for last."""

_kept: OrderedDict[int, Subject] = OrderedDict()


def subject_of(base: Rulebase, compiled: Compiled) -> Subject:
    """Return the subject of a compiled profile: the same one while it is kept.

    A subject holds what it was compiled from, so that no other takes over its place by its id.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> compiled = guideline.compiled()
    >>> subject_of(guideline.base, compiled) is subject_of(guideline.base, compiled)
    True
    """
    with SOLVER:
        subject = _kept.get(id(compiled))
        if subject is None or subject.base is not base:
            subject = _kept[id(compiled)] = Subject(base, compiled)
        _kept.move_to_end(id(compiled))
        while len(_kept) > MOST:
            _kept.popitem(last=False)
        return subject
