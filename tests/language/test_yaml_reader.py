"""Reading YAML: every fault with its exact report, every place exact, nothing raised or slow."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from guidestep.language import yaml_reader
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_reader import (
    Mapping,
    Node,
    Plain,
    Scalar,
    Sequence,
    locate,
    locate_key,
    plain,
    read,
    read_file,
)


def faults_of(text: str) -> list[Diagnostic]:
    return read(SourceText("a.yaml", text))[1]


def codes_of(text: str) -> list[str]:
    return [fault.code for fault in faults_of(text)]


def report(text: str) -> str:
    return "\n".join(fault.render() for fault in faults_of(text))


def node_of(text: str) -> Node:
    node, faults = read(SourceText("a.yaml", text))
    assert not faults, [fault.render() for fault in faults]
    assert node is not None
    return node


def scalar_at(text: str, *path: str | int) -> Scalar:
    node: Node | None = node_of(text)
    for step in path:
        if isinstance(step, int):
            assert isinstance(node, Sequence)
            node = node.items[step]
        else:
            assert isinstance(node, Mapping)
            node = node.get(step)
    assert isinstance(node, Scalar)
    return node


def place(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def text_at(span: Span) -> str:
    """The text of the file at a span, line ends as they are."""
    lines = span.source.text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    # Processor time, so that busy neighbours do not fail a test.
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


@pytest.fixture(params=["c", "python"])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)


# --- every fault, as the reader of the report sees it ---------------------------------------------

REPORTS = {
    "empty": (
        "",
        """
a.yaml:1:1: empty-file: the file is empty
  hint: write it, or remove it""",
    ),
    "only a comment": (
        "# later\n",
        """
a.yaml:1:1: empty-file: the file is empty
    # later
    ^
  hint: write it, or remove it""",
    ),
    "control character": (
        "a: x\x1b[2J\n",
        """
