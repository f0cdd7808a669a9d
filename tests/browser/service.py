"""The real service: a process of `guidestep serve`, with a decision log in SQLite."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

import yaml

START_SECONDS = 60
ID = "cervical-spasm-opll"


class Service:
    """A service that runs in a folder of its own, from entry to exit.

    `origins` are those that may call from a browser; `settings` are put over the rest.
    """

    def __init__(self, folder: Path, origins: Iterable[str], **settings: Any) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.settings = {
            "base_url": self.base,
            "cors_origins": [*origins],
            "log": {"url": f"sqlite:///{folder / 'decisions.db'}"},
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> str:
        """What the process has written to standard error."""
        return (self.folder / "lines.log").read_text(encoding="utf-8")

    def feedback(self) -> list[dict[str, Any]]:
        """Return the feedback in the decision log, each with the decision of its card."""
        with closing(sqlite3.connect(self.folder / "decisions.db")) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute(
                "SELECT told.card, told.response, told.reason, told.comment, told.suggestions, "
                "told.client, decided.outcome, decided.hook, decided.user_id, decided.cards "
                "FROM guidestep_record AS told "
                "LEFT JOIN guidestep_record AS decided ON decided.sequence = told.decision "
                "WHERE told.kind = 'feedback' ORDER BY told.sequence"
            ).fetchall()
        texts = ("reason", "suggestions", "cards")
        return [
            {
                name: json.loads(row[name]) if name in texts and row[name] else row[name]
                for name in row.keys()  # noqa: SIM118 (a row is no mapping)
            }
            for row in rows
        ]

    def __enter__(self) -> Self:
        file = self.folder / "settings.yaml"
        file.write_text(yaml.safe_dump(self.settings), encoding="utf-8")
        program = str(Path(sys.executable).with_name("guidestep"))
        command = [program, "serve", "--settings", str(file), "--port", str(self.port)]
        with (self.folder / "lines.log").open("wb") as lines:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=lines, stderr=lines
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the service does not start:\n{self.lines}")
            try:
                with urlopen(f"{self.base}/ready", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise TimeoutError("the service does not answer")

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
