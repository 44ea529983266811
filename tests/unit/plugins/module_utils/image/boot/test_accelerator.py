# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import accelerator


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A build host with /dev/kvm and a qemu that is a shell script."""
    monkeypatch.setattr(accelerator, "RUN", str(tmp_path))
    monkeypatch.setattr(accelerator, "MEMORY", str(tmp_path / "accelerator.json"))
    monkeypatch.setattr(accelerator, "DEVICE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def qemu(script):
        path = tmp_path / "qemu-fake"
        path.write_text(f"#!/bin/sh\necho >>{tmp_path}/asked\n{script}\n")
        path.chmod(0o755)
        return "qemu-fake"

    qemu.asked = lambda: len((tmp_path / "asked").read_text().splitlines()) if (tmp_path / "asked").exists() else 0
    return qemu


def test_a_kernel_that_comes_to_its_end_proves_kvm(machine):
    assert accelerator.choose("vmlinuz", machine("exit 0")) == "kvm"


def test_a_kernel_that_hangs_means_emulation_and_costs_no_more_than_the_limit(machine):
    qemu = machine("exec sleep 60")
    began = time.monotonic()
    assert not accelerator.works("vmlinuz", qemu, limit=0.3)
    assert time.monotonic() - began < 5


def test_a_qemu_that_refuses_means_emulation(machine):
    assert accelerator.choose("vmlinuz", machine("exit 1")) == "tcg"


def test_the_answer_is_kept(machine):
    qemu = machine("exit 0")
    assert [accelerator.choose("vmlinuz", qemu) for unused_time in range(3)] == ["kvm"] * 3
    assert machine.asked() == 1


def test_another_qemu_is_asked_anew(machine):
    accelerator.choose("vmlinuz", machine("exit 0"))
    path = accelerator.which(machine("exit 1"))
    os.utime(path, (1, 1))
    assert accelerator.choose("vmlinuz", "qemu-fake") == "tcg"


def test_a_spoilt_memory_is_no_obstacle(machine):
    with open(accelerator.MEMORY, "w", encoding="utf-8") as stream:
        stream.write("{")
    assert accelerator.choose("vmlinuz", machine("exit 0")) == "kvm"


def test_without_the_device_nothing_is_tried(machine, monkeypatch):
    monkeypatch.setattr(accelerator, "DEVICE", "/nowhere/kvm")
    assert accelerator.choose("vmlinuz", machine("exit 0")) == "tcg"
    assert machine.asked() == 0


@pytest.mark.parametrize(
    ("said", "cpu"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", "max,la57=off,erms=off,fsrm=off,smap=off,cx16=off"),
        ("QEMU emulator version 8.0.0", "max,la57=off,erms=off,fsrm=off,smap=off"),
        ("QEMU emulator version 10.0.2", "max,la57=off,erms=off,fsrm=off,smap=off"),
        ("", "max,la57=off,erms=off,fsrm=off,smap=off,cx16=off"),
    ],
)
def test_an_instruction_that_old_emulation_gets_wrong_is_left_out(machine, said, cpu):
    assert accelerator.arguments("tcg", machine(f"echo '{said}'"))[-1] == cpu


def test_kvm_has_every_instruction_of_the_processor(machine):
    assert accelerator.arguments("kvm", machine("exit 1"))[-1] == "host"
