# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module answers is data that its documentation describes, and nothing else.

Whoever rules a system writes what its modules answer. So an answer is read
here, before Ansible sees it: what the module does not document is left out
(facts before all, which would outrank the site's variables), what has another
shape is refused, and there is an end to its size.
"""

from __future__ import annotations

import ast
import functools
import json
import math
import re
from typing import Any, NoReturn

import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable

# The largest answers known are differences of files and lists of packages: some megabytes.
MOST = 64 * 2**20
LONGEST_TEXT = 4 * 2**20
LONGEST_SENTENCE = 4096
DEEPEST = 32
LARGEST_NUMBER = 2**63

# What every module may answer beside what its documentation says.
COMMON = ("changed", "failed", "skipped", "msg", "exception", "warnings", "diff", "invocation", "rc")
# And what Ansible adds to the results of its own.
_OUTPUT = ("unreachable", "stdout", "stdout_lines", "stderr", "stderr_lines")
# What Ansible does not take for data, whoever says it.
_MEANT = ("ansible_facts", "add_host", "add_group", "deprecations", "ansible_stats")

_DIFF = ("before", "after", "before_header", "after_header", "prepared")
_BEGIN = re.compile(r"^[ \t]*\{", re.M)
_TYPES: dict[str, Any] = {"str": str, "path": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}
_NAMES = {str: "a text", int: "a number", float: "a number", bool: "yes or no", list: "a list", dict: "a mapping", type(None): "nothing"}
_WANTED = {name: _NAMES[kind[0] if isinstance(kind, tuple) else kind] for name, kind in _TYPES.items()}


# How documentation describes one value, and everything that a module returns, by name.
Described = dict[str, Any]
Shape = dict[str, Described]
# The text before and after, and what they are of.
Diff = dict[str, str]


class AnswerError(Exception):
    """Why an answer cannot be used, without who gave it."""


@functools.cache
def documented(path: str) -> Shape:
    """What the module in this file says that it returns, as its documentation has it."""
    with open(path, encoding="utf-8") as stream:
        tree = ast.parse(stream.read())
    texts = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") == "RETURN"
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return yaml.load(texts[0], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if texts else {}


def read(output: str, shape: Shape) -> dict[str, Any]:
    """The answer in what a module of ours wrote, as plain data of this shape."""
    return validated(parsed(output), shape)


def parsed(output: str, facts: bool = False) -> dict[str, Any]:
    """The answer in what a module wrote, as plain data that means nothing to Ansible.

    With ``facts`` those stay in it, for an action that asks for them on its own way, such as reboot; ``sifted`` takes them out of
    what that action answers.
    """
    if len(output) > MOST:
        raise AnswerError(f"it is larger than {MOST // 2**20} MiB")
    begin = _BEGIN.search(output)
    if begin is None:
        raise AnswerError("there is none")
    try:
        found = _DECODER.raw_decode(output, begin.end() - 1)[0]
    except RecursionError:
        raise AnswerError(f"it is nested deeper than {DEEPEST} levels") from None
    except ValueError as problem:
        raise AnswerError(f"it is not JSON: {problem}") from None
    found = _plain(found)
    dropped = [name for name in (*COMMON, *_MEANT) if not (facts and name == "ansible_facts" and isinstance(found.get(name), dict))]
    return {**{name: value for name, value in found.items() if name not in dropped}, **_common(found)}


def validated(answer: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """What of an answer is documented, when all of that has the documented shape."""
    result = {name: answer[name] for name in COMMON if name in answer}
    for name, described in shape.items():
        promised = described.get("returned") in ("always", "success") and not (result.get("failed") or result.get("skipped"))
        if promised and answer.get(name) is None and described["type"] in ("list", "bool"):
            raise AnswerError(f"{name} is missing")
        if name in answer:
            result[name] = _shaped(answer[name], described, name)
    return result


def sifted(result: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """What of the result of one of Ansible's own is documented; not so exactly that it could be held to its shape."""
    return {name: value for name, value in result.items() if (name in shape or name in (*COMMON, *_OUTPUT)) and name not in _MEANT}


# -- plain data ------------------------------------------------------------------


def _plain(value: Any, depth: int = 0) -> Any:
    """The same data in valid UTF-8 and of bounded size, without the names that have a meaning to Ansible."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise AnswerError(f"it has a text of more than {LONGEST_TEXT // 2**20} MiB")
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) >= LARGEST_NUMBER:
            raise AnswerError("it has a number without bounds")
        return value
    if depth == DEEPEST:
        raise AnswerError(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return {_plain(name): _plain(item, depth + 1) for name, item in value.items() if not name.startswith(("_ansible", "__ansible"))}


def _number(text: str) -> int:
    """An integer, before whose digits become too many to count."""
    if len(text) > 20:
        raise AnswerError("it has a number without bounds")
    return int(text)


def _constant(name: str) -> NoReturn:
    raise AnswerError(f"it has {name}, which is not JSON")


_DECODER = json.JSONDecoder(parse_int=_number, parse_constant=_constant)


# -- shapes ------------------------------------------------------------------------


def _shaped(value: Any, described: Described, where: str) -> Any:
    """A value as its documentation has it; null stands for what is not known."""
    kind = described.get("type", "raw")
    if value is None or kind in ("raw", "complex"):
        return value
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise AnswerError(f"{where} is {_NAMES[type(value)]} and not {_WANTED[kind]}")
    if "choices" in described and value not in described["choices"]:
        raise AnswerError(f"{where} is {readable(str(value))[:80]} and not one of {', '.join(map(str, described['choices']))}")
    if kind == "list" and "elements" in described:
        element = {"type": described["elements"], "contains": described.get("contains")}
        return [_element(item, element, f"{where}[{number}]") for number, item in enumerate(value)]
    if kind == "dict" and described.get("contains"):
        missing = [name for name, inner in described["contains"].items() if inner.get("returned") == "always" and name not in value]
        if missing:
            raise AnswerError(f"{where}.{missing[0]} is missing")
        return {name: _shaped(value[name], inner, f"{where}.{name}") for name, inner in described["contains"].items() if name in value}
    return value


def _element(item: Any, described: Described, where: str) -> Any:
    if item is None:
        raise AnswerError(f"{where} is null and not {_WANTED.get(described['type'], 'a value')}")
    return _shaped(item, described, where)


# -- what every module may answer -----------------------------------------------------


def _common(answer: dict[str, Any]) -> dict[str, Any]:
    """The common part of an answer: what Ansible shows of it is readable, since it shows it as it is."""
    result = {
        name: _shaped(answer[name], {"type": kind}, name)
        for name, kind in (("changed", "bool"), ("failed", "bool"), ("skipped", "bool"), ("rc", "int"), ("invocation", "dict"))
        if name in answer
    }
    if "msg" in answer:
        result["msg"] = readable(_shaped(answer["msg"], {"type": "str"}, "msg") or "")[:LONGEST_SENTENCE]
    if answer.get("warnings"):
        texts = _shaped(answer["warnings"], {"type": "list"}, "warnings")
        result["warnings"] = [readable(_event(each))[:LONGEST_SENTENCE] for each in texts]
    if answer.get("exception") and result.get("failed"):
        result["exception"] = readable(_event(answer["exception"], "formatted_traceback"), lines=True)[-LONGEST_TEXT:]
    if answer.get("diff"):
        result["diff"] = _diff(answer["diff"])
    return result


def _event(value: Any, part: str = "msg") -> str:
    """The text of a warning or an error, which newer releases of ansible-core send as a summary of an event."""
    if isinstance(value, dict):
        event = value.get("event")
        value = (event.get(part) or event.get("msg")) if isinstance(event, dict) else value.get(part)
    return value if isinstance(value, str) else "it was not said what"


def _diff(value: Any) -> Diff | list[Any]:
    """The differences of files, of which Ansible shows each line."""
    if isinstance(value, list):
        return [_diff(each) for each in value]
    if not isinstance(value, dict):
        raise AnswerError(f"diff is {_NAMES[type(value)]} and not a mapping")
    texts = {name: _shaped(value.get(name), {"type": "str"}, f"diff.{name}") or "" for name in _DIFF}
    return {name: readable(text, lines=not name.endswith("_header")) for name, text in texts.items() if text or name != "prepared"}