a.yaml:1:5: control-character: character U+001B is not allowed
    a: x\ufffd[2J
        ^
  hint: remove it, or write it as "\\u001b" in double quotes""",
    ),
    "invisible line end": (
        "a: x\u2028b\n",
        """
a.yaml:1:5: control-character: character U+2028 is not allowed
    a: x\ufffdb
        ^
  hint: remove it, or write it as "\\u2028" in double quotes""",
    ),
    "carriage return alone": (
        "a: 1\rb: 2",
        """
a.yaml:1:5: control-character: character U+000D is not allowed
    a: 1\ufffdb: 2
        ^
  hint: remove it, or write it as "\\u000d" in double quotes""",
    ),
    "tab": (
        "a:\n\tb: 1\n",
        """
a.yaml:2:1: tab-indentation: a tab cannot indent
    \tb: 1
    ^
  hint: use spaces""",
    ),
    "tab after spaces": (
        "a:\n  b: 1\n \tc: 2\n",
        """
a.yaml:3:2: tab-indentation: a tab cannot indent
     \tc: 2
     ^
  hint: use spaces""",
    ),
    "two keys on a line": (
        "when: a: b\n",
        """
a.yaml:1:8: yaml-syntax: a ':' where no key can stand
    when: a: b
           ^
  hint: put a text that contains ': ' in quotes, or correct the indentation""",
    ),
    "open quote": (
        "a: 'x\nb: 1\n",
        """
a.yaml:1:4: yaml-syntax: quotes that are never closed
    a: 'x
       ^
  hint: close the quotes""",
    ),
    "open list": (
        "a: [1,\n  2\nb: 3\n",
        """
a.yaml:3:2: yaml-syntax: expected ',' or ']' in the list that opens in line 1
    b: 3
     ^
  hint: close the list with ']'""",
    ),
    "open mapping at the end of the file": (
        "a: {b: 1\n\n",
        """
a.yaml:1:9: yaml-syntax: expected ',' or '}' in the mapping that opens in line 1
    a: {b: 1
            ^
  hint: close the mapping with '}'""",
    ),
    "reserved character": (
        "a: @b\n",
        """
a.yaml:1:4: yaml-syntax: a text cannot start with '@'
    a: @b
       ^
  hint: put the text in quotes: "...\"""",
    ),
    "key without colon": (
        "a: 1\nb\n",
        """
a.yaml:2:1: yaml-syntax: a key without ':'
    b
    ^
  hint: write the line as `key: value`""",
    ),
    "text after quotes": (
        "a: 'b' c\n",
        """
a.yaml:1:8: yaml-syntax: expected a key
    a: 'b' c
           ^
  hint: correct the indentation, or put the whole value in quotes""",
    ),
    "unknown escape": (
        'a: "\\q"\n',
        """
a.yaml:1:5: yaml-syntax: an unknown escape
    a: "\\q"
        ^
  hint: write a backslash as \\\\, or use single quotes""",
    ),
    "a problem without a translation": (
        "a: |x\n",
        """
a.yaml:1:5: yaml-syntax: did not find expected comment or line break
    a: |x
        ^""",
    ),
    "tag": (
        "a: !!python/object:os.system x\n",
        """
a.yaml:1:4: yaml-tag: tag '!!python/object:os.system' is not allowed
    a: !!python/object:os.system x
       ^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: remove it, or put the text in quotes: "!!python/object:os.system ...\"""",
    ),
    "tag with an unknown prefix": (
        "a: !e!x 1\n",
        """
a.yaml:1:4: yaml-tag: a tag is not allowed here
    a: !e!x 1
       ^
  hint: put the text in quotes: "...\"""",
    ),
    "alias": (
        "a: &x 1\nb: *x\n",
        """
a.yaml:1:4: yaml-alias: anchor '&x' is not allowed
    a: &x 1
       ^^
  hint: write the value out where it is used
a.yaml:2:4: yaml-alias: alias '*x' is not allowed
    b: *x
       ^^
  hint: write the value out where it is used""",
    ),
    "merge key": (
        "<<: {a: 1}\n",
        """
a.yaml:1:1: yaml-alias: merge key '<<' is not allowed
    <<: {a: 1}
    ^^
  hint: write the value out where it is used""",
    ),
    "second document": (
        "a: 1\n# next\n--- # two\nb: 2\n",
        """
a.yaml:3:1: several-documents: a second document starts here
    --- # two
    ^^^^^^^^^
  hint: keep one document, and put the other one into a file of its own""",
    ),
    "directive": (
        "# head\n%YAML 1.2\n---\na: 1\n",
        """
a.yaml:2:1: several-documents: a directive is not allowed here
    %YAML 1.2
    ^^^^^^^^^
  hint: remove the line""",
    ),
    "duplicate key": (
        "a: 1\nb: 2\n'a': 3\n",
        """
a.yaml:3:1: duplicate-key: key 'a' is already in line 1
    'a': 3
    ^^^
  hint: keep one of the two""",
    ),
    "number as key": (
        "15: a\n",
        """
a.yaml:1:1: key-not-text: key 15 is a number, not text
    15: a
    ^^
  hint: write "15" with quotes""",
    ),
    "list as key": (
        "[a, b]: 1\n",
        """
a.yaml:1:1: key-not-text: a key is a list, not text
    [a, b]: 1
    ^^^^^^
  hint: write a text before the ':'""",
    ),
    "no key": (
        "?\n",
        """
a.yaml:1:2: key-not-text: a key is missing
    ?
     ^
  hint: write it before the ':'""",
    ),
    "surprise as value": (
        "é: no # comment\n",
        """
a.yaml:1:4: yaml-surprise: 'no' is a boolean to YAML 1.1 and text to YAML 1.2
    é: no # comment
       ^^
  hint: write false, or "no" with quotes if it is text""",
    ),
    "surprise as key": (
        "on: 1\n",
        """
a.yaml:1:1: yaml-surprise: 'on' is a boolean to YAML 1.1 and text to YAML 1.2
    on: 1
    ^^
  hint: write true, or "on" with quotes if it is text""",
    ),
    "long number": (
        "- 1234567890123456\n",
        """
a.yaml:1:3: number-too-long: a number of 16 digits is too long, 15 are exact
    - 1234567890123456
      ^^^^^^^^^^^^^^^^
  hint: write "1234567890123456" with quotes if it is text""",
    ),
    "large decimal": (
        "1.5e+999",
        """
a.yaml:1:1: number-too-long: '1.5e+999' is too large for a decimal
    1.5e+999
    ^^^^^^^^
  hint: write "1.5e+999" with quotes if it is text""",
    ),
    "small decimal": (
        "1.5e-999",
        """
a.yaml:1:1: number-too-long: '1.5e-999' is too small for a decimal
    1.5e-999
    ^^^^^^^^
  hint: write "1.5e-999" with quotes if it is text""",
    ),
    "bad date": (
        "a: 2026-02-30\n",
        """
a.yaml:1:4: bad-date: '2026-02-30' is not a day of the calendar
    a: 2026-02-30
       ^^^^^^^^^^
  hint: write a day such as 2026-02-24, or "2026-02-30" with quotes if it is text""",
    ),
    "too deep": (
        "[" * 41 + "]" * 41,
        f"""
a.yaml:1:41: too-deep: more than 40 levels of nesting
    {"[" * 41 + "]" * 41}
    {" " * 40}^
  hint: give the inner part a definition of its own""",
    ),
}


