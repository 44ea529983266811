# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether this machine's KVM can be trusted with a guest: a kernel is booted under it, and must get somewhere.

That /dev/kvm is there says little: on some machines, often virtual ones
themselves, an ordinary kernel hangs under it for ever.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.locks import RUN
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import run, which
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

KVM, TCG = "kvm", "tcg"
DEVICE = "/dev/kvm"
# A kernel without a root filesystem panics after a second or two, and with panic=-1 that ends the guest.
LIMIT = 6
# What every emulated processor can do without, as no program asks for it. A fifth level of page tables costs a sixth of the
# time of a boot. Copies that the processor is said to be quick at make Linux copy by the byte, of which each is emulated.
# What forbids the kernel the memory of processes costs it two instructions a system call, each the end of what is translated at a time.
_SLOW = ["la57", "erms", "fsrm", "smap"]
# Gone with the next start of the machine, as the answer may be.
MEMORY = os.path.join(RUN, "accelerator.json")


def choose(kernel: str, qemu: str) -> str:
    """kvm where it works, else tcg; ``kernel`` is any Linux kernel for this machine."""
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return TCG
    question = [qemu, os.stat(which(qemu) or qemu).st_mtime]
    known = _remembered()
    if known.get("question") != question:
        known = {"question": question, "answer": KVM if works(kernel, qemu) else TCG}
        os.makedirs(RUN, mode=0o700, exist_ok=True)
        atomic.write(MEMORY, json.dumps(known) + "\n")
    return known["answer"]


def works(kernel: str, qemu: str, limit: float = LIMIT) -> bool:
    """Does a kernel that is booted under KVM come to its end in time?"""
    ran = run(
        [
            qemu,
            "-nodefaults",
            "-no-user-config",
            "-machine",
            "q35",
            "-accel",
            "kvm",
            "-cpu",
            "host",
            "-m",
            "256",
            "-display",
            "none",
            "-no-reboot",
            "-kernel",
            kernel,
            "-append",
            "panic=-1 root=none",
        ],
        limit,
    )
    return ran.ok


def arguments(accelerator: str, qemu: str) -> list[str]:
    """The options of qemu for its processors."""
    if accelerator == KVM:
        return ["-accel", "kvm", "-cpu", "host"]
    without = _SLOW if _version(qemu) >= 8 else [*_SLOW, "cx16"]
    return ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", ",".join(["max", *(f"{feature}=off" for feature in without)])]


def _version(qemu: str) -> int:
    """The first number of qemu's version.

    Before 8 its emulation of cmpxchg16b leaves garbage in the flags register,
    which makes Linux panic, newer kernels in most boots. Without the
    instruction Linux goes another way, and so does Debian's userland.
    """
    found = re.search(r"version (\d+)", run([qemu, "--version"]).out)
    return int(found[1]) if found else 0


def _remembered() -> dict[str, Any]:
    try:
        with open(MEMORY, encoding="utf-8") as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return {}
