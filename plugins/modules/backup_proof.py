#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_proof
short_description: Prove that the backup of a host is recent, encrypted and restorable
description:
  - Queries the backup product for the last successful backup of the host, its oldest backup and its encryption, and
    systemd or cron for the schedule.
  - Backs up a canary, a file of random bytes, restores it from the real repository, compares every byte, and removes it
    from the repository again.
  - Restores files that the site names from the last backup into a private directory, compares them with their expected
    content, and removes them. Their content is never shown.
  - The directory and the canary are removed when the module ends, even if it is killed.
  - Each check returns a result. The module fails only if it is called with invalid arguments.
version_added: 0.1.0
author: The hygeia.golden authors (@hygeia)
requirements:
  - the backup product on the host, which is restic 0.14 or later, BorgBackup 1.2 or later of the 1.x releases, borgmatic
    1.7 or later, or any other with commands of the site
  - root, or the user who makes the backups
extends_documentation_fragment:
  - hygeia.golden.attributes
attributes:
  check_mode:
    support: full
    details: Reads the repository and the schedule only. Nothing is backed up or restored, and the results report that.
  diff_mode:
    support: none
    details: A canary that is backed up and removed has no diff.
  idempotent:
    support: none
    details: Each run performs a new proof, and leaves in the repository what a forgotten backup leaves there.
options:
  product:
    description:
      - The backup product.
      - V(borgmatic) is borg with the repository, the passphrase and the paths of borgmatic's own configuration.
      - V(command) is any product for which the site gives O(commands).
    type: str
    choices: [restic, borg, borgmatic, command]
    required: true
  repository:
    description:
      - The repository, in the product's own notation. The default is taken from its environment.
      - With V(borgmatic) the path or the label of one of its repositories, where it has several.
      - Credentials belong in O(environment_file) or O(secrets), not in the address.
    type: str
  password_file:
    description: A file on the host with the password of the repository.
    type: path
  password_command:
    description: A command that prints it.
    type: str
  environment_file:
    description:
      - A file on the host with lines C(NAME=VALUE) for the product's environment, such as the one that the backup's own
        service reads.
    type: path
  environment:
    description: Additional environment variables for the product that are not secret.
    type: dict
    default: {}
  secrets:
    description: Additional environment variables for the product that are secret.
    type: dict
    default: {}
  configuration:
    description: The configuration file of borgmatic. By default C(/etc/borgmatic/config.yaml).
    type: path
  commands:
    description:
      - The commands to query another product, each as a list of arguments. No shell is involved; call one explicitly
        where you need it.
    type: dict
    default: {}
    suboptions:
      last_success:
        description: Prints the start time of the last successful backup, in ISO 8601 or in seconds since 1970.
        type: list
        elements: str
      oldest:
        description: Prints the start time of the oldest backup that is kept.
        type: list
        elements: str
      encrypted:
        description: Succeeds when the backups are encrypted, and prints how.
        type: list
        elements: str
      backup:
        description: Backs up the file C({path}), waits for completion, and prints the identifier of the backup.
        type: list
        elements: str
      restore:
        description:
          - Restores the file C({path}) of the backup C({backup}) into the directory C({directory}), with or without its
            parent directories. For a file of the last backup C({backup}) is V(latest).
        type: list
        elements: str
      forget:
        description: Removes each canary from the backups.
        type: list
        elements: str
  program:
    description: The path of the product's program, if it is not in a standard location.
    type: path
  host_name:
    description: The name of the host in its backups. The default is its host name.
    type: str
  paths:
    description: Consider only restic snapshots that include all of these paths.
    type: list
    elements: str
    default: []
  archives:
    description: Consider borg archives whose name matches this pattern, instead of those created by the host.
    type: str
  recovery_point:
    description:
      - The maximum age of the last backup, as a number with V(m), V(h), V(d) or V(w), such as V(24h).
      - There is no default, because the site must decide how much work may be lost.
    type: str
  recovery_time:
    description: The maximum duration of a restore, as a number with V(s), V(m), V(h) or V(d). There is no default.
    type: str
  retention:
    description: How far back the backups must reach, such as V(30d).
    type: str
  timer:
    description: The systemd timer that starts the backup.
    type: str
  cron:
    description: A text that occurs in the crontab line, or in the script, that starts the backup.
    type: str
  sample:
    description: Files (not directories) to restore from the last backup that contains them.
    type: list
    elements: path
    default: []
  directory:
    description:
      - Where files are restored to, in a private directory. The default is in memory; name a directory on an encrypted disk for
        samples that are larger than that.
    type: path
    default: /run
  limit:
    description:
      - The timeout in seconds for one backup of the canary or one restore.
      - The same timeout applies to each query of the product, with a maximum of two minutes.
    type: int
    default: 600
  lock_wait:
    description: Seconds to wait for a repository that another run has locked.
    type: int
    default: 60
