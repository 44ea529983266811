# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages with a random token, which are sent the ways that a host's own messages go."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

NAME = "hygeia-canary"
SENT, UNSENT, NOT_TRIED = "sent", "unsent", "not_tried"

# By which path, with which token, and what became of it.
Canary = dict[str, str]

# For the argument_spec of every module that takes canaries.
SPEC = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "path": {"type": "str", "required": True},
        "token": {"type": "str", "required": True, "no_log": False},
        "state": {"type": "str", "required": True},
        "reason": {"type": "str", "default": ""},
    },
}


def send(host: Host, path: str, priority: str) -> Canary:
    """Send a canary along a path; what became of it."""
    token = fresh()
    if host.check:
        return _canary(path, token, NOT_TRIED, "check mode sends no message")
    return _canary(path, token, *PATHS[path](host, f"hygeia canary {words(token)} by {path}", priority))


def fresh() -> str:
    """A token, which has a gap wherever it is not the message itself: a log of who asked for it must not be taken for it."""
    return f"{secrets.token_hex(8)}-{secrets.token_hex(8)}"


def words(token: str) -> str:
    """A token as it stands in the message."""
    return token.replace("-", "")


def _canary(path: str, token: str, state: str, reason: str = "") -> Canary:
    return {"path": path, "token": token, "state": state, "reason": reason}


def _logger(host: Host, text: str, priority: str) -> tuple[str, str]:
    return _outcome(host.run(["logger", "--tag", NAME, "--priority", priority, "--", text], timeout=20), "logger")


def _journal(host: Host, text: str, priority: str) -> tuple[str, str]:
    level = priority.rpartition(".")[2]
    return _outcome(host.run(["systemd-cat", f"--identifier={NAME}", f"--priority={level}"], stdin=f"{text}\n", timeout=20), "systemd-cat")


def _audit(host: Host, text: str, unused_priority: str) -> tuple[str, str]:
    """The kernel takes the message and hands it to auditd, unless it is another system's kernel."""
    if not host.kernel:
        return NOT_TRIED, "a container's kernel writes its audit log elsewhere; prove it on the machine that runs the container"
    status = host.run(["auditctl", "-s"], timeout=20)
    if status.ok and "enabled 0" in status.out:
        return UNSENT, "the kernel's audit is off: start auditd, or say auditctl -e 1"
    return _outcome(host.run(["auditctl", "-m", text], timeout=20), "auditctl, which the package audit or auditd brings,")


def _outcome(ran: CommandResult, program: str) -> tuple[str, str]:
    return (SENT, "") if ran.ok else (UNSENT, f"{program} could not send it: {ran.error}")


PATHS = {"logger": _logger, "journal": _journal, "audit": _audit}
