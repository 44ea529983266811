# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A packet filter that is safe without a site's policy, as ``{inbound: {services: [443/tcp], ssh_from: [10.1.0.0/16]}}``.

What belongs to connections of this machine comes in, and what a network needs, SSH, and the ``services``; everything
else is dropped. Packets for others are dropped too, unless ``forward`` is ``accept``. It is written where a boot looks
for its filter, as long as nobody else has written there: a filter of the site, such as that of the role segment, stays.
What is in force is asked of nft, whoever wrote it.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.flows import netns, ruleset
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    LOCKOUT,
    NOTICE,
    Change,
    Kind,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.nftables import LISTING, Filter, Nftables, by_default
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.nftables import RULES, UNIT
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Socket, listening
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import Probe, Rejected
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

INBOUND = "inbound"
PATH = RULES[0]
TABLE = "hygeia"
MODE = 0o700
SSH = "22"
# Answers to requests for an address, which the filter lets in by both of their ports.
CLIENTS = {("udp", 68), ("udp", 546)}
# What Debian's package brings: chains that accept everything.
_STOCK = re.compile(r"(flush ruleset)? ?(table inet filter \{( ?chain \w+ \{ type filter hook \w+ priority [\w]+; \})* ?\})?", re.A)
_SERVICE = re.compile(r"(\d+)(?:-(\d+))?/(tcp|udp)", re.A)
_TEXT = """\
#!/usr/sbin/nft -f
{notice}# A site's own policy takes the place of this file: see the role hygeia.golden.segment.
table inet {table}
delete table inet {table}

table inet {table} {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        ct state vmap {{ established : accept, related : accept, invalid : drop }}
        # Without these there is no IPv6, and packets that are too big are lost.
        icmpv6 type {{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request }} accept
        icmpv6 type {{ nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
        ip6 saddr fe80::/10 icmpv6 type {{ mld-listener-query, mld-listener-report, mld2-listener-report }} accept
        icmp type {{ destination-unreachable, time-exceeded, parameter-problem, echo-request }} accept
        # An address by DHCP.
        udp sport 67 udp dport 68 accept
        ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
{opened}    }}

    chain forward {{
        type filter hook forward priority filter; policy {forward};
    }}
}}
"""
_EMPTY = "#!/usr/sbin/nft -f\nflush ruleset\n"


