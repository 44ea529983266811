# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Python environment for the servers and their clients, which need other releases than the tests. It is kept between runs."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

LISTED = Path(__file__).with_name("requirements.txt")
DIRECTORY = Path(__file__).parents[4] / ".build/servers"
PYTHON = DIRECTORY / "bin/python"
# python3-libvirt and python3-lxml.
_OF_DEBIAN = ("libvirt.py", "libvirtmod*", "lxml")


@functools.cache
def environment():
    """The directory of the environment with exactly what is listed, for nothing is resolved, and with what Debian has for libvirt."""
    done, wanted = DIRECTORY / "done", LISTED.read_text() + Path(__file__).read_text()
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", DIRECTORY], check=True)
        pip = [sys.executable, "-m", "pip", "--python", PYTHON, "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--no-deps", "--no-compile", "--requirement", LISTED], check=True)
        (packages,) = DIRECTORY.glob("lib/python3.*/site-packages")
        for path in (path for pattern in _OF_DEBIAN for path in Path("/usr/lib/python3/dist-packages").glob(pattern)):
            (packages / path.name).symlink_to(path)
        done.write_text(wanted)
    return DIRECTORY
