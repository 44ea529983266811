# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small guests of a host, and the modules that look at them."""

from __future__ import annotations

import json
import subprocess
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until

XML = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>96</memory>
  <vcpu cpuset='0'>1</vcpu>
  {more}
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{images}/kernel</kernel><initrd>{images}/initrd</initrd><cmdline>console=ttyS0 quiet -- {word}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/><source file='{images}/{name}.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface>
    <serial type='file'><source path='{images}/{name}.console'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
  </devices>
</domain>
"""
LIMIT = 120


def define(host, images, name, word="idle", more=""):
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", host.images / f"{name}.qcow2", "16M"], check=True)
    host.virsh("pool-refresh", "images")
    host.define(XML.format(name=name, images=images, word=word, more=more))


def start(host, name):
    host.virsh("start", name)
    assert wait_until(lambda: count(host, name) > 0, LIMIT), "the guest does not count"


def count(host, name):
    """How far the guest has counted on the console of this host."""
    try:
        lines = (host.images / f"{name}.console").read_text(errors="replace").split("\n")
    except FileNotFoundError:
        return -1
    found = [int(line.split()[1]) for line in lines[:-1] if line.startswith("count ") and line.split()[1:]]
    return found[-1] if found else -1


def module(name, check=False, **arguments):
    """What a module returns when Ansible runs it here."""
    command = [sys.executable, "-m", "ansible", "adhoc", "localhost", "--connection", "local", "--module-name", f"hygeia.golden.{name}"]
    command += ["--args", json.dumps(arguments), *(["--check"] if check else [])]
    printed = subprocess.run(command, text=True, capture_output=True, check=False).stdout
    return json.loads(printed[printed.index("{") :])


def statuses(answer):
    """The status of each aspect of one guest."""
    return {record["control"].split("-")[1]: record["status"] for record in answer["results"]}


def message(answer, aspect):
    return next(record["message"] for record in answer["results"] if record["control"].split("-")[1] == aspect)


def blockers(answer):
    """What is not as it should be, a sentence each."""
    return [record["message"] for record in answer["results"] if record["status"] not in ("pass", "not_applicable")]
