# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Regular expressions that a site gives, tried in a process of their own that can be ended.

A repetition of a repetition, such as ``(a+)+$``, takes longer than anybody
lives on a short text, and nothing stops Python's own engine once it has begun.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable

# Processor seconds for all texts together, and the memory of the process that tries them.
LIMIT = 5
# On a busy machine, a processor second takes so many of the clock.
_SLOWEST = 20
_MEMORY = 512 * 2**20
LONGEST = 1000
_PROGRAM = f"""
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
asked = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_CPU, (asked["limit"], asked["limit"]))
try:
    pattern = re.compile(asked["pattern"])
except (re.error, RecursionError, OverflowError, MemoryError) as problem:
    json.dump({{"problem": str(problem) or "it is too large"}}, sys.stdout)
else:
    how = getattr(pattern, asked["how"])
    json.dump({{"found": [bool(how(text)) for text in asked["texts"]]}}, sys.stdout)
"""
_TOO_LONG = "takes too long: write it without a repetition of what repeats already, such as (a+)+"


class BadPattern(Exception):
    """Why a regular expression cannot be used, as the end of a sentence about it."""


def found(pattern: str, texts: Iterable[str], how: str = "search", limit: int = LIMIT) -> list[bool]:
    """For each text whether the pattern is found in it; ``how`` is search, match or fullmatch."""
    if len(pattern) > LONGEST:
        raise BadPattern(f"is longer than {LONGEST} characters: write a shorter one")
    asked = json.dumps({"pattern": pattern, "texts": list(texts), "how": how, "limit": limit})
    try:
        ran = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM], input=asked, capture_output=True, text=True, timeout=limit * _SLOWEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise BadPattern(_TOO_LONG) from None
    if ran.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise BadPattern(_TOO_LONG)
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        raise BadPattern("cannot be tried: write a simpler one") from None
    if "problem" in answer:
        raise BadPattern(f"is not a valid regular expression ({answer['problem']}): correct it")
    return answer["found"]


def error(pattern: str) -> str:
    """Why a pattern cannot be used at all, or an empty text."""
    try:
        found(pattern, [])
    except BadPattern as problem:
        return str(problem)
    return ""
