# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What libpam reads as one line is read and edited as one: libpam itself is asked, before and after an edit."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.pam import Pam
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import modules as pam_modules
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of
from ansible_collections.hygeia.golden.tests.unit.platforms import libpam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

debian_12 = pytest.mark.skipif(
    platform.freedesktop_os_release().get("VERSION_ID") != "12", reason="the programs of Debian 12 are what is compared with"
)


@pytest.fixture
def service(tmp_path):
    return libpam.Service(tmp_path)


@debian_12
@settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_our_lines_are_those_of_libpam(service, data):
    libpam.reads_alike(service, data.draw(libpam.texts(service.line)))


@debian_12
@settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_edit_changes_what_libpam_hands_over_and_nothing_else(service, data):
    libpam.edits_alike(service, data.draw(libpam.texts(service.line)))


# As a site wrote it, over several lines.
COMMON_PASSWORD = """\
password\trequisite\t\t\tpam_pwquality.so retry=3
password\t[success=1 default=ignore]\tpam_unix.so obscure \\
\t\tuse_authtok try_first_pass sha512
password\trequisite\t\t\tpam_deny.so
password\trequired\t\t\tpam_permit.so
"""


@pytest.mark.parametrize("end", ["\n", "  # of the site\n", "\r\n"])
def test_a_rule_over_several_lines_stays_whole(tree, end):
    text = COMMON_PASSWORD.replace("sha512\n", f"sha512{end}")
    host = tree({"/etc/pam.d/common-password": text, "/etc/pam.d/common-auth": "", "/usr/lib/security/pam_unix.so": ""})
    for change in Pam(host).plan({"unix.hash": "yescrypt"}).changes:
        change.apply()
    rules = {rule.module: rule for unused_line, rule in pam_stack.entries(host.read("/etc/pam.d/common-password"), "password")}
    assert set(rules) == {"pam_pwquality.so", "pam_unix.so", "pam_deny.so", "pam_permit.so"}
    assert rules["pam_unix.so"].arguments == ("obscure", "use_authtok", "try_first_pass", "yescrypt")
    assert "\\" not in host.read("/etc/pam.d/common-password")


@pytest.mark.parametrize(
    ("version", "arguments"), [("1.5.2-6+deb12u1", ("nullok",)), ("1:1.5.3-5ubuntu5", ("nullok",)), ("1.7.0-5", ()), ("1.6.1-8.el10", ())]
)
def test_what_a_gap_means_is_a_matter_of_the_version(tree, version, arguments):
    status = f"Package: libpam0g\nStatus: install ok installed\nVersion: {version}\n\n"
    host = tree({"/etc/pam.d/s": "auth required pam_unix.so \\\n\n nullok\n", "/var/lib/dpkg/status": status})
    assert [rule.arguments for rule in pam_stack.stack(host, "s", "auth")] == [arguments]


# -- the files of modules ---------------------------------------------------------

CONF_LINES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", " ", "\t", "#"]),
    st.sampled_from(["minlen", "minclass"]),
    st.sampled_from(["=", " = ", " ", "\t", " =", "= "]),
    st.sampled_from(["6", "14", "20", ""]),
    st.sampled_from(["\n", " # why\n", "#why\n", "\r\n", " \n"]),
)


def minimum(path):
    """The length that libpwquality asks of a password by this file, or None when it does not accept the file."""
    name = ctypes.util.find_library("pwquality")
    library = ctypes.CDLL(name) if name else pytest.skip("there is no libpwquality on this machine")
    library.pwquality_default_settings.restype = ctypes.c_void_p
    quality, problem, value = ctypes.c_void_p(library.pwquality_default_settings()), ctypes.c_void_p(), ctypes.c_int()
    read = library.pwquality_read_config(quality, str(path).encode(), ctypes.byref(problem))
    library.pwquality_get_int_value(quality, MIN_LENGTH, ctypes.byref(value))
    return None if read else value.value


MIN_LENGTH = 3


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(CONF_LINES, max_size=5), ended=st.booleans())
def test_the_length_of_a_password_is_that_of_libpwquality(tmp_path, found, ended):
    text = "".join(found)
    text = text if ended else text[:-1]
    path = tmp_path / "pwquality.conf"
    path.write_bytes(text.encode())
    asked = minimum(path)
    if asked is not None:
        stated = pam_modules.stated(text, "minlen")
        assert asked == (int(stated[-1][1]) if stated else 8)
    edited = logical_lines.put(text, "minlen", "minlen = 15", pam_modules.SEPARATOR, pam_modules.COMMENT)
    path.write_bytes(edited.encode())
    assert minimum(path) in (15, None) and (asked is None or minimum(path) == 15)
    others = [[line.rstrip("\r") for line in lines_of(each) if "minclass" in line] for each in (text, edited)]
    assert others[0] == others[1]
