# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a template in the format of another product costs: the whole main job on the same disk as qcow2, VMDK and VHDX.

They take turns, and each is compared with the qcow2 of its own round: how busy the machine is changes from minute to minute.
"""

from __future__ import annotations

import statistics
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


def measure(template: Path, scratch: Path, job: Callable[..., float], rounds: int) -> dict[str, list[float]]:
    """The seconds of the main job for each format, one a round; ``job`` runs it on a template."""
    sources = {}
    for form, (driver, options, unused_written) in FORMS.items():
        sources[form] = scratch / f"formats.{form}"
        subprocess.run(["qemu-img", "convert", "-O", driver, "-o", options, template, sources[form]], check=True)
    times: dict[str, list[float]] = {form: [] for form in FORMS}
    for unused_round in range(rounds):
        for form, source in sources.items():
            times[form].append(job(source, scratch, image_formats=FORMS[form][2]))
    for source in sources.values():
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


def table(times: dict[str, list[float]], compressed: float) -> list[str]:
    lines = []
    for form, seconds in times.items():
        what = f"main job with a template in {form}" + (", written as vhdx too" if form == "vhdx" else "")
        ratio = statistics.median(own / plain for own, plain in zip(seconds, times["qcow2"]))
        lines.append(f"{what:62}{statistics.median(seconds):8.2f} s{ratio:8.2f} x")
    return [*lines, f"{'the image as streamOptimized VMDK beside it':62}{compressed:8.2f} s"]
