# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameters of the kernel that the platforms of an image ask for: ``{console: [tty0, "ttyS0,115200"], rootdelay: 300, quiet: false}``.

They differ from those of the kind ``kernel_cmdline`` in three ways. A list is a parameter that is given several times, such as the
console: each device must be there, whatever its options. What is false is taken away, since the site asked for its platforms by
name. And they have a drop-in of their own, which nothing takes back: they belong to the image and not to the profile of a host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline import DIRECTORY, OURS, KernelCmdline, word_of
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import bls, split, values
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

_VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
# Each word is between two blanks, so that two in a row are found too.
_WITHOUT = (
    "{variable}=$(printf '%s\\n' \"${variable}\" | sed -E -e 's/[[:blank:]]+/  /g' -e 's/.*/ & /'"
    " -e 's/[[:blank:]]({names})(=[^[:blank:]]*)?[[:blank:]]//g' -e 's/[[:blank:]]+/ /g' -e 's/^ | $//g')\n"
)
_REMOVED = re.compile(r"\[\[:blank:\]\]\(([^)]+)\)")


class PlatformCmdline(KernelCmdline):
    name = "platform_cmdline"
    # Read before that of the profile, whose controls have the last word.
    path = f"{DIRECTORY}/zy-hygeia-platforms.cfg"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        return super().plan(wanted, partial) if wanted else Plan()

    def _words(self, wanted: Settings) -> dict[str, str]:
        """One text a parameter: several words where it is given several times, and none where it must be absent."""
        texts = {name: _text(name, value) for name, value in wanted.items()}
        return {name: text for name, text in texts.items() if not (isinstance(wanted[name], list) and self._there(name, wanted[name]))}

    def _there(self, name: str, devices: list[str]) -> bool:
        """Is a parameter that is given several times there already, without our file?"""
        own = [] if bls(self.host) else [split(" ".join(self._asked(besides=self.path)))]
        lists = own or [words for unused_place, words, unused_claim in self._sources()]
        return all(self.satisfies(name, devices, self._found(name, devices, words)) for words in lists)

    def _gone(self, old: Mapping[str, str], words: Mapping[str, str]) -> Callable[[str], bool]:
        """What our file no longer says, what must be absent, and what is put in again in its order."""
        left = set(words_of(" ".join(old.values()))) - set(words_of(" ".join(words.values())))
        absent = {name for name, text in words.items() if not text}
        return lambda word: word in left or word.partition("=")[0] in absent

    def _render(self, words: Mapping[str, str]) -> str:
        absent = "|".join(name.replace(".", "\\.") for name, text in words.items() if not text)
        removal = "".join(_WITHOUT.format(variable=variable, names=absent) for variable in _VARIABLES) if absent else ""
        said = {name: text for name, text in words.items() if text}
        return NOTICE + removal + (super()._render(said)[len(NOTICE) :] if said else "")

    def _parse(self, text: str) -> dict[str, str]:
        absent = _REMOVED.search(text)
        found = {name.replace("\\", ""): "" for name in absent[1].split("|")} if absent else {}
        ours = OURS.search(text)
        for word in words_of(ours[1]) if ours else ():
            name = word.partition("=")[0]
            found[name] = f"{found[name]} {word}" if found.get(name) else word
        return found

    # -- observing ---------------------------------------------------------------

    def _found(self, name: str, wanted: Value, words: list[str]) -> Value:
        if isinstance(wanted, list):
            return values(words, name)
        return super()._found(name, wanted, words)

    def _how(self, name: str, wanted: Value, value: Value) -> str:
        if isinstance(wanted, list):
            return f"without {' and '.join(f'{name}={device}' for device in wanted if _device(device) not in map(_device, value))}"
        return super()._how(name, wanted, value)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if isinstance(wanted, list):
            return {_device(each) for each in wanted} <= set(map(_device, value))
        return value is None if wanted is False else super().satisfies(name, wanted, value)


def _text(name: str, value: Value) -> str:
    if isinstance(value, list):
        if not value:
            raise BadSetting(f"platform_cmdline: {name} needs at least one value in its list")
        return " ".join(word_of(name, each) for each in value)
    return "" if value is False and word_of(name, True) else word_of(name, value)


def _device(value: str) -> str:
    """A console without its speed."""
    return value.split(",", maxsplit=1)[0]