@pytest.mark.parametrize(("text", "expected"), REPORTS.values(), ids=REPORTS)
def test_a_fault_is_reported_exactly(text: str, expected: str) -> None:
    assert report(text) == expected.removeprefix("\n")


def test_every_fault_of_a_file_is_reported_in_its_order() -> None:
    text = "b: {x: no, x: !t 1}\na: 010\n3: ~\nd: [\n"
    assert [(fault.code, fault.span.line) for fault in faults_of(text)] == [
        ("yaml-surprise", 1),
        ("duplicate-key", 1),
        ("yaml-tag", 1),
        ("yaml-surprise", 2),
        ("yaml-surprise", 3),
        ("yaml-syntax", 4),
    ]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("1.5", "a number"),
        ("true", "a boolean"),
        ("null", "null"),
        ("2026-02-24", "a date"),
    ],
)
def test_a_key_of_another_kind_is_not_text_but_keeps_its_spelling(key: str, kind: str) -> None:
    node, faults = read(SourceText("a.yaml", f"{key}: 1\n"))
    assert [fault.message for fault in faults] == [f"key {key} is {kind}, not text"]
    assert node is not None
    assert plain(node) == {key: 1}


@pytest.mark.parametrize("text", ["!t [1]", "! x", "! {a: 1}", "!!str x", "!<tag:x> 1", "!x &y 1"])
def test_any_tag_is_refused(text: str) -> None:
    assert "yaml-tag" in codes_of(text)


def test_a_tag_and_an_anchor_are_both_marked() -> None:
    assert [(f.code, text_at(f.span)) for f in faults_of("a: &x  !t\n  - 1\n")] == [
        ("yaml-alias", "&x"),
        ("yaml-tag", "!t"),
    ]


@pytest.mark.parametrize(
    "text", ["a: 1\n...\n---\nb: 1\n", "a: 1\n%TAG ! x\n", "a: 1\n%b\n", "[a]\n---x", "---\n---\n"]
)
def test_whatever_starts_a_document_twice_is_several_documents(text: str) -> None:
    assert codes_of(text) == ["several-documents"]


def test_a_directive_does_not_hide_the_faults_below_it() -> None:
    assert codes_of("%YAML 3.0\n%x\n--- no\n") == ["several-documents"] * 2 + ["yaml-surprise"]


def test_a_tag_without_a_value_is_not_an_empty_file_as_well() -> None:
    assert codes_of("!t\n") == ["yaml-tag"]


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize("escape", ["uD800", "uD83D\\uDE00", "UFFFFFFFF"])
def test_an_escape_that_is_no_character(escape: str) -> None:
    (fault,) = faults_of(f'"\\{escape}"')
    assert (fault.code, fault.message) == ("yaml-syntax", "an escape that is not a character")


@pytest.mark.parametrize("text", ["---\na: 1\n", "a: 1\n...\n", "--- {a: 1}\n...\n# end\n"])
def test_one_document_may_have_its_markers(text: str) -> None:
    assert plain(node_of(text)) == {"a": 1}


def test_forty_levels_and_their_values_are_read() -> None:
    assert codes_of("[" * 40 + "]" * 40) == []


