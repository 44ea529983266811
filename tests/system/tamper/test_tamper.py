# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every control is right on a hardened tree, wrong once somebody outside has tampered with it, and alone in that."""

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.tamper.experiment import Experiment
from conftest import portable

CATALOGUE = Catalogue(strict=True)
SEAL = [name for name in CATALOGUE.controls if name.startswith("seal-")]
PORTABLE = [name for name in CATALOGUE.controls if name.startswith("portable-")]
OTHERS = [name for name in CATALOGUE.controls if name not in (*SEAL, *PORTABLE)]
# Each setting in a tree of its own: slow, for the night.
ALONE = bool(os.environ.get("TAMPER_ALONE"))

# What neither tree can show, and why.
UNDECIDED = {
    "file-at-allow": "another control takes at away",
    "time-chrony-runs": "chrony and systemd-timesyncd cannot be installed together",
    "time-chrony-sources": "chrony and systemd-timesyncd cannot be installed together",
    "time-chrony-user": "chrony and systemd-timesyncd cannot be installed together",
    "log-journal-not-forwarded": "rsyslog is installed, for which log-journal-forwarded wants the opposite",
    "seal-cloud-init": "cloud-init is not installed",
    "seal-iscsi-name": "open-iscsi is not installed",
    "seal-selinux-labels": "SELinux is not installed",
}

# Controls that look at everything of a sort, and settings that are of that sort.
SEES_TOO = {
    "audit-privileged-programs": ["filesystem: set_user_id", "filesystem: set_group_id"],
    "file-readable-logs": ["file: /var/log/*"],
    "imaging-vendor-accounts": ["accounts: *"],
    "seal-logs": ["file: /var/log/anaconda"],
}


@pytest.fixture(scope="session")
def baseline(hardened):
    return Experiment(hardened.audit, [CATALOGUE.controls[name] for name in OTHERS], hardened.systems, UNDECIDED, SEES_TOO, ALONE)


@pytest.fixture(scope="session")
def seal(sealed):
    return Experiment(sealed.audit, [CATALOGUE.controls[name] for name in SEAL], sealed.systems, UNDECIDED, SEES_TOO, ALONE)


@pytest.fixture(scope="session")
def portability(fit):
    return Experiment(fit.audit, portable(), fit.systems, UNDECIDED, SEES_TOO, ALONE)


@pytest.mark.parametrize("control", OTHERS)
def test_a_control_of_the_baseline_is_proven_both_ways(baseline, control):
    judge(baseline, control)


@pytest.mark.parametrize("control", SEAL)
def test_a_control_of_the_seal_is_proven_both_ways(seal, control):
    judge(seal, control)


@pytest.mark.parametrize("control", PORTABLE)
def test_a_control_of_portability_is_proven_both_ways(portability, control):
    if control not in {each["id"] for each in portable()}:
        pytest.skip("it installs packages, as others do that are proven so")
    judge(portability, control)


def judge(experiment, control):
    errors = experiment.failures(control)
    assert not errors, "\n".join(errors)
    if experiment.beyond(control):
        pytest.skip(experiment.beyond(control))
