# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import io

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.content import Searcher
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

CATALOGUE = Catalogue()
RULES = rules.load(list(CATALOGUE.residue.values()))


@pytest.fixture
def found():
    """The rules that find something in some bytes, as those of a file with this path."""

    def search(data, path="/srv/example", wanted=RULES):
        findings = Findings(b"key")
        Searcher(wanted, findings).file(path, io.BytesIO(data).read)
        return {finding.rule for finding in findings.found.values()}

    return search


@pytest.fixture
def scanned(tmp_path):
    """What a scan of a tree comes to, in this process alone."""

    def search(wanted=RULES, key=b"key", seconds=60, count=1):
        return scan.of_system(Host(str(tmp_path), check=True), wanted, key, seconds, count)

    return search
