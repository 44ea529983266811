# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: image
short_description: Run tasks inside a template that is not booted
description:
  - Runs every command through the script C(enter) of a session that M(hygeia.golden.image_session) has opened, in the
    template's own namespaces, as root.
  - The session may be on the controller or on a build host that is reached over SSH.
  - Instead of a session it can enter a plain root filesystem, such as one made by C(mmdebstrap), with the same
    namespaces for each command and nothing left mounted in between.
  - Inside there is no network unless O(network) says so, no service is started, and the kernel's parameters are
    read-only.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
options:
  session:
    description: The session's folder on the build host.
    type: string
    vars:
      - name: ansible_image_session
  root:
    description: The folder of a root filesystem on the build host, to enter instead of a session.
    type: string
    vars:
      - name: ansible_image_root
  network:
    description: Run with the build host's network, as downloading packages needs.
    type: boolean
    default: false
    vars:
      - name: ansible_image_network
  build_host:
    description:
      - The variables that a connection to the build host has, such as C(ansible_host), C(ansible_user) and
        C(ansible_ssh_private_key_file).
      - Without C(ansible_host) the build host is the controller.
    type: dict
    default: {}
    vars:
      - name: ansible_image_host_vars
  become:
    description: Use C(sudo) without a password on the build host, where root is needed.
    type: boolean
    default: false
    vars:
      - name: ansible_image_become
  python:
    description: The build host's Python, which enters a O(root).
    type: string
    default: /usr/bin/python3
    vars:
      - name: ansible_image_python
  pipelining:
    description: Send modules through the command's standard input, so that no file is written.
    type: boolean
    default: true
    vars:
      - name: ansible_image_pipelining
notes:
  - Set C(ansible_remote_tmp) to V(/run/ansible), as the role P(hygeia.golden.image#role) does, so that what Ansible
    writes for a moment never lands in the template.
"""

import base64
import os
import shlex
import zlib

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader

from ansible_collections.hygeia.golden.plugins.module_utils.image import worker

NOT_ENTERED = 125  # what the script and the worker end with when the command was not even started


class Connection(ConnectionBase):
    """Runs commands in a template, by way of the build host's own connection."""

    transport = "hygeia.golden.image"
    has_pipelining = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._outer = None

    def _connect(self):
        if self._outer is None:
            host = self.get_option("build_host")
            remote = host.get("ansible_host") and host.get("ansible_connection") != "local"
            if not remote and os.geteuid() != 0 and not self.get_option("become"):
                raise AnsibleError("entering a template needs root on the build host: run as root, or set ansible_image_become")
            self._outer = connection_loader.get(f"ansible.builtin.{'ssh' if remote else 'local'}", self._play_context, "/dev/null")
            self._outer.set_options(var_options=host)
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        self._connect()
        code, out, err = self._outer.exec_command(self._entering(["/bin/sh", "-c", to_text(cmd)]), in_data=in_data, sudoable=False)
        if code == NOT_ENTERED and worker.MARK.encode() in err:
            raise AnsibleError(to_text(err).rpartition(worker.MARK)[2].strip())
        return code, out, err

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        if not os.path.exists(to_bytes(in_path, errors="surrogate_or_strict")):
            raise AnsibleFileNotFound(f"there is no file {in_path}")
        with open(to_bytes(in_path, errors="surrogate_or_strict"), "rb") as stream:
            content = stream.read()
        # Without anything to send, ssh would leave the standard input open for ever.
        self._transfer(f"cat > {shlex.quote(out_path)}" if content else f": > {shlex.quote(out_path)}", content or None)

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        content = self._transfer(f"cat {shlex.quote(in_path)}")
        with open(to_bytes(out_path, errors="surrogate_or_strict"), "wb") as stream:
            stream.write(content)

    def _transfer(self, command, content=None):
        code, out, err = self.exec_command(command, in_data=content, sudoable=False)
        if code != 0:
            raise AnsibleError(f"a file cannot be copied to or from the template: {to_text(err).strip()}")
        return out

    def _entering(self, argv):
        """The build host's command line that runs ``argv`` in the template."""
        session, root, network = (self.get_option(name) for name in ("session", "root", "network"))
        if bool(session) == bool(root):
            raise AnsibleError("set either ansible_image_session or ansible_image_root to say what to enter")
        command = ["sudo", "-n"] if self.get_option("become") else []
        if session:
            command += [f"{session}/enter"] + (["--network"] if network else [])
        else:
            command += worker.once_command(self.get_option("python"), _source(), root, network)
        return " ".join(shlex.quote(word) for word in command + argv)

    def reset(self):
        if self._outer is not None:
            self._outer.reset()

    def close(self):
        if self._outer is not None:
            self._outer.close()
        self._connected = False


def _source():
    """The worker's source as one short statement, since a build host has nothing of ours installed."""
    source = to_bytes(worker.__spec__.loader.get_source(worker.__name__))
    packed = base64.b64encode(zlib.compress(source, 9)).decode()
    return f"import base64,zlib;exec(zlib.decompress(base64.b64decode('{packed}')))"
