# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine that a destination names, and destinations without the passwords in them."""

from __future__ import annotations

import fnmatch
import ipaddress
import re

_USER = re.compile(r"^((?:[\w+.-]+:)*(?://)?)(?:[^/\s@]*@)+(?=[^/])", re.A)
_SCHEMES = re.compile(r"^(?:[A-Za-z][\w+.-]*:)*//", re.A)
# What restic writes before a place that is no URL.
_SORTS = re.compile(r"^(?:azure|b2|gs|rclone|rest|s3|sftp|swift):")


def shown(destination: str) -> str:
    """The destination without a user and a password."""
    return _USER.sub(r"\1", destination)


def has_password(text: str) -> bool:
    """Is there a password in a URL, such as https://user:password@host?"""
    return bool(re.search(r"//[^/\s:@]*:[^/\s@$]+@", text, re.A))


def scheme(destination: str) -> str:
    found = re.match(r"(?:[\w+.-]+:)*?([A-Za-z][\w+.-]*)://", destination, re.A)
    return found[1].lower() if found else ""


def machine(destination: str) -> str:
    """The name or address of the machine, without scheme, user, port and path; of a local path the path itself."""
    text = shown(destination)
    if text.startswith("/"):
        return text
    text = _SCHEMES.sub("", text) if "//" in text else _SORTS.sub("", text)
    text = text.split("/", maxsplit=1)[0].lower()
    bracketed = re.match(r"\[([^\]]+)\]", text)
    if bracketed:
        return bracketed[1]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text.partition(":")[0]


def local(destination: str) -> bool:
    """Does it stay on this machine?"""
    name = machine(destination)
    if name.startswith("/") or destination.startswith("unix:"):
        return False  # a path may be a mounted machine: the site says whether it is meant
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name in ("localhost", "")


def is_one_of(destination: str, wanted: list[str]) -> bool:
    """Is the destination one of those that a site names: as a whole, by its machine, or by a pattern?"""
    whole, name = shown(destination).rstrip("/").lower(), machine(destination)
    return any(fnmatch.fnmatchcase(text, each.rstrip("/").lower()) for text in (whole, name) for each in wanted)
