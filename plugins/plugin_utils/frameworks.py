# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The frameworks alone, from the collection and from a site's own folders, for whoever only wants to know citations."""

from __future__ import annotations

import glob
import os

from ansible_collections.hygeia.golden.plugins.plugin_utils.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import load


def frameworks(folders=()):
    """Every framework by its id; as everywhere, a later folder replaces nothing."""
    found = {}
    for folder in (BASELINE, *(os.path.abspath(os.path.expanduser(folder)) for folder in folders)):
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), "frameworks", "*.y*ml"))):
            framework = {"pattern": "", "citations": {}, **load(path).data}
            found.setdefault(framework["id"], framework)
    return found