def test_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "MAX_NODES", 4)
    assert codes_of("[1, 2, 3]") == []
    assert report("[1, 2, 3, 4]") == (
        "a.yaml:1:1: too-many-nodes: the file has more than 4 values\n"
        "    [1, 2, 3, 4]\n    ^^^^^^^^^^^^\n  hint: split the file"
    )


def test_reading_stops_after_a_hundred_faults() -> None:
    node, faults = read(SourceText("a.yaml", "- no\n" * 1000))
    assert node is None
    assert len(faults) == 100


# --- scalars --------------------------------------------------------------------------------------

VALUES: dict[str, Plain] = {
    "null": None,
    "true": True,
    "false": False,
    "0": 0,
    "-12": -12,
    "123456789012345": 123456789012345,
    "0.5": 0.5,
    "-1.25": -1.25,
    "1.5e-3": 0.0015,
    "1.5E+3": 1500.0,
    "0.0": 0.0,
    "2026-02-24": date(2026, 2, 24),
    "none": "none",
    "None": "None",
    "is not done": "is not done",
    "not no": "not no",
    "yEs": "yEs",
    "1:99": "1:99",
    "15-20": "15-20",
    "1.2.3": "1.2.3",
    "3 x 10": "3 x 10",
    "0xZZ": "0xZZ",
    "e3": "e3",
    "_1": "_1",
    "...a": "...a",
    "\u0661": "\u0661",
    "'no'": "no",
    '"010"': "010",
    "''": "",
    '"2026-02-24"': "2026-02-24",
    '"\\u00e9\\n"': "é\n",
}


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES)
def test_the_value_of_a_scalar(text: str, value: Plain) -> None:
    read_value = scalar_at(f"a: {text}\n", "a").value
    assert (type(read_value), read_value) == (type(value), value)


SURPRISES = {
    **dict.fromkeys(["no", "No", "NO", "off", "Off", "OFF", "n", "N"], "false"),
    **dict.fromkeys(["yes", "Yes", "YES", "on", "On", "ON", "y", "Y"], "true"),
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
    "~": "null",
    "Null": "null",
    "NULL": "null",
    "=": "",
    ".inf": "",
    "-.Inf": "",
    "+.INF": "",
    ".nan": "null",
    ".NaN": "null",
    "1_000": "1000",
    "-1_0.5_0": "-10.50",
    "1:30": "90",
    "12:30:45": "45045",
    "-1:30.5": "-90.5",
    "1_0:30._5": "630.5",
    "010": "10",
    "-08": "-8",
    "0o10": "8",
    "0x1F": "31",
    "-0b101": "-5",
    "0xb": "11",
    "0b_": "",
    "1e3": "1.0e+3",
    "1E-3": "1.0e-3",
    "1.5e3": "1.5e+3",
    ".5": "0.5",
    "-.5": "-0.5",
    "5.": "5.0",
    "01.5": "1.5",
    "+5": "5",
    "+1.5": "1.5",
    "2026-02-24 10:00:00": "2026-02-24",
    "2026-02-24T10:00:00.5Z": "2026-02-24",
    "2026-2-4 10:00": "2026-02-04",
    "2026-02-24 10:00:00 +01:00": "2026-02-24",
    "2026-2-4": "2026-02-04",
}


@pytest.mark.parametrize(("text", "instead"), SURPRISES.items(), ids=SURPRISES)
def test_a_surprise_says_what_to_write_instead(text: str, instead: str) -> None:
    for source, column in ((f"a: {text}\n", 4), (f"{text}: 1\n", 1), (f"[{text}]", 2)):
        (fault,) = faults_of(source)
        assert fault.code == "yaml-surprise"
        assert fault.message.startswith(f"'{text}' ")
        assert place(fault.span) == (1, column, 1, column + len(text))
        quoted = f'"{text}" with quotes if it is text'
        assert fault.hint == (f"write {instead}, or {quoted}" if instead else f"write {quoted}")


@pytest.mark.parametrize("text", SURPRISES)
def test_what_the_hint_says_is_no_surprise(text: str) -> None:
    assert codes_of(f'"{text}"') == []
    if SURPRISES[text]:
        assert codes_of(SURPRISES[text]) == []


