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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for fhir.example.org, signed by itself."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fhir.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("fhir.example.org")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file
