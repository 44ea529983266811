# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Downloading updates, installing them later without network, and saying what is still pending."""

from __future__ import annotations

import contextlib
import os
from email.utils import parsedate_to_datetime

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import choices
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import ARCHIVES, LISTS, Apt, AptError
from ansible_collections.hygeia.golden.plugins.module_utils.packages.kernels import Deferred
from ansible_collections.hygeia.golden.plugins.module_utils.packages.simulation import Simulation

SECURITY = "security"
ALL = "all"
NONE = "none"

# What dpkg needs beside the final size while it unpacks, and what a system needs to go on running.
_RESERVE = 64 * 2**20


def wanted(names, host):
    """The packages to install so that each of ``names`` is there; ``a | b`` asks for one of several, the first by choice."""
    found = [choices(name) for name in names]
    return [some[0] for some in found if not any(host.packages.installed(choice) for choice in some)]


def chosen(apt, updates):
    """The arguments that make apt-get install these updates, and what it would do; None when there are none."""
    if updates == NONE:
        return None
    arguments, simulation = ["dist-upgrade"], apt.simulate("dist-upgrade")
    if updates == SECURITY:
        names = [step.package for step in simulation.installs if step.security and step.before]
        if not names:
            return None
        arguments = ["--only-upgrade", "install", *names]
        simulation = apt.simulate(*arguments)
    return (arguments, simulation) if simulation.steps else None


def pending(apt):
    """The updates that apt knows and that are not installed, held ones too."""
    if not apt.listed():
        raise AptError(f"{LISTS} is empty, so it is not known what is pending: run hygeia.golden.package_download first")
    simulation = apt.simulate("dist-upgrade")
    free = {step.package for step in simulation.installs}
    if simulation.kept_back:
        simulation = apt.simulate("--ignore-hold", "--allow-change-held-packages", "dist-upgrade")
    return [{**step.result(), "security": step.security, "held": step.package not in free} for step in simulation.installs]


def expired(host, now):
    """The fetched lists that are past the day until which the archive calls them valid, in one sentence each."""
    for path in host.glob(LISTS + "/*Release"):
        fields = dict(line.split(": ", 1) for line in host.lines(path)[:30] if ": " in line)
        until = parsedate_to_datetime(fields["Valid-Until"]) if "Valid-Until" in fields else now
        if until < now:
            yield f"the lists of {fields.get('Suite', path)} were valid until {until:%Y-%m-%d}: fetch them anew"


def download(host, updates, names):
    """Fetch the lists and then every package that these updates and ``names`` need; what arrived."""
    apt = Apt(host)
    before, lists = apt.archives(), _lists(host)
    if not host.check:
        apt.update()
    elif not apt.listed():
        return {"changed": True, "packages": [], "bytes": 0}
    plans = [chosen(apt, updates)]
    missing = wanted(names, host)
    if missing:
        arguments = ["--no-install-recommends", "install", *missing]
        plans.append((arguments, apt.simulate(*arguments)))
    plans = [plan for plan in plans if plan]
    steps = {step.package: step for unused_a, simulation in plans for step in simulation.installs}
    if host.check:
        return {"changed": bool(steps), "packages": [step.result() for step in steps.values()], "bytes": 0}
    for arguments, unused_s in plans:
        apt.run("--download-only", *arguments)
    arrived = apt.archives() - before
    return {
        "changed": bool(arrived) or _lists(host) != lists,
        "packages": [step.result() for step in steps.values()],
        "bytes": sum(os.path.getsize(host.path(path)) for path in arrived),
    }


def _lists(host):
    """What identifies the fetched lists; apt gives each the time at which the archive changed it."""
    found = [path for path in host.glob(LISTS + "/*_*") if os.path.isfile(host.path(path))]
    return [(path, os.path.getsize(host.path(path)), int(os.path.getmtime(host.path(path)))) for path in found]


def upgrade(host, updates=ALL, autoremove=False, throwaway=False):
    """Install updates that were downloaded before, and leave every kernel bootable.

    ``throwaway`` says that this system is a copy which is discarded when
    anything fails, so that nothing has to reach the disk in between.
    """
    apt = Apt(host)
    if host.check and not apt.listed():
        return _result([], [], kernels.states(host), [])
    before = dict(host.packages.versions)
    repaired = list(host.packages.unfinished) if host.check else apt.repair()
    plan = chosen(apt, updates)
    removal = apt.simulate("autoremove") if autoremove else Simulation((), ())
    sources = {step.package: step.source for step in plan[1].installs} if plan else {}
    if host.check:
        steps = (*(plan[1].steps if plan else ()), *removal.removes)
        return _result([step.result() for step in steps], pending(apt), kernels.states(host), repaired, kernels.due(host))
    rebuilt = _install(host, plan, autoremove, throwaway)
    host.packages.forget()
    changes = _changes(before, host.packages.versions, sources)
    return _result(changes, pending(apt), kernels.states(host), repaired, rebuilt)


def _install(host, plan, autoremove, throwaway):
    """Run apt-get; the kernels whose initramfs had to be built besides."""
    if not throwaway:
        _apply(Apt(host), host, plan, autoremove)
        return kernels.bring_in_step(host)
    with Deferred(host) as deferred:
        _apply(Apt(host, ("Dpkg::Options::=--force-unsafe-io", *deferred.options)), host, plan, autoremove)
        return kernels.bring_in_step(host, deferred.asked)


def _apply(apt, host, plan, autoremove):
    if plan:
        arguments, simulation = plan
        _make_sure_it_fits(host, apt.growth("--no-download", *arguments), simulation)
        with apt.marks_kept() if "install" in arguments else contextlib.nullcontext():
            apt.run("--no-download", *arguments)
    if autoremove:
        apt.run("--no-download", "autoremove")


def _make_sure_it_fits(host, growth, simulation):
    """Half an update is worse than none, so look at the room before."""
    needs = {"/usr": growth + _RESERVE}
    if any(step.package.startswith("linux-image-") for step in simulation.installs):
        largest = max((os.path.getsize(host.path(path)) for path in host.glob("/boot/initrd.img-*")), default=0)
        images = max((os.path.getsize(host.path(path)) for path in host.glob("/boot/vmlinuz-*")), default=0)
        # An initramfs is written beside the one that it replaces.
        needs["/boot"] = 2 * largest + images
    devices = {}
    for folder, size in needs.items():
        if host.exists(folder):
            device = os.stat(host.path(folder)).st_dev
            devices[device] = (folder, devices.get(device, (folder, 0))[1] + size)
    for folder, size in devices.values():
        there = os.statvfs(host.path(folder))
        free = there.f_bavail * there.f_frsize
        if free < size:
            raise AptError(
                f"the updates need {_megabytes(size)} on the disk of {folder} and only {_megabytes(free)} are free: "
                f"enlarge it or remove what is not needed (downloaded packages lie in {ARCHIVES})"
            )


def _megabytes(size):
    return f"{-(-size // 10**6)} MB"


def _changes(before, after, sources):
    names = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    return [
        {"package": name, "from": before.get(name, ""), "to": after.get(name, ""), "source": sources.get(name, "")}
        for name in names
    ]


def _result(changes, still, booting, repaired, rebuilt=()):
    return {
        "changed": bool(changes or repaired or rebuilt),
        "changes": changes,
        "pending": still,
        "kernels": booting,
        "repaired": list(repaired),
    }
