"""Makes the pictures of the documentation: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.patients import orders, patients
from tests.browser.records import Ehr
from tests.browser.service import Service
from tests.browser.viewing import choose, open_page, order
from tests.docs.pages import ROOT

WIDTH = 1280
MOST_BYTES = 300_000


def recommended(page: Page) -> None:
    """Steps to start, with their doses; one of them accepted."""
    choose(page, "eligible-intake")
    page.locator(".suggestion").first.get_by_role("button", name="Accept").click()
    page.locator(".said:not(:empty)").wait_for()


def opposed(page: Page) -> None:
    """An exercise ordered for a patient with a red flag."""
    choose(page, "red-flag-mid-programme")
    order(page, "Low-load resistance training")


PICTURES = {
    "browser-client-recommendation": (recommended, 1040),
    "browser-client-red-flag": (opposed, 1150),
}
"""What is on each picture, and how high it is in pixels."""


def main() -> int:
    """Write the pictures; return 1 where one is too large."""
    from tests.browser.conftest import chromium

    shown = [patient for patient in patients().values() if patient.id != "hostile-text"]
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with (
        tempfile.TemporaryDirectory() as kept,
        Ehr(shown, orders()) as ehr,
        Service(Path(kept), [ehr.origin], dev=True) as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        for name, (act, height) in PICTURES.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": height})
            open_page(page, ehr, service.base)
            act(page)
            page.mouse.move(0, 0)
            # The port is another one each time.
            page.locator("#service").evaluate(
                "(at, port) => { at.textContent = at.textContent.replace(port, '8000') }",
                str(service.port),
            )
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()
    sizes = {name: (folder / f"{name}.png").stat().st_size for name in PICTURES}
    for name, size in sizes.items():
        print(f"{name}.png: {size} bytes")
    return int(max(sizes.values()) > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
