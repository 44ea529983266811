# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor's installer adds its own source; the one with the security updates is gone."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

DIRECTORY = "/etc/apt/sources.list.d"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
ADDED = {
    "without_key": "deb http://vendor.example/debian stable main",
    "unverified": f"deb [signed-by={KEYS} trusted=yes] http://vendor.example/ubuntu stable main",
    "bad_keys": "deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/tools stable main",
    "expired_keys": "deb [signed-by=/etc/apt/keyrings/old.asc] http://vendor.example/old stable main",
}
# A key that was made on 1 January 2020 for a year.
EXPIRED = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEXgvhABYJKwYBBAHaRw8BAQdAGLWqHsIUbFpQwDFaJfKYrQz2UOPtSx0SM54kSzaCgv20G3ZlbmRvciA8dmVuZG9yQGV4YW1wbGUub3JnPo
iWBBMWCAA+FiEEM2N8t2feiIzD2xncPyXB0OwryS4FAl4L4QACGwMFCQHhM4AFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQPyXB0OwryS4I
2gEAuAkWwdJ9HftmR6CMfpfaMqnr0fiP56NyiV3IpvbHGDEA/3RzGU8RgKToaP/UeaWwTmG0QR7hwnYMVEfsVi1lE4cB
-----END PGP PUBLIC KEY BLOCK-----
"""


def tamper(root, name, unused_wanted):
    if name == "expired_keys":
        file_edits.write(root, "/etc/apt/keyrings/old.asc", EXPIRED)
    if name in ADDED:
        file_edits.write(root, f"{DIRECTORY}/vendor-{name.replace('_', '-')}.list", ADDED[name] + "\n")
    else:
        file_edits.edit(root, f"{DIRECTORY}/debian.sources", r"^(Suites: \w+)-security$", r"\1")
