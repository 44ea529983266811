# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs inside an opened template, as the engine does there, and tells what each kind costs: figures, never a verdict.

Its input is JSON with ``controls``; its output is JSON with the milliseconds of each kind and of synthetic controls.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict

from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

STEPS = ("enforce first", "enforce second", "audit")
# How many of a hundred controls are of these kinds; the kinds with a few well-known options are there as they are.
SHARES = {"sysctl": 26, "file": 26, "audit_rule": 12, "kernel_module": 12, "package": 12, "service": 8, "apt_conf": 2, "kernel_cmdline": 2}
# What one synthetic group of audit rules has.
RULES = ("-w /etc/synthetic/{name} -p wa -k {name}", "-a always,exit -F arch=b64 -S chmod,chown -F a0={number} -F key={name}")
FIXED = ("login_defs", "shell_profile", "pam", "sudo", "sshd", "auditd_conf", "systemd_conf")


def main():
    controls = [Control.load(control) for control in json.load(sys.stdin)["controls"]]
    clock = Clock()
    for name, kind in KINDS.items():
        KINDS[name] = clock.timed(name, kind)
    report = {"controls": len(controls), "settings": _settings(controls), "kinds": {}, "total": {}, "synthetic": {}}
    for step, seconds in _steps(controls):
        report["total"][step] = seconds
        report["kinds"][step] = clock.read()
    fixed = [control for control in controls if set(control.settings) <= set(FIXED)]
    for number in (250, 500):
        enforce(Host(), [])
        report["synthetic"][number] = dict(_steps([*fixed, *synthetic(number - len(fixed), f"{number}")]))
    json.dump(report, sys.stdout)


def _steps(controls):
    """Each step with its seconds."""
    for step in STEPS:
        started = time.perf_counter()
        if step == "audit":
            audit(Host(), controls, "offline")
        else:
            enforce(Host(), controls)
        yield step, time.perf_counter() - started


def _settings(controls):
    found = defaultdict(int)
    for control in controls:
        for kind, settings in control.settings.items():
            found[kind] += len(settings)
    return found


class Clock:
    """Adds up what is spent in each kind."""

    def __init__(self):
        self.spent = defaultdict(float)

    def read(self):
        spent, self.spent = self.spent, defaultdict(float)
        return spent

    def timed(self, name, kind):
        """The same kind, whose work is timed."""

        def measured(function):
            def wrapper(*args, **kwargs):
                started = time.perf_counter()
                try:
                    return function(*args, **kwargs)
                finally:
                    self.spent[name] += time.perf_counter() - started

            return wrapper

        class Timed(kind):
            absent = measured(kind.absent)
            observe = measured(kind.observe)
            satisfies = measured(kind.satisfies)

            def plan(self, *args, **kwargs):
                plan = measured(super().plan)(*args, **kwargs)
                for change in plan.changes:
                    change.apply = measured(change.apply)
                return plan

        return Timed


def synthetic(number, prefix):
    """Controls of one setting each, in the proportions of a real baseline."""
    os.makedirs("/etc/synthetic", exist_ok=True)
    makers = {
        "sysctl": lambda name: (f"synthetic.{name}", 1),
        "file": lambda name: (f"/etc/synthetic/{name}", {"content": f"{name}\n", "owner": "root", "group": "root", "mode": "0640"}),
        "audit_rule": lambda name: (name, [rule.format(name=name, number=name[-3:]) for rule in RULES]),
        "kernel_module": lambda name: (name, "disabled"),
        "package": lambda name: (name, "absent"),
        "service": lambda name: (name, "masked"),
        "apt_conf": lambda name: (f"Synthetic::{name}", "1"),
        "kernel_cmdline": lambda name: (name, 1),
    }
    turns = [kind for kind, share in SHARES.items() for unused in range(share)]
    for each in range(number):
        kind = turns[each * 37 % len(turns)]
        setting, value = makers[kind](f"s{prefix}x{each:03}")
        yield Control(f"synthetic-{prefix}-{each}", {kind: {setting: value}})


if __name__ == "__main__":
    main()
