# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LUKS containers in files, made by cryptsetup without device-mapper; what they hold was there before."""

from __future__ import annotations

import os
import subprocess

# Whoever tries keys has to be slowed down, and no test.
QUICK = {1: ["--pbkdf-force-iterations", "1000"], 2: ["--pbkdf", "argon2id", "--pbkdf-force-iterations", "4", "--pbkdf-memory", "32"]}
# What the header of LUKS2 takes, and as much beside it while it is made.
ROOM = 32 << 20


def encrypted(path, key):
    """Encrypt a file where it lies, as LUKS2; it is longer then. Returns it."""
    os.truncate(path, os.path.getsize(path) + ROOM)
    cryptsetup("reencrypt", "--encrypt", "--type", "luks2", "--reduce-device-size", f"{ROOM >> 20}M", *QUICK[2], path, key=key)
    return path


def empty(path, version, key, *options, size=64 << 20):
    """A container of which nobody wants to read what it holds."""
    with open(path, "wb") as stream:
        stream.truncate(size)
    cryptsetup("luksFormat", "--type", f"luks{version}", *QUICK[version], *options, path, key=key)
    return path


def cryptsetup(*words, key):
    """Call it with a key; what it printed."""
    command = ["cryptsetup", "--batch-mode", "--key-file", "-", *map(str, words)]
    done = subprocess.run(command, input=key, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
    return done.stdout.decode()