@settings(max_examples=500)
@given(st.text(st.sampled_from("0123456789_.:+-eExobTZ "), min_size=1, max_size=12))
@example("190:20:30.15")
@example("0.1_5")
@example("685_230.15e+03")
def test_whatever_pyyaml_reads_as_a_number_or_a_date_we_read_alike_or_refuse(text: str) -> None:
    node, faults = read(SourceText("a.yaml", text))
    if isinstance(node, Scalar) and not faults and not isinstance(node.value, str):
        assert yaml.safe_load(text) == node.value
    elif isinstance(node, Scalar) and not faults:
        assert yaml.compose(text, Loader=yaml.SafeLoader).tag == "tag:yaml.org,2002:str"


@pytest.mark.parametrize("text", ["|\n  no\n", ">\n  no\n", "|-\n  010\n"])
def test_a_block_is_always_text(text: str) -> None:
    scalar = scalar_at(f"a: {text}", "a")
    assert scalar.value == scalar.text
    assert scalar.block
    assert not scalar.quoted


# --- places ---------------------------------------------------------------------------------------


def test_the_places_of_keys_values_and_items() -> None:
    node = node_of(
        "---\nü: 1\n'k 2':\n  - é x  # c\n  - {a: [1, 2] , b: }\nlast: |\n  x\n\n# end\n"
    )
    assert isinstance(node, Mapping)
    assert place(node.span) == (2, 1, 7, 4)
    assert [place(entry.key_span) for entry in node.entries] == [
        (2, 1, 2, 2),
        (3, 1, 3, 6),
        (6, 1, 6, 5),
    ]
    expected = {
        ("ü",): (2, 4, 2, 5),
        ("k 2",): (4, 3, 5, 22),
        ("k 2", 0): (4, 5, 4, 8),
        ("k 2", 1): (5, 5, 5, 22),
        ("k 2", 1, "a"): (5, 9, 5, 15),
        ("k 2", 1, "a", 1): (5, 13, 5, 14),
        ("k 2", 1, "b"): (5, 21, 5, 21),
        ("last",): (6, 7, 7, 4),
    }
    assert {path: place(locate(node, path)) for path in expected} == expected


def test_lists_without_indentation_and_pairs_in_lists_end_with_their_last_node() -> None:
    node = node_of("a:\n- x\n- yy\n\n# c\nb: [k: v ]\n")
    assert place(locate(node, ("a",))) == (2, 1, 3, 5)
    assert place(locate(node, ("b",))) == (6, 4, 6, 11)
    assert place(locate(node, ("b", 0))) == (6, 5, 6, 9)


def test_the_places_in_a_file_with_windows_line_ends() -> None:
    node = node_of("a: x\r\n\r\nb:\r\n  - 'é'\r\n  - |\r\n    1\r\n    2\r\n")
    assert place(locate(node, ("b", 0))) == (4, 5, 4, 8)
    assert place(locate(node, ("b", 1))) == (5, 5, 7, 6)
    scalar = scalar_at("a: |\r\n  xx\r\n   yy\r\n", "a")
    assert scalar.value == "xx\n yy\n"
    assert place(scalar.span_of(2, 1, 2, 3)) == (3, 4, 3, 6)


def test_the_places_after_characters_beyond_the_basic_plane() -> None:
    node = node_of("{😀😀: 'a', b: c}")
    assert place(locate(node, ("b",))) == (1, 14, 1, 15)
    assert place(locate_key(node, ("b",))) == (1, 11, 1, 12)


def test_locate_goes_as_deep_as_the_path_exists() -> None:
    node = node_of("a:\n  b: [1]\n")
    for path in [("a", "b", 1), ("a", "b", "x"), ("a", "b", -1), ("a", "b", 7, "y")]:
        assert place(locate(node, path)) == (2, 6, 2, 9)
        assert place(locate_key(node, path)) == (2, 3, 2, 4)
    assert place(locate(node, ("x", "b"))) == place(node.span) == (1, 1, 2, 9)
    assert locate_key(node, ()) == locate_key(node, ("x",)) == node.span
    assert place(locate_key(node, ("a", "b", 0))) == (2, 7, 2, 8)
    assert place(locate(node, (0,))) == place(node.span)


