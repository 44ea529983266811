# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what dnf and rpm print when they fail to one sentence: what is wrong, where, and what to do."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import errors

_DNF = "hygeia.golden.package_download"

# The first that occurs is the cause; later ones are often only its consequences.
_CAUSES = (
    (
        r"No space left on device|At least (\d+[KMG]B) more space needed on the (\S+) filesystem|not enough free space",
        r"there is no space left on the disk \1 \2: enlarge it or remove what is not needed, then run this again",
    ),
    (
        r"[Ff]ailed to obtain the transaction lock|[Ww]aiting for process with pid (\d+)|can't create transaction lock",
        r"another dnf or rpm is at work \1: wait until it has ended, then run this again",
    ),
    (
        r"database disk image is malformed|cannot open Packages database|rpmdb open failed|rpmdb: (?:PANIC|BDB\d+ PANIC)",
        r"the database of rpm is damaged: keep a copy of it, run rpm --rebuilddb, and then run this again",
    ),
    (
        r"Couldn't (?:read a file:// file|open file) (?:for file://)?(\S+?)[\]:]? ?(?:\[.*GPG|\[Couldn't open file (\S+RPM-GPG\S*)\])",
        r"the key \1 is not there: install it, or correct gpgkey of its repository",
    ),
    (
        r"repo '?([^\s':]+)'?: .*repomd\.xml GPG signature verification error: (.+)",
        r"the signature of the repository \1 is bad or its key is not known (\2): something between here and the repository "
        r"changed it, or gpgkey names the wrong key; use another mirror or correct gpgkey",
    ),
    (
        r"GPG signature verification error: (.+)",
        r"the signature of a repository is bad or its key is not known (\1): use another mirror or correct gpgkey",
    ),
    (
        r"Public key for (\S+) is not installed|not correct for this package\.\s[^\n]*Failing package is: (\S+)",
        r"the signature of \1 \2 is by a key that its repository does not name: install nothing from there until you know "
        r"whose key it is, and name it in gpgkey",
    ),
    (r"Package (\S+) is not signed", r"\1 is not signed: use a repository that signs its packages"),
    (
        r"Problem opening package (\S+)|error: (\S+\.rpm): .*(?:BAD|signature|digest)",
        r"the signature of \1 \2 is bad: something between its maker and here changed it; use another mirror",
    ),
    (r"GPG check FAILED", r"the signature of a package could not be checked: correct gpgkey of its repository"),
    (
        r"(?:Couldn't|Could not) resolve host(?: name)?(?: for |: )(\S+)",
        r"\1 cannot be found, there is no network or no name service: run this where there is one (in an opened image "
        r"set ansible_image_network to true for this task), or use another mirror",
    ),
    (
        r"Curl error \((?:7|28|35|52|56)\): ([^\n]*?) for (\w+://\S+)",
        r"\2 does not answer (\1): check the network, the proxy and the repository's address",
    ),
    (
        r"Curl error \(18\): [^\n]*? for (\w+://\S+)",
        r"\1 broke off in the middle of a download: the repository is down or the network is bad; run this again later or use "
        r"another mirror",
    ),
    (
        r"Status code: (4\d\d|5\d\d) for (\S+)",
        r"\2 could not be fetched (\1): the repository has moved on or its address is wrong; run this again or correct baseurl",
    ),
    (
        r"Cache-only enabled but no cache for '([^']+)'",
        rf"nothing was fetched of the repository \1 yet, so it is not known what it has: run {_DNF} first, where there is network",
    ),
    (
        r"Some packages have invalid cache, but cannot be downloaded|Cannot download Packages.*cacheonly",
        rf"a package that is needed has not been downloaded: let {_DNF} fetch it first, where there is network",
    ),
    (
        r"checksum doesn't match|Package checksum mismatch|has incorrect checksum",
        r"a download does not match the repository's checksums: the mirror is being updated or a proxy serves old files; "
        r"try again or use another mirror",
    ),
    (
        r"the updateinfo of (\S+) is damaged: (.+)",
        r"the updateinfo of the repository \1 is damaged (\2), so it is not known which of its updates are for security: have "
        r"the repository repaired, or use another mirror",
    ),
    (
        r"(?:error|warning): %(\w+)\((.+?)\) scriptlet failed, (.+)",
        r"the script %\1 of \2 failed (\3): see what it needs, or hold the package (dnf versionlock)",
    ),
    (
        r"Error in (\w+) scriptlet in rpm package (\S+)",
        r"the script \1 of \2 failed: see what it needs, or hold the package (dnf versionlock)",
    ),
    (
        r"file (\S+) (?:from install of (\S+) )?conflicts (?:with file from package|between attempted installs of) (.+)",
        r"\2 cannot be installed beside \3, because both have the file \1: remove one of them, or hold the package",
    ),
    (
        r"(?:No match for argument|Unable to find a match): (\S+)",
        r"no repository of dnf has a package \1: correct the name, add its repository or fetch the metadata anew",
    ),
    (
        r"(?:Problem(?: \d+)?: [^\n]*\n(?:\s+- [^\n]*\n)*?\s+- |Problem(?: \d+)?: )(package \S+ (?:conflicts with|requires) .+|nothing provides .+)",
        r"\1: hold that package (dnf versionlock), name the updates that are wanted, or add the repository that has what is missing",
    ),
    (r"Problem(?: \d+)?: (.+)", r"\1: hold that package (dnf versionlock), or name the updates that are wanted"),
    (r"^dnf did not end within (\d+) s", r"dnf did not end within \1 s: see what it waits for"),
    (r"^(dnf|rpm) is not installed", r"\1 is not installed: packages can only be changed where it is used"),
)


def sentence(text: str) -> str:
    """One sentence for the cause of a failure; dnf's own words when the cause is not known."""
    return errors.sentence(text, _CAUSES, "dnf", ("Error: ", "error: "))
