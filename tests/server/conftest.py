"""Coroutines run as tests, and the applications that tests call."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from guidestep.server import Settings, site
from tests.server.clients import BASE, ISSUER, our_key_set


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine function as a test; no plugin is needed for that."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


_load = cache(site._load)
_load_mapping = cache(site.load_mapping)
_trusted = cache(site._trusted)


@pytest.fixture(autouse=True)
def _loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read each guideline once for all tests: it never changes, and takes half a second."""
    monkeypatch.setattr(site, "_load", _load)
    monkeypatch.setattr(site, "load_mapping", _load_mapping)
    monkeypatch.setattr(site, "_trusted", _trusted)


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """Return settings of a service that asks for tokens; a test says what it wants otherwise."""
    keys = tmp_path / "keys.json"
    keys.write_bytes(our_key_set())

    def make(**changes: Any) -> Settings:
        told = {
            "base_url": BASE,
            "issuers": [{"iss": ISSUER, "jwks_file": keys}],
            "log": {"url": f"sqlite:///{tmp_path / 'decisions.db'}"},
            **changes,
        }
        return Settings.model_validate(told)

    return make
