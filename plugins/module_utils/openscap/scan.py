# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running oscap: on the system that it is installed on, or taken along into a template that has none.

When it looks under another root (OSCAP_PROBE_ROOT), oscap leaves out every package of Debian and most rules with them, and
its scripts look at the build host. So it goes inside: its program, its libraries and the content are handed to the system
in one stream, lie in its /run, which is memory, while it runs there, and are gone with it. The engine for scripts of the
content (SCE) does not come along, because a script may do anything to the template.
"""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program as sandbox
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MARK, NOT_ENTERED, STRONG
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter_program
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import which
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import ScapError
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import Content

CPE = "/usr/share/openscap/cpe"
# oscap ends with 2 when a rule fails, which is no failure of its own.
_FINE = (0, 2)
_TIME_OUT = (124, 137)

_INSIDE = """
limit=$1 loader=$2
shift 2
place=$(mktemp -d /run/hygeia/openscap.XXXXXX) || exit 1
trap 'rm -rf "$place"' EXIT
cd "$place" && tar -xf - || exit 1
OSCAP_CPE_PATH=$place/cpe timeout --kill-after=5 "$limit" "lib/$loader" --library-path "$place/lib" ./oscap "$@" >log 2>&1
code=$?
if [ -s results.xml ]; then cat results.xml; else cat log >&2; fi
exit $code
"""


def program() -> str:
    """The path of oscap on this machine."""
    found = which("oscap")
    if found is None:
        raise ScapError("oscap is not installed where it is to run: install the package openscap-scanner there, or set no data stream")
    return found


def version(oscap: str) -> str:
    output = subprocess.run([oscap, "--version"], capture_output=True, text=True, errors="replace", check=False).stdout
    found = re.search(r"\(oscap\) (\S+)", output, re.A)
    return found[1] if found else "of unknown version"


def live(oscap: str, content: Content, profile: str, limit: int, results: IO[bytes]) -> None:
    """Scan the running system into the file ``results``."""
    tailoring = os.path.abspath(content.tailoring) if content.tailoring else None
    with tempfile.TemporaryDirectory() as scratch:
        argv = [oscap, *_arguments(profile, os.path.abspath(content.datastream), tailoring)]
        try:
            done = subprocess.run(
                argv, cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired as problem:
            raise _late(limit) from problem
        _judge(done.returncode, done.stdout, limit)
        with open(os.path.join(scratch, "results.xml"), "rb") as made:
            results.write(made.read())


def inside(oscap: str, content: Content, profile: str, limit: int, results: IO[bytes], entering: Sequence[str]) -> None:
    """Scan the system into which the command line ``entering`` leads."""
    libraries, loader = closure(oscap)
    files = {"oscap": oscap, "cpe": CPE, "content.xml": content.datastream, "tailoring.xml": content.tailoring}
    files.update((f"lib/{name}", path) for name, path in libraries.items())
    arguments = _arguments(profile, "content.xml", "tailoring.xml" if content.tailoring else None)
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w", dereference=True) as tar:
            for name, path in files.items():
                if path and os.path.exists(path):
                    tar.add(path, name)
        packed.seek(0)
        try:
            done = subprocess.run(
                [*entering, "sh", "-c", _INSIDE, "sh", str(limit), loader, *arguments],
                stdin=packed,
                stdout=results,
                stderr=subprocess.PIPE,
                timeout=limit + 60,
                check=False,
            )
        except subprocess.TimeoutExpired as problem:
            raise _late(limit) from problem
    _judge(done.returncode, done.stderr, limit)


def into(session: str | None = None, root: str | None = None) -> list[str]:
    """The command line that leads into a session's template or into a root filesystem."""
    if os.geteuid() != 0:
        raise ScapError("entering a template needs root on the build host: set become, or run as root")
    if root:
        return sandbox.once_command(sandbox.python(), root, STRONG, {"hosts": [], "proxy": ""})
    script = os.path.join(session or "", enter_program.NAME)
    if not os.access(script, os.X_OK):
        raise ScapError(f"there is no session {session} on the build host: open the template first")
    return [script]


def closure(oscap: str) -> tuple[dict[str, str], str]:
    """The libraries that oscap needs by the names that it calls them, and the name of the loader among them."""
    output = subprocess.run(["ldd", oscap], capture_output=True, text=True, errors="replace", check=False).stdout
    missing = re.findall(r"^\s*(\S+) => not found", output, re.M | re.A)
    loader = re.search(r"^\s*(/\S+) \(", output, re.M | re.A)
    if missing or "=>" not in output or loader is None:
        raise ScapError(f"{oscap} cannot run on its own machine ({', '.join(missing) or 'ldd knows no library of it'}): install it again")
    libraries = dict(re.findall(r"^\s*(\S+) => (/\S+) \(", output, re.M | re.A))
    name = os.path.basename(loader[1])
    return {**libraries, name: loader[1]}, name


def _arguments(profile: str, datastream: str, tailoring: str | None = None) -> list[str]:
    tailored = ["--tailoring-file", tailoring] if tailoring else []
    return ["xccdf", "eval", "--profile", profile, *tailored, "--skip-validation", "--results", "results.xml", datastream]


def _judge(code: int, said: bytes, limit: int) -> None:
    """Did oscap come to its end? If not, say why in its words."""
    text = said.decode("utf-8", "replace").strip(BLANKS)
    if code == NOT_ENTERED and MARK in text:
        raise ScapError(text.rpartition(MARK)[2].strip(BLANKS))
    if code in _TIME_OUT:
        raise _late(limit)
    if code not in _FINE:
        lines = [line for line in lines_of(text) if "Error" in line] or lines_of(text)[-1:] or [f"exit code {code}"]
        raise ScapError(f"oscap ended without results: {lines[0].strip(BLANKS).rstrip('.')}")


def _late(limit: int) -> ScapError:
    return ScapError(f"oscap did not end within {limit} s: set a longer timeout, or choose a smaller profile")
