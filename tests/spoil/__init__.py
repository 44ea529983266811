# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Spoilers: the outside hand that breaks one setting on a hardened tree, so that the audit can show that it notices.

There is one file for each kind, named like the kind, in one of two shapes.

- ``spoil(root, name, wanted)`` breaks the setting ``name``, whose wanted value is ``wanted``, below the folder
  ``root``, as a real system would be broken: by a file that is read later, a mode that was loosened, a unit that
  somebody unmasked. It breaks that setting alone, and leaves what other spoilers did before it as it is: many
  settings are spoiled in one tree. It uses plain file edits (``hand``) and nothing of the collection.
- ``pair(name, wanted)``, for what only a running system shows, returns a good and a bad system. Each is a dictionary
  with ``files`` (``{path: text}``) and ``answers`` (``{program or command line: what it prints}``).

A spoiler may also have ``alone(name, wanted)``: is this spoiled in a tree of its own, because it takes the ground
from under other controls?
"""
