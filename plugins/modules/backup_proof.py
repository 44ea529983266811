#!/usr/bin/python
# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_proof
short_description: Prove that the backup of a host is recent, encrypted, and comes back
description:
  - Asks the backup product itself when the last backup of the host succeeded, how far its backups reach back and
    whether they are encrypted, and asks systemd or cron how often the next ones start.
  - Backs up a canary, a file of random bytes, restores it from the real repository, compares every byte, and takes it
    out of the repository again.
  - Restores files that the site names from the last backup into a private folder, compares them with what they should
    be, and removes them. Their content is never shown.
  - The folder is gone when the module has ended, also when it was killed; then the canary is taken out too.
  - What is found is a result for each check. The module fails only where it was called wrongly.
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
    details: It looks at the repository and at the schedule. Nothing is backed up or restored, and the results say so.
  diff_mode:
    support: none
    details: A canary that goes in and comes out has no diff.
  idempotent:
    support: none
    details: Each run makes a proof of its own, and leaves behind in the repository what a forgotten backup leaves there.
options:
  product:
    description:
      - What makes the backups.
      - V(borgmatic) is borg with the repository, the passphrase and the paths of borgmatic's own configuration.
      - V(command) is any product for which the site gives O(commands).
    type: str
    choices: [restic, borg, borgmatic, command]
    required: true
  repository:
    description:
      - Where the backups are, in the words of the product. By default what its environment says.
      - With V(borgmatic) the path or the label of one of its repositories, where it has several.
      - A login in an address belongs into O(environment_file) or O(secrets).
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
    description: More for the product's environment, none of which is secret.
    type: dict
    default: {}
  secrets:
    description: More for the product's environment that is secret.
    type: dict
    default: {}
  configuration:
    description: The configuration file of borgmatic. By default C(/etc/borgmatic/config.yaml).
    type: path
  commands:
    description:
      - How to ask another product, each as a list of words. No shell is between; start one where you need it.
    type: dict
    default: {}
    suboptions:
      last_success:
        description: Prints when the last backup that succeeded began, as ISO 8601 or in seconds since 1970.
        type: list
        elements: str
      oldest:
        description: Prints when the oldest backup that is kept began.
        type: list
        elements: str
      encrypted:
        description: Succeeds when the backups are encrypted, and prints how.
        type: list
        elements: str
      backup:
        description: Backs up the file C({path}), waits until that is done, and prints how the product calls the backup.
        type: list
        elements: str
      restore:
        description:
          - Restores the file C({path}) of the backup C({backup}) into the folder C({folder}), with or without the
            folders that it lies in. For a file of the last backup C({backup}) is V(latest).
        type: list
        elements: str
      forget:
        description: Takes each canary out of the backups.
        type: list
        elements: str
  program:
    description: The product's program, where it is not in a usual place.
    type: path
  host_name:
    description: How the host is called in its backups. By default its host name.
    type: str
  paths:
    description: Count only snapshots of restic that were made of all of these paths.
    type: list
    elements: str
    default: []
  archives:
    description: Count archives of borg whose name matches this pattern, instead of those that the host made.
    type: str
  recovery_point:
    description:
      - How old the last backup may be, as a number with V(m), V(h), V(d) or V(w), such as V(24h).
      - There is no default, since it is for the site to say how much work may be lost.
    type: str
  recovery_time:
    description: How long a restore may take, as a number with V(s), V(m), V(h) or V(d). There is no default either.
    type: str
  retention:
    description: How far back the backups must reach, such as V(30d).
    type: str
  timer:
    description: The timer of systemd that starts the backup.
    type: str
  cron:
    description: A text that stands in the line of cron, or in the script, that starts the backup.
    type: str
  sample:
    description: Files, and no folders, to restore from the last backup that has them.
    type: list
    elements: path
    default: []
  folder:
    description:
      - Where files are restored to, in a private folder. The default is in memory; name a folder on an encrypted disk for
        samples that are larger than that.
    type: path
    default: /run
  limit:
    description:
      - Seconds that one backup of the canary or one restore may take. It is interrupted then.
      - A question to the product may take as long, and two minutes at most.
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
      restore: [/usr/local/sbin/tape, fetch, "{backup}", "{path}", "{folder}"]
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
      type: str
      sample: backup-recent-proven
    status:
      description: V(pass), V(fail), or V(not_checked) where something was not declared or could not be tried now.
      type: str
      sample: fail
    stage:
      description: Always V(live).
      type: str
      sample: live
    expected:
      description: What the site asks for.
      type: dict
      sample: {last backup: at most 24 hours old}
    observed:
      description: What was found, with the seconds that a restore took.
      type: dict
      sample: {last backup: 3 days old, began: '2026-05-01T02:00:00Z'}
    read_from:
      description: The repository, or what starts the backup.
      type: str
      sample: /srv/backup
    message:
      description: What is wrong and what to do.
      type: str
      sample: >-
        the last backup is 3 days old, and the recovery point asks for 24 hours: find out why none succeeded since, and
        start one
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import seconds
from ansible_collections.hygeia.golden.plugins.module_utils.backup.products import PRODUCTS
from ansible_collections.hygeia.golden.plugins.module_utils.backup.proof import Proof, Wanted
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host

WORDS = {"type": "list", "elements": "str"}
SPANS = ("recovery_point", "recovery_time", "retention")


def main():
    module = AnsibleModule(
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
                "options": {
                    "last_success": WORDS, "oldest": WORDS, "encrypted": WORDS, "backup": WORDS, "restore": WORDS, "forget": WORDS,
                },
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
            "folder": {"type": "path", "default": "/run"},
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
    relative = [path for path in [declared["folder"], *declared["sample"]] if not path.startswith("/")]
    if relative:
        module.fail_json(msg=f"{relative[0]} is no absolute path: name files and the folder with all folders that they lie in.")
    wanted = Wanted(timer=declared["timer"], cron=declared["cron"], sample=tuple(declared["sample"]), folder=declared["folder"], **spans)
    results = Proof(Host(check=module.check_mode), declared, wanted).records()
    tried = any(result["control"] == "backup-canary-proven" and result["observed"] for result in results)
    module.exit_json(changed=tried, results=results)


if __name__ == "__main__":
    main()
