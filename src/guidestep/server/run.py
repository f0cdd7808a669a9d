"""A server that runs: one process, or several workers that share what must be shared."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from guidestep.language.yaml_reader import read_file
from guidestep.language.yaml_tree import Mapping as Mapped
from guidestep.server.connections import BoundedProtocol
from guidestep.server.log_lines import write_to
from guidestep.server.metrics import MULTIPLE
from guidestep.server.settings import Settings
from guidestep.server.settings_file import SettingsError, read_settings

_SETTINGS = "GUIDESTEP_SERVER_SETTINGS"
"""The environment variable by which workers are given the settings; no secret is in them."""

GRACE_SECONDS = 20
"""How long answers that are under way may take when the service is told to stop."""


_COLLECTED_AFTER = 50_000
"""So many more objects are there when the garbage collector looks for cycles."""

_TURN = 0.0005
"""Seconds after which a thread that waits for Python gets it.

The one that writes the log asks for it a dozen times for each group, while it holds the file: with
the 5 ms that are usual, beside a busy event loop, all other workers would wait for that.
"""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def free_port(host: str) -> int:
    """Return a port of this machine that nobody listens at.

    Raises:
        SettingsError: There can be none at this address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as found:
            found.bind((host, 0))
            port: int = found.getsockname()[1]
    except OSError:
        raise SettingsError([f"nothing can listen at {host}"]) from None
    return port


def prepare(
    file: Path | None,
    options: Mapping[str, object],
    *,
    host: str,
    port: int,
    workers: int,
    force: bool,
) -> Settings:
    """Return the settings with which a server can be started.

    Raises:
        SettingsError: They are at fault, or without tokens the service would be open to others.
    """
    if options.get("dev") and (file is None or not _names_itself(file)):
        shown = f"[{host}]" if ":" in host else host
        reachable = "127.0.0.1" if host in ("0.0.0.0", "::") else shown  # noqa: S104 (compared)
        options = {"base_url": f"http://{reachable}:{port}", **options}
    settings = read_settings(file, options)
    if settings.dev and not is_loopback(host) and not force:
        raise SettingsError(
            [
                f"--dev asks for no tokens, and {host} can be reached by others; "
                "bind 127.0.0.1, or say --force"
            ]
        )
    if workers > 1 and not settings.dev and settings.tokens.replay_store is None:
        raise SettingsError(
            ["several workers must share the tokens that were used: set tokens.replay_store"]
        )
    return settings


def _names_itself(file: Path) -> bool:
    """Whether a file says under which address the service is reached; faults come later."""
    root, _ = read_file(file, file.name)
    return isinstance(root, Mapped) and root.get("base_url") is not None


def serve(
    create: Callable[[Settings], FastAPI],
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int = 1,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Serve until the process is told to stop; answers that are under way are finished.

    `create` makes the application. It is made once here, so that faults of the settings are told
    before the port is taken; several workers each make their own.

    Raises:
        SettingsError: Something that the settings name cannot be used.
    """
    app: FastAPI | None = create(settings)
    if app is not None and workers > 1:
        app.state.site.used.close()
        app = None
    with ExitStack() as stack:
        if app is None:
            # Of this process and its children only.
            os.environ[_SETTINGS] = settings.model_dump_json()
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="guidestep-"))
            os.environ.setdefault(MULTIPLE, folder)
        write_to()
        BoundedProtocol.seconds = settings.limits.header_seconds
        options = _options(settings, host, port)
        if app is None:
            started()
            uvicorn.run("guidestep.server.run:worker", factory=True, workers=workers, **options)
        else:
            _Server(uvicorn.Config(app, **options), started).run()


class _Server(uvicorn.Server):
    """A server that tells when it listens."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._told()


def _options(settings: Settings, host: str, port: int) -> dict[str, Any]:
    tls = settings.tls
    return {
        "host": host,
        "port": port,
        "http": BoundedProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "backlog": 512,
        "ssl_certfile": None if tls is None else str(tls.certificate),
        "ssl_keyfile": None if tls is None else str(tls.key),
    }


def worker() -> FastAPI:
    """Return the application of one of several workers."""
    from guidestep.server.app import create_app

    write_to()
    settings = Settings.model_validate_json(os.environ[_SETTINGS])
    BoundedProtocol.seconds = settings.limits.header_seconds
    BoundedProtocol.among_others = True
    return _settled(create_app(settings))


def _settled(app: FastAPI) -> FastAPI:
    """Return an application, and set the process up for calls.

    A call makes many objects and hardly a cycle: the garbage collector looks for them seldom, and
    no more at the guidelines.
    """
    sys.setswitchinterval(_TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, 20, 20)
    return app
