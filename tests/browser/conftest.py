"""The browser, the EHR and the service of these tests."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.patients import orders, patients
from tests.browser.records import Ehr
from tests.browser.service import Service
from tests.server.clients import ISSUER, OURS, Client, ec_key, jwk, key_set

PROGRAM = "/usr/bin/chromium"


def chromium() -> str | None:
    """Return the browser that is installed on this machine, or `None`; none is downloaded."""
    return PROGRAM if os.access(PROGRAM, os.X_OK) else shutil.which("chromium")


# Of a module, not of the session: while Playwright runs, no other test can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        reason = "Chromium is not installed (tests/services.sh)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # As root there is no sandbox; the pages are ours and come from this machine.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=arguments)
        yield found
        found.close()


@pytest.fixture(scope="module")
def ehr() -> Iterator[Ehr]:
    with Ehr(patients().values(), orders()) as found:
        yield found


@pytest.fixture(scope="module")
def service(
    browser: Browser, ehr: Ehr, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service that asks for no tokens, and lets pages of the EHR call it."""
    with Service(tmp_path_factory.mktemp("service"), [ehr.origin], dev=True) as found:
        yield found


@dataclass
class Signing:
    """Signs the tokens of an EHR; a test puts in another key or time, or a token it has kept."""

    key: str = "ehr"
    now: Callable[[], float] = time.time
    kept: str | None = None

    def become(self, **changes: Any) -> None:
        """Sign as it is meant to be, but for the changes."""
        vars(self).update({**vars(Signing()), **changes})

    def __call__(self, audience: str) -> str:
        if self.kept is not None:
            return self.kept
        return Client(self.now()).token(key=ec_key(self.key), aud=audience)


@pytest.fixture(scope="module")
def signing() -> Signing:
    return Signing()


@pytest.fixture(scope="module")
def signed_ehr(signing: Signing) -> Iterator[Ehr]:
    with Ehr(patients().values(), orders(), signing) as found:
        yield found


@pytest.fixture(scope="module")
def signed_service(
    browser: Browser, signed_ehr: Ehr, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service that asks for tokens."""
    folder: Path = tmp_path_factory.mktemp("signed")
    keys = folder / "keys.json"
    keys.write_bytes(key_set(jwk(ec_key("ehr"), OURS)))
    issuers = [{"iss": ISSUER, "jwks_file": str(keys)}]
    with Service(folder, [signed_ehr.origin], issuers=issuers) as found:
        yield found


@dataclass
class Console:
    """What a page complained of; a test takes out what it expects."""

    errors: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        found, self.errors[:] = list(self.errors), []
        return found


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 1000})
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, console: Console) -> Iterator[Page]:
    """A page whose console must stay empty."""
    made = context.new_page()
    made.on(
        "console",
        lambda said: (
            console.errors.append(said.text) if said.type in ("error", "warning") else None
        ),
    )
    made.on("pageerror", lambda error: console.errors.append(str(error)))
    yield made
    assert console.errors == []
