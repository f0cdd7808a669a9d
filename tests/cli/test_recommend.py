"""`guidestep recommend`: answers for files, and every fault of them at its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import guidestep
from guidestep import EngineError, Guideline, GuidelineError, Recommendation
from tests.cli.conftest import PATIENT, Command

Write = Callable[[str, str | bytes], Path]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(autouse=True)
def short_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The card has its own tests; here its place is what matters."""
    monkeypatch.setattr(Recommendation, "card", lambda self: f"card: {self.outcome}")


def test_a_file_gives_a_card(command: Command, small: Path, patient: Path) -> None:
    result = command("recommend", patient, "--guideline", small)
    assert (result.code, result.out, result.err) == (0, "card: recommend\n", "")


def test_the_default_guideline_is_the_only_shipped_one(command: Command, patient: Path) -> None:
    answer = json.loads(command("recommend", patient, "--json").out)
    assert answer["guideline"]["id"] == guidestep.shipped()[0]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_are_answered(command: Command, path: Path) -> None:
    assert command("recommend", path).code == 0


def test_json_is_the_recommendation_itself(command: Command, small: Path, patient: Path) -> None:
    result = command("recommend", patient, "--json", "--guideline", small)
    assert Recommendation.from_json(result.out).outcome == "recommend"
    assert result.out.count("\n") == 1


def test_json_files_and_standard_input(command: Command, small: Path, write: Write) -> None:
    assessment: dict[str, Any] = {
        "encounter.care_stage": "intake",
        "encounter": {"assessment_date": "2026-01-15"},
        "neurologic": {"gait_instability": "present", "red_flag_adjudication": "none"},
        "program": {
            "mobility_step": "not_started",
            "neuromuscular_step": "not_started",
            "resistance_step": "withheld",
            "requested_action": "none",
        },
        # A number that YAML's versions read differently, and JSON's do not.
        "measures": {"baseline_pain_vas_mm": {"value": 4e0, "unit": "cm"}},
    }
    text = json.dumps(assessment).replace("4.0", "4e0")
    path = write("a.json", text)
    for arguments in ([path], ["-"]):
        result = command("recommend", *arguments, "--guideline", small, stdin=text.encode())
        assert (result.out, result.err) == ("card: urgent_referral\n", "")
    result = command("recommend", "-", "--guideline", small, stdin=PATIENT.encode())
    assert result.out == "card: recommend\n"


def test_a_faulty_file_does_not_hide_the_others(
    command: Command, small: Path, patient: Path, write: Write
) -> None:
    bad = write("bad.yaml", PATIENT.replace("intake", "intak"))
    result = command(
        "recommend",
        "patient.yaml",
        "bad.yaml",
        "-",
        "--guideline",
        small,
        stdin=patient.read_bytes(),
    )
    assert result.code == 2
    assert result.out == (
        "==> patient.yaml <==\ncard: recommend\n\n"
        "==> bad.yaml <==\n\n"
        "==> standard input <==\ncard: recommend\n"
    )
    assert result.err == (
        "bad.yaml:1:25: not-a-member: encounter.care_stage: stage of care: got 'intak', "
        "allowed is one of intake, active_program, post_program\n"
        "    encounter: {care_stage: intak, assessment_date: 2026-01-15}\n"
        "                            ^^^^^\n"
        "  hint: did you mean 'intake'?\n"
    )
    as_json = command("recommend", "patient.yaml", bad, "--json", "--guideline", small)
    assert as_json.code == 2
    first, second = map(json.loads, as_json.out.splitlines())
    assert first["outcome"] == "recommend"
    assert second == {
        "error": {
            "file": str(bad),
            "problems": [
                {
                    "code": "not-a-member",
                    "path": "encounter.care_stage",
                    "message": "stage of care: got 'intak', "
                    "allowed is one of intake, active_program, post_program",
                    "hint": "did you mean 'intake'?",
                    "line": 1,
                    "column": 25,
                }
            ],
        }
    }


def places(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith(("bad", "<stdin>"))]


