# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of libvirt's daemons."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.settings import BadSettings, settings
from hypothesis import given
from hypothesis import strategies as st

QEMU_CONF = """\
# Which driver confines guests
security_driver = "apparmor"    # not selinux
security_default_confined=1
namespaces = [ ]
cgroup_device_acl = [
    "/dev/null", "/dev/full",   # as by default
    "/dev/kvm",
]
vnc_listen = '10.0.0.5'
vnc_password = "Sesame-4711"
user = \"\"\"libvirt-qemu\"\"\"
user = "qemu"
"""


def test_numbers_texts_and_lists():
    assert settings(QEMU_CONF) == {
        "security_driver": "apparmor",
        "security_default_confined": 1,
        "namespaces": [],
        "cgroup_device_acl": ["/dev/null", "/dev/full", "/dev/kvm"],
        "vnc_listen": "10.0.0.5",
        "user": "qemu",
    }


def test_a_password_is_not_kept():
    assert "Sesame" not in str(settings(QEMU_CONF))


@pytest.mark.parametrize(
    "text,line",
    [
        ("user", 0),
        ("user = ", 0),
        ("\nuser = root", 2),
        ('user = "root', 1),
        ('a = [ "b" "c" ]', 1),
        ('a = [ "b",', 0),
        ("= 1", 1),
        ("a = [ 1 ]", 1),
        ("a = 1\nb = 2 3", 2),
        ("ä = 1", 1),
    ],
)
def test_what_libvirt_does_not_read_is_said_with_its_line(text, line):
    with pytest.raises(BadSettings, match=f"a line {line or 'at its end'} that"):
        settings(text)


@given(st.text(alphabet="ab=[],\"'#; \n1", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        assert isinstance(settings(text), dict)
    except BadSettings as problem:
        assert "\n" not in str(problem)
