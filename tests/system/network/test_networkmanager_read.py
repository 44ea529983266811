# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader of key files beside nmcli, which reads one and writes what it understood; and NetworkManager's own configuration."""

from __future__ import annotations

import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import networkmanager
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
BLANK = st.text(" \t", max_size=2)
LINE = st.one_of(
    st.builds(
        "{}method{}={}{}{}".format, BLANK, BLANK, BLANK, st.sampled_from(["auto", "dhcp", "link-local", "ignore", "disabled"]), BLANK
    ),
    st.sampled_from(["#method=dhcp", " # method=dhcp", "", "may-fail=no", "#[ipv4]", "method[de]=dhcp"]),
)
GROUP = st.builds(
    "{}[{}]{}\n{}\n".format, BLANK, st.sampled_from(["ipv6", "ipv6", "ipv4", "ethernet"]), BLANK, st.lists(LINE, max_size=3).map("\n".join)
)
HEAD = "[connection]\nid=x\nuuid=7d1f3a52-0001-4b58-9e55-6a2b7d1c8e04\ninterface-name=x0\ntype={}\n"
KIND = st.sampled_from(["ethernet", "bond", "bridge", "dummy", "wireguard", "infiniband", "tun"])


def by_nmcli(root, text):
    """The method for IPv6 of what NetworkManager reads in a key file; None where it refuses it."""
    ran = subprocess.run(
        ["chroot", root, "nmcli", "--offline", "connection", "modify", "connection.autoconnect", "yes"],
        input=text,
        text=True,
        capture_output=True,
        check=False,
    )
    found = re.search(r"^\[ipv6\]\n(?:.+\n)*?method=(.*)$", ran.stdout, re.M)
    return (found[1] if found else "") if ran.returncode == 0 else None


@QUICK
@given(kind=KIND, groups=st.lists(GROUP, max_size=4).map("".join))
@example(kind="ethernet", groups="[ipv6]\nmethod=auto\n[ipv6]\nmethod=link-local\n")
@example(kind="ethernet\nmaster=bond0\nslave-type=bond", groups="[ipv6]\nmethod=auto\n")
def test_a_profile_is_what_networkmanager_takes_it_for(root, kind, groups):
    text = HEAD.format(kind) + groups
    said_by_nmcli = by_nmcli(root, text)
    assume(said_by_nmcli is not None)
    assert networkmanager.Profile("/x", networkmanager.said(text)).method("ipv6") == said_by_nmcli


VALUE = st.sampled_from(["", "no-auto-default=*", "no-auto-default = *,", "no-auto-default=52:54:00:00:00:01", "#no-auto-default=*"])


@settings(QUICK, max_examples=25)
@given(main=VALUE, early=VALUE, late=VALUE, group=st.sampled_from(["[main]\n", " [main]\n", "[device]\n"]))
def test_the_configuration_is_read_in_its_order(root, main, early, late, group):
    files = {
        "etc/NetworkManager/NetworkManager.conf": f"[main]\n{main}\n",
        "etc/NetworkManager/conf.d/20.conf": f"{group}{late}\n",
        "usr/lib/NetworkManager/conf.d/30.conf": f"[main]\n{early}\n",
    }
    for path, text in files.items():
        (root / path).write_text(text, encoding="ascii")
    ran = subprocess.run(["chroot", root, "NetworkManager", "--print-config"], capture_output=True, text=True, check=True)
    said_by_nmcli = re.search(r"^\[main\]\n(?:.+\n)*?no-auto-default=(.*)$", ran.stdout, re.M)
    assert networkmanager.makes_up(Host(str(root))) == (not said_by_nmcli or "*" not in said_by_nmcli[1])
