# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Does a scanner find the harmless file that all of them find?"""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.records import live_record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.scanners import PATH
from ansible_collections.hygeia.golden.plugins.module_utils.util import patterns

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.proofs.scanners import Product
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# The test file of EICAR, in pieces that no scanner finds.
_PIECES = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!", "$H+H*")
_HARMLESS = "Nothing in this file is malicious.\n"
_PAUSE = 0.2
# Of what a scanner prints so much is looked at.
_READ = 100_000


def content() -> str:
    """The test file; it is whole in memory only, and on a disk while a scanner is asked."""
    return "".join(_PIECES)


def detecting(host: Host, product: Product, directory: str, timeout: float) -> Record:
    """Is the test file found, by a scan or as soon as it is there, and a harmless one not? Both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hygeia-", dir=directory) as private:
        found, trouble = _looked_at(host, product, os.path.join(private, "sample"), content(), timeout)
        alarm = found and _looked_at(host, product, os.path.join(private, "harmless"), _HARMLESS, 1)[0]
    looker = product.scan[0] if product.scan else "the scanner that watches files as they are written"
    words = {True: "found", False: "not found"}
    return live_record(
        "protection-detection-proven",
        {"test file": "found", "harmless file": "not found"},
        {"test file": words[found], "harmless file": words[alarm]},
        looker,
        _problem(looker, private, found, alarm, trouble),
    )


def _looked_at(host: Host, product: Product, path: str, text: str, timeout: float) -> tuple[bool, str]:
    """Was a file with this content found, and if nobody looked at it, why not?"""
    try:
        with open(path, "w", encoding="ascii") as stream:
            stream.write(text)
    except PermissionError:
        return True, ""
    if not product.scan:
        return _taken_in_time(path, text, timeout), ""
    ran = host.run([word.replace(PATH, path) for word in product.scan])
    found = patterns.found(product.found, [ran.out[:_READ]])[0] or _taken(path, text)
    return found, "" if found or ran.code in (0, 1) else ran.error


def _taken_in_time(path: str, text: str, timeout: float) -> bool:
    end = time.monotonic() + timeout
    while not _taken(path, text) and time.monotonic() < end:
        time.sleep(_PAUSE)
    return _taken(path, text)


def _taken(path: str, text: str) -> bool:
    """Did somebody remove a file, close it to readers, or clean it?"""
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read() != text
    except OSError:
        return True


def _problem(looker: str, directory: str, found: bool, alarm: bool, trouble: str) -> str:
    if trouble:
        return f"{looker} could not look at a file ({trouble}): see that its daemon runs and has loaded its signatures"
    if not found:
        return (
            f"{looker} does not find the test file of EICAR: see that its signatures are there and loaded (ClamAV: freshclam, "
            f"then systemctl restart clamav-daemon), and that {os.path.dirname(directory)} is not among the directories that it leaves out"
        )
    if alarm:
        return f"{looker} finds a harmless file too, so what it finds means nothing: declare with found what it prints for malicious files only"
    return ""
