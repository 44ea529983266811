# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a guest said on its serial console, for the sentence about a boot that failed."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked_text

# A boot that has come to one of these will not go on by itself.
ENDS = re.compile(
    r"Kernel panic - not syncing|You are in emergency mode|Give root password for maintenance|Cannot open access to console"
    r"|^\(initramfs\)|^grub rescue>|^grub>|No bootable (?:device|option)|ALERT! .* does not exist|BdsDxe: failed to load"
    r"|^Enter username:"
)
# What to do about an end that does not say it.
CURES = {"Enter username:": "the boot loader starts nothing without a password: mark its ordinary entries --unrestricted"}
PROMPT = re.compile(r"(?:^|\s)login:\s*$")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\^_]|\][^\x07]*\x07)|[^\x20-\x7e\n]")
_LONGEST = 200


def lines(path: str) -> list[str]:
    """The console's lines that hold anything, as plain text."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read().replace("\r", "\n")
    except FileNotFoundError:
        return []
    return [line.strip() for line in _ESCAPES.sub("", text).split("\n") if line.strip()]


def end(path: str) -> str | None:
    """The line with which the boot came to its end, and what to do about it; None while it may go on."""
    found = next((line for line in lines(path) if ENDS.search(line)), None)
    return f"{found} ({CURES[found]})" if found in CURES else found and masked(found)


def last(path: str) -> str | None:
    """The last line that tells anything, or None."""
    said = lines(path)
    return masked(said[-1]) if said else None


def tail(path: str, count: int = 50) -> list[str]:
    """The last lines, for somebody who has to find out more."""
    return [masked(line) for line in lines(path)[-count:]]


def at_prompt(path: str) -> bool:
    said = lines(path)
    return bool(said and PROMPT.search(said[-1]))


def masked(line: str) -> str:
    """A line that may be shown: secrets are taken out, and the length has an end."""
    return masked_text(line)[:_LONGEST]
