# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle for the lines of PAM: libpam itself, with a directory of services of a test's own; and lines to ask it about."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from hypothesis import strategies as st

PROMPT_ECHO_OFF = 1
SUCCESS, SYSTEM_ERR, PERM_DENIED, AUTH_ERR, CONV_ERR = 0, 4, 6, 7, 19
_CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
# Tells what it was called with, one line a call: each argument in brackets.
LOGGER = '#!/bin/sh\n{ for word; do printf "<%s>" "$word"; done; echo; } >>"${0%/*}/log"\n'


class _Conversation(ctypes.Structure):
    _fields_ = [("converse", _CONVERSE), ("data", ctypes.c_void_p)]


def library():
    name = ctypes.util.find_library("pam")
    found = ctypes.CDLL(name) if name else None
    if not hasattr(found, "pam_start_confdir"):
        pytest.skip("there is no libpam with pam_start_confdir on this machine")
    return found


def logged(text):
    """The arguments of each call that LOGGER wrote down."""
    calls = [line[1:-1].split("><") for line in text.split("\n")[:-1]]
    return [call if call != [""] else [] for call in calls]


class Service:
    """A service ``s`` in a directory of its own; ``line`` begins a rule that only tells its arguments."""

    gaps = False  # as the libpam of Debian 12 reads

    def __init__(self, directory):
        self.library, self.directory = library(), directory
        logger = directory / "logger"
        logger.write_text(LOGGER, encoding="ascii")
        logger.chmod(0o755)
        (directory / "other").write_text("auth required pam_deny.so\n", encoding="ascii")
        self.line = f"auth optional pam_exec.so {logger}"
        self.conversation = _Conversation(_CONVERSE(lambda *unused: CONV_ERR), None)

    def tried(self, text):
        """What authenticating comes to, and the arguments of each rule that was met."""
        (self.directory / "s").write_bytes(text.encode())
        log = self.directory / "log"
        log.write_bytes(b"")
        handle = ctypes.c_void_p()
        self.library.pam_start_confdir(b"s", b"root", ctypes.byref(self.conversation), str(self.directory).encode(), ctypes.byref(handle))
        answer = self.library.pam_authenticate(handle, 0)
        self.library.pam_end(handle, answer)
        return answer, logged(log.read_bytes().decode())


WORDS = st.sampled_from(["nullok", "sha512", "obscure", "use_authtok", "remember=5", "a\\", "[x=1 y]", "-1", "@"])
GAPS = st.sampled_from([" ", "\t", "  ", " \\\n", " \\ \t\n\t", "\\\n", " \\\n\n", " \\\n# a comment \\\n ", " \\\n \t# one more\n"])
ENDS = st.sampled_from(["\n", " \n", "\t\n", "\n\n", " # said why\n", "# said why \\\n", " #\n", "\r\n"])
STARTS = st.sampled_from(["", " ", "\t", "-", "# off: ", "#"])


@st.composite
def texts(draw, line):
    """A service of several rules, each perhaps over several lines."""
    rules = []
    for unused_number in range(draw(st.integers(1, 4))):
        words = "".join(draw(GAPS) + word for word in draw(st.lists(WORDS, min_size=1, max_size=4)))
        rules.append(f"{draw(STARTS)}{line}{words}{draw(ENDS)}")
    text = "".join(rules)
    return text[:-1] if draw(st.booleans()) else text


def calls(text, gaps):
    """The arguments of each rule, as our reader has them."""
    return [
        [word.strip("[]") for word in rule.arguments[1:]]
        for unused_line, rule in pam_stack.entries(text, "auth", gaps)
        if rule.module == "pam_exec.so"
    ]


def reads_alike(service, text):
    """Is a text for our reader what it is for the service's libpam?"""
    answer, asked = service.tried(text)
    if answer != SYSTEM_ERR:  # a file that libpam does not accept at all
        assert calls(text, service.gaps) == asked


def edits_alike(service, text):
    """Does an edit change what libpam hands over as it should, and nothing else?"""

    def edit(words):
        kept = [word for word in words if word not in ("sha512", "yescrypt")]
        return kept if "obscure" in words else [*kept, "yescrypt"]

    def plain(words):
        return [word.rstrip("\r") for word in words if word != "\r"]

    answer, before = service.tried(text)
    after = pam_stack.reworded(text, "pam_exec.so", "auth", edit, service.gaps)
    if answer != SYSTEM_ERR:
        assert [plain(words) for words in service.tried(after)[1]] == [edit(plain(words)) for words in before]
        assert pam_stack.reworded(after, "pam_exec.so", "auth", edit, service.gaps) == after
