# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checking policy data against its JSON Schema, with errors that a person can act on.

The ``description`` of a field in a schema finishes the sentence "write ...".
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Optional, Union

from ansible_collections.hygeia.golden.plugins.module_utils.util import patterns
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.spelling import suggestion

DIRECTORY = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../roles/baseline/files/schema"))

# Names an item of a list by its index, or the whole by None.
Place = Callable[[Optional[int]], str]

# Where something is: the keys and indices that lead there.
Path = Sequence[Union[str, int]]

# No more errors of one file are searched for: with that many, the first ones come first.
_MOST = 200
_TYPES = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number", "boolean": "true or false"}


def problems(data: Any, name: str, place: Place) -> list[str]:
    """What the schema ``name`` finds wrong with ``data``; ``place`` names an item by its index, or the whole by None."""
    return evaluated(data, name, place)[0]


def evaluated(data: Any, name: str, place: Place) -> tuple[list[str], set[int | None]]:
    """The problems, and which items of a list they are about; None stands for the whole."""
    problems: list[str] = []
    bad: set[int | None] = set()
    for error in errors(data, name):
        path = list(error.absolute_path)
        problems += [f"{_subject(data, path, place, name)}{sentence}" for sentence in _sentences(error)]
        bad.add(path[0] if path and isinstance(path[0], int) else None)
    return list(dict.fromkeys(problems)), bad


def errors(data: Any, name: str) -> list[Any]:
    """The errors of jsonschema, by their places."""
    found = itertools.islice(_validator(name).iter_errors(data), _MOST)
    return sorted(
        found, key=lambda error: [(isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in error.absolute_path]
    )


@functools.cache
def _validator(name: str) -> Any:
    try:
        import jsonschema  # only a site's own policy needs it, and loading it takes longer than all controls
    except ImportError as problem:
        raise PolicyError(
            "Checking a policy needs the Python library jsonschema on the controller; install python3-jsonschema or jsonschema."
        ) from problem
    with open(os.path.join(DIRECTORY, f"{name}.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    checker = jsonschema.FormatChecker(formats=[])
    checker.checks("date")(_is_day)
    checker.checks("regex")(lambda value: not isinstance(value, str) or not patterns.error(value))
    ours = jsonschema.validators.extend(
        jsonschema.Draft202012Validator, {"uniqueItems": functools.partial(_unique, jsonschema.ValidationError)}
    )
    return ours(schema, format_checker=checker)


def _is_day(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) and date.fromisoformat(value))
    except ValueError:
        return False


def _unique(error: type[Exception], unused_validator: Any, wanted: bool, value: Any, unused_schema: Any) -> Iterator[Exception]:
    """As the library's, without comparing each item with each other."""
    if wanted and isinstance(value, list) and _twice(value) is not None:
        yield error("an item is there twice")


def _twice(items: list[Any]) -> Any:
    seen = set()
    for item in items:
        said = json.dumps(item, sort_keys=True, default=str)
        if said in seen:
            return item
        seen.add(said)
    return None


def _subject(data: Any, path: Path, place: Place, name: str) -> str:
    """The file, the item and the field that an error is about."""
    index = path[0] if path and isinstance(path[0], int) else None
    if index is None:
        return f"{place(None)}: {_field(path) or name} "
    item = data[index]
    singular = name[:-1] if name.endswith("s") else name
    known = (item.get("id") or item.get("control")) if isinstance(item, dict) else None
    label = known if isinstance(known, str) else f"number {index + 1}"
    return f"{place(index)}: {singular} {label}: {_field(path[1:]) or 'it'} "


def _field(path: Path) -> str:
    return ": ".join(f"number {part + 1}" if isinstance(part, int) else str(part) for part in path)


def _sentences(error: Any) -> Iterator[str]:
    """What is wrong and what to write instead."""
    wanted, value, hint = error.validator_value, error.instance, error.schema.get("description", "")
    if error.validator == "enum":
        yield f"is {value!r}; use {_either(wanted)}."
    elif error.validator == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        quote = "; put it in quotes" if types == ["string"] and isinstance(value, (bool, int, float)) else ""
        yield f"is {_shown(value)}{quote or '; write ' + (hint or ' or '.join(_TYPES[name] for name in types))}."
    elif error.validator == "required":
        yield from (f"has no {name}; add one." for name in wanted if name not in value)
    elif error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        yield from (f"has a field {name} that means nothing; {suggestion(name, known)}." for name in value if name not in known)
    elif error.validator in ("minItems", "minProperties", "minLength"):
        yield f"is empty; write {hint}."
    elif error.validator == "uniqueItems":
        yield f"names {_twice(value)} twice; name it once."
    else:
        yield f"is {_shown(value)}; write {hint}."


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return _TYPES["object" if isinstance(value, dict) else "array"]
    return "empty" if value is None else repr(value)


def _either(values: Sequence[object]) -> str:
    names = [str(value) for value in values]
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
