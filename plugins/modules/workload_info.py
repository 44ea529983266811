#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_info
short_description: Find what moves with a host and what it depends on
description:
  - Looks once at a running host and returns its connections and listeners by process, the files that it mounts from
    others and lends to them, its name servers, time servers and directory, the databases and message brokers that it
    runs, its scheduled jobs, the certificates that name hosts, the licence servers that it asks, addresses written into
    its configuration, and how busy it was.
  - P(hygeia.golden.migration_inventory#lookup) reads the results of many hosts as its kind V(workload), so that a
    migration can be planned from the hosts themselves.
  - One look sees the connections of that moment and of the minute before. Run it over a month, also at night, and pass
    all results to the plan. What was never seen is not known to be absent.
  - Connections with the host itself are left out, because they move with it.
  - Nothing is changed, no port is opened, and no name is looked up. C(/proc) is read once, and the walk through the
    configuration ends after 4,000 files.
  - Commands are returned with their secrets masked, and of a line with an address only its place.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - root, to see which process holds a connection
  - C(ip), of the package C(iproute2) or C(iproute)
  - C(sadf), of the package C(sysstat), for the utilisation
extends_documentation_fragment:
  - hygeia.golden.attributes
  - hygeia.golden.attributes.info
options:
  days:
    description: The number of days of which samples are read from the files of sysstat, at most 31. With V(0) none are.
    type: int
    default: 7
seealso:
  - module: hygeia.golden.agent_info
    description: Finds the agents for logging, backup and monitoring, and where they send.
  - plugin: hygeia.golden.workloads_merged
    plugin_type: filter
  - plugin: hygeia.golden.migration_inventory
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Look at what this host depends on
  hygeia.golden.workload_info:
  become: true
  register: found

- name: Keep the result for the plan
  ansible.builtin.copy:
    content: "{{ {'workload': found.workload, 'results': found.results} | to_json }}"
    dest: "workloads/{{ inventory_hostname }}-{{ now(utc=true, fmt='%Y%m%dT%H%M%SZ') }}.json"
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
workload:
  description: What was found, in the form that P(hygeia.golden.migration_inventory#lookup) reads.
  returned: success
  type: dict
  contains:
    schema_version:
      description: The version of this form.
      type: int
      sample: 1
    observed:
      description: When it was looked at, in UTC.
      type: str
      sample: "2026-11-30T02:15:00Z"
    machine:
      description: What an export of a platform says of a machine too.
      type: dict
      contains:
        name: {description: The name without its domain., type: str, sample: pacs}
        dns_name: {description: The name with its domain; empty if it is not known., type: str, sample: pacs.example.org}
        uuid: {description: The UUID that the platform gave it; empty if it cannot be read., type: str}
        os: {description: The name of its operating system., type: str, sample: Debian GNU/Linux 12 (bookworm)}
        firmware: {description: How it was started., type: str, sample: efi}
        cpus: {description: The number of its processors., type: int, sample: 4}
        memory_mib: {description: Its memory in MiB., type: int, sample: 16384}
        addresses:
          description: Its addresses, without those of networks that are inside of it.
          type: list
          elements: str
          sample: [10.20.0.5]
        macs: {description: Its hardware addresses., type: list, elements: str}
        disks:
          description: Its disks with C(name) and C(capacity_mib).
          type: list
          elements: dict
        partitions:
          description: Its mounted file systems with C(name), C(capacity_mib) and C(free_mib).
          type: list
          elements: dict
    flows:
      description: Connections with other machines, each once, from the end that opened it.
      type: list
      elements: dict
      contains:
        source: {description: The address of the client., type: str, sample: 10.20.0.5}
        destination: {description: The address of the server., type: str, sample: 10.20.0.9}
        protocol: {description: V(tcp) or V(udp)., type: str, sample: tcp}
        port: {description: The port of the server., type: int, sample: 5432}
        process:
          description: The process that holds this end; empty where it has ended.
          type: str
          sample: java
        unit: {description: The unit of this process., type: str, sample: ehr.service}
        direction: {description: V(out) if this host opened it and V(in) if another did., type: str, sample: out}
        count: {description: How many connections there were at once., type: int, sample: 12}
        last: {description: When it was last seen., type: str}
    listeners:
      description: What waits for others.
      type: list
      elements: dict
      contains:
        protocol: {description: V(tcp) or V(udp)., type: str}
        port: {description: The port., type: int, sample: 104}
        address: {description: The address at which it waits., type: str, sample: 0.0.0.0}
        process: {description: The name of the process., type: str, sample: storescp}
        program: {description: The path of its program., type: str}
        unit: {description: Its unit., type: str}
        public: {description: Whether other machines reach it., type: bool}
        container: {description: Whether it waits in a network of its own., type: bool}
    services:
      description: Databases, message brokers, and other programs that others depend on.
      type: list
      elements: dict
      contains:
        name: {description: The product., type: str, sample: PostgreSQL}
        kind: {description: What it is., type: str, sample: database}
        known_by:
          description: V(process) if it runs, V(port) if its usual port is open, V(package) if it is only installed.
          type: str
          sample: process
        processes: {description: The names of its processes., type: list, elements: str}
        units: {description: Their units., type: list, elements: str}
        ports: {description: The ports at which it waits., type: list, elements: str, sample: [5432/tcp]}
        packages: {description: Its packages with their versions., type: list, elements: str}
    mounts:
      description: Directories of other machines.
      type: list
      elements: dict
      contains:
        source: {description: What is mounted., type: str, sample: "nas:/images"}
        server: {description: The machine that has it., type: str, sample: nas}
        where: {description: The mount point., type: str, sample: /srv/images}
        type: {description: The type of the file system., type: str, sample: nfs4}
        mounted: {description: Whether it is mounted now; otherwise it is in C(/etc/fstab)., type: bool}
    exports:
      description: The directories that it lends to others over NFS.
      type: list
      elements: str
    resolvers:
      description: Who answers its questions for names.
      type: dict
      contains:
        servers: {description: The servers with C(value) and C(path)., type: list, elements: dict}
        domains: {description: The search domains with C(value) and C(path)., type: list, elements: dict}
    time_servers:
      description: Who tells it the time, with C(value) and C(path).
      type: list
      elements: dict
    directory:
      description: Where it finds users, with C(product), C(setting), C(value), C(path) and C(line).
      type: list
      elements: dict
    jobs:
      description: What it starts by itself, with C(by), C(when), C(command), C(path) and C(line).
      type: list
      elements: dict
    certificates:
      description: Its certificates that name hosts, with C(path), C(names), C(not_after) and C(sha256).
      type: list
      elements: dict
    licence_servers:
      description:
        - The licence servers that its configuration names, with C(server), C(port), C(path) and C(line).
        - C(bound) says that a licence names the host id of the server.
      type: list
      elements: dict
    hard_wired:
      description:
        - Addresses in its configuration, with C(address), C(path) and C(line). C(own) says that it is one of its own.
      type: list
      elements: dict
    samples:
      description: How busy it was, from sysstat.
      type: list
      elements: dict
      contains:
        time: {description: The moment in UTC., type: str, sample: "2026-11-30T02:15:00Z"}
        cpu_percent: {description: The part of its processors that was used., type: float}
        memory_percent: {description: The part of its memory that programs used., type: float}
        iops: {description: Operations of its disks in a second., type: float}
        mib_per_second: {description: MiB that its disks read and wrote in a second., type: float}
results:
  description: One result for each part, so that what was not seen is not taken for absent.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: C(workload-) with the part, such as C(workload-connections).
      returned: always
      type: str
      sample: workload-utilisation
    status:
      description: V(pass) if the part was read and V(not_checked) if it was not, or not wholly.
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: not_checked
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: Always null.
      returned: always
      type: raw
    observed:
      description: The number of entries.
      returned: always
      type: dict
    read_from:
      description: Where it was read.
      returned: always
      type: str
      sample: sadf -j
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
"""

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.workload.collect import Workload

MOST_DAYS = 31


def main() -> None:
    module = Module(argument_spec={"days": {"type": "int", "default": 7}}, supports_check_mode=True)
    if not 0 <= module.params["days"] <= MOST_DAYS:
        module.fail_json(msg=f"days: {module.params['days']} is not a number of days from 0 to {MOST_DAYS}; correct it.")
    look = Workload(Host(check=True), module.params["days"])
    module.exit_json(changed=False, workload=look.collect(), results=look.records)


if __name__ == "__main__":
    main()
