"""A real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # tests may run as root, and open nothing but pages of ours
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",  # containers give /dev/shm too little
    "--disable-sync",
    # Our pages bring all that they need: a request to any other host finds none.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find_chromium() -> Path | None:
    """The browser's executable, or None."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


@contextmanager
def open_browser(executable: Path) -> Iterator[Browser]:
    """A headless browser; it ends with the block, and with this process whatever happens to that."""
    from playwright.sync_api import sync_playwright  # most test runs open no browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
