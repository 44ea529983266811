# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the evidence of a run is what was written and signed, and of which image it is.

A signature is that of manifest.json, which holds the digest of every other file of the evidence and of the image.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import os
import re
import tempfile
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing import cms, dsse, ssh, timestamps
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.util import places

MANIFEST = "manifest.json"
ATTESTATIONS = "attestations.intoto.jsonl"
# More than the evidence of any run takes.
_LARGEST = 256 * 1024 * 1024
_PIECE = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Trust:
    """Whose signatures count: paths of OpenSSH's allowed signers and of certificates, and who must have signed.

    With certificates of time stamping authorities, a signature must have a time stamp by one of them.
    """

    allowed_signers: str = ""
    authorities: str = ""
    signers: tuple[str, ...] = ()
    timestamp_authorities: str = ""

    @property
    def asked(self) -> bool:
        """Whether a signature must be there at all."""
        return bool(self.allowed_signers or self.authorities or self.signers or self.timestamp_authorities)


@dataclass
class Verification:
    """What was found; evidence without a problem is verified."""

    manifest: dict[str, Any] = field(default_factory=dict)
    signatures: list[dict[str, str]] = field(default_factory=list)
    attestations: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def verify(directory: str, trust: Trust, image: str = "", sha256: str = "") -> Verification:
    """Verify signatures, files and, when it is given by path or digest, the image.

    A signature that is there must verify; that one is there is required only of whoever is asked for one.
    """
    found = Verification()
    try:
        content = read(directory, MANIFEST)
        found.manifest = parsed(content)
    except SigningError as problem:
        found.problems.append(str(problem))
        return found
    names = sorted(os.listdir(directory))
    signatures = [name for name in names if name.startswith(f"{MANIFEST}.") and name.endswith((ssh.SUFFIX, cms.SUFFIX))]
    stamps = [f"{name}{timestamps.SUFFIX}" for name in signatures if f"{name}{timestamps.SUFFIX}" in names]
    for name in signatures:
        _verify_signature(directory, name, content, trust, found, f"{name}{timestamps.SUFFIX}" in stamps)
    if signatures and trust.timestamp_authorities and not stamps:
        found.problems.append(f"no signature of {MANIFEST} has a time stamp")
    if not signatures and trust.asked:
        found.problems.append(f"{MANIFEST} is not signed")
    by = {signature["signer"] for signature in found.signatures}
    found.problems += [f"{signer} has not signed {MANIFEST}" for signer in trust.signers if signer not in by]
    found.problems += differing(directory, found.manifest["files"])
    if ATTESTATIONS in found.manifest["files"]:
        _verify_attestations(directory, trust, found)
    found.problems += [
        f"{name} is not listed in {MANIFEST}" for name in names if name not in (MANIFEST, *signatures, *stamps, *found.manifest["files"])
    ]
    if image or sha256:
        found.problems += _other_image(found.manifest, image, sha256)
    return found


def newest(directory: str, sha256: str) -> str:
    """The newest evidence below a directory of runs that is about the image with this digest, or was to promote it."""
    try:
        runs = sorted(os.listdir(directory), reverse=True)
    except FileNotFoundError:
        runs = []
    except OSError as problem:
        raise SigningError(f"{directory} cannot be read: {problem.strerror}") from problem
    for path in (os.path.join(directory, name) for name in runs if not name.startswith(".")):
        try:
            manifest = parsed(read(path, MANIFEST))
        except SigningError:
            continue
        image = manifest.get("image")
        if isinstance(image, dict) and image.get("sha256") == sha256:
            return path
    raise SigningError(f"no evidence in {directory} is about the image with the SHA-256 {sha256}")


