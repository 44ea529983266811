# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where apt takes packages from (sources.list(5)), as ``{without_key: [], security_suite: present}``: only observed.

- ``without_key``: sources that do not name the key which signs them, so that any trusted key may.
- ``unverified``: sources that are believed without a signature, or with a weak one.
- ``bad_keys``: files of keys that a source names and that are not there, or that others than root can change.
- ``expired_keys``: files of keys that a source names and of which every key has run out.
- ``security_suite``: ``present`` when the security updates of this release are among the sources.

A list names what is tolerated.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import openpgp
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.sources import DIRECTORY, Source, listed
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

LISTS = ("without_key", "unverified", "bad_keys", "expired_keys")


class AptSource(Observed):
    name = "apt_source"

    def absent(self) -> str:
        return "" if self.host.which("apt-get") else "apt is not installed"

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if name == "security_suite" and value == "present":
                continue
            if name not in LISTS or not isinstance(value, list):
                raise BadSetting(f"apt_source {name}: use {', '.join(LISTS)} with a list, or security_suite: present")

    def inspect(self, wanted: Settings) -> Observations:
        sources = list(listed(self.host))
        lookers = {
            "without_key": self._without_key,
            "unverified": self._unverified,
            "bad_keys": self._bad_keys,
            "expired_keys": self._expired_keys,
            "security_suite": self._security_suite,
        }
        return {name: lookers[name](sources) for name in wanted}

    # -- looking ----------------------------------------------------------------

    def _without_key(self, sources: list[Source]) -> Observation:
        bare = [source for source in sources if not source.options.get("signed-by")]
        return _observation(bare, "says nothing of a key: add Signed-By")

    def _unverified(self, sources: list[Source]) -> Observation:
        return _observation([source for source in sources if source.careless], "is believed without a good signature")

    def _bad_keys(self, sources: list[Source]) -> Observation:
        return _observation_of_keys(sources, self._problems)

    def _expired_keys(self, sources: list[Source]) -> Observation:
        return _observation_of_keys(sources, self._expiry)

    def _problems(self, key: str) -> Iterator[str]:
        try:
            there = os.stat(self.host.path(key))
        except OSError:
            yield "does not exist"
            return
        if there.st_uid != 0 or there.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield "others than root can change"

    def _expiry(self, key: str) -> Iterator[str]:
        """A source is lost when the last of its keys has run out; a file that is not there is another finding."""
        ends = openpgp.ends(self.host.read_bytes(key) or b"")
        known = [end for end in ends if end is not None]
        if known and len(known) == len(ends) and max(known) < time.time():
            yield f"ended on {time.strftime('%Y-%m-%d', time.gmtime(max(known)))}"

    def _security_suite(self, sources: list[Source]) -> Observation:
        release = self.host.os_release.get("VERSION_CODENAME", "stable")
        meant = (f"{release}-security", f"{release}/updates", "stable-security")
        found = next((source for source in sources if source.suite.rstrip("/") in meant), None)
        if found:
            return Observation("present", found.place)
        return Observation("absent", DIRECTORY, f"no source brings the suite {meant[0]}, so known flaws stay")


def _observation(sources: list[Source], why: str) -> Observation:
    message = "; ".join(f"{source.place}: {source.name} {why}" for source in sources)
    return Observation(sorted({source.name for source in sources}), DIRECTORY, message)


def _observation_of_keys(sources: list[Source], problems: Callable[[str], Iterable[str]]) -> Observation:
    """The files of keys that sources name and that have a problem."""
    named = {key: source.place for source in sources for key in source.keys}
    messages = {key: f"{place} names {key}, which {problem}" for key, place in sorted(named.items()) for problem in problems(key)}
    return Observation(list(messages), DIRECTORY, "; ".join(messages.values()))
