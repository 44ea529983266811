# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asking an address of the network: over HTTP, with the certificate verified, or whether anything is there at all."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit

from ansible.module_utils import urls

if TYPE_CHECKING:
    pass

# For the argument_spec of every module that asks over HTTP.
SPEC = {
    "headers": {"type": "dict", "default": {}, "no_log": True},
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
}
# More than any answer that is asked for here; the rest is not read.
_LONGEST = 32 * 1024 * 1024

# How it is asked over HTTP: the values of SPEC.
Asking = dict[str, Any]


class Unanswered(Exception):
    """Why there is no answer, as the end of a sentence."""


def how(params: dict[str, Any]) -> Asking:
    """Those of a module's parameters that say how it asks over HTTP."""
    return {name: params[name] for name in SPEC}


def fetched(url: str, timeout: float, **asking: Any) -> str:
    """The text at an address; a certificate that does not verify is no answer."""
    return _answered(url, timeout, **asking).decode("utf-8", "replace")


def posted(url: str, content: bytes, content_type: str, timeout: float, **asking: Any) -> bytes:
    """What an address answers to something that is sent to it."""
    headers = {**(asking.pop("headers", None) or {}), "Content-Type": content_type}
    return _answered(url, timeout, method="POST", data=content, headers=headers, **asking)


def _answered(url: str, timeout: float, **asking: Any) -> bytes:
    try:
        answer = urls.open_url(url, timeout=timeout, http_agent="hygeia.golden", **asking)
        return bytes(answer.read(_LONGEST))
    except HTTPError as problem:
        raise Unanswered(f"it answers {problem.code} {problem.reason}") from problem
    except URLError as problem:
        raise Unanswered(reason(problem.reason)) from problem
    except (OSError, ValueError, http.client.HTTPException, urls.ConnectionError) as problem:
        raise Unanswered(reason(problem)) from problem


def reached(host: str, port: int, timeout: float) -> None:
    """Connect to a port and leave it again."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError as problem:
        raise Unanswered(reason(problem)) from problem


def reason(problem: object) -> str:
    """What went wrong on the way, in words for an operator."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({problem.verify_message}): give it one for its name by the authority in ca_path"
    if isinstance(problem, ssl.SSLError):
        return f"there is no TLS with it ({problem.reason or problem})"
    if isinstance(problem, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(problem, (TimeoutError, socket.timeout)):
        return "it does not answer in time"
    if isinstance(problem, socket.gaierror):
        return "its name is not known here"
    return getattr(problem, "strerror", None) or " ".join(str(problem).split()) or type(problem).__name__


def shown(url: str) -> str:
    """An address as it may be printed: nothing of it that may be a secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