def read(directory: str, name: str) -> bytes:
    """A file of the evidence, which may be anybody's: a regular file of that directory, of a bounded size."""
    try:
        handle = places.opened(os.path.abspath(directory), f"/{name}")
        if handle is None:
            raise SigningError(f"there is no {name} in {directory}")
        with os.fdopen(handle, "rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as problem:
        raise SigningError(f"{name} cannot be read: {problem.strerror or problem}") from problem
    if len(content) > _LARGEST:
        raise SigningError(f"{name} is larger than {_LARGEST} bytes")
    return content


def parsed(content: bytes) -> dict[str, Any]:
    """The manifest, as far as it is needed here."""
    try:
        manifest = json.loads(content)
        time.strptime(manifest["ended"], _MOMENT)
        files = manifest["files"]
        if all(_NAME.fullmatch(name) and re.fullmatch(r"[0-9a-f]{64}", about["sha256"]) for name, about in files.items()):
            return dict(manifest)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass
    raise SigningError(f"{MANIFEST} is not the manifest of a run")


def _verify_signature(directory: str, name: str, content: bytes, trust: Trust, found: Verification, stamped: bool) -> None:
    """The key must have been valid when the run ended, by the word of whoever signed, or at the time of a trusted time stamp."""
    try:
        signature, ended = read(directory, name), str(found.manifest["ended"])
        stamp = ""
        if stamped and trust.timestamp_authorities:
            stamp_name = f"{name}{timestamps.SUFFIX}"
            stamp = timestamps.verify(signature, read(directory, stamp_name), trust.timestamp_authorities, stamp_name)
        who, key = signer(name, content, signature, trust, stamp or ended)
        found.signatures.append({"file": name, "signer": who, "key": key, **({"stamped": stamp} if stamp else {})})
    except SigningError as problem:
        found.problems.append(str(problem))


def signer(name: str, content: bytes, signature: bytes, trust: Trust, moment: str) -> tuple[str, str]:
    """Who signed the content with which key, which must have been valid at that moment, in UTC as ISO 8601."""
    try:
        when = time.strptime(moment, _MOMENT)
    except ValueError as problem:
        raise SigningError(f"{name} is of no known time") from problem
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, os.path.basename(name))
        with open(path, "wb") as stream:
            stream.write(signature)
        if signature.startswith(cms.ARMOR):
            return cms.verify(content, path, trust.authorities, calendar.timegm(when))
        return ssh.verify(content, path, trust.allowed_signers, time.strftime("%Y%m%d%H%M%SZ", when))


def _verify_attestations(directory: str, trust: Trust, found: Verification) -> None:
    """Each is signed by itself, since it is used without the rest of the evidence, and is about the image of the manifest."""
    subject = {"sha256": (found.manifest.get("image") or {}).get("sha256")}
    try:
        for number, line in enumerate(read(directory, ATTESTATIONS).decode(errors="replace").splitlines(), 1):
            statement, content, signatures = dsse.opened(line)
            for signature in signatures:
                signer(f"{ATTESTATIONS}, line {number}", content, signature, trust, found.manifest["ended"])
            if [each.get("digest") for each in statement["subject"]] != [subject]:
                raise SigningError(f"{ATTESTATIONS}, line {number} is about another image")
            found.attestations.append(str(statement["predicateType"]))
    except SigningError as problem:
        found.problems.append(str(problem))
    except (AttributeError, KeyError, TypeError, dsse.MalformedEnvelope):
        found.problems.append(f"{ATTESTATIONS} has a line that is not a signed statement of in-toto")


def differing(directory: str, files: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each file that is missing, or is not the one that the manifest lists."""
    problems = []
    for name, about in files.items():
        try:
            if hashlib.sha256(read(directory, name)).hexdigest() != about["sha256"]:
                problems.append(f"{name} differs from the one that {MANIFEST} lists")
        except SigningError as problem:
            problems.append(str(problem))
    return problems


def _other_image(manifest: dict[str, Any], image: str, sha256: str) -> list[str]:
    known = manifest.get("image")
    digest = known.get("sha256") if isinstance(known, dict) else None
    if not digest:
        return [f"{MANIFEST} names no promoted image"]
    if sha256 and sha256 != digest:
        return [f"{MANIFEST} is about the image with the SHA-256 {digest}, not {sha256}"]
    try:
        return (
            [f"{image} is not the image that {MANIFEST} is about: its SHA-256 is not {digest}"]
            if image and _digest(image) != digest
            else []
        )
    except OSError as problem:
        return [f"{image} cannot be read: {problem.strerror}"]


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
