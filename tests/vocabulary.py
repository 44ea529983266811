# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find words that this project gave up for those of its field; docs/development/vocabulary.md lists them in its last column."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parents[1]
VOCABULARY = REPO / "docs/development/vocabulary.md"
# What tells of the past, or holds the words of others.
ELSEWHERE = (
    "CHANGELOG.md",
    "examples/packer/vsphere.pkr.hcl",
    "changelogs/",
    "COPYING",
    "docs/development/vocabulary.md",
    "docs/images/",
    "tests/vocabulary.py",
)


def given_up(page):
    """The words of the table's last column, each with the term that is used for it."""
    words = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "term":
            for word in filter(None, (word.strip() for word in cells[2].split(","))):
                words[word] = cells[0]
    return words


def pattern(words):
    """The words as they stand in texts and in names: ``image shelf``, ``_shelf``, ``ImageShelf`` and ``SHELF`` have one, ``bookshelf`` has none."""
    forms = (
        form
        for word in words
        for form in (
            rf"(?<![a-z]){_blanks(word)}(?![a-z])",
            rf"{_blanks(word.capitalize())}(?![a-z])",
            rf"(?<![A-Z]){_blanks(word.upper())}(?![A-Z])",
        )
    )
    return re.compile("|".join(forms))


def _blanks(word):
    return re.escape(word).replace(r"\ ", r"[ \t]+")


def findings(paths, words):
    """``path:line: word, say term``, for each line that has one."""
    seen = pattern(words)
    for path in paths:
        try:
            text = (REPO / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for number, line in enumerate([path, *text.splitlines()]):
            for found in {re.sub(r"[ \t]+", " ", found.lower()) for found in seen.findall(line)}:
                yield f"{path}:{number}: {found}, say {words[found]}"


def main():
    """Print what was found; the exit code says whether there was anything."""
    words = given_up(VOCABULARY.read_text(encoding="utf-8"))
    listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=True).stdout.splitlines()
    found = list(findings([path for path in listed if not path.startswith(ELSEWHERE)], words))
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