seealso:
  - plugin: hygeia.golden.records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Prove the nightly backup by restic
  hygeia.golden.backup_proof:
    product: restic
    environment_file: /etc/restic/environment
    recovery_point: 26h
    recovery_time: 4h
    retention: 30d
    timer: restic-backup.timer
    sample:
      - /etc/hostname
      - /srv/pacs/index.db
  become: true
  register: backup

- name: Prove what borgmatic does
  hygeia.golden.backup_proof:
    product: borgmatic
    recovery_point: 24h
    recovery_time: 4h
    retention: 180d
    timer: borgmatic.timer
    sample: [/etc/hostname]
  become: true

- name: Prove a product that the collection does not know
  hygeia.golden.backup_proof:
    product: command
    repository: the tape library
    commands:
      last_success: [/usr/local/sbin/tape, last]
      backup: [/usr/local/sbin/tape, save, "{path}"]
      restore: [/usr/local/sbin/tape, fetch, "{backup}", "{path}", "{directory}"]
      forget: [/usr/local/sbin/tape, drop-canaries]
    recovery_point: 24h
  become: true
"""

RETURN = r"""
results:
  description: One result for each check.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description:
        - C(backup-reachable-proven), C(backup-encrypted-configured), C(backup-recent-proven),
          C(backup-retention-proven), C(backup-canary-proven), C(backup-sample-proven), C(backup-time-proven) and
          C(backup-schedule-configured).
      returned: always
      type: str
      sample: backup-recent-proven
    status:
      description: V(pass), V(fail), or V(not_checked) where something was not declared or could not be tried now.
      returned: always
      type: str
      choices: [pass, fail, error, not_applicable, not_checked]
      sample: fail
    stage:
      description: The stage at which the control was observed.
      returned: always
      type: str
      choices: [offline, boot, live]
      sample: live
    expected:
      description: What the site requires.
      returned: always
      type: dict
      sample: {last backup: at most 24 hours old}
    observed:
      description: The observed values, with the duration of the restore in seconds.
      returned: always
      type: dict
      sample: {last backup: 3 days old, began: '2026-05-01T02:00:00Z'}
    read_from:
      description: The repository, or the timer or job that starts the backup.
      returned: always
      type: str
      sample: /srv/backup
    message:
      description: What is wrong and how to fix it, empty if nothing is.
      returned: always
      type: str
      sample: >-
        the last backup is 3 days old, and the recovery point requires 24 hours: find out why none succeeded since, and
        start one
"""

from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import seconds
from ansible_collections.hygeia.golden.plugins.module_utils.backup.products import PRODUCTS
from ansible_collections.hygeia.golden.plugins.module_utils.backup.proof import Objectives, Proof
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module

WORDS = {"type": "list", "elements": "str"}
SPANS = ("recovery_point", "recovery_time", "retention")


def main() -> None:
    module = Module(
        argument_spec={
            "product": {"type": "str", "choices": list(PRODUCTS), "required": True},
            "repository": {"type": "str"},
            "password_file": {"type": "path", "no_log": False},
            "password_command": {"type": "str", "no_log": False},
            "environment_file": {"type": "path"},
            "environment": {"type": "dict", "default": {}},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "configuration": {"type": "path"},
            "commands": {
                "type": "dict",
                "default": {},
                "options": {"last_success": WORDS, "oldest": WORDS, "encrypted": WORDS, "backup": WORDS, "restore": WORDS, "forget": WORDS},
            },
            "program": {"type": "path"},
            "host_name": {"type": "str"},
            "paths": {"type": "list", "elements": "str", "default": []},
            "archives": {"type": "str"},
            "recovery_point": {"type": "str"},
            "recovery_time": {"type": "str"},
            "retention": {"type": "str"},
            "timer": {"type": "str"},
            "cron": {"type": "str"},
            "sample": {"type": "list", "elements": "path", "default": []},
            "directory": {"type": "path", "default": "/run"},
            "limit": {"type": "int", "default": 600},
            "lock_wait": {"type": "int", "default": 60},
        },
        mutually_exclusive=[["password_file", "password_command"], ["timer", "cron"]],
        required_if=[["product", "command", ["commands"]]],
        supports_check_mode=True,
    )
    declared = module.params
    try:
        spans = {name: seconds(declared[name]) for name in SPANS}
    except ValueError as problem:
        module.fail_json(msg=f"A span of time cannot be read: {problem}.")
    relative = [path for path in [declared["directory"], *declared["sample"]] if not path.startswith("/")]
    if relative:
        module.fail_json(msg=f"{relative[0]} is not an absolute path: name files and the directory with all directories that they lie in.")
    wanted = Objectives(
        timer=declared["timer"], cron=declared["cron"], sample=tuple(declared["sample"]), directory=declared["directory"], **spans
    )
    results = Proof(Host(check=module.check_mode), declared, wanted).records()
    tried = any(result["control"] == "backup-canary-proven" and result["observed"] for result in results)
    module.exit_json(changed=tried, results=results)


if __name__ == "__main__":
    main()
