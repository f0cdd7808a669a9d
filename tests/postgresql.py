"""A real PostgreSQL server for tests: made in a temporary folder, stopped at the end.

`from tests.postgresql import postgresql` in a conftest or a test module gives the fixture. Without
the programs its tests are skipped, and fail where CI is set. Mark them with `ONCE`, so that under
xdist one worker has them all and one server is enough.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

ONCE = pytest.mark.xdist_group("postgresql")

_DATABASES = count(1)


class Server:
    """A cluster in a folder of its own, on a loopback port, for the user `guidestep`.

    It keeps its promises (fsync is on); `stop` and `start` are there to break and mend it.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def make(self) -> None:
        """Make the cluster."""
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            "--username=guidestep",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                f"unix_socket_directories = ''\nshared_buffers = 16MB\nmax_connections = 40\n"
            )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        log = self.folder / "server.log"
        self._run("pg_ctl", "start", "--wait", "--silent", f"--pgdata={self.data}", f"--log={log}")

    def stop(self) -> None:
        """Stop the server at once: a crash, as far as clients and data can tell."""
        self._signal(signal.SIGQUIT, self.main)

    def kill(self) -> None:
        """Kill the server and its children with SIGKILL, as when memory runs out."""
        self._signal(signal.SIGKILL, *self.processes)
        with suppress(FileNotFoundError):
            (self.data / "postmaster.pid").unlink()

    def pause(self) -> None:
        """Let the server hang: it is there, takes what it is sent, and answers nothing."""
        for process in self.processes:
            os.kill(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let the server go on."""
        for process in self.processes:
            os.kill(process, signal.SIGCONT)

    @property
    def processes(self) -> tuple[int, ...]:
        """The server and its children."""
        main = self.main
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
        return (main, *map(int, children))

    @property
    def main(self) -> int:
        """The process id of the running server."""
        return int((self.data / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def _signal(self, what: signal.Signals, *processes: int) -> None:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, what)
        deadline = time.monotonic() + 20
        while any(_lives(process) for process in processes):
            if time.monotonic() > deadline:
                raise TimeoutError("the server does not end")
            time.sleep(0.01)

    def database(self) -> str:
        """Make a new database and return its URL."""
        name = f"test_{os.getpid()}_{next(_DATABASES)}"
        self._run(
            "createdb", "--host=127.0.0.1", f"--port={self.port}", "--username=guidestep", name
        )
        return f"postgresql+psycopg://guidestep@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.split()[0] != "Z"  # ended, and only its parent has not looked yet


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL programs, or `None`."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    versions = sorted(folders, key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running server; a test that stops it starts it again."""
    where = programs()
    if where is None:
        reason = "PostgreSQL is not installed (tests/services.sh)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Not below pytest's folder: other users may not enter it.
    # In memory where that is possible: it is the server that is under test, not the disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="guidestep-postgresql-", dir=memory))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = Server(folder, where)
        server.make()
        server.start()
        try:
            yield server
        finally:
            with suppress(FileNotFoundError):  # a test has stopped it
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
