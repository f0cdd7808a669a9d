"""The command as a whole: help, version, the missing extra, interrupts and broken pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from guidestep.cli import app, main
from guidestep.guideline import Guideline
from tests.cli.conftest import Command

COMMANDS = ("recommend", "check", "show", "schema", "new", "synth", "cohort")


def test_version(command: Command) -> None:
    result = command("--version")
    assert (result.code, result.out) == (0, f"guidestep {version('guidestep')}\n")


def test_help(command: Command) -> None:
    for arguments in (["--help"], ["-h"]):
        result = command(*arguments)
        assert result.code == 0
        assert all(name in result.out for name in COMMANDS)
    for name in COMMANDS:
        result = command(name, "--help")
        assert (result.code, result.err) == (0, "")
        assert f"guidestep {name}" in result.out


def test_without_a_command_there_is_help(command: Command) -> None:
    result = command()
    assert result.code == 2
    assert "recommend" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recommend"], "missing argument 'FILE...'; try 'guidestep recommend --help'"),
        (["recommnd"], "no such command 'recommnd'"),
        (["--colour"], "no such option: --colour; try 'guidestep --help'"),
        (["check", "a", "b"], "got unexpected extra argument"),
    ],
)
def test_usage_errors_are_one_line(command: Command, arguments: list[str], message: str) -> None:
    result = command(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"guidestep: {message}")
    assert result.err.count("\n") == 1


def test_an_interrupt(
    command: Command, small: Path, patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Guideline, "recommend", interrupted)
    result = command("recommend", patient, "--guideline", small)
    assert (result.code, result.err) == (130, "guidestep: interrupted\n")


def test_a_bug_is_one_line_unless_one_wants_to_find_it(
    command: Command, small: Path, patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Guideline, "recommend", broken)
    with pytest.raises(ZeroDivisionError):
        command("recommend", patient, "--guideline", small)
    monkeypatch.delenv("GUIDESTEP_TRACEBACK")
    result = command("recommend", patient, "--guideline", small)
    assert (result.code, result.err) == (
        70,
        "guidestep: internal error, set GUIDESTEP_TRACEBACK=1 to see where: "
        "ZeroDivisionError: a bug\n",
    )


# --- in a process of its own ----------------------------------------------------------------------


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


RUN = "from guidestep.cli import main; main()"


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_without_the_extra_it_says_so(name: str) -> None:
    code = f"import sys; sys.modules[{name!r}] = None; {RUN}"
    result = python("-c", code, "show")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == (
        "guidestep: the command line is an extra: pip install guidestep[cli]\n"
    )


def test_another_missing_module_is_not_taken_for_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "guidestep.cli.app", None)
    with pytest.raises(ModuleNotFoundError):
        main()


def test_the_library_does_not_need_the_extra() -> None:
    blocked = "import sys; sys.modules['typer'] = sys.modules['rich'] = None"
    assert python("-c", f"{blocked}; import guidestep, guidestep.cases").returncode == 0


def test_main_ends_with_the_code_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "run", lambda _: 7)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 7


@pytest.mark.parametrize("arguments", ["show", "--help", "schema guideline"])
def test_a_pipe_that_nobody_reads(arguments: str) -> None:
    command = f"'{sys.executable}' -c '{RUN}' {arguments} | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stderr == ""
    assert result.stdout.strip() in ("141", "0")


def test_a_terminal_of_few_characters(tmp_path: Path) -> None:
    name = "caf\u00e9.yaml"
    result = python("-c", RUN, "recommend", "--json", name, PYTHONIOENCODING="ascii")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
