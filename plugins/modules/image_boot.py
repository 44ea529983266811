#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_boot
short_description: Boot a throwaway copy of a closed template, and enter it
description:
  - Starts the template of a closed session (see M(hygeia.golden.image_session)) in QEMU with its own boot loader, from a
    throwaway overlay. Neither the template's file nor the session's overlay is written.
  - A temporary user is added to the overlay, with a random name, a new SSH key and passwordless C(sudo). It joins a
    group that the template's C(sshd) accepts. A template with cloud-init also gets an empty NoCloud seed.
  - The guest has a console, a disk, an entropy source and a network that reaches only the build host's loopback
    address.
  - While it runs, the connection P(hygeia.golden.image#connection) runs tasks inside the guest, as root.
  - KVM is used if a short test boot proves that it works, otherwise emulation. The result is cached until the build
    host reboots.
  - The guest is stopped when the Ansible run that started it ends, when O(lifetime) expires, or when the session ends,
    whichever comes first.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root on the build host, which is an x86-64 machine
  - qemu-system-x86_64, ssh, ssh-keygen, and for UEFI templates the firmware, which are in the Debian packages
    C(qemu-system-x86), C(openssh-client) and C(ovmf)
  - openssh-server and sudo in the template, and a network configured by DHCP
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: Runs in check mode as well, because it changes only a throwaway overlay.
  diff_mode:
    support: none
    details: A throwaway copy has no diff.
  idempotent:
    support: partial
    details: A running guest is not restarted; stop it first.
options:
  state:
    description:
      - V(started) boots the template and returns once a login is possible and systemd has finished starting.
      - V(stopped) shuts the guest down and removes its files.
    type: str
    choices: [started, stopped]
    required: true
  session:
    description: The session's name, or the absolute path of its directory. The session must be closed.
    type: str
    required: true
  work_dir:
    description: The directory that holds the sessions.
    type: path
    default: /var/lib/hygeia/sessions
  luks_key:
    description:
      - The key of what is encrypted with LUKS in the template. It is also typed on the guest's serial console when the template asks for it
        there.
      - It is not recorded. Keep it in a vault. A line end behind it is none of it.
    type: str
  luks_key_file:
    description: The key as a file on the build host, of which every byte counts, as for C(cryptsetup --key-file).
    type: path
  memory:
    description: The guest's memory in MiB.
    type: int
    default: 1024
  cpus:
    description: The guest's processors.
    type: int
    default: 2
  accelerator:
    description:
      - V(kvm) uses the processor's own virtualization, V(tcg) emulates.
      - V(auto) detects what works.
    type: str
    choices: [auto, kvm, tcg]
    default: auto
  firmware:
    description:
      - The firmware that boots the disk.
      - V(auto) selects V(uefi) if the disk has an EFI system partition, otherwise V(bios) if it has boot code,
        otherwise V(direct), which starts the newest kernel of the template's C(/boot) without a boot loader.
    type: str
    choices: [auto, uefi, bios, direct]
    default: auto
  hardware:
    description:
      - A machine of the boot matrix. It has this disk controller, network card and firmware, where the name states one,
        and otherwise those of a virtio machine and the firmware of the disk.
      - V(secureboot) uses firmware with Microsoft's keys, and fails if the firmware does not enforce Secure Boot.
      - If the installed QEMU lacks a device, the module fails and RV(emulated) is V(false).
    type: str
    choices: [virtio, virtio-scsi, pvscsi+vmxnet3, lsi+e1000e, ahci, nvme, uefi, secureboot]
  boot_timeout:
    description: The timeout in seconds until a login must be possible.
    type: int
    default: 300
  settle_timeout:
    description: The timeout in seconds for systemd to finish starting after that. When it expires, the guest is entered
      as it is.
    type: int
    default: 300
  shutdown_timeout:
    description: The timeout in seconds for shutting down before the guest is killed.
    type: int
    default: 60
  lifetime:
    description: Seconds after which the guest is killed unconditionally.
    type: int
    default: 3600
seealso:
  - module: hygeia.golden.image_session
  - plugin: hygeia.golden.image
    plugin_type: connection
"""

EXAMPLES = r"""
- name: Boot a throwaway copy of the template
  hygeia.golden.image_boot:
    state: started
    session: debian-12
  delegate_to: localhost

- name: Look at the running system
  ansible.builtin.command: systemctl --failed
  changed_when: false

- name: Remove the throwaway copy
  hygeia.golden.image_boot:
    state: stopped
    session: debian-12
  delegate_to: localhost
"""

RETURN = r"""
guest:
  description: The guest that was booted.
  returned: when O(state=started)
  type: dict
  contains:
    accelerator:
      description: V(kvm) or V(tcg).
      type: str
      sample: tcg
    firmware:
      description: V(uefi), V(secure_boot), V(bios) or V(direct).
      type: str
      sample: bios
    seconds:
      description: Seconds from power on to the first login.
      type: float
      sample: 31.4
    system_state:
      description: The final output of C(systemctl is-system-running).
      type: str
      sample: running
    failed_units:
      description: Units that failed.
      type: list
      elements: str
      sample: []
    host_keys:
      description: Fingerprints of the guest's SSH host keys.
      type: list
      elements: str
      sample: ["SHA256:jF6ZK0UDmk4YbMWGOkX3ymPIc8jTZzXWCDMCCRLt5YE"]
    template_host_keys:
      description: Fingerprints of the SSH host keys that are in the template. A sealed one has none.
      type: list
      elements: str
      sample: []
injected:
  description: What was injected into the overlay for the login, to be passed to M(hygeia.golden.audit_info), which
    excludes it from the audit.
  returned: when O(state=started)
  type: dict
  contains:
    account:
      description: The user's name.
      type: str
      sample: hygeia-verify-5f0c9d3be1a47288
    lines:
      description: The injected lines for each file.
      type: dict
      sample: {/etc/group: ["hygeia-verify-5f0c9d3be1a47288:x:59990:\n"]}
clean:
  description: Whether the guest shut down within the timeout.
  returned: when O(state=stopped) and there was a guest
  type: bool
  sample: true
console:
  description: The last lines of the guest's console, without secrets.
  returned: when the template does not boot
  type: list
  elements: str
  sample: ["ALERT! UUID=5476616f-8882-4751-bdf7-9bdbb8acf9d5 does not exist.  Dropping to a shell!"]
emulated:
  description: Always V(false). The template was not booted.
  returned: when the installed QEMU lacks a device of O(hardware)
  type: bool
  sample: false
booted:
  description:
    - Whether the template booted. If it is V(false), the message states what is wrong with the template; if it is
      missing, the build host could not boot it.
  returned: when O(state=started) succeeds, and when the template does not boot
  type: bool
  sample: true
"""

import os
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.hardware import NotEmulated
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import key
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import WORK_DIR
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module


def main() -> None:
    module = Module(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "stopped"], "required": True},
            "session": {"type": "str", "required": True},
            "work_dir": {"type": "path", "default": WORK_DIR},
            "luks_key": {"type": "str", "no_log": True},
            "luks_key_file": {"type": "path", "no_log": False},
            "memory": {"type": "int", "default": 1024},
            "cpus": {"type": "int", "default": 2},
            "accelerator": {"type": "str", "choices": ["auto", "kvm", "tcg"], "default": "auto"},
            "firmware": {"type": "str", "choices": ["auto", "uefi", "bios", "direct"], "default": "auto"},
            "hardware": {"type": "str", "choices": list(MATRIX)},
            "boot_timeout": {"type": "int", "default": 300},
            "settle_timeout": {"type": "int", "default": 300},
            "shutdown_timeout": {"type": "int", "default": 60},
            "lifetime": {"type": "int", "default": 3600},
        },
        mutually_exclusive=[("luks_key", "luks_key_file")],
        supports_check_mode=True,
    )
    try:
        secret = key.given(module.params["luks_key"], module.params["luks_key_file"])
        if secret:  # which a template could show on its console once it was typed
            module.no_log_values.add(secret.decode("utf-8", "replace"))
        module.exit_json(**act(module.params, secret))
    except boot_check.BootError as problem:
        module.fail_json(msg=str(problem), booted=False, console=list(problem.console))
    except NotEmulated as problem:
        module.fail_json(msg=str(problem), emulated=False)
    except ImageError as problem:
        module.fail_json(msg=str(problem))


def act(params: dict[str, Any], secret: bytes | None = None) -> dict[str, Any]:
    session = Session(os.path.join(params["work_dir"], params["session"]), key=secret)
    request = boot_check.BootRequest(
        params["memory"],
        params["cpus"],
        params["accelerator"],
        params["firmware"],
        params["boot_timeout"],
        params["settle_timeout"],
        params["shutdown_timeout"],
        params["lifetime"],
        params["hardware"] or "",
    )
    if params["state"] == "started":
        found, injected = boot_check.start(session, request)
        return {"changed": True, "booted": True, "guest": found, "injected": injected}
    clean = boot_check.stop(session, request)
    return {"changed": False} if clean is None else {"changed": True, "clean": clean}


if __name__ == "__main__":
    main()
