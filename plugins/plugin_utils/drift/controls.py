# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Controls whose verdict on a machine is another one than in its image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import UNDECIDED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.classes import Explainer
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.compare import Comparison, Difference
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.manifest import Manifest
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.records import CONTROLS, Sources
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.records import records as as_records
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, ours, verdict


def of_controls(records: Sequence[Record], image: Mapping[str, str], checks: Sequence[Entry], host: str) -> list[Record]:
    """A result that the site waives stays in its own record; here it only counts that it is another one."""
    groups = {name: group for name, group in by_control(ours(records)).items() if image.get(name, UNDECIDED[0]) not in UNDECIDED}
    now = {name: status for name, status in ((name, verdict(group)) for name, group in groups.items()) if status not in UNDECIDED}
    found = Comparison(
        compared=[CONTROLS] if now else [], unread={} if now else {CONTROLS: "no control was checked both in the image and here"}
    )
    found.differences = [Difference(CONTROLS, name, image[name], status) for name, status in now.items() if image[name] != status]
    controls = [
        {
            "id": name,
            "severity": groups[name][0]["severity"],
            "references": groups[name][0]["references"],
            "settings": {CONTROLS: {name: ""}},
        }
        for name in now
    ]
    return as_records(found, Manifest({}, {}, {}), Sources(checks, controls, Explainer((), {}, host, ""), host))
