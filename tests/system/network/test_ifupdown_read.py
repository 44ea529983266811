# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader and the writer of interfaces(5) beside ifup, which says what it would run."""

from __future__ import annotations

import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.ifupdown import Ifupdown
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.network_manager import NetworkManager
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import ifupdown
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
PATHS = ("/etc/network/interfaces", "/etc/network/interfaces.d/a.b", "/etc/network/interfaces.d/ab")
NAMES = ("eth0", "eth1", "t")
STATIC = "inet6 static\n address fd00::1/64"
STANZA = st.builds(
    "iface {} {}{}\n".format,
    st.sampled_from(NAMES),
    st.sampled_from(["inet6 auto", "inet6 dhcp", "inet6 manual", "inet manual", STATIC, f"{STATIC}\n gateway fd00::2", "inet6 \\\n auto"]),
    st.sampled_from(["", "", "\n accept_ra 0", "\n\taccept_ra   1  ", "\naccept_ra 2"]),
)
CHILD = st.builds(
    "iface {} {}inherits {}\n".format, st.sampled_from(NAMES), st.sampled_from(["", "inet6 ", "inet6 auto "]), st.sampled_from(NAMES)
)
OPTION = st.sampled_from(
    [
        "  accept_ra 0\n",
        "accept_ra 1\n",
        " accept_ra \\\n 0\n",
        " accept_ra\n",
        "\t privext 2\n",
        " up true accept_ra \\\n",
        " # accept_ra 0 \\\n",
        "\n",
        " \t\n",
    ]
)
OTHER = st.sampled_from(
    [
        "auto eth0\n",
        "auto\n",
        "allow-hotplug eth1\n",
        "allow-hotplug\n",
        "no-scripts\n",
        "rename a=b\n",
        "mapping eth*\n script /bin/true\n map x\n",
        "source interfaces.d/*\n",
        "source interfaces.d/a.b\n",
        "source-directory interfaces.d\n",
        "source-dir interfaces.?\n",
    ]
)
TEXT = st.lists(st.one_of(STANZA, STANZA, CHILD, OPTION, OTHER), max_size=7).map("".join)


def by_ifup(root):
    """The interfaces for which ifup would have the kernel take advertisements; None when it takes the file for no good one."""
    ran = subprocess.run(
        ["chroot", root, "ifup", "--no-act", "--force", "--no-mappings", *NAMES], capture_output=True, text=True, check=False
    )
    accepting = re.findall(r"net\.ipv6\.conf\.(\w+)\.accept_ra=(\S*)", ran.stderr)
    return None if "couldn't read interfaces file" in ran.stderr else {name for name, value in accepting if value != "0"}


@QUICK
@given(main=TEXT, named=TEXT, end=st.sampled_from(["", "\n", " \\"]))
@example(main="iface t inet6 auto\n accept_ra 0\niface eth0 inet6 auto inherits t\n accept_ra 1\n", named="", end="")
@example(main="iface eth0 inet6 auto\nauto\n accept_ra 0\n", named="", end="\n")
def test_as_ifup_would_tell_the_kernel(root, main, named, end):
    directory = root / "etc/network"
    (directory / "interfaces").write_text(main.rstrip("\n") + end, encoding="ascii")
    for name in ("a.b", "ab"):
        (directory / "interfaces.d" / name).write_text(named, encoding="ascii")
    accepting = by_ifup(root)
    assume(accepting is not None)
    host = Host(str(root))
    assert {stanza.interface for stanza in ifupdown.stanzas(host) if stanza.advertised} == accepting
    before = {path: host.read(path) for path in PATHS}
    assert write(host, {"router_advertisements": "ignored"}) or not accepting
    assert by_ifup(root) == set() and write(host, {"router_advertisements": "ignored"}) == []
    write(host, {})
    assert {path: host.read(path) for path in PATHS} == before


def write(host, wanted):
    changes = Ifupdown(NetworkManager(host)).changes(wanted, False)
    for change in changes:
        change.apply()
    return changes
