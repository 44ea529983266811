# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a template in the format of another product costs: the whole main job on the same disk as qcow2, VMDK and VHDX."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import renditions

# How qemu-img writes each template, and what the main job writes beside qcow2. What compresses is printed apart.
FORMS = {
    "qcow2": ("qcow2", "cluster_size=65536", "qcow2"),
    "vmdk": ("vmdk", "subformat=monolithicSparse", "qcow2"),
    "vhdx": ("vhdx", "subformat=dynamic", "vhdx"),
}
LIMIT = 3600


def measure(template: Path, scratch: Path, job: Callable[..., float]) -> dict[str, float]:
    """The seconds of the main job for each format; ``job`` runs it on a template."""
    times = {}
    for form, (driver, options, written) in FORMS.items():
        source = scratch / f"formats.{form}"
        subprocess.run(["qemu-img", "convert", "-O", driver, "-o", options, template, source], check=True)
        times[form] = job(source, scratch, image_formats=written)
        source.unlink()
    return times


def stream(image: Path, scratch: Path) -> float:
    """The seconds that a promoted image takes as a streamOptimized VMDK, compared with it."""
    path = scratch / "formats-stream.vmdk"
    started = time.monotonic()
    renditions.write("vmdk", [str(image)], str(path), "bench", {}, LIMIT)
    seconds = time.monotonic() - started
    path.unlink()
    return seconds


def table(times: dict[str, float], compressed: float) -> list[str]:
    lines = []
    for form, seconds in times.items():
        what = f"main job with a template in {form}" + (", written as vhdx too" if form == "vhdx" else "")
        lines.append(f"{what:62}{seconds:8.2f} s{seconds / times['qcow2']:8.2f} x")
    return [*lines, f"{'the image as streamOptimized VMDK beside it':62}{compressed:8.2f} s"]