def test_get_and_entry() -> None:
    node = node_of("a: 1\n")
    assert isinstance(node, Mapping)
    value, entry = node.get("a"), node.entry("a")
    assert isinstance(value, Scalar)
    assert value.value == 1
    assert entry is not None
    assert entry.key == "a"
    assert node.get("b") is None
    assert node.entry("b") is None


# --- places within a scalar -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column"), [("a: bc d\n", 4), ("a: 'bc d'\n", 5), ('a: "bc d"\n', 5)]
)
def test_a_place_in_one_line(text: str, column: int) -> None:
    scalar = scalar_at(text, "a")
    assert place(scalar.span_of(1, 0, 1, 2)) == (1, column, 1, column + 2)
    assert place(scalar.span_of(1, 3, 1, 4)) == (1, column + 3, 1, column + 4)
    assert place(scalar.span_of(1, 2, 1, 2)) == (1, column + 2, 1, column + 2)


@pytest.mark.parametrize("text", ["'it''s b'", '"a\\tb"', '"a\\\n  b"', "'x''y\n  b'"])
def test_a_place_in_a_text_with_escapes_is_the_whole_text(text: str) -> None:
    scalar = scalar_at(f"a: {text}\n", "a")
    assert scalar.span_of(1, 0, 1, 1) == scalar.span


@pytest.mark.parametrize(
    "stretch", [(0, 0, 1, 1), (1, 0, 2, 0), (1, 0, 1, 9), (1, 2, 1, 1), (1, -1, 1, 1)]
)
def test_a_stretch_that_is_not_in_the_text_is_the_whole_text(
    stretch: tuple[int, int, int, int],
) -> None:
    scalar = scalar_at("a: bcd\n", "a")
    assert scalar.span_of(*stretch) == scalar.span


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("a: b and\n  c or\n\n  d\n", "c or", (2, 3, 2, 7)),
        ("a: b and\n  c or\n\n  z\n", "z", (4, 3, 4, 4)),
        ("a: b and\n  c or\n\n  d\n", "and c", (1, 6, 2, 4)),
        ("a: 'b and\n\n  c'\n", "c", (3, 3, 3, 4)),
        ("a: >\n\n  b and\n  c\n\n    d\n  e\n", "b", (3, 3, 3, 4)),
        ("a: >\n\n  b and\n  c\n\n    d\n  e\n", "c", (4, 3, 4, 4)),
        ("a: >\n\n  b and\n  c\n\n    z\n  e\n", "z", (6, 5, 6, 6)),
        ("a: >-  # note\n  b\n  c\n", "c", (3, 3, 3, 4)),
        ("a: |  # note\n\n  b\n    c\n", "c", (4, 5, 4, 6)),
        ("a: |4\n      b\n    c\n", "b", (2, 7, 2, 8)),
        ("a: |4\n      b\n    c\n", "c", (3, 5, 3, 6)),
    ],
)
def test_a_place_in_several_lines(
    text: str, word: str, expected: tuple[int, int, int, int]
) -> None:
    scalar = scalar_at(text, "a")
    assert place(stretch_of(scalar, word)) == expected


def stretch_of(scalar: Scalar, word: str) -> Span:
    start = scalar.text.index(word)
    return stretch(scalar, start, start + len(word))


def stretch(scalar: Scalar, start: int, end: int) -> Span:
    def line_and_column(offset: int) -> tuple[int, int]:
        before = scalar.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1)

    return scalar.span_of(*line_and_column(start), *line_and_column(end))


def test_leading_line_ends_of_a_folded_text_have_no_place() -> None:
    scalar = scalar_at("a: >\n\n\n  b\n", "a")
    assert scalar.text.startswith("\n")
    assert scalar.span_of(1, 0, 1, 0) == scalar.span


def test_a_place_in_a_number_is_a_place_in_its_text() -> None:
    assert place(scalar_at("a: 1.50\n", "a").span_of(1, 2, 1, 4)) == (1, 6, 1, 8)


# --- files ----------------------------------------------------------------------------------------


def file_faults(path: Path) -> list[str]:
    node, faults = read_file(path, "rules/a.yaml")
    assert node is None
    return [fault.render() for fault in faults]


