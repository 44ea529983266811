# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PAM as Debian 12 brings it, and this machine's own pam-auth-update, sent to a tree."""

from __future__ import annotations

import os
import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

PROGRAM = "/usr/sbin/pam-auth-update"
BLOCK = """\
# here are the per-package modules (the "Primary" block)
{primary}\
# here's the fallback if no module succeeds
{phase}\trequisite\t\t\tpam_deny.so
{phase}\trequired\t\t\tpam_permit.so
# and here are more per-package modules (the "Additional" block)
{additional}\
# end of pam-auth-update config
"""
PRIMARY = {
    "auth": "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n",
    "account": "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n",
    "password": "password\trequisite\t\t\tpam_pwquality.so retry=3\n"
    "password\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt\n",
    "session": "session\t[default=1]\t\t\tpam_permit.so\n",
}
ADDITIONAL = {"session": "session\trequired\tpam_unix.so \n"}
SERVICES = {
    "sshd": "@include common-auth\naccount    required     pam_nologin.so\n@include common-account\n@include common-session\n@include common-password\n",
    "su": "auth       sufficient pam_rootok.so\n@include common-auth\n@include common-account\n@include common-session\n",
    "sudo": "@include common-auth\n@include common-account\n@include common-session-noninteractive\n",
    "login": "auth       optional   pam_faildelay.so  delay=3000000\n@include common-auth\n@include common-account\n@include common-session\n",
    "cron": "@include common-auth\n@include common-session-noninteractive\n",
    "passwd": "@include common-password\n",
    "other": "@include common-auth\n@include common-account\n@include common-password\n",
}
# How Debian 12 describes its own modules, and what pam-auth-update remembers of them.
UNIX = """\
Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
\t[success=end default=ignore]\tpam_unix.so nullok try_first_pass
Auth-Initial:
\t[success=end default=ignore]\tpam_unix.so nullok
Account-Type: Primary
Account:
\t[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so
Session-Type: Additional
Session:
\trequired\tpam_unix.so
Password-Type: Primary
Password:
\t[success=end default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt
Password-Initial:
\t[success=end default=ignore]\tpam_unix.so obscure yescrypt
"""
QUALITY = """\
Name: Pwquality password strength checking
Default: yes
Priority: 1024
Password-Type: Primary
Password:
\trequisite\t\t\tpam_pwquality.so retry=3
"""
SAVED = {
    "auth": "Module: unix\n[success=end default=ignore]\tpam_unix.so nullok\n",
    "account": "Module: unix\n[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so\n",
    "password": "Module: pwquality\nrequisite\t\t\tpam_pwquality.so retry=3\n"
    "Module: unix\n[success=end default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt\n",
    "session": "Module: null\n[default=1]\t\t\tpam_permit.so\nModule: unix\nrequired\tpam_unix.so\n",
    "session-noninteractive": "Module: null\n[default=1]\t\t\tpam_permit.so\nModule: unix\nrequired\tpam_unix.so\n",
    "seen": "pwquality\nunix\n",
}
FAILLOCK_CONF = "# deny = 3\n# unlock_time = 600\n# even_deny_root\n"


def common(phase):
    """A stack that pam-auth-update has written."""
    return BLOCK.format(phase=phase, primary=PRIMARY[phase], additional=ADDITIONAL.get(phase, ""))


def files():
    """What the packages of PAM have put on a system."""
    found = {f"/etc/pam.d/common-{phase}": common(phase) for phase in PRIMARY}
    found["/etc/pam.d/common-session-noninteractive"] = common("session")
    found.update({f"/etc/pam.d/{name}": text for name, text in SERVICES.items()})
    found.update({f"/var/lib/pam/{name}": text for name, text in SAVED.items()})
    found.update({"/usr/share/pam-configs/unix": UNIX, "/usr/share/pam-configs/pwquality": QUALITY})
    found["/etc/security/faillock.conf"] = FAILLOCK_CONF
    found["/usr/sbin/pam-auth-update"] = "# stands for the program of this machine; it knows --root\n"
    for module in ("faillock", "pwhistory", "pwquality", "umask", "unix", "wheel"):
        found[f"/usr/lib/x86_64-linux-gnu/security/pam_{module}.so"] = ""
    return found


def update(host, argv):
    """Run it on the directory of a tree that its host names."""
    debconf = host.path(argv[1].partition("=")[2])
    with open(debconf, encoding="utf-8") as stream:
        text = re.sub("(?m)^(Filename: )", rf"\g<1>{host.root}", stream.read())
    with open(debconf, "w", encoding="utf-8") as stream:
        stream.write(text)
    root = argv.index("--root") + 1
    command = ["pam-auth-update", "--root", host.path(argv[root]), *argv[root + 1 :]]
    environ = {**os.environ, "DEBCONF_SYSTEMRC": debconf, "DEBIAN_FRONTEND": "noninteractive"}
    run = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return CommandResult(run.returncode, run.stdout, run.stderr)