class PacketFilter(Kind):
    name = "packet_filter"

    # -- enforcing -------------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        text = self.host.read(PATH)
        ours = NOTICE in (text or "")
        if not wanted:
            return Plan([] if partial or not ours else [*self.install(PATH, _EMPTY, [INBOUND], MODE), *self._enabling("disable")])
        value = _express(wanted)
        if not self.host.which("nft"):
            return (
                Plan()
                if self.host.check
                else Plan(failures={INBOUND: "nft is not installed, which loads packet filters: install nftables"})
            )
        others = self._others()
        if others:
            return Plan([], [_refused(f"{others} makes a packet filter of its own: keep it and waive this, or disable it")])
        if not ours and not _untouched(text):
            drops = self._drops()
            if drops is not False:
                return Plan(self._enabling("enable") if drops else [])
            why = f"{PATH} has rules of its own that drop nothing by default: give its chains the policy drop, or remove it"
            return Plan([], [_refused(why)])
        content = self._render(value)
        problem = self._problem(content) if text != content else ""
        if problem:
            return Plan([], [_refused(f"nft does not take the packet filter: {problem}")])
        changes = self.install(PATH, content, [INBOUND], MODE)
        return Plan(changes + self._enabling("enable") + (self._unloaded() if not changes else []))

    def _enabling(self, verb: str) -> list[Change]:
        """Have boots load the file, or not."""
        state = Units(self.host, []).state(UNIT)
        if (state == "enabled") == (verb == "enable"):
            return []

        def switch() -> None:
            ran = self.host.run(["systemctl", verb, UNIT])
            if not ran.ok:
                raise RuntimeError(f"{UNIT} cannot be {verb}d: {ran.error}")

        return [Change(UNIT, state, f"{verb}d", frozenset([INBOUND]), switch)]

    def _unloaded(self) -> list[Change]:
        """The file is there and the running kernel does not have it."""
        missing = self.host.booted and not self.host.run(["nft", "list", "table", "inet", TABLE]).ok
        return [Change(f"nft ({TABLE})", "", "loaded", frozenset([INBOUND]), self.by_reload)] if missing else []

    def _drops(self) -> bool | None:
        """Does the file that is there drop what nobody named, whether boots load it or not? None where that cannot be tried."""
        try:
            with netns.alone(self.host, ruleset.at_boot(self.host).interfaces) as guest:
                return by_default("input", Filter.of(netns.load(self.host, guest, PATH), PATH)).value == "drop"
        except netns.Unloadable:
            return False
        except (netns.NetnsError, OSError):
            return None

    def _render(self, value: Value) -> str:
        ports = self._ssh_ports
        port = f"{{ {', '.join(ports)} }}" if len(ports) > 1 else "".join(ports)
        opened = [f"tcp dport {port} accept"] if port and not value["ssh_from"] else []
        for family, version in (("ip", 4), ("ip6", 6)):
            networks = [network for network in value["ssh_from"] if ipaddress.ip_network(network, strict=False).version == version]
            opened += [f"{family} saddr {{ {', '.join(networks)} }} tcp dport {port} accept"] if port and networks else []
        opened += [f"{protocol} dport {ports} accept" for ports, protocol in (each.split("/") for each in value["services"])]
        lines = "".join(f"        {line}\n" for line in opened)
        return _TEXT.format(notice=NOTICE, table=TABLE, opened=lines, forward=value["forward"])

    @cached_property
    def _ssh_ports(self) -> list[str]:
        """Where the SSH server listens; none where there is no server."""
        if not self.host.which("sshd"):
            return []
        try:
            with Probe(self.host) as probe:
                return sorted(set(words_of(probe.effective()["port"])), key=int)
        except (Rejected, KeyError, OSError):
            return [SSH]

    def _problem(self, content: str) -> str:
        """What nft has against a text, where it can be asked."""
        try:
            with netns.alone(self.host, []) as guest:
                netns.load(self.host, guest, content)
        except netns.Unloadable as problem:
            return str(problem)
        except (netns.NetnsError, OSError):
            return ""  # there is no network to try it in here
        return ""

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """Nobody who is connected or waits for others is cut off without a question, and no filter of others is lost."""
        value = _express(due)
        login = words_of(self.host.login.get("SSH_CONNECTION", ""))
        if len(login) == 4 and not self._lets_in(value, login[0], login[3]):
            why = f"the SSH login behind this run comes from {login[0]}, which the packet filter would keep out"
            yield Refusal(frozenset(due), why, LOCKOUT)
        waiting = [socket for socket in listening(self.host) if socket.public and not self._opens(value, socket)]
        cut = sorted({(socket.port, socket.protocol) for socket in waiting})
        if cut:
            ports = ", ".join(f"{port}/{protocol}" for port, protocol in cut)
            why = f"the packet filter would cut off what listens on {ports}: name it in services of firewall-default, or end it"
            yield Refusal(frozenset(due), why, IN_USE)
        tables = self._tables()
        if tables:
            yield Refusal(frozenset(due), f"there is a packet filter already, with {' and '.join(tables)}", IN_USE)

    def _lets_in(self, value: Value, address: str, port: str) -> bool:
        networks = [ipaddress.ip_network(network, strict=False) for network in value["ssh_from"]]
        known = ipaddress.ip_address(address.partition("%")[0])
        return port in self._ssh_ports and (not networks or any(known in network for network in networks))

    def _opens(self, value: Value, socket: Socket) -> bool:
        spans = [match.groups() for match in map(_SERVICE.fullmatch, value["services"]) if match]
        named = any(int(low) <= socket.port <= int(high or low) and protocol == socket.protocol for low, high, protocol in spans)
        ssh = socket.protocol == "tcp" and str(socket.port) in self._ssh_ports
        return named or ssh or (socket.protocol, socket.port) in CLIENTS

    def _tables(self) -> list[str]:
        """The tables of others in the running filter, but empty ones."""
        ran = self.host.run(LISTING)
        entries = json.loads(ran.out)["nftables"] if ran.ok else []
        rules = [entry["rule"] for entry in entries if "rule" in entry]
        tables = {(rule["family"], rule["table"]) for rule in rules} - {("inet", TABLE)}
        return [f"the table {family} {table}" for family, table in sorted(tables)]

    def reload(self, changes: list[Change]) -> None:
        if NOTICE not in (self.host.read(PATH) or ""):
            return  # what was taken back lasts until the next boot
        ran = self.host.run(["nft", "-f", PATH])
        if not ran.ok:
            raise RuntimeError(f"the kernel did not take the packet filter: {ran.error}")

    # -- observing -------------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        _express(wanted)
        return {name: self._observed() for name in wanted}

    def _observed(self) -> Observation:
        """Whether a boot, and on a running host the kernel, drops what nobody named."""
        others = self._others()
        looked = Nftables(self.host)
        names = (["input"] if self.host.booted else []) + ([] if others else ["at_boot"])
        if not names:
            return Observation(status=result.NOT_CHECKED, message=f"{others} makes its packet filter only when the system runs")
        found = looked.inspect(dict.fromkeys(names, "drop"))
        return next((found[name] for name in names if found[name].value != "drop"), found[names[0]])

    def _others(self) -> str:
        return " and ".join(ruleset.others(self.host))

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value == "drop"


def _refused(why: str) -> Refusal:
    return Refusal(frozenset([INBOUND]), why)


def _untouched(text: str | None) -> bool:
    """Is this no file, or the one that the package brought?"""
    return bool(_STOCK.fullmatch(" ".join(words_of(re.sub(r"#.*", "", text or "")))))


def _express(wanted: Settings) -> dict[str, list[str] | str]:
    """The one setting with its defaults; raises BadSetting for what means nothing."""
    for name, value in wanted.items():
        if name != INBOUND or not isinstance(value, dict) or set(value) - {"services", "ssh_from", "forward"}:
            raise BadSetting(f"packet_filter: {name} has services, ssh_from and forward, and is called {INBOUND}")
        if value.get("forward", "drop") not in ("drop", "accept"):
            raise BadSetting(f"packet_filter: forward is drop or accept, not {value['forward']}")
        for service in value.get("services", []):
            span = _SERVICE.fullmatch(str(service))
            if not span or not 0 < int(span[1]) <= int(span[2] or span[1]) < 65536:
                raise BadSetting(
                    f"packet_filter: {service} is not a valid service; write its port and protocol, such as 443/tcp or 2000-2010/udp"
                )
        for network in value.get("ssh_from", []):
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError as problem:
                raise BadSetting(f"packet_filter: {network} is not a valid network; write it like 10.1.0.0/16") from problem
    value = wanted.get(INBOUND, {})
    return {"services": [], "ssh_from": [], "forward": "drop", **value}
