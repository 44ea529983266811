# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kernel's parameters where GRUB takes its menu from boot loader entries, as on Enterprise Linux.

Each entry is a file of its own (the Boot Loader Specification), so the words
are put there, and where the entries of later kernels get theirs. There are no
drop-ins: words that leave the profile stay until somebody takes them away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import BLS_ENTRIES as ENTRIES
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import BLS_KERNEL as KERNEL
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import BLS_OPTIONS as OPTIONS
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import BLS_RESCUE as RESCUE
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import bls_words
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

DEFAULTS = "/etc/default/grub"
# Where it is, kernel-install(8) prefers it for the entries of later kernels.
LATER = "/etc/kernel/cmdline"

ASK = f"""\
[ ! -e {DEFAULTS} ] || . {DEFAULTS}
printf '%s\\n' "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
"""

# The last assignment of the file, when it is one line of words in quotes.
_DEFAULT = re.compile(
    r"""^GRUB_CMDLINE_LINUX=(["'])(?P<words>[^"'\\`\n]*)\1[ \t]*(?:\#.*)?$(?![\s\S]*^[ \t]*(?:export[ \t]+)?GRUB_CMDLINE_LINUX\+?=)""",
    re.M | re.A,
)


def texts(host: Host, words: Mapping[str, str]) -> dict[str, str]:
    """The files that must change as ``{path: text}``, so that these words have the last say; ``words`` by name."""
    found = {}
    for path in [path for path in host.files(ENTRIES) if RESCUE not in path]:
        found[path] = OPTIONS.sub(lambda match: match[1] + _put(match[2], words), host.read(path) or "")
    if host.exists(LATER):
        found[LATER] = _put(host.read(LATER) or "", words) + "\n"
    text = host.read(DEFAULTS) or ""
    line = _DEFAULT.search(text)
    if line:
        found[DEFAULTS] = f"{text[: line.start('words')]}{_put(line['words'], words)}{text[line.end('words') :]}"
    else:
        there = ["$GRUB_CMDLINE_LINUX"] if "GRUB_CMDLINE_LINUX=" in text else []
        found[DEFAULTS] = logical_lines.appended(text, f'GRUB_CMDLINE_LINUX="{" ".join([*there, *words.values()])}"')
    return {path: text for path, text in found.items() if text != host.read(path)}


def sources(host: Host) -> Iterator[tuple[str, list[str], str]]:
    """Every list of words that must have the parameters, as (place, words, what is wrong when it has not)."""
    for path in [path for path in host.files(ENTRIES) if RESCUE not in path]:
        text = host.read(path) or ""
        kernel = KERNEL.search(text)
        if kernel:
            place, words = bls_words(host, path, text)
            yield place, words, f"{kernel[1]} is started"
    if host.exists(LATER):
        yield LATER, words_of(host.read(LATER) or ""), "a later kernel would be started"
    ran = host.run(["sh", "-c", ASK])
    if not ran.ok:
        raise RuntimeError(f"{DEFAULTS} could not be read: {ran.error}")
    yield DEFAULTS, words_of(ran.out), "grub2-mkconfig would start every kernel"


def _put(line: str, words: Mapping[str, str]) -> str:
    """A command line in which those of a name are as wanted, alone and last; those that are right already stay."""
    there = words_of(line)
    for name, text in words.items():
        same, wanted = [old for old in there if _plain(old) == name.replace("-", "_")], words_of(text)
        if same != wanted:
            there = [old for old in there if old not in same] + wanted
    return " ".join(there)


def _plain(word: str) -> str:
    return word.partition("=")[0].replace("-", "_")
