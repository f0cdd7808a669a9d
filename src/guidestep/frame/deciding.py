"""The rules that decided, by name: what the bits of an answer stand for."""

from __future__ import annotations

from typing import TypeVar, cast

import narwhals as nw

from guidestep.frame.answers import BITS, SEPARATOR
from guidestep.frame.libraries import opened, table_of
from guidestep.frame.recommend import prepared
from guidestep.frame.schema import ColumnError
from guidestep.guideline import Guideline

Frame = TypeVar("Frame")


def deciding_rules(guideline: Guideline, answers: Frame, *, prefix: str = "") -> Frame:
    """Return answers with a column more, `deciding_rules`: the ids of all rules that decided.

    `answers` is what `recommend_frame` returned for the same guideline with the same prefix. The
    ids stand in one text, `; ` between them, in the order of the guideline. Such texts take far
    longer to make than the answers: choose the rows first.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> cohort = guidestep.frame.synthesize(guideline, 100, seed=1)
    >>> answers = deciding_rules(guideline, guideline.recommend_frame(cohort))
    >>> eligible = answers.filter(answers["outcome"] == "not_eligible")["deciding_rules"]
    >>> sorted(eligible.unique())[0]
    'without-neck-spasm'

    Raises:
        ColumnError: The frame has no columns of deciding rules, or another number of them.
    """
    ids = list(prepared(guideline, None).report.reasons)
    whole = opened(answers)
    given = whole.collect_schema().names()
    sets = [f"{prefix}deciding_rules_{index}" for index in range(-(-len(ids) // BITS))]
    absent = [name for name in sets if name not in given]
    if absent or f"{prefix}deciding_rules_{len(sets)}" in given:
        raise ColumnError(
            f"these are no answers of {guideline.id}: in them the columns {', '.join(sets)} "
            "tell which rules decided"
        )
    table = table_of(whole, sets)
    terms = []
    for index, id_ in enumerate(ids):
        bits = nw.col(table.names[sets[index // BITS]])
        here = (bits // (1 << index % BITS)) % 2 == 1
        terms.append(nw.when(here).then(nw.lit(id_)))
    named = nw.concat_str(*terms, separator=SEPARATOR, ignore_nulls=True)
    own = table.frame.collect_schema().names()
    return cast("Frame", table.finish(table.frame, {f"{prefix}deciding_rules": named}, own))
