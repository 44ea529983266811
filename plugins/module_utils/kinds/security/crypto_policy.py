# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cryptographic policy of the system, as ``{policy: DEFAULT, hash: [-SHA1], "cipher@SSH": ["-*-CBC"]}``.

The properties are those of crypto-policies(7): a list says what must not be
in force, a number is a least size. They become a module of our own on top of
the site's policy, which update-crypto-policies then applies. What is in force
is read from what that program made, and it is asked whether that still holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    NOTICE,
    Change,
    Kind,
    Observation,
    Observations,
    Plan,
    unobserved,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util import numbers
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_least
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.once import Once
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

DIRECTORY = "/etc/crypto-policies"
CONFIG = f"{DIRECTORY}/config"
MODULE = "HYGEIA"
OURS = f"{DIRECTORY}/policies/modules/{MODULE}.pmod"
IN_FORCE = f"{DIRECTORY}/state/CURRENT.pol"
COMMAND = "update-crypto-policies"
# The looser first. FIPS is a mode of the whole system, which only fips-mode-setup(8) brings about.
POLICIES = ("LEGACY", "DEFAULT", "FUTURE")
FIPS = "FIPS"
# The programs that a word of a scope stands for, by the names that the policy has for them.
SCOPES = {"ssh": ("libssh", "openssh-client", "openssh-server"), "tls": ("gnutls", "java-tls", "nss", "openssl")}

_PROPERTY = re.compile(r"[a-z_]+[0-9]?[a-z_]*(@[A-Za-z-]+)?")
_LINE = re.compile(r"^([\w@.-]+) =[ \t]*(.*)$", re.M | re.A)


class CryptoPolicy(Kind):
    name = "crypto_policy"

    def absent(self) -> str:
        return "" if self.host.which(COMMAND) else "crypto-policies is not installed"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        for name, value in wanted.items():
            _express(name, value)
        before = self.host.read(OURS)
        old = dict(_LINE.findall(before or ""))
        lines = {name: _written(value) for name, value in wanted.items() if name != "policy"}
        lines = {**old, **lines} if partial else lines
        words = self._configured()
        after = [self._base(words[0], wanted.get("policy")), *(word for word in words[1:] if word != MODULE), *([MODULE] if lines else [])]
        changed = {name for name in {**old, **lines} if old.get(name) != lines.get(name)}
        names = (changed & set(wanted)) | ({"policy"} & set(wanted) if words[0] != after[0] else set()) or set(wanted)
        text = NOTICE + "".join(f"{name} = {lines[name]}\n" for name in sorted(lines))
        changes = self.install(OURS, text, names) if lines else []
        if words != after:
            changes += self.edit(CONFIG, ":".join(after) + "\n", names)
        # Last, when nothing names it any more.
        changes += [] if lines else self.uninstall(OURS, names)
        if changes or (wanted and not self._applied()):
            changes.append(self._application(names, ":".join(after)))
        return Plan(changes)

    def _application(self, names: set[str], policy: str) -> Change:
        work = Once(lambda: self._run("--no-reload"))

        def apply() -> None:
            problem = work()
            if problem:
                raise problem

        return Change(IN_FORCE, f"{':'.join(self._state())}\n", f"{policy}\n", frozenset(names), apply)

    def _run(self, option: str) -> None:
        ran = self.host.run([COMMAND, option])
        if not ran.ok:
            raise RuntimeError(f"{COMMAND} {option} failed: {ran.error}")

    @staticmethod
    def _base(there: str, wanted: Value) -> str:
        """The policy to build on: the site's own, unless it is looser than wanted."""
        return there if wanted is None or _reaches(wanted, there) else wanted

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        for name, value in wanted.items():
            _express(name, value)
        text = self.host.read(IN_FORCE)
        if text is None:
            return unobserved(wanted, result.ERROR, f"there is no {IN_FORCE}: run {COMMAND}")
        applied = self._applied()
        values = dict(_LINE.findall(text))
        return {name: self._observation(name, value, values, applied) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: Value, values: Mapping[str, str], applied: bool) -> Observation:
        if not applied:
            return Observation("not applied", f"{COMMAND} --check", f"what programs read is not what {CONFIG} asks for: run {COMMAND}")
        if name == "policy":
            return Observation(self._state()[0], f"{DIRECTORY}/state/current")
        faces = _faces(name, values)
        if not faces:
            return Observation(status=result.ERROR, read_from=IN_FORCE, message=f"{IN_FORCE} says nothing of {name}")
        face = next((face for face in faces if not self.satisfies(name, wanted, values[face])), faces[0])
        if isinstance(wanted, list):
            bad = _barred(wanted, values[face])
            return Observation(values[face], IN_FORCE, f"{face} has {', '.join(bad)}" if bad else "")
        return Observation(values[face], IN_FORCE)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if name == "policy":
            return _reaches(wanted, value)
        if isinstance(wanted, list):
            return value is not None and not _barred(wanted, value) and value != "not applied"
        return at_least(wanted, value) if name.startswith("min_") else numbers.number(str(value)) == int(wanted)

    def _applied(self) -> bool:
        """Are the files that programs read those that the configured policy makes?"""
        return self._configured() == self._state() and self.host.run([COMMAND, "--check"]).ok

    def _configured(self) -> list[str]:
        return _words(self.host.read(CONFIG)) or ["DEFAULT"]

    def _state(self) -> list[str]:
        return _words(self.host.read(f"{DIRECTORY}/state/current")) or ["nothing"]


def _words(text: str | None) -> list[str]:
    """The policy and its modules, comments left out."""
    lines = (line.partition("#")[0].strip(BLANKS) for line in lines_of(text or ""))
    return [word.upper() for line in lines for word in line.split(":") if word]


def _reaches(wanted: str, policy: str) -> bool:
    """Is a policy as strict as the wanted one? One of the site's own is known to nobody else."""
    if policy in (wanted, FIPS):
        return True
    return policy in POLICIES and wanted in POLICIES and POLICIES.index(policy) >= POLICIES.index(wanted)


def _faces(name: str, values: Mapping[str, str]) -> list[str]:
    """The lines that say what a property is in its scope: of every program that has one of its own, else the one for all."""
    prop, sign, scope = name.partition("@")
    if not sign:
        return [face for face in values if face.partition("@")[0] == prop]
    faces = [f"{prop}@{program}" for program in SCOPES.get(scope.lower(), (scope.lower(),))]
    found = [face for face in faces if face in values]
    return found + ([prop] if len(found) < len(faces) and prop in values else [])


def _barred(wanted: list[str], value: str) -> list[str]:
    """What is in force though it must not be; a star stands for anything."""
    return [word for word in words_of(value) if any(fnmatchcase(word, pattern.lstrip("-")) for pattern in wanted)]


def _written(value: Value) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _express(name: str, value: Value) -> None:
    """Raise BadSetting for what crypto-policies(7) cannot say or this kind does not."""
    if name == "policy":
        if value not in POLICIES:
            raise BadSetting(f"crypto_policy: policy can be {', '.join(POLICIES)}, not {value}")
        return
    number = isinstance(value, int) and not isinstance(value, bool)
    barring = isinstance(value, list) and value and all(re.fullmatch(r"-[A-Za-z0-9*.-]+", str(word)) for word in value)
    if not _PROPERTY.fullmatch(name) or not (number or barring):
        raise BadSetting(f"crypto_policy: {name} can be a number or a list of what to leave out such as [-SHA1], not {value!r}")
