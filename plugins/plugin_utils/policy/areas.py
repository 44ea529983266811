# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The area of a control: what it is about, such as ssh."""

from __future__ import annotations

# What an area is called where its word alone says too little.
TITLES = {
    "account": "Accounts and passwords",
    "agents": "Agents",
    "ai": "AI workloads",
    "audit": "Audit records",
    "crypto": "Cryptography",
    "domain": "Isolation and bounds of guests",
    "file": "Files",
    "hypervisor": "Hypervisors",
    "imaging": "Medical imaging",
    "isolation": "Isolation from neighbours",
    "log": "Logs",
    "malware": "Anti-malware",
    "mount": "Filesystems",
    "package": "Packages",
    "patch": "Patches",
    "portable": "Portability",
    "residue": "Secrets and patient data left behind",
    "running": "Running system",
    "segment": "Segmentation",
    "service": "Services",
    "smoke": "The site's own test",
    "tenant": "Tenants",
}


def area_of(control: str) -> str:
    """The area of a control, by its id: the first word."""
    return control.split("-", maxsplit=1)[0]
