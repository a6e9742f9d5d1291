"""A page as a browser without a screen has it; what is not installed is said, not passed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DARK = "--blink-settings=preferredColorScheme=0"
"""A flag: the person has chosen dark pages."""


def browsed(tmp_path: Path, page: str, *more: str, milliseconds: int = 2000) -> str:
    """The page after its scripts, which have had some time of the browser's own; `more` are flags."""
    browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    path = tmp_path / "browsed.html"
    path.write_text(page)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [browser, *flags, *more, f"--virtual-time-budget={milliseconds}", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
