# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""This machine as a build host that is reached over SSH, by a server of the test's own on the loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until


@contextlib.contextmanager
def served(place):
    """The inventory's variables for it."""
    place.mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    shutil.copy(place / "user.pub", place / "authorized_keys")
    os.makedirs("/run/sshd", exist_ok=True)
    port = 20000 + os.getpid() % 20000
    options = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": place / "host",
        "AuthorizedKeysFile": place / "authorized_keys",
        "Subsystem": "sftp internal-sftp",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "PidFile": place / "pid",
    }
    (place / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in options.items()))
    with open(place / "log", "w", encoding="utf-8") as log:
        server = subprocess.Popen([shutil.which("sshd", path="/usr/sbin"), "-D", "-e", "-f", place / "sshd_config"], stderr=log)
    try:
        assert wait_until((place / "pid").exists, 10), (place / "log").read_text()
        yield {
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(place / "user"),
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=3s",
            "ansible_control_path_dir": str(place),
        }
    finally:
        server.terminate()
        server.wait()
