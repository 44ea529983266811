# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running the programs that sign and verify: without a terminal to ask for a passphrase, and with an end."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.util.commands import TooMuch, captured

# A security key waits for a touch.
_PATIENCE = 60.0
# 40570FEBFF7E0000:error:1700009E:CMS routines:CMS_SignerInfo_verify_content:verification failure:../crypto/cms/cms_sd.c:1000:
_ERROR = re.compile(r"^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:(?P<reason>[^:]*):[^:]*:\d+:(?P<more>.*)$")


class SigningError(Exception):
    """Something could not be signed or verified; the sentence says what and why."""


def run(command: Sequence[str], content: bytes) -> tuple[bool, bytes, list[str]]:
    """Give a program the content on its standard input: whether it succeeded, its output, and the lines of its errors."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        code, out, errors = captured(command, content, _PATIENCE, start_new_session=True, env=environment)
    except FileNotFoundError as problem:
        raise SigningError(f"{command[0]} is not installed") from problem
    except subprocess.TimeoutExpired as problem:
        raise SigningError(f"{command[0]} did not answer within {_PATIENCE:g} seconds; a security key must be touched in time") from problem
    except TooMuch as problem:
        raise SigningError(f"{command[0]} printed too much") from problem
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines()]
    return code == 0, out, [line for line in lines if line.strip("@")]


def openssl_reason(errors: list[str]) -> str:
    """The first error of OpenSSL's stack, which is the cause of the others."""
    found = next(filter(None, map(_ERROR.match, errors)), None)
    if not found:
        return errors[-1] if errors else "it does not say why"
    return found["more"].partition("Verify error:")[2].strip() or found["reason"]