def test_a_file_is_read_with_its_byte_order_mark_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\n")
    node, faults = read_file(str(path), "a.yaml")
    assert faults == []
    assert node is not None
    assert plain(node) == {"a": "é"}
    assert place(node.span) == (1, 1, 1, 5)
    assert str(node.span) == "a.yaml:1:1"


def test_a_text_may_have_a_byte_order_mark_too() -> None:
    assert place(locate(node_of("\ufeffa: 1"), ("a",))) == (1, 4, 1, 5)


def test_a_missing_file(tmp_path: Path) -> None:
    assert file_faults(tmp_path / "none.yaml") == [
        "rules/a.yaml:1:1: unreadable-file: the file cannot be read: no such file or directory\n"
        "  hint: check the path and its permissions"
    ]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_not_a_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a.yaml")
    assert file_faults(tmp_path / "a.yaml") == [
        "rules/a.yaml:1:1: unreadable-file: the file cannot be read: it is not a file\n"
        "  hint: check the path and its permissions"
    ]


def test_a_path_that_cannot_be() -> None:
    assert "no path can have" in file_faults(Path("a\0b"))[0]


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf\xc3\xa9: caf\xe9\x1b\n")
    assert file_faults(path) == [
        "rules/a.yaml:1:7: not-utf8: byte 0xe9 is not UTF-8\n"
        "    é: caf\ufffd\ufffd\n          ^\n"
        "  hint: save the file as UTF-8"
    ]


def test_the_largest_file_and_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a" * (1 << 20))
    assert read_file(path, "a.yaml")[1] == []
    path.write_bytes(b"a" * ((1 << 20) + 1))
    assert file_faults(path) == [
        "rules/a.yaml:1:1: file-too-large: the file has 1048577 bytes, and 1048576 are allowed\n"
        "  hint: split the file"
    ]
    assert codes_of("a" * ((1 << 20) + 1)) == ["file-too-large"]


# --- speed ----------------------------------------------------------------------------------------


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with within(0.5):
        assert "the file has 104857600 bytes, and 1048576 are allowed" in file_faults(path)[0]


def test_an_alias_bomb_is_refused_at_once() -> None:
    bomb = "a0: &a0 [lol]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30)
    )
    with within(0.5):
        assert set(codes_of(bomb)) == {"yaml-alias"}


# PyYAML compares each with all before it.
DIRECTIVES = "".join(f"%TAG !{i}! x\n" for i in range(60_000))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 100_000, "too-deep"),
        ('{"a":' * 100_000, "too-deep"),
        ("- " * 100_000, "too-deep"),
        (DIRECTIVES, "several-documents"),
        ("a: 1\n...\n" + DIRECTIVES, "several-documents"),
        ("*a," * 300_000, "yaml-alias"),
        ("!a " * 300_000, "yaml-tag"),
        ("0x" + "f" * 1_000_000, "yaml-surprise"),
        ("9" * 1_000_000, "number-too-long"),
        ("\0" * 1_000_000, "control-character"),
    ],
    ids=lambda value: value[:12].strip(),
)
def test_a_bomb_is_refused_fast(text: str, code: str) -> None:
    with within(0.5):
        assert code in codes_of("[" + text if text.startswith("*") else text)


# --- properties -----------------------------------------------------------------------------------

LETTERS = st.text(st.characters(categories=("L",)), max_size=20).filter(
    lambda t: t not in SURPRISES
)
INTEGERS = st.integers(-(10**15) + 1, 10**15 - 1)
# The exponent of Python's floats comes without a point (1e-07), which is a surprise.
DECIMALS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: "." in repr(x))


def documents(scalars: st.SearchStrategy[Plain], keys: st.SearchStrategy[str]) -> st.SearchStrategy:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=20,
    )


JSON_TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",)), max_size=20)


@given(documents(st.none() | st.booleans() | INTEGERS | DECIMALS | JSON_TEXT, JSON_TEXT))
def test_json_is_read_as_it_was_written(data: Plain) -> None:
    for indent in (None, 2):
        assert plain(node_of(json.dumps(data, indent=indent))) == data


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


