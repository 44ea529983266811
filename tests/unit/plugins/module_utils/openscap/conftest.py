# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import Content

SMALL = Path(__file__).parents[4] / "system/openscap/small-ds.xml"
TAILORING = """<Tailoring xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_site_tailoring_t">
<Profile id="xccdf_site_profile_ours"><title>Ours</title></Profile></Tailoring>"""


@pytest.fixture
def content():
    return Content(str(SMALL))


@pytest.fixture
def tailored(tmp_path):
    (tmp_path / "tailoring.xml").write_text(TAILORING, encoding="utf-8")
    return Content(str(SMALL), str(tmp_path / "tailoring.xml"))
