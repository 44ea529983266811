# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the pages name is there: files by their path, and other pages by a link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md")]
FILE = re.compile(r"`((?:plugins|roles|playbooks|tests|molecule|docs|changelogs)/[\w./-]+)`")
LINK = re.compile(r"\]\(([^)#\s:]+)[)#]")
# Words in capitals stand for a name that the reader chooses.
CHOSEN = re.compile(r"\b[A-Z]{2,}\b(?!\.md)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    named = {name for name in FILE.findall(text) if not CHOSEN.search(name)}
    missing = {name for name in named if not (ROOT / name).exists() and not (page.parent / name).exists()}
    missing |= {link for link in LINK.findall(text) if not (page.parent / link).exists()}
    assert not missing
