# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Identifiers as a reader expects to see them, such as names of facts."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.areas import TITLES

# How words are written that no dictionary writes in lower case; sudo's own name has a small letter wherever it stands.
SPELLED = {
    "acl": "ACL",
    "aide": "AIDE",
    "ai": "AI",
    "apparmor": "AppArmor",
    "apt": "APT",
    "chrony": "chrony",
    "cpu": "CPU",
    "dhcp": "DHCP",
    "dicom": "DICOM",
    "dnf": "DNF",
    "dns": "DNS",
    "efi": "EFI",
    "fips": "FIPS",
    "gpu": "GPU",
    "grub": "GRUB",
    "gssapi": "GSSAPI",
    "id": "ID",
    "ip": "IP",
    "ipv6": "IPv6",
    "ntp": "NTP",
    "nx": "NX",
    "os": "OS",
    "pam": "PAM",
    "sbom": "SBOM",
    "selinux": "SELinux",
    "sha256": "SHA-256",
    "ssh": "SSH",
    "sudo": "sudo",
    "tls": "TLS",
    "tpm": "TPM",
    "uefi": "UEFI",
    "usb": "USB",
    "x11": "X11",
}


def area_title(name: str) -> str:
    return TITLES.get(name) or heading(name)


def heading(name: str) -> str:
    """``template_host_keys`` as Template host keys, ``ssh_tls`` as SSH TLS."""
    words = [SPELLED.get(word.lower(), word) for word in str(name).replace("-", "_").split("_") if word]
    if words and words[0].lower() not in SPELLED:
        words[0] = words[0][:1].upper() + words[0][1:]
    return " ".join(words)
