"""`guidestep show`: what there is, and what it means."""

from __future__ import annotations

from pathlib import Path

import guidestep
from guidestep.explain.description import describe
from tests.cli.conftest import Command


def test_the_list(command: Command, small: Path) -> None:
    result = command("show", "--guideline", small)
    assert (result.code, result.err) == (0, "")
    assert [line.rstrip() for line in result.out.splitlines()] == [
        "A small guideline to be replaced by your own",
        "my-guideline 0.1.0, pending_human_review",
        "",
        "Red flags",
        "Id             Leads to         Says",
        "unsteady-gait  urgent_referral  The gait is unsteady",
        "",
        "Requirements",
        "Id             Leads to      Says",
        "pain-measured  assess_first  Pain has been measured before the start",
        "",
        "Progression",
        "Id                Moves             Says",
        "start-stretching  start stretching  Stretching starts once the spasm is no longer acute",
        "",
        "Steps",
        "Id          Track     Is",
        "stretching  mobility  Stretching",
        "",
        "Properties",
        "Id                            Form    Says",
        "unsteady-is-urgent            always  "
        "An unsteady gait is urgent, whatever else is recorded",
        "no-stretching-in-acute-spasm  never   "
        "Nobody begins to stretch while the spasm is acute or has not been judged",
    ]


def test_the_list_of_the_shipped_guideline_has_every_rule(command: Command) -> None:
    guideline = guidestep.load(guidestep.shipped()[0])
    words = set(command("show").out.split())
    moves = {progression.id for progression in guideline.base.progressions}
    assert {*guideline.rules, *guideline.steps, *guideline.assumptions, *moves} <= words
    assert {claim.id for claim in guideline.base.properties} <= words
    assert {error.entry.id for error in guideline.base.measurements} <= words
    assert {"R1", "to", "R2", "back", "withhold", "caution"} <= words


def test_one_rule(command: Command, small: Path) -> None:
    base = guidestep.load(small).base
    result = command("show", "unsteady-gait", "--guideline", small)
    assert (result.code, result.out) == (0, describe(base, "unsteady-gait").rstrip("\n") + "\n")


def test_an_id_that_there_is_not(command: Command, small: Path) -> None:
    result = command("show", "unsteady-gate", "--guideline", small)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "guidestep: my-guideline has no 'unsteady-gate'; did you mean 'unsteady-gait'?; "
        "'guidestep show' lists what there is\n"
    )
