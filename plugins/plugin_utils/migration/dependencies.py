# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machines move together, from what they were seen to talk to.

Services that everybody asks, such as names and time, are no reason to move with everybody: they are recognised by their port and the
number of their clients, or named by the site. What is left joins machines to groups, the closest first, and never to one
lump.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Names, Policy, collection_data

Machine = Mapping[str, Any]
Flow = Mapping[str, Any]
# A service as its clients see it: the machine, the protocol and the port.
Endpoint = tuple[str, str, int]

# So many clients make a well-known port a shared service, whatever the site's thresholds for other ports are.
_FEW = 3
BY_SITE, BY_PORT, BY_CLIENTS, BY_ASKING = "site", "port", "clients", "asks"
INSIDE, BETWEEN, SHARED, OUTSIDE = "inside", "between", "shared", "outside"


def dependencies(inventory: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """``services`` that are shared, ``groups`` that move together, and ``edges`` between all of them."""
    rules = policy["dependencies"]
    machines = {machine["id"]: machine for machine in inventory["machines"]}
    ignored = set(rules["ignore_ports"])
    flows = [flow for flow in inventory["flows"] if flow["port"] not in ignored]
    shared = _Shared(machines, flows, rules)
    groups, parted = _grouped(machines, [flow for flow in flows if not shared.name_of(flow)], rules)
    belongs = {identifier: group["name"] for group in groups for identifier in group["machines"]}
    # What a host's configuration names counts no connection: nothing was seen of it.
    talking = {end for flow in inventory["flows"] if flow["count"] for end in (flow["source"], flow["destination"])}
    return {
        "services": shared.services(),
        "groups": groups,
        "edges": _edges(flows, shared, belongs),
        "parted": parted,
        "silent": [identifier for identifier in machines if identifier not in talking],
    }


def unique(name: str, taken: set[str]) -> str:
    """A name that is not taken yet; it is from now on."""
    free = name if name not in taken else next(f"{name} {number}" for number in range(2, len(taken) + 3) if f"{name} {number}" not in taken)
    taken.add(free)
    return free


# -- what everybody uses -----------------------------------------------------------


class _Shared:
    """The endpoints that are shared services, and the machines that ask everybody, such as those of monitoring."""

    def __init__(self, machines: Mapping[str, Machine], flows: Sequence[Flow], rules: Mapping[str, Any]) -> None:
        self._machines = machines
        self._most = max(rules["fan_in"], int(rules["share"] * len(machines)))
        self._known = {port: each["name"] for each in collection_data("services") for port in each["ports"]}
        self._named = [
            (each["name"], Names(each["machines"]) if "machines" in each else None, set(each.get("ports", ())))
            for each in rules["services"]
        ]
        clients: dict[Endpoint, set[str]] = defaultdict(set)
        servers: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        for flow in flows:
            clients[_endpoint(flow)].add(flow["source"])
            servers[flow["source"], flow["protocol"], flow["port"]].add(flow["destination"])
        self._clients = clients
        self._by_endpoint = {endpoint: found for endpoint in clients if (found := self._recognised(endpoint, len(clients[endpoint])))}
        # One machine that asks very many on one port looks after them.
        self._askers = {name: len(asked) for name, asked in servers.items() if len(asked) >= self._most and name[0] in machines}

    def _recognised(self, endpoint: Endpoint, clients: int) -> tuple[str, str, str] | None:
        """The name of the service, what it was recognised by, and the same in words."""
        identifier, unused_protocol, port = endpoint
        machine = self._machines.get(identifier)
        for name, names, ports in self._named:
            if (not ports or port in ports) and (names is None or (machine is not None and names.have(machine))):
                return name, BY_SITE, "named by the site"
        if port in self._known and clients >= min(_FEW, self._most):
            return self._known[port], BY_PORT, f"port {port}, {clients} clients"
        if clients >= self._most:
            where = machine["label"] if machine else identifier
            return f"{where}, port {port}", BY_CLIENTS, f"{clients} clients"
        return None

    def name_of(self, flow: Flow) -> str:
        """The service that a flow belongs to, or nothing."""
        found = self._by_endpoint.get(_endpoint(flow))
        if found:
            return found[0]
        return self._asker(flow) if (flow["source"], flow["protocol"], flow["port"]) in self._askers else ""

    def _asker(self, flow: Flow) -> str:
        name = self._known.get(flow["port"], f"port {flow['port']}")
        return f"{self._machines[flow['source']]['label']} asks all, {name}"

    def services(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        clients: dict[str, set[str]] = defaultdict(set)
        for endpoint, (name, known_by, how) in sorted(self._by_endpoint.items()):
            service = found.setdefault(name, {"name": name, "machines": set(), "ports": set(), "known_by": known_by, "how": how})
            service["machines"].add(endpoint[0])
            service["ports"].add((endpoint[1], endpoint[2]))
            clients[name] |= self._clients[endpoint]
        for (identifier, protocol, port), asked in sorted(self._askers.items()):
            name = self._asker({"source": identifier, "port": port})
            service = found.setdefault(
                name, {"name": name, "machines": set(), "ports": set(), "known_by": BY_ASKING, "how": f"asks {asked} machines"}
            )
            service["machines"].add(identifier)
            service["ports"].add((protocol, port))
        return [
            {
                **service,
                "machines": sorted(identifier for identifier in service["machines"] if identifier in self._machines),
                "outside": sorted(identifier for identifier in service["machines"] if identifier not in self._machines),
                "ports": [{"protocol": protocol, "port": port} for protocol, port in sorted(service["ports"])],
                "clients": len(clients[name]),
            }
            for name, service in sorted(found.items())
        ]


def _endpoint(flow: Flow) -> Endpoint:
    return flow["destination"], flow["protocol"], flow["port"]


# -- what moves together -------------------------------------------------------------


class _Sets:
    """Disjoint sets with their sizes (R. E. Tarjan, 1975), and the application of each, if one is known."""

    def __init__(self, members: Iterable[str]) -> None:
        self._above = {member: member for member in members}
        self.size = dict.fromkeys(self._above, 1)
        self.application: dict[str, str] = {}

    def of(self, member: str) -> str:
        root = member
        while self._above[root] != root:
            root = self._above[root]
        while self._above[member] != root:
            self._above[member], member = root, self._above[member]
        return root

    def join(self, one: str, other: str) -> None:
        one, other = sorted((self.of(one), self.of(other)))
        if one != other:
            self._above[other] = one
            self.size[one] += self.size.pop(other)
            if other in self.application:
                self.application.setdefault(one, self.application.pop(other))

    def are_of_one_application(self, one: str, other: str) -> bool:
        """Can these sets be one application? Where it is not known of one of them, they can."""
        known = {self.application[root] for root in (one, other) if root in self.application}
        return len(known) < 2


def _grouped(
    machines: Mapping[str, Machine], flows: Sequence[Flow], rules: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The groups, and the dependencies that would have made one too large and therefore cross groups."""
    sets = _Sets(machines)
    names: dict[str, str] = {}
    together = [(each["name"], Names(each["machines"])) for each in rules["together"]]
    for machine in machines.values():
        named = next((name for name, patterns in together if patterns.have(machine)), machine["application"])
        if named:
            sets.join(names.setdefault(named.lower(), machine["id"]), machine["id"])
            sets.application[sets.of(machine["id"])] = named.lower()
    parted = _joined_by_flows(sets, machines, flows, rules["largest_group"])
    members: dict[str, list[str]] = defaultdict(list)
    for identifier in machines:
        members[sets.of(identifier)].append(identifier)
    degree = Counter(end for flow in flows for end in (flow["source"], flow["destination"]))
    taken: set[str] = set()
    groups: list[dict[str, Any]] = []
    for root in sorted(members, key=lambda root: members[root][0]):
        inside = [machines[identifier] for identifier in members[root]]
        named = next((name for name, patterns in together for machine in inside if patterns.have(machine)), "")
        name = unique(named or _name(inside, degree), taken)
        groups.append(_group(name, inside))
    return sorted(groups, key=lambda group: group["name"]), parted


def _joined_by_flows(sets: _Sets, machines: Mapping[str, Machine], flows: Sequence[Flow], largest: int) -> list[dict[str, Any]]:
    """Join the ends of each flow: first where an endpoint has few clients, which is the closest a dependency can be.

    Two applications that the CMDB knows apart stay apart, whatever they say to each other: in a hospital all of them are connected.
    """
    inside = [flow for flow in flows if flow["source"] in machines and flow["destination"] in machines]
    clients = Counter(_endpoint(flow) for flow in inside)
    asked = Counter(flow["source"] for flow in inside)
    parted = []
    for flow in sorted(
        inside, key=lambda flow: (clients[_endpoint(flow)] + asked[flow["source"]], -flow["count"], flow["source"], _endpoint(flow))
    ):
        one, other = sets.of(flow["source"]), sets.of(flow["destination"])
        if one == other or not sets.are_of_one_application(one, other):
            continue
        if sets.size[one] + sets.size[other] <= largest:
            sets.join(one, other)
        else:
            parted.append({field: flow[field] for field in ("source", "destination", "protocol", "port", "count")})
    # Later joins may have brought both ends together after all.
    return [flow for flow in parted if sets.of(flow["source"]) != sets.of(flow["destination"])]


def _name(inside: Sequence[Machine], degree: Mapping[str, int]) -> str:
    """The application of most machines, or the machine that talks most."""
    applications = Counter(machine["application"] for machine in inside if machine["application"])
    if applications:
        return str(min(applications, key=lambda name: (-applications[name], name)))
    return str(min(inside, key=lambda machine: (-degree[machine["id"]], machine["label"]))["label"])


def _group(name: str, inside: Sequence[Machine]) -> dict[str, Any]:
    tiers = [machine["tier"] for machine in inside if machine["tier"]]
    return {
        "name": name,
        "machines": sorted(machine["id"] for machine in inside),
        "applications": sorted({machine["application"] for machine in inside if machine["application"]}),
        "owners": sorted({machine["owner"] for machine in inside if machine["owner"]}),
        "vendors": sorted({machine["vendor"] for machine in inside if machine["vendor"]}),
        # What depends on the most critical machine of a group stops with it.
        "tier": min(tiers) if tiers else None,
        "untiered": sum(not machine["tier"] for machine in inside),
    }


def _edges(flows: Sequence[Flow], shared: _Shared, belongs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Flows between groups, services and the world outside, one edge for each pair and port."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for flow in flows:
        service = shared.name_of(flow)
        source = belongs.get(flow["source"], flow["source"])
        destination = belongs.get(flow["destination"], flow["destination"])
        if service:
            sort = SHARED
        elif flow["source"] not in belongs or flow["destination"] not in belongs:
            sort = OUTSIDE
        else:
            sort = INSIDE if source == destination else BETWEEN
        name = (sort, source, destination, service, flow["protocol"], f"{flow['port']:05}")
        edge = found.setdefault(
            name,
            {
                "sort": sort,
                "source": source,
                "destination": destination,
                "service": service or None,
                "protocol": flow["protocol"],
                "port": flow["port"],
                "flows": 0,
                "count": 0,
            },
        )
        edge["flows"] += 1
        edge["count"] += flow["count"]
    return [found[name] for name in sorted(found)]


def slug(name: str) -> str:
    """A name in small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
