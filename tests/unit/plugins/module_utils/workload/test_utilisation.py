# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.workload.utilisation import NotMeasured, parsed, samples

# What sadf of sysstat 12.6.1 printed (-j FILE -- -u -r -b), with other numbers; the second moment is after a restart, without io.
RECORDED = """{"sysstat": {
  "hosts": [
    {
      "nodename": "pacs", "sysname": "Linux", "release": "6.1.0-40-amd64", "machine": "x86_64", "number-of-cpus": 2,
      "file-date": "2026-11-30", "file-utc-time": "00:00:02", "timezone": "UTC",
      "statistics": [
        {
          "timestamp": {"date": "2026-11-30", "time": "02:10:01", "utc": 1, "interval": 600},
          "cpu-load": [
            {"cpu": "all", "user": 21.00, "nice": 4.50, "system": 4.50, "iowait": 10.00, "steal": 5.00, "idle": 55.00}
          ],
          "io": {
            "tps": 42.00, "io-reads": {"rtps": 2.00, "bread": 4096.00},
            "io-writes": {"wtps": 40.00, "bwrtn": 2048.00}, "io-discard": {"dtps": 0.00, "bdscd": 0.00}
          },
          "memory": {"memfree": 100000, "avail": 1000000, "memused": 2438388, "memused-percent": 60.98, "buffers": 3838, "cached": 100158}
        },
        {
          "timestamp": {"date": "2026-11-30", "time": "02:20:01", "utc": 1, "interval": 600},
          "cpu-load": [
            {"cpu": "all", "user": 0.00, "nice": 0.00, "system": 0.00, "iowait": 0.00, "steal": 0.00, "idle": 100.00}
          ],
          "memory": {"memfree": 100000, "memused": 2438388, "memused-percent": 61.5}
        },
        { "timestamp": {"date": "2026-11-30", "time": "02:30:01", "utc": 0, "interval": 600}, "cpu-load": [{"cpu": "all", "idle": 1.0}] }
      ],
      "restarts": [
        {"boot": {"date": "2026-11-30", "time": "02:15:01", "utc": 1}}
      ]
    }
  ]
}}"""
FIRST = {"time": "2026-11-30T02:10:01Z", "cpu_percent": 35.0, "memory_percent": 75.0, "iops": 42.0, "mib_per_second": 3.0}


def test_recorded_samples_have_the_measures_of_the_inventory():
    assert list(parsed(RECORDED, 4_000_000)) == [
        FIRST,
        {"time": "2026-11-30T02:20:01Z", "cpu_percent": 0.0, "memory_percent": 61.5, "iops": None, "mib_per_second": None},
    ]


def test_an_older_version_without_groups_in_io_is_read():
    moment = {"timestamp": {"date": "2026-11-30", "time": "02:10:01", "utc": 1}, "io": {"tps": 1.0, "bread": 2048.0, "bwrtn": 0.0}}
    (found,) = parsed(json.dumps({"sysstat": {"hosts": [{"statistics": [moment]}]}}))
    assert (found["iops"], found["mib_per_second"], found["cpu_percent"]) == (1.0, 1.0, None)


def test_only_the_files_of_the_last_days_are_read(tree):
    host = tree(
        {
            **{f"/var/log/sysstat/sa{day}": "x" for day in (28, 29, 30)},
            "/var/log/sysstat/sar30": "x",
            "/usr/bin/sadf": "#!",
            "/proc/meminfo": "MemTotal: 4000000 kB\n",
        },
        answers={"sadf": RECORDED},
    )
    Path(host.root, "usr/bin/sadf").chmod(0o755)
    for day in (28, 29, 30):
        os.utime(Path(host.root, f"var/log/sysstat/sa{day}"), (day, day))
    assert samples(host, 2)[0] == FIRST
    assert [words[2] for words in host.ran] == ["/var/log/sysstat/sa29", "/var/log/sysstat/sa30"]
    host.answers["sadf"] = CommandResult(1, "", "Invalid system activity file")
    with pytest.raises(NotMeasured, match="Invalid system activity file"):
        samples(host, 1)
    host.answers["sadf"] = "{}"
    with pytest.raises(NotMeasured, match="no JSON"):
        samples(host, 1)
    with pytest.raises(NotMeasured, match="no data"):
        samples(host, 0)


def test_a_host_without_sysstat_says_what_to_do(tree):
    with pytest.raises(NotMeasured, match="install it"):
        samples(tree(), 7)


def test_the_real_sadf_prints_what_is_read(tmp_path):
    collector = shutil.which("sadc", path="/usr/lib/sysstat:/usr/lib64/sa:/usr/lib/sa")
    reader = shutil.which("sadf")
    if not (collector and reader):
        pytest.skip("sysstat is not installed on this machine")
    subprocess.run([collector, "1", "2", tmp_path / "sa01"], check=True)
    printed = subprocess.run([reader, "-j", tmp_path / "sa01", "--", "-u", "-r", "-b"], check=True, capture_output=True, text=True).stdout
    (found,) = parsed(printed)
    assert all(isinstance(found[measure], float) for measure in ("cpu_percent", "memory_percent", "iops", "mib_per_second"))
