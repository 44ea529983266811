# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a running kernel was started with, and the settings that it has since been given."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest.unread import Unread
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import descend
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

Items = dict[str, Any]
_SYSCTL = "/proc/sys"
# What of modprobe.d(5) changes which modules are loaded, and how; aliases are those of hardware.
_DIRECTIVES = ("blacklist", "install", "options", "remove")
_OUT_OF_TREE = re.compile(r"\(([A-Z+-]*[OEF][A-Z+-]*)\)", re.A)
_TABLE = re.compile(r"table (?P<name>\S+ \S+) \{", re.A)
_BLOCK = re.compile(r"\t(?P<kind>chain|set|map|flowtable|counter|quota|limit|synproxy|secmark) (?P<name>\S+) \{", re.A)
_INSERTED = re.compile(r"nft insert rule (?P<table>\S+ \S+) (?P<chain>\S+) (?P<rule>.+)", re.A)


def _running(host: Host) -> None:
    if not host.booted:
        raise Unread("the system does not run")
    if host.container:
        raise Unread("a container has no kernel of its own")


def command_line(host: Host) -> Items:
    """The parameters with their values; of one that is given several times, in their order."""
    _running(host)
    found: Items = {}
    for word in words_of(host.read("/proc/cmdline") or ""):
        name, unused_sign, value = word.partition("=")
        found[name] = f"{found[name]} {value}" if name in found else value
    return found


def sysctl(host: Host) -> Items:
    """Every value of /proc/sys that root may read (proc_sys(5))."""
    _running(host)

    found: Items = {}
    top = os.open(host.path(_SYSCTL), os.O_PATH | os.O_DIRECTORY)
    try:
        for met in descend(top, lambda met: not met.left):
            if met.left or met.is_directory or not met.found.st_mode & 0o444:
                continue
            name = met.path.strip("/").replace("/", "\0").replace(".", "/").replace("\0", ".")
            try:
                found[name] = " ".join(words_of(host.read(f"{_SYSCTL}{met.path}") or ""))
            except OddFile:
                continue  # one that only some devices answer
    finally:
        os.close(top)
    return found


def modules(host: Host) -> Items:
    """What modprobe refuses or does otherwise, and loaded modules that did not come with the kernel."""
    found: Items = {}
    if host.which("modprobe"):
        ran = host.run(["modprobe", "--showconfig"])
        if not ran.ok:
            raise Unread(f"modprobe does not tell its configuration: {ran.error}")
        for line in ran.out.split("\n"):
            directive, unused_blank, rest = line.partition(" ")
            name, unused_blank, value = rest.partition(" ")
            if directive in _DIRECTIVES:
                found[f"{directive} {name.replace('-', '_')}"] = value.strip(BLANKS)
    if host.kernel:
        for line in host.lines("/proc/modules"):
            flags = _OUT_OF_TREE.search(line)
            if flags:
                found[f"loaded {words_of(line)[0]}"] = f"tainted by {flags[1]}"
    return found


def packet_filter(host: Host) -> Items:
    """Each chain and set of nft, with its lines (nft(8), list ruleset)."""
    if not host.booted:
        raise Unread("the system does not run")
    if not host.which("nft"):
        if any(line.startswith("nf_tables ") for line in host.lines("/proc/modules")):
            raise Unread("the kernel has a packet filter, and nft, which tells it, is not installed")
        return {}
    ran = host.run(["nft", "--stateless", "list", "ruleset"])
    if not ran.ok:
        raise Unread(f"nft does not tell its rules: {ran.error}")
    return dict(_blocks(ran.out, _inserted(host)))


def _inserted(host: Host) -> dict[str, list[str]]:
    """The rules that a boot check inserted for its own login."""
    found: dict[str, list[str]] = {}
    for text in (text for texts in (host.injected.texts if host.injected else {}).values() for text in texts):
        for rule in _INSERTED.finditer(text.decode("utf-8", "replace")):
            found.setdefault(f"{rule['table']} {rule['chain']}", []).append(rule["rule"])
    return found


def _blocks(text: str, inserted: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    table = block = ""
    lines: list[str] = []
    for line in text.split("\n"):
        heading, inner = _TABLE.fullmatch(line), _BLOCK.fullmatch(line)
        if heading:
            table = heading["name"]
        elif inner:
            block, lines = f"{table} {inner['name']}", []
        elif line == "\t}" and block:
            ours = inserted.get(block, [])
            yield block, [each for each in lines if each not in ours]
            block = ""
        elif block:
            lines.append(line.strip(BLANKS))
