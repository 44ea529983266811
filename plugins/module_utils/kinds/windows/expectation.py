# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a control expects of a value of Windows, and whether a value is that.

A number, a text or true and false is expected as it is; a list names what is tolerated. Otherwise a mapping says what holds, all of it:

- ``equals``, ``one_of``, ``none_of``: texts are the same in whichever case.
- ``at_least``, ``at_most``: numbers, also those that Windows keeps as texts.
- ``contains``: texts that are all there, in a text or among several.
- ``only``: the texts that are tolerated among several.
- ``default``: what Windows takes where there is no value; without it, no value is wrong.
- ``absent: true``: there must be no value.
- ``type``: of a registry value, such as ``dword``, ``qword``, ``sz``, ``expand_sz`` or ``multi_sz``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Union

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.values import NAMES

# What a system has: nothing, a number, a text, several texts, or bytes, of which only the length is ever shown.
Found = Union[int, str, "list[str]", bytes, None]

_LISTS = ("one_of", "none_of", "contains", "only")
_NUMBERS = ("at_least", "at_most")
WORDS = ("equals", *_LISTS, *_NUMBERS, "default", "absent", "type")
ABSENT = "absent"
# A number that the registry keeps as a text, which may be one of 64 bits.
_DIGITS = re.compile(r"[0-9]{1,19}")


def expected(where: str, value: Value, types: bool = False) -> Mapping[str, Any]:
    """What a setting expects, as a mapping; BadSetting for what means nothing. ``types`` are those of the registry."""
    if isinstance(value, list):
        value = {"only": value}
    elif not isinstance(value, dict):
        value = {"equals": value}
    for word, given in value.items():
        if word not in WORDS or (word == "type" and not types):
            raise BadSetting(f"{where}: there is no {word}; choose one of {', '.join(WORDS if types else WORDS[:-1])}")
        _require(where, word, given)
    if not set(value) - {"default", "type"}:
        raise BadSetting(f"{where}: nothing is expected; say what with one of {', '.join(WORDS[:-3])}")
    if value.get("absent") and set(value) != {"absent"}:
        raise BadSetting(
            f"{where}: what is absent has no other properties; leave out {', '.join(word for word in value if word != 'absent')}"
        )
    return value


def _require(where: str, word: str, given: object) -> None:
    if word in _LISTS and not (isinstance(given, list) and all(_is_scalar(each) for each in given)):
        raise BadSetting(f"{where}: {word} is a list of texts or numbers, not {given!r}")
    if word in _NUMBERS and (not isinstance(given, int) or isinstance(given, bool)):
        raise BadSetting(f"{where}: {word} is a number, not {given!r}")
    if word in ("equals", "default") and not (_is_scalar(given) or (word == "default" and isinstance(given, list))):
        raise BadSetting(f"{where}: {word} is a number or a text, not {given!r}")
    if word == "absent" and given is not True:
        raise BadSetting(f"{where}: absent can only be true, not {given!r}")
    if word == "type" and given not in NAMES.values():
        raise BadSetting(f"{where}: there is no type {given}; choose one of {', '.join(NAMES.values())}")


def _is_scalar(value: object) -> bool:
    return isinstance(value, (int, str))


def problems(wanted: Mapping[str, Any], found: Found) -> list[str]:
    """What is wrong with a value, each as the end of a sentence that begins with its name."""
    if wanted.get("absent"):
        return [] if found is None else ["is there and must not be"]
    if found is None:
        if "default" not in wanted:
            return ["is not set"]
        return [f"is not set, and Windows takes {shown(wanted['default'])} then" for unused in list(_wrong(wanted, wanted["default"]))[:1]]
    return list(_wrong(wanted, found))


def _wrong(wanted: Mapping[str, Any], found: Found) -> Iterator[str]:
    texts = [_plain(each) for each in found] if isinstance(found, list) else [_plain(found)]
    number = _number(found)
    if "equals" in wanted and not _same(wanted["equals"], found):
        yield f"is {shown(found)} and not {shown(wanted['equals'])}"
    if "one_of" in wanted and not any(_same(each, found) for each in wanted["one_of"]):
        yield f"is {shown(found)} and not one of {shown(wanted['one_of'])}"
    if "none_of" in wanted and (bad := [each for each in wanted["none_of"] if _plain(each) in texts]):
        yield f"is {shown(found)} and must not be {shown(bad)}"
    if "at_least" in wanted and (number is None or number < wanted["at_least"]):
        yield f"is {shown(found)} and not at least {wanted['at_least']}"
    if "at_most" in wanted and (number is None or number > wanted["at_most"]):
        yield f"is {shown(found)} and not at most {wanted['at_most']}"
    if missing := [each for each in wanted.get("contains", ()) if not _holds(found, texts, _plain(each))]:
        yield f"lacks {shown(missing)}"
    if "only" in wanted:
        tolerated = {_plain(each) for each in wanted["only"]}
        extra = [each for each in (found if isinstance(found, list) else [found]) if _plain(each) not in tolerated]
        if extra:
            yield f"has {shown(extra)} too" if tolerated else f"has {shown(extra)}"


def _holds(found: Found, texts: list[str], part: str) -> bool:
    return part in texts if isinstance(found, list) else part in texts[0]


def _same(one: object, other: object) -> bool:
    """Texts are the same in whichever case; a number is never the same as a text."""
    if isinstance(one, str) and isinstance(other, str):
        return _plain(one) == _plain(other)
    if isinstance(one, str) or isinstance(other, (str, list, bytes)):
        return False
    return one == other


def _plain(value: object) -> str:
    return str(value).casefold()


def _number(found: Found) -> int | None:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    return int(found) if isinstance(found, str) and _DIGITS.fullmatch(found) else None


def shown(value: object) -> str:
    """A value inside of a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(shown, value)) or "nothing"
    if value is None:
        return ABSENT
    return f"{len(value)} bytes" if isinstance(value, bytes) else (str(value) or "an empty text")


def presented(found: Found) -> Any:
    """A value as the record of a result shows it: what nobody can read is shown by its length."""
    if found is None:
        return ABSENT
    return shown(found) if isinstance(found, bytes) else found
