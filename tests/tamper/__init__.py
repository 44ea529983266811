# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tampering: one setting is broken from outside on a hardened tree, so that the audit can show that it notices.

There is one file for each kind, named like the kind, in one of two shapes.

- ``tamper(root, name, wanted)`` breaks the setting ``name``, whose wanted value is ``wanted``, below the directory
  ``root``, as a real system would be broken: by a file that is read later, a mode that was loosened, a unit that
  somebody unmasked. It breaks that setting alone, and leaves what was done before it as it is: many
  settings are tampered with in one tree. It uses plain file edits (``file_edits``) and nothing of the collection.
- ``pair(name, wanted)``, for what only a running system shows, returns a good and a bad system. Each is a dictionary
  with ``files`` (``{path: text}``) and ``answers`` (``{program or command line: what it prints}``).

A file may also have ``alone(name, wanted)``: is this tampered with in a tree of its own, because it takes the ground
from under other controls?
"""
