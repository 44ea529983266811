# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What no packet can show of a ruleset: what it logs and counts, and what it would do with packets that nobody sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.nftables import Filter, by_default

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.ruleset import Ruleset

_HOOKS = ("input", "forward", "output")
_IDLE = {"counter", "log"}
_LOST = {"drop", "reject"}


def found(ruleset: Ruleset, listing: str) -> dict[str, str]:
    """What is wrong, by the control; an empty text where nothing is."""
    packets = Filter.of(listing, ruleset.read_from)
    rules = packets.rules
    return {
        "segment-loaded": ruleset.unloaded,
        "segment-default-drop": "; ".join(filter(None, (by_default(hook, packets).message for hook in _HOOKS))),
        "segment-no-accept-any": "; ".join(_accept_any(packets.chains, rules)),
        "segment-drops-logged": ""
        if any(_notes(rule, "log") for rule in rules)
        else "no rule logs what is dropped: add one with a limit, last in the chain",
        "segment-drops-counted": ""
        if any(_notes(rule, "counter") for rule in rules)
        else "no rule counts what is dropped: add one, last in the chain",
    }


def _accept_any(chains: Sequence[dict[str, Any]], rules: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Only what a packet meets at a hook counts: in a chain of its own a rule like this may mean some of them."""
    hooked = {(chain["family"], chain["table"], chain["name"]): chain["hook"] for chain in chains}
    for rule in rules:
        statements = {name for statement in rule["expr"] for name in statement}
        hook = hooked.get((rule["family"], rule["table"], rule["chain"]))
        if hook in _HOOKS and "accept" in statements and statements <= _IDLE | {"accept"}:
            yield f"a rule of the chain {rule['family']} {rule['table']} {rule['chain']} accepts everything at the hook {hook}: remove it"


def _notes(rule: dict[str, Any], how: str) -> bool:
    """Does a rule for packets that are lost, here or by the chain's policy, make a note of them?"""
    statements = {name for statement in rule["expr"] for name in statement}
    lost = statements & _LOST or ("log" in statements and "accept" not in statements)
    return how in statements and bool(lost)
