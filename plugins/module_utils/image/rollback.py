# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rollback: the pointer moves to another kept image, whose bytes are what they were when it was promoted."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.module_utils.image import disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.history import ROLLED_BACK
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def roll_back(shelf, version, by, reason, check=False):
    """Move the pointer to a kept version; the move, or None when the pointer names it already, and the image's digest."""
    image = find(shelf, version)
    before = _identity(image)
    digest = verified(shelf, image)
    told = {"action": ROLLED_BACK, "version": image.version, "sha256": digest, "by": by, "reason": reason}
    if check:
        move = {"image": image.name, "from": shelf.current, **told}
        return move if image.name != shelf.current else None, image, digest
    return shelf.move(image.path, lambda: _require_same(image, before), **told), image, digest


def find(shelf, version):
    """The kept image of a version, which may be told as VERSION-DIGEST or as the file's name too."""
    kept = shelf.kept()
    found = [image for image in kept if version in (image.version, f"{image.version}-{image.short}", image.name)]
    if len(found) == 1:
        return found[0]
    if found:
        choices = " or ".join(f"{image.version}-{image.short}" for image in found)
        raise ImageError(f"{len(found)} images of {shelf.name} have the version {version}: say {choices}")
    if not kept:
        raise ImageError(f"there is no promoted image of {shelf.name} in {shelf.folder}: correct the name or the folder")
    raise ImageError(
        f"there is no version {version} of {shelf.name} in {shelf.folder}: the kept ones are {', '.join(image.version for image in kept)}"
    )


def verified(shelf, image):
    """The digest of an image, which must be the one that it was promoted with."""
    try:
        digest = disk.sha256(image.path)
    except OSError as problem:
        raise ImageError(f"{image.path} cannot be read ({problem.strerror}), so the pointer stays at {shelf.current}") from problem
    known = shelf.history.digest(image.name)
    if digest != (known or digest) or not digest.startswith(image.short):
        raise ImageError(
            f"{image.path} is damaged, its SHA-256 is {digest} and was {known or image.short + '...'}, so the pointer stays at "
            f"{shelf.current}: restore the file from a backup, or choose another version"
        )
    return digest


def _require_same(image, before):
    """Nobody may remove or change an image between the look at its bytes and the move."""
    if _identity(image) != before:
        raise ImageError(f"{image.path} was changed or removed while it was looked at: try again, or choose another version")


def _identity(image):
    try:
        stat = os.stat(image.path)
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
