# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Unpack what has certain names from a wheel: unpack.py WHEEL DIRECTORY PATTERN ..."""

from __future__ import annotations

import fnmatch
import sys
import zipfile


def main(wheel, directory, *patterns):
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
        missing = [pattern for pattern in patterns if not fnmatch.filter(wanted, pattern)]
        if missing:
            sys.exit(f"{wheel} has nothing that is called {missing[0]}")
        archive.extractall(directory, wanted)


if __name__ == "__main__":
    main(*sys.argv[1:])
