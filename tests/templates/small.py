# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Debian with some packages and no kernel, as a tar file for tests that need no disk."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.templates import roots

# A third of such a tree.
UNREAD = " ".join(f"-o Dpkg::Options::=--path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale"))
# Nor is it anybody's: no identity and no history.
BLANK = """
rm -rf etc/apt/apt.conf.d/99mmdebstrap var/log/apt/* var/log/dpkg.log var/log/alternatives.log
if [ -e etc/machine-id ]; then rm etc/machine-id && : >etc/machine-id; fi
"""


# Enough of a server to be patched, hardened, segmented and sealed.
SERVER = ["python3-minimal", "libpython3-stdlib", "openssh-server", "sudo", "nftables", "systemd"]


def server(suite):
    return make("server", suite, SERVER)


def make(name, suite, packages):
    """The path of the tar file; built only when no equal one is in the cache, where it takes the place of an older one."""
    return roots.extended(f"{name}-{suite}", roots.smallest(suite), packages, options=UNREAD, script=roots.CLEAN + BLANK)
