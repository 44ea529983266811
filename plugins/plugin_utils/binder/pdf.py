# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page as PDF, by a Chromium without a window, where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from ansible_collections.hygeia.golden.plugins.module_utils.util.commands import TooMuch, captured

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A binder of a year over some hundred hosts takes a minute.
_PATIENCE = 300.0


class NotPrinted(Exception):
    """Why there is no PDF, as the end of a sentence."""


def program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def printed(page: str) -> bytes:
    """The page on paper. It has no script and loads nothing, so the browser only lays it out."""
    browser = program()
    if not browser:
        raise NotPrinted(f"none of {', '.join(PROGRAMS)} is installed")
    with tempfile.TemporaryDirectory() as scratch:
        source, target = os.path.join(scratch, "page.html"), os.path.join(scratch, "page.pdf")
        with open(source, "w", encoding="utf-8") as stream:
            stream.write(page)
        # The sandbox of the browser does not start for root.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={scratch}/profile", *root]
        try:
            code, unused_out, errors = captured(
                [browser, *options, f"--print-to-pdf={target}", f"file://{source}"], timeout=_PATIENCE, env={**os.environ, "HOME": scratch}
            )
        except (OSError, subprocess.TimeoutExpired, TooMuch) as problem:
            raise NotPrinted(f"{browser} does not end or start ({type(problem).__name__})") from problem
        if code or not os.path.exists(target):
            lines = errors.decode(errors="replace").strip().splitlines()
            raise NotPrinted(f"{browser} fails: {lines[-1] if lines else f'exit code {code}'}")
        with open(target, "rb") as stream:
            return stream.read()
