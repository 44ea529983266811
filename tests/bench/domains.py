# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what it costs to judge the definitions of 1,000 guests: from files, and from a libvirt that is asked for each of them.

The libvirt is its test driver, which reads all of its guests again for each virsh.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import CHANNELS, FILTERS
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import domain_isolation_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.tenants import Site

GUESTS = 1000
DEFINITIONS = Path(__file__).resolve().parents[1] / "unit/plugins/module_utils/domains/definitions"
ASKED = {
    "uri": None, "files": None, "vmware_guests": None, "guests": ["*"], "channels": CHANNELS, "host_devices": [],
    "shared_directories": [], "filters": FILTERS,
}  # fmt: skip
TENANTS = [
    {"id": name, "guests": [f"{name}-*"], "hypervisors": ["*"], "administrators": [], "shares": []} for name in ("archive", "workbench")
]


def main():
    with tempfile.TemporaryDirectory() as scratch:
        texts = definitions()
        paths = [Path(scratch) / f"{number}.xml" for number in range(GUESTS)]
        for path, text in zip(paths, texts):
            path.write_text(text, encoding="utf-8")
        node = Path(scratch) / "node.xml"
        node.write_text(f"<node>{''.join(texts)}</node>", encoding="utf-8")
        answer = measured("definitions in files", lambda: found(files=[str(path) for path in paths]))
        print(f"{len(answer['results'])} results, {failures(answer)} of them failures")
        answer = measured("guests of a libvirt, and the hypervisor", lambda: found(uri=f"test://{node}"))
        look = {"host": "kvm1", "guests": answer["guests"], "administrators": []}
        measured("what two tenants share", lambda: Site([look], TENANTS).results("kvm1"))


def definitions():
    """Half of the guests are bounded in every way, and half in none."""
    kinds = {path.stem: path.read_text(encoding="utf-8") for path in sorted(DEFINITIONS.glob("*.xml"))}
    return [_numbered(name, kinds[name], number) for number in range(GUESTS) for name in [sorted(kinds)[number % len(kinds)]]]


def _numbered(name, text, number):
    before, unused_start, rest = text.partition("<uuid>")
    text = f"{before}<uuid>00000000-0000-4000-8000-{number:012}{rest[rest.index('</uuid>') :]}"
    return (
        text[text.index("<domain") :].replace(f"<name>{name}</name>", f"<name>{name}-{number}</name>").replace("type='kvm'", "type='test'")
    )


def found(**params):
    return domain_isolation_info.found({**ASKED, **params}, Host())


def failures(answer):
    return sum(result["status"] == "fail" for result in answer["results"])


def measured(what, work):
    started, spent = time.monotonic(), processor()
    answer = work()
    print(f"{GUESTS} {what:50}{time.monotonic() - started:8.2f} s, {processor() - spent:.2f} of them on a processor")
    return answer


def processor():
    """The seconds of this process and of the programs that it ran."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
