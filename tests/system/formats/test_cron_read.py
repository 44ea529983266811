# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reader of cron's tables beside Debian's cron, whose clock is led from instant to instant (cron_clock.c)."""

from __future__ import annotations

import datetime
import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import cron, crontab_times
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

QUICK = settings(max_examples=3, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
FIRST = datetime.datetime(2027, 1, 1, tzinfo=datetime.timezone.utc)
# More than three hours apart, after which cron takes a jump of its clock for what it is, over a leap year.
INSTANTS = [FIRST + datetime.timedelta(days=number, hours=number * 5 % 20, minutes=number * 7 % 60) for number in range(0, 800, 5)]


def numbers(low, high, names=()):
    """Fields of a line: mostly good ones that mean many numbers, some that only nearly are."""
    number = st.one_of(st.integers(low, high).map(str), st.sampled_from([*names, str(high), str(high + 1), "0", "x", "03"]))
    step = st.sampled_from(["", "", "/2", "/3", "/1", "/0", "/", "/x", "/99", "-"])
    part = st.one_of(st.just("*"), number, st.builds("{}-{}".format, number, number), st.just(f"{low}-{high}"))
    junk = st.sampled_from(["", "", "", "", ".", "-", "*", "~1", ","])
    lists = st.lists(st.builds("{}{}".format, part, step), min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), st.just("*"), st.just("*/2"), st.builds("{}{}".format, lists, junk))


MONTHS = ("jan", "Feb", "DEC", "may", "july")
DAYS = ("sun", "Mon", "SAT", "fri", "friday")
FIELDS = st.tuples(numbers(0, 59), numbers(0, 23), numbers(1, 31), numbers(1, 12, MONTHS), numbers(0, 7, DAYS)).map(" ".join)
NICKNAMES = st.sampled_from(
    ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "@reboot", "@Daily", "@never"]
)
TIMES = st.one_of(*[FIELDS] * 8, NICKNAMES)


def by_cron(root, tables, library, instants=INSTANTS):
    """What cron starts of tables, given by name, as (instant, command), which it ignores, and which of these for a user."""
    directory = root / "etc/cron.d"
    for old in [*directory.iterdir(), root / "etc/crontab"]:
        old.unlink()
    for name, text in tables.items():
        (directory / name).write_text(text, encoding="ascii")
    # Whether a user may run jobs is not asked.
    (root / "etc/pam.d/cron").write_text("auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
    ran = subprocess.run(
        ["chroot", root, "env", "--ignore-environment", f"LD_PRELOAD={library}", "TZ=UTC", "/usr/sbin/cron", "-f", "-L", "1"],
        input="".join(f"{instant.timestamp():.0f}\n" for instant in instants),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    (root / "etc/crontab").touch()
    started = {(int(instant), command) for instant, command in re.findall(r"^(\d+) \(\w+\) CMD \((.*)\)$", ran.stdout, re.M)}
    users = re.findall(r"Error: bad username; while reading /etc/cron.d/(\w+)", ran.stdout)
    return started, set(re.findall(r"\(\*system\*(\w+)\) ERROR", ran.stdout)), set(users)


@pytest.fixture(scope="module")
def library(preloaded):
    return preloaded("cron_clock.c")


def starts(when):
    """The instants at which a line starts its command, as we read it; None when cron would not understand it."""
    try:
        times = crontab_times.parse(when)
    except ValueError:
        return None
    return {
        int(instant.timestamp())
        for instant in INSTANTS
        if times and times.on(instant.date()) and instant.hour in times.hours and instant.minute in times.minutes
    }


@QUICK
@given(lines=st.lists(TIMES, min_size=50, max_size=50))
def test_times_as_cron_reads_them(root, library, lines):
    started, ignored, unused_users = by_cron(root, {f"t{number}": f"{when} root c{number}\n" for number, when in enumerate(lines)}, library)
    for number, when in enumerate(lines):
        expected = None if f"t{number}" in ignored else {instant for instant, command in started if command == f"c{number}"}
        assert starts(when) == expected, when


ASSIGNED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["A", "", "A B", "'A'", '"A B"', "'A", "*/5", "0", "A'", "@daily", "-"]),
    st.sampled_from(["=", " = ", "\t=", " ", ""]),
    st.sampled_from(["", " ", "x", "x y", "'x'", '"x" ', '"x" y', "'x", "x'", '""', "'x\"", "x\r", "#"]),
)
JOB = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", " ", "\t", "-", "\v"]),
    st.sampled_from(["* * * * *", "*\t*  * * *", "@hourly", "*/1 * * * 0-7", "* * * *", "* * *\r* *", "@daily2"]),
    st.sampled_from([" ", "\t", "  ", ""]),
    st.sampled_from(["root", "nobody"]),
    st.sampled_from([" cN", "\tcN", "  cN", " cN d ", " ", "", " #cN", " cN\\", " cN\r", f" {'c' * 980}N", f" {'c' * 1000}N"]),
)
TABLE = st.builds(
    "{}{}".format,
    st.lists(st.one_of(JOB, JOB, ASSIGNED, st.sampled_from(["", " ", "# c", " \t# c \\", "\r", "word"])), max_size=3).map("\n".join),
    st.sampled_from(["\n", "\n", "\n", "", "\n#", "\n "]),
)


@QUICK
@given(texts=st.lists(TABLE, min_size=200, max_size=200))
def test_tables_as_cron_reads_them(root, library, texts):
    # The commands of each table have its number, by which they are distinguished.
    tables = {f"t{number}": text.replace("N", f"{number:03}") for number, text in enumerate(texts)}
    started, ignored, users = by_cron(root, tables, library, [FIRST + datetime.timedelta(hours=4)])
    for number, (name, text) in enumerate(tables.items()):
        if name in users:
            continue  # whether there is a user is not ours to say
        table = cron.parse(text, name, users=True)
        assert bool(table.problem) == (name in ignored), (text, table.problem)
        shown = {command.strip().replace("^M", "") for unused_instant, command in started if f"{number:03}" in command}
        found = {job.command for job in table.jobs if job.command and job.when != "@daily"}
        assert table.problem or found == shown, text
