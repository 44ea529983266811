# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A patient's record that was logged is found in the journal that systemd-journald wrote."""

from __future__ import annotations

import subprocess
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.residue import rules, scan
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

RULES = rules.load(list(Catalogue().residue.values()))
# In namespaces of its own, with a machine identifier and a place for journals; ended when what it was sent is on the disk.
JOURNALD = """
set -e
mount -t tmpfs none /run
mount --bind {place} /var/log
mkdir -p /run/systemd/journal
touch /run/systemd/journal/flushed
echo 0123456789abcdef0123456789abcdef > /run/machine-id
mount --bind /run/machine-id /etc/machine-id
mount --bind /dev/null /dev/kmsg
/lib/systemd/systemd-journald &
{python} {place}/send.py
kill -s RTMIN+1 $!
until [ -e /run/systemd/journal/synced ]; do sleep 0.1; done
kill $!
wait $! || true
"""
SEND = """
import socket, struct, time
end = time.monotonic() + 60
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
    while True:
        try:
            journal.connect("/run/systemd/journal/socket")
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    message = "MSH|^~\\\\&|ADT|H|PACS|H|20260101||ADT^A01|1|P|2.5\\rPID|1||4711^^^H^MR||DOE^JANE\\r" + "OBX|1|TX|note||stable|\\r" * 50
    journal.send(b"MESSAGE\\n" + struct.pack("<Q", len(message)) + message.encode() + b"\\n")
    journal.send(b"MESSAGE=Patient SSN: 401-52-7719\\n")
"""


def test_short_and_long_messages_in_a_journal_are_found(tmp_path):
    (tmp_path / "journal").mkdir()
    (tmp_path / "send.py").write_text(SEND)
    script = JOURNALD.format(place=tmp_path, python=sys.executable)
    subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", script], check=True, timeout=120)
    (tmp_path / "send.py").unlink()
    found = scan.of_system(Host(str(tmp_path), check=True), RULES, b"key", 60, 1)
    (path,) = (tmp_path / "journal").glob("*/system.journal")
    assert b"PID|1" not in path.read_bytes()
    shown = f"/{path.relative_to(tmp_path)}"
    assert sorted((finding.rule, finding.path) for finding in found.findings) == [
        ("residue-hl7", f"{shown} > long messages"),
        ("residue-social-security-number", shown),
    ]
    assert not found.unread