def test_problems_stand_where_they_are(command: Command, small: Path, write: Write) -> None:
    write(
        "bad.yaml",
        PATIENT.replace("resolved}", 'resolved, age_years: "52", agee: 3}')
        .replace("  requested_action: none\n", "")
        .replace("{gait_instability: absent,", "{gait_instability: ,")
        + "scopes: {}\n"
        + "scope.cervical_muscle_spasm: perhaps\n"
        + "data_absent_reasons: {neurologic.gait_instability: bored}\n",
    )
    result = command("recommend", "bad.yaml", "--guideline", small)
    assert result.code == 2
    assert places(result.err) == [
        "bad.yaml:2:50: not-a-number: scope.age_years: age: got '52', "
        "allowed is a whole number from 0 to 120 a",
        "bad.yaml:2:56: unknown-field: scope.agee: there is no field scope.agee in this assessment",
        "bad.yaml:9:1: unknown-section: scopes: there is no section scopes, allowed are encounter, "
        "scope, neurologic, measures, program, adjuncts, safety_screen, data_absent_reasons",
        "bad.yaml:10:30: not-a-member: scope.cervical_muscle_spasm: cervical muscle spasm: "
        "got 'perhaps', allowed is one of present, absent",
        "bad.yaml:11:52: absent-reason: neurologic.gait_instability: unsteady gait: "
        "got the data-absent reason 'bored', allowed is one of not-asked, asked-unknown, "
        "asked-declined, not-performed, unable",
        "bad.yaml:5:1: missing: program.requested_action: action asked about: "
        "nothing given, and the field is required",
    ]


def test_an_assessment_of_tomorrow_is_refused(command: Command, small: Path, write: Write) -> None:
    tomorrow = str(date.today() + timedelta(days=1))
    write("bad.yaml", PATIENT.replace("2026-01-15", tomorrow))
    result = command("recommend", "bad.yaml", "--guideline", small)
    assert result.code == 2
    assert places(result.err) == [
        "bad.yaml:1:50: date-order: encounter.assessment_date: date of the assessment: "
        f"got {tomorrow}, which is after today ({date.today()})"
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("bad.yaml", b"", "1:1: empty-file: there is no assessment in it"),
        ("bad.yaml", b"# nothing\n", "1:1: empty-file: the file is empty"),
        ("bad.yaml", b"\x7fELF\0\0", "1:1: control-character: character U+007F is not allowed"),
        ("bad.yaml", b"\xff\xfe\0a", "1:1: not-utf8: byte 0xff is not UTF-8"),
        (
            "bad.yaml",
            b"a" * (1 << 21),
            "1:1: file-too-large: the file has 2097152 bytes, and 1048576 are allowed",
        ),
        (
            "bad.yaml",
            b"[1, 2]",
            "1:1: wrong-shape: got [1, 2], allowed is a mapping of sections to their fields",
        ),
        (
            "bad.yaml",
            b"'{\"scope\": {}}'",
            "1:1: wrong-shape: got '{\"scope\": {}}', "
            "allowed is a mapping of sections to their fields",
        ),
        ("bad.yaml", b"a: &x [*x]", "1:4: yaml-alias: anchor '&x' is not allowed"),
        (
            "bad.json",
            b'{"scope": {},}',
            "1:14: invalid-json: not valid JSON: "
            "Expecting property name enclosed in double quotes (line 1, column 14)",
        ),
        (
            "bad.json",
            b"scope: {}",
            "1:1: invalid-json: not valid JSON: Expecting value (line 1, column 1)",
        ),
        (
            "bad.json",
            b'{"scope": {"a": 1, "a": 2}}',
            "1:20: duplicate-key: key 'a' is already in line 1",
        ),
        (
            "bad.json",
            b'{"scope": {"age_years": NaN}}',
            "1:1: not-finite: NaN is not a JSON number",
        ),
        ("bad.json", b"{" * 100_000, "1:41: too-deep: more than 40 levels of nesting"),
    ],
)
def test_files_that_are_no_assessments(
    command: Command, small: Path, write: Write, name: str, content: bytes, expected: str
) -> None:
    write(name, content)
    result = command("recommend", name, "--guideline", small)
    assert (result.code, result.out) == (2, "")
    assert places(result.err)[0] == f"{name}:{expected}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.yaml", "no such file or directory"), ("small", "it is not a file")],
)
def test_files_that_cannot_be_read(command: Command, small: Path, name: str, reason: str) -> None:
    result = command("recommend", name, "--guideline", small)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"{name}:1:1: unreadable-file: the file cannot be read: {reason}\n"
        "  hint: check the path and its permissions\n"
    )


