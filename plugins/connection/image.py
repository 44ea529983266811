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
  - Inside there is no network unless O(network) is true, no service is started, and kernel parameters are read-only.
    Programs that run there are isolated from the build host as described in C(docs/threat-model.md).
  - If C(ansible_python_interpreter) is V(/run/hygeia/python3), which is not a file, modules are run inside the template
    by the build host's own Python, so that no program of the template can influence their results.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
options:
  session:
    description: The session's directory on the build host.
    type: string
    vars:
      - name: ansible_image_session
  root:
    description: The directory of a root filesystem on the build host, to enter instead of a session.
    type: string
    vars:
      - name: ansible_image_root
  network:
    description: Allow access to the package sources and nothing else, as needed for downloading packages.
    type: boolean
    default: false
    vars:
      - name: ansible_image_network
  networks:
    description: Run in a separate network namespace and allow the creation of further ones, as needed for testing a
      packet filter.
    type: boolean
    default: false
    vars:
      - name: ansible_image_networks
  isolation:
    description:
      - For a O(root), the isolation of programs that run inside. With V(strong), root inside is an unprivileged user on
        the build host, which needs Linux 5.12 and a filesystem that supports idmapped mounts; V(reduced) only drops
        capabilities.
      - For a O(session), it was set when M(hygeia.golden.image_session) opened it.
    type: string
    choices: [strong, reduced]
    default: strong
    vars:
      - name: ansible_image_isolation
  package_hosts:
    description:
      - For a O(root), the hosts that commands with O(network) may connect to, as names or addresses with C(*) as a
        wildcard and an optional port. Empty means the hosts that the package sources inside name, except the build host
        and its own links.
    type: list
    elements: string
    default: []
    vars:
      - name: ansible_image_package_hosts
  package_proxy:
    description: For a O(root), the URL of the HTTP proxy by which the build host reaches package sources.
    type: string
    default: ""
    vars:
      - name: ansible_image_package_proxy
  build_host:
    description:
      - The variables of the connection to the build host, such as C(ansible_host), C(ansible_user) and
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
    description: The Python interpreter of the build host that enters a O(root).
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
  - Set C(ansible_remote_tmp) to V(/run/ansible), as the role P(hygeia.golden.image#role) does, so that Ansible's
    temporary files are never written to the template.
"""

import os
import shlex
from typing import Any

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import arguments, program
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MARK, NOT_ENTERED, PYTHON


class Connection(ConnectionBase):
    """Runs commands in a template, by way of the build host's own connection."""

    transport = "hygeia.golden.image"
    has_pipelining = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._outer: ConnectionBase | None = None

    def _connect(self) -> Connection:
        self._build_host()
        self._connected = True
        return self

    def _build_host(self) -> ConnectionBase:
        """The connection to the build host, which is made once."""
        if self._outer is None:
            host = self.get_option("build_host")
            remote = host.get("ansible_host") and host.get("ansible_connection") != "local"
            if not remote and os.geteuid() != 0 and not self.get_option("become"):
                raise AnsibleError("entering a template needs root on the build host: run as root, or set ansible_image_become")
            outer = connection_loader.get(f"ansible.builtin.{'ssh' if remote else 'local'}", self._play_context, "/dev/null")
            outer.set_options(var_options=host)
            self._outer = outer
        return self._outer

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        self._connect()
        words = _own_python(to_text(cmd)) if in_data else None
        code, out, err = self._build_host().exec_command(
            self._entering(words or ["/bin/sh", "-c", to_text(cmd)]), in_data=in_data, sudoable=False
        )
        if code == NOT_ENTERED and MARK.encode() in err:
            raise AnsibleError(to_text(err).rpartition(MARK)[2].strip())
        return code, out, err

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        if not os.path.exists(to_bytes(in_path, errors="surrogate_or_strict")):
            raise AnsibleFileNotFound(f"there is no file {in_path}")
        with open(to_bytes(in_path, errors="surrogate_or_strict"), "rb") as stream:
            content = stream.read()
        # Without anything to send, ssh would leave the standard input open for ever.
        self._transfer(f"cat > {shlex.quote(out_path)}" if content else f": > {shlex.quote(out_path)}", content or None)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        content = self._transfer(f"cat {shlex.quote(in_path)}")
        with open(to_bytes(out_path, errors="surrogate_or_strict"), "wb") as stream:
            stream.write(content)

    def _transfer(self, command: str, content: bytes | None = None) -> bytes:
        code, out, err = self.exec_command(command, in_data=content, sudoable=False)
        if code != 0:
            raise AnsibleError(f"a file cannot be copied to or from the template: {to_text(err).strip()}")
        return out

    def _entering(self, argv: list[str]) -> str:
        """The build host's command line that runs ``argv`` in the template."""
        session, root = self.get_option("session"), self.get_option("root")
        if bool(session) == bool(root):
            raise AnsibleError("set either ansible_image_session or ansible_image_root to say what to enter")
        command = ["sudo", "-n"] if self.get_option("become") else []
        if session:
            command.append(f"{session}/enter")
        else:
            network = {"hosts": self.get_option("package_hosts"), "proxy": self.get_option("package_proxy")}
            command += program.once_command(self.get_option("python"), root, self.get_option("isolation"), network)
        command += [option for option in (arguments.NETWORK, arguments.NETWORKS) if self.get_option(option.strip("-"))]
        return " ".join(shlex.quote(word) for word in command + argv)

    def reset(self) -> None:
        if self._outer is not None:
            self._outer.reset()

    def close(self) -> None:
        if self._outer is not None:
            self._outer.close()
        self._connected = False


def _own_python(command: str) -> list[str] | None:
    """The words that have a module run by the build host's own Python, or None for any other command.

    Ansible's shell plugin makes ``/bin/sh -c '[NAME=VALUE ...] PYTHON [&& sleep 0]'`` of a module that comes by standard input.
    """
    try:
        outer = shlex.split(command)
        inner = shlex.split(outer[2]) if outer[1:2] == ["-c"] and len(outer) == 3 else outer
    except ValueError:
        return None
    if inner[-3:] == ["&&", "sleep", "0"]:
        inner = inner[:-3]
    if inner[-1:] != [PYTHON] or not all("=" in word for word in inner[:-1]):
        return None
    return [arguments.PYTHON, *inner[:-1]]
