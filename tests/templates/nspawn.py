# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a test boots a root filesystem; nspawn.sh beside it tells what is done."""

from __future__ import annotations

from pathlib import Path


def command(name, root, *options):
    """The command that becomes the guest's systemd-nspawn, without any network but its own."""
    return [str(Path(__file__).with_name("nspawn.sh")), name, f"--directory={root}", "--private-network", *options]
