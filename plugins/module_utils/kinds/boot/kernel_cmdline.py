# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameters that the boot loader gives the kernel, as ``{audit: 1, slab_nomerge: true, init: false}``.

What must not be there is ``false``, or ``{never: ["off"]}`` where only some values are bad: that is observed and
never written, because nobody but the site knows why it is there.

A drop-in for update-grub carries them from one generated menu to the next. The
menu that boots is changed by update-grub on a running host only: in an opened
template it would describe the disks of the machine that opened it, so there the
words are put where update-grub will put them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    NOTICE,
    Change,
    Kind,
    Observation,
    Observations,
    Plan,
    Refusal,
    unobserved,
)
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot import kernel_cmdline_bls as bls
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import ENTRY, MENU, RECOVERY, WORD, entries, split
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import bls as by_entries
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import value as value_of
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

DEFAULTS = "/etc/default/grub"
DIRECTORY = "/etc/default/grub.d"
OTHER_LOADERS = ("/boot/loader/entries", "/boot/efi/loader/entries", "/efi/loader/entries", "/boot/extlinux")

# What update-grub reads, read as it reads it; a file may print something, and a value may have several lines.
ASK = f"""\
exec 3>&1 >&2
[ ! -e {DEFAULTS} ] || . {DEFAULTS}
for file in {DIRECTORY}/*.cfg; do [ ! -e "$file" ] || [ "$file" = "$0" ] || . "$file"; done
printf '%s\\0' "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT" >&3
"""
# A line of the menu ends where a value's line ends, so words after that would never reach the kernel; a backslash goes on.
_JOIN = "sed -e ':a' -e '$!N' -e '$!ba' -e 's/\\\\\\n//g' -e 's/\\n/ /g'"
FLATTENED = "".join(f"{name}=$(printf '%s\\n' \"${name}\" | {_JOIN})\n" for name in ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"))

# Stands for all values of a parameter that must be absent.
EVERY = ("*",)

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
OURS = re.compile(r'"\$GRUB_CMDLINE_LINUX (.*)"')
_VALUE = re.compile(r"[A-Za-z0-9_.,:=/@+%-]+")


class KernelCmdline(Kind):
    name = "kernel_cmdline"
    # update-grub reads its drop-ins in the order of their names.
    path = f"{DIRECTORY}/zz-hygeia.cfg"

    def absent(self) -> str:
        if self.host.container:
            return "a container does not start the kernel that it shares"
        if not self._menu() and not any(map(self.host.exists, OTHER_LOADERS)):
            return "no boot loader is installed here, so nothing gives a kernel parameters"
        return ""

    def _grub(self) -> bool:
        return self.host.exists(MENU)

    def _menu(self) -> bool:
        """Is there a menu that can be read and changed?"""
        return self._grub() or by_entries(self.host)

    # -- enforcing ---------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        before = self.host.read(self.path) or ""
        old = self._parse(before)
        words = self._words(wanted)
        words = dict(sorted({**old, **words}.items() if partial else words.items()))
        if not words and not old:
            return Plan()
        if by_entries(self.host):
            texts = bls.texts(self.host, words)
            return Plan([change for path, text in texts.items() for change in self.edit(path, text, words)])
        if not self._grub():
            return Plan(refusals=[Refusal(frozenset(words), "only GRUB's menu can be changed, and GRUB does not start this host")])
        names = [name for name in {**old, **words} if old.get(name) != words.get(name)] or list(wanted)
        file = self.install(self.path, self._render(words), names) if words else self.uninstall(self.path, names)
        menu = self.host.read(MENU) or ""
        after = _rewritten(menu, self._gone(old, words), words_of(" ".join(words.values())), split(self._asked()[1]))
        if menu == after:
            return Plan(file)
        return Plan(file + [Change(MENU, menu, after, frozenset(names), lambda: self._generate(before, menu, after))])

    def _words(self, wanted: Settings) -> dict[str, str]:
        """What our file says, by the names of the parameters."""
        return {name: word_of(name, value) for name, value in wanted.items() if not _barred(name, value)}

    def _gone(self, old: Mapping[str, str], words: Mapping[str, str]) -> Callable[[str], bool]:
        """Is a word one that leaves the menu?"""
        left = set(words_of(" ".join(old.values()))) - set(words_of(" ".join(words.values())))
        return lambda word: word in left

    def _generate(self, before: str, menu: str, after: str) -> None:
        """Make the menu anew; when kernels would be lost from it, everything is as it was."""
        if not self.host.booted or not self.host.which("update-grub"):
            self.host.edit(MENU, after)
            return
        ran = self.host.run(["update-grub"])
        lost = [kernel for kernel, root in self._bootable(menu) - self._bootable(self.host.read(MENU) or "")]
        if ran.ok and not lost:
            return
        self.host.edit(MENU, menu)
        if before:
            self.host.write(self.path, before)
        else:
            self.host.remove(self.path)
        why = f"it would no longer start {lost[0]} from the same root" if lost else ran.error
        raise RuntimeError(f"update-grub failed and the menu is as it was: {why}")

    def _bootable(self, menu: str) -> set[tuple[str, bool | str | None]]:
        """Each kernel in a menu that is really there, with the root that it is started with."""
        found = {(kernel, value_of(words, "root")) for unused_number, kernel, words in entries(menu)}
        return {entry for entry in found if self.host.exists(entry[0]) or self.host.exists("/boot" + entry[0])}

    # -- observing ---------------------------------------------------------------

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        barred = _barred(name, wanted)
        if barred:
            return value is None or (barred is not EVERY and self.plain(value) not in barred)
        return super().satisfies(name, wanted, value)

    def observe(self, wanted: Settings) -> Observations:
        if not self._menu() and not self.host.kernel:
            return unobserved(wanted, result.NOT_CHECKED, "GRUB does not start this host, and no other menu can be read")
        sources = self._sources()
        return {name: self._observation(name, wanted[name], sources) for name in wanted}

    def _sources(self) -> list[tuple[str, list[str], str]]:
        """Every list of words that must have the parameters, as (place, words, what is wrong when it has not)."""
        sources = list(bls.sources(self.host)) if by_entries(self.host) else []
        if self._grub():
            found = [entry for entry in entries(self.host.read(MENU) or "") if not RECOVERY.intersection(entry[2])]
            if not found:
                raise RuntimeError(f"{MENU} starts no kernel")
            sources += [(f"{MENU}:{number}", words, f"{kernel} is started") for number, kernel, words in found]
            asked = " ".join(self._asked()).replace("\\\n", "")
            # Up to the end of a line the kernel gets it, and what comes after it somebody wanted it to get.
            sources += [(DEFAULTS, split(text), "update-grub would start every kernel") for text in (asked.partition("\n")[0], asked)]
        if self.host.kernel:
            words = split(self.host.read("/proc/cmdline") or "")
            sources += [("/proc/cmdline", words, "the running kernel was started")]
        return sources

    def _observation(self, name: str, wanted: Value, sources: list[tuple[str, list[str], str]]) -> Observation:
        for place, words, claim in sources:
            value = self._found(name, wanted, words)
            if not self.satisfies(name, wanted, value):
                return Observation(value, place, f"{claim} {self._how(name, wanted, value)}")
        place, words, unused_claim = sources[0]
        return Observation(self._found(name, wanted, words), place)

    def _found(self, name: str, wanted: Value, words: list[str]) -> Value:
        """What the kernel makes of a parameter in a list of words."""
        return value_of(words, name)

    def _how(self, name: str, wanted: Value, value: Value) -> str:
        """How a kernel is started that is not started as wanted."""
        return f"without {name}" if value is None else f"with {word_of(name, value)}{self._blame(name, value)}"

    def _blame(self, name: str, value: Value) -> str:
        """Where a wrong word is written last, as the end of a sentence: what comes before it may have been taken away again."""
        word = re.compile(rf"(?<![\w.-]){re.escape(word_of(name, value))}(?![\w.-])", re.A)
        for path in reversed([DEFAULTS] + self.host.files(f"{DIRECTORY}/*.cfg")):
            for number, line in reversed(list(enumerate(self.host.lines(path), 1))):
                if path != self.path and not line.lstrip(BLANKS).startswith("#") and word.search(line):
                    return f", which {path}:{number} says"
        return ""

    def _asked(self, besides: str = "") -> list[str]:
        """The words for every entry and those for ordinary entries, as update-grub will take them from its files ``besides`` one."""
        ran = self.host.run(["sh", "-c", ASK, besides or "sh"])
        values = ran.out.split("\0")
        if not ran.ok or len(values) != 3:
            raise RuntimeError(f"{DEFAULTS} and its drop-ins could not be read: {ran.error}")
        return values[:2]

    def _render(self, words: Mapping[str, str]) -> str:
        several = any("\n" in value for value in self._asked(besides=self.path))
        return f'{NOTICE}{FLATTENED if several else ""}GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {" ".join(words.values())}"\n'

    def _parse(self, text: str) -> dict[str, str]:
        """The words of our own file by name, as ``_render`` wrote them."""
        found = OURS.search(text)
        return {word.partition("=")[0]: word for word in words_of(found[1])} if found else {}


# -- words -----------------------------------------------------------------------


def _barred(name: str, value: Value) -> tuple[str, ...]:
    """The values that a parameter must not have, or nothing when one is wanted."""
    if value is False:
        return EVERY
    if not isinstance(value, dict):
        return ()
    never = value.get("never")
    if set(value) != {"never"} or not never or not isinstance(never, list):
        raise BadSetting(f'kernel_cmdline: {name} can have a list of values under never, such as {{never: ["off"]}}, not {value!r}')
    return tuple(map(Kind.plain, never))


def word_of(name: str, value: Value) -> str:
    """A parameter as it stands in a command line; true is a parameter without a value."""
    text = "" if value is True else f"={value}"
    if not _NAME.fullmatch(name) or value is False or (text and not _VALUE.fullmatch(text[1:])):
        raise BadSetting(f"kernel_cmdline: {name} can be true or a value without blanks and quotes, not {value!r}")
    return name + text


# -- the menu --------------------------------------------------------------------


def _rewritten(menu: str, gone: Callable[[str], bool], words: list[str], defaults: list[str]) -> str:
    """The menu with words taken away and words put in, before those that only ordinary entries get."""
    lines = menu.split("\n")
    for number, unused_kernel, unused_words in entries(menu):
        lines[number - 1] = ENTRY.sub(lambda entry: f"{entry['start']}{_changed(entry['words'], gone, words, defaults)}", lines[number - 1])
    return "\n".join(lines)


def _changed(text: str, gone: Callable[[str], bool], words: list[str], defaults: list[str]) -> str:
    """One command line so changed; every other word keeps the blanks before it."""
    kept = [word for word in re.finditer(rf"\s*({WORD.pattern})", text, re.S | re.A) if not gone(word[1])]
    names = [word[1] for word in kept]
    end = len(names) - len(defaults) if defaults and names[-len(defaults) :] == defaults else len(names)
    missing = "".join(f" {word}" for word in words if word not in names)
    return "".join(word[0] for word in kept[:end]) + missing + "".join(word[0] for word in kept[end:])
