# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import cron

LINE = "0 2 * * * root restic\n"


@pytest.mark.parametrize(
    "path, text, when",
    [
        ("/etc/cron.d/backup", f"# nightly\n{LINE}", "0 2 * * *"),
        ("/etc/crontab", "@daily root restic\n", "@daily"),
        ("/var/spool/cron/crontabs/root", "0\t3 * * * restic\n", "0 3 * * *"),
        ("/etc/cron.d/backup.disabled", LINE, None),
        ("/etc/cron.d/other", f"#{LINE}", None),
        ("/etc/cron.d/broken", f"not a line\n{LINE}", None),
    ],
)
def test_the_tables_that_cron_reads(tree, path, text, when):
    found = [(job.when, job.path) for job in cron.jobs(tree({path: text}))]
    assert found == ([(when, path)] if when else [])


@pytest.mark.skipif(os.geteuid() != 0, reason="a file is given to somebody else")
@pytest.mark.parametrize("mode, owner, problem", [(0o644, 0, ""), (0o664, 0, "write"), (0o646, 0, "write"), (0o644, 1, "belong")])
def test_a_table_that_others_can_write_to_is_ignored(tree, tmp_path, mode, owner, problem):
    host = tree({"/etc/cron.d/backup": LINE})
    (tmp_path / "etc/cron.d/backup").chmod(mode)
    os.chown(tmp_path / "etc/cron.d/backup", owner, owner)
    (table,) = cron.tables(host)
    assert problem in table.problem and bool(table.problem) == bool(problem)


def test_variables_are_those_above_the_line():
    text = f"MAILTO=\"\"\n'A B' = ' x '\n{LINE}C=d e \n{LINE}"
    one, two = cron.parse(text, "t", users=True).jobs
    assert [(each.name, each.value) for each in one.variables] == [("MAILTO", ""), ("A B", " x ")]
    assert two.variables[-1] == cron.Variable("C", "d e", 4)


def test_cronie_passes_over_a_bad_line_and_reads_other_names():
    found = cron.parse(f"0 2/4 * * * root a\n{LINE.rstrip()}", "t", users=True, lenient=True)
    assert [job.command for job in found.jobs] == ["restic"] and not found.problem


def test_scripts_that_run_parts_starts(tree, tmp_path):
    host = tree({f"/etc/cron.daily/{name}": "#!/bin/sh\n" for name in ("a", "b.sh", "c")})
    for name in ("a", "b.sh"):
        (tmp_path / "etc/cron.daily" / name).chmod(0o755)
    assert [(job.when, job.command) for job in cron.jobs(host)] == [("@daily", "/etc/cron.daily/a")]
