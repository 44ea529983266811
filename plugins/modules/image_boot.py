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
  - The overlay gets a user for this boot alone, C(hygeia-verify), with an SSH key made for this boot alone and C(sudo)
    without a password. He joins a group that C(sshd) of the template lets in. A template with cloud-init gets an empty
    NoCloud seed too.
  - The guest has a console, a disk, a source of entropy and a network that leads to the build host's loopback address
    and nowhere else.
  - While it runs, the connection P(hygeia.golden.image#connection) runs tasks inside the guest, as root.
  - KVM is used where a kernel that is booted for a few seconds proves that it works, else emulation. The answer is kept
    until the build host itself starts anew.
  - The guest ends with the Ansible run that started it, with O(lifetime), or with the session, whatever is first.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root on the build host, which is an x86-64 machine
  - qemu-system-x86_64, ssh, ssh-keygen, and for templates that start by UEFI its firmware, which are in the Debian packages
    C(qemu-system-x86), C(openssh-client) and C(ovmf)
  - openssh-server and sudo in the template, whose network takes an address by DHCP
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: It does in check mode what it always does, since it touches nothing but a throwaway overlay.
  diff_mode:
    support: none
    details: What is thrown away has no diff.
  idempotent:
    support: partial
    details: A guest that runs is not started again; stop it first.
options:
  state:
    description:
      - V(started) boots the template and returns when somebody can log in and systemd has started everything.
      - V(stopped) shuts the guest down and removes everything of it.
    type: str
    choices: [started, stopped]
    required: true
  session:
    description: The session's name, or the absolute path of its folder. The session must be closed.
    type: str
    required: true
  work_dir:
    description: The folder that holds the sessions.
    type: path
    default: /var/lib/hygeia/sessions
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
      - V(auto) finds out what works.
    type: str
    choices: [auto, kvm, tcg]
    default: auto
  firmware:
    description:
      - What starts the disk.
      - V(auto) takes V(uefi) where the disk has an EFI system partition, else V(bios) where it has boot code, else
        V(direct), which starts the newest kernel of the template's C(/boot) without a boot loader.
    type: str
    choices: [auto, uefi, bios, direct]
    default: auto
  boot_timeout:
    description: Seconds within which somebody must be able to log in.
    type: int
    default: 300
  settle_timeout:
    description: Seconds that systemd has after that to start everything. Past it the guest is entered as it is.
    type: int
    default: 300
  shutdown_timeout:
    description: Seconds that the guest has to shut down before it is killed.
    type: int
    default: 60
  lifetime:
    description: Seconds after which the guest is killed, whatever it does.
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

- name: Throw the copy away
  hygeia.golden.image_boot:
    state: stopped
    session: debian-12
  delegate_to: localhost
"""

RETURN = r"""
guest:
  description: What came up.
  returned: when O(state=started)
  type: dict
  contains:
    accelerator:
      description: V(kvm) or V(tcg).
      type: str
      sample: tcg
    firmware:
      description: V(uefi), V(bios) or V(direct).
      type: str
      sample: bios
    seconds:
      description: Seconds from power on to the first login.
      type: float
      sample: 31.4
    system_state:
      description: What C(systemctl is-system-running) says in the end.
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
clean:
  description: Whether the guest shut down by itself within its time.
  returned: when O(state=stopped) and there was a guest
  type: bool
  sample: true
console:
  description: The last lines of the guest's console, without secrets.
  returned: when the template does not boot
  type: list
  elements: str
  sample: ["ALERT! UUID=5476616f-8882-4751-bdf7-9bdbb8acf9d5 does not exist.  Dropping to a shell!"]
booted:
  description:
    - Whether the template booted. Where it is V(false), the message says what is wrong with the template; where it is
      missing, the build host could not try.
  returned: when O(state=started) succeeds, and when the template does not boot
  type: bool
  sample: true
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.image import boot
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import WORK_DIR, Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "stopped"], "required": True},
            "session": {"type": "str", "required": True},
            "work_dir": {"type": "path", "default": WORK_DIR},
            "memory": {"type": "int", "default": 1024},
            "cpus": {"type": "int", "default": 2},
            "accelerator": {"type": "str", "choices": ["auto", "kvm", "tcg"], "default": "auto"},
            "firmware": {"type": "str", "choices": ["auto", "uefi", "bios", "direct"], "default": "auto"},
            "boot_timeout": {"type": "int", "default": 300},
            "settle_timeout": {"type": "int", "default": 300},
            "shutdown_timeout": {"type": "int", "default": 60},
            "lifetime": {"type": "int", "default": 3600},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**act(module.params))
    except boot.BootError as problem:
        module.fail_json(msg=str(problem), booted=False, console=list(problem.console))
    except ImageError as problem:
        module.fail_json(msg=str(problem))


def act(params):
    session = Session(os.path.join(params["work_dir"], params["session"]))
    wish = boot.Wish(
        params["memory"], params["cpus"], params["accelerator"], params["firmware"],
        params["boot_timeout"], params["settle_timeout"], params["shutdown_timeout"], params["lifetime"],
    )
    if params["state"] == "started":
        return {"changed": True, "booted": True, "guest": boot.start(session, wish)}
    clean = boot.stop(session, wish)
    return {"changed": False} if clean is None else {"changed": True, "clean": clean}


if __name__ == "__main__":
    main()
