"""`guidestep serve`: guidelines as a CDS Hooks service and a JSON API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guidestep.cli.output import Failure, complain

EXTRA = (
    "fastapi",
    "starlette",
    "uvicorn",
    "httptools",
    "httpx",
    "jwt",
    "cryptography",
    "prometheus_client",
    "sqlalchemy",
    "pint",
    "ucumvert",
)


def serve(
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of settings, in YAML.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen at; 0 for a free one.")
    ] = 8000,
    dev: Annotated[
        bool, typer.Option("--dev", help="Ask for no tokens; for a developer's own machine.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let --dev listen at an address others can reach.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many processes answer.")] = 1,
) -> None:
    """Serve guidelines to clients of CDS Hooks, and as a JSON API.

    Without --dev every call needs a token of a client that the settings list, and every decision
    is recorded. Log lines go to standard error, one JSON object each; they name no patient.
    """
    try:
        # All that it needs, before anything is begun.
        from guidestep.server import app, run
        from guidestep.server.settings_file import SettingsError
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise Failure("the service is an extra: pip install 'guidestep[server]'") from None
    options: dict[str, object] = {"dev": True} if dev else {}
    try:
        port = port or run.free_port(host)
        read = run.prepare(settings, options, host=host, port=port, workers=workers, force=force)

        def started() -> None:
            scheme = "http" if read.tls is None else "https"
            if read.dev:
                complain("development: no tokens are asked for")
            complain(f"listening at {scheme}://{host}:{port}")

        run.serve(app.create_app, read, host=host, port=port, workers=workers, started=started)
    except SettingsError as error:
        raise Failure("\n".join(error.faults)) from None
