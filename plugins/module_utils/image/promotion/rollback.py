# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rollback: the pointer moves to another kept image, whose bytes are what they were when it was promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import ROLLED_BACK, Move
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Identity, identity
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore, Kept


def roll_back(store: ImageStore, version: str, by: str, reason: str, check: bool = False) -> tuple[Move | None, Kept, str]:
    """Move the pointer to a kept version; the move, or None when the pointer names it already, and the image's digest."""
    image = find(store, version)
    before = _identities(store, image)
    digest = verified(store, image)
    about = {"action": ROLLED_BACK, "version": image.version, "sha256": digest, "by": by, "reason": reason}
    if check:
        move = {"image": image.name, "from": store.current, **about}
        return move if image.name != store.current else None, image, digest
    return store.move(image.path, lambda: _require_same(store, image, before), **about), image, digest


def find(store: ImageStore, version: str) -> Kept:
    """The kept image of a version, which may be given as VERSION-DIGEST or as the file's name too."""
    kept = store.kept()
    found = [image for image in kept if version in (image.version, f"{image.version}-{image.short}", image.name)]
    if len(found) == 1:
        return found[0]
    if found:
        choices = " or ".join(f"{image.version}-{image.short}" for image in found)
        raise ImageError(f"{len(found)} images of {store.name} have the version {version}: say {choices}")
    if not kept:
        raise ImageError(f"there is no promoted image of {store.name} in {store.directory}: correct the name or the directory")
    raise ImageError(
        f"there is no version {version} of {store.name} in {store.directory}: the kept ones are {', '.join(image.version for image in kept)}"
    )


def verified(store: ImageStore, image: Kept) -> str:
    """The digest of an image, which must be the one that it was promoted with."""
    try:
        digest = inspection.sha256(image.path)
    except OSError as problem:
        raise ImageError(f"{image.path} cannot be read ({problem.strerror}), so the pointer stays at {store.current}") from problem
    known = store.history.digest(image.name)
    if digest != (known or digest) or not digest.startswith(image.short):
        raise ImageError(
            f"{image.path} is damaged, its SHA-256 is {digest} and was {known or image.short + '...'}, so the pointer stays at "
            f"{store.current}: restore the file from a backup, or choose another version"
        )
    _require_others(store, image)
    return digest


def _require_others(store: ImageStore, image: Kept) -> None:
    """Each other file of the image, which gets its pointer too, is what it was as well; a disk must be there, a format may not."""
    known, there = store.history.digests(image.name), store.others(image.name)
    advice = f"so the pointer stays at {store.current}: restore the file from a backup, or "
    for key in known:
        if names.form_of(key) == names.QCOW2 and key not in there:
            raise ImageError(f"disk {names.disk_of(key)} of {image.path} is not there, {advice}choose another version")
    for key, path in there.items():
        if key in known and inspection.sha256(path) != known[key]:
            other = "choose another version" if names.form_of(key) == names.QCOW2 else "remove it"
            raise ImageError(f"{path} is damaged, its SHA-256 was {known[key]}, {advice}{other}")


def _identities(store: ImageStore, image: Kept) -> list[Identity | None]:
    return [identity(path) for path in (image.path, *store.others(image.name).values())]


def _require_same(store: ImageStore, image: Kept, before: list[Identity | None]) -> None:
    """Nobody may remove or change a file of an image between the look at its bytes and the move."""
    if _identities(store, image) != before:
        raise ImageError(f"{image.path} was changed or removed while it was looked at: try again, or choose another version")
