# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checking policy data against its JSON Schema, with complaints that a person can act on.

The ``description`` of a field in a schema finishes the sentence "write ...".
"""

from __future__ import annotations

import difflib
import functools
import json
import os

from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError

FOLDER = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../roles/baseline/files/schema"))

_TYPES = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number", "boolean": "true or false"}


def complaints(data, name, place):
    """What the schema ``name`` finds wrong with ``data``; ``place`` names an item by its index, or the whole by None."""
    problems = [
        f"{_subject(data, list(error.absolute_path), place, name)}{sentence}"
        for error in sorted(_validator(name).iter_errors(data), key=lambda error: [str(part) for part in error.absolute_path])
        for sentence in _sentences(error)
    ]
    return list(dict.fromkeys(problems))


@functools.lru_cache(maxsize=None)
def _validator(name):
    try:
        import jsonschema  # only a site's own policy needs it, and loading it takes longer than all controls
    except ImportError as problem:
        raise PolicyError(
            "Checking a policy needs the Python library jsonschema on the controller; install python3-jsonschema or jsonschema."
        ) from problem
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker(formats=["date", "regex"]))


def _subject(data, path, place, name):
    """The file, the item and the field that an error is about."""
    index = path[0] if path and isinstance(path[0], int) else None
    if index is None:
        return f"{place(None)}: {_field(path) or name} "
    item = data[index]
    singular = name[:-1] if name.endswith("s") else name
    known = (item.get("id") or item.get("control")) if isinstance(item, dict) else None
    label = known if isinstance(known, str) else f"number {index + 1}"
    return f"{place(index)}: {singular} {label}: {_field(path[1:]) or 'it'} "


def _field(path):
    return ": ".join(f"number {part + 1}" if isinstance(part, int) else str(part) for part in path)


def _sentences(error):
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
        yield from (f"has a field {name} that means nothing; {_instead(name, known)}." for name in value if name not in known)
    elif error.validator in ("minItems", "minProperties", "minLength"):
        yield f"is empty; write {hint}."
    elif error.validator == "uniqueItems":
        twice = [item for item in value if value.count(item) > 1]
        yield f"names {twice[0]} twice; name it once."
    else:
        yield f"is {_shown(value)}; write {hint}."


def _shown(value):
    if isinstance(value, (dict, list)):
        return _TYPES["object" if isinstance(value, dict) else "array"]
    return "empty" if value is None else repr(value)


def _either(values):
    names = [str(value) for value in values]
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _instead(name, known):
    close = difflib.get_close_matches(str(name), known, 1)
    return f"did you mean {close[0]}" if close else f"known are {', '.join(known)}"
