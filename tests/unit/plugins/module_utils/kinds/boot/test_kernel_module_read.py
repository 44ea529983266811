# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The install commands of modprobe.d that we find are those of modprobe itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot import kernel_module
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

MODPROBE = shutil.which("modprobe", path="/usr/sbin:/sbin")
GAP = st.sampled_from([" ", "\t", "  ", " \\\n", "\\\n ", " \\\n\\\n\t", "\f", "\u00a0", "\x0b"])
LINE = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.sampled_from(["", "", " ", "\t", "#", "# "]),
    st.sampled_from(["install", "install", "remove", "Install", "options"]),
    GAP,
    st.sampled_from(["usb-storage", "cramfs", "fire*", "a_b-c"]),
    GAP,
    st.sampled_from(["/bin/false", "/bin/true # why", "/sbin/modprobe -i  x $CMDLINE_OPTS", "", "x\\ y\\\\"]),
    st.sampled_from(["\n", "\n\n", " \n", "\r\n", "\\\n\n", "\u2028\n"]),
)


@pytest.mark.skipif(not MODPROBE, reason="there is no modprobe to compare with")
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(LINE, min_size=1, max_size=5), ended=st.booleans())
@example(lines=["install usb-storage /sbin/modprobe --ignore-install \\\n  usb-storage $CMDLINE_OPTS\n"], ended=True)
def test_install_commands_are_those_of_modprobe(tmp_path, lines, ended):
    text = "".join(lines)
    text = text if ended else text.rstrip("\n")
    (tmp_path / "a.conf").write_bytes(text.encode())
    printed = subprocess.run([MODPROBE, "--showconfig", "--config", tmp_path], capture_output=True, check=True).stdout.decode(
        "utf-8", "surrogateescape"
    )
    asked = [install for unused_number, install in kernel_module._installs(enumerate(printed.split("\n"), 1))]
    found = list(kernel_module._installs(kernel_module._logical(text)))
    assert [install for unused_number, install in found] == asked
    for number, unused_install in found:
        assert "install" in text.split("\n")[number - 1]
