# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words that a command is asked for by: ``[--network] [--networks] [--python [NAME=VALUE...] | COMMAND...]``.

--network   have a way to the package sources and nothing else, by a proxy
--networks  be alone in a separate network namespace, and allowed to make more of them
--python    run standard input with the build host's own Python
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.own_python import Python
    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Network

NETWORK, NETWORKS, PYTHON = OPTIONS = ("--network", "--networks", "--python")


class Asked:
    """What the words mean."""

    def __init__(self, options: Sequence[str], argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.network = NETWORK in options
        self.networks = NETWORKS in options
        self.python = PYTHON in options
        self.argv = argv
        self.environment = environment

    def own_python(self, owner: int) -> Python | None:
        """The build host's Python, made ready for the user that root is inside, or None."""
        if not self.python:
            return None
        # Here, because each command waits for what it imports.
        from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.own_python import Python

        return Python(owner)

    def user_namespace(self) -> int | None:
        """The user namespace that a command needs where the sandbox has none, or None."""
        if not self.networks:
            return None
        from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import owners

        return owners.for_networks()

    def proxy(self, namespace: int, network: Network, root: str) -> dict[str, str]:
        """The environment by which a network namespace finds its way out, or none."""
        if not self.network:
            return {}
        from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import proxy

        return proxy.start(namespace, network, proxy.Tree(root))


def parse(words: Sequence[str]) -> Asked:
    options, rest = [], list(words)
    while rest and rest[0] in OPTIONS:
        options.append(rest.pop(0))
    environment = {}
    if PYTHON in options:
        environment = dict(word.split("=", 1) for word in rest if "=" in word)
        rest = []
    return Asked(options, rest, environment)
