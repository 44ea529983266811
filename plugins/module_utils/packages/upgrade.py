# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Downloading updates and installing them later without network, whichever the package manager."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import choices
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import conffiles
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Update
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request, Source
from ansible_collections.hygeia.golden.plugins.module_utils.packages.managers import manager_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Step
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Manager, PackagePlan
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# What the package manager needs beside the final size while it unpacks, and what a system needs to go on running.
_RESERVE = 64 * 2**20


def wanted(names: Iterable[str], host: Host) -> list[str]:
    """The packages to install so that each of ``names`` is there; ``a | b`` asks for one of several, the first by choice."""
    found = [choices(name) for name in names]
    return [some[0] for some in found if not any(host.packages.installed(choice) for choice in some)]


def download(host: Host, request: Request, names: Iterable[str] = (), sources: str = "") -> dict[str, Any]:
    """Fetch what the sources have, and then every package that these updates and ``names`` need; what arrived."""
    manager = manager_of(host)
    manager.use(sources)
    before, state = manager.downloaded(), manager.state()
    if not host.check:
        manager.refresh()
    elif not manager.listed():
        return _fetched({}, 0, True, [])
    plans = [plan for plan in (manager.choose(request), manager.addition(wanted(names, host))) if plan]
    steps = {step.package: step for plan in plans for step in plan.simulation.installs}
    if host.check:
        return _fetched(steps, 0, bool(steps), manager.sources())
    _make_sure_it_fits(manager, plans)
    for plan in plans:
        manager.fetch(plan)
    arrived = manager.downloaded() - before
    size = sum(os.path.getsize(host.path(path)) for path in arrived)
    return _fetched(steps, size, bool(arrived) or manager.state() != state, manager.sources())


def _fetched(steps: Mapping[str, Step], size: int, changed: bool, sources: list[Source]) -> dict[str, Any]:
    packages = [steps[name].result() for name in steps]
    return {"changed": changed, "packages": packages, "bytes": size, "sources": sources}


def upgrade(
    host: Host, request: Request = Request(), autoremove: bool = False, kernels_keep: int = 0, throwaway: bool = False, sources: str = ""
) -> dict[str, Any]:
    """Install updates that were downloaded before, and leave every kernel bootable.

    ``throwaway`` says that this system is a copy which is discarded when
    anything fails, so that nothing has to reach the disk in between.
    """
    manager = manager_of(host)
    manager.use(sources)
    if host.check and not manager.listed():
        return _result([], [], host)
    before, laid = dict(host.packages.versions), conffiles.laid(host)
    repaired = list(host.packages.unfinished) if host.check else manager.repair()
    plan = manager.choose(request)
    if host.check:
        leaving = [other for other in (_old_kernels(manager, kernels_keep), manager.unneeded() if autoremove else None) if other]
        steps = [*(plan.simulation.steps if plan else ()), *(step for other in leaving for step in other.simulation.removes)]
        return _result([step.result() for step in steps], manager.pending(), host, repaired, kernels.due(host))
    if plan:
        _make_sure_it_fits(manager, [plan])
    with manager.hurried() if throwaway else contextlib.nullcontext(manager) as worker:
        if plan:
            worker.carry_out(plan)
        rebuilt = kernels.bring_in_step(host, worker.asked)
        _tidy(worker, autoremove, kernels_keep)
    host.packages.forget()
    changes = _changes(before, host.packages.versions, plan)
    return _result(changes, manager.pending(), host, repaired, rebuilt, conffiles.new(host, laid))


def _tidy(manager: Manager, autoremove: bool, kernels_keep: int) -> None:
    """Remove what the policy says, now that the new kernel can boot."""
    manager.host.packages.forget()
    old = _old_kernels(manager, kernels_keep)
    if old:
        manager.carry_out(old)
    unneeded = manager.unneeded() if autoremove else None
    if unneeded:
        manager.carry_out(unneeded)


def _old_kernels(manager: Manager, keep: int) -> PackagePlan | None:
    """The plan that removes the packages of kernels beyond those to keep; None when other packages would go with them."""
    names = manager.kernel_packages(kernels.surplus(manager.host, keep)) if keep else []
    plan = manager.removal(names)
    return plan if plan and {step.package for step in plan.simulation.removes} <= set(names) else None


def _make_sure_it_fits(manager: Manager, plans: Sequence[PackagePlan]) -> None:
    """Half an update is worse than none, so look at the room before."""
    host, needs = manager.host, [plan.needs for plan in plans]
    rooms = {manager.archives: sum(need.download for need in needs), "/usr": sum(need.growth for need in needs) + _RESERVE}
    if any(step.package.startswith(kernels.PACKAGES) for plan in plans for step in plan.simulation.installs):
        largest = max((os.path.getsize(host.path(path)) for path in host.glob("/boot/initr*")), default=0)
        images = max((os.path.getsize(host.path(path)) for path in host.glob("/boot/vmlinuz-*")), default=0)
        # An initramfs is written beside the one that it replaces.
        rooms["/boot"] = 2 * largest + images
    devices: dict[int, tuple[str, int]] = {}
    for directory, size in rooms.items():
        if directory and host.exists(directory):
            device = os.stat(host.path(directory)).st_dev
            devices[device] = (directory, devices.get(device, (directory, 0))[1] + size)
    for directory, size in devices.values():
        there = os.statvfs(host.path(directory))
        free = there.f_bavail * there.f_frsize
        if free < size:
            raise PackageError(
                f"the updates need {_megabytes(size)} on the disk of {directory} and only {_megabytes(free)} are free: "
                f"enlarge it or remove what is not needed (downloaded packages lie in {manager.archives})"
            )


def _megabytes(size: int) -> str:
    return f"{-(-size // 10**6)} MB"


def _changes(before: dict[str, str], after: dict[str, str], plan: PackagePlan | None) -> list[dict[str, str]]:
    sources = {step.package: step.source for step in plan.simulation.installs} if plan else {}
    names = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    return [{"package": name, "from": before.get(name, ""), "to": after.get(name, ""), "source": sources.get(name, "")} for name in names]


def _result(
    changes: list[dict[str, str]],
    still: list[Update],
    host: Host,
    repaired: Sequence[str] = (),
    rebuilt: Sequence[str] = (),
    files: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:
    return {
        "changed": bool(changes or repaired or rebuilt),
        "changes": changes,
        "pending": still,
        "kernels": kernels.states(host),
        "repaired": list(repaired),
        "configuration": list(files),
    }
