# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a boot looks for the packet filter of nft, and what else may load one."""

from __future__ import annotations

RULES = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")
UNIT = "nftables.service"
OTHERS = ("ufw.service", "firewalld.service", "netfilter-persistent.service", "iptables.service", "ip6tables.service")
