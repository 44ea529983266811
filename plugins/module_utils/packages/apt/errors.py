# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what apt-get and dpkg print when they fail to one sentence: what is wrong, where, and what to do."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

# A pattern, and what it means in a sentence with the pattern's groups.
Causes = tuple[tuple[str, str], ...]

# The first that occurs is the cause; later ones are often only its consequences.
_CAUSES = (
    # The sandbox's proxy gives its reason with its refusal (image/sandbox/proxy.py).
    (
        r"\b403 +(\S+ (?:is none of|is named by no|is the build host itself|is not known to|cannot be reached from)[^\[\n]*?)(?: \[IP.*)?$",
        r"\1",
    ),
    (
        r"Could not get lock (\S+?)\.? It is held by process (\d+) \((.+?)\)",
        r"process \2 (\3) holds \1: wait until it has ended, then run this again",
    ),
    (
        r"dpkg frontend lock was locked by another process with pid (\d+)",
        r"process \1 is using dpkg: wait until it has ended, then run this again",
    ),
    (
        r"No space left on device|You don't have enough free space in (\S+?)\.?$",
        r"there is no space left on the disk \1: enlarge it or remove what is not needed, then run this again",
    ),
    (
        r"(?:GPG error|OpenPGP signature verification failed): (\S+ \S+).*?(?:NO_PUBKEY|Missing key) (\w+)",
        r"the signature of \1 cannot be checked because its key \2 is not known here: install the archive's keyring "
        r"and name it in Signed-By of its source",
    ),
    (
        r"GPG error: (\S+ \S+).*?(BADSIG|EXPKEYSIG|REVKEYSIG|ERRSIG|NODATA)",
        r"the signature of \1 is bad (\2): something between here and the archive changed it or its key is no longer "
        r"valid; use another mirror or renew its keyring",
    ),
    (
        r"OpenPGP signature verification failed: (\S+ \S+).*?error message is: (?:Verifying signature: *)?(.+?)\.?$",
        r"the signature of \1 is bad (\2): something between here and the archive changed it or its key is no longer "
        r"valid; use another mirror or renew its keyring",
    ),
    (
        r"GPG error: (\S+ \S+)[^:]*: (.+)",
        r"the signature of \1 cannot be checked (\2): correct Signed-By of its source or install the archive's keyring",
    ),
    (r"The repository '(\S+ \S+).*?' (?:is not|is no longer) signed", r"\1 is not signed: use a mirror that serves the signed archive"),
    (
        r"The repository '(\S+ \S+).*?' does (?:not|no longer) have a Release file",
        r"there is no Release file at \1: correct the address or the suite of its source",
    ),
    (
        r"Release file for (\S+) is expired \(invalid since ([^)]+)\)",
        r"\1 expired \2 ago: the mirror is stale or this machine's clock is wrong; use a current mirror or set the clock",
    ),
    (r"Release file for (\S+) is not valid yet", r"\1 is signed for a later time than now: set this machine's clock"),
    (
        r"(?:Temporary failure resolving|Could not resolve(?: host)?:?) '?([^\s']+)'?",
        r"\1 cannot be found, there is no network or no name service: run this where there is one (in an opened image "
        r"set ansible_image_network to true for this task), or use another mirror",
    ),
    (
        r"(?:Could not connect to|Unable to connect to|Cannot initiate the connection to|Failed to connect to) (\S+?):?(?=\s|$)",
        r"\1 does not answer: check the network, the proxy and the mirror's address",
    ),
    (
        r"Failed to fetch (\S+)\s+(4\d\d .+?)(?: \[IP.*)?$",
        r"\1 could not be fetched (\2): the archive has moved on or the source's address is wrong; fetch the lists "
        r"anew or correct the source",
    ),
    (
        r"Failed to fetch (\S+)\s+(?:Connection failed|Connection timed out|Undetermined Error|Error reading from server)",
        r"the connection broke while \1 was fetched: run this again, or use another mirror",
    ),
    (
        r"Hash Sum mismatch",
        r"a download does not match the archive's checksums: the mirror is being updated or a proxy serves old files; "
        r"try again or use another mirror",
    ),
    (
        r"Unable to fetch some archives",
        r"a package that is needed has not been downloaded: let hygeia.golden.package_download fetch it first, where "
        r"there is network",
    ),
    (
        r"Unable to locate package (\S+)|Package '?(\S+?)'? has no installation candidate",
        r"no source of apt has a package \1\2: correct the name, add its source or fetch the lists anew",
    ),
    (r"dpkg was interrupted", r"dpkg was interrupted before: run dpkg --configure -a"),
    (r"^The following held packages will be changed:\n +(.+)", r"\1 would be changed although it is held: release it with apt-mark unhold"),
    (
        r"^ *(\S+) : (?:Pre)?Depends: (.+?)(?: but .*)?$",
        r"\1 needs \2, which cannot be installed with what is there: release held packages (apt-mark showhold) or add "
        r"the source that has it",
    ),
    (r"you have held broken packages", r"held packages are in the way: release them with apt-mark unhold"),
    (r"Essential packages were removed", r"that would remove packages that the system cannot do without: leave them installed"),
    (r"dpkg: error processing (?:package|archive) (\S+) \(--\w+\):\n *(.+)", r"\1 could not be installed or removed: \2"),
    (r"^apt-get did not end within (\d+) s", r"apt-get did not end within \1 s: see what it waits for"),
    (r"^env: .apt-get.: No such file", r"apt-get is not installed: packages can only be changed where apt is used"),
)


def sentence(text: str, causes: Causes = _CAUSES, program: str = "apt-get", errors: tuple[str, ...] = ("E: ", "dpkg: error")) -> str:
    """One sentence for the cause of a failure; the program's own words when the cause is not known."""
    for pattern, meaning in causes:
        found = re.search(pattern, text, re.M)
        if found:
            return " ".join(words_of(found.expand(meaning).replace(" :", ":")))
    lines = [line for line in lines_of(text) if line.strip(BLANKS)]
    line = next((line for line in lines if line.startswith(errors)), lines[-1] if lines else "no reason given")
    return f"{program} failed: {line.replace(errors[0], '', 1).strip(BLANKS).rstrip('.')}"
