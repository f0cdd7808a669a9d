"""The service: CDS Hooks 2.0.1, a JSON API, health and metrics. It needs the extra `[server]`.

>>> from guidestep.server import Settings, create_app
>>> app = create_app(Settings(dev=True))
>>> app.title
'guidestep'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guidestep.server.app import create_app as create_app
    from guidestep.server.settings import Settings as Settings
    from guidestep.server.settings_file import SettingsError as SettingsError
    from guidestep.server.settings_file import read_settings as read_settings

__all__ = ["Settings", "SettingsError", "create_app", "read_settings"]

EXTRA = ("fastapi", "starlette", "uvicorn", "httptools", "httpx", "jwt", "prometheus_client")


def __getattr__(name: str) -> object:
    # Settings can be read without the web framework.
    if name == "create_app":
        from guidestep.server.app import create_app

        return create_app
    if name == "Settings":
        from guidestep.server.settings import Settings

        return Settings
    if name in ("SettingsError", "read_settings"):
        from guidestep.server import settings_file

        found: object = getattr(settings_file, name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
