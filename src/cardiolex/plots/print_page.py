"""A page of results as PDF, printed by a browser that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PATIENCE_S = 120.0


def print_page(html: str | Path, pdf: str | Path) -> Path:
    """Print the HTML file `html` to `pdf` through Chromium, Chrome or Edge.

    CardiolexError with the remedy if there is none, or if it fails.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise CardiolexError(
            f"no browser to print {html} with: install chromium, or open the page and print it "
            "to a file (its style for paper is in it)"
        )
    with atomic_write(pdf) as temporary, tempfile.TemporaryDirectory() as profile:
        command = [found, "--headless", "--disable-gpu", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={profile}", f"--print-to-pdf={temporary}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to run as root otherwise
        try:
            subprocess.run(
                [*command, Path(html).resolve().as_uri()],
                check=True,
                capture_output=True,
                timeout=PATIENCE_S,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise CardiolexError(f"{found} could not print {html}: {error}") from error
        if not temporary.stat().st_size:
            raise CardiolexError(f"{found} printed nothing from {html}")
    return Path(pdf)
