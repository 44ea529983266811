# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A system that sends its records to a log server through TLS, and one that keeps them or sends them in the open."""

from __future__ import annotations

STATUS = "Package: rsyslog\nStatus: install ok installed\nVersion: 8.2302.0-1\n\n"
SEALED = """\
$DefaultNetstreamDriver gtls
$ActionSendStreamDriverMode 1
*.* @@logs.example.org:6514
"""


def pair(name, unused_wanted):
    if name == "loggers":
        return _logging("rsyslog"), _logging("rsyslog", "syslog-ng")
    return _system(SEALED), _system({"collector": "*.* /var/log/syslog\n", "encryption": "*.* @logs.example.org\n"}[name])


def _logging(*programs):
    """A system on which these programs keep records."""
    units = "".join(f"{program}.service enabled enabled\n" for program in programs)
    return {"files": {}, "answers": {"systemctl": lambda argv, unused_stdin: units if argv[1] == "list-unit-files" else ""}}


def _system(text):
    return {"files": {"/var/lib/dpkg/status": STATUS, "/etc/rsyslog.conf": text}, "answers": {}}
