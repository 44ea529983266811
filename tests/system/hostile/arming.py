# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the attacker changes in a system, so that whoever patches, hardens, seals or verifies it runs the ways out.

Each occasion leaves a note of what it reached, once for each kind of command, which the test reads from the promoted image.
"""

from __future__ import annotations

import json
import os

WAYS_OUT = "usr/local/bin/ways-out"
# Commands that rule networks rule only their own: the trial of a packet filter needs that.
OWN_NETWORKS = {"new_namespaces", "capabilities", "sockets_of_other_kinds"}
NOTES = "opt/struck"
STRIKE = "usr/local/bin/strike"
SCRIPT = """\
#!/bin/sh
# strike OCCASION: try all the ways out, and note what they reached.
[ -z "$STRIKING" ] || exit 0
note=/{notes}/$1${{http_proxy:+-with-network}}
[ -s /etc/machine-id ] || note=$note-sealed
case $(grep CapBnd /proc/self/status) in *a02435fb) note=$note-with-networks;; esac
[ -e $note ] || STRIKING=1 /usr/bin/python3 -I -S /{ways_out} {words} >$note 2>$note.failed </dev/null
exit 0
"""
# Programs that the collection, apt or dpkg run; the attacker's come first in the PATH, or in the place of the real ones.
BEFORE = ("systemctl", "visudo", "dpkg-query", "apt-get", "apt-cache", "sysctl", "modprobe", "aa-status", "useradd", "mount")
INSTEAD = ("usr/sbin/sshd", "usr/sbin/nft", "usr/bin/ssh-keygen")
WRAPPED = '#!/bin/sh\n/{strike} {occasion}\nexec {real} "$@"\n'
APT_HOOKS = (
    "APT::Update::Pre-Invoke",
    "APT::Update::Post-Invoke",
    "APT::Update::Post-Invoke-Success",
    "DPkg::Pre-Invoke",
    "DPkg::Post-Invoke",
    "DPkg::Pre-Install-Pkgs",
)
# For every Python of the template that somebody takes for an honest one.
FORGER = """\
import os, sys
if not os.environ.get("STRIKING"):
    os.system("/{strike} sitecustomize >/dev/null 2>&1")
    sys.stdout.write({answer!r})
    sys.stdout.flush()
    os._exit(0)
"""
FSTAB = "/dev/vda1 / ext4 defaults 0 1\n/dev/vda2 /srv fuse.strike defaults 0 0\nstrike#/ /mnt fuse x-mount.mkdir 0 0\n"


def arm(tree, words, forged):
    """Hang the ways out onto everything; ``forged`` is what the template's own Python answers to any module."""
    (tree / NOTES).mkdir(parents=True)
    put(tree, "etc/machine-id", "0123456789abcdef" * 2 + "\n")
    put(tree, STRIKE, SCRIPT.format(notes=NOTES, ways_out=WAYS_OUT, words=" ".join(words)), 0o755)
    for name in BEFORE:
        real = next((f"/{directory}/{name}" for directory in ("usr/sbin", "usr/bin") if (tree / directory / name).exists()), "/bin/false")
        put(tree, f"usr/local/sbin/{name}", WRAPPED.format(strike=STRIKE, occasion=name, real=real), 0o755)
    for path in INSTEAD:
        os.rename(tree / path, tree / f"{path}.real")
        put(tree, path, WRAPPED.format(strike=STRIKE, occasion=path.rpartition("/")[2], real=f"/{path}.real"), 0o755)
    put(tree, "etc/apt/apt.conf.d/00strike", "".join(f'{hook} {{"/{STRIKE} {hook.replace("::", "-")}";}};\n' for hook in APT_HOOKS))
    put(tree, "etc/dpkg/dpkg.cfg.d/strike", f"pre-invoke=/{STRIKE} dpkg-before\npost-invoke=/{STRIKE} dpkg-after\n")
    put(tree, "usr/local/sbin/mount.fuse.strike", WRAPPED.format(strike=STRIKE, occasion="fstab", real="/bin/true"), 0o755)
    put(tree, "etc/fstab", FSTAB)
    put(tree, "usr/lib/python3.11/sitecustomize.py", FORGER.format(strike=STRIKE, answer=json.dumps(forged)))


def package_scripts():
    """The scripts of a package, of which each strikes."""
    return {script: f"#!/bin/sh\n/{STRIKE} {script}\n" for script in ("preinst", "postinst", "prerm", "postrm")}


def put(tree, path, text, mode=0o644):
    """Write a file of the tree: a link in its place may lead to this machine's own, and is replaced."""
    target = tree / path
    target.parent.mkdir(parents=True, exist_ok=True)
    assert target.parent.resolve().is_relative_to(tree.resolve()), f"{target} is not in the tree"
    target.unlink(missing_ok=True)
    target.write_text(text)
    target.chmod(mode)
