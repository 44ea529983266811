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

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import kernel_cmdline_bls as bls
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    NOTICE,
    BadSetting,
    Change,
    Kind,
    Observation,
    Plan,
    Refusal,
    unobserved,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

MENU = "/boot/grub/grub.cfg"
DEFAULTS = "/etc/default/grub"
FOLDER = "/etc/default/grub.d"
OTHER_LOADERS = ("/boot/loader/entries", "/boot/efi/loader/entries", "/efi/loader/entries", "/boot/extlinux")
# An entry with one of these words is for mending a host at its console and may leave out what others must have.
RECOVERY = {"single", "recovery"}

# What update-grub reads, read as it reads it.
ASK = f"""\
[ ! -e {DEFAULTS} ] || . {DEFAULTS}
for file in {FOLDER}/*.cfg; do [ ! -e "$file" ] || . "$file"; done
printf '%s\\n' "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"
"""

# Stands for all values of a parameter that must be absent.
EVERY = ("*",)

_SECTION = re.compile(r"### BEGIN (\S+) ###")
_ENTRY = re.compile(r"(?P<start>\s*linux(?:efi|16)?\s+(?P<kernel>\S*/(?:vmlinu[xz]|kernel)\S*))(?P<words>.*)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_VALUE = re.compile(r"[A-Za-z0-9_.,:=/@+%-]+")


class KernelCmdline(Kind):
    name = "kernel_cmdline"
    # update-grub reads its drop-ins in the order of their names.
    path = f"{FOLDER}/zz-hygeia.cfg"

    def absent(self):
        if self.host.container:
            return "a container does not start the kernel that it shares"
        if not self._menu() and not any(map(self.host.exists, OTHER_LOADERS)):
            return "no boot loader is installed here, so nothing gives a kernel parameters"
        return ""

    def _grub(self):
        return self.host.exists(MENU)

    def _menu(self):
        """Is there a menu that can be read and changed?"""
        return self._grub() or bls.serves(self.host)

    # -- enforcing ---------------------------------------------------------------

    def plan(self, wanted, partial=False):
        before = self.host.read(self.path) or ""
        old = _parse(before)
        words = {name: _word(name, value) for name, value in wanted.items() if not _barred(name, value)}
        words = dict(sorted({**old, **words}.items() if partial else words.items()))
        if not words and not old:
            return Plan()
        if bls.serves(self.host):
            texts = bls.texts(self.host, words)
            return Plan([change for path, text in texts.items() for change in self.install(path, text, words, self._mode(path))])
        if not self._grub():
            return Plan(refusals=[Refusal(frozenset(words), "only GRUB's menu can be changed, and GRUB does not start this host")])
        names = [name for name in {**old, **words} if old.get(name) != words.get(name)] or list(wanted)
        file = self.install(self.path, _render(words), names) if words else self.uninstall(self.path, names)
        menu = self.host.read(MENU)
        gone = set(old.values()) - set(words.values())
        after = _rewritten(menu, gone, list(words.values()), self._asked()[1])
        if menu == after:
            return Plan(file)
        return Plan(file + [Change(MENU, menu, after, frozenset(names), lambda: self._generate(before, menu, after))])

    def _generate(self, before, menu, after):
        """Make the menu anew; when kernels would be lost from it, everything is as it was."""
        mode = self._mode(MENU)
        if not self.host.booted or not self.host.which("update-grub"):
            self.host.write(MENU, after, mode)
            return
        ran = self.host.run(["update-grub"])
        lost = [kernel for kernel, root in self._bootable(menu) - self._bootable(self.host.read(MENU) or "")]
        if ran.ok and not lost:
            return
        self.host.write(MENU, menu, mode)
        if before:
            self.host.write(self.path, before)
        else:
            self.host.remove(self.path)
        why = f"it would no longer start {lost[0]} from the same root" if lost else ran.complaint
        raise RuntimeError(f"update-grub failed and the menu is as it was: {why}")

    def _mode(self, path):
        return os.stat(self.host.path(path)).st_mode & 0o7777 if self.host.exists(path) else 0o644

    def _bootable(self, menu):
        """Each kernel in a menu that is really there, with the root that it is started with."""
        found = {(kernel, _value(words, "root")) for unused_number, kernel, words in _entries(menu)}
        return {entry for entry in found if self.host.exists(entry[0]) or self.host.exists("/boot" + entry[0])}

    # -- observing ---------------------------------------------------------------

    def meets(self, name, wanted, value):
        barred = _barred(name, wanted)
        if barred:
            return value is None or barred is not EVERY and self.plain(value) not in barred
        return super().meets(name, wanted, value)

    def observe(self, wanted):
        if not self._menu() and not self.host.kernel:
            return unobserved(wanted, result.NOT_CHECKED, "GRUB does not start this host, and no other menu can be read")
        sources = self._sources()
        return {name: self._observation(name, wanted[name], sources) for name in wanted}

    def _sources(self):
        """Every list of words that must have the parameters, as (place, words, what is wrong when it has not)."""
        sources = list(bls.sources(self.host)) if bls.serves(self.host) else []
        if self._grub():
            entries = [entry for entry in _entries(self.host.read(MENU)) if not RECOVERY.intersection(entry[2])]
            if not entries:
                raise RuntimeError(f"{MENU} starts no kernel")
            sources += [(f"{MENU}:{number}", words, f"{kernel} is started") for number, kernel, words in entries]
            sources += [(DEFAULTS, sum(self._asked(), []), "update-grub would start every kernel")]
        if self.host.kernel:
            words = (self.host.read("/proc/cmdline") or "").split()
            sources += [("/proc/cmdline", words, "the running kernel was started")]
        return sources

    def _observation(self, name, wanted, sources):
        for place, words, claim in sources:
            value = _value(words, name)
            if not self.meets(name, wanted, value):
                how = f"without {name}" if value is None else f"with {_word(name, value)}{self._blame(name, value)}"
                return Observation(value, place, f"{claim} {how}")
        place, words, unused_claim = sources[0]
        return Observation(_value(words, name), place)

    def _blame(self, name, value):
        """Where a wrong word is written, as the end of a sentence."""
        word = re.compile(rf"(?<![\w.-]){re.escape(_word(name, value))}(?![\w.-])")
        for path in [DEFAULTS] + self.host.glob(f"{FOLDER}/*.cfg"):
            for number, line in enumerate(self.host.lines(path), 1):
                if path != self.path and not line.lstrip().startswith("#") and word.search(line):
                    return f", which {path}:{number} says"
        return ""

    def _asked(self):
        """The words for every entry and those for ordinary entries, as update-grub will take them from its files."""
        ran = self.host.run(["sh", "-c", ASK])
        if not ran.ok:
            raise RuntimeError(f"{DEFAULTS} and its drop-ins could not be read: {ran.complaint}")
        return [line.split() for line in ran.out.split("\n")[-3:-1]]


# -- words -----------------------------------------------------------------------


def _barred(name, value):
    """The values that a parameter must not have, or nothing when one is wanted."""
    if value is False:
        return EVERY
    if not isinstance(value, dict):
        return ()
    never = value.get("never")
    if set(value) != {"never"} or not never or not isinstance(never, list):
        raise BadSetting(f"kernel_cmdline: {name} can have a list of values under never, such as {{never: [\"off\"]}}, not {value!r}")
    return tuple(map(Kind.plain, never))


def _word(name, value):
    """A parameter as it stands in a command line; true is a parameter without a value."""
    text = "" if value is True else f"={value}"
    if not _NAME.fullmatch(name) or value is False or (text and not _VALUE.fullmatch(text[1:])):
        raise BadSetting(f"kernel_cmdline: {name} can be true or a value without blanks and quotes, not {value!r}")
    return name + text


def _value(words, name):
    """What the kernel makes of a parameter: the last word counts, and dashes are underscores."""
    value = None
    for word in words:
        key, equals, text = word.partition("=")
        if key.replace("-", "_") == name.replace("-", "_"):
            value = text if equals else True
    return value


def _render(words):
    return f'{NOTICE}GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {" ".join(words.values())}"\n'


def _parse(text):
    """The words of our own file by name, as ``_render`` wrote them."""
    found = re.search(r'"\$GRUB_CMDLINE_LINUX (.*)"', text)
    return {word.partition("=")[0]: word for word in found[1].split()} if found else {}


# -- the menu --------------------------------------------------------------------


def _entries(menu):
    """Each (line number, kernel, words) that starts a kernel of this system."""
    section = ""
    for number, line in enumerate(menu.splitlines(), 1):
        begin, entry = _SECTION.match(line), _ENTRY.fullmatch(line)
        section = begin[1] if begin else section
        if entry and "os-prober" not in section:
            yield number, entry["kernel"], entry["words"].split()


def _rewritten(menu, gone, words, defaults):
    """The menu with words taken away and words put in, before those that only ordinary entries get."""
    lines = menu.splitlines(keepends=True)
    for number, unused_kernel, old in _entries(menu):
        new = [word for word in old if word not in gone]
        end = len(new) - len(defaults) if defaults and new[-len(defaults):] == defaults else len(new)
        new[end:end] = [word for word in words if word not in new]
        if new != old:
            line = lines[number - 1]
            start = _ENTRY.match(line)["start"]
            lines[number - 1] = f"{start} {' '.join(new)}\n"
    return "".join(lines)