def test_empty_standard_input(command: Command, small: Path) -> None:
    result = command("recommend", "-", "--guideline", small)
    assert result.code == 2
    assert result.err == (
        "<stdin>:1:1: empty-file: there is no assessment in it\n"
        "  hint: 'guidestep schema assessment' says what it may hold\n"
    )


def test_a_name_that_would_command_the_terminal_is_shown_harmless(
    command: Command, small: Path
) -> None:
    result = command("recommend", "\x1b[31m.yaml", "--guideline", small)
    assert "\x1b" not in result.out + result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "bare"], "there is no profile 'bare'; the profiles are source"),
        (["--engine", "fast"], "there is no engine 'fast'; the engines are durable and compiled"),
        (
            ["--json", "--explain"],
            "--json and --explain exclude each other: an explanation is text",
        ),
        (["-", "-"], "standard input can be read only once"),
    ],
)
def test_settings_that_there_are_not(
    command: Command, small: Path, patient: Path, arguments: list[str], message: str
) -> None:
    result = command("recommend", patient, "--guideline", small, *arguments)
    assert (result.code, result.err) == (2, f"guidestep: {message}\n")


def test_one_engine_alone_says_so(command: Command, small: Path, patient: Path) -> None:
    arguments = ("recommend", patient, "--json", "--guideline", small)
    answer = json.loads(command(*arguments, "--engine", "compiled").out)
    assert (answer["engines"], answer["agreement"]) == (["compiled"], False)
    assert json.loads(command(*arguments).out)["agreement"] is True


def test_profile(command: Command, patient: Path) -> None:
    answer = json.loads(command("recommend", patient, "--json", "--profile", "strict").out)
    assert answer["guideline"]["profile"] == "strict"


def test_explain_adds_why(command: Command, small: Path, patient: Path) -> None:
    result = command("recommend", patient, "--explain", "--guideline", small)
    assert result.code == 0
    assert result.out.startswith("card: recommend\n\n")
    assert "start-stretching" in result.out or "Stretching starts" in result.out


def test_ask_adds_what_to_ask_next(command: Command) -> None:
    example = EXAMPLES / "missing-hoffmann.yaml"
    declined = command("recommend", example, "--ask")
    assert "Nothing more can be asked" in declined.out
    assert "What is the Hoffmann sign on the right?" in declined.out.split("Nothing more")[1]
    refused = command("recommend", example, "--ask", "--json")
    assert refused.code == 2
    assert "--json and --ask exclude each other" in refused.err


def test_why_not_adds_what_bars(command: Command) -> None:
    example = Path(__file__).parents[2] / "docs/examples/spasm-came-back.yaml"
    result = command("recommend", example, "--why-not", "R1")
    assert result.code == 0
    assert "no-resistance-during-acute-spasm" in result.out
    refused = command("recommend", example, "--why-not", "R9")
    assert refused.code == 2
    assert "neither a step nor an outcome" in refused.err


def test_a_guideline_at_fault_answers_nothing(command: Command, small: Path, patient: Path) -> None:
    flags = small / "red_flags.yaml"
    flags.write_text(flags.read_text().replace("gait_instability", "gait_instabilty"))
    with pytest.raises(GuidelineError) as error:
        guidestep.load(small)
    result = command("recommend", patient, "--guideline", small)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        *error.value.report().splitlines()[:-1],
        "guidestep: the guideline small is at fault and answers nothing; see 'guidestep check'",
    ]
    assert result.err.startswith("red_flags.yaml:8:9: unknown-field: ")


def test_engines_that_disagree_give_no_answer(
    command: Command, small: Path, patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disagree(*_: object, **__: object) -> Recommendation:
        raise EngineError("the engines disagree")

    monkeypatch.setattr(Guideline, "recommend", disagree)
    result = command("recommend", "patient.yaml", "--json", "--guideline", small)
    assert (result.code, result.err) == (2, "guidestep: patient.yaml: the engines disagree\n")
    assert json.loads(result.out) == {
        "error": {"file": "patient.yaml", "problems": [{"message": "the engines disagree"}]}
    }
