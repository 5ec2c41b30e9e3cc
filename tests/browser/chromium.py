"""The system's browser, as tests and scripts start it."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"there is no browser ({' or '.join(NAMES[:2])}) on PATH; on Debian: apt-get install chromium"


def find() -> str | None:
    """Return the path of a browser, ``None`` where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser, without a window.

    Raises:
        FileNotFoundError: There is none.
    """
    path = find()
    if path is None:
        raise FileNotFoundError(MISSING)
    return playwright.chromium.launch(executable_path=path, args=arguments())


def arguments() -> list[str]:
    """Return the options that the browser is started with."""
    options = ["--font-render-hinting=none", "--disable-gpu"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # which root cannot have; the pages are our own
    return options
