# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What root's own login shell starts with: a real one is started, without the rights that root otherwise has."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.account_files import Account
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

_ASK = 'printf \'PATH=%s\\numask=%s\\n\' "$PATH" "$(umask)"'


class RootShell:
    """``path`` and ``umask`` as a login leaves them."""

    def __init__(self, host: Host, account: Account, path: str) -> None:
        shell = account.shell or "/bin/sh"
        environment = [f"HOME={account.home}", "USER=root", "LOGNAME=root", f"SHELL={shell}", "TERM=dumb", f"PATH={path}"]
        bounded = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        start = ["sh", "-c", 'umask 000; exec "$0" -lc "$1"', shell, _ASK]
        ran = host.run(["env", "-i", *environment, *bounded, *start], timeout=20)
        found = dict(re.findall(r"^(PATH|umask)=(.*)$", ran.out, re.M))
        if set(found) != {"PATH", "umask"}:
            raise RuntimeError(f"root's login shell did not say its path and umask: {ran.error}")
        self.host, self.path, self.umask = host, found["PATH"], found["umask"]

    def weak_directories(self) -> Iterator[tuple[str, str]]:
        """Each entry of the path through which others could slip root a program, as (entry, what is wrong)."""
        for entry in self.path.split(":"):
            wrong = self._wrong(entry)
            if wrong:
                yield entry or "(empty)", wrong

    def _wrong(self, entry: str) -> str:
        if not entry.startswith("/"):
            return "means the directory that root happens to be in"
        try:
            found = os.stat(self.host.path(entry))
        except OSError:
            return "is not there, so whoever makes it gives root its programs"
        if not stat.S_ISDIR(found.st_mode):
            return "is no directory"
        if found.st_uid:
            return "does not belong to root"
        return "can be written by others than root" if found.st_mode & 0o022 else ""
