# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificate stores of the machine, as the registry keeps them: a key for each certificate, named by its thumbprint."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

_STORES = "HKLM\\SOFTWARE\\Microsoft\\SystemCertificates"
_ENTERPRISE = "HKLM\\SOFTWARE\\Microsoft\\EnterpriseCertificates"
_POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\SystemCertificates"
# Roots that Windows itself fetches as they are needed lie in this store, those that somebody adds in ROOT.
_AUTOMATIC = "AuthRoot"


def place(store: str) -> str:
    return f"{_STORES}\\{store}\\Certificates"


def thumbprints(registry: Registry, store: str, of: str = _STORES) -> list[str]:
    key = registry.key(f"{of}\\{store}\\Certificates")
    return [each.name.upper() for each in key.subkeys()] if key else []


def added_roots(registry: Registry) -> list[str]:
    """Roots that are not among those which Microsoft distributes, and those of a policy or a domain."""
    fetched = set(thumbprints(registry, _AUTOMATIC))
    found = [*thumbprints(registry, "ROOT"), *thumbprints(registry, "ROOT", _POLICY), *thumbprints(registry, "ROOT", _ENTERPRISE)]
    return [each for each in dict.fromkeys(found) if each not in fetched and each not in BUILT_IN]


# The roots that a new installation has in ROOT.
BUILT_IN = frozenset(
    (
        "3B1EFD3A66EA28B16697394703A72CA340A05BD5",  # Microsoft Root Certificate Authority 2010
        "8F43288AD272F3103B6FB1428485EA3014C0BCFE",  # Microsoft Root Certificate Authority 2011
        "CDD4EEAE6000AC7F40C3802C171E30148030C072",  # Microsoft Root Certificate Authority
        "A43489159A520F0D93D032CCAF37E7FE20A8B419",  # Microsoft Root Authority
        "7F88CD7223F3C813818C994614A89C99FA3B5247",  # Microsoft Authenticode(tm) Root Authority
        "245C97DF7514E7CF2DF8BE72AE957B9E04741E85",  # Copyright (c) 1997 Microsoft Corp.
        "18F7C1FCC3090203FD5BAA2F861A754976C8DD25",  # VeriSign Time Stamping
        "BE36A4562FB2EE05DBB3D32323ADF445084ED656",  # Thawte Timestamping CA
        "92B46C76E13054E104F230517E6E504D43AB10B5",  # Symantec Enterprise Mobile Root for Microsoft
        "31F9FC8BA3805986B721EA7295C65B3A44534274",  # Microsoft ECC TS Root Certificate Authority 2018
        "06F1AA330B927B753A40E68CDF22E34BCBEF3352",  # Microsoft ECC Product Root Certificate Authority 2018
        "0119E81BE9A14CD8E22F40AC118C687ECBA3F4D8",  # Microsoft Time Stamp Root Certificate Authority 2014
    )
)