@given(documents(st.none() | st.booleans() | INTEGERS | st.dates() | LETTERS, LETTERS))
def test_yaml_is_read_as_it_was_written(data: Plain) -> None:
    for unicode in (False, True):
        text = yaml.dump(
            data, Dumper=Dumper, default_flow_style=False, allow_unicode=unicode, sort_keys=False
        )
        assert plain(node_of(text)) == data


INDICATORS = [*"[]{},:-?&*!|>'\"%@`#~= \n\t\rab1\\é😀\ufeff\u2028\0"]
PIECES = ["- ", ": ", "\n  ", "---\n", "...\n", "<<: ", "&a ", "*a ", "!t ", "no", "1_0", "|2\n"]
PIECES += ["2026-02-30", "'' ", "\\u", "\\UFFFFFFFF", "%TAG "]
YAML_LIKE = st.lists(st.sampled_from(INDICATORS + PIECES), max_size=40).map("".join)


@pytest.mark.usefixtures("_loader")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.text() | st.text(st.characters(exclude_categories=())) | YAML_LIKE)
@example('"\\UFFFFFFFF"')
@example('"\\uD800"')
def test_any_text_is_read_or_refused(text: str) -> None:
    with within(2):
        node, faults = read(SourceText("a.yaml", text))
        assert node is not None or faults
        assert faults == sorted(faults, key=lambda fault: fault.order)
        for fault in faults:
            assert fault.render()
            assert fault.span.line <= text.count("\n") + 1
        if node is not None:
            check_places(node)
            plain(node)


def check_places(node: Node) -> None:
    """Every node lies within its parent, and every scalar is found at its place."""
    span = node.span
    assert (span.line, span.column) <= (span.end_line, span.end_column)
    if isinstance(node, Scalar):
        if node.origins and "\n" not in node.text and not node.block and "\n" not in text_at(span):
            assert text_at(node.span_of(1, 0, 1, len(node.text))) == node.text
        return
    children = (
        list(node.items) if isinstance(node, Sequence) else [entry.value for entry in node.entries]
    )
    for child in children:
        assert place(span)[:2] <= place(child.span)[:2]
        assert place(child.span)[2:] <= place(span)[2:]
        check_places(child)


LINE = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30)


@given(LINE, st.data())
def test_a_stretch_of_a_line_is_the_text_at_its_place(line: str, data: st.DataObject) -> None:
    for text in (line, f"'{line}'", f'"{line}"'):
        node, _ = read(SourceText("a.yaml", f"é: {text}\n"))
        scalar = node.get("é") if isinstance(node, Mapping) else None
        if not isinstance(scalar, Scalar) or not scalar.origins or scalar.block:
            continue
        start = data.draw(st.integers(0, len(scalar.text)))
        end = data.draw(st.integers(start, len(scalar.text)))
        assert text_at(scalar.span_of(1, start, 1, end)) == scalar.text[start:end]


@given(st.lists(LINE, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]), st.data())
def test_a_stretch_of_a_literal_is_the_text_at_its_place(
    lines: list[str], line_end: str, data: st.DataObject
) -> None:
    text = line_end.join(["a:", "  é: |2", *("    " + line for line in lines), "  b: 1"])
    node, faults = read(SourceText("a.yaml", text))
    assume(not faults)
    assert isinstance(node, Mapping)
    inner = node.get("a")
    assert isinstance(inner, Mapping)
    scalar = inner.get("é")
    assert isinstance(scalar, Scalar)
    for number, line in enumerate(scalar.text.split("\n")[:-1], start=1):
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, len(line)))
        assert text_at(scalar.span_of(number, start, number, end)) == line[start:end]
        assert line == lines[number - 1]


@given(st.lists(LINE, min_size=1, max_size=5), st.sampled_from(["", ">\n  ", "'"]))
def test_a_word_of_a_folded_text_is_found_or_the_whole_is(lines: list[str], style: str) -> None:
    body = "\n  ".join(lines)
    node, _ = read(SourceText("a.yaml", f"a: {style}{body}{style if style == chr(39) else ''}\n"))
    scalar = node.get("a") if isinstance(node, Mapping) else None
    if isinstance(scalar, Scalar):
        for word in scalar.text.split():
            found = stretch_of(scalar, word)
            assert found == scalar.span or text_at(found) == word
