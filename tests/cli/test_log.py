"""`guidestep log`: the exit codes, the one line of an error, and what is never printed."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import guidestep
from guidestep.cli.new import skeleton
from guidestep.decision_log import Card, Coding, Decision, DecisionLog, Feedback
from tests.cli.conftest import PATIENT, Command

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEAD = "a" * 64


@pytest.fixture
def decision() -> Decision:
    answer = guidestep.load(Path(str(skeleton()))).recommend(yaml.safe_load(PATIENT))
    return Decision.of(
        answer, when=NOON, cards=[Card("card-1", "Start stretching")], user="Practitioner/7"
    )


@pytest.fixture
def log(tmp_path: Path, decision: Decision) -> Path:
    """A log of a decision and three feedbacks."""
    path = tmp_path / "decisions.db"
    with DecisionLog.open(f"sqlite:///{path}", keep_input=True) as opened:
        opened.append(decision)
        for card in ("card-1", "card-1", "card-9"):
            opened.record_feedback(
                Feedback(
                    card=card,
                    outcome="overridden",
                    at=NOON,
                    reason=Coding("patient-refuses", display="=cmd"),
                )
            )
    return path


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def test_verify(command: Command, log: Path) -> None:
    result = command("log", "verify", "--log", log)
    assert (result.code, result.err) == (0, "")
    first, head = result.out.splitlines()
    assert first == "4 records, the chain holds"
    anchor = head.removeprefix("head ")
    again = command("log", "verify", "--log", f"sqlite:///{log}", "--head", anchor)
    assert again.code == 0
    kept = log.with_name("head.txt")
    kept.write_text(command("log", "show", "--log", log, "--head").out, encoding="ascii")
    assert command("log", "verify", "--log", log, "--head", kept).code == 0


def test_verify_finds(command: Command, log: Path) -> None:
    head = command("log", "show", "--log", log, "--head").out.strip()
    change(log, "UPDATE guidestep_record SET comment = 'x' WHERE sequence = 2")
    change(log, "DELETE FROM guidestep_record WHERE sequence = 4")
    result = command("log", "verify", "--log", log, "--head", head)
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines()[:3] == [
        "record 2: changed: it is not what was written",
        "record 4: truncated: record 4 is missing at the end, up to the head",
        "3 records, 2 faults",
    ]
    as_json = json.loads(command("log", "verify", "--log", log, "--head", head, "--json").out)
    assert (as_json["holds"], as_json["count"]) == (False, 2)
    assert as_json["faults"][0]["code"] == "changed"


def test_verify_names_the_first_of_many(command: Command, log: Path, decision: Decision) -> None:
    with DecisionLog.open(str(log)) as opened:
        for number in range(30):
            opened.append(replace(decision, id=f"id-{number}"))
    change(log, "UPDATE guidestep_record SET location = 'x'")
    result = command("log", "verify", "--log", log)
    assert "and 14 more" in result.out.splitlines()
    assert "34 records, 34 faults" in result.out.splitlines()


def test_replay(command: Command, log: Path, small: Path) -> None:
    none = command("log", "replay", "--log", log)
    assert (none.code, none.err) == (0, "")
    assert none.out == (
        "1 decision: 0 the same, 0 differ (0 with the same guideline)\n"
        "1 not replayed: of another guideline; see --guideline\n"
    )
    same = command("log", "replay", "--log", log, "--guideline", small)
    assert (same.code, same.out.splitlines()[0]) == (
        0,
        "1 decision: 1 the same, 0 differ (0 with the same guideline)",
    )
    file = small / "red_flags.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("is present", "is absent"), encoding="utf-8")
    other = command("log", "replay", "--log", log, "--guideline", small)
    assert (other.code, other.err) == (1, "")
    assert "record 1, 2026-03-02T12:00:00.000000Z, my-guideline: another version" in other.out
    assert "  outcome: recommend -> urgent_referral" in other.out.splitlines()
    lines = command("log", "replay", "--log", log, "--guideline", small, "--json").out.splitlines()
    difference, summary = map(json.loads, lines)
    assert difference["difference"]["parts"]["outcome"]["now"] == "urgent_referral"
    assert summary["summary"]["different"] == 1


def test_replay_alarms(command: Command, log: Path, small: Path, decision: Decision) -> None:
    with DecisionLog.open(str(log), keep_input=True) as opened:
        opened.append(replace(decision, id="other", outcome="surveillance"))
    result = command("log", "replay", "--log", log, "--guideline", small)
    assert result.code == 1
    assert "my-guideline: the same guideline, ALARMING" in result.out
    assert "2 decisions: 1 the same, 1 differ (1 with the same guideline)" in result.out


def test_replay_without_inputs(command: Command, tmp_path: Path, decision: Decision) -> None:
    path = tmp_path / "bare.db"
    with DecisionLog.open(f"sqlite:///{path}") as opened:
        opened.append(decision)
    result = command("log", "replay", "--log", path)
    assert result.code == 0
    assert "1 not replayed: the input was not kept" in result.out.splitlines()


def test_rates(command: Command, log: Path) -> None:
    result = command("log", "rates", "--log", log)
    assert (result.code, result.err) == (0, "")
    assert "begin-stretching" in result.out or "start" in result.out
    assert "100%  21% to 100%  patient-refuses 1" in result.out
    assert "1 with feedback to a card that the log does not know" in result.out
    found = json.loads(command("log", "rates", "--log", log, "--json").out)
    assert found["outcomes"][0]["outcome"] == "recommend"
    assert found["outcomes"][0]["override_interval"] == [pytest.approx(0.2065, abs=1e-4), 1.0]
    assert command("log", "rates", "--log", log, "--guideline", "x", "--json").out.startswith(
        '{"rules": []'
    )


def test_export(command: Command, log: Path, tmp_path: Path) -> None:
    result = command("log", "export", "--log", log)
    assert (result.code, result.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [row["action"] for row in rows] == ["overridden"] * 3
    assert rows[0]["feedback"] == "'=cmd"
    assert rows[0]["user"] == "Practitioner/7"
    file = tmp_path / "out.ndjson"
    again = command("log", "export", "--log", log, "--format", "ndjson", "-o", file)
    assert (again.code, again.out) == (0, "")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 3


def test_show(command: Command, log: Path, decision: Decision) -> None:
    listed = command("log", "show", "--log", log, "--last", "2").out.splitlines()
    assert listed == [
        "     3  " + listed[0][8:35] + "  feedback  overridden card-1",
        "     4  " + listed[1][8:35] + "  feedback  overridden card-9  (unknown card)",
    ]
    for name in ("1", decision.id):
        result = command("log", "show", name, "--log", log)
        assert (result.code, result.err) == (0, "")
        assert "outcome            recommend" in result.out
    of_card = command("log", "show", "card-1", "--log", log, "--json").out.splitlines()
    assert [json.loads(line)["kind"] for line in of_card] == ["decision", "feedback", "feedback"]


def test_the_input_is_shown_only_when_asked_for(command: Command, log: Path) -> None:
    commands = [
        ("show",), ("show", "1"), ("show", "1", "--json"), ("verify",), ("rates", "--json"),
        ("export", "--unanswered", "--format", "ndjson"), ("replay", "--json"),
    ]  # fmt: skip
    for words in commands:
        result = command("log", *words, "--log", log)
        assert "baseline_pain" not in result.out.replace("measures.baseline_pain_vas_mm", "")
        assert '"gait_instability": "absent"' not in result.out
    shown = command("log", "show", "1", "--input", "--log", log)
    assert '"gait_instability": "absent"' in shown.out


def test_nothing_reaches_the_terminal_but_text(command: Command, log: Path) -> None:
    wicked = "\x1b[31m\nrecord 9"
    with DecisionLog.open(str(log)) as opened:
        opened.record_feedback(
            Feedback(
                card=wicked,
                outcome="overridden",
                at=NOON,
                comment=wicked,
                reason=Coding(wicked),
            )
        )
    for words in (("show",), ("show", "5"), ("rates",)):
        result = command("log", *words, "--log", log)
        assert result.code == 0
        assert "\x1b" not in result.out
        assert not any(line.startswith("record 9") for line in result.out.splitlines())
    assert "\\x1b[31m\\x0arecord 9" in command("log", "show", "5", "--log", log).out


def test_from_the_environment(command: Command, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDESTEP_LOG", f"sqlite:///{log}")
    assert command("log", "verify").code == 0


def test_a_key(command: Command, tmp_path: Path, decision: Decision) -> None:
    path, key = tmp_path / "keyed.db", tmp_path / "key"
    key.write_bytes(b"0123456789abcdef\n")
    with DecisionLog.open(f"sqlite:///{path}", key=b"0123456789abcdef") as opened:
        opened.append(decision)
    assert command("log", "verify", "--log", path, "--key-file", key).code == 0
    without = command("log", "verify", "--log", path)
    assert (without.code, without.err.count("\n")) == (2, 1)
    assert "made with a key" in without.err
    key.write_bytes(b"short")
    assert "holds no key" in command("log", "verify", "--log", path, "--key-file", key).err
    assert "cannot be read" in command("log", "verify", "--log", path, "--key-file", "none").err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify",), "say which log: --log URL, or set GUIDESTEP_LOG"),
        (("verify", "--log", "nowhere.db"), "there is no log nowhere.db"),
        (("verify", "--log", "mysql://u:secret@h/d"), "a log cannot be kept in mysql"),
        (("verify", "--log", "postgresql://u:secret@127.0.0.1:1/d"), "the server runs"),
        (("verify", "--log", "LOG", "--head", "x"), "--head: a head is written HASH:SEQUENCE"),
        (("show", "77", "--log", "LOG"), "no record and no card 77"),
        (("export", "--format", "xml", "--log", "LOG"), "--format is csv or ndjson, not xml"),
        (("export", "-o", "none/out.csv", "--log", "LOG"), "none/out.csv cannot be written"),
        (("replay", "--guideline", "none", "--log", "LOG"), "there is no guideline none"),
        (("forget", "--log", "LOG"), "forget"),
    ],
)
def test_errors_are_one_line(
    words: tuple[str, ...], message: str, command: Command, log: Path
) -> None:
    result = command("log", *(str(log) if word == "LOG" else word for word in words))
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert "secret" not in result.err


def test_without_the_extra(command: Command, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("guidestep.decision_log")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    result = command("log", "verify", "--log", log)
    assert (result.code, result.out) == (2, "")
    assert result.err == "guidestep: the decision log is an extra: pip install 'guidestep[log]'\n"


def test_no_command(command: Command) -> None:
    result = command("log")
    assert result.code == 2
    assert "verify" in result.out
