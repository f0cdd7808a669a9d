"""Runs the blocks of a page in order, in one empty folder, and compares what they print.

- `python`: in doctest form, or plain statements; all blocks of a page share their names.
- `console`: commands after `$`, each followed by what it prints; `...` stands for anything.
- `yaml` that begins with a comment naming a file, `# folder/name.yaml`: written, or added, to it.

`python -m tests.docs.running` writes what the blocks print now into the pages.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass, field
from doctest import ELLIPSIS, REPORT_NDIFF, DocTestParser, Example, OutputChecker
from pathlib import Path

from tests.docs.pages import ROOT, Block, blocks, pages

FILE = re.compile(r"^# (?P<path>[\w./-]+\.ya?ml)$")
END = "\x1e"


@dataclass
class Difference:
    """What a block prints, where the page says otherwise."""

    line: int
    """The index of the first line of what the page says."""
    said: list[str]
    found: list[str]
    source: str

    def __str__(self) -> str:
        example = Example(self.source + "\n", "\n".join(self.said) + "\n" if self.said else "")
        found = "\n".join(self.found) + "\n" if self.found else ""
        shown = OutputChecker().output_difference(example, found, ELLIPSIS | REPORT_NDIFF)
        return f"line {self.line + 1}: {self.source.strip()}\n{shown}"


@dataclass
class Run:
    """One run of a page."""

    names: dict[str, object] = field(default_factory=lambda: {"__name__": "__main__"})
    written: set[Path] = field(default_factory=set)

    def page(self, text: str) -> Iterator[Difference]:
        """Yield the differences of all blocks, in order."""
        for block in blocks(text):
            if block.language == "python":
                yield from self.python(block)
            elif block.language == "console":
                yield from console(block)
            elif block.language == "yaml" and (found := FILE.match(block.lines[0])):
                self.file(Path(found["path"]), block)

    def file(self, path: Path, block: Block) -> None:
        """Write a block to the file it names; a second block is added to the first."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if path in self.written else "w", encoding="utf-8") as file:
            file.write("\n".join(block.lines) + "\n")
        self.written.add(path)

    def python(self, block: Block) -> Iterator[Difference]:
        """Yield the differences of a block of Python."""
        text = "\n".join(block.lines) + "\n"
        if ">>> " not in text:
            # Lines before it, so that a traceback names the line of the page.
            exec(compile("\n" * block.start + text, "page", "exec", dont_inherit=True), self.names)
            return
        for example in DocTestParser().get_examples(text):
            said = example.want
            found, is_error = self.example(example)
            if example.exc_msg is not None:
                said = example.exc_msg
            if is_error != (example.exc_msg is not None):
                raise AssertionError(f"line {block.start + example.lineno + 1}:\n{found}")
            if OutputChecker().check_output(said, found, ELLIPSIS):
                continue
            line = block.start + example.lineno + example.source.count("\n")
            found = re.sub(r"^$", "<BLANKLINE>", found.removesuffix("\n"), flags=re.M)
            lines = found.split("\n") if found != "<BLANKLINE>" else []
            if is_error:
                lines = ["Traceback (most recent call last):", "    ...", *lines]
            yield Difference(line, example.want.split("\n")[:-1], lines, example.source)

    def example(self, example: Example) -> tuple[str, bool]:
        """Return what an example prints, and whether that is an error."""
        hook, sys.displayhook = sys.displayhook, sys.__displayhook__
        out = io.StringIO()
        try:
            with redirect_stdout(out):
                exec(compile(example.source, "page", "single", dont_inherit=True), self.names)
        except Exception as error:
            return "".join(traceback.format_exception_only(error)), True
        finally:
            sys.displayhook = hook
        return out.getvalue(), False


def console(block: Block) -> Iterator[Difference]:
    """Yield the differences of a block of commands, run by one shell."""
    commands: list[tuple[int, str, list[str]]] = []
    for index, line in enumerate(block.lines):
        if line.startswith("$ "):
            commands.append((block.start + index, line[2:], []))
        elif commands[-1][1].endswith("\\"):
            at, command, said = commands.pop()
            commands.append((at + 1, f"{command}\n{line}", said))
        else:
            commands[-1][2].append(line)
    script = "\n".join(
        f"{command}\n_code=$?; printf '{END}\\n'; (exit $_code)" for _, command, _ in commands
    )
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    for (at, command, said), found in zip(commands, done.stdout.split(f"{END}\n"), strict=False):
        want = "".join(f"{line}\n" for line in said)
        # A block of several commands may have empty lines between them.
        if not OutputChecker().check_output(want.rstrip(), found.rstrip(), ELLIPSIS):
            yield Difference(at + 1, said, found.rstrip().split("\n"), command)


def differences(page: Path) -> list[Difference]:
    """Return where a page says something else than what its blocks print."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        shutil.copytree(ROOT / "docs" / "examples", Path("docs", "examples"))
        shutil.copytree(ROOT / "rules", Path("rules"))
        return list(Run().page(page.read_text(encoding="utf-8")))


def update(page: Path) -> int:
    """Write into a page what its blocks print now; return how many of them printed otherwise."""
    found = differences(page)
    lines = page.read_text(encoding="utf-8").split("\n")
    for difference in reversed(found):
        lines[difference.line : difference.line + len(difference.said)] = difference.found
    page.write_text("\n".join(lines), encoding="utf-8")
    return len(found)


if __name__ == "__main__":
    for each in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        print(f"{each.name}: {update(each)} changed")
