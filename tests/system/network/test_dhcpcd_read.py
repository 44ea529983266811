# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader of dhcpcd.conf beside dhcpcd, on cables of its own that lead nowhere."""

from __future__ import annotations

import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.system.network import dhcpcd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

INTERFACES = ("e0", "e1", "e2")
# A static address makes dhcpcd say when it is done with an interface. An interface whose IPv6 is off says nothing of it.
HEAD = "noarp\nstatic ip_address=192.0.2.7/24\n"
OPTION = st.sampled_from(
    [
        "noipv6rs",
        " noipv6rs \t",
        "noipv6rs#x",
        "#noipv6rs",
        " ;noipv6rs",
        "noipv6rs;x",
        "ipv6rs",
        "\tipv6rs # x",
        "noipv6",
        "ipv6",
        "ipv4only",
        "dhcp6",
        'vendclass 1 "a # b"',
        "hostname a\\#b # noipv6rs",
        "",
    ]
)
BLOCK = st.sampled_from(["interface e0", "interface  e1 ", "interface e2 # x", "ssid ward", "profile p", " interface e1"])
TEXT = st.lists(st.one_of(OPTION, OPTION, BLOCK), max_size=7).map("\n".join)
# In namespaces of its own: no network or process of this machine is met, and all ends with the shell.
RUN = """
for name in e0 e1 e2; do ip link add $name type veth peer name p$name && ip link set p$name up && ip link set $name up; done
rm -rf /run/dhcpcd /var/lib/dhcpcd/*
dhcpcd --nodev --nobackground --debug --config /etc/dhcpcd.conf --script /bin/true e0 e1 e2 2>&1
"""


def by_dhcpcd(root):
    """The interfaces on which dhcpcd looks for a router."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--root", root, "sh", "-c", RUN]
    found, done = set(), set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ran:
        for line in ran.stdout:
            found |= set(re.findall(r"^(e\d): (?:delaying IPv6 router solicitation|soliciting an IPv6 router)", line))
            done |= set(re.findall(r"^(e\d): using static address", line))
            if len(done) == len(INTERFACES):
                break
        ran.kill()
    assert len(done) == len(INTERFACES), "dhcpcd ended before it was done"
    return found


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXT)
@example(text="noipv6rs\ninterface e1\nipv6rs\nssid x\nipv6rs\ninterface e2\ndhcp6")
@example(text="noipv6\ninterface e0\nipv6\nnoipv6rs\ninterface e1\ndhcp6")
def test_as_dhcpcd_looks_for_routers(root, text):
    (root / "etc/dhcpcd.conf").write_text(HEAD + text, encoding="ascii")
    options = dhcpcd.options_of(HEAD + text)
    assert {name for name in INTERFACES if dhcpcd.solicits(options, name)} == by_dhcpcd(root)
