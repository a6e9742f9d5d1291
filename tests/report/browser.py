"""A page as a browser without a screen has it; one that is not there, or does not start, is said, not passed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
DARK = "--blink-settings=preferredColorScheme=0"
"""A flag: the person has chosen dark pages."""
SECONDS = 60


def browsed(tmp_path: Path, page: str, *more: str, milliseconds: int = 2000) -> str:
    """The page after its scripts, which have had some time of the browser's own; `more` are flags."""
    browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    if not starts(browser):
        pytest.skip(f"{browser} does not start here")
    path = tmp_path / "browsed.html"
    path.write_text(page)
    return run(browser, tmp_path / "profile", f"--virtual-time-budget={milliseconds}", *more, path.as_uri())


def run(browser: str, profile: Path, *more: str) -> str:
    """What a browser leaves of a page."""
    command = [browser, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


@cache
def starts(browser: str) -> bool:
    """Whether a browser shows an empty page."""
    try:
        with TemporaryDirectory() as profile:
            return "<html" in run(browser, Path(profile), "about:blank")
    except (OSError, subprocess.SubprocessError):
        return False
