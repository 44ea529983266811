# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in for authselect(8) on a tree: it writes the login stacks from a profile and its features."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

CONF = "/etc/authselect/authselect.conf"
# Lines as authselect's own profiles have them; a word after @ is the feature that a line needs.
LINES = """\
auth required pam_env.so
auth required pam_faildelay.so delay=2000000
auth required pam_faillock.so preauth silent @with-faillock
auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
auth [default=1 ignore=ignore success=ok] pam_localuser.so
auth sufficient pam_unix.so NULLOK
auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
auth sufficient pam_sss.so forward_pass
auth required pam_faillock.so authfail @with-faillock
auth required pam_deny.so
account required pam_faillock.so @with-faillock
account required pam_unix.so
account sufficient pam_localuser.so
account sufficient pam_usertype.so issystem
account required pam_permit.so
password requisite pam_pwquality.so local_users_only
password [default=1 ignore=ignore success=ok] pam_localuser.so @with-pwhistory
password requisite pam_pwhistory.so use_authtok @with-pwhistory
password sufficient pam_unix.so HASH shadow NULLOK use_authtok
password [success=1 default=ignore] pam_localuser.so
password sufficient pam_sss.so use_authtok
password required pam_deny.so
session required pam_limits.so
session required pam_unix.so
"""
# Services as the packages of Enterprise Linux bring them.
SERVICES = {
    "login": "auth substack system-auth\naccount required pam_nologin.so\naccount include system-auth\npassword include system-auth\n",
    "sshd": "auth substack password-auth\naccount required pam_nologin.so\naccount include password-auth\npassword include password-auth\n",
    "su": "auth sufficient pam_rootok.so\nauth substack system-auth\naccount sufficient pam_succeed_if.so uid = 0 use_uid quiet\n"
    "account include system-auth\npassword include system-auth\n",
    "sudo": "auth include system-auth\naccount include system-auth\npassword include system-auth\n",
    "passwd": "auth include system-auth\naccount include system-auth\npassword substack system-auth\n",
    "other": "auth required pam_deny.so\naccount required pam_deny.so\npassword required pam_deny.so\n",
}
LIBRARIES = [f"/usr/lib64/security/pam_{module}.so" for module in ("faillock", "pwhistory", "pwquality", "unix")]


def stack(features=(), digest="sha512", left_out=()):
    """A stack with these features; ``left_out`` are features that the profile has nothing for."""
    done = []
    for line in LINES.splitlines():
        rule, unused_at, feature = line.partition(" @")
        if feature and (feature not in features or feature in left_out):
            continue
        done.append(rule.replace("NULLOK", "" if "without-nullok" in features else "nullok").replace("HASH", digest).rstrip())
    return "\n".join(done) + "\n"


def files(digest="sha512", features=()):
    """What authselect and the packages of PAM have put on a system."""
    return {
        **{f"/etc/pam.d/{name}": text for name, text in SERVICES.items()},
        **{f"/etc/pam.d/{name}": stack(features, digest) for name in ("system-auth", "password-auth")},
        **dict.fromkeys(LIBRARIES, ""),
        CONF: "\n".join(["sssd", *features]) + "\n",
        "/etc/security/faillock.conf": "# deny = 3\n# unlock_time = 600\n",
        "/etc/security/pwhistory.conf": "# remember = 10\n# enforce_for_root\n",
        "/etc/security/pwquality.conf": "# minlen = 8\n",
    }


class Authselect:
    """Answers for a tree; what it enables is written to the tree."""

    def __init__(self, host, digest="sha512", left_out=()):
        self.host, self.digest, self.left_out = host, digest, left_out

    def __call__(self, argv, unused_stdin):
        words = self.host.lines(CONF)
        if argv[1] == "current":
            return " ".join(words) + "\n" if words else CommandResult(2, "No existing configuration detected.\n", "")
        if argv[1] == "check":
            right = self.host.read("/etc/pam.d/system-auth") == self._stack(words[1:])
            return "Current configuration is valid.\n" if right else CommandResult(3, "Current configuration is not valid.\n", "")
        if argv[1] == "test":
            text = self._stack(argv[3:])
            return "".join(f"File /etc/authselect/{name}:\n{text}\n\n" for name in ("system-auth", "password-auth"))
        words.append(argv[2])
        self.host.write(CONF, "\n".join(words) + "\n")
        for name in ("system-auth", "password-auth"):
            self.host.write(f"/etc/pam.d/{name}", self._stack(words[1:]))
        return ""

    def _stack(self, features):
        return stack(features, self.digest, self.left_out)
