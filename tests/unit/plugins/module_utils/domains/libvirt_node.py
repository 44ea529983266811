# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's own test driver, which holds guests, networks and pools in memory as its file says (test:///PATH)."""

from __future__ import annotations

NODE = """<node>
  {guests}
  {networks}
  {pools}
</node>
"""


def connection(directory, guests=(), networks=(), pools=()):
    """The address of a libvirt with these guests, networks and pools, each as its XML."""
    path = directory / "node.xml"
    path.write_text(NODE.format(guests="\n".join(guests), networks="\n".join(networks), pools="\n".join(pools)), encoding="utf-8")
    return f"test://{path}"
